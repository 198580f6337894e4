"""Failure rates of devices, and size and bandwidth of checkpoints, from the catalogue."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from lindos.catalog import Catalog
from lindos.errors import InputError
from lindos.formulas import reliability
from lindos.quantities import Bytes, BytesPerSecond, Count, PerSecond, Seconds
from lindos.results import Why

#: Families with failure rates of their own.
MEASURED = ("ampere", "hopper", "blackwell")
#: The measured family whose rates are used for a family without published rates: the nearest in time and build.
NEAREST = {
    "rubin": "blackwell",
    "cdna2": "ampere",
    "cdna3": "hopper",
    "cdna4": "blackwell",
    "tpu": "hopper",
    "trainium": "hopper",
    "gaudi": "hopper",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRate:
    """Failure rate of one device, and the generations whose published rates it rests on."""

    device_failure_rate: Annotated[PerSecond, Why("failures of any cause per device and time, mean over all devices")]
    generations: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def device_mtbf(self) -> Seconds:
        """Mean time between failures of one device."""
        return 1 / self.device_failure_rate


def failure_rate_of(catalog: Catalog, name: str, observation: str = "") -> FailureRate:
    """Look up how often one device of a family fails.

    Parameters
    ----------
    catalog
        Source of the rates.
    name
        Family (``"hopper"``) or accelerator (``"h100-sxm"``). A family without published rates takes those of its
        nearest measured family; ``notes`` then says so.
    observation
        One measured cluster instead of the value over all, for validation: ``"llama_3"`` of
        ``reliability.observed.hopper``. The values over all leave Llama 3 out, so that it can check them.

    Raises
    ------
    UnknownNameError
        If ``name`` is neither a family nor an accelerator.
    """
    family = name if name in MEASURED or name in NEAREST else catalog.accelerator(name).family
    generation = family if family in MEASURED else NEAREST.get(family, "hopper")
    path = f"reliability.{generation}.device_mtbf"
    if observation:
        path = f"reliability.observed.{generation}.{observation}"
    fact: Any = catalog.parameter(path, "s")
    notes: tuple[str, ...] = ()
    if generation != family:
        notes = (f"No failure rate of {family} is published; that of {generation} stands in for it.",)
    if fact.estimate:
        notes += (f"The failure rate of {generation} is an estimate: {fact.note}.",)
    return FailureRate(device_failure_rate=1 / fact.value, generations=(generation,), notes=notes)


def mean_failure_rate(catalog: Catalog, devices: Iterable[tuple[str, int]]) -> FailureRate:
    """Compute the mean failure rate of a job on several kinds of device.

    Parameters
    ----------
    catalog
        Source of the rates.
    devices
        Pairs of family or accelerator, and number of devices.

    Raises
    ------
    InputError
        If there are no devices.
    """
    pools = [(failure_rate_of(catalog, name), count) for name, count in devices]
    total = sum(count for _, count in pools)
    if total < 1:
        raise InputError("devices", total, "at least one device")
    rate: PerSecond = 0.0
    for pool, count in pools:
        rate = rate + reliability.job_failure_rate(float(count), pool.device_failure_rate)
    return FailureRate(
        device_failure_rate=rate / total,
        generations=tuple(dict.fromkeys(g for pool, _ in pools for g in pool.generations)),
        notes=tuple(dict.fromkeys(note for pool, _ in pools for note in pool.notes)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Failure rate, cost of checkpoints and times of recovery of a campaign."""

    device_failure_rate: PerSecond
    checkpoint_bytes: Bytes
    checkpoint_bandwidth: BytesPerSecond
    restart_time: Seconds
    detection_time: Seconds
    repair_time: Seconds
    replica_stall_time: Seconds
    notes: tuple[str, ...] = ()


def conditions(
    catalog: Catalog,
    devices: Iterable[tuple[str, int]],
    num_params: Count,
    *,
    device_mtbf: Seconds | None = None,
    checkpoint_bandwidth: BytesPerSecond | None = None,
    restart_time: Seconds | None = None,
) -> Conditions:
    """Gather the conditions of a job on ``devices`` (family or accelerator, count); the user's values come first.

    Parameters
    ----------
    catalog
        Source of all values that the user does not give.
    devices
        Working devices by kind.
    num_params
        Parameters of the model, all experts included: the size of a checkpoint.
    device_mtbf, checkpoint_bandwidth, restart_time
        Values of the user: seconds, bytes per second, seconds.
    """
    pools = tuple(devices)
    failures = (
        mean_failure_rate(catalog, pools)
        if device_mtbf is None
        else FailureRate(device_failure_rate=1 / device_mtbf, generations=("given",))
    )
    count = float(sum(number for _, number in pools))
    return Conditions(
        device_failure_rate=failures.device_failure_rate,
        checkpoint_bytes=checkpoint_bytes(catalog, num_params),
        checkpoint_bandwidth=_bandwidth(catalog, count) if checkpoint_bandwidth is None else checkpoint_bandwidth,
        restart_time=_time(catalog, "restart_time") if restart_time is None else restart_time,
        detection_time=_time(catalog, "detection_time"),
        repair_time=_time(catalog, "repair_time"),
        replica_stall_time=_time(catalog, "replica_stall_time"),
        notes=failures.notes,
    )


def _time(catalog: Catalog, name: str) -> Seconds:
    time: Seconds = catalog.parameter(f"reliability.{name}", "s").value
    return time


def checkpoint_bytes(catalog: Catalog, num_params: Count) -> Bytes:
    """Compute the size of a checkpoint, in bytes.

    Parameters
    ----------
    catalog
        Source of the bytes per parameter.
    num_params
        Parameters of the model, all experts included.
    """
    size: Bytes = num_params * catalog.parameter("reliability.checkpoint_bytes_per_param", "B").value
    return size


def checkpoint_bandwidth(catalog: Catalog, num_devices: Count) -> BytesPerSecond:
    """Compute the storage bandwidth of a cluster, in bytes per second; it grows with the cluster.

    Parameters
    ----------
    catalog
        Source of the bandwidth per device.
    num_devices
        Devices of the cluster.
    """
    per_device = catalog.parameter("reliability.checkpoint_bandwidth_per_device", "B/s").value
    bandwidth: BytesPerSecond = num_devices * per_device
    return bandwidth


#: `conditions` has an argument of the same name.
_bandwidth = checkpoint_bandwidth
