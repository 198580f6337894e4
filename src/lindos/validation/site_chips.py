"""Chips of a site as tables write them, and the system of the catalogue that holds them."""

import re
from collections.abc import Mapping

from lindos.catalog import Catalog
from lindos.errors import InputError
from lindos.units import parse

_BETWEEN = re.compile(r"\s*(?:[+;&]|(?:\band\b|,(?=\s))\s*(?=\d))\s*", re.IGNORECASE)
_PART = re.compile(r"\s*(\d[\d,.]*\s*(?:k|M|thousand|million)?)\s*x?\s+(?:x\s+)?(\S.*?)\s*", re.IGNORECASE)
_MEMORY = re.compile(r"\b(\d+)\s*GB\b", re.IGNORECASE)
#: Words that tell no device from another: makers, what a device is, and the form in which a site buys it.
_PLAIN = re.compile(
    r"\b(nvidia|amd|google|aws|amazon|huawei|intel|instinct|radeon|cloud|gpus?|chips?|accelerators?|devices?|sxm\d?)\b|"
    r"\([^)]*\)",
    re.IGNORECASE,
)


def parts_of(text: str) -> tuple[tuple[str, float], ...]:
    """Read how many of which chips: ``28463 B200+25120 TPU v7``, ``100,000 H100, 50k H200``.

    Parameters
    ----------
    text
        Numbers of chips with their names.
    """
    parts = []
    for part in _BETWEEN.split(text):
        match = _PART.fullmatch(part)
        if match is None:
            raise InputError("chips", text, "numbers of chips with their names", "Write '28463 B200+25120 TPU v7'.")
        parts.append((match[2], parse(match[1], "1", "chips")))
    return tuple(parts)


def system_of_chips(text: str, table: Mapping[str, str], catalog: Catalog) -> str:
    """Get the id of the system that holds chips; the text itself if the catalogue has no such chip.

    Parameters
    ----------
    text
        Name of a chip, with or without its maker.
    table
        Systems by the names of chips for which the form that a site buys is known.
    catalog
        Accelerators with their aliases, and the systems that are built with them.
    """
    plain = " ".join(_PLAIN.sub(" ", text).split()).strip(" -,")
    known = {name.lower(): system for name, system in table.items()}
    for name in (text, plain):
        if system := known.get(name.lower()):
            return system
    joined = _MEMORY.sub(r"\1GB", plain)
    for name in (text, plain, plain.replace(" ", ""), joined, _MEMORY.sub("", plain).strip()):
        accelerator = catalog.record_id("accelerators", name)
        built = None if accelerator is None else catalog.largest_system(accelerator)
        if built is not None:
            return built.name
    return text
