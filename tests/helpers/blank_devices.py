"""A device and a rack of which nobody has published power or price, and which no prior reaches: it has no date."""

from pathlib import Path

from lindos.catalog import Catalog, load_catalog

TEXT = """
accelerators:
  blank-gpu:
    base: mi455x
    title: a device without a date
    launch_date: {value: null, note: not published}
    board_power: {value: null, note: not published}
    price: {value: null, note: not published}
systems:
  blank-rack:
    base: amd-helios
    title: a rack of devices without a date
    accelerator: blank-gpu
    power: {value: null, note: not published}
    price: {value: null, note: not published}
"""


def blank_file(folder: Path) -> Path:
    """Write the catalogue file of the device and the rack."""
    path = folder / "blank.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def blank_catalog(folder: Path) -> Catalog:
    """Load the catalogue with the device and the rack."""
    return load_catalog([blank_file(folder)])
