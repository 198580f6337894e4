"""Any field of a scenario by its dotted path: what it takes, how it is read, how it is set."""

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from lindos.errors import InputError, UnknownNameError
from lindos.scenario.fields import Quantity, Whole
from lindos.scenario.read import fields_at
from lindos.scenario.schema import Scenario
from lindos.scenario.sentences import input_error

#: Fields that a sweep leaves alone: they say what the base is, or are read once for all scenarios.
FIXED = ("name", "title", "catalog")


@dataclass(frozen=True)
class Field:
    """A field of a scenario: its dotted ``path`` with list indexes, and the ``annotation`` of what it takes."""

    path: str
    annotation: Any

    @cached_property
    def number(self) -> Quantity | Whole | None:
        """How the field's numbers are read; None where it takes something else."""
        return next((part for part in _parts(self.annotation) if isinstance(part, Quantity | Whole)), None)

    @property
    def unit(self) -> str:
        """SI unit of a number, ``"1"`` of a pure one, empty for what is no number."""
        return "" if self.number is None else getattr(self.number, "unit", "1")

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.annotation)

    def errors(self, value: object, where: str, lines: Mapping[str, int]) -> list[InputError]:
        """What is wrong with ``value``, which stands at the path ``where`` of a file."""
        try:
            self._adapter.validate_python(value)
        except ValidationError as error:
            details = error.errors()
        else:
            return []
        location = tuple(int(part) if is_index(part) else part for part in self.path.split("."))
        found = []
        for detail in details:
            known = fields_at((*location, *detail["loc"])[:-1])
            path = ".".join((where, *(str(part) for part in detail["loc"])))
            found.append(input_error(detail, path, lines, known=known, owner="a scenario"))
        return found

    def shown(self, value: object) -> float | str | None:
        """``value`` as a table holds it: a number in SI, anything else as text."""
        if value is None:
            return None
        if self.number is not None:
            return float(self.number.read(value))
        return value if isinstance(value, str) else json.dumps(value, default=str)


def field_at(path: str, where: str, line: int | None) -> Field:
    """The field at a dotted ``path``, which stands at ``where`` of a file.

    >>> field_at("cluster.pools.0.gpus", "grid.cluster.pools.0.gpus", None).unit
    '1'

    Raises
    ------
    InputError
        If a scenario has no such field, or a sweep leaves it alone.
    """
    if path in FIXED:
        raise InputError(where, path, "a field that scenarios of a sweep may differ in", "Change it in the base.", line)
    annotation: Any = Scenario
    for part in path.split("."):
        annotation = _below(annotation, part, where, line)
    return Field(path, annotation)


def _below(annotation: Any, part: str, where: str, line: int | None) -> Any:
    entries = next((found for found in _parts(annotation) if get_origin(found) is list), None)
    if entries is not None:
        if not is_index(part):
            raise InputError(where, part, "an index into the list, 0 for the first entry", "", line)
        return get_args(entries)[0]
    model = next((found for found in _parts(annotation) if _is_model(found)), None)
    if model is None:
        raise InputError(where, part, "left out: nothing stands below this field", "", line)
    if part not in model.model_fields:
        raise UnknownNameError(where, part, model.model_fields, line)
    field = model.model_fields[part]
    # Pydantic keeps what reads the value apart from its type.
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def is_index(part: str) -> bool:
    """Whether a part of a path is an index into a list: ASCII digits, of which a list needs few."""
    return part.isascii() and part.isdigit() and len(part) <= 6


def _parts(annotation: Any) -> Iterator[Any]:
    """An annotation, what it is made of and its metadata; entries of a list are not part of it."""
    yield annotation
    if get_origin(annotation) is not list:
        for part in get_args(annotation):
            yield from _parts(part)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def with_values(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Get the plain data of a scenario with other ``values`` at dotted paths; sections that are missing are made.

    >>> with_values({"name": "x"}, {"cluster.pools.0.gpus": 8})
    {'name': 'x', 'cluster': {'pools': [{'gpus': 8}]}}

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
    for part, behind in zip(parts, [*parts[1:], None], strict=True):
        key: Any = _index(place, part, path) if isinstance(place, list) else part
        if behind is None:
            place[key] = value
        elif place[key] is None if isinstance(place, list) else place.get(key) is None:
            place[key] = [] if is_index(behind) else {}
        place = place[key]


def _index(entries: list[Any], part: str, path: str) -> int:
    """Index of an entry; the one behind the last is made."""
    index = int(part)
    if index > len(entries):
        raise InputError(path, index, f"an index of at most {len(entries)}, the next entry of the list")
    if index == len(entries):
        entries.append(None)
    return index
