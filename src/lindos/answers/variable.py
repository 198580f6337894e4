"""One number or day of a scenario or the catalogue that a question varies: its reading, bounds and current value."""

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lindos.catalog import Catalog
from lindos.errors import InputError, UnknownNameError
from lindos.scenario.changes import CATALOG
from lindos.scenario.fields import CalendarDay, Quantity, WholeNumber
from lindos.scenario.paths import field_at, is_index
from lindos.scenario.resolve import site_of
from lindos.scenario.schema import Scenario
from lindos.units import parse, render

#: The range that is looked at: so many times below and above the current value, and so many days around a date.
_TIMES, _DAYS = 100.0, 3_653
#: Bounds closer than this are looked at as a whole.
_NARROW = 1_000.0
#: Terms of a site that come from the catalogue if the scenario gives none.
_OF_THE_SITE = ("pue", "design_pue", "electricity_price", "power_limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A number or a day that is varied.

    Parameters
    ----------
    path
        Dotted path, as ``--set`` takes it.
    unit
        SI unit; empty for a day, which is counted from the year 1.
    is_whole
        Whether it is a whole number, or a day.
    least, most
        Its bounds.
    current
        Its value now; None if there is none.
    example
        A value to begin with if there is none.
    """

    path: str
    unit: str
    is_whole: bool
    least: float
    most: float
    current: float | None
    example: float
    reader: Quantity | WholeNumber | None = None

    def read(self, text: str, option: str) -> float:
        """Read a value from text.

        Parameters
        ----------
        text
            The value as people write it.
        option
            Option that gives it, for messages.
        """
        try:
            if not self.unit:
                return float(datetime.date.fromisoformat(CalendarDay().read(text)).toordinal())
            return float(self.reader.read(text)) if self.reader is not None else parse(text, self.unit)
        except InputError as error:
            raise type(error)(option, text, error.expected, error.hint) from None

    def write(self, value: float) -> Any:
        """Write a value as a scenario or a catalogue file takes it.

        Parameters
        ----------
        value
            Value in the unit.
        """
        if not self.unit:
            return datetime.date.fromordinal(int(value)).isoformat()
        if self.is_whole:
            return int(value)
        return float(value) if self.unit == "1" else f"{value!r} {self.unit}"

    def text(self, value: float) -> str:
        """Write a value for people.

        Parameters
        ----------
        value
            Value in the unit.
        """
        if not self.unit:
            return str(self.write(value))
        return f"{int(value):,}" if self.is_whole else render(value, self.unit, digits=4)

    def points(self, low: str | None, high: str | None, number: int) -> list[float]:
        """List the values to look at first, from low to high.

        Parameters
        ----------
        low, high
            Ends of the range as text; None for the usual ones.
        number
            Number of values.

        Raises
        ------
        InputError
            If the range is empty.
        """
        first, last = self._range()
        first = first if low is None else self.read(low, "--from")
        last = last if high is None else self.read(high, "--to")
        if not first < last:
            raise InputError("--from", low or self.text(first), f"below the end of the range, {self.text(last)}")
        is_log = first > 0 and last > 20 * first and bool(self.unit)
        steps = [index / (number - 1) for index in range(number)]
        values = [first * (last / first) ** step if is_log else first + (last - first) * step for step in steps]
        values = [first, *values[1:-1], last]
        if self.current is not None and first < self.current < last:
            values = sorted({*values, self.current})
        return sorted({float(round(value)) for value in values}) if self.is_whole else values

    def _range(self) -> tuple[float, float]:
        center = self.example if self.current is None else self.current
        if not self.unit:
            return max(self.least, center - _DAYS), min(self.most, center + _DAYS)
        if (math.isfinite(self.most) and self.most <= _NARROW * max(self.least, 1e-3)) or center <= 0:
            return self.least, self.most
        return max(self.least, center / _TIMES), min(self.most, center * _TIMES)


def variable_at(path: str, scenario: Scenario, catalog: Catalog) -> Variable:
    """Find the field or fact at a path.

    Parameters
    ----------
    path
        Dotted path, as ``--set`` takes it.
    scenario, catalog
        The question and the facts: they give the current value.

    Raises
    ------
    InputError
        If there is no such field, or it is neither a number nor a day.
    """
    if path.startswith(CATALOG):
        return _fact(path, catalog)
    field = field_at(path, "--vary", None)
    value = _value(scenario, path, catalog)
    reader = field.number
    if reader is not None:
        least, most = reader.bounds.limits(field.unit)
        example = float(reader.read(reader.example))
        is_whole = isinstance(reader, WholeNumber)
        return Variable(
            path=path,
            unit=field.unit,
            is_whole=is_whole,
            least=float(least),
            most=float(most),
            current=float(value) if isinstance(value, (int, float)) else None,
            example=example,
            reader=reader,
        )
    day = field.day
    if day is None:
        raise InputError("--vary", path, "a field with a number or a date", "Compare words with `lindos compare`.")
    ends = [
        float(datetime.date(year, month, day_of_month).toordinal())
        for year, month, day_of_month in ((day.first, 1, 1), (day.last, 12, 31))
    ]
    today = float(datetime.date.fromisoformat(scenario.date or "2026-01-01").toordinal())
    current = float(datetime.date.fromisoformat(value).toordinal()) if isinstance(value, str) else None
    return Variable(path=path, unit="", is_whole=True, least=ends[0], most=ends[1], current=current, example=today)


def _fact(path: str, catalog: Catalog) -> Variable:
    fact = catalog.fact(path.removeprefix(CATALOG))
    if fact is None or not fact.unit:
        names = [*catalog.names("parameters")] if path.startswith(f"{CATALOG}parameters.") else []
        if names:
            raise UnknownNameError("--vary", path.removeprefix(f"{CATALOG}parameters."), names)
        hint = "Write catalog.KIND.NAME.FIELD; `lindos catalog show NAME` lists the fields."
        raise InputError("--vary", path, "a number of the catalogue", hint)
    current = float(fact.content) if isinstance(fact.content, (int, float)) else None
    return Variable(
        path=path, unit=fact.unit, is_whole=False, least=0.0, most=math.inf, current=current, example=current or 1.0
    )


def _value(scenario: Scenario, path: str, catalog: Catalog) -> Any:
    """Return the current value of a field, that of the catalogue for terms of a site; None if there is none."""
    value: Any = scenario
    for part in path.split("."):
        if isinstance(value, list):
            value = value[int(part)] if is_index(part) and int(part) < len(value) else None
        else:
            value = getattr(value, part, None) if not isinstance(value, Mapping) else value.get(part)
    section, _, field = path.partition(".")
    if value is None and section == "site" and field in _OF_THE_SITE and scenario.site is not None:
        fact = getattr(site_of(scenario.site, catalog), field)
        value = fact.value if fact.is_known else None
    return value
