"""Peaks of a supercomputer in the precisions that the TOP500 does not list."""

from dataclasses import replace

from lindos.catalog import Catalog
from lindos.catalog.facts import Fact
from lindos.catalog.records import Supercomputer
from lindos.quantities import Real


def machine_peak(catalog: Catalog, machine: Supercomputer, precision: str) -> Fact[Real]:
    """Compute the dense peak of a supercomputer from its devices, in FLOP/s; unknown if it has none that is known.

    Parameters
    ----------
    catalog
        Source of the devices.
    machine
        The supercomputer.
    precision
        Name of the number format.
    """
    if not machine.accelerator or not machine.num_devices.is_known:
        return replace(machine.num_devices, content=None, unit="FLOP/s")
    peak = catalog.accelerator(machine.accelerator).peak(precision)
    if not peak.is_known:
        return peak
    rate = float(machine.num_devices.value) * float(peak.value)
    sources = tuple(dict.fromkeys((*machine.num_devices.sources, *peak.sources)))
    return replace(peak, content=rate, low=None, high=None, sources=sources)
