"""The cluster: its pools, its size and its peak."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from lindos.catalog import Catalog
from lindos.errors import UnknownValueError
from lindos.formulas.equivalents import h100_equivalents
from lindos.problem.cluster import Cluster
from lindos.quantities import Bytes, Count, FlopPerSecond, Real, Watts
from lindos.results import Why
from lindos.scenario.resolve import REFERENCE_DEVICE, cluster_of
from lindos.study.floor import Floor, World

#: Precisions whose peaks are summed.
PRECISIONS = ("fp64", "bf16", "fp8", "fp4")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSize:
    """Size of a cluster; a number is None if the catalogue does not know it for a device."""

    num_devices: Annotated[Count, Why("GPU packages, not dies or superchips")]
    peak_bf16: Annotated[FlopPerSecond | None, Why("dense peak of all devices")]
    peak_fp8: Annotated[FlopPerSecond | None, Why("dense peak of all devices")]
    h100_equivalents: Annotated[Count | None, Why("dense 8-bit peak over that of one H100 SXM")]
    h100_equivalents_bf16: Annotated[Count | None, Why("dense BF16 peak over that of one H100 SXM")]
    memory: Annotated[Bytes | None, Why("device memory, as sold")]
    board_power: Annotated[Watts | None, Why("devices alone at their rated power, without hosts, network or cooling")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterResult:
    """The pools of a scenario and their sums."""

    cluster: Cluster
    size: ClusterSize


def compute(world: World) -> ClusterResult:
    """Look up the pools of the scenario in the catalogue and add them up.

    Parameters
    ----------
    world
        Scenario with a cluster, and catalogue.
    """
    spec = world.scenario.cluster
    assert spec is not None
    cluster = cluster_of(spec, world.scenario.name, world.catalog)
    reference = world.catalog.accelerator(REFERENCE_DEVICE)
    bf16, fp8 = _optional(lambda: peak(cluster, "bf16")), _optional(lambda: peak(cluster, "fp8"))
    size = ClusterSize(
        num_devices=float(cluster.num_devices),
        peak_bf16=bf16,
        peak_fp8=fp8,
        h100_equivalents=None if fp8 is None else h100_equivalents(1.0, fp8, reference.counted_peak("fp8").value),
        h100_equivalents_bf16=None if bf16 is None else h100_equivalents(1.0, bf16, reference.peak_bf16.value),
        memory=_optional(lambda: sum(pool.num_devices * pool.accelerator.memory.value for pool in cluster.pools)),
        board_power=_optional(
            lambda: sum(pool.num_devices * pool.accelerator.board_power.value for pool in cluster.pools)
        ),
    )
    return ClusterResult(cluster=cluster, size=size)


def _optional(compute: Callable[[], Real]) -> Real | None:
    """Compute a number; None if the catalogue does not know a part of it."""
    try:
        return compute()
    except UnknownValueError:
        return None


def peak(cluster: Cluster, precision: str) -> FlopPerSecond:
    """Compute the dense peak of all pools in one precision, in FLOP/s.

    Parameters
    ----------
    cluster
        Pools of devices.
    precision
        Number format, e.g. ``"bf16"``.

    Raises
    ------
    UnknownValueError
        If the catalogue does not know the peak of a device.
    """
    rates = [pool.num_devices * pool.accelerator.counted_peak(precision).value for pool in cluster.pools]
    return sum(rates[1:], start=rates[0])


def equivalents(cluster: Cluster, catalog: Catalog, day: str = "9999") -> Count | None:
    """Compute the H100-equivalents (8-bit dense) of pools; None if a peak is unknown.

    Parameters
    ----------
    cluster
        Pools of devices with their dates.
    catalog
        The H100.
    day
        ISO date; pools that come online later do not count.
    """
    reference = catalog.accelerator(REFERENCE_DEVICE).counted_peak("fp8")
    pools = [pool for pool in cluster.pools if pool.online <= day]
    facts = [pool.accelerator.counted_peak("fp8") for pool in pools]
    if not reference.is_known or not all(fact.is_known for fact in facts):
        return None
    total: Count = 0.0
    for pool, fact in zip(pools, facts, strict=True):
        total = total + h100_equivalents(float(pool.num_devices), fact.value, reference.value)
    return total


def peaks(cluster: Cluster) -> dict[str, FlopPerSecond | None]:
    """Compute the dense peaks by precision, in FLOP/s; None if that of a device is unknown.

    Parameters
    ----------
    cluster
        Pools of devices.
    """
    return {precision: _optional(partial(peak, cluster, precision)) for precision in PRECISIONS}


CLUSTER = Floor(
    name="cluster",
    question="What is the cluster, and how fast is it at most?",
    compute=compute,
    reads=("cluster",),
    holds_records=True,
)
