"""Keys of policies in other tools and textbooks, each with the key of a model of jitrisk."""

from __future__ import annotations

from jitrisk.model.pointers.pointer import Pointer

_CAPS = ("wip_cap", "max_wip", "wip_limit", "limit")
_CAP_ADVICE = "write `cap`, the units that stock on hand, work in process and open orders may reach by an order"

BY_POLICY: dict[str, tuple[Pointer, ...]] = {
    "PolicyChoice": (
        Pointer(
            ("s_s", "ss", "min_max_policy"), "write `{min_max: {min: 1 d, max: 3 d}}`, the (s, S) policy", ("min_max",)
        ),
        Pointer(
            (
                "r_q",
                "rq",
                "s_q",
                "q_r",
                "eoq",
                "rop",
                "continuous_review",
                "order_quantity",
                "lot_size",
                "lot",
                "batch",
            ),
            "write `{reorder_point: {point: 3 d, quantity: 500}}`, the (r, Q) policy",
            ("reorder_point",),
        ),
        Pointer(
            ("order_up_to", "basestock", "periodic_review", "r_s", "t_s", "par_level", "target_stock"),
            "write `{base_stock: {level: 500, review: 1 week}}`, the order-up-to policy",
            ("base_stock",),
        ),
        Pointer(
            ("mto", "lot_for_lot", "l4l"),
            "write `{make_to_order: {}}`, which orders what is owed, lot for lot",
            ("make_to_order",),
        ),
        Pointer(
            ("mrp", "mrp_ii", "mps", "plan", "planned_orders", "push_system", "make_to_forecast", "forecast"),
            "write `{base_stock: {cover: 2 weeks, follow: forecast, review: 1 week}}`, which orders to a plan from the "
            "forecast of the customers, or `{push: {}}` inside a line, which starts whatever lies before it",
            ("base_stock", "push"),
        ),
        Pointer(
            ("constant_wip", "constant_work_in_process", "wip_cap", "wip_limit", "drum_buffer_rope", "dbr", "polca"),
            "write `{conwip: {cards: 20, container: 1, through: packing}}` at the first stage of a line whose last "
            "stage is `packing`, and `{push: {}}` at the others",
            ("conwip",),
        ),
        Pointer(
            ("extended_kanban", "generalized_kanban", "ekcs", "gkcs"),
            "write `{base_stock: {level: 50, cap: 80}}`: a level, and as `cap` what the cards limit",
            ("base_stock",),
        ),
        Pointer(
            ("dual_index", "dual_sourcing", "tailored_base_surge"),
            "write `{base_stock: {level: 500}}`, and beside the policy `expedite: {up_to: 50, lead_time: 1 d}`, the "
            "second level of a dual index",
            ("base_stock",),
        ),
        Pointer(("two_bin", "2_bin"), "write `{kanban: {container: 500, cards: 2}}`: two bins", ("kanban",)),
        Pointer(
            ("s", "r", "q", "min", "max", "point", "quantity"),
            "write `{min_max: {min: 1 d, max: 3 d}}`, the (s, S) policy, or "
            "`{reorder_point: {point: 3 d, quantity: 500}}`, the (r, Q) policy",
            ("min_max", "reorder_point"),
        ),
        Pointer(
            ("level", "cover", "service"),
            "write `{base_stock: {level: 500}}`, or `cover` or `service` there",
            ("base_stock",),
        ),
        Pointer(("cards", "container"), "write `{kanban: {container: 500, cards: 4}}`", ("kanban",)),
    ),
    "Kanban": (
        Pointer(
            ("size", "container_size", "lot_size", "lot", "batch", "bin", "units"),
            "write `container`, the units in one container",
            ("container",),
        ),
        Pointer(("kanbans", "k", "number", "loops", "bins"), "write `cards`, their number", ("cards",)),
        Pointer(("safety_factor", "safety_margin", "alpha"), "write `safety`, the margin of the card formulas"),
        Pointer(
            ("cap", "limit", "wip_cap"),
            "the cards are the cap: an order of whole containers has no other; `cap` belongs to `base_stock` and "
            "`min_max`",
        ),
    ),
    "Conwip": (
        Pointer(
            ("size", "container_size", "lot_size", "lot", "batch", "bin", "units"),
            "write `container`, the units in one container",
            ("container",),
        ),
        Pointer(("kanbans", "k", "number", "wip_cap", "wip"), "write `cards`, their number", ("cards",)),
        Pointer(
            ("to", "until", "last", "end", "stages", "line", "loop"),
            "write `through`, the last stage of the loop",
            ("through",),
        ),
        Pointer(
            ("follow", "safety", "season", "forecast"),
            "the cards of a loop do not follow the demand; `follow` belongs to `base_stock`, `min_max` and `kanban`",
        ),
        Pointer(
            ("cap", "limit"),
            "the cards are the cap of the loop; `cap` belongs to `base_stock` and `min_max`",
        ),
    ),
    "Push": (
        Pointer(
            ("follow", "cap", "cards", "level", "cover", "container", "quantity"),
            "a stage that pushes has no level and no cards: it starts whatever its inputs allow; for orders to a plan "
            "write `{base_stock: {cover: 2 weeks, follow: forecast}}`",
        ),
    ),
    "BaseStock": (
        Pointer(
            ("service_level", "fill_rate", "csl", "cycle_service_level"),
            "write `service`, the probability that the level covers what is outstanding",
            ("service",),
        ),
        Pointer(
            ("s", "target", "order_up_to", "max", "base_stock_level", "units"), "write `level`, in units", ("level",)
        ),
        Pointer(("days", "days_of_supply", "dos", "coverage"), "write `cover`, a time of mean demand", ("cover",)),
        Pointer(_CAPS, _CAP_ADVICE),
    ),
    "MinMax": (
        Pointer(("s", "reorder_point", "reorder_level", "point"), "write `min` and `max`", ("min",)),
        Pointer(("order_up_to", "level", "target"), "write `max`", ("max",)),
        Pointer(_CAPS, _CAP_ADVICE),
    ),
    "ReorderPoint": (
        Pointer(("s", "r", "rop", "reorder_level", "reorder_point", "min", "level"), "write `point`", ("point",)),
        Pointer(
            ("q", "lot_size", "lot", "batch", "batch_size", "eoq", "order_quantity", "size"),
            "write `quantity`, the size of one lot",
            ("quantity",),
        ),
        Pointer(
            ("cap", "follow"),
            "an order of whole lots has no cap and follows no demand; `cap` and `follow` belong to `base_stock` and "
            "`min_max`",
        ),
    ),
}
"""The pointers of the choice of a policy, and of every kind of policy, by the name of its class."""
