"""Hostile models: some kilobytes of text that would take minutes, gigabytes, or print megabytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

HEAD = "name: hostile\nperiod: 1 d\nhorizon: 30 d\n"
POLICY = "{base_stock: {level: 9}}"
SERVICE = "{base_stock: {service: 95 %}}"
STAGE = f"stages:\n  s: {{policy: {POLICY}}}\n"
CUSTOMER = "customers:\n  c: {stage: s, demand: 5}\n"
BASE = HEAD + STAGE + CUSTOMER
LAW = "{lognormal: {mean: 5, cv: 1}}"


def lines(numbers: Iterable[int], text: str, indent: int = 0) -> str:
    """Return a line for every number, `N` in the text replaced by it."""
    return "".join(f"{' ' * indent}{text.replace('N', str(number))}\n" for number in numbers)


def single(lead: str = "1 d", policy: str = SERVICE, demand: str = "{poisson: {mean: 5}}", **more: str) -> str:
    """Return a model of one stage and one customer."""
    horizon, period = more.pop("horizon", "30 d"), more.pop("period", "1 d")
    rest = "".join(f", {key}: {value}" for key, value in more.items())
    stage = f"stages:\n  s: {{lead_time: {lead}, policy: {policy}{rest}}}\n"
    customer = f"customers:\n  c: {{stage: s, demand: {demand}}}\n"
    return f"name: hostile\nperiod: {period}\nhorizon: {horizon}\n{stage}{customer}"


def chain(stages: int, quantity: str, policy: str = POLICY, customers: str = "") -> str:
    """Return a line of stages, each of which takes a quantity of the one before it."""
    first = f"stages:\n  s0: {{policy: {policy}}}\n"
    rest = "".join(f"  s{i}: {{policy: {policy}, inputs: {{s{i - 1}: {quantity}}}}}\n" for i in range(1, stages))
    return HEAD + first + rest + "customers:\n" + (customers or f"  c: {{stage: s{stages - 1}, demand: 5}}\n")


FEW, MANY = range(3_000), range(20_000)

FAULTY: dict[str, Callable[[], str]] = {
    "unknown keys": lambda: BASE + lines(MANY, "horizonN: 1"),
    "unknown keys of a stage": lambda: (
        HEAD + STAGE[:-2] + lines(FEW, ", strangeN: 1").replace("\n", "") + "}\n" + CUSTOMER
    ),
    "unknown keys of a patch": lambda: BASE + "strategies:\n  a:\n" + lines(FEW, "strangeN: 1", 4),
    "unknown stages of a patch": lambda: BASE + "strategies:\n  a:\n    stages:\n" + lines(FEW, "strangeN: {}", 6),
    "unknown fields of a patch": lambda: BASE + "strategies:\n  a:\n    stages:\n      s:\n" + lines(FEW, "xN: 1", 8),
    "unknown parameters": lambda: single(demand="{normal: {" + ", ".join(f"x{i}: 1" for i in FEW) + "}}"),
    "unknown distributions": lambda: single(demand="{" + ", ".join(f"x{i}: 1" for i in FEW) + "}"),
    "unknown policies": lambda: single(policy="{" + ", ".join(f"x{i}: 1" for i in FEW) + "}"),
    "unknown keys of a table": lambda: single(
        demand="{empirical: {file: a.csv, " + ", ".join(f"x{i}: 1" for i in FEW) + "}}"
    ),
    "unknown warnings": lambda: BASE + "silence: [" + ", ".join(f"x{i}" for i in FEW) + "]\n",
    "unknown sources": lambda: single(inputs="{" + ", ".join(f"x{i}: 1" for i in FEW) + "}"),
    "unknown targets": lambda: (
        BASE
        + "hazards:\n  h: {rate: 1 / year, duration: 2 d, hits: {"
        + ", ".join(f"x{i}: {{capacity: 0}}" for i in FEW)
        + "}}\n"
    ),
    "one key again and again": lambda: BASE + "currency: EUR\n" * 30_000,
    "one stage again and again": lambda: HEAD + STAGE + f"  s: {{policy: {POLICY}}}\n" * 30_000 + CUSTOMER,
    "one section again and again": lambda: HEAD + STAGE * 10_000 + CUSTOMER,
    "one section with an anchor again and again": lambda: HEAD + STAGE.replace(":", ": &x", 1) * 5_000 + CUSTOMER,
    "each stage twice": lambda: (
        HEAD + "stages:\n" + lines((i // 2 for i in MANY), f"sN: {{policy: {POLICY}}}", 2) + CUSTOMER
    ),
    "anchors and sections": lambda: BASE + "strategies:\n" + lines(FEW, "aN: &aN {}", 2) + "stages: {}\n" * 5_000,
    "tags": lambda: BASE + "silence:\n" + "  - !x y\n" * 20_000,
    "merge keys": lambda: BASE + "strategies:\n" + lines(MANY, "aN: {<<: {}}", 2),
    "faulty stages": lambda: HEAD + "stages:\n" + lines(FEW, "sN: {policy: x, lead_time: y, value: z}", 2) + CUSTOMER,
    "names that are none": lambda: HEAD + "stages:\n" + lines(FEW, f"'N:@': {{policy: {POLICY}}}", 2) + CUSTOMER,
    "names much alike": lambda: (
        HEAD
        + "stages:\n"
        + "".join(
            f"  {bin(i + (1 << 90))[2:].replace('0', 'a').replace('1', 'b')}: {{policy: {POLICY}}}\n" for i in FEW
        )
        + "customers:\n"
        + "".join(
            f"  c{i}: {{stage: {bin((i + 7) << 80)[2:].replace('0', 'a').replace('1', 'b')}, demand: 1}}\n" for i in FEW
        )
    ),
    "one source again and again": lambda: single(inputs="{s: {quantity: 1, from: [" + "s, " * 5_000 + "s]}}"),
    "strategies by alias, faulty": lambda: (
        BASE + "strategies:\n  a: &a {stages: {x: {}, y: {}, z: {}}}\n" + lines(range(900), "aN: *a", 2)
    ),
    "strategies by alias, too many": lambda: BASE + "strategies:\n  a: &a {}\n" + lines(MANY, "aN: *a", 2),
    "strategies too many for so many stages": lambda: (
        HEAD
        + "stages:\n"
        + lines(range(300), f"sN: {{policy: {POLICY}}}", 2)
        + "customers:\n  c: {stage: s0, demand: 5}\nstrategies:\n  a: &a {stages: {s0: {value: 2}}}\n"
        + lines(range(900), "aN: *a", 2)
    ),
    "levels of a service": lambda: (
        HEAD
        + "stages:\n"
        + lines(range(1_100), f"sN: {{lead_time: {{lognormal: {{mean: 1N, cv: 1}}}}, policy: {SERVICE}}}", 2)
        + "customers:\n"
        + lines(range(1_100), "cN: {stage: sN, demand: 5}", 2)
    ),
    "levels of a service under strategies": lambda: (
        single(lead=LAW).replace("  s:", "  t: {policy: SERVICE}\n  s:").replace("SERVICE", SERVICE)
        + "  d: {stage: t, demand: 5}\nstrategies:\n"
        + "".join(f"  a{i}: {{customers: {{c: {{demand: {i + 1}}}, d: {{demand: {i + 2}}}}}}}\n" for i in range(600))
    ),
    "customers behind stages": lambda: chain(
        2_100, "1", customers="".join(f"  c{i}: {{stage: s{i}, demand: 5}}\n" for i in range(2_100))
    ),
    "quantities that multiply": lambda: chain(100, "1000000"),
    "quantities that multiply, by service": lambda: chain(100, "1000000", SERVICE),
    "quantities that vanish": lambda: chain(100, "1e-6"),
    "cycles": lambda: (
        HEAD
        + "stages:\n"
        + "".join(f"  s{i}: {{policy: {POLICY}, inputs: {{s{i}: 1, s{(i + 1) % 2_000}: 1}}}}\n" for i in range(2_000))
        + "customers:\n  c: {stage: s0, demand: 5}\n"
    ),
    "a lead time without end": lambda: single(lead="{uniform: {low: 1, high: 1e12}}"),
    "a demand without end": lambda: single(
        lead="{lognormal: {mean: 1e4, cv: 1}}", demand="{lognormal: {mean: 1e9, cv: 100}}"
    ),
    "counts beyond doubles": lambda: single(demand="{negative_binomial: {mean: 1e9, size: 1e-9}}", policy=POLICY),
    "demands of many intervals": lambda: (
        HEAD
        + f"stages:\n  s: {{lead_time: {LAW}, policy: {SERVICE}}}\ncustomers:\n"
        + "".join(f"  c{i}: {{stage: s, demand: {{poisson: {{mean: 5}}, every: {i + 1} d}}}}\n" for i in range(300))
    ),
    "cards for a lead time of a million years": lambda: single(lead="1e9 d", policy="{kanban: {container: 1}}"),
    "cards of 400 digits": lambda: single(policy="{kanban: {container: 1, cards: " + "9" * 400 + "}}"),
    "hazards that never pause": lambda: (
        single(policy=POLICY, horizon="10000 d")
        + "hazards:\n"
        + lines(range(50), "hN: {rate: 900, duration: 0.001, hits: {s: {capacity: 50 %}}}", 2)
    ),
    "a horizon of a million years": lambda: single(horizon="1e9 d"),
    "periods of a second": lambda: single(period="1 s", horizon="10 years"),
    "a long text": lambda: single(lead="x" * 1_000_000),
    "a long duration": lambda: single(lead='"' + "1 d " * 300_000 + '"'),
    "a long number": lambda: single(lead="1" * 1_000_000),
    "a long key": lambda: BASE + f'? "{"k" * 1_000_000}"\n: 1\n',
    "long keys": lambda: BASE + "".join(f'? "{i}{"k" * 5_000}"\n: 1\n' for i in range(500)),
    "long names": lambda: (
        HEAD
        + "stages:\n"
        + "".join(f'  ? "{"k" * 9_000}{i}"\n  : {{policy: {POLICY}}}\n' for i in range(300))
        + CUSTOMER
    ),
    "a long name of the network": lambda: BASE.replace("name: hostile", "name: " + "n" * 1_000_000),
    "a long currency": lambda: BASE + "currency: " + "n" * 1_000_000 + "\n",
    "a long alias": lambda: BASE + f"currency: *{'a' * 100_000}\n",
    "a long anchor twice": lambda: BASE + f"silence: &{'a' * 100_000} [\n",
    "a long tag": lambda: BASE + f"currency: !{'a' * 100_000} x\n",
    "a long handle": lambda: BASE + f"currency: !{'a' * 100_000}!x x\n",
    "a long source": lambda: single(inputs="{a: {quantity: 1, from: [" + ", ".join(["k" * 100_000] * 3) + "]}}"),
    "a long table": lambda: single(demand="{empirical: {file: " + "k" * 100_000 + ", column: a}}"),
    "deep lists": lambda: BASE + "silence: " + "[" * 100_000 + "]" * 100_000,
    "a billion laughs": lambda: (
        BASE
        + "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(9))
    ),
    "an alias of itself": lambda: BASE + "strategies: &a\n  x: *a\n",
}
"""Models that are refused."""

TAKEN: dict[str, Callable[[], str]] = {
    "service with a lead time of a million years": lambda: single(lead="1e9 d"),
    "service with a random lead time of decades": lambda: single(lead="{lognormal: {mean: 1e4 d, cv: 1}}"),
    "the same in order": lambda: single(lead="{lognormal: {mean: 1e4 d, cv: 1}}", deliveries="in_order"),
    "service with a random lead time of a million years": lambda: single(lead="{lognormal: {mean: 1e9 d, cv: 1}}"),
    "a lead time far beyond the horizon": lambda: single(lead="1e9 d", policy=POLICY),
    "a random lead time far beyond the horizon": lambda: single(
        lead="{lognormal: {mean: 1e9 d, cv: 1}}", policy=POLICY
    ),
    "an expedited lead time far beyond the horizon": lambda: single(
        lead="1e9 d", policy=POLICY, expedite="{below: 3, lead_time: 9e8 d}"
    ),
    "a review far beyond the horizon": lambda: single(policy="{base_stock: {level: 9, review: 1e7 d}}"),
    "cards without end": lambda: single(policy="{kanban: {cards: 1000000000, container: 1e12}}"),
    "counts without end": lambda: single(policy=POLICY, demand="{binomial: {n: 1e12, p: 0.5}}"),
    "fallbacks whose quantities multiply": lambda: (
        HEAD
        + f"stages:\n  o: {{policy: {POLICY}}}\n  s0: {{policy: {POLICY}}}\n"
        + "".join(
            f"  s{i}: {{policy: {POLICY}, inputs: {{x: {{quantity: 1e6, from: [o, s{i - 1}]}}}}}}\n"
            for i in range(1, 60)
        ).replace("quantity: 1e6, from: [o, s0]", "quantity: 1, from: [o, s0]")
        + "customers:\n  c: {stage: s59, demand: 5}\n"
    ),
    "strategies by alias": lambda: (
        single(lead=LAW) + "strategies:\n  a: &a {stages: {s: {value: 3}}}\n" + lines(range(900), "aN: *a", 2)
    ),
}
"""Models that say something unusual and are simulated."""
