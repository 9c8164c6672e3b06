"""One name per concept: public names are made of the words of docs/glossary.md, modules say what they hold."""

import ast

import names
import pytest

TERMS, VERBS, PLAIN = names.read_glossary()
PUBLIC = sorted(set(names.list_public_names()))
# HOUSE, in the repository's own words: the name of a concept, and the names that it does not have.
OTHER_NAMES = {
    "expedite": {"rush"},
    "backorder share": {"waits"},
    "order-up-to level": {"full_store"},
    "objective": {"aim", "decisive"},
    "open orders": {"authorized", "board"},
    "occurrence": {"spell", "spells", "struck", "strike"},
    "distribution": {"law", "laws"},
    "time between": {"quiet_time"},
    "totals": {"books"},
    "stage or customer": {"thing", "things"},
    "network": {"plant"},
    "comparison": {"contrast", "contrasts"},
}


@pytest.mark.parametrize(("name", "where"), PUBLIC, ids=lambda one: str(one))
def test_public_names__are_made_of_words_of_the_glossary(name, where):
    unknown = [word for word in names.split_words(name) if word not in TERMS | VERBS | PLAIN]
    assert not unknown, f"{where}: {name}: define {unknown} in docs/glossary.md, or use the name that the concept has"


def test_glossary__lists_no_plain_word_that_no_name_has():
    used = {word for name, _ in PUBLIC for word in names.split_words(name)}
    assert sorted(PLAIN - used) == []
    assert sorted(PLAIN & (TERMS | VERBS)) == []


def test_glossary__lists_no_verb_that_no_function_has():
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in names.PACKAGE.rglob("*.py"))
    functions = (node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    used = {words[0] for words in map(names.split_words, functions) if words}
    assert sorted(VERBS - used - {"verb"}) == []


@pytest.mark.parametrize("concept", OTHER_NAMES)
def test_public_names__call_a_concept_by_its_one_name(concept):
    words = {(word, name, where) for name, where in PUBLIC for word in name.lower().split("_")}
    assert {(name, where) for word, name, where in words if word in OTHER_NAMES[concept]} == set()
    assert OTHER_NAMES[concept].isdisjoint(name for name, _ in PUBLIC)


def test_functions__are_not_named_by_participles():
    """A name such as `written` or `wanted_paths` reads as a value; `Network.patched` is one, like `sorted`."""
    trees = {
        str(path.relative_to(names.PACKAGE)): ast.parse(path.read_text(encoding="utf-8"))
        for path in names.PACKAGE.rglob("*.py")
    }
    functions = [
        (where, node) for where, tree in trees.items() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
    ]
    methods = [
        (where, node) for where, node in functions if "property" not in str(list(map(ast.unparse, node.decorator_list)))
    ]
    first = {(where, node.name): node.name.lstrip("_").split("_")[0] for where, node in methods}
    assert {key for key, word in first.items() if word.endswith("ed")} == {("model/network.py", "patched")}


def test_modules__have_a_docstring_that_says_what_they_hold():
    silent = [path for path in names.PACKAGE.rglob("*.py") if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []


def test_modules__are_not_named_after_nothing():
    """A module named utils holds anything; one is found by the name of what it does."""
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "base_utils", "tools", "stuff", "core_utils"}
    assert {path.stem for path in names.PACKAGE.rglob("*.py")} & vague == set()
