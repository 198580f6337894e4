"""Field types of a scenario: numbers with units as text, names, dates; each with its JSON Schema for editors.

A type is an ``Annotated`` whose metadata reads the text and writes the schema:
``power: Annotated[float, Quantity("W", "1.2 GW")]``.
"""

import datetime
import re
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from lindos.errors import InputError, UnitError
from lindos.units import parse, render


class Part(BaseModel):
    """A mapping of a scenario file: no field but its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Metadata that replaces pydantic's own reading by :meth:`read`, and its JSON Schema by :meth:`json`."""

    def read(self, value: object) -> Any:
        """Return the value inside Lindos, or raise an `InputError` whose path is filled in later."""
        raise NotImplementedError

    def json(self) -> dict[str, Any]:
        """JSON Schema of what a user may write."""
        raise NotImplementedError

    def write(self, value: Any) -> Any:
        """Write ``value`` as a user would, such that :meth:`read` gives it back."""
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(self.write, when_used="json-unless-none")
        return core_schema.no_info_plain_validator_function(self.read, serialization=written)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return self.json()


@dataclass(frozen=True, slots=True)
class Quantity(_Reader):
    """A number with its unit as text, read into the SI ``unit``: ``at_least`` so much, or ``positive``."""

    unit: str
    example: str
    positive: bool = False
    at_least: float = 0.0
    at_most: float = float("inf")

    def _expected(self) -> str:
        least = f"at least {self.at_least:g}" if self.at_least else "zero or more"
        bound = "more than zero" if self.positive else least
        return bound if self.at_most == float("inf") else f"{bound} and at most {self.at_most:g}"

    def read(self, value: object) -> float:
        """SI number, checked against the bounds."""
        number = parse(value, self.unit)
        if number < self.at_least or (self.positive and number == 0) or number > self.at_most:
            raise InputError("value", value, self._expected(), f"Write for example '{self.example}'.")
        return number

    def write(self, value: float) -> float | str:
        """Text with its unit, ``"90 days"``, exact; a bare number where the quantity has none."""
        if self.unit == "1":
            return value
        shown = render(value, self.unit, digits=12)
        try:
            exact = parse(shown, self.unit) == value
        except UnitError:
            exact = False
        return shown if exact else f"{value!r} {self.unit}"

    def json(self) -> dict[str, Any]:
        """Text with a unit; a bare number where the quantity has none."""
        kind: dict[str, Any] = {"type": ["string", "number"] if self.unit == "1" else "string"}
        return {**kind, "examples": [self.example], "description": f"{self._expected()}, such as {self.example}"}


@dataclass(frozen=True, slots=True)
class Whole(_Reader):
    """A whole number such as ``8`` or ``550k``."""

    example: str
    at_least: int = 1
    at_most: float = 1e12

    def read(self, value: object) -> int:
        """Integer between the bounds."""
        expected = f"a whole number of at least {self.at_least:,}"
        hint = f"Write for example '{self.example}'."
        try:
            number = parse(value, "1")
        except UnitError as error:
            raise UnitError("value", value, expected, hint) from error
        if number != int(number) or number < self.at_least:
            raise InputError("value", value, expected, hint)
        if number > self.at_most:
            raise InputError("value", value, f"at most {self.at_most:,.0f}", hint)
        return int(number)

    def json(self) -> dict[str, Any]:
        """An integer, or text with a magnitude."""
        note = f"a whole number of at least {self.at_least:,}, such as {self.example}"
        return {
            "type": ["integer", "string"],
            "minimum": self.at_least,
            "examples": [self.example],
            "description": note,
        }


@dataclass(frozen=True, slots=True)
class OneOf(_Reader):
    """One of a few words."""

    options: tuple[str, ...]

    def read(self, value: object) -> str:
        """The word as it stands."""
        if not isinstance(value, str) or value not in self.options:
            raise InputError("value", value, f"one of {', '.join(self.options)}")
        return value

    def json(self) -> dict[str, Any]:
        """An enumeration."""
        return {"type": "string", "enum": list(self.options)}


@dataclass(frozen=True, slots=True)
class _Paragraph(_Reader):
    def read(self, value: object) -> str:
        """Text without line breaks."""
        if not isinstance(value, str) or not value.strip() or len(value) > 2_000:
            raise InputError("value", value, "a text of 1 to 2,000 characters")
        return " ".join(value.split())

    def json(self) -> dict[str, Any]:
        """Any text."""
        return {"type": "string", "minLength": 1, "maxLength": 2_000}


@dataclass(frozen=True, slots=True)
class _Flag(_Reader):
    def read(self, value: object) -> bool:
        """True or false; no other word counts."""
        if not isinstance(value, bool):
            raise InputError("value", value, "true or false")
        return value

    def json(self) -> dict[str, Any]:
        """A boolean."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class _Day(_Reader):
    def read(self, value: object) -> str:
        """ISO day; ``2025-07`` and ``2025`` mean the first one."""
        if isinstance(value, datetime.date):
            return value.isoformat()[:10]
        text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
        for pattern, rest in ((r"\d{4}-\d{2}-\d{2}", ""), (r"\d{4}-\d{2}", "-01"), (r"\d{4}", "-01-01")):
            if re.fullmatch(pattern, text):
                try:
                    return datetime.date.fromisoformat(text + rest).isoformat()
                except ValueError:
                    break
        raise InputError("value", value, "a date such as 2025-07-22")

    def json(self) -> dict[str, Any]:
        """A day, month or year."""
        return {"type": "string", "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$", "examples": ["2025-07-22"]}


Text: TypeAlias = Annotated[str, _Paragraph()]
Flag: TypeAlias = Annotated[bool, _Flag()]
Date: TypeAlias = Annotated[str, _Day()]
GpuCount: TypeAlias = Annotated[int, Whole("16,384")]
Degree: TypeAlias = Annotated[int, Whole("8", at_most=1e8)]
Fraction: TypeAlias = Annotated[float, Quantity("1", "5 %", at_most=1.0)]
Ratio: TypeAlias = Annotated[float, Quantity("1", "1.3", at_least=1.0, at_most=1_000.0)]
Years: TypeAlias = Annotated[float, Quantity("1", "5", positive=True, at_most=50.0)]
Equivalents: TypeAlias = Annotated[float, Quantity("1", "50M", positive=True)]
Duration: TypeAlias = Annotated[float, Quantity("s", "90 days", positive=True)]
Bandwidth: TypeAlias = Annotated[float, Quantity("B/s", "2 TB/s", positive=True)]
Power: TypeAlias = Annotated[float, Quantity("W", "300 MW", positive=True)]
Money: TypeAlias = Annotated[float, Quantity("USD", "$2 billion", positive=True)]
EnergyPrice: TypeAlias = Annotated[float, Quantity("USD/J", "$0.07/kWh")]
TokenCount: TypeAlias = Annotated[float, Quantity("token", "15.6T tokens", positive=True)]
TokenRate: TypeAlias = Annotated[float, Quantity("token/s", "5T tokens/day", positive=True)]
Compute: TypeAlias = Annotated[float, Quantity("FLOP", "5e26 FLOP", positive=True)]
