"""Records of the catalogue that belong together."""

from lindos.catalog.load import Catalog
from lindos.catalog.records import System
from lindos.errors import UnknownNameError


def system_with(catalog: Catalog, accelerator: str) -> System | None:
    """Get the system with the most devices that is built with a device, the form in which it is usually bought.

    The first by name where several are as large; None where there is none.

    Parameters
    ----------
    catalog
        The catalogue.
    accelerator
        Name of the device.
    """
    try:
        name = catalog.accelerator(accelerator).name
    except UnknownNameError:
        return None
    systems = (catalog.system(system) for system in catalog.names("systems"))
    built = [system for system in systems if catalog.accelerator(system.accelerator).name == name]
    return max(built, key=lambda system: float(system.num_devices.content or 0), default=None)
