"""Dimensions and variables of the outline of a model: name, dims, dtype, unit and one sentence.

A leaf module; :mod:`jitrisk.vocabulary` passes its tables on with those of all other Datasets. They are values, from
which `report/words.py` makes sentences. Where a strategy does not have a link, a hit or a draw, numbers are NaN and
texts are empty.
"""

from __future__ import annotations

from jitrisk.dataset_variables import Dimension, Variable

OUTLINE_DIMENSIONS = (Dimension("season_factor", "one factor of the season of a customer, in order of time"),)

_STAGE = ("strategy", "stage")
_CUSTOMER = ("strategy", "customer")
_HIT = ("strategy", "hit")
_RANDOM = ("strategy", "random")


def _build_rows(*rows: tuple[str, tuple[str, ...], str, str, str]) -> dict[str, Variable]:
    return {name: Variable(name, dims, dtype, unit, "outline", text) for name, dims, dtype, unit, text in rows}


OUTLINE = _build_rows(
    ("policy_kind", _STAGE, "str", "", "kind of the policy, as in the model file"),
    (
        "reorder_point",
        _STAGE,
        "float64",
        "{unit}",
        "position at or below which the policy orders, inf for any, NaN for push",
    ),
    ("order_up_to", _STAGE, "float64", "{unit}", "order-up-to level of the policy, inf for no limit, NaN for push"),
    ("lot_size", _STAGE, "float64", "{unit}", "the policy orders whole multiples of this, 0 for any amount"),
    ("cards", _STAGE, "float64", "1", "cards of kanban or conwip, inf for no limit, NaN for another policy"),
    ("loop_end", _STAGE, "str", "", "last stage of the loop of a conwip policy, empty for another policy"),
    ("follow", _STAGE, "str", "", "what the levels follow in every period: season or forecast, empty for nothing"),
    ("safety_stock", _STAGE, "float64", "{unit}", "units added to levels that follow, which the levels include"),
    ("order_cap", _STAGE, "float64", "{unit}", "units on hand, in process and on order that end orders, inf for none"),
    ("review_period", _STAGE, "float64", "d", "time between two reviews of the store"),
    ("initial", _STAGE, "float64", "{unit}", "stock on hand at the start"),
    ("cover_days", _STAGE, "float64", "d", "order-up-to level over mean demand, inf without demand, NaN for push"),
    ("lead_time", _STAGE, "float64", "d", "mean lead time, before it is rounded up to whole periods"),
    ("capacity", _STAGE, "float64", "{unit}/d", "units that can be started per day, inf for no limit"),
    ("yield", _STAGE, "float64", "1", "mean share of good units"),
    ("deliveries", _STAGE, "str", "", "whether later starts may arrive earlier: crossing or in_order"),
    ("customers_served", _STAGE, "str", "", "whether customers are served before the stages: first or last"),
    (
        "mean_demand",
        _STAGE,
        "float64",
        "{unit}/d",
        "mean demand on the store over a cycle of its seasons, without hazards and trends",
    ),
    ("availability", _STAGE, "float64", "1", "mean share of its capacity that hazards leave the stage"),
    ("takt_time", _STAGE, "float64", "d/{unit}", "available time for one unit that must be started, inf for no demand"),
    ("cycle_time", _STAGE, "float64", "d/{unit}", "time for one unit started at full capacity, 0 for no limit"),
    ("slower_than_takt", _STAGE, "bool", "1", "whether the cycle time is longer than the takt time"),
    ("expedite_below", _STAGE, "float64", "{unit}", "stock below which starts are expedited, NaN for none"),
    ("expedite_up_to", _STAGE, "float64", "{unit}", "level up to which units are expedited, NaN for none"),
    ("expedite_lead_time", _STAGE, "float64", "d", "lead time of an expedited start, NaN for never"),
    ("shelf_life", _STAGE, "float64", "d", "time for which a unit can be used from its receipt on, inf for ever"),
    ("overtime_below", _STAGE, "float64", "{unit}", "stock below which the stage works overtime, NaN for never"),
    ("overtime_factor", _STAGE, "float64", "1", "factor on the capacity in overtime, NaN for none"),
    ("standby_of", _STAGE, "str", "", "stage whose outages open this one, empty where it is always open"),
    ("standby_after", _STAGE, "float64", "d", "time from the beginning of an outage to the opening, NaN for none"),
    ("standby_below", _STAGE, "float64", "1", "availability of the other stage that is an outage, NaN for none"),
    ("source", ("link",), "str", "", "stage whose store is drawn on"),
    ("target", ("link",), "str", "", "stage that draws on it"),
    ("input", ("link",), "str", "", "name of the input"),
    ("quantity", ("strategy", "link"), "float64", "{unit}/{unit}", "units for one unit started, NaN for no link"),
    ("share", ("strategy", "link"), "float64", "1", "share of the input from this store, 0 for a fallback"),
    ("failover", ("strategy", "link"), "bool", "1", "whether other sources of the input stand in for this one"),
    ("customer_stage", _CUSTOMER, "str", "", "stage whose store serves the customer"),
    (
        "customer_demand",
        _CUSTOMER,
        "float64",
        "{unit}/d",
        "mean demand over a cycle of the season, without hazards and trend",
    ),
    ("season", (*_CUSTOMER, "season_factor"), "float64", "1", "factors on the demand in turn, NaN behind the last"),
    ("season_period", _CUSTOMER, "float64", "d", "time for which a factor of the season holds, NaN for no season"),
    ("trend", _CUSTOMER, "float64", "1/year", "change of the mean demand per year, as a share of that at first"),
    ("forecast_kind", _CUSTOMER, "str", "", "how the forecast is made: error or smoothing, empty for no forecast"),
    ("forecast_period", _CUSTOMER, "float64", "d", "time between two draws of the forecast error, NaN for none"),
    ("forecast_smoothing", _CUSTOMER, "float64", "1", "weight of the newest demand in the forecast, NaN for none"),
    ("backorder_share", _CUSTOMER, "float64", "1", "share of unmet demand that is backordered, the rest is lost"),
    ("occurrences_per_year", ("strategy", "hazard"), "float64", "1/year", "mean number of occurrences per year"),
    ("duration", ("strategy", "hazard"), "float64", "d", "mean duration of an occurrence"),
    ("ramp", ("strategy", "hazard"), "float64", "d", "time of the linear recovery after an occurrence"),
    ("hit_hazard", ("hit",), "str", "", "the hazard that hits"),
    ("hit_stage_or_customer", ("hit",), "str", "", "the stage or customer that is hit"),
    ("effect", (*_HIT, "effect_kind"), "float64", "1", "factor on what is hit, NaN where it is not changed"),
    ("chance", _HIT, "float64", "1", "chance that one occurrence hits, NaN for no hit"),
    (
        "random_quantity",
        ("random",),
        "str",
        "",
        "what is drawn: demand, forecast, lead_time, yield, time_between or duration",
    ),
    ("random_owner", ("random",), "str", "", "the stage, customer or hazard that it belongs to"),
    ("random_unit", ("random",), "str", "", "unit of what is drawn: unit, d or 1"),
    ("distribution_family", _RANDOM, "str", "", "family of the distribution, as in the model file"),
    ("distribution_parameters", _RANDOM, "str", "", "JSON object of its parameters by name, in `random_unit`"),
    ("distribution_mean", _RANDOM, "float64", "1", "mean of the distribution, in `random_unit`"),
    ("distribution_sd", _RANDOM, "float64", "1", "standard deviation of the distribution, in `random_unit`"),
    ("distribution_low", _RANDOM, "float64", "1", "lowest value that can be drawn, -inf for none, in `random_unit`"),
    ("distribution_high", _RANDOM, "float64", "1", "highest value that can be drawn, inf for none, in `random_unit`"),
    ("draw_period", _RANDOM, "float64", "d", "time between two draws; NaN for a draw per occurrence of a hazard"),
)
