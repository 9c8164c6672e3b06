"""Readers: annotations of pydantic fields, each with what reads the value of a field and with its JSON Schema."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from jitrisk.model.faults import build_refusal
from jitrisk.model.fields.quantities import describe_found
from jitrisk.printable import find_unprintable

LONGEST_TEXT = 200
"""The name of a model may have this many characters."""

LONGEST_FORMULA = 1_000
"""An objective, which can be a sum of many metrics, may have this many characters."""

LONGEST_CURRENCY = 20
"""The name of a currency, which is printed along axes, may have this many characters."""


@dataclass(frozen=True)
class Clock:
    """The time that a bare number counts while a model is read; pydantic's validation context.

    Attributes
    ----------
    seconds : length of one period, or of the time between two draws.
    known : False where the period of the model is faulty and another is used in its place.
    """

    seconds: float
    known: bool = True


class Reader(ABC):
    """An annotation of a field that reads its value and has its JSON Schema.

    Attributes
    ----------
    title : name of the definition in the JSON Schema.
    """

    title: str

    @abstractmethod
    def read(self, source: Any, clock: Clock) -> Any:
        """Return the value of the field.

        Parameters
        ----------
        source : the value in the model.
        clock : the time that a bare number counts.

        Raises
        ------
        PydanticCustomError, ValidationError
            with what was found and what is allowed.
        """

    @abstractmethod
    def build_schema(self) -> JsonSchemaValue:
        """Return the JSON Schema of the field."""

    def wrap_schema(self) -> JsonSchemaValue:
        """Return the JSON Schema wrapped for :mod:`jitrisk.model.schema`, which defines each only once."""
        return {"definition": {"title": self.title, **self.build_schema()}}

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(lambda value, info: self.read(value, info.context))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return self.wrap_schema()


@dataclass(frozen=True)
class FunctionReader(Reader):
    """A reader made of a function and a schema.

    Attributes
    ----------
    title : name of the definition in the JSON Schema.
    function : takes the source and the clock.
    schema : JSON Schema of the field.
    """

    title: str
    function: Callable[[Any, Clock], Any]
    schema: JsonSchemaValue

    def read(self, source: Any, clock: Clock) -> Any:
        """Return what the function returns."""
        return self.function(source, clock)

    def build_schema(self) -> JsonSchemaValue:
        """Return the schema."""
        return dict(self.schema)


def _read_text(source: Any, clock: Clock, longest: int = LONGEST_TEXT) -> str:
    if not isinstance(source, str) or not source.strip():
        hint = "; write it between quotes" if isinstance(source, int | float) else ""
        raise build_refusal(f"expected a text, found {describe_found(source)}{hint}")
    if unprintable := find_unprintable(source):
        raise build_refusal(f"expected a text of one line whose every character is visible, found {unprintable}")
    if len(source) > longest:
        raise build_refusal(
            f"expected a text of at most {longest} characters, found one of {len(source):,}; shorten it"
        )
    return source


def _read_flag(source: Any, clock: Clock) -> bool:
    if not isinstance(source, bool):
        raise build_refusal(f"expected `true` or `false`, found {describe_found(source)}")
    return source


TEXT = FunctionReader("Text", _read_text, {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT})
CURRENCY = FunctionReader(
    "Currency",
    partial(_read_text, longest=LONGEST_CURRENCY),
    {"type": "string", "minLength": 1, "maxLength": LONGEST_CURRENCY},
)
FORMULA = FunctionReader(
    "Formula",
    partial(_read_text, longest=LONGEST_FORMULA),
    {"type": "string", "minLength": 1, "maxLength": LONGEST_FORMULA},
)
FLAG = FunctionReader("Flag", _read_flag, {"type": "boolean"})
