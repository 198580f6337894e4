"""From the catalogue: how often devices fail, and what a checkpoint weighs and how fast it is written."""

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
#: The measured family that stands in for one without published rates: the nearest in time and build.
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
class Hazard:
    """How often one device stops a job, and what that rests on."""

    device_failure_rate: Annotated[PerSecond, Why("failures of any cause per device and time, mean over all devices")]
    generations: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def device_mtbf(self) -> Seconds:
        """Mean time between failures of one device."""
        return reliability.mean_time_between_failures(self.device_failure_rate)


def failure_rate(catalog: Catalog, name: str, observation: str = "") -> Hazard:
    """How often one device of a family fails.

    Parameters
    ----------
    catalog
        Where rates stand.
    name
        Family (``"hopper"``) or accelerator (``"h100-sxm"``). A family without published rates takes those of its
        nearest one, and ``notes`` says so.
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
    return Hazard(device_failure_rate=reliability.failure_rate(fact.value), generations=(generation,), notes=notes)


def hazard(catalog: Catalog, devices: Iterable[tuple[str, int]]) -> Hazard:
    """Mean failure rate of a job on several kinds of device, ``(family or accelerator, count)`` each.

    Raises
    ------
    InputError
        If there are no devices.
    """
    pools = [(failure_rate(catalog, name), count) for name, count in devices]
    total = sum(count for _, count in pools)
    if total < 1:
        raise InputError("devices", total, "at least one device")
    rate: Any = 0.0
    for pool, count in pools:
        rate = rate + reliability.job_failure_rate(float(count), pool.device_failure_rate)
    return Hazard(
        device_failure_rate=rate / total,
        generations=tuple(dict.fromkeys(g for pool, _ in pools for g in pool.generations)),
        notes=tuple(dict.fromkeys(note for pool, _ in pools for note in pool.notes)),
    )


def checkpoint_bytes(catalog: Catalog, num_params: Count) -> Bytes:
    """Size of a checkpoint of a model with ``num_params`` parameters, all experts included."""
    size: Bytes = num_params * catalog.parameter("reliability.checkpoint_bytes_per_param", "B").value
    return size


def checkpoint_bandwidth(catalog: Catalog, num_devices: Count) -> BytesPerSecond:
    """Storage bandwidth that comes with a cluster of ``num_devices``: grows with the cluster, as in practice."""
    bandwidth: BytesPerSecond = (
        num_devices * catalog.parameter("reliability.checkpoint_bandwidth_per_device", "B/s").value
    )
    return bandwidth
