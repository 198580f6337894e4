"""Results declare the name, unit and reason of each number once; every table, file and page uses that declaration.

A result is a frozen, keyword-only dataclass. Its fields are disjoint parts,
``compute: Annotated[Seconds, Why("FLOPs over achieved FLOP/s")]``; a total is a property with a unit in its return
annotation and its reason in its docstring. :func:`rows` reads both.
"""

import dataclasses
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, get_type_hints

from lindos.quantities import Unit


@dataclass(frozen=True, slots=True)
class Why:
    """One sentence that says what a field of a result is."""

    sentence: str


class Row(NamedTuple):
    """One number of a result with its declaration."""

    name: str
    value: Any
    unit: str
    why: str


def rows(result: Any) -> Iterator[Row]:
    """Yield every number that a result declares: fields first, then totals; nested results get dotted names.

    Parameters
    ----------
    result
        A result, as the module describes.

    Examples
    --------
    >>> from typing import Annotated
    >>> from lindos.quantities import Seconds
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Trip:
    ...     ride: Annotated[Seconds, Why("on the road")]
    ...     @property
    ...     def total(self) -> Seconds:
    ...         '''Door to door.'''
    ...         return self.ride
    >>> [tuple(row) for row in rows(Trip(ride=60.0))]
    [('ride', 60.0, 's', 'on the road'), ('total', 60.0, 's', 'Door to door.')]
    """
    for name, unit, why in _declared(type(result)):  # type: ignore[arg-type]
        value = getattr(result, name)
        if unit is not None:
            yield Row(name, value, unit, why)
        elif dataclasses.is_dataclass(value):
            yield from (Row(f"{name}.{row.name}", *row[1:]) for row in rows(value))


@cache
def _declared(kind: Any) -> tuple[tuple[str, str | None, str], ...]:
    hints = get_type_hints(kind, include_extras=True)
    declared = [(field.name, *_unit_and_why(hints[field.name], "")) for field in dataclasses.fields(kind)]
    for name, attribute in inspect.getmembers(kind, lambda member: isinstance(member, property)):
        annotation = get_type_hints(attribute.fget, include_extras=True).get("return")
        unit, why = _unit_and_why(annotation, (inspect.getdoc(attribute) or "").split("\n")[0])
        if unit is not None and not name.startswith("_"):
            declared.append((name, unit, why))
    return tuple(declared)


def _unit_and_why(annotation: Any, why: str) -> tuple[str | None, str]:
    metadata = list(_metadata(annotation))
    unit = next((item.symbol for item in metadata if isinstance(item, Unit)), None)
    return unit, next((item.sentence for item in metadata if isinstance(item, Why)), why)


def _metadata(annotation: Any) -> Iterator[Any]:
    """Metadata of an annotation and of the members of a union inside it: ``Watts | None`` has a unit too."""
    yield from getattr(annotation, "__metadata__", ())
    inner = getattr(annotation, "__origin__", annotation) if hasattr(annotation, "__metadata__") else annotation
    for member in getattr(inner, "__args__", ()):
        yield from _metadata(member)
