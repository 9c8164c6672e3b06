"""Every dimension and variable once: name, dims, dtype, unit, role and one sentence.

A leaf module: attributes of Datasets, the checks of files read back and the documentation all derive
from the tables below. To add an outcome, add a row here and one in `jitrisk.core_tables`, and add it up in the core.

Units use placeholders, see :mod:`jitrisk.dataset_variables`.
"""

from __future__ import annotations

from typing import Final

from jitrisk.core_tables import TOTALS
from jitrisk.dataset_variables import Dimension, Role, Tail, Variable
from jitrisk.outline_variables import OUTLINE as OUTLINE
from jitrisk.outline_variables import OUTLINE_DIMENSIONS
from jitrisk.study_variables import EVENT_KINDS as EVENT_KINDS
from jitrisk.study_variables import EVENTS as EVENTS
from jitrisk.study_variables import OPTIMIZATION as OPTIMIZATION
from jitrisk.study_variables import PATH_RANK as PATH_RANK
from jitrisk.study_variables import REPLAYED_OCCURRENCES as REPLAYED_OCCURRENCES
from jitrisk.study_variables import STUDY_DIMENSIONS

RARE_BELOW = 0.2
"""A hazard is rare that begins within the horizon with a smaller probability."""

RESULT_SUFFIXES = (".nc", ".zarr")
"""How the names of files end that results are kept in."""

MANIFEST = "manifest"
"""Attribute of a results file, not of the Dataset read from it: what the file holds, with checksums."""

KEPT = "kept"
"""Attribute of a result that does not hold all outcomes: the names of those that it holds, or `KEPT_METRICS`."""

KEPT_METRICS: Final = "metrics"
"""What a result is said to keep that holds metrics in place of outcomes and prices."""

KEPT_STRATEGIES = "kept_strategies"
"""Attribute of such a result where strategies set different prices: all strategies of the run, as a JSON list."""

KEPT_CYCLES = "kept_cycles"
"""Attribute of a result that does not hold all outcomes: 1 where some store is replenished in cycles, else 0."""

CONTENTS = {
    "trace": "time series of some paths",
    "replay": "the replay of one path",
    "optimization": "the plan that a search found",
}
"""What a Dataset can hold instead of outcomes, by its attribute ``contents``."""

DIMENSIONS = {
    d.name: d
    for d in (
        Dimension("strategy", "a named patch over the model"),
        Dimension("path", "one draw of everything random over the horizon"),
        Dimension("time", "one period of the horizon, counted from 0"),
        Dimension("stage", "a stage that makes, moves or buys one item and ends in its store"),
        Dimension("customer", "a customer with demand on one stage's store"),
        Dimension("hazard", "an on/off process that hits stages and customers while it is on"),
        Dimension("hit", "what one hazard does to one stage or customer"),
        Dimension("link", "one input of one stage, from one store"),
        Dimension("random", "one quantity of a stage, customer or hazard that is drawn"),
        Dimension("effect_kind", "what a hazard changes: the factor on it is the effect"),
        Dimension("occurrence", "one occurrence of one hazard on one path"),
        Dimension("stage_or_customer", "a stage or customer that a hazard can hit"),
        Dimension("event", "something that happened on one path, in order of time"),
        Dimension("metric", "a measure of a whole path, see METRICS"),
        Dimension("statistic", "a statistic over the paths, see STATISTICS and COMPARISON_STATISTICS"),
        Dimension("estimate", "of which a difference is: mean, value at risk or conditional value at risk"),
        Dimension("quantile", "the probability a quantile belongs to"),
        Dimension("other", "the strategy that another is compared with"),
        Dimension("point", "one point of an exceedance curve"),
        Dimension("sample", "one of disjoint sub-samples of the paths, each twice as large as the one before"),
        Dimension("bin", "one bin of a histogram"),
        *OUTLINE_DIMENSIONS,
        *STUDY_DIMENSIONS,
    )
}

_STAGE_PATHS = ("path", "time", "stage")
_CUSTOMER_PATHS = ("path", "time", "customer")
_STAGE = ("strategy", "path", "stage")
_CUSTOMER = ("strategy", "path", "customer")
_STAGE_TRACE = ("strategy", "path", "time", "stage")
_CUSTOMER_TRACE = ("strategy", "path", "time", "customer")
_STAGE_PRICE = ("strategy", "stage")
_CUSTOMER_PRICE = ("strategy", "customer")


_TAILS: tuple[Tail, Tail] = ("upper", "lower")
_ADDED = ("outcome", "occurrence")  # roles whose variables add up over the horizon, but for those that are averages


def _build_variables(
    role: Role,
    *rows: tuple[str, tuple[str, ...], str, str, str],
    averages: tuple[str, ...] = (),
    low: tuple[str, ...] = (),
) -> dict[str, Variable]:
    return {
        name: Variable(
            name, dims, dtype, unit, role, text, role in _ADDED and name not in averages, _TAILS[name in low]
        )
        for name, dims, dtype, unit, text in rows
    }


EXOGENOUS = _build_variables(
    "exogenous",
    ("demand", _CUSTOMER_PATHS, "float32", "{unit}", "new demand of the customer in the period"),
    ("availability", _STAGE_PATHS, "float32", "1", "share of its capacity the stage can use"),
    ("receiving", _STAGE_PATHS, "float32", "1", "1 where arrivals are open, 0 where they are closed"),
    ("transit", _STAGE_PATHS, "float32", "1", "1 where work in process moves, 0 where it stands still"),
    ("lead_time", _STAGE_PATHS, "float32", "{period}", "lead time of what is started in the period"),
    ("yield", _STAGE_PATHS, "float32", "1", "share of what arrives in the period that is good"),
)

# Exogenous variables of features that are off unless a model asks for them: there only where some stage or customer
# has the feature.
EXTENSIONS = _build_variables(
    "exogenous",
    ("forecast", _CUSTOMER_PATHS, "float32", "1", "factor by which planners misjudge the demand of the customer"),
    ("open", _STAGE_PATHS, "float32", "1", "1 where a standby source is open, 0 where it is closed"),
)

OUTCOMES = _build_variables(
    "outcome",
    ("started", _STAGE, "float64", "{unit}", "units started"),
    ("scrapped", _STAGE, "float64", "{unit}", "units received that were not good"),
    ("expedited", _STAGE, "float64", "{unit}", "units started at the expedited lead time"),
    ("overtime", _STAGE, "float64", "{unit}", "units started beyond the regular capacity"),
    ("expired", _STAGE, "float64", "{unit}", "units thrown away at the end of their shelf life"),
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
    averages=tuple(total.name for total in TOTALS if total.closes != "sum"),
    low=("filled", "shipped", "first_stockout"),
)

# Occurrences of hazards: observed, and expected from the model.
OCCURRENCES = _build_variables(
    "occurrence",
    ("occurrences", ("strategy", "path", "hazard"), "int32", "1", "occurrences that began after the warm-up"),
    (
        "expected_occurrences",
        ("strategy", "hazard"),
        "float64",
        "1",
        "occurrences per path expected to begin after the warm-up, NaN where the hazard hits nothing that is drawn",
    ),
    (
        "evidence",
        ("strategy", "hazard"),
        "float64",
        "1",
        "occurrences per path expected to be seen in this run that hit together the targets hit least often",
    ),
)

# Outcomes that are there where the policy of some store orders now and then, with a review every few periods, (s, S) or
# (r, Q). A replenishment cycle ends where something arrives; 0 for other stores.
CYCLES = _build_variables(
    "outcome",
    ("receipts", _STAGE, "float64", "1", "periods in which something arrived in the store, each ends a cycle"),
    ("short_cycles", _STAGE, "float64", "1", "cycles in which the store could not give all that was asked"),
    ("stock_at_receipts", _STAGE, "float64", "{unit}", "stock on hand just before each receipt, added up"),
    low=("receipts", "stock_at_receipts"),
)

# Coordinates of paths that are not all alike: how they were drawn, and what they count for.
SAMPLING = _build_variables(
    "sampling",
    ("weight", ("path",), "float64", "1", "probability density of the path over that with which it was drawn"),
    ("component", ("path",), "int16", "1", "0 for a natural path, else the number of the rare hazard it begins with"),
)

# Coordinates of metrics and costs: the hazard of which the paths give the least evidence.
RAREST = _build_variables(
    "occurrence",
    ("least_evidence", ("strategy",), "float64", "1", "evidence of the hazard that has the least, inf without hazards"),
    ("rarest_hazard", ("strategy",), "str", "", "that hazard, empty without hazards"),
    ("rarest_occurrences", ("strategy", "path"), "int32", "1", "its occurrences that began after the warm-up"),
)

TRACE = _build_variables(
    "trace",
    ("on_hand", _STAGE_TRACE, "float32", "{unit}", "stock on hand at the end of the period"),
    ("wip", _STAGE_TRACE, "float32", "{unit}", "work in process at the end of the period"),
    (
        "open_orders",
        _STAGE_TRACE,
        "float32",
        "{unit}",
        "open orders, ordered and not yet started, at the end of the period",
    ),
    ("started", _STAGE_TRACE, "float32", "{unit}", "units started in the period"),
    ("scrapped", _STAGE_TRACE, "float32", "{unit}", "units received in the period that were not good"),
    ("expedited", _STAGE_TRACE, "float32", "{unit}", "units started in the period at the expedited lead time"),
    ("overtime", _STAGE_TRACE, "float32", "{unit}", "units started in the period beyond the regular capacity"),
    ("expired", _STAGE_TRACE, "float32", "{unit}", "units thrown away in the period at the end of their shelf life"),
    ("starved", _STAGE_TRACE, "float32", "{period}", "share of the period lost for want of inputs"),
    ("broken", _STAGE_TRACE, "float32", "{period}", "share of the period lost for want of capacity"),
    ("shortage", _STAGE_TRACE, "float32", "1", "1 where the store could not give all that was asked, else 0"),
    ("demand", _CUSTOMER_TRACE, "float32", "{unit}", "units demanded in the period"),
    ("filled", _CUSTOMER_TRACE, "float32", "{unit}", "units of the period's demand met at once from stock"),
    ("shipped", _CUSTOMER_TRACE, "float32", "{unit}", "units shipped in the period, backlog included"),
    ("lost", _CUSTOMER_TRACE, "float32", "{unit}", "units of the period's demand that were lost"),
    ("stockout", _CUSTOMER_TRACE, "float32", "1", "1 where the customer was short in the period, else 0"),
    ("backlog", _CUSTOMER_TRACE, "float32", "{unit}", "units of demand that wait at the end of the period"),
)


# Coordinates beside those of the dimensions: text that says what belongs to what.
LINKS = _build_variables(
    "link",
    ("customer_stage", _CUSTOMER_PRICE, "str", "", "stage whose store serves the customer"),
    ("standby_of", _STAGE_PRICE, "str", "", "stage that the source stands by for, empty for other stages"),
)
"""The second one is there only where some stage of the model stands by."""

PRICES = _build_variables(
    "price",
    ("holding_rate", _STAGE_PRICE, "float64", "1/{period}", "cost of holding stock, as a share of its value"),
    ("days_receivable", ("strategy",), "float64", "d", "time that customers take to pay"),
    ("days_payable", ("strategy",), "float64", "d", "time taken to pay suppliers"),
    ("fixed_cost", ("strategy",), "float64", "{currency}/{period}", "cost of the plan as a whole, whatever is made"),
    ("value", _STAGE_PRICE, "float64", "{currency}/{unit}", "value of one unit in stock or in process"),
    ("owned_in_process", _STAGE_PRICE, "int8", "1", "1 where units in process are the network's own, 0 where not yet"),
    ("unit_cost", _STAGE_PRICE, "float64", "{currency}/{unit}", "purchase or conversion cost of one unit started"),
    ("order_cost", _STAGE_PRICE, "float64", "{currency}", "cost of placing one order"),
    ("expedite_cost", _STAGE_PRICE, "float64", "{currency}/{unit}", "premium for one unit expedited"),
    ("overtime_cost", _STAGE_PRICE, "float64", "{currency}/{unit}", "premium for one unit started in overtime"),
    ("scrap_cost", _STAGE_PRICE, "float64", "{currency}/{unit}", "cost of one unit scrapped"),
    ("expire_cost", _STAGE_PRICE, "float64", "{currency}/{unit}", "cost of one unit expired, besides its purchase"),
    ("downtime_cost", _STAGE_PRICE, "float64", "{currency}/{period}", "cost of one period of downtime"),
    ("price", _CUSTOMER_PRICE, "float64", "{currency}/{unit}", "price of one unit shipped"),
    ("backorder_cost", _CUSTOMER_PRICE, "float64", "{currency}/{unit}/{period}", "cost of one unit waiting one period"),
    ("lost_cost", _CUSTOMER_PRICE, "float64", "{currency}/{unit}", "cost of one unit of demand lost"),
    ("shortage_cost", _CUSTOMER_PRICE, "float64", "{currency}/{unit}", "cost of one unit of demand not met at once"),
)


def _build_path_sums(role: Role, *rows: tuple[str, str, bool, Tail, str]) -> dict[str, Variable]:
    dims = ("strategy", "path")
    return {
        name: Variable(name, dims, "float64", unit, role, text, total, tail) for name, unit, total, tail, text in rows
    }


# Over the horizon after warm-up, summed over stages or customers; the fixed cost is of neither.
COSTS = _build_path_sums(
    "cost",
    ("holding", "{currency}", True, "upper", "cost of holding the stock on hand"),
    ("process_inventory", "{currency}", True, "upper", "cost of holding the work in process"),
    ("purchase", "{currency}", True, "upper", "purchase and conversion cost of the units started"),
    ("ordering", "{currency}", True, "upper", "cost of placing orders"),
    ("expediting", "{currency}", True, "upper", "premium for the units expedited"),
    ("overtime", "{currency}", True, "upper", "premium for the units started in overtime"),
    ("scrap", "{currency}", True, "upper", "cost of the units scrapped"),
    ("expiry", "{currency}", True, "upper", "cost of the units expired"),
    ("downtime_starved", "{currency}", True, "upper", "cost of downtime for want of inputs"),
    ("downtime_broken", "{currency}", True, "upper", "cost of downtime for want of capacity lost to hazards"),
    ("backorder", "{currency}", True, "upper", "cost of customers waiting"),
    ("lost_sales", "{currency}", True, "upper", "cost of demand lost"),
    ("unmet_demand", "{currency}", True, "upper", "cost of demand not met at once from stock, waiting or lost"),
    ("fixed", "{currency}", True, "upper", "fixed cost of the plan as a whole, whatever is made"),
    ("total", "{currency}", True, "upper", "total cost, the sum of all components"),
    ("revenue", "{currency}", True, "lower", "price of the units shipped"),
    ("cost_of_goods", "{currency}", True, "upper", "value of the units shipped"),
    ("gross_profit", "{currency}", True, "lower", "revenue less cost of goods"),
    ("profit", "{currency}", True, "lower", "revenue less total cost"),
    ("working_capital", "{currency}", False, "upper", "mean value of the stock owned, on hand and in process"),
)

# Who bears the total: `stage_cost` on its stages, `customer_cost` on its customers, and `plan_cost` on none of them.
OWNERSHIP = {
    name: Variable(name, dims, "float64", "{currency}", "cost", text, True, "upper")
    for name, dims, text in (
        ("stage_cost", _STAGE, "total cost of ownership of the stage: all that is paid for its stock and process"),
        ("customer_cost", _CUSTOMER, "cost of not serving the customer at once: unmet demand, waiting and lost sales"),
        ("plan_cost", ("strategy", "path"), "fixed cost of the plan as a whole, borne by no stage and no customer"),
    )
}

METRICS = _build_path_sums(
    "metric",
    ("cost", "{currency}", True, "upper", "total cost"),
    ("profit", "{currency}", True, "lower", "revenue less total cost"),
    ("gross_margin", "1", False, "lower", "share of the revenue that the cost of goods leaves"),
    ("working_capital", "{currency}", False, "upper", "mean value of the stock owned, on hand and in process"),
    ("turns", "1/year", False, "lower", "inventory turns: cost of goods per year over working capital"),
    ("days_of_inventory", "d", False, "upper", "days that the stock lasts at the path's own cost of goods"),
    ("cash_cycle", "d", False, "upper", "cash conversion cycle: days of inventory and receivable less days payable"),
    ("downtime", "h", True, "upper", "hours of downtime, summed over the stages whose downtime costs money, else all"),
    ("stockout", "d", True, "upper", "days short, summed over the customers"),
    ("fill_rate", "1", False, "lower", "share of all demand met at once from stock"),
    ("cycle_service_level", "1", False, "lower", "share of replenishment cycles without a shortage, of all stores"),
    ("stock_at_receipt", "{unit}", False, "lower", "mean stock on hand just before a receipt, all stores together"),
    ("backlog", "{unit}", False, "upper", "time average of the backlog of all customers"),
    ("peak_backlog", "{unit}", False, "upper", "largest backlog of any one customer"),
    ("lost", "{unit}", True, "upper", "units of demand lost, summed over the customers"),
    ("expired", "{unit}", True, "upper", "units expired, summed over the stages"),
    ("overtime", "{unit}", True, "upper", "units started beyond the regular capacity, summed over the stages"),
)

METRICS_OF_EVERY_PATH = (
    *("cost", "working_capital", "downtime", "stockout"),
    *("fill_rate", "backlog", "peak_backlog", "lost"),
)
"""The metrics that every path has, whatever the prices are."""

METRICS_OF_FEATURES = {"expired": "shelf_life", "overtime": "overtime"}
"""The metrics that paths have where some stage of the model has a feature, each with the key of that feature.

Each is the sum of the outcome of its name. It is 0 under a strategy in which no stage has the feature.
"""

STATISTICS = {
    "mean": "mean over the paths",
    "standard_deviation": "standard deviation over the paths",
    "standard_deviation_standard_error": "standard error of the standard deviation",
    "standard_error": "standard error of the mean",
    "lower": "lower end of the interval of the mean",
    "upper": "upper end of the interval of the mean",
    "var": "value at risk: the least value not exceeded, toward the bad tail, with probability `level`",
    "var_standard_error": "standard error of the value at risk",
    "var_lower": "lower end of the interval of the value at risk",
    "var_upper": "upper end of the interval of the value at risk",
    "cvar": "conditional value at risk: mean of the worst 1 - `level` of the paths",
    "cvar_standard_error": "standard error of the conditional value at risk",
    "cvar_lower": "lower end of the interval of the conditional value at risk",
    "cvar_upper": "upper end of the interval of the conditional value at risk",
}

COMPARISON_STATISTICS = {
    "mean": "mean difference to the base on the same paths",
    "standard_error": "standard error of the mean difference",
    "lower": "lower end of the interval of the mean difference",
    "upper": "upper end of the interval of the mean difference",
    "var": "difference of the values at risk",
    "var_standard_error": "standard error of the difference of the values at risk, from the same paths",
    "var_lower": "lower end of the interval of the difference of the values at risk",
    "var_upper": "upper end of the interval of the difference of the values at risk",
    "cvar": "difference of the conditional values at risk",
    "cvar_standard_error": "standard error of the difference of the conditional values at risk, from the same paths",
    "cvar_lower": "lower end of the interval of the difference of the conditional values at risk",
    "cvar_upper": "upper end of the interval of the difference of the conditional values at risk",
}
