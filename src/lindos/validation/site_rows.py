"""Published power of sites and supercomputers, read as typed rows.

Two kinds of file are known by their headers: sites with chips, IT and facility power, and machines of the TOP500 with
the mean power of their HPL run.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, TypeAlias

from lindos.errors import InputError, InputErrors
from lindos.quantities import Unit
from lindos.units import parse
from lindos.validation.site_chips import parts_of

#: One power in W and one amount in USD, plain numbers.
OnePower: TypeAlias = Annotated[float, Unit("W")]
OneAmount: TypeAlias = Annotated[float, Unit("USD")]
#: Files that ship.
SHIPPED = ("sites_2026.csv", "top500_power.csv")
#: Columns by which a file of each kind is known.
SITES = ("site", "chips", "pub_it_mw")
MACHINES = ("Name", "Computer", "Accelerator/Co-Processor", "gpus", "kw")
#: Kinds of rows, and how a count of devices came about.
SITE, MACHINE = "site", "machine"
DERIVED, DISCLOSED = "derived", "disclosed"
_MEGAWATT, _KILOWATT, _BILLION = 1e6, 1e3, 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRow:
    """A site or machine: how many of what, and the power that was published; None is not published."""

    name: str
    date: str
    kind: str  # SITE or MACHINE
    basis: str  # DERIVED: the count was computed from the power; DISCLOSED
    parts: tuple[tuple[str, float], ...]  # text of the devices, and their number
    it_power: OnePower | None  # of a machine the mean while HPL runs
    facility_power: OnePower | None = None
    capex: OneAmount | None = None


def is_site_file(data: bytes) -> bool:
    """Tell by the header whether a file holds published power of sites or machines.

    Parameters
    ----------
    data
        The file.
    """
    head = next(csv.reader(io.StringIO(data[:10_000].decode("utf-8-sig", "replace"))), [])
    return any(set(columns) <= set(head) for columns in (SITES, MACHINES))


def read_site_rows(path: Path | None = None) -> tuple[SiteRow, ...]:
    """Read a file of sites or machines.

    Parameters
    ----------
    path
        A CSV file; those that ship where left out.

    Raises
    ------
    InputErrors
        With every value that cannot be read, each with its line.
    """
    if path is not None:
        return parse_site_rows(path.read_bytes(), path.name)
    folder = files("lindos.validation")
    return tuple(row for name in SHIPPED for row in parse_site_rows(folder.joinpath(name).read_bytes(), name))


def parse_site_rows(data: bytes, name: str) -> tuple[SiteRow, ...]:
    """Read the rows of a file.

    Parameters
    ----------
    data
        The file.
    name
        Its name, for messages.

    Raises
    ------
    InputErrors
        With every value that cannot be read, each with its line.
    """
    reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
    read = _machine if set(MACHINES) <= set(reader.fieldnames or ()) else _site
    rows, errors = [], []
    for cells in reader:
        try:
            rows.append(read(cells))
        except InputError as error:
            error.line = reader.line_num
            errors.append(error)
    if errors:
        for wrong in errors:
            wrong.file = name
        raise InputErrors(errors)
    return tuple(rows)


def _number(cells: Mapping[str, str | None], column: str) -> float | None:
    text = (cells.get(column) or "").strip()
    return parse(text, "1", column) if text else None


def _scaled(cells: Mapping[str, str | None], column: str, unit: float) -> float | None:
    number = _number(cells, column)
    return None if number is None else number * unit


def _site(cells: Mapping[str, str | None]) -> SiteRow:
    basis = (cells.get("count_source") or "").strip()
    return SiteRow(
        name=(cells.get("site") or "").strip(),
        date=(cells.get("date") or "").strip(),
        kind=SITE,
        basis=DERIVED if basis in ("", "from power") else DISCLOSED,
        parts=parts_of(cells.get("chips") or ""),
        it_power=_scaled(cells, "pub_it_mw", _MEGAWATT),
        facility_power=_scaled(cells, "pub_fac_mw", _MEGAWATT),
        capex=_scaled(cells, "pub_capex", _BILLION),
    )


def _machine(cells: Mapping[str, str | None]) -> SiteRow:
    text = f"{cells.get('Computer') or ''} {cells.get('Accelerator/Co-Processor') or ''}"
    count = _number(cells, "gpus")
    if count is None:
        raise InputError("gpus", "", "the number of GPUs of the machine")
    return SiteRow(
        name=(cells.get("Name") or "").strip(),
        date=(cells.get("date") or "").strip(),
        kind=MACHINE,
        basis=DISCLOSED,
        parts=((text, count),),
        it_power=_scaled(cells, "kw", _KILOWATT),
    )
