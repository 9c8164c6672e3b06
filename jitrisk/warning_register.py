"""The register of warnings about a model: each with its name, its effect on the results, and the remedy.

A model can be simulated and still mean something else than its author meant. The check of each row has its name in
`jitrisk.model_warnings`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WarningRow:
    """One row of the register.

    Attributes
    ----------
    condition : the models that get the warning, in a phrase.
    effect : its effect on the results, in half a sentence.
    remedy : what to write instead, in half a sentence.
    """

    condition: str
    effect: str
    remedy: str


WARNINGS: dict[str, WarningRow] = {
    "clipped-mean": WarningRow(
        "a distribution, such as a normal one, whose mean clipping at 0 (a yield: also at 1) moves by more than 1 %",
        "what is drawn has another mean than the one written, and levels from mean demand follow what is drawn",
        "use a distribution that stays in bounds, such as `gamma` or `lognormal`, or `triangular` for a yield",
    ),
    "rounded-lead-time": WarningRow(
        "a lead time that rounding up to whole periods raises by more than a tenth on average, or 0, which becomes 1",
        "goods arrive later than written, and more of them are in process",
        "use a shorter `period`, or write the lead time in whole periods",
    ),
    "partial-hazards": WarningRow(
        "two or more hazards that each take a part of the capacity of one stage",
        "factors of hazards that are on together multiply: two of 0.5 leave 0.25, where two machines of half the "
        "capacity each would leave 0",
        "for machines side by side write a stage each, as sources of one input with shares",
    ),
    "empty-fallback": WarningRow(
        "a source without a share whose level follows mean demand, by cover, service or the card formula",
        "mean demand counts shares, so the level is 0 (or one card): when the source stands in, its store is empty",
        "write the level in units, such as `{base_stock: {level: 500}}`, or give the source a share",
    ),
    "number-per-period": WarningRow(
        "a bare number where a time is divided by, in a model whose period is not a day",
        "it counts per period (a demand with `every`: per draw), not per day",
        "write the time with it, as in `850 / d` or `850 / 8 h`",
    ),
    "high-holding-rate": WarningRow(
        "a `holding_rate` given as a bare number that is above 1,000 % per year",
        "holding costs a multiple of what stock is worth, so that lean strategies look better than they are",
        "write the time with it, as in `20 % / year`",
    ),
    "capacity-below-demand": WarningRow(
        "a capacity below the starts per time that mean demand requires",
        "backlog or lost demand grows with the horizon, and so do the figures that depend on it",
        "raise the capacity, or lower the demand or the share of the stage",
    ),
    "value-above-cost": WarningRow(
        "goods that are sold at a price, whose `value` is more than a quarter above all `unit_cost` paid for them",
        "profit deducts what is paid and gross profit what goods are worth, so profit can exceed gross profit",
        "give every stage the `unit_cost` of its purchase or conversion, so that they add up to the `value`",
    ),
    "unfollowed-forecast": WarningRow(
        "a customer with a forecast that no policy follows, under any strategy",
        "nothing depends on the forecast: levels are those of mean demand, as if planners were never wrong",
        "write `follow: forecast` in the policy of a stage that plans by it, or leave the forecast out",
    ),
    "biased-forecast": WarningRow(
        "a forecast whose factor `error` is below 0.5 or above 2 on average",
        "planners expect less than half, or more than twice, the demand all the time; 1 is a forecast that is right",
        "write the spread as a distribution around 1, such as `{error: {lognormal: {mean: 1, cv: 0.1}}}`",
    ),
}
"""Every warning by its name."""
