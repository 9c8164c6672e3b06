"""Every dimension and variable once: name, dims, dtype, unit, role and one sentence.

A leaf module: attributes of Datasets, the checks of files read back and the documentation all derive
from the tables below. To add an outcome, add a row here and the sum that fills it in the core.

Units use three placeholders, filled by :meth:`Variable.attrs`: ``{unit}`` a unit of the stage's item,
``{period}`` one period, and ``{currency}`` the model's money.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["exogenous", "outcome", "price", "cost", "metric"]
Tail = Literal["upper", "lower"]


@dataclass(frozen=True)
class Dimension:
    """One dimension of the Datasets.

    Attributes
    ----------
    name : the dimension's name, singular.
    sentence : what one step along it is.
    """

    name: str
    sentence: str


@dataclass(frozen=True)
class Variable:
    """One variable of a Dataset.

    Attributes
    ----------
    name : the variable's name.
    dims : its dimensions, in order.
    dtype : numpy dtype name.
    unit : unit, with placeholders.
    role : which table the variable belongs to.
    sentence : what it is, used as ``long_name`` and in the documentation.
    total : whether it adds up over the horizon, so that a yearly figure scales it; costs and metrics only.
    bad_tail : which end of its distribution is the bad one; costs and metrics only.
    """

    name: str
    dims: tuple[str, ...]
    dtype: str
    unit: str
    role: Role
    sentence: str
    total: bool = False
    bad_tail: Tail = "upper"

    def attrs(self, currency: str = "money") -> dict[str, str]:
        """Return the xarray attributes ``units`` and ``long_name``."""
        unit = self.unit.format(unit="unit", period="period", currency=currency)
        return {"units": unit, "long_name": self.sentence}


DIMENSIONS = {
    d.name: d
    for d in (
        Dimension("strategy", "a named patch over the model"),
        Dimension("path", "one draw of everything random over the horizon"),
        Dimension("time", "one period of the horizon, counted from 0"),
        Dimension("stage", "a stage that makes, moves or buys one item and ends in its store"),
        Dimension("customer", "a customer with demand on one stage's store"),
        Dimension("statistic", "a statistic over the paths, see STATISTICS and CONTRASTS"),
        Dimension("quantile", "the probability a quantile belongs to"),
    )
}

_STAGE_PATHS = ("path", "time", "stage")
_CUSTOMER_PATHS = ("path", "time", "customer")
_STAGE = ("strategy", "path", "stage")
_CUSTOMER = ("strategy", "path", "customer")
_STAGE_PRICE = ("strategy", "stage")
_CUSTOMER_PRICE = ("strategy", "customer")


def _table(role: Role, *rows: tuple[str, tuple[str, ...], str, str, str]) -> dict[str, Variable]:
    return {name: Variable(name, dims, dtype, unit, role, text) for name, dims, dtype, unit, text in rows}


EXOGENOUS = _table(
    "exogenous",
    ("demand", _CUSTOMER_PATHS, "float32", "{unit}", "new demand of the customer in the period"),
    ("availability", _STAGE_PATHS, "float32", "1", "share of its capacity the stage can use"),
    ("receiving", _STAGE_PATHS, "float32", "1", "1 where arrivals are open, 0 where they are closed"),
    ("transit", _STAGE_PATHS, "float32", "1", "1 where work in process moves, 0 where it stands still"),
    ("lead_time", _STAGE_PATHS, "float32", "{period}", "lead time of what is started in the period"),
    ("good", _STAGE_PATHS, "float32", "1", "share of what arrives in the period that is good"),
)

OUTCOMES = _table(
    "outcome",
    ("started", _STAGE, "float64", "{unit}", "units started"),
    ("scrapped", _STAGE, "float64", "{unit}", "units received that were not good"),
    ("expedited", _STAGE, "float64", "{unit}", "units started at the expedited lead time"),
    ("ordered", _STAGE, "float64", "{unit}", "units ordered by the policy"),
    ("orders", _STAGE, "float64", "1", "number of orders placed by the policy"),
    ("starved", _STAGE, "float64", "{period}", "downtime for want of inputs"),
    ("broken", _STAGE, "float64", "{period}", "downtime for want of capacity lost to hazards"),
    ("shortage", _STAGE, "float64", "{period}", "periods in which the store could not give all that was asked"),
    ("on_hand", _STAGE, "float64", "{unit}", "time average of the stock on hand"),
    ("wip", _STAGE, "float64", "{unit}", "time average of the work in process"),
    ("demand", _CUSTOMER, "float64", "{unit}", "units demanded"),
    ("filled", _CUSTOMER, "float64", "{unit}", "units of new demand met at once from stock"),
    ("shipped", _CUSTOMER, "float64", "{unit}", "units shipped, backlog included"),
    ("lost", _CUSTOMER, "float64", "{unit}", "units of demand lost"),
    ("stockout", _CUSTOMER, "float64", "{period}", "periods in which the customer was short"),
    ("backlog", _CUSTOMER, "float64", "{unit}", "time average of the backlog"),
    ("peak_backlog", _CUSTOMER, "float64", "{unit}", "largest backlog at the end of a period"),
    ("first_stockout", _CUSTOMER, "int32", "{period}", "first period in which the customer was short, -1 if none"),
)

PRICES = _table(
    "price",
    ("holding_rate", ("strategy",), "float64", "1/{period}", "cost of holding stock, as a share of its value"),
    ("value", _STAGE_PRICE, "float64", "{currency}/{unit}", "value of one unit in stock or in process"),
    ("unit_cost", _STAGE_PRICE, "float64", "{currency}/{unit}", "purchase or conversion cost of one unit started"),
    ("order_cost", _STAGE_PRICE, "float64", "{currency}", "cost of placing one order"),
    ("expedite_cost", _STAGE_PRICE, "float64", "{currency}/{unit}", "premium for one unit expedited"),
    ("scrap_cost", _STAGE_PRICE, "float64", "{currency}/{unit}", "cost of one unit scrapped"),
    ("downtime_cost", _STAGE_PRICE, "float64", "{currency}/{period}", "cost of one period of downtime"),
    ("price", _CUSTOMER_PRICE, "float64", "{currency}/{unit}", "price of one unit shipped"),
    ("backorder_cost", _CUSTOMER_PRICE, "float64", "{currency}/{unit}/{period}", "cost of one unit waiting one period"),
    ("lost_cost", _CUSTOMER_PRICE, "float64", "{currency}/{unit}", "cost of one unit of demand lost"),
)


def _sums(role: Role, *rows: tuple[str, str, bool, Tail, str]) -> dict[str, Variable]:
    dims = ("strategy", "path")
    return {
        name: Variable(name, dims, "float64", unit, role, text, total, tail) for name, unit, total, tail, text in rows
    }


# Over the horizon after warm-up, summed over stages or customers.
COSTS = _sums(
    "cost",
    ("holding", "{currency}", True, "upper", "cost of holding the stock on hand"),
    ("process_inventory", "{currency}", True, "upper", "cost of holding the work in process"),
    ("purchase", "{currency}", True, "upper", "purchase and conversion cost of the units started"),
    ("ordering", "{currency}", True, "upper", "cost of placing orders"),
    ("expediting", "{currency}", True, "upper", "premium for the units expedited"),
    ("scrap", "{currency}", True, "upper", "cost of the units scrapped"),
    ("downtime", "{currency}", True, "upper", "cost of downtime, for want of inputs or of capacity"),
    ("backorder", "{currency}", True, "upper", "cost of customers waiting"),
    ("lost_sales", "{currency}", True, "upper", "cost of demand lost"),
    ("total", "{currency}", True, "upper", "total cost, the sum of all components"),
    ("revenue", "{currency}", True, "lower", "price of the units shipped"),
    ("profit", "{currency}", True, "lower", "revenue less total cost"),
    ("working_capital", "{currency}", False, "upper", "mean value of the stock on hand and in process"),
)

METRICS = _sums(
    "metric",
    ("cost", "{currency}", True, "upper", "total cost"),
    ("profit", "{currency}", True, "lower", "revenue less total cost"),
    ("working_capital", "{currency}", False, "upper", "mean value of the stock on hand and in process"),
    ("downtime", "h", True, "upper", "hours of downtime, summed over the stages whose downtime costs money, else all"),
    ("stockout", "d", True, "upper", "days short, summed over the customers"),
    ("fill_rate", "1", False, "lower", "share of all demand met at once from stock"),
    ("backlog", "{unit}", False, "upper", "time average of the backlog of all customers"),
    ("peak_backlog", "{unit}", False, "upper", "largest backlog of any one customer"),
    ("lost", "{unit}", True, "upper", "units of demand lost, summed over the customers"),
)

STATISTICS = {
    "mean": "mean over the paths",
    "standard_deviation": "standard deviation over the paths",
    "standard_error": "standard error of the mean",
    "var": "value at risk: the least value not exceeded, toward the bad tail, with probability `level`",
    "var_standard_error": "standard error of the value at risk",
    "cvar": "conditional value at risk: mean of the worst 1 - `level` of the paths",
    "cvar_standard_error": "standard error of the conditional value at risk",
}

CONTRASTS = {
    "mean": "mean difference to the base on the same paths",
    "standard_error": "standard error of the mean difference",
    "lower": "lower end of the interval of the mean difference",
    "upper": "upper end of the interval of the mean difference",
    "cvar": "difference of the conditional values at risk",
    "cvar_standard_error": "standard error of that difference, from the same paths",
    "cvar_lower": "lower end of its interval",
    "cvar_upper": "upper end of its interval",
}
