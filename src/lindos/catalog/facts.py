"""A fact: one value with its unit, its range and its sources.

``Fact.value`` is the only way to read a number of the catalogue. It raises an error where the number is unknown, and it
notes the fact in the open ledgers (:func:`ledger`), so that a result can name exactly the sources that it depends on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from lindos.errors import UnknownValueError

T = TypeVar("T")

_LEDGERS: ContextVar[tuple[dict[str, "Fact[object]"], ...]] = ContextVar("_LEDGERS", default=())
_READINGS: ContextVar[tuple[set[str], ...]] = ContextVar("_READINGS", default=())


@dataclass(frozen=True, slots=True)
class Source:
    """A source of facts: title, address, kind (datasheet, paper, measurement, press, estimate, ...), date.

    ``grade`` is a word of :data:`lindos.catalog.grades.GRADES` where it differs from that of the kind.
    """

    id: str
    title: str
    url: str
    kind: str = ""
    date: str = ""
    grade: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact(Generic[T]):
    """One sourced value of the catalogue.

    ``content`` is the value in SI (or text), None where unknown; ``low`` and ``high`` bound the range of the sources.
    In a sampled catalogue ``content`` is an array of draws between them.
    """

    path: str
    content: T | None
    unit: str = "1"
    low: T | None = None
    high: T | None = None
    sources: tuple[str, ...] = ()
    note: str = ""
    estimate: bool = field(default=False)

    @property
    def is_known(self) -> bool:
        """Whether anybody has published the value."""
        return self.content is not None

    @property
    def value(self) -> T:
        """The value in SI; noted in every open ledger.

        Raises
        ------
        UnknownValueError
            If the catalogue does not know it.
        """
        if self.content is None:
            raise UnknownValueError(self.path, self.note)
        for facts in _LEDGERS.get():
            facts[self.path] = self  # type: ignore[assignment]
        for paths in _READINGS.get():
            paths.add(self.path)
        return self.content


@contextmanager
def ledger() -> Iterator[dict[str, Fact[object]]]:
    """Collect every fact whose value is read inside the block.

    >>> price = Fact(path="accelerators.x.price", content=3e4, unit="USD", sources=("sheet",))
    >>> with ledger() as touched:
    ...     total = 8 * price.value
    >>> list(touched)
    ['accelerators.x.price']
    """
    facts: dict[str, Fact[object]] = {}
    token = _LEDGERS.set((*_LEDGERS.get(), facts))
    try:
        yield facts
    finally:
        _LEDGERS.reset(token)


@contextmanager
def reading() -> Iterator[set[str]]:
    """Collect the path of every fact whose value is read inside the block, and of every record that is looked up.

    >>> price = Fact(path="systems.x.price", content=3e5, unit="USD")
    >>> with reading() as paths:
    ...     total = 8 * price.value
    >>> paths
    {'systems.x.price'}
    """
    paths: set[str] = set()
    token = _READINGS.set((*_READINGS.get(), paths))
    try:
        yield paths
    finally:
        _READINGS.reset(token)


def note_read(*paths: str) -> None:
    """Note in every open reading that facts or records were used.

    Parameters
    ----------
    paths
        Paths of the facts or records.
    """
    for collected in _READINGS.get():
        collected.update(paths)
