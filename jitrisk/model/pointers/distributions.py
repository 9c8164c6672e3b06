"""Distributions as other tools write them, such as ``Poisson(10)``, each with its form in a model."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from jitrisk.model.faults import format_text
from jitrisk.model.pointers.keys import normalize_word

_ALIASES = {
    "constant": ("constant", "const", "cons", "deterministic", "fixed", "det"),
    "normal": ("normal", "norm", "n", "gauss", "gaussian", "rnorm"),
    "lognormal": ("lognormal", "log_normal", "lognorm", "logn", "lognormalvariate", "rlnorm"),
    "gamma": ("gamma", "gamm", "gammavariate", "rgamma", "erlang", "erla"),
    "exponential": ("exponential", "expon", "expo", "exp", "expovariate", "rexp", "negexp"),
    "weibull": ("weibull", "weib", "weibull_min", "weibullvariate", "rweibull"),
    "uniform": ("uniform", "unif", "u", "randint", "runif"),
    "triangular": ("triangular", "tria", "tri", "triang", "triangle"),
    "poisson": ("poisson", "pois", "poiss", "rpois"),
    "negative_binomial": ("negative_binomial", "nbinom", "negbin", "neg_binomial", "rnbinom"),
    "binomial": ("binomial", "binom", "bino", "rbinom"),
    "geometric": ("geometric", "geom", "rgeom"),
    "empirical": ("empirical", "discrete", "disc", "data", "histogram", "choice"),
}
_FAMILIES = {alias: family for family, aliases in _ALIASES.items() for alias in aliases}

# The parameters of a call, in the order of textbooks; the lognormal has no usual order.
_CALLED: dict[str, tuple[str, ...]] = {
    "constant": ("value",),
    "normal": ("mean", "sd"),
    "lognormal": ("mean", "sd"),
    "gamma": ("shape", "scale"),
    "exponential": ("mean",),
    "weibull": ("shape", "scale"),
    "uniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
    "poisson": ("mean",),
    "negative_binomial": ("n", "p"),
    "binomial": ("n", "p"),
    "geometric": ("mean",),
}
_OF_VALUE = "mean and sd are those of the value itself, not of its logarithm"
_CALL_NOTES = {"lognormal": _OF_VALUE, "exponential": "of a rate, `mean` is the inverse"}

_LOGARITHM = (
    f"{_OF_VALUE}: for a logarithm of mean mu and standard deviation sigma write "
    "`mean: exp(mu + sigma^2 / 2)` and `cv: sqrt(exp(sigma^2) - 1)`"
)
_MEANS = ("mu", "average", "avg", "m", "loc", "location", "expected", "expectation", "mean_value")
_SDS = ("sigma", "std", "stddev", "std_dev", "stdev", "standard_deviation", "dev", "sdev")
_VARIANCES = ("variance", "var", "sigma2", "sigma_squared")
_RATES = ("lambda", "lam", "rate", "lambd", "intensity")
_LOWS = ("a", "min", "minimum", "lower", "lo", "from", "left", "start", "lowest")
_HIGHS = ("b", "max", "maximum", "upper", "hi", "to", "right", "end", "highest")
_PROBABILITIES = ("prob", "probability", "q")


def _advise_key(words: tuple[str, ...], key: str) -> dict[str, str]:
    return dict.fromkeys(words, f"write `{key}`")


_SPREAD = {
    **_advise_key(_MEANS, "mean"),
    **_advise_key(_SDS, "sd"),
    **dict.fromkeys(_VARIANCES, "write `sd`, its square root"),
    **dict.fromkeys(("scv", "cv2", "c2"), "write `cv`, its square root"),
}
_PARAMETERS: dict[str, dict[str, str]] = {
    "constant": _advise_key((*_MEANS, "mean", "c"), "value"),
    "normal": {**_SPREAD, **_advise_key(("scale", "s"), "sd")},
    "lognormal": {
        **_SPREAD,
        **dict.fromkeys(("mu", "sigma", "meanlog", "sdlog", "loc", "scale", "s", "shape"), _LOGARITHM),
    },
    "gamma": {
        **_SPREAD,
        **_advise_key(("k", "alpha", "a"), "shape"),
        **_advise_key(("theta",), "scale"),
        **dict.fromkeys(("beta", *_RATES), "write `scale`, the inverse of a rate"),
    },
    "exponential": {
        **_advise_key((*_MEANS, "scale", "beta", "theta", "tau", "mtbf", "mttr"), "mean"),
        **dict.fromkeys(_RATES, "write `mean`, the inverse of a rate"),
    },
    "weibull": {
        **_advise_key(_MEANS, "mean"),
        **_advise_key(("k", "beta", "c"), "shape"),
        **_advise_key(("lambda", "lam", "eta"), "scale"),
        **dict.fromkeys(
            ("alpha", "a", "b"), "write `shape`, the exponent, or `scale`, which 63.2 % of the values are below"
        ),
    },
    "uniform": {
        **_advise_key(_LOWS, "low"),
        **_advise_key(_HIGHS, "high"),
        **dict.fromkeys(("loc", "scale"), "write `low` and `high`: with scipy's names loc and loc + scale"),
    },
    "triangular": {
        **_advise_key(_LOWS, "low"),
        **_advise_key(_HIGHS, "high"),
        **_advise_key(("c", "m", "likely", "most_likely", "peak", "middle"), "mode"),
    },
    "poisson": _advise_key((*_MEANS, *_RATES), "mean"),
    "negative_binomial": {
        **_SPREAD,
        **_advise_key(("r", "k", "dispersion", "alpha"), "size"),
        **_advise_key(_PROBABILITIES, "p"),
    },
    "binomial": {**_advise_key(("trials", "size", "k"), "n"), **_advise_key(_PROBABILITIES, "p")},
    "geometric": {
        **_advise_key(_MEANS, "mean"),
        **dict.fromkeys(("p", *_PROBABILITIES), "write `mean`, the inverse of the probability"),
    },
    "empirical": {
        **_advise_key(("data", "sample", "samples", "value", "x", "observations"), "values"),
        **_advise_key(("probabilities", "probs", "p", "freq", "frequencies", "counts"), "weights"),
    },
}

_KINDS = ("distribution", "dist", "type", "family", "kind", "law", "name")
_CALL = re.compile(r"\s*([A-Za-z_][\w. ]*?)\s*(?:\(([^()]*)\))?\s*")


def find_call_pointer(source: object) -> str:
    """Return the end of the message about a text such as ``Poisson(10)``, or nothing where it names no distribution."""
    match = _CALL.fullmatch(source) if isinstance(source, str) and len(source) <= 200 else None
    family = _FAMILIES.get(normalize_word(match[1].rpartition(".")[2])) if match else None
    # A letter alone, such as `n`, is a distribution only where parameters follow it.
    if not match or family not in _CALLED or (len(match[1]) == 1 and match[2] is None):
        return ""
    numbers = [number.strip().rpartition("=")[2].strip() for number in (match[2] or "").split(",") if number.strip()]
    names = _CALLED[family]
    values = numbers if len(numbers) == len(names) else ["..."] * len(names)
    body = ", ".join(f"{name}: {format_text(value)}" for name, value in zip(names, values, strict=True))
    note = f" ({_CALL_NOTES[family]})" if family in _CALL_NOTES else ""
    return f"; write `{{{family}: {{{body}}}}}`{note}"


def find_family_pointer(source: Mapping[str, Any]) -> str:
    """Return what to write in place of the first key of a mapping that is no distribution, or nothing."""
    unknown = next((name for name in source if name not in _ALIASES), "")
    word = normalize_word(unknown)
    if word in _KINDS and isinstance(source[unknown], str):
        return _advise_form(_FAMILIES.get(normalize_word(source[unknown])))
    if word in _FAMILIES:
        return f"write `{_FAMILIES[word]}`"
    if word in ("mean", "average"):
        form = "{normal: {mean: ..., sd: ...}}" if len(source) > 1 else "{poisson: {mean: ...}}"
        return f"name the distribution, as in `{form}`"
    if word in ("sd", "cv", "mu", "sigma", "std"):
        return "name the distribution, as in `{normal: {mean: ..., sd: ...}}`"
    return ""


def _advise_form(family: str | None) -> str:
    if family not in _CALLED:
        return ""
    return f"write `{{{family}: {{{', '.join(f'{name}: ...' for name in _CALLED[family])}}}}}`"


def find_parameter_pointer(family: str, name: str, given: Mapping[str, Any]) -> str:
    """Return what to write in place of an unknown parameter, or nothing where no other tool uses it.

    Parameters
    ----------
    family : the distribution.
    name : the unknown parameter.
    given : all parameters given.
    """
    known = _PARAMETERS.get(family, {})
    advice = known.get(normalize_word(name), "")
    if advice != _LOGARITHM:
        return advice
    first = next(other for other in given if known.get(normalize_word(other)) == _LOGARITHM)
    return (
        advice + _convert_logarithm(given) if name == first else f"write `mean` and `cv` in place of it and `{first}`"
    )


def _convert_logarithm(given: Mapping[str, Any]) -> str:
    """Return the parameters of a lognormal whose logarithm has the mean and standard deviation given, if both are."""
    numbers = {normalize_word(name): value for name, value in given.items() if isinstance(value, int | float)}
    mu = next((numbers[name] for name in ("mu", "meanlog") if name in numbers), None)
    sigma = next((numbers[name] for name in ("sigma", "sdlog", "s") if name in numbers), None)
    if mu is None or sigma is None or not (abs(mu) < 100 and 0 < sigma < 10):
        return ""
    mean, cv = math.exp(mu + sigma * sigma / 2), math.sqrt(math.expm1(sigma * sigma))
    return f"; here `{{lognormal: {{mean: {mean:.6g}, cv: {cv:.6g}}}}}`"
