"""The cluster: its size, and a table of its pools."""

from operator import attrgetter

from lindos.catalog.gaps import joined
from lindos.elements import Cell, Number, Section, Table
from lindos.problem.cluster import Cluster, Pool
from lindos.results import rows
from lindos.scenario.resolve import REFERENCE_DEVICE
from lindos.study.cluster import CLUSTER, ClusterResult
from lindos.study.floor import Outcome
from lindos.study.ranges import number
from lindos.units import render
from lindos.views.figures import Figures, titled
from lindos.views.gaps import gaps_table, gaps_warning, with_gaps
from lindos.views.view import Context, View

TITLE = "The cluster"
_TITLES = {
    "num_devices": "GPUs",
    "peak_bf16": "Peak, BF16 dense",
    "peak_fp8": "Peak, 8-bit dense",
    "h100_equivalents": "H100-equivalents, 8-bit dense",
    "h100_equivalents_bf16": "H100-equivalents, BF16 dense",
}
_HEADLINE = tuple(f"cluster.{name}" for name in _TITLES)
_COLUMNS = (
    "pool",
    "GPUs",
    "device",
    "nodes or racks",
    "scale-up",
    "per GPU",
    "scale-out",
    "BF16",
    "8-bit",
    "H100e",
    "memory",
)
_UNITS = ("", "1", "", "1", "1", "B/s", "", "FLOP/s", "FLOP/s", "1", "B")


def view(context: Context, outcome: Outcome[ClusterResult]) -> Section:
    """Show the cluster.

    Parameters
    ----------
    context
        Scenario and catalogue.
    outcome
        Pools and size of the cluster.
    """
    result = outcome.point
    figures = Figures(outcome, subject=context.scenario.name)
    for row in rows(result.size):
        missing = result.gaps.get(row.name, ())
        figures.add(
            f"cluster.{row.name}",
            _TITLES.get(row.name, titled(row.name)),
            row.unit,
            attrgetter(f"size.{row.name}"),
            why=with_gaps(row.why, missing),
            bound="least" if missing else "",
        )
    gaps = joined(*result.gaps.values())
    return Section(
        name="cluster",
        title=TITLE,
        summary=_summary(result),
        headline=_HEADLINE,
        figures=figures.all(),
        tables=(_pools(context, result.cluster), *gaps_table("cluster.gaps", gaps)),
        warnings=gaps_warning(gaps),
    )


def _summary(result: ClusterResult) -> str:
    parts = [f"{result.cluster.num_devices:,} GPUs"]
    peak, equivalents = number(result.size.peak_bf16), number(result.size.h100_equivalents)
    if peak is not None:
        parts.append(f" with {_least(result, 'peak_bf16')}{render(peak, 'FLOP/s')} of dense BF16")
    if equivalents is not None:
        least = _least(result, "h100_equivalents")
        parts.append(f", {least}{render(equivalents, '1')} H100-equivalents (8-bit dense)")
    return "".join(parts) + "."


def _least(result: ClusterResult, field: str) -> str:
    return "at least " if result.gaps.get(field) else ""


def _pools(context: Context, cluster: Cluster) -> Table:
    reference = number(context.catalog.accelerator(REFERENCE_DEVICE).counted_peak("fp8").content)
    return Table(
        name="cluster.pools",
        title="Pools of equal devices",
        columns=(*_COLUMNS, "online"),
        units=(*_UNITS, ""),
        rows=tuple(_row(pool, reference) for pool in cluster.pools),
        note=(
            "Rates are dense and per device; scale-up is the GPUs of a domain and their bandwidth per direction. "
            "H100e: H100-equivalents of the pool, 8-bit dense."
        ),
    )


def _row(pool: Pool, reference: float | None) -> tuple[Cell, ...]:
    device = pool.accelerator
    peak = number(device.counted_peak("fp8").content)
    return (
        pool.name,
        float(pool.num_devices),
        device.title,
        float(pool.num_systems),
        Number(value=float(pool.tiers[0].size), suffix=" GPUs"),
        number(device.scale_up_bandwidth.content),
        _scale_out(pool),
        number(device.peak_bf16.content),
        peak,
        pool.num_devices * peak / reference if peak and reference else None,
        number(device.memory.content),
        pool.online or "at once",
    )


def _scale_out(pool: Pool) -> str:
    """Describe the network between systems, and how many of its ports a device has if not one."""
    if len(pool.tiers) < 2:
        return "none needed"
    bandwidth, port = number(pool.system.nic_bandwidth.content), number(pool.fabric.port_bandwidth.content)
    ports = bandwidth / port if bandwidth and port else 1.0
    count = "" if abs(ports - 1.0) < 0.01 else f", {ports:.2g} ports a GPU"
    levels = len(pool.tiers) - 1
    return f"{pool.fabric.title}{count}, {'one level' if levels == 1 else f'{levels} levels'}"


VIEW = View(floor=CLUSTER, title=TITLE, show=view)
