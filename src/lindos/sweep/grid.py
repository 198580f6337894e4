"""Read the file of a sweep; all its mistakes are reported together, each with its line."""

from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

from lindos.catalog import load_catalog
from lindos.catalog.layers import raise_together
from lindos.catalog.overlay import with_values as with_facts
from lindos.catalog.yaml_file import read_yaml
from lindos.errors import InputError, InputErrors, LindosError, UnknownNameError
from lindos.scenario.changes import changed, divided
from lindos.scenario.paths import with_values
from lindos.scenario.read import builtin_names, fields_from, read_plain, scenario_from
from lindos.scenario.schema import Scenario
from lindos.scenario.sections import SECTIONS, requested_sections
from lindos.sweep.design import Sweep
from lindos.sweep.reading import Reader

_PARTS = ("scenario", "ask", "grid", "sample")


def read_sweep(path: Path, catalogs: Sequence[Path] = (), changes: Mapping[str, Any] | None = None) -> Sweep:
    """Read the sweep that a file describes; its base scenario and each swept value are checked.

    Parameters
    ----------
    path
        YAML file with ``scenario``, and ``grid`` or ``sample`` or both.
    catalogs
        The user's own catalogue files, later ones on top.
    changes
        Other values for all scenarios, by dotted path of the base, or of the catalogue after ``catalog.``.

    Raises
    ------
    InputError
        With every mistake of the file, each with its line.
    """
    data, lines = read_yaml(path, "sweep")
    reader = Reader(path, lines)
    data = reader.mapping(data, "sweep", "a mapping of fields: scenario, and grid or sample")
    reader.finish()
    reader.check_keys(data, _PARTS, "")
    swept = _swept(reader, data)
    base, base_lines, folder = _base(reader, data.get("scenario"))
    reader.finish()
    values, facts = divided(changes or {})
    _refuse_swept(values, swept)
    base = changed(base, values)
    common = {"name": path.stem, "base_name": data["scenario"], "base": base, "folder": folder, **swept}
    first = _first(reader, Sweep(**common, catalog=load_catalog(), sections=()), base_lines)
    sections = _sections(reader, data.get("ask"), requested_sections(first))
    reader.finish()
    layers = [folder / first.catalog] if folder is not None and first.catalog else []
    catalog = load_catalog([*layers, *catalogs])
    return Sweep(**common, catalog=with_facts(catalog, facts) if facts else catalog, sections=sections)


def _refuse_swept(values: Mapping[str, Any], swept: Mapping[str, Any]) -> None:
    """Refuse another value of a field that the sweep varies: it would never count."""
    for part in (*swept["grid"], *swept["sample"]):
        for path, value in values.items():
            if f"{path}.".startswith(f"{part.field.path}.") or f"{part.field.path}.".startswith(f"{path}."):
                hint = f"The sweep varies {part.field.path}."
                raise InputError("--set", f"{path}={value}", "left out", hint)


def _swept(reader: Reader, data: Mapping[str, Any]) -> dict[str, Any]:
    """Read grid and sample, and check the number of scenarios."""
    grid = reader.grid(data.get("grid", {}))
    sample, count, seed = reader.sample(data.get("sample"))
    paths = [(listed.field.path, f"grid.{listed.field.path}") for listed in grid]
    reader.overlaps([*paths, *((drawn.field.path, f"sample.fields.{drawn.field.path}") for drawn in sample)])
    reader.size(prod(len(listed.values) for listed in grid) * count if grid or sample else 0)
    return {"grid": grid, "sample": sample, "count": count, "seed": seed}


def _base(reader: Reader, name: object) -> tuple[Mapping[str, Any], Mapping[str, int], Path | None]:
    """Return the plain data of the base scenario, its lines, and its folder."""
    if not isinstance(name, str):
        reader.wrong("scenario", name, "a built-in name, or the path of a scenario file")
        return {}, {}, None
    try:
        data, lines, folder = read_plain(name if name in builtin_names() else str(reader.path.parent / name))
    except InputError as error:
        if error.path == "scenario":
            error = UnknownNameError("scenario", name, builtin_names(), reader.line("scenario"))
            error.hint = error.hint or "Or give the path of a file, from the folder of this one."
        reader.errors.append(error)
        return {}, {}, None
    if not isinstance(data, Mapping):
        reader.wrong("scenario", name, "a scenario file, which is a mapping of fields")
        return {}, {}, None
    return data, lines, folder


def _first(reader: Reader, sweep: Sweep, base_lines: Mapping[str, int]) -> Scenario:
    """Return the first scenario with each field checked; contradictions between fields show in its row of the table."""
    try:
        data = with_values(sweep.base, sweep.overrides(0))
        return scenario_from(data)
    except LindosError:
        _check_base(sweep, base_lines)
    try:
        data = with_values(sweep.base, sweep.overrides(0))
        return fields_from(data)
    except InputError as error:
        raise_together(_errors_of(error), reader.path.name)
        raise


def _check_base(sweep: Sweep, lines: Mapping[str, int]) -> None:
    """Report errors of the base itself; called if the first scenario is wrong."""
    try:
        scenario_from(sweep.base, lines)
    except InputError as error:
        raise_together(_errors_of(error), sweep.base_name)


def _errors_of(error: InputError) -> Sequence[InputError]:
    return error.errors if isinstance(error, InputErrors) else (error,)


def _sections(reader: Reader, names: object, available: Sequence[str]) -> tuple[str, ...]:
    """Return the sections to answer, in the order in which they are shown."""
    if names is None:
        return tuple(available)
    if not isinstance(names, list) or not names:
        reader.wrong("ask", names, "a list of sections, such as [step, site]")
        return ()
    for index, name in enumerate(names):
        place = f"ask.{index}"
        if not isinstance(name, str) or name not in SECTIONS:
            reader.errors.append(UnknownNameError(place, str(name), SECTIONS, reader.line(place)))
        elif name not in available:
            reader.wrong(place, name, f"a section that the scenario asks: {', '.join(available)}")
    return tuple(name for name in available if name in names)
