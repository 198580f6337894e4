"""Records of the catalogue that belong together."""

from lindos.catalog.load import Catalog
from lindos.catalog.records import System
from lindos.errors import UnknownNameError


def system_with(catalog: Catalog, accelerator: str) -> System | None:
    """Get the first system of the catalogue that is built with a device; None where there is none.

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
    return next((system for system in systems if catalog.accelerator(system.accelerator).name == name), None)
