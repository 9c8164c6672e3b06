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
# # The Aisin fire
#
# On 1 February 1997 a fire stopped the one plant that made 99 % of Toyota's brake valves. The car plants held about
# four hours of them. They stood still soon after, and restarted five days after the fire, when the first substitute
# lines delivered (Nishiguchi and Beaudet 1998). Was it wrong to keep so few?
#
# First one fire on a given day; then many years with random fires.

# %%
import textwrap

import jitrisk as jr
from jitrisk import report

network = jr.load("brake-valves")
cover = jr.outline(network).cover_days * 24
print("hours that a full store lasts, deliveries on their way included")
print(cover.sel(stage=["valve", "parts"]).to_pandas().round(1))

# %% [markdown]
# ## One year with the fire as the only hazard
#
# Take the exogenous series of one path without hazards and with the mean demand every day. Then add the fire. From day
# 100 on the valve plant makes nothing for five days, and its work in process stands still; then it recovers linearly
# over five days.

# %%
calm = jr.sample(network, paths=1)
calm["demand"][:] = calm.demand.mean("time").round()
for name in ("availability", "receiving", "transit"):
    calm[name][:] = 1

per_day = round(24 / network.period)
begin, end, recovered = 100 * per_day, 105 * per_day, 110 * per_day
fire = calm.copy(deep=True)
fire.availability.loc[{"stage": "valve", "time": slice(begin, end - 1)}] = 0
fire.transit.loc[{"stage": "valve", "time": slice(begin, end - 1)}] = 0
for time in range(end, recovered):
    fire.availability.loc[{"stage": "valve", "time": time}] = (time - end) / (recovered - end)

# %% [markdown]
# Without a week of valves the stores are empty within a shift, cars are late for weeks, and the backlog is worked off
# only as fast as overtime allows. With a week of valves there is hardly any backlog.

# %%
trace = jr.trace(network, exogenous=fire)
weeks = trace.isel(path=0, time=slice(95 * per_day, 150 * per_day))
table = weeks.on_hand.sel(stage="valve").transpose("time", "strategy").to_pandas()
print("valves in store, every second day")
print(table.iloc[:: 2 * per_day].head(12).round(0))

# %%
report.fan(weeks.expand_dims("path", 1), variable="backlog", stage_or_customer="dealers")

# %% [markdown]
# ## What one fire costs
#
# The same year twice, with and without the fire, so the difference is the effect of the fire.


# %%
def cost(outcomes):
    return outcomes.risk.metrics().cost.squeeze("path").to_pandas() / 1e9


with_fire = cost(jr.simulate(network, exogenous=fire))
without = cost(jr.simulate(network, exogenous=calm))
damage = with_fire - without
for name in network.strategies:
    print(f"{name:7} a calm year {without[name]:6.2f} bn JPY; the fire {damage[name]:6.2f}")

# %% [markdown]
# ## The break-even rate of fires
#
# More stock costs something every year and saves something once in a while. It pays if a fire comes more often than
# once in this many years:

# %%
years = (network.horizon - network.warm_up) * network.period / (365 * 24)
for name in ("hybrid", "jic"):
    premium, saved = (without[name] - without["jit"]) / years, damage["jit"] - damage[name]
    often = f"once in {saved / premium:.1f} years"
    print(f"{name:7} {premium:5.2f} bn JPY a year save {saved:5.2f} bn JPY a fire: {often}")

# %% [markdown]
# A week of valves costs little, because a valve does: a cheap part can stop a car plant. A week of everything would pay
# only if a plant burned down every other year. So the question is not whether to hold stock, but of which parts.

# %% [markdown]
# ## Many years
#
# The full model: a fire every twenty years on average, with a random duration, and all other hazards. All strategies
# run through the same 20,000 years.

# %%
outcomes = jr.simulate(network, paths=20_000, seed=1997)
print(textwrap.fill(report.render_conclusion(report.summarize(outcomes)), 90))

# %% [markdown]
# The curves show the cost of a year against its return period. `jit` is the cheapest in most years; the right end
# of its curve is due to the fire.

# %%
report.exceedance(outcomes)

# %% [markdown]
# ## The worst year
#
# Any path can be simulated again alone. This is the worst one under `jit`: hazards at the top, below them downtime,
# shortages of stores, and stockouts of customers.

# %%
worst = jr.replay(outcomes, "jit", worst="cost")
report.timeline(worst)
