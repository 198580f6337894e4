"""The cluster: its size, and a table of its pools."""

from lindos.elements import Cell, Number, Section, Table
from lindos.problem.cluster import Cluster, Pool
from lindos.study.cluster import CLUSTER, ClusterResult
from lindos.study.floor import Outcome
from lindos.study.ranges import number
from lindos.units import render
from lindos.views.figures import Figures
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
_COLUMNS = ("pool", "GPUs", "device", "nodes or racks", "scale-up", "per GPU", "scale-out", "BF16", "8-bit", "memory")
_UNITS = ("", "1", "", "1", "1", "B/s", "", "FLOP/s", "FLOP/s", "B")


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
    figures.add_declared("cluster", lambda cluster: cluster.size, _TITLES)
    return Section(
        name="cluster",
        title=TITLE,
        summary=_summary(result),
        headline=_HEADLINE,
        figures=figures.all(),
        tables=(_pools(result.cluster),),
    )


def _summary(result: ClusterResult) -> str:
    parts = [f"{result.cluster.num_devices:,} GPUs"]
    peak, equivalents = number(result.size.peak_bf16), number(result.size.h100_equivalents)
    if peak is not None:
        parts.append(f" with {render(peak, 'FLOP/s')} of dense BF16")
    if equivalents is not None:
        parts.append(f", {render(equivalents, '1')} H100-equivalents (8-bit dense)")
    return "".join(parts) + "."


def _pools(cluster: Cluster) -> Table:
    return Table(
        name="cluster.pools",
        title="Pools of equal devices",
        columns=(*_COLUMNS, "online"),
        units=(*_UNITS, ""),
        rows=tuple(_row(pool) for pool in cluster.pools),
        note="Rates are dense and per device; scale-up is the GPUs of a domain and their bandwidth per direction.",
    )


def _row(pool: Pool) -> tuple[Cell, ...]:
    device = pool.accelerator
    return (
        pool.name,
        float(pool.num_devices),
        device.title,
        float(pool.num_systems),
        Number(value=float(pool.tiers[0].size), suffix=" GPUs"),
        number(device.scale_up_bandwidth.content),
        _scale_out(pool),
        number(device.peak_bf16.content),
        number(device.peak_fp8.content),
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
