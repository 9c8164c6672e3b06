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
# # Push or pull
#
# Four machines in a row make one product. `mrp` pushes: once a week it plans from a forecast what the line makes.
# `kanban` and `conwip` pull: cards of each stage, or cards around the whole line, let in what leaves. A plan uses the
# season and the backlog, and cards do not; but the forecast may be wrong, and cards do not need it. How wrong must it
# be for cards to cost less?
#
# The model is the example `push-or-pull`. A page of the documentation has the question and the answer in words.

# %%
import matplotlib.pyplot as plt
import numpy as np

import jitrisk as jr

PATHS, SEED = 2000, 2004


def plan_with(error, every="1 month"):
    """Return the model with forecasts that are wrong by so much, as the coefficient of variation."""
    model = jr.read_model("push-or-pull")
    drawn = {"gamma": {"mean": 1, "cv": error}} if error else 1
    model["customers"]["buyers"]["forecast"] = {"error": drawn, "every": every}
    return model


def find_costs(model, strategies=None, paths=PATHS):
    """Return the cost per year of each path and strategy, in thousands of euros."""
    outcomes = jr.simulate(model, paths=paths, seed=SEED, strategies=strategies)
    costs = outcomes.risk.costs()
    return costs.total * costs.attrs["per_year"] / 1000


# %% [markdown]
# ## A forecast that is right
#
# Without an error, the three differ by how they control the line alone.

# %%
right = jr.simulate(plan_with(0), paths=PATHS, seed=SEED)
costs = right.risk.costs()
money = costs[["holding", "process_inventory", "backorder", "total"]].mean("path") * costs.attrs["per_year"] / 1000
served = right.filled.sum(("path", "customer")) / right.demand.sum(("path", "customer"))
print(money.to_dataframe()[list(money.data_vars)].assign(fill_rate=served.to_series()).round(3))

# %% [markdown]
# The plan costs least: with less stock, fewer customers wait. It orders more before the high season and less before the
# low one, and more when customers wait. Cards hold as much in the low season as in the high one, and let in no more
# when customers wait. Of the two, the cards around the line cost less: what they let in goes to the store of finished
# goods, while the cards of each stage keep stock between the machines, too.
#
# ## Levels that were searched for
#
# The comparison is fair only if no strategy has bad levels. Those of the example come from `jr.optimize` without a
# forecast error. Here is the search for two of the three again; that for the four numbers of kanban takes longer.

# %%
KEYS = {"mrp": "stages.assembly.policy.base_stock.cover", "conwip": "stages.saw.policy.conwip.cards"}
RANGES = {"mrp": "10 d..30 d:12 h", "conwip": "50..300"}


def search(strategy, scale=1):
    """Return the best level of a strategy where the forecast is right and the season so many times as strong."""
    model = plan_with(0)
    change_season(model, scale)
    for name, patch in model["strategies"][strategy].get("stages", {}).items():
        model["stages"][name] |= patch
    model["strategies"] = {strategy: {}}
    return jr.optimize(model, vary={KEYS[strategy]: RANGES[strategy]}, indifference=0.005).chosen_value.item()


def change_season(model, scale):
    """Make the season of the model so many times as strong."""
    season = model["customers"]["buyers"]["season"]
    season["factors"] = [round(1 + scale * (factor - 1), 3) for factor in season["factors"]]


print({strategy: search(strategy) for strategy in KEYS})

# %% [markdown]
# ## A forecast that is wrong
#
# The error is a factor drawn each month: with 0.1, a plan is wrong by less than a tenth in two months of three. All
# errors meet the same demand and the same breakdowns, and a larger error is the smaller one stretched. Cards do not use
# the forecast, so they are simulated once.

# %%
errors = np.round(np.arange(0, 0.31, 0.025), 3)
pull = find_costs(plan_with(0), ["kanban", "conwip"])
push = np.array([find_costs(plan_with(error), ["mrp"]).sel(strategy="mrp").values for error in errors])


def summarize(values):
    """Return the mean and half its 95 % interval, over paths in the last dimension."""
    return values.mean(-1), 1.96 * values.std(-1, ddof=1) / np.sqrt(values.shape[-1])


figure, axes = plt.subplots(figsize=(7, 4))
mean, half = summarize(push)
axes.errorbar(errors, mean, half, label="mrp, levels of a right forecast", marker="o", markersize=3)
for name in ("kanban", "conwip"):
    mean, half = summarize(pull.sel(strategy=name).values)
    axes.axhline(mean, label=name, linestyle="--", color={"kanban": "C1", "conwip": "C2"}[name])
    axes.axhspan(mean - half, mean + half, alpha=0.15, color={"kanban": "C1", "conwip": "C2"}[name])
axes.set_xlabel("error of the forecast, coefficient of variation")
axes.set_ylabel("cost per year, thousands of euros")
axes.legend()

# %% [markdown]
# ## Where the order turns
#
# The intervals of the figure are those of each cost. The same paths under two strategies share their luck, so their
# difference is known better. The order turns where the mean difference is 0. It may turn anywhere its interval
# contains 0.


# %%
def find_crossing(errors, values):
    """Return the first error at which values that grow pass 0, between two errors on a straight line."""
    after = int(np.argmax(values > 0))
    if after == 0:
        return np.nan
    low, high = values[after - 1], values[after]
    return errors[after - 1] + (errors[after] - errors[after - 1]) * -low / (high - low)


def describe_turn(errors, difference):
    """Return in words where the mean difference passes 0, and between which errors its 95 % interval contains 0."""
    mean, half = summarize(difference)
    if mean[0] > 0:
        return "mrp costs more at any error"
    turn, low, high = (find_crossing(errors, values) for values in (mean, mean + half, mean - half))
    return f"the order turns at {turn:.3f}, between {low:.3f} and {high:.3f}"


for name in ("conwip", "kanban"):
    print(f"mrp against {name}:", describe_turn(errors, push - pull.sel(strategy=name).values))

# %% [markdown]
# ## Safety stock against the error
#
# A planner who knows how wrong forecasts are holds more for it. So for each error the best cover and safety stock of a
# small grid, the choice on other paths than those of the comparison:


# %%
def choose(error, covers=(14, 15, 16.5, 18), safeties=(0, 200, 400, 600, 800)):
    """Return the cover in days and the safety stock in units with the lowest mean cost of a grid."""
    model, strategies = plan_with(error), {}
    for cover in covers:
        for safety in safeties:
            policy = model["stages"]["assembly"]["policy"]["base_stock"] | {"cover": f"{cover} d", "safety": safety}
            strategies[f"{cover} {safety}"] = {"stages": {"assembly": {"policy": {"base_stock": policy}}}}
    model["strategies"] = strategies
    outcomes = jr.simulate(model, paths=200, seed=SEED + 1)
    return strategies[outcomes.risk.costs().total.mean("path").idxmin("strategy").item()]


tuned_errors = np.array([0, 0.1, 0.15, 0.2, 0.3])
tuned = []
for error in tuned_errors:
    model = plan_with(error)
    model["strategies"] = {"tuned": choose(error)}
    policy = model["strategies"]["tuned"]["stages"]["assembly"]["policy"]["base_stock"]
    tuned.append(find_costs(model).sel(strategy="tuned").values)
    print(f"error {error:.2f}: cover {policy['cover']}, safety {policy['safety']}, cost {tuned[-1].mean():.1f}")
for name in ("conwip", "kanban"):
    print(f"tuned mrp against {name}:", describe_turn(tuned_errors, np.array(tuned) - pull.sel(strategy=name).values))

# %% [markdown]
# A safety stock saves most where errors are large. It moves the place where the order turns little against `conwip`,
# because at the small errors there the levels of a right forecast are nearly as good as any, and more against `kanban`.
#
# ## What the answer depends on
#
# A plan uses the season, and cards do not. So the same without a season, with half of it, and with half as much
# again, and levels searched anew each time:


# %%
def compare_season(scale):
    """Return the best levels without an error, and the difference of mrp to conwip at each error, by path."""
    levels = {name: search(name, scale) for name in KEYS}
    values = []
    for error in few:
        model = plan_with(error)
        change_season(model, scale)
        model["stages"]["assembly"]["policy"]["base_stock"]["cover"] = levels["mrp"]
        model["strategies"]["conwip"]["stages"]["saw"]["policy"]["conwip"]["cards"] = int(levels["conwip"])
        costs = find_costs(model, ["mrp", "conwip"], 1000)
        values.append((costs.sel(strategy="mrp") - costs.sel(strategy="conwip")).values)
    return levels, np.array(values)


few = errors[:12:2]
for scale in (0, 0.5, 1.5):
    levels, difference = compare_season(scale)
    mean, half = summarize(difference)
    print(f"season times {scale}: mrp with {levels['mrp']}, conwip with {levels['conwip']} cards")
    print(
        f"  without an error mrp costs {mean[0]:+.1f} ± {half[0]:.1f} beside conwip; {describe_turn(few, difference)}"
    )

# %% [markdown]
# Without a season the cards of the line cost less even if the forecast is right: a plan once a week is slower than a
# card, and a forecast adds nothing. With half of the season the two cost about the same. The stronger
# the season, the more a forecast may be wrong.
#
# So whether push or pull costs less depends on how much of the demand is known beforehand, and how well. Cards cost
# more than a plan that is right, and need no forecast.
