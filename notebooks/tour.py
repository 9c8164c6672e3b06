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
# down. Would a week of stock have been cheaper? The example `brake-valves` asks this of many possible years.

# %%
import jitrisk as jr

network = jr.load("brake-valves")
print(f"{network.name}: {network.horizon:,} periods of {network.period:g} h, money in {network.currency}")
print("stages:    ", ", ".join(network.stages))
print("hazards:   ", ", ".join(network.hazards))
print("strategies:", ", ".join(network.strategies))

# %% [markdown]
# All strategies are simulated on the same paths: the same demand, the same fires. The outcomes are units and periods,
# one value for every strategy, path and stage or customer, with the prices beside them.

# %%
outcomes = jr.simulate(network, paths=20_000, seed=7)
print(outcomes)

# %% [markdown]
# What each strategy costs a year in billions of yen, on average and in the worst 5 % of the paths. Figures are for the
# time after the warm-up; `per_year` scales what adds up over time to a year.


# %%
def billions_a_year(cost, statistics):
    yearly = cost * cost.attrs["per_year"] / 1e9
    return yearly.sel(statistic=statistics).to_pandas().round(3)


measures = outcomes.risk.measure(level=0.95)
print(billions_a_year(measures.cost, ["mean", "standard_error", "cvar", "cvar_standard_error"]))

# %% [markdown]
# Differences are taken path by path, so that the luck which two strategies share cancels.

# %%
gaps = outcomes.risk.compare(base="jit")
print(billions_a_year(gaps.cost, ["mean", "standard_error", "lower", "upper"]))

# %% [markdown]
# Where the money goes, in billions over the time after the warm-up. Prices are part of the outcomes, so they can be
# changed without simulating again: `outcomes.assign(holding_rate=...)`.

# %%
costs = outcomes.risk.costs()[["holding", "process_inventory", "downtime", "backorder", "total"]]
print((costs.mean("path").to_pandas() / 1e9).round(2))

# %% [markdown]
# What happened in the worst year of `jit`? Any path can be drawn again alone, by its number. Its exogenous part shows
# when the valve plant stood still, and running it gives the same outcome, to the last bit.

# %%
worst = int(outcomes.risk.metrics().cost.sel(strategy="jit").idxmax("path"))
luck = jr.sample(network, paths=range(worst, worst + 1), seed=7)
stopped = luck.availability.sel(path=worst, stage="valve") == 0
days = network.period / 24
print(f"path {worst}: the valve plant stood still for {float(stopped.sum()) * days:.0f} days of the year")

again = jr.simulate(network, exogenous=luck)
assert (again.backlog == outcomes.backlog.sel(path=[worst])).all()

# %% [markdown]
# The exogenous part can be changed, too, or come from elsewhere: the same year, had the plant never stopped.

# %%
spared = luck.copy(deep=True)
spared.availability.loc[{"stage": "valve"}] = 1
spared.transit.loc[{"stage": "valve"}] = 1
without = jr.simulate(network, exogenous=spared)
for name in network.strategies:
    before, after = (float(run.risk.metrics().cost.sel(strategy=name).squeeze()) / 1e9 for run in (again, without))
    print(f"{name:6} {before:6.1f} bn JPY, without the stops {after:5.1f}")
