"""What the documents show runs and prints what stands there, and what can be written is documented."""

import re
from pathlib import Path

import pytest
from documents import DOCUMENTS, ROOT, rendered
from references import find_stale_names, list_stale_references

import jitrisk
from jitrisk import report, risk
from jitrisk.cli.group import VERBS, cli
from jitrisk.model import build_model_schema, list_examples
from jitrisk.sampling.distributions import FAMILIES
from jitrisk.vocabulary import COSTS, EXOGENOUS, EXTENSIONS, OUTCOMES

NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
LINK = re.compile(r"\]\(([^)#:]+)(#[^)]*)?\)")


def code_in(document: str) -> set[str]:
    """Every word between backticks."""
    quoted = re.findall(r"`([^`\n]+)`", (ROOT / document).read_text(encoding="utf-8"))
    return {word for text in quoted for word in re.findall(r"[\w-]+", text)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_documents__blocks_of_a_document_print_what_it_shows(document: Path):
    assert rendered(document) == document.read_text(encoding="utf-8"), "python tests/documents.py writes the new output"


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_documents__links_between_documents_lead_somewhere(document: Path):
    links = [target for target, _ in LINK.findall(document.read_text(encoding="utf-8"))]
    missing = [target for target in links if not (document.parent / target).exists()]
    assert not missing


def test_documents__excerpts_of_models_stand_in_an_example():
    excerpts = re.findall(r"^```yaml\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    models = [path.read_text(encoding="utf-8") for path in list_examples().values()]
    assert excerpts
    assert all(any(excerpt in model for model in models) for excerpt in excerpts)


def test_build_model_schema__every_key_of_the_model_file_is_documented():
    schema = build_model_schema()
    parts = [schema, *(part for part in schema["$defs"].values() if "properties" in part)]
    keys = {key for part in parts for key in part["properties"]}
    assert keys > {"horizon", "stages", "lead_time", "failover", "cards"}
    assert not keys - code_in("docs/model-file.md")


def test_documents__every_distribution_and_its_parameters_are_documented():
    words = {name for family in FAMILIES.values() for name in (family.name, *family.parameters)}
    assert not words - code_in("docs/model-file.md")


def test_documents__every_variable_is_documented():
    rules = code_in("docs/model.md") | code_in("docs/model-features.md")
    assert not {*EXOGENOUS, *EXTENSIONS, *OUTCOMES, *COSTS} - rules


def test_documents__every_verb_and_option_is_documented():
    names = {name for verb in VERBS for parameter in cli.get_command(None, verb).params for name in parameter.opts}
    options = {name for name in names if name.startswith("-")}
    assert options > {"--paths", "--json"}
    assert not {*VERBS, *options} - code_in("docs/command-line.md")


def test_documents__every_public_name_is_in_the_api():
    described = set(re.findall(r"^\.\. auto\w+:: (\w+)", (ROOT / "docs/api.md").read_text(encoding="utf-8"), re.M))
    assert not {*jitrisk.__all__, *risk.__all__, *report.__all__} - {"__version__"} - described


def test_docstrings__refer_to_names_that_exist():
    assert list(list_stale_references()) == []


@pytest.mark.parametrize(
    ("text", "stale"),
    [
        ("See :func:`jitrisk.risk.count_occurrences`, :meth:`find` and `found`.", set()),
        (
            "See :func:`jitrisk.risk.occurrences`, :func:`~jitrisk.gone` and `.risk.measure`.",
            {"jitrisk.risk.occurrences", "jitrisk.gone", ".risk.measure"},
        ),
        ("See :meth:`lost`, `missing` and jr.absent.", {"lost", "missing", "jr.absent"}),
        ("It writes the document `jitrisk.summary` and ``nothing``.", set()),
    ],
)
def test_documents__a_reference_to_a_name_that_does_not_exist_is_found(text: str, stale: set[str]):
    assert set(find_stale_names(text, names={"find"}, known={"found"})) == stale


def test_documents__the_glossary_defines_each_term_once_in_alphabetical_order():
    terms = (ROOT / "docs/glossary.md").read_text(encoding="utf-8").split("\n## ")[0]
    lines = terms.splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")][2:]
    terms = [term.lower().replace("-", " ") for term, _ in rows]
    assert len(terms) > 100
    assert terms == sorted(set(terms))
    assert all(meaning and not meaning.endswith(".") for _, meaning in rows)


@pytest.mark.parametrize(
    "term",
    [
        *("backorder share", "data points", "distribution", "duration (of a hazard)", "exogenous series", "expedite"),
        *("metrics", "model summary", "network arrays", "objective", "occurrence", "open orders", "order statistics"),
        *("order-up-to level", "partition", "patch", "path rank", "precision target", "quantile table", "replay log"),
        *("review period", "segment", "state row", "terminal table", "time between", "totals", "trace"),
        *("trace quantiles", "worker"),
    ],
)
def test_documents__the_glossary_has_the_names_of_the_program(term: str):
    assert f"\n| {term} | " in (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
