"""Gaps: the facts that a sum needs and nobody has published, each with the field that fills it.

A total with unknown parts is the sum of the known parts, which is a lower bound. All missing facts are listed together,
so that a user can give them together.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lindos.catalog.facts import Fact
from lindos.errors import UnknownValueError
from lindos.quantities import Real


@dataclass(frozen=True, slots=True)
class Gap:
    """One unknown fact: its field in a catalogue file, its unit, and why it is unknown."""

    path: str
    unit: str = "1"
    note: str = ""


class Gaps:
    """Collect the unknown facts of a calculation, part by part.

    >>> power = Fact(path="fabrics.hdr.switch_power", content=None, unit="W", note="not found")
    >>> gaps = Gaps()
    >>> gaps.term("switches", lambda watts: 40 * watts, power) is None
    True
    >>> [gap.path for gap in gaps.of_parts("switches")]
    ['fabrics.hdr.switch_power']
    """

    def __init__(self) -> None:
        """Start without gaps."""
        self._parts: dict[str, dict[str, Gap]] = {}

    def term(self, part: str, formula: Callable[..., Real], *facts: Fact[Any]) -> Real | None:
        """Apply a formula to the values of facts; where facts are unknown, note them as gaps and return None.

        Parameters
        ----------
        part
            Name of the part of the result that the term belongs to.
        formula
            Function of as many values as there are facts.
        facts
            Facts that the formula needs.

        Returns
        -------
        Real or None
            Value of the formula.
        """
        missing = [fact for fact in facts if not fact.is_known]
        for fact in missing:
            self._parts.setdefault(part, {})[fact.path] = Gap(fact.path, fact.unit, fact.note)
        return None if missing else formula(*(fact.value for fact in facts))

    def of_parts(self, *parts: str) -> tuple[Gap, ...]:
        """Get the gaps of parts without repetitions, in the order in which they were noted.

        Parameters
        ----------
        parts
            Names of the parts; all parts where none is named.
        """
        named = parts or tuple(self._parts)
        return tuple({path: gap for part in named for path, gap in self._parts.get(part, {}).items()}.values())

    def by_part(self) -> Mapping[str, tuple[Gap, ...]]:
        """Get the gaps of every part that has some."""
        return {part: tuple(gaps.values()) for part, gaps in self._parts.items()}


def known_sum(terms: Iterable[Real | None]) -> Real | None:
    """Add the known terms; None where all are unknown.

    Parameters
    ----------
    terms
        Terms in one unit; None is unknown.

    Examples
    --------
    >>> known_sum([1.0, None, 2.0]), known_sum([None])
    (3.0, None)
    """
    total: Real | None = None
    for term in terms:
        if term is not None:
            total = term if total is None else total + term
    return total


def joined(*groups: Iterable[Gap]) -> tuple[Gap, ...]:
    """Join groups of gaps without repetitions.

    Parameters
    ----------
    groups
        Groups of gaps.
    """
    return tuple({gap.path: gap for group in groups for gap in group}.values())


def require(gaps: tuple[Gap, ...]) -> None:
    """Raise an error if there is a gap.

    Parameters
    ----------
    gaps
        Missing facts of a result.

    Raises
    ------
    UnknownValueError
        If there is a gap; it names all of them.
    """
    if gaps:
        first, *rest = gaps
        others_text = f"also unknown: {', '.join(gap.path for gap in rest)}" if rest else ""
        raise UnknownValueError(first.path, "; ".join(part for part in (first.note, others_text) if part))
