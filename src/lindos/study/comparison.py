"""The cluster beside the leading supercomputers, precision by precision."""

from lindos import claims as floor
from lindos.claims.top500 import MATCH
from lindos.elements import Cell, Section, Table
from lindos.study.world import World, Worlds
from lindos.units import render


def section(worlds: Worlds) -> Section | None:
    """Rows that match precisions, or say that they do not; None where the catalogue has no list."""
    world: World = worlds.point
    fleet = [(pool.accelerator, float(pool.num_devices)) for pool in world.cluster.pools]
    rows = floor.compare_top500(world.catalog, floor.peaks_of(fleet), world.scenario.date or "9999")
    if not rows:
        return None
    cells: list[tuple[Cell, ...]] = [
        (
            row.supercomputer,
            f"{row.theirs_name}: {_shown(row.theirs, row.unit)}",
            f"{row.ours_name}: {_shown(row.ours, row.unit)}",
            None if row.ratio is None else f"{render(row.ratio, '1')}x",
            row.precisions,
        )
        for row in rows
    ]
    table = Table(
        name="comparison.top500",
        title=f"Beside the TOP500 list of {rows[0].list_date}",
        columns=("machine", "its figure", "the cluster's", "ratio", "precisions"),
        units=("", "", "", "", ""),
        rows=tuple(cells),
        note="HPL runs in FP64. A ratio between unlike precisions says nothing about who is faster at either.",
    )
    first = next((row for row in rows if row.precisions == MATCH and row.ratio is not None), None)
    summary = (
        f"In 8-bit dense H100-equivalents it has {render(first.ratio or 0.0, '1')} times {first.supercomputer}."
        if first
        else "No figure of the leading machines can be compared in the same precision."
    )
    return Section(name="comparison", title="Beside the leading supercomputers", summary=summary, tables=(table,))


def _shown(value: float | None, unit: str) -> str:
    return "unknown" if value is None else render(value, unit)
