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
# # Exogenous series of your own
#
# A model file describes random quantities with distributions and hazards. If these do not fit, make the exogenous
# series yourself and hand them in: a Dataset with any variable that `jr.sample` returns. This notebook does it twice,
# with demand from a record and with a hazard that no key of the model file describes.
# %%
import numpy as np
import xarray as xr

import jitrisk as jr
from jitrisk import report

network = jr.load("bicycles")
paths, days = 4000, network.horizon
usual = jr.simulate(network, paths=paths, seed=7)

# %% [markdown]
# ## What the program draws
#
# `sample` returns the exogenous series without a simulation. A Dataset of yours has the same variables, dims and units;
# it needs only the variables that you want to replace.

# %%
drawn = jr.sample(network, paths=paths, seed=7)
for name, variable in drawn.data_vars.items():
    print(f"{name:13} {variable.dims}  in {variable.units:7} {variable.long_name}")

# %% [markdown]
# ## Demand from a record
#
# Put your own record here. This one is made up: two years of daily sales with busy Saturdays, a summer, and weeks that
# are good or bad as a whole.

# %%
chance = np.random.default_rng(2)
weekday = np.tile([0.7, 0.8, 0.9, 1.0, 1.2, 1.6, 0.8], 104)
summer = 1 + 0.4 * np.sin(2 * np.pi * (np.arange(728) - 91) / 364)
week = np.repeat(chance.gamma(10, 0.1, 104), 7)
record = chance.poisson(8 * weekday * summer * week)
print(f"{record.size} days, {record.mean():.2f} a day, variance {record.var():.1f}; of Poisson demand, the mean")

# %% [markdown]
# Years like it: every week of a simulated year is a week of the record from the same season, three weeks earlier or
# later at most. Weekdays, seasons and good weeks stay as they were; only their order is drawn (a block bootstrap,
# Künsch 1989).

# %%
weeks = record.reshape(2, 52, 7)
season = np.arange(53) % 52
of_week = (season + chance.integers(-3, 4, (paths, 53))) % 52
of_year = chance.integers(0, 2, (paths, 53))
demand = weeks[of_year, of_week].reshape(paths, -1)[:, :days]

mine = xr.Dataset(
    {"demand": (("path", "time", "customer"), demand[:, :, None].astype("float32"))},
    coords={"customer": ["shop"]},
)
real = jr.simulate(network, seed=7, exogenous=mine)

# %% [markdown]
# All other series were sampled as before, with the same seed: both runs have the same strikes and the same delays.
# So the difference is the effect of the weekdays and seasons, which the distribution of the model leaves out.


# %%
def yearly(outcomes):
    cost = outcomes.risk.describe().cost
    return (cost * cost.per_year).sel(statistic=["mean", "standard_error", "cvar"]).to_pandas().round(0)


print("as in the model")
print(yearly(usual))
print("as in the record")
print(yearly(real))

# %% [markdown]
# ## A hazard of your own
#
# The model's strike is equally likely on any day. Suppose that strikes come when the contract runs out, in
# autumn, and that one strike makes another likely within weeks. The gate of the store is `receiving`: 1 where arrivals
# are open, 0 where they are closed.


# %%
def closed(chance):
    """Return one year's days on which the port is closed."""
    days_closed = np.zeros(days, dtype=bool)
    begin = int(chance.integers(240, 300))
    more = chance.random() < 0.4
    while more and begin < days:
        length = round(chance.gamma(4, 3.5))
        days_closed[begin : begin + length] = True
        begin += length + int(chance.integers(10, 40))
        more = chance.random() < 0.5
    return days_closed


gates = np.ones((paths, days, 1), dtype="float32")
for path in range(paths):
    gates[path, closed(chance), 0] = 0
strikes = xr.Dataset(
    {"receiving": (("path", "time", "stage"), gates)},
    coords={"path": range(paths), "stage": ["frame"]},
)

# %% [markdown]
# Before comparing costs, compare your series with those of the model. Days closed per year, and the share of years with
# any:

# %%
for name, series in {"model": drawn, "mine": strikes}.items():
    shut = (series.receiving.sel(stage="frame") == 0).sum("time")
    print(f"{name:6} {float(shut.mean()):4.1f} days a year, in {float((shut > 0).mean()):.0%} of the years")

# %%
autumn = jr.simulate(network, seed=7, exogenous=strikes)
print(yearly(autumn))
report.exceedance(autumn)

# %% [markdown]
# Every path is kept and can be inspected: the worst year of `jit` under these strikes.

# %%
worst = int(autumn.risk.metrics().cost.sel(strategy="jit").idxmax("path"))
trace = jr.trace(network, strategies=["jit"], seed=7, exogenous=strikes.isel(path=[worst]))
frames = trace.on_hand.sel(strategy="jit", stage="frame").squeeze("path")
shut = gates[worst] == 0
print(f"year {worst}: no frames on {int((frames == 0).sum())} days, the port closed on {int(shut.sum())}")

# %% [markdown]
# ## A check
#
# Handing in the series that the program has drawn gives the result of an ordinary run, to the last bit.

# %%
again = jr.simulate(network, exogenous=drawn)
assert all((again[name] == usual[name]).all() for name in ("on_hand", "lost", "started"))
print("the same bits")
