"""Subjects, precisions and readings under which a wrong number would be right, the nearest first."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lindos.catalog import Catalog
from lindos.claims.check import check
from lindos.claims.context import Context
from lindos.claims.schema import Claim
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.places import sightings
from lindos.claims.text.relation import amount, off_by
from lindos.claims.verdict import Ruling
from lindos.units import render

#: A sourced value within this factor of the printed one is offered as another reading.
OFFERED = 1.06
MOST = 4
_HOLDS = (Ruling.CONSISTENT, Ruling.STRAINED, Ruling.MET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """Another subject or reading that fits the printed number, with the value it has there."""

    reading: str
    value: float
    unit: str
    factor: float  # how far the value is from the printed one
    sources: tuple[str, ...] = ()
    is_statement: bool = False  # whether one of the catalogue's statements has the value


class Swaps:
    """Sourced values that a printed number may belong to; the catalogue's claims are computed once."""

    def __init__(
        self, catalog: Catalog, claims: Mapping[str, Claim], named: Iterable[str] = (), context: Context | None = None
    ) -> None:
        """Take the catalogue, its claims, titles that the text names, and power and cost per device."""
        self.catalog, self.claims, self.named = catalog, claims, tuple(named)
        self.context = context or Context(catalog=catalog)
        self._table: list[tuple[bool, tuple[str, str, float, tuple[str, ...]]]] | None = None

    def swaps_for(self, numeral: Numeral, has_slipped: bool = False) -> tuple[Swap, ...]:
        """Return the best other readings of a wrong number; of one that has slipped only those the text names."""
        if numeral.kind not in ("amount", "factor") or not numeral.values:
            return ()
        options = [
            Swap(
                reading=reading,
                value=value,
                unit=unit,
                factor=off_by(value, numeral),
                sources=sources,
                is_statement=is_statement,
            )
            for is_statement, (reading, unit, value, sources) in self._values()
            if unit == numeral.unit and value > 0
        ]
        fitting = sorted((swap for swap in options if swap.factor <= OFFERED), key=self._rank)
        if has_slipped:
            fitting = [swap for swap in fitting if self._is_named(swap) or swap.is_statement]
        unique = {swap.reading: swap for swap in fitting}
        return tuple(unique.values())[:MOST]

    def _rank(self, swap: Swap) -> tuple[bool, float]:
        """Return the sort key: subjects that the text names come first, then the nearest values."""
        return not self._is_named(swap), swap.factor

    def _is_named(self, swap: Swap) -> bool:
        return any(title in swap.reading for title in self.named)

    def _values(self) -> list[tuple[bool, tuple[str, str, float, tuple[str, ...]]]]:
        """List reading, unit, value and sources of all values, each with whether it is of a statement."""
        if self._table is None:
            self._table = [(False, row) for row in self._sites()]
            self._table += [(True, row) for row in self._statements()]
            self._table += [(False, row) for row in (*self._ratios(), *self._machines())]
        return self._table

    def _sites(self) -> Iterator[tuple[str, str, float, tuple[str, ...]]]:
        for field in ("facility_power", "capex", "num_devices", "h100_equivalents"):
            for sighting in sightings(self.catalog, field):
                yield sighting.words, sighting.value.unit, float(sighting.value.value), sighting.value.sources

    def _statements(self) -> Iterator[tuple[str, str, float, tuple[str, ...]]]:
        """Yield the numbers of the catalogue's statements, and the numbers computed for their subjects."""
        for claim in self.claims.values():
            verdict = check(claim, self.context)
            for finding in verdict.findings:
                unit = "factor" if "against" in finding.question and finding.unit == "1" else finding.unit
                question = f"{finding.question}: {finding.reading or claim.statement}"
                if finding.computed is not None and finding.computed > 0:
                    yield (
                        f"{question} ({amount(finding.computed, finding.unit)}, claim {claim.id})",
                        unit,
                        finding.computed,
                        finding.sources,
                    )
                holds = verdict.ruling in _HOLDS
                in_range = finding.ruling in _HOLDS and finding.unit == "USD" and not holds
                if in_range and finding.claimed is not None and finding.claimed > 0:
                    words = f"{finding.reading or finding.question}: {claim.statement} (claim {claim.id})"
                    yield words, unit, finding.claimed, tuple(claim.source)
                if holds and finding.claimed is not None and finding.claimed > 0 and "against" not in finding.question:
                    words = f"what {claim.speaker} said of another subject: {claim.statement} (claim {claim.id})"
                    yield words, unit, finding.claimed, tuple(claim.source)

    def _ratios(self) -> Iterator[tuple[str, str, float, tuple[str, ...]]]:
        """Yield 8-bit H100-equivalents of every site over those of the leading machine."""
        machines = [m for m in self.catalog.supercomputers.values() if m.h100_equivalents.is_known and m.rmax.is_known]
        leaders = sorted(machines, key=lambda m: -float(m.rmax.value))[:1]
        for sighting in sightings(self.catalog, "h100_equivalents"):
            for machine in leaders:
                ratio = float(sighting.value.value) / float(machine.h100_equivalents.value)
                words = (
                    f"{sighting.title} ({sighting.date}) over {machine.title.split(',')[0]} in 8-bit "
                    f"H100-equivalents: {render(ratio, '1')}"
                )
                yield words, "factor", ratio, (*sighting.value.sources, *machine.h100_equivalents.sources)

    def _machines(self) -> Iterator[tuple[str, str, float, tuple[str, ...]]]:
        for machine in self.catalog.supercomputers.values():
            for name, fact in (("HPL in FP64", machine.rmax), ("power", machine.power)):
                if fact.is_known:
                    yield (
                        f"{machine.title}, {name}: {amount(float(fact.value), fact.unit)}",
                        fact.unit,
                        float(fact.value),
                        fact.sources,
                    )
