# ---
# jupyter:
#   jupytext:
#     formats: py:percent,ipynb
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The Aisin fire, decided
#
# [The Aisin fire](aisin-fire.ipynb) compares three strategies that someone thought of: hours of everything, a week of
# everything, a week of the valves. Here the program searches for the levels: which stages should hold stock, how much,
# and how sure is that?
#
# A search takes longer than a comparison. To keep this notebook short, differences below 1 % of the objective count as
# none (`indifference=0.01`; the default is 0.5 %), and most searches vary three stages only.

# %%
import json

import jitrisk as jr
from jitrisk import report

network = jr.load("brake-valves")
indifference = 0.01


def scale(study):
    """Return the factor from the unit of the objective to bn JPY per year."""
    return study.objective_per_year / 1e9


def show(study):
    """Print the levels of the plan, and what it costs beside the given strategies."""
    for key, was, now in zip(*(study[v].values for v in ("decision", "start_value", "chosen_value")), strict=True):
        print(f"{key.removeprefix('stages.'):36} {was:>10} -> {now}")
    table = study[["objective", "objective_lower", "objective_upper"]].to_dataframe() * scale(study)
    print(table.round(2))


# %% [markdown]
# ## All levels
#
# Every stage runs on cards, and a container of a kanban holds a fixed number of units. How many cards does each stage
# need for the lowest mean cost?

# %%
plan = jr.optimize(network, indifference=indifference)
show(plan)

# %% [markdown]
# The store of valves grows from hours to well over a week, and that of finished cars shrinks. The figures, in bn JPY
# per year, are from 10,000 paths that the search did not use: on its own paths, a chosen plan looks better than it is.
#
# The right side of the figure shows what one step of each level costs. A step is one card, or about a hundredth of a
# level that has many. Where an interval contains 0, the paths do not show which of the two levels is better.

# %%
report.decision(plan)

# %%
print(f"no step gains more than {plan.indifference * scale(plan):.3f} bn JPY per year, with a probability of")
print(
    f"at least {min(plan.local_probability, 0.9999):.4f}; {plan.sizes['plan'] - 1} other plans cannot be told from it"
)

# %% [markdown]
# ## How much of this is about the fire?
#
# Most of the saving has little to do with fires: `jit` keeps a day of finished cars, which are dear, and that day is an
# assumption of the model. Let only the store of valves vary, and the rest stay as under `jit`:

# %%
valve = "stages.valve.policy.kanban.cards"
valves_only = jr.optimize(network, vary=valve, indifference=indifference)
show(valves_only)

# %%
saved, in_all = (-float(study.difference.sel(strategy="jit")) * scale(study) for study in (valves_only, plan))
print(f"valves alone save {saved:.2f} of {in_all:.2f} bn JPY per year")

# %% [markdown]
# ## The bad years
#
# The mean weighs a fire by how rare it is. An owner who could not survive the bad years gives them more weight: half
# the mean, half the mean of the worst 5 % of years.

# %%
levels = [f"stages.{stage}.policy.kanban.cards" for stage in ("valve", "parts", "car")]
cautious = jr.optimize(network, minimize="0.5*cost.mean + 0.5*cost.cvar95", vary=levels, indifference=indifference)
show(cautious)

# %% [markdown]
# Now the parts get a store, too: more than a day of them. In most years it saves little, and in a bad year much. The
# mean alone does not pay for it, because parts are the dearest thing that is bought.
#
# Both plans as strategies, on the same paths, bn JPY per year:

# %%
model = jr.read_model("brake-valves")
model["strategies"] |= {"mean": json.loads(plan.attrs["plan"]), "tail": json.loads(cautious.attrs["plan"])}
outcomes = jr.simulate(model, paths=20_000, seed=1997)
print((outcomes.risk.describe(level=0.95).cost.sel(statistic=["mean", "cvar"]) * scale(plan)).to_pandas().round(2))

# %%
report.exceedance(outcomes)

# %% [markdown]
# ## A second source?
#
# In place of a store, the other maker could get lines for 30 % of the valves, and more in need. Say that it asks 100 M
# JPY per year for them. An investment is a patch of the model that a plan takes or not; the search finds levels for
# both. A patch replaces a field such as `inputs` as a whole, so the parts are written again.
#
# This search begins with a week of valves, in days rather than in cards.

# %%
model = jr.read_model("brake-valves")
model["stages"]["valve"]["policy"] = {"base_stock": {"cover": "7 d"}}
model["strategies"] = {"week of valves": {}}
model["decisions"] = {
    "vary": {
        "stages.valve.policy.base_stock.cover": "1 d..30 d:6 h",
        "stages.spare.policy.kanban.cards": "all",
        "stages.car.policy.kanban.cards": "all",
    },
    "investments": {
        "second_source": {
            "fixed_cost": "100000000 / year",
            "stages": {
                "spare": {"capacity": "20000 / d"},
                "car": {"inputs": {"valves": {"quantity": 2, "from": {"valve": 0.7, "spare": 0.3}}, "parts": 1}},
            },
        }
    },
}
sourced = jr.optimize(model, indifference=indifference)
show(sourced)

# %%
other = sourced.isel(neighbor=sourced.neighbor_decision.values == "decisions.investments.second_source")
value, lower, upper = (
    other[name].item() * scale(sourced) * 1000
    for name in ("neighbor_difference", "neighbor_difference_lower", "neighbor_difference_upper")
)
print(f"{other.neighbor_change.item()}: {value:+.0f} M JPY per year, between {lower:+.0f} and {upper:+.0f}")

# %% [markdown]
# The plan leaves the offer, and the last line says what taking it would cost more, with levels that were searched for
# it.
#
# Some eleven days of valves cost little, because a valve is cheap, and they leave little for a second source
# to save. A second source competes with the cheapest other remedy, not with doing nothing.

# %% [markdown]
# ## What the answer depends on
#
# The rate of fires is a guess: nobody has seen enough of them. Half the rate and twice the rate, and the best store of
# valves:

# %%
for years in (40, 10):
    changed = jr.read_model("brake-valves")
    changed["hazards"]["valve_fire"]["rate"] = f"1 / {years} years"
    best = jr.optimize(changed, vary=valve, indifference=indifference)
    days = float(best.chosen_number.item()) * 100 / 28_000
    saved = float(best.difference.sel(strategy="jit")) * scale(best)
    print(f"a fire in {years} years: {days:4.1f} days of valves; {saved:+.2f} bn JPY per year against jit")

# %% [markdown]
# The conclusion stays: hold stock of the valves, for one to two weeks, which is about as long as a fire and the
# recovery last. How long these last matters more than how often fires come.
#
# The plan is a local optimum of this model: no plan one step away is better by more than the stated amount, and a plan
# far away may be. The figures say nothing about the risks that the model leaves out, nor about prices such as that of
# an hour of a car plant that stands still: change them, and search again.
