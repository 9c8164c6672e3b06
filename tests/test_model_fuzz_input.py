"""Mutated models and tables, as text files, through the command line: shown, simulated or refused, and nothing else.

The cases follow from a seed and a number. A failure names both; ``JITRISK_FUZZ_CASE=SEED:NUMBER`` runs one case again
and leaves its files in the folder of the test. ``JITRISK_FUZZ_SECONDS`` says how long to go on, in seconds.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections import Counter
from pathlib import Path

import pytest
import yaml
from fuzzing import SECONDS, SEED
from modelfile import GOOD
from test_printable import BAD

from jitrisk.cli.group import run
from jitrisk.model import list_examples
from jitrisk.printable import is_printable

LEAST = 0.5  # cases a second, on a machine that has other things to do
LONGEST = 10.0  # seconds of the processor for one command
MOST_BYTES = 50_000  # of words

BASES = [yaml.safe_dump(GOOD, sort_keys=False), json.dumps(GOOD), json.dumps(GOOD, indent=1)]
BASES += [path.read_text(encoding="utf-8") for path in list_examples().values()]
TABLED = yaml.safe_dump(
    GOOD
    | {
        "stages": GOOD["stages"]
        | {"other": {"lead_time": {"empirical": {"file": "t.csv", "column": "days", "unit": "d"}}, **{"policy": "x"}}}
    },
    sort_keys=False,
).replace("policy: x", "policy: {base_stock: {level: 50}}")
TABLE = "days,weight,note\n" + "".join(f"{n},{n % 7 + 1},row {n}\n" for n in range(1, 30))

NUMBERS = (
    *("0", "-1", "1e9", "1e-9", "1e308", "1e400", ".inf", ".nan", "9" * 30, "0x1F", "017", "1_000", "1,5", "-0.0"),
    *("1 d", "1e9 d", "-1 d", "0 d", "1 / s", "100 %", "101 %", "1e9 / s", "PT1H", "1:30", "NO", "null", "true", "~"),
)
PIECES = (
    *("{", "}", "[", "]", ":", ": ", "- ", "\n", "\t", " ", "#", "&a ", "*a", "!!x ", "|", ">", "'", '"', "<<: ", "? "),
    *(
        ",",
        "\\",
        "\\ud83d\\ude00",
        "\\ud83d",
        '"\\x1b"',
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "\r\n",
        "\r",
        "é",
        "甲",
        "עברית",
        "😀",
    ),
    *(bad for bad in BAD.values() if bad != BAD["half of a pair"]),
)
BYTES = (b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xc3", b"\xed\xa0\x80", b"\x80")
PLACE = re.compile(r"\.(yaml|json|csv)(:\d+)?: ")
TOKEN = re.compile(r"[^\s:,{}\[\]]+")


def mutated(luck: random.Random, text: str, others: list[str]) -> str:
    """A text with one thing changed in it."""
    at = luck.randrange(len(text) + 1)
    end = min(len(text), at + luck.choice((1, 1, 3, 10, 80)))
    tokens = list(TOKEN.finditer(text)) or [re.compile("").match("")]
    token = luck.choice(tokens)
    lines = text.splitlines(keepends=True) or [""]
    one, other = sorted(luck.randrange(len(lines) + 1) for _ in range(2))
    return luck.choice(
        (
            lambda: text[:at] + luck.choice(PIECES) + text[at:],
            lambda: text[:at] + luck.choice(PIECES) + text[end:],
            lambda: text[:at] + text[end:],
            lambda: text[: token.start()] + luck.choice(NUMBERS) + text[token.end() :],
            lambda: text[: token.start()] + luck.choice(tokens)[0] + text[token.end() :],
            lambda: text[: token.end()] + luck.choice(PIECES) + text[token.end() :],
            lambda: "".join(lines[:one] + lines[other:]),
            lambda: "".join(lines[:other] + lines[one:other] + lines[other:]),
            lambda: "".join(lines[:one] + luck.sample(lines[one:other], other - one) + lines[other:]),
            lambda: text[:at] + luck.choice(others)[at:],
            lambda: text[:at] + luck.choice(PIECES) * luck.choice((5, 50, 2_000)) + text[at:],
            lambda: text[:at],
        )
    )()


def spoiled(luck: random.Random, text: str, others: list[str]) -> bytes:
    """A text with a few things changed in it, as bytes that need not be text."""
    for _ in range(luck.choice((1, 1, 1, 2, 3, 6))):
        text = mutated(luck, text, others)
    content = text.encode("utf-8", "surrogatepass")
    if luck.random() < 0.04:
        at = luck.randrange(len(content) + 1)
        content = content[:at] + luck.choice(BYTES) + content[at:]
    return text.encode("utf-16") if luck.random() < 0.01 else content


def write_case(seed: int, number: int) -> str:
    """Write the files of a case into the current folder and return the name of its model."""
    luck = random.Random(f"{seed}:{number}")
    if luck.random() < 0.3:
        tables = [TABLE, TABLE.replace(",", ";"), TABLE.replace("\n", "\r\n")]
        Path("t.csv").write_bytes(spoiled(luck, luck.choice(tables), tables))
        Path("m.yaml").write_bytes(spoiled(luck, TABLED, BASES) if luck.random() < 0.2 else TABLED.encode())
        return "m.yaml"
    name = luck.choice(("m.yaml", "m.yaml", "m.json"))
    Path(name).write_bytes(spoiled(luck, luck.choice(BASES), BASES))
    return name


def commands(number: int, model: str) -> list[tuple[str, ...]]:
    """What is done with a model that can be simulated; the first is done with every one."""
    validate = ("validate", model, *(["--json"] if number % 3 == 0 else []))
    show = ("show", model, *(["--json"] if number % 4 == 0 else []))
    compare = ("compare", model, "--paths", "2", "-q")
    return [validate, show, compare] if number % 3 == 1 else [validate, show]


def trouble(words: tuple[str, ...], status: int, out: str, err: str, seconds: float) -> str:
    """What is wrong with how a command ended; nothing where all is well."""
    raw = {one for one in out + err if one != "\n" and not is_printable(one)}
    checks = {
        f"exit status {status}": status not in (0, 2),
        "a traceback": "Traceback" in err or "internal error" in err,
        f"raw characters {raw!r}": bool(raw),
        f"{len(err):,} characters of words": len(err.encode()) > MOST_BYTES,
        f"{seconds:.1f} s": seconds > LONGEST,
        "refused without a word": status == 2 and not (err or out),
        "a fault without its place": status == 2 and "--json" not in words and not PLACE.search(err),
    }
    return ", ".join(what for what, wrong in checks.items() if wrong)


def try_case(seed: int, number: int, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run a case; return the status of its last command, and what went wrong."""
    for old in ("m.yaml", "m.json", "t.csv"):
        Path(old).unlink(missing_ok=True)
    status = 2
    for words in commands(number, write_case(seed, number)):
        began = time.process_time()
        status = run(list(words))
        captured = capsys.readouterr()
        found = trouble(words, status, captured.out, captured.err, time.process_time() - began)
        if found:
            return status, f"{' '.join(words)}: {found}: {captured.err[:300]}"
        if status:
            break
    return status, ""


def test_validate__mutated_models_and_tables_are_simulated_or_refused(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seed, only = SEED, os.environ.get("JITRISK_FUZZ_CASE", "")
    if only:
        seed, number = map(int, only.split(":"))
        assert try_case(seed, number, capsys)[1] == "", only
        return
    for words in commands(1, "bicycles"):  # what is imported and compiled at first counts for no case
        assert run(list(words)) == 0
    capsys.readouterr()
    ends: Counter[int] = Counter()
    failures = []
    began = time.perf_counter()
    while time.perf_counter() - began < SECONDS and len(failures) < 10:
        number = ends.total()
        status, found = try_case(seed, number, capsys)
        ends[status] += 1
        if found:
            failures.append(f"JITRISK_FUZZ_CASE={seed}:{number} {found}")
    with capsys.disabled():
        print(f"\n{ends.total():,} mutated models and tables: {ends[0]:,} accepted, {ends[2]:,} refused")
    assert failures == [], "\n".join(failures)
    assert ends.total() > LEAST * SECONDS
    assert ends[0] > 0.01 * ends.total()
    assert ends[2] > 0.3 * ends.total()
