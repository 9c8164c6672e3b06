"""Keys of other tools and textbooks, each with the key of a model of jitrisk.

The message about an unknown key has the pointer of the key, or else the nearest known key.
"""

from __future__ import annotations

import re

from jitrisk.model.pointers.pointer import Pointer
from jitrisk.model.pointers.policies import BY_POLICY

_HAZARD_ADVICE = (
    "write a hazard, as `hazards: {breakdown: {time_between: {exponential: {mean: 40 d}}, duration: 8 h, "
    "hits: {press: {capacity: 0}}}}`"
)

# Words for what a customer has, wherever they stand.
_PROFILE = (
    ("seasons", "seasonality", "seasonal_factors", "seasonal_index", "seasonal_indices", "profile"),
    "write `season: {every: 1 month, factors: [0.8, 1.2]}` at a customer, with a factor for every month; levels that "
    "are to follow it have `follow: season` in their policy",
)
_GROWTH = (("growth", "growth_rate"), "write `trend: 5 % / year` at a customer")
_PLANNED = (
    ("forecast_error", "forecast_bias", "mape", "forecast_accuracy"),
    "write `forecast: {error: {lognormal: {mean: 1, cv: 0.2}}, every: 1 month}` at a customer; levels that are to "
    "follow it have `follow: forecast` in their policy",
)
_DEMAND_POINTERS = {"season": _PROFILE, "trend": _GROWTH, "forecast": _PLANNED}

_BY_PART: dict[str, tuple[Pointer, ...]] = {
    "Hazard": (
        Pointer(
            ("mtbf", "mttf", "mtbd", "uptime", "mean_time_between_failures", "mean_time_to_failure", "time_to_failure"),
            "write `time_between: {exponential: {mean: ...}}`, the time from the end of one occurrence to the next; "
            "a time between failures that contains the repair is longer by `duration`",
            ("time_between", "rate"),
        ),
        Pointer(
            ("mttr", "repair_time", "mean_time_to_repair", "time_to_repair", "downtime", "length", "outage"),
            "write `duration: {exponential: {mean: ...}}`, or another distribution, or a fixed `duration: 8 h`",
            ("duration",),
        ),
        Pointer(
            ("frequency", "lambda", "lam", "probability", "per_year", "events_per_year"),
            "write `rate: 1 / 20 years`, occurrences per time while there is none",
            ("rate", "time_between"),
        ),
        Pointer(
            ("targets", "target", "affects", "effects", "impact", "severity", "stage", "stages"),
            "write `hits: {press: {capacity: 0}}`, what it does to each stage or customer",
            ("hits",),
        ),
    ),
    "Stage": (
        Pointer(
            ("mtbf", "mttf", "mttr", "uptime", "availability", "oee", "breakdown", "breakdowns", "failure", "failures"),
            _HAZARD_ADVICE,
        ),
        Pointer(
            ("initial_stock", "initial_inventory", "starting_stock", "start_stock", "inventory", "stock", "initial"),
            "write `on_hand`, the stock at the start",
        ),
        Pointer(
            ("throughput", "rate", "production_rate", "max_rate", "output"),
            "write `capacity: 900 / d`, the units that can be started per time",
        ),
        Pointer(
            ("cycle_time", "takt", "takt_time"),
            "write `capacity`, its inverse: a cycle of 6 min is `capacity: 10 / h`",
        ),
        Pointer(
            ("processing_time", "process_time", "delivery_time", "transit_time", "production_time", "delay", "l"),
            "write `lead_time`, from the start to the arrival in the store",
        ),
        Pointer(
            ("bom", "components", "materials", "parts", "supplier", "suppliers", "source", "sources", "from"),
            "write `inputs: {steel: 2}`, the units of another stage for one unit started; a supplier is a stage "
            "without inputs",
        ),
        Pointer(
            ("scrap", "scrap_rate", "defect_rate", "defects", "reject_rate", "quality"),
            "write `yield`, the share of good units: a scrap rate of 2 % is `yield: 98 %`",
        ),
        Pointer(
            ("cost", "purchase_cost", "purchase_price", "unit_price", "material_cost", "production_cost"),
            "write `unit_cost`, what is paid for one unit started, and `value`, the money bound in one unit in stock",
        ),
        Pointer(
            ("setup_cost", "ordering_cost", "fixed_order_cost"),
            "write `order_cost`, the cost of one order",
        ),
        Pointer(
            ("fixed_cost", "fixed_costs", "overhead", "overheads"),
            "write `order_cost`, the cost of one order, or `fixed_cost: 2000000 / year` at the top of the model or "
            "of a strategy, the cost of the plan as a whole",
        ),
        Pointer(("demand", "price", "selling_price", "revenue"), "it is a key of a customer of the stage"),
    ),
    "Customer": (
        Pointer(
            ("backlog", "backorder", "backorders", "lost_sales", "lost"),
            "write `unmet`, what becomes of unmet demand: `backorder`, `lost`, or the share that is backordered",
        ),
        Pointer(("selling_price", "revenue", "unit_price"), "write `price`, of one unit shipped"),
        *(Pointer(words, advice, (key,)) for key, (words, advice) in _DEMAND_POINTERS.items()),
        Pointer(
            ("penalty", "penalty_cost", "stockout_cost", "late_cost"),
            "write `shortage_cost`, of one unit not met at once, `backorder_cost`, of one unit waiting per time, or "
            "`lost_cost`, of one unit lost",
            ("shortage_cost",),
        ),
        Pointer(("interarrival", "interval", "order_interval"), "write it into the demand: `{every: 1 week, ...}`"),
        Pointer(
            ("due_date", "lead_time", "allowed_lead_time", "delivery_time"),
            "jitrisk has no promised delivery time yet: demand is due in the period in which it falls",
        ),
    ),
    **BY_POLICY,
    "Hit": (
        Pointer(
            ("availability", "supply", "output", "production", "loss"),
            "write `capacity`, the factor on it: 0 stops it, 0.5 halves it",
            ("capacity",),
        ),
        Pointer(("delivery", "deliveries", "shipments", "transport"), "write `arrivals: 0`", ("arrivals",)),
        Pointer(("delay", "lateness"), "write `lead_time`, a factor on it", ("lead_time",)),
        Pointer(("probability", "p"), "write `chance`"),
    ),
    "Network": (
        Pointer(
            ("holding_cost", "carrying_cost", "inventory_cost", "interest", "interest_rate", "wacc", "carrying_rate"),
            "write `holding_rate: 20 % / year`, a share of the `value` of what is in stock",
        ),
        Pointer(
            ("overhead", "overheads", "capex", "annual_cost", "yearly_cost"),
            "write `fixed_cost: 2000000 / year`, the cost of the plan as a whole; a strategy can have its own",
            ("fixed_cost",),
        ),
        Pointer(("time_step", "timestep", "step", "bucket", "dt"), "write `period`", ("period",)),
        Pointer(
            ("duration", "length", "simulation_length", "run_length", "end", "years", "days", "periods"),
            "write `horizon`, the time simulated",
            ("horizon",),
        ),
        Pointer(("warmup", "burn_in", "warm_up_period"), "write `warm_up`"),
        Pointer(
            ("scenarios", "policies", "variants", "alternatives"), "write `strategies`, named patches over the model"
        ),
        Pointer(("risks", "disruptions", "events", "failures", "breakdowns"), "write `hazards`"),
        Pointer(
            ("suppliers", "plants", "nodes", "products", "items", "machines", "processes", "warehouses"),
            "write them as `stages`: each makes, moves or buys one item and ends in a store of it",
            ("stages",),
        ),
        Pointer(("demand", "demands", "markets", "orders"), "write it as `customers`", ("customers",)),
        Pointer(
            ("seed", "paths", "runs", "replications", "iterations"),
            "it belongs to a run, not to a model: `--paths` and `--seed`, in Python `simulate(paths=..., seed=...)`",
        ),
    ),
}

_ANYWHERE: tuple[Pointer, ...] = (
    Pointer(
        ("safety_stock", "buffer", "buffer_stock", "safety_time", "safety_days"),
        "a store has no safety stock apart from its policy: raise `level` or `cover`, give `service`, or `safety` for "
        "cards",
    ),
    Pointer(
        ("lot_size", "lot", "lots", "batch", "batch_size", "batches", "rounding"),
        "the size of an order belongs to the policy: `quantity` of `reorder_point`, or `container` of `kanban`",
    ),
    Pointer(
        ("moq", "min_order", "minimum_order", "min_order_quantity", "minimum_order_quantity", "min_lot"),
        "jitrisk has no minimum order yet: the nearest is `quantity` of `reorder_point`; an order is a multiple of it",
    ),
    Pointer(
        (
            "shelf_life",
            "shelf_time",
            "expiry",
            "expiration",
            "expiry_date",
            "perishable",
            "lifetime",
            "best_before",
            "max_age",
        ),
        "write `shelf_life: 10 d` at the stage in whose store units age",
    ),
    *(Pointer((key, *words), advice) for key, (words, advice) in _DEMAND_POINTERS.items()),
    Pointer(
        ("wip_cap", "wip_limit", "constant_wip", "conwip"),
        "write it as a policy: `{conwip: {cards: 20, container: 1, through: packing}}` at the first stage of a line, "
        "or `cap` in `base_stock`",
    ),
    Pointer(
        ("push", "mrp"),
        "write it as the policy of a stage: `{push: {}}`, or `{base_stock: {cover: 2 weeks, follow: forecast}}`",
    ),
    Pointer(
        ("calendar", "shift", "shifts", "working_days", "work_hours", "holidays", "weekends", "schedule"),
        "jitrisk has no calendar yet: count working time only, or give availability of your own, "
        "`simulate(exogenous=...)`",
    ),
    Pointer(
        ("resource", "resources", "machine", "machines", "servers", "workers", "operators", "labor", "labour"),
        "jitrisk has no shared resources yet: every stage has a `capacity` of its own; parallel machines are stages "
        "that one input takes `from` with shares",
    ),
    Pointer(
        ("changeover", "changeovers", "changeover_time", "setup", "setup_time", "setups", "sequence"),
        "jitrisk has no changeovers yet: the nearest is a lower `capacity`, and `order_cost` for what one costs",
    ),
    Pointer(
        ("overtime", "overtime_factor", "extra_capacity", "flex_capacity", "temporary_capacity", "extra_shift"),
        "write `overtime: {below: 100, factor: 1.25}` at a stage with a capacity: more of it while the store is low",
    ),
    Pointer(
        ("priority", "priorities", "rank", "allocation", "importance", "weight"),
        "the customers of a store are served in the order of the model, after the stages it supplies; "
        "`customers: first` on the stage serves them before",
    ),
    Pointer(
        ("transport", "transport_time", "transportation", "transit_time", "shipping", "shipping_time", "lane", "route"),
        "transport is part of `lead_time`, or a stage of its own whose `lead_time` is that of the transport",
    ),
    Pointer(
        ("transport_cost", "shipping_cost", "freight"),
        "the cost of transport is part of `unit_cost` (for each unit) and `order_cost` (for each order)",
    ),
    Pointer(
        ("holding_cost", "carrying_cost", "inventory_cost", "h"),
        "write `holding_rate: 20 % / year`, a share of the `value`, at the top of the model or at one stage",
    ),
    Pointer(
        ("shortage_cost", "stockout_cost", "penalty", "penalty_cost", "backorder_penalty", "lost_sales_cost"),
        "write `shortage_cost` (per unit not met at once), `backorder_cost` (per unit and time) or `lost_cost` "
        "(per unit lost) at a customer",
    ),
    Pointer(
        ("service_level", "fill_rate", "csl"),
        "write `{base_stock: {service: 0.98}}` as the policy; fill rates are outcomes of a run",
    ),
    Pointer(
        ("storage", "max_stock", "max_inventory", "warehouse_capacity", "space", "storage_capacity"),
        "jitrisk has no limit of storage yet: the policy's level, or its cards, limit what is in store and in process",
    ),
    Pointer(
        (
            "standby",
            "backup",
            "backup_source",
            "backup_supplier",
            "secondary",
            "alternate",
            "alternates",
            "second_source",
            "dual_source",
        ),
        "write the sources of an input in order of preference: `{quantity: 1, from: [main, backup]}`; a source that "
        "opens only after an outage has `standby: {of: main, after: 3 d}`",
    ),
    Pointer(
        ("dual_sourcing", "dual_index", "expediting", "premium_freight", "emergency_order", "emergency_orders"),
        "write `expedite: {up_to: 50, lead_time: 1 d}` at the stage: a second level, up to which units take a shorter "
        "lead time",
    ),
    Pointer(
        (
            "discount",
            "price_breaks",
            "quantity_discount",
            "tax",
            "tariff",
            "exchange_rate",
            "co2",
            "emissions",
            "energy",
        ),
        "jitrisk does not have it yet",
    ),
    Pointer(
        ("comment", "note", "notes", "description", "source", "reference"),
        "write it as a comment, after a `#`",
    ),
)

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_JOINTS = re.compile(r"[\s.-]+")


def normalize_word(word: str) -> str:
    """Return a word as pointers spell it: in lower case, joined by underscores."""
    return _JOINTS.sub("_", _CAMEL.sub("_", word.strip())).casefold()


def find_key_pointer(part: str, key: str) -> Pointer | None:
    """Return the pointer for an unknown key, or None where there is none.

    Parameters
    ----------
    part : name of the kind of mapping in which the key stands, such as ``Stage``.
    key : the key.
    """
    word = normalize_word(key)
    pointers = (*_BY_PART.get(part, ()), *_ANYWHERE)
    return next((pointer for pointer in pointers if word in pointer.words), None)
