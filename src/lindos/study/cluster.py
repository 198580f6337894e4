"""The cluster: its pools, its size and its peak."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any

from lindos.catalog import Catalog, Fact
from lindos.catalog.gaps import Gap, Gaps, known_sum
from lindos.catalog.records import Accelerator
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
    """Size of a cluster; a sum leaves out pools whose part is unknown, and is None if all are."""

    num_devices: Annotated[Count, Why("GPU packages, not dies or superchips")]
    peak_bf16: Annotated[FlopPerSecond | None, Why("dense peak of all devices")]
    peak_fp8: Annotated[FlopPerSecond | None, Why("dense peak of all devices")]
    h100_equivalents: Annotated[Count | None, Why("dense 8-bit peak over that of one H100 SXM")]
    h100_equivalents_bf16: Annotated[Count | None, Why("dense BF16 peak over that of one H100 SXM")]
    memory: Annotated[Bytes | None, Why("device memory, as sold")]
    board_power: Annotated[Watts | None, Why("devices alone at their rated power, without hosts, network or cooling")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterResult:
    """The pools of a scenario and their sums; ``gaps`` lists the unknown facts of each sum, by its field."""

    cluster: Cluster
    size: ClusterSize
    gaps: Mapping[str, tuple[Gap, ...]] = field(default_factory=dict)


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
    gaps = Gaps()

    def total(field: str, fact: Callable[[Accelerator], Fact[Any]], unit: Fact[Any] | None = None) -> Real | None:
        """Add a rate of all devices up, in units of another rate; pools whose rate is unknown leave gaps."""
        units = () if unit is None else (unit,)
        terms = [
            gaps.term(field, partial(_of_pool, float(pool.num_devices)), fact(pool.accelerator), *units)
            for pool in cluster.pools
        ]
        return known_sum(terms)

    size = ClusterSize(
        num_devices=float(cluster.num_devices),
        peak_bf16=total("peak_bf16", lambda device: device.peak_bf16),
        peak_fp8=total("peak_fp8", lambda device: device.counted_peak("fp8")),
        h100_equivalents=total(
            "h100_equivalents", lambda device: device.counted_peak("fp8"), reference.counted_peak("fp8")
        ),
        h100_equivalents_bf16=total("h100_equivalents_bf16", lambda device: device.peak_bf16, reference.peak_bf16),
        memory=total("memory", lambda device: device.memory),
        board_power=total("board_power", lambda device: device.board_power),
    )
    return ClusterResult(cluster=cluster, size=size, gaps=gaps.by_part())


def _of_pool(num_devices: float, rate: Real, unit: Real = 1.0) -> Real:
    """Multiply the rate of a device, in units of another, by the number of devices."""
    return h100_equivalents(num_devices, rate, unit)


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
