"""Field types of a scenario: numbers with units as text, names, dates; each with its JSON Schema for editors.

A type is an ``Annotated`` whose metadata reads the text and writes the schema:
``power: Annotated[float, Quantity("W", "1.2 GW")]``.
"""

import datetime
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from lindos.bounds import Bounds
from lindos.errors import CountError, InputError, NumeralError, UnitError
from lindos.scalars import flag
from lindos.units import YEAR, parse, parse_whole, render


class Part(BaseModel):
    """A mapping of a scenario file; unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Metadata that replaces pydantic's own reading by :meth:`read`, and its JSON Schema by :meth:`json`."""

    def read(self, value: object) -> Any:
        """Read plain data into the value that Lindos uses.

        Parameters
        ----------
        value
            Text, number, list or boolean of a scenario file.

        Raises
        ------
        InputError
            If the value is wrong; its path is filled in later.
        """
        raise NotImplementedError

    def json(self) -> dict[str, Any]:
        """Return the JSON Schema of the plain data."""
        raise NotImplementedError

    def write(self, value: Any) -> Any:
        """Write a value as plain data that :meth:`read` reads back.

        Parameters
        ----------
        value
            Value that Lindos uses.
        """
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(self.write, when_used="json-unless-none")
        return core_schema.no_info_plain_validator_function(self.read, serialization=written)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return self.json()


#: What the unit of a number measures, in words.
_DIMENSIONS = {
    "s": "time",
    "B/s": "bandwidth",
    "W": "power",
    "USD": "money",
    "USD/J": "money per energy",
    "FLOP": "computation",
    "token": "tokens",
    "token/s": "tokens per time",
}


@dataclass(frozen=True, slots=True)
class Quantity(_Reader):
    """A number written with its unit and read into SI.

    Parameters
    ----------
    unit
        SI unit of the number that is read, ``"1"`` for a pure one.
    example
        Text that a user may write.
    at_least, at_most
        Smallest and largest allowed value: text with a unit, or a number in SI.
    positive
        Whether zero is refused.
    counted
        Noun that a pure number may count: ``"GPU"`` accepts ``550k GPUs``.
    """

    unit: str
    example: str
    at_least: float | str = 0.0
    at_most: float | str = float("inf")
    positive: bool = False
    counted: str = ""

    @property
    def bounds(self) -> Bounds:
        """The least and the most it may be."""
        return Bounds(self.at_least, self.at_most)

    def _expected(self) -> str:
        sentence = self.bounds.sentence()
        return sentence.replace("zero or more", "more than zero") if self.positive else sentence

    def read(self, value: object) -> float:
        """Read a number into SI and check its bounds.

        Parameters
        ----------
        value
            Text with a unit, or a bare number if the quantity is pure.
        """
        return self.checked(parse(value, self.unit, counted=self.counted), value)

    def checked(self, number: float, value: object) -> float:
        """Return a number if it lies within the bounds.

        Parameters
        ----------
        number
            The number in SI.
        value
            The text that it was read from, for the message.

        Raises
        ------
        InputError
            If it does not.
        """
        wrong = self.bounds.wrong(number, self.unit)
        if self.positive and number <= 0:
            wrong = "more than zero"
        if wrong:
            raise InputError("value", value, wrong, f"Write for example '{self.example}'.")
        return number

    def write(self, value: float) -> float | str:
        """Write the exact text with its unit, ``"90 days"``; a bare number if the quantity is pure.

        Parameters
        ----------
        value
            Number in SI.
        """
        if self.unit == "1":
            return value
        text = render(value, self.unit, digits=12)
        try:
            exact = parse(text, self.unit) == value
        except UnitError:
            exact = False
        return text if exact else f"{value!r} {self.unit}"

    def json(self) -> dict[str, Any]:
        """Text with a unit; a bare number too if the quantity is pure."""
        kind: dict[str, Any] = {"type": ["string", "number"] if self.unit == "1" else "string"}
        unit = "a number" if self.unit == "1" else f"a number with a unit of {_DIMENSIONS.get(self.unit, self.unit)}"
        description = f"{unit}, {self._expected()}, such as {self.example}"
        return {**kind, "examples": [self.example], "description": description}


@dataclass(frozen=True, slots=True)
class Proportion(Quantity):
    """A pure number that may be written as a proportion: ``2:1`` is 2."""

    def read(self, value: object) -> float:
        """Read a proportion, its first part over its second, or a number.

        Parameters
        ----------
        value
            Text such as ``"2:1"``, or a number.
        """
        numerator, colon, denominator = value.partition(":") if isinstance(value, str) else ("", "", "")
        if not colon:
            return super(Proportion, self).read(value)
        if ":" in denominator:
            raise InputError("value", value, "a proportion of two numbers", f"Write '{self.example}'.")
        try:
            parts = [parse(part, "1", counted="") for part in (numerator, denominator)]
        except InputError as error:
            raise type(error)("value", value, f"a proportion of two numbers; {error.expected}", error.hint) from None
        if not parts[1] > 0:
            raise InputError("value", value, "a proportion of two numbers above zero", f"Write '{self.example}'.")
        return self.checked(parts[0] / parts[1], value)


@dataclass(frozen=True, slots=True)
class YearCount(Quantity):
    """A number of years, with or without the word: ``5`` or ``5 years``; another unit of time is converted."""

    def read(self, value: object) -> float:
        """Read a number of years of 365.25 days.

        Parameters
        ----------
        value
            A number of years, or text with a unit of time.
        """
        try:
            return super(YearCount, self).read(value)
        except NumeralError:
            raise
        except UnitError as error:
            try:
                years = parse(value, "s") / YEAR
            except UnitError:
                raise error from None
            return self.checked(years, value)


@dataclass(frozen=True, slots=True)
class WholeNumber(_Reader):
    """A whole number such as ``8`` or ``550k``; ``counted`` is the noun that it may count."""

    example: str
    at_least: int = 1
    at_most: float = 1e12
    counted: str = ""

    @property
    def bounds(self) -> Bounds:
        """The least and the most it may be."""
        return Bounds(self.at_least, self.at_most, is_whole=True)

    def read(self, value: object) -> int:
        """Read a whole number and check its bounds.

        Parameters
        ----------
        value
            A whole number, or text such as ``"550k"``.
        """
        hint = f"Write for example '{self.example}'."
        try:
            number = parse_whole(value, counted=self.counted)
        except (NumeralError, CountError):
            raise
        except UnitError as error:
            raise UnitError("value", value, f"a whole number of at least {self.at_least:,}", hint) from error
        wrong = self.bounds.wrong(number, "1")
        if wrong:
            raise InputError("value", value, wrong, hint)
        return number

    def json(self) -> dict[str, Any]:
        """An integer, or text with a magnitude."""
        note = f"{self.bounds.sentence()}, such as {self.example}"
        return {
            "type": ["integer", "string"],
            "minimum": self.at_least,
            "examples": [self.example],
            "description": note,
        }


@dataclass(frozen=True, slots=True)
class SequenceCount(WholeNumber):
    """A whole number of sequences; a number of tokens is refused here, since it needs the length of a sequence."""

    def read(self, value: object) -> int:
        """Read a number of sequences and check its bounds.

        Parameters
        ----------
        value
            A whole number, or text such as ``"2048 sequences"``.
        """
        try:
            return super(SequenceCount, self).read(value)
        except UnitError as error:
            with suppress(UnitError):
                parse(value, "token")
                hint = "It counts tokens: divide them by sequence_length."
                raise InputError("value", value, "a whole number of sequences", hint) from error
            raise


@dataclass(frozen=True, slots=True)
class OneOf(_Reader):
    """One of a few words, in small letters; capitals are accepted too, as in BF16."""

    options: tuple[str, ...]

    def read(self, value: object) -> str:
        """Read one of the options.

        Parameters
        ----------
        value
            A word, in any case.
        """
        word = value.strip().lower() if isinstance(value, str) else ""
        if word not in self.options:
            raise InputError("value", value, f"one of {', '.join(self.options)}")
        return word

    def json(self) -> dict[str, Any]:
        """An enumeration."""
        return {"type": "string", "enum": list(self.options)}


@dataclass(frozen=True, slots=True)
class AnyOf(_Reader):
    """Any of a few words, as a list or joined by commas; ``none`` or an empty list for none of them."""

    options: tuple[str, ...]

    def read(self, value: object) -> str:
        """Read some of the options, joined by commas in the order of the options; ``none`` if there are none.

        Parameters
        ----------
        value
            A list of words, or words joined by commas.
        """
        listed = value.split(",") if isinstance(value, str) else value
        words = [word.strip().lower() for word in listed if isinstance(word, str)] if isinstance(listed, list) else [""]
        if words in ([], ["none"]):
            return "none"
        if not set(words) <= set(self.options):
            raise InputError("value", value, f"none, or any of {', '.join(self.options)}")
        return ",".join(option for option in self.options if option in words)

    def json(self) -> dict[str, Any]:
        """A list of words, or one text."""
        words = {"type": "array", "items": {"type": "string", "enum": list(self.options)}, "uniqueItems": True}
        return {"anyOf": [words, {"type": "string"}], "examples": [",".join(self.options)]}


@dataclass(frozen=True, slots=True)
class Paragraph(_Reader):
    """Text without line breaks; ``example`` is shown to who edits a file."""

    example: str = ""

    def read(self, value: object) -> str:
        """Text without line breaks."""
        if not isinstance(value, str) or not value.strip() or len(value) > 2_000:
            raise InputError("value", value, "a text of 1 to 2,000 characters")
        return " ".join(value.split())

    def json(self) -> dict[str, Any]:
        """Any text."""
        examples = {"examples": [self.example]} if self.example else {}
        return {"type": "string", "minLength": 1, "maxLength": 2_000, **examples}


@dataclass(frozen=True, slots=True)
class _Flag(_Reader):
    def read(self, value: object) -> bool:
        """True or false; no other word counts."""
        truth = flag(value)
        if truth is None:
            raise InputError("value", value, "true or false")
        return truth

    def json(self) -> dict[str, Any]:
        """A boolean."""
        return {"type": "boolean"}


_DAY, _MONTH, _YEAR = "[0-9]{4}-[0-9]{2}-[0-9]{2}", "[0-9]{4}-[0-9]{2}", "[0-9]{4}"


@dataclass(frozen=True, slots=True)
class CalendarDay(_Reader):
    """A day, month or year, between the years ``first`` and ``last``."""

    first: int = 1950
    last: int = 2100

    def read(self, value: object) -> str:
        """Read an ISO day; ``2025-07`` and ``2025`` mean their first day.

        Parameters
        ----------
        value
            A date, or text such as ``"2025-07-22"``.
        """
        if isinstance(value, datetime.date):
            return value.isoformat()[:10]
        text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
        for pattern, rest in ((_DAY, ""), (_MONTH, "-01"), (_YEAR, "-01-01")):
            if re.fullmatch(pattern, text):
                try:
                    day = datetime.date.fromisoformat(text + rest)
                except ValueError:
                    break
                if not self.first <= day.year <= self.last:
                    raise InputError("value", value, f"a date from {self.first} to {self.last}")
                return day.isoformat()
        raise InputError("value", value, "a date such as 2025-07-22")

    def json(self) -> dict[str, Any]:
        """A day, month or year."""
        return {"type": "string", "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$", "examples": ["2025-07-22"]}


Text: TypeAlias = Annotated[str, Paragraph("a few words")]
Flag: TypeAlias = Annotated[bool, _Flag()]
Date: TypeAlias = Annotated[str, CalendarDay()]
#: A billion GPUs are more than a hundred times all that have been made.
GpuCount: TypeAlias = Annotated[int, WholeNumber("16,384", at_most=1e9, counted="GPU")]
NodeCount: TypeAlias = Annotated[int, WholeNumber("64", at_most=1e9, counted="node")]
RackCount: TypeAlias = Annotated[int, WholeNumber("2", at_most=1e9, counted="rack")]
CalendarYear: TypeAlias = Annotated[int, WholeNumber("2027", at_most=2200)]
DrawCount: TypeAlias = Annotated[int, WholeNumber("32", at_most=512)]
Degree: TypeAlias = Annotated[int, WholeNumber("8", at_most=1e8)]
BatchSize: TypeAlias = Annotated[int, SequenceCount("2048", at_most=1e8, counted="sequence")]
SequenceLength: TypeAlias = Annotated[int, WholeNumber("8192", at_most=1e8)]
StateBytes: TypeAlias = Annotated[float, Quantity("1", "8", 4.0, 24.0)]
AdapterRank: TypeAlias = Annotated[int, WholeNumber("32", at_most=65_536)]
Fraction: TypeAlias = Annotated[float, Quantity("1", "5 %", at_most=1.0)]
Discount: TypeAlias = Annotated[float, Quantity("1", "5 %", at_most=0.95)]
Pue: TypeAlias = Annotated[float, Quantity("1", "1.25", 1.0, 3.0)]
PeakToMean: TypeAlias = Annotated[float, Quantity("1", "1.6", 1.0, 100.0, counted="time")]
YearlyGrowth: TypeAlias = Annotated[float, Quantity("1", "1.5", 0.1, 20.0, counted="time")]
Oversubscription: TypeAlias = Annotated[float, Proportion("1", "2:1", 1.0, 100.0, counted="time")]
Years: TypeAlias = Annotated[float, YearCount("1", "5", 0.1, 50.0)]
Equivalents: TypeAlias = Annotated[float, Quantity("1", "50M", 0.01, 1e10, counted="H100-equivalent")]
ExchangeRate: TypeAlias = Annotated[float, Quantity("1", "1.12", 1e-6, 1000.0)]  # dollars for one unit
Duration: TypeAlias = Annotated[float, Quantity("s", "90 days", "1 min", "30 years")]
Bandwidth: TypeAlias = Annotated[float, Quantity("B/s", "2 TB/s", "1 kB/s", "1 EB/s")]
Power: TypeAlias = Annotated[float, Quantity("W", "300 MW", "100 W", "1 TW")]
Money: TypeAlias = Annotated[float, Quantity("USD", "$2 billion", "$1", "$1000 trillion")]
HourlyPrice: TypeAlias = Annotated[float, Quantity("USD/s", "$2/h", "$0/h", "$1000/h")]
EnergyPrice: TypeAlias = Annotated[float, Quantity("USD/J", "$0.07/kWh", "$0/kWh", "$10/kWh")]
#: A thousand times the largest training set that anybody has proposed.
TokenCount: TypeAlias = Annotated[float, Quantity("token", "15.6T tokens", "1 token", "1e18 tokens")]
TokenRate: TypeAlias = Annotated[float, Quantity("token/s", "5T tokens/day", "1 token/day", "1e19 tokens/day")]
Compute: TypeAlias = Annotated[float, Quantity("FLOP", "5e26 FLOP", "1e12 FLOP", "1e34 FLOP")]
