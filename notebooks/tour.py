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
# # A tour of jitrisk
#
# In 1997 one plant made 99 % of Toyota's brake valves, car plants held about four hours of them, and that plant burned
# down. Would a week of stock have been cheaper? The example `brake-valves` simulates many possible years.

# %%
import jitrisk as jr
from jitrisk import report

network = jr.load("brake-valves")
print(f"{network.name}: {network.horizon:,} periods of {network.period:g} h, money in {network.currency}")
print("stages:    ", ", ".join(network.stages))
print("hazards:   ", ", ".join(network.hazards))
print("strategies:", ", ".join(network.strategies))

# %% [markdown]
# The network, drawn from the model without a simulation: stages, links, and the levels of the stores.

# %%
report.network(jr.outline(network))

# %% [markdown]
# All strategies are simulated on the same paths: the same demand, the same fires. The outcomes are units and periods,
# one value for every strategy, path and stage or customer, with the prices beside them.

# %%
outcomes = jr.simulate(network, paths=20_000, seed=7)
print(outcomes)

# %% [markdown]
# Cost per year of each strategy in billions of yen, on average and in the worst 5 % of the paths. Figures are for the
# time after the warm-up; `per_year` scales totals to a year.


# %%
def billions_a_year(cost, statistics):
    yearly = cost * cost.attrs["per_year"] / 1e9
    return yearly.sel(statistic=statistics).to_pandas().round(3)


measures = outcomes.risk.describe(level=0.95)
print(billions_a_year(measures.cost, ["mean", "standard_error", "cvar", "cvar_standard_error"]))

# %% [markdown]
# The same as curves: the cost of a year against its return period. `jit` is the cheapest in most years. Its curve rises
# at the return period of the fire.

# %%
report.exceedance(outcomes)

# %% [markdown]
# Differences are computed path by path, so that the random variation that two strategies share cancels.

# %%
gaps = outcomes.risk.compare(base="jit")
print(billions_a_year(gaps.cost, ["mean", "standard_error", "lower", "upper"]))

# %% [markdown]
# Cost by component.

# %%
report.cost_stack(outcomes)

# %% [markdown]
# Prices are part of the outcomes, so they can be changed without simulating again. What if a valve cost ten times as
# much?

# %%
dearer = jr.reprice(outcomes, {"stages.valve.value": 10_000})
print(billions_a_year(dearer.risk.describe().cost, ["mean", "standard_error", "cvar"]))

# %% [markdown]
# The worst year of `jit`. Any path can be simulated again alone, by its number, with every period and every event; its
# totals are those of the run, to the last bit.

# %%
year = jr.replay(outcomes, "jit", worst="cost")
report.timeline(year)

# %%
print(report.build_replay_log(year))

# %% [markdown]
# Exogenous series can be changed, too, or come from elsewhere: the same year without the stop of the plant.

# %%
worst = int(year.path)
series = jr.sample(network, paths=range(worst, worst + 1), seed=7)
again = jr.simulate(network, exogenous=series)

spared = series.copy(deep=True)
spared.availability.loc[{"stage": "valve"}] = 1
spared.transit.loc[{"stage": "valve"}] = 1
without = jr.simulate(network, exogenous=spared)
for name in network.strategies:
    costs = (run.risk.metrics().cost.sel(strategy=name).item() for run in (again, without))
    before, after = (cost / 1e9 for cost in costs)
    print(f"{name:6} {before:6.1f} bn JPY, without the stops {after:5.1f}")
