"""The Makefile: every target has a line of help, and the list of checks exists once."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
import yaml
from documents import ROOT

TEXT = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", "")
PHONY = re.findall(r"^\.PHONY: (.*)$", TEXT, re.MULTILINE)[0].split()
RULES = dict(re.findall(r"^([\w-]+):(.*)$", TEXT, re.MULTILINE))


def recipe_of(target: str) -> list[str]:
    """Return the commands of a target, with the folder of the programs written out."""
    (found,) = re.findall(rf"^{target}:.*\n((?:\t.*\n)*)", TEXT, re.MULTILINE)
    return [line.strip().replace("$(BIN)", ".venv/bin") for line in found.splitlines()]


def output_of_make(*words: str) -> str:
    if not shutil.which("make"):
        pytest.skip("make is not installed")
    # These tests run below `make test`, too: a make inside another one prints the folders it enters.
    environment = {
        name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    }
    run = subprocess.run(["make", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return run.stdout


def test_targets__are_all_phony_but_files():
    assert set(RULES) == set(PHONY)


@pytest.mark.parametrize("words", [(), ("help",)], ids=["make", "make help"])
def test_help__has_one_line_for_every_target(words: tuple[str, ...]):
    lines = [line.split(maxsplit=1) for line in output_of_make(*words).splitlines()]
    assert [target for target, _ in lines] == PHONY
    assert all(re.fullmatch(r"[A-Z].*[^.]", sentence) for _, sentence in lines)


def test_check__is_the_only_list_of_what_has_to_pass():
    needed = RULES["check"].split("##")[0].split()
    assert set(needed) == {"lint", "test", "browser", "docs"}
    commands = re.findall(r"^make .*$", (ROOT / ".ci/run").read_text(encoding="utf-8"), re.MULTILINE)
    assert commands == ["make check"]


def test_hooks__run_what_lint_runs_and_fetch_nothing():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (repository,) = config["repos"]
    assert repository["repo"] == "local"
    assert [hook["entry"] for hook in repository["hooks"]] == recipe_of("lint")
    assert all(hook["language"] == "system" and hook["pass_filenames"] is False for hook in repository["hooks"])


def test_targets_named_in_the_documents__exist():
    texts = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md")]
    texts += (ROOT / "docs").rglob("*.md")
    named = {
        word for path in texts for word in re.findall(r"\bmake ([a-z][\w-]*)(?:`|\n| +#)", path.read_text("utf-8"))
    }
    assert named > {"test", "check", "debug", "pictures"}
    assert named <= set(PHONY)
