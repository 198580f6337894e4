"""The devices and the network of a run: those of the catalogue, changed as row and source state."""

from dataclasses import replace
from functools import lru_cache

from lindos.catalog import Catalog
from lindos.catalog.facts import Fact
from lindos.catalog.records import PRECISIONS, Accelerator, System
from lindos.errors import LindosError
from lindos.problem.cluster import Pool
from lindos.quantities import Real
from lindos.scenario.resolve import pool_from_system
from lindos.validation.refusal import NotPredictedError
from lindos.validation.run import Run
from lindos.validation.sources import Machine, Source, machine_of

#: System for a device of a family where the catalogue has no system with that device.
_FAMILY_SYSTEMS = {
    "ampere": "dgx-a100",
    "hopper": "hgx-h100",
    "blackwell": "dgx-b200",
    "rubin": "vera-rubin-nvl72",
    "ada": "l40s-node",
    "blackwell-rtx": "rtx-pro-6000-node",
    "cdna2": "mi250x-node",
    "cdna3": "mi300x-node",
    "cdna4": "mi355x-node",
    "cdna5": "amd-helios",
    "tpu": "tpu-v5p-pod",
    "trainium": "trainium2-ultraserver",
    "gaudi": "gaudi3-node",
    "ascend": "cloudmatrix-384",
}


def pool_of(run: Run, catalog: Catalog, num_devices: int) -> tuple[Pool, tuple[str, ...]]:
    """Build the pool of devices and network of a run.

    Parameters
    ----------
    run
        The run.
    catalog
        Catalogue with the accelerators and systems.
    num_devices
        Number of devices of the run.

    Returns
    -------
    pool : Pool
        Devices and network.
    filled : tuple of str
        What was filled in, in words.

    Raises
    ------
    NotPredictedError
        If the accelerator is not in the catalogue.
    """
    if not run.accelerator:
        raise NotPredictedError("the row names no accelerator")
    machine = _stated(run, machine_of(run))
    nic = run.nic_bandwidth or (machine.nic_bandwidth if machine else None)
    try:
        pool = _pool(catalog, run.accelerator, num_devices, run.scale_up_size, nic, machine)
    except LindosError as error:
        raise NotPredictedError("accelerator that the catalogue does not describe", str(error)) from None
    filled = [machine.why] if machine and machine.why else []
    if nic is None and num_devices > pool.tiers[0].size:
        filled.append(f"network of {pool.system.title}")
    return pool, tuple(filled)


def _stated(run: Run, machine: Machine | None) -> Machine | None:
    """The machine of a source, with the memory and the power limit that the row states."""
    if run.device_memory is None and run.power_limit is None:
        return machine
    base = machine or Machine(Source(()), run.accelerator, "")
    memory = base.memory if run.device_memory is None else run.device_memory
    return base._replace(memory=memory, board_power=base.board_power if run.power_limit is None else run.power_limit)


@lru_cache(maxsize=1024)
def _pool(
    catalog: Catalog,
    accelerator: str,
    num_devices: int,
    scale_up_size: int | None,
    nic: float | None,
    machine: Machine | None,
) -> Pool:
    device = catalog.accelerator(accelerator)
    system = _system(catalog, device)
    changed: dict[str, object] = {}
    if scale_up_size is not None:
        changed["scale_up_size"] = _replaced(system.scale_up_size, float(scale_up_size))
    elif system.accelerator != device.name and device.scale_up_size.is_known:
        changed["scale_up_size"] = device.scale_up_size
    if nic is not None:
        changed["nic_bandwidth"] = _replaced(system.nic_bandwidth, nic)
    system = replace(system, accelerator=device.name, **changed)  # type: ignore[arg-type]
    pool = pool_from_system(catalog, system, num_devices)
    return replace(pool, accelerator=_device(device, machine)) if machine else pool


def _system(catalog: Catalog, device: Accelerator) -> System:
    system = catalog.largest_system(device.name)
    if system is not None:
        return system
    return catalog.system(_FAMILY_SYSTEMS.get(device.family, device.family))


def _device(device: Accelerator, machine: Machine) -> Accelerator:
    """The device as the source runs it; its clock follows the cube root of its power limit over the usual one."""
    changed: dict[str, object] = {}
    if machine.memory is not None:
        changed["memory"] = _replaced(device.memory, machine.memory)
        changed["reported_memory"] = _replaced(device.reported_memory, machine.memory)
    if machine.memory_bandwidth is not None:
        changed["memory_bandwidth"] = _replaced(device.memory_bandwidth, machine.memory_bandwidth)
    if machine.board_power is not None and device.board_power.is_known:
        clock = (machine.board_power / device.board_power.value) ** (1 / 3)
        changed["board_power"] = _replaced(device.board_power, machine.board_power)
        for precision in (*PRECISIONS, "int8"):
            peak: Fact[Real] = getattr(device, f"peak_{precision}")
            if peak.is_known:
                changed[f"peak_{precision}"] = _replaced(peak, peak.value * clock)
    return replace(device, **changed)  # type: ignore[arg-type]


def _replaced(fact: Fact[Real], value: Real) -> Fact[Real]:
    return replace(fact, content=value, low=None, high=None, note="as the run's source states it")
