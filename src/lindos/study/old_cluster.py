"""What the cluster is: devices, peak rates, H100-equivalents under both conventions."""

from dataclasses import dataclass
from typing import Annotated, Any

from lindos.catalog import Catalog
from lindos.elements import Section, Table
from lindos.errors import UnknownValueError
from lindos.formulas.equivalents import h100_equivalents
from lindos.problem.cluster import Cluster, Pool
from lindos.quantities import Bytes, Count, FlopPerSecond, Watts
from lindos.results import Why
from lindos.scenario.resolve import REFERENCE_DEVICE
from lindos.study.figures import figures_of, number
from lindos.study.world import World, Worlds, both
from lindos.units import render

_PRECISIONS = ("fp64", "bf16", "fp8", "fp4")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSize:
    """How much a cluster is, before it does anything."""

    num_devices: Annotated[Count, Why("GPU packages, not dies or superchips")]
    peak_bf16: Annotated[FlopPerSecond, Why("dense peak of all devices")]
    peak_fp8: Annotated[FlopPerSecond, Why("dense peak of all devices")]
    h100_equivalents: Annotated[Count, Why("dense 8-bit peak over that of one H100 SXM")]
    h100_equivalents_bf16: Annotated[Count, Why("dense BF16 peak over that of one H100 SXM")]
    memory: Annotated[Bytes, Why("device memory, as sold")]
    board_power: Annotated[Watts, Why("devices alone at their rated power, without hosts, network or cooling")]


def size(world: World) -> ClusterSize:
    """Sum of all pools."""
    reference = world.catalog.accelerator(REFERENCE_DEVICE)
    cluster = world.cluster
    bf16, fp8 = peak(cluster, "bf16"), peak(cluster, "fp8")
    return ClusterSize(
        num_devices=float(cluster.num_devices),
        peak_bf16=bf16,
        peak_fp8=fp8,
        h100_equivalents=h100_equivalents(1.0, fp8, reference.peak_fp8.value),
        h100_equivalents_bf16=h100_equivalents(1.0, bf16, reference.peak_bf16.value),
        memory=sum(pool.num_devices * pool.accelerator.memory.value for pool in cluster.pools),
        board_power=sum(pool.num_devices * pool.accelerator.board_power.value for pool in cluster.pools),
    )


def peak(cluster: Cluster, precision: str) -> FlopPerSecond:
    """Dense peak of all pools in one precision."""
    rates = [pool.num_devices * pool.accelerator.peak(precision).value for pool in cluster.pools]
    return sum(rates[1:], start=rates[0])


def peaks(cluster: Cluster) -> dict[str, float | None]:
    """Dense peaks by precision; None where a device's is unknown."""
    found: dict[str, float | None] = {}
    for precision in _PRECISIONS:
        try:
            found[precision] = number(peak(cluster, precision))
        except UnknownValueError:
            found[precision] = None
    return found


def section(worlds: Worlds) -> Section:
    """The cluster as figures and a table of its pools."""
    pair = both(worlds, "cluster", size)
    cluster = worlds.point.cluster
    total = pair.point
    summary = (
        f"{cluster.num_devices:,} GPUs with {render(number(total.peak_bf16) or 0.0, 'FLOP/s')} of dense BF16, "
        f"{render(number(total.h100_equivalents) or 0.0, '1')} H100-equivalents (8-bit dense)."
    )
    titles = {
        "num_devices": "GPUs",
        "peak_bf16": "Peak, BF16 dense",
        "peak_fp8": "Peak, 8-bit dense",
        "h100_equivalents": "H100-equivalents, 8-bit dense",
        "h100_equivalents_bf16": "H100-equivalents, BF16 dense",
    }
    return Section(
        name="cluster",
        title="The cluster",
        summary=summary,
        headline=(
            "cluster.num_devices",
            "cluster.peak_bf16",
            "cluster.peak_fp8",
            "cluster.h100_equivalents",
            "cluster.h100_equivalents_bf16",
        ),
        figures=tuple(figures_of("cluster", pair, titles)),
        tables=(_pools(cluster, worlds.point.catalog),),
    )


def _levels(number: int) -> str:
    return "one level" if number == 1 else f"{number} levels"


def _scale_out(pool: Pool) -> str:
    """The network between systems, and how many of its ports a device has if not one."""
    if len(pool.tiers) < 2:
        return "none needed"
    ports = (number(pool.system.nic_bandwidth.content) or 0.0) / (number(pool.fabric.port_bandwidth.content) or 1.0)
    count = "" if abs(ports - 1.0) < 0.01 else f", {ports:.2g} ports a GPU"
    return f"{pool.fabric.title}{count}, {_levels(len(pool.tiers) - 1)}"


def _pools(cluster: Cluster, catalog: Catalog) -> Table:
    rows: list[tuple[Any, ...]] = []
    for pool in cluster.pools:
        device = pool.accelerator
        domain = pool.tiers[0]
        rows.append(
            (
                pool.name,
                float(pool.num_devices),
                device.title,
                float(pool.num_systems),
                f"{domain.size} GPUs at {render(number(device.scale_up_bandwidth.content) or 0.0, 'B/s')}",
                _scale_out(pool),
                device.peak_bf16.content,
                device.peak_fp8.content,
                device.memory.content,
                pool.online or "at once",
            )
        )
    columns = ("pool", "GPUs", "device", "nodes or racks", "scale-up", "scale-out", "BF16", "8-bit", "memory", "online")
    units = ("", "1", "", "1", "", "", "FLOP/s", "FLOP/s", "B", "")
    return Table(
        name="cluster.pools",
        title="Pools of equal devices",
        columns=columns,
        units=units,
        rows=tuple(rows),
        note="Rates are dense and per device; bandwidth is per device and direction.",
    )
