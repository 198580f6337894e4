"""Fields of a scenario by their dotted paths: types, reading and setting."""

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from lindos.errors import InputError, UnknownNameError
from lindos.scenario.fields import CalendarDay, Quantity, WholeNumber
from lindos.scenario.not_modelled import not_modelled
from lindos.scenario.read import fields_at
from lindos.scenario.schema import Scenario
from lindos.scenario.sentences import input_error

#: Fields that a sweep cannot change: they describe the base, or are read once for all scenarios.
FIXED = ("name", "title", "catalog", "extends")


@dataclass(frozen=True)
class Field:
    """A field of a scenario: its dotted path with list indexes, and the annotation of its type."""

    path: str
    annotation: Any

    @cached_property
    def number(self) -> Quantity | WholeNumber | None:
        """Reader of the field's numbers; None if it is not a number."""
        return next((part for part in _parts(self.annotation) if isinstance(part, Quantity | WholeNumber)), None)

    @cached_property
    def day(self) -> CalendarDay | None:
        """Reader of the field's days; None if it is not a date."""
        return next((part for part in _parts(self.annotation) if isinstance(part, CalendarDay)), None)

    @property
    def unit(self) -> str:
        """SI unit of a number, ``"1"`` for a pure one, empty if the field is not a number."""
        return "" if self.number is None else getattr(self.number, "unit", "1")

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.annotation)

    def errors(self, value: object, place: str, lines: Mapping[str, int]) -> list[InputError]:
        """List the errors of a value.

        Parameters
        ----------
        value
            Plain data for the field.
        place
            Path of the value in its file.
        lines
            Line of each path of the file.
        """
        try:
            self._adapter.validate_python(value)
        except ValidationError as error:
            details = error.errors()
        else:
            return []
        location = tuple(int(part) if is_index(part) else part for part in self.path.split("."))
        errors = []
        for detail in details:
            names = fields_at((*location, *detail["loc"])[:-1])
            path = ".".join((place, *(str(part) for part in detail["loc"])))
            errors.append(input_error(detail, path, lines, names=names, owner="a scenario"))
        return errors

    def cell(self, value: object) -> float | str | None:
        """Return a value as a cell of a table: a number in SI, anything else as text.

        Parameters
        ----------
        value
            Plain data for the field.
        """
        if value is None:
            return None
        if self.number is not None:
            return float(self.number.read(value))
        return value if isinstance(value, str) else json.dumps(value, default=str)


def field_at(path: str, place: str, line: int | None) -> Field:
    """Find the field at a dotted path.

    >>> field_at("cluster.pools.0.gpus", "grid.cluster.pools.0.gpus", None).unit
    '1'

    Parameters
    ----------
    path
        Dotted path in a scenario, with indexes into lists.
    place
        Path in the user's file, for messages.
    line
        Line in the user's file, for messages.

    Raises
    ------
    InputError
        If a scenario has no such field, or a sweep cannot change it.
    """
    if path in FIXED:
        raise InputError(place, path, "a field that scenarios of a sweep may differ in", "Change it in the base.", line)
    annotation: Any = Scenario
    for part in path.split("."):
        annotation = _child(annotation, part, place, line)
    return Field(path, annotation)


def _child(annotation: Any, part: str, place: str, line: int | None) -> Any:
    entries = next((member for member in _parts(annotation) if get_origin(member) is list), None)
    if entries is not None:
        if not is_index(part):
            raise InputError(place, part, "an index into the list, 0 for the first entry", "", line)
        return get_args(entries)[0]
    model = next((member for member in _parts(annotation) if _is_model(member)), None)
    if model is None:
        raise InputError(place, part, "left out: it is inside a field that is not a section", "", line)
    if part not in model.model_fields:
        error = UnknownNameError(place, part, model.model_fields, line)
        error.hint = not_modelled(part) or error.hint
        raise error
    field = model.model_fields[part]
    # Pydantic keeps the reader of a value apart from its type.
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def is_index(part: str) -> bool:
    """Tell whether a part of a path is an index into a list: at most six ASCII digits.

    Parameters
    ----------
    part
        Part of a dotted path.
    """
    return part.isascii() and part.isdigit() and len(part) <= 6


def _parts(annotation: Any) -> Iterator[Any]:
    """Yield an annotation, its members and their metadata; types of list entries are not among them."""
    yield annotation
    if get_origin(annotation) is not list:
        for part in get_args(annotation):
            yield from _parts(part)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def with_values(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plain data of a scenario with other values at dotted paths; missing sections are created.

    >>> with_values({"name": "x"}, {"cluster.pools.0.gpus": 8})
    {'name': 'x', 'cluster': {'pools': [{'gpus': 8}]}}

    Parameters
    ----------
    base
        Plain data of a scenario file; it is not changed.
    values
        New values by dotted path.

    Raises
    ------
    InputError
        If an index lies beyond the entry after the last one.
    """
    data = copy.deepcopy(dict(base))
    for path, value in values.items():
        _put(data, path, value)
    return data


def _put(data: dict[str, Any], path: str, value: Any) -> None:
    parts = path.split(".")
    place: Any = data
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        key: Any = _index(place, part, path) if isinstance(place, list) else part
        if following is None:
            place[key] = value
        elif place[key] is None if isinstance(place, list) else place.get(key) is None:
            place[key] = [] if is_index(following) else {}
        place = place[key]


def _index(entries: list[Any], part: str, path: str) -> int:
    """Parse the index of an entry; the entry after the last one is created."""
    index = int(part)
    if index > len(entries):
        raise InputError(path, index, f"an index of at most {len(entries)}, the next entry of the list")
    if index == len(entries):
        entries.append(None)
    return index
