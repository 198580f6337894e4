"""Devices, kernels and software of serving, read from the catalogue."""

from dataclasses import fields
from functools import cache
from typing import get_type_hints

from lindos.catalog import Catalog
from lindos.catalog.records import Accelerator
from lindos.errors import UnknownValueError
from lindos.fleet.closed_loop import Machine
from lindos.fleet.rates import Kernels, Rates, Software
from lindos.quantities import Real, Unit

#: Serving software with a fitted profile.
SOFTWARE = ("vllm", "sglang", "trtllm")
#: Families of devices whose kernels are fitted; others have the shapes of their mean.
FAMILIES = ("hopper", "blackwell")


def rates_of(catalog: Catalog, device: Accelerator) -> Rates:
    """Read the attainable rates of a device in its system.

    Parameters
    ----------
    catalog
        Systems, networks and kernels.
    device
        The device.

    Raises
    ------
    UnknownValueError
        If something that every answer needs is unknown.
    """
    system = catalog.largest_system(device.name)
    kernels = catalog.kernels_of(device)

    def rate(precision: str) -> Real:
        peak, share = device.peak(precision), kernels.matmul(precision)
        return peak.value * share.value if peak.is_known and share.is_known else 0.0

    if system is None:
        raise UnknownValueError(f"systems.{device.name}", "no node or rack of it is known")
    inner, outer = catalog.fabric(system.scale_up_fabric), catalog.fabric(system.fabric)
    return Rates(
        memory=device.usable_memory.value,
        bandwidth=device.memory_bandwidth.value,
        bf16=device.peak_bf16.value * kernels.matmul("bf16").value,
        fp8=rate("fp8"),
        fp4=rate("nvfp4"),
        inner_bandwidth=device.scale_up_bandwidth.value * inner.efficiency.value,
        outer_bandwidth=system.nic_bandwidth.value * outer.efficiency.value,
        domain=device.scale_up_size.value,
        launch=kernels.launch_latency.value,
    )


def kernels_of(catalog: Catalog, family: str) -> Kernels:
    """Read the shapes of serving kernels of a family of devices.

    Parameters
    ----------
    catalog
        Catalogue with the parameters ``serving_kernels_*``.
    family
        Family of the device; one that was not measured has the mean of those that were.
    """
    topic = f"serving_kernels_{family if family in FAMILIES else 'mean'}"
    return Kernels(**_values(catalog, topic, Kernels))


def software_of(catalog: Catalog, name: str) -> Software:
    """Read the profile of a serving software.

    Parameters
    ----------
    catalog
        Catalogue with the parameters ``serving_NAME``.
    name
        One of `SOFTWARE`.
    """
    return Software(**_values(catalog, f"serving_{name}", Software))


def _values(catalog: Catalog, topic: str, record: type) -> dict[str, Real]:
    names = [field.name for field in fields(record)]
    return {name: catalog.parameter(f"{topic}.{name}", unit_of(record, name)).value for name in names}


def unit_of(record: type, name: str) -> str:
    """Get the unit of a number of :class:`Kernels` or :class:`Software`.

    Parameters
    ----------
    record
        The class.
    name
        Name of the field.
    """
    return _units(record)[name]


@cache
def _units(record: type) -> dict[str, str]:
    """Read the units of all numbers of a class from its annotations."""
    notes = {
        name: getattr(hint, "__metadata__", ()) for name, hint in get_type_hints(record, include_extras=True).items()
    }
    return {
        name: next((note.symbol for note in listed if isinstance(note, Unit)), "1") for name, listed in notes.items()
    }


def machine_of(catalog: Catalog, device: Accelerator, software: str) -> Machine:
    """Read what an engine on a device is made of.

    Parameters
    ----------
    catalog
        Catalogue with devices and fitted profiles.
    device
        The device.
    software
        One of `SOFTWARE`.
    """
    return Machine(
        rates=rates_of(catalog, device),
        kernels=kernels_of(catalog, device.family),
        software=software_of(catalog, software),
        memory_share=catalog.parameter("inference.memory_fraction", "1").value,
        slower=catalog.parameter("serving_interval.error", "1").value,
    )
