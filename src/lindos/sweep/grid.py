"""From a sweep's file to its scenarios; every mistake in it is reported at once, each with its line."""

from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

from lindos.answers.scenario import SECTION_NAMES, requested_sections
from lindos.catalog import load_catalog
from lindos.catalog.layers import raise_together
from lindos.catalog.yaml_file import read_yaml
from lindos.errors import InputError, InputErrors, LindosError, UnknownNameError
from lindos.scenario.paths import with_values
from lindos.scenario.read import builtin_names, fields_from, read_plain, scenario_from
from lindos.scenario.schema import Scenario
from lindos.sweep.design import Sweep
from lindos.sweep.reading import Reader

_PARTS = ("scenario", "ask", "grid", "sample")


def read_sweep(path: Path, catalogs: Sequence[Path] = ()) -> Sweep:
    """The sweep that a file describes, its base scenario read and every value checked by itself.

    Parameters
    ----------
    path
        YAML file with ``scenario``, and ``grid`` or ``sample`` or both.
    catalogs
        The user's own catalogue files, later ones on top.

    Raises
    ------
    InputError
        With every mistake of the file, each with its line.
    """
    data, lines = read_yaml(path, "sweep")
    reader = Reader(path, lines)
    data = reader.mapping(data, "sweep", "a mapping of fields: scenario, and grid or sample")
    reader.finish()
    reader.known(data, _PARTS, "")
    swept = _swept(reader, data)
    base, base_lines, folder = _base(reader, data.get("scenario"))
    reader.finish()
    common = {"name": path.stem, "base_name": data["scenario"], "base": base, "folder": folder, **swept}
    first = _first(reader, Sweep(**common, catalog=load_catalog(), sections=()), base_lines)
    sections = _sections(reader, data.get("ask"), requested_sections(first))
    reader.finish()
    own = [folder / first.catalog] if folder is not None and first.catalog else []
    return Sweep(**common, catalog=load_catalog([*own, *catalogs]), sections=sections)


def _swept(reader: Reader, data: Mapping[str, Any]) -> dict[str, Any]:
    """Grid and sample, their number of scenarios checked."""
    grid = reader.grid(data.get("grid", {}))
    sample, count, seed = reader.sample(data.get("sample"))
    paths = [(listed.field.path, f"grid.{listed.field.path}") for listed in grid]
    reader.overlaps([*paths, *((drawn.field.path, f"sample.fields.{drawn.field.path}") for drawn in sample)])
    reader.size(prod(len(listed.values) for listed in grid) * count if grid or sample else 0)
    return {"grid": grid, "sample": sample, "count": count, "seed": seed}


def _base(reader: Reader, name: object) -> tuple[Mapping[str, Any], Mapping[str, int], Path | None]:
    """Plain data of the base scenario, its lines, and its folder."""
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
    """The first scenario, sound field by field; what its parts contradict is a matter of its row alone."""
    try:
        data = with_values(sweep.base, sweep.overrides(0))
        return scenario_from(data)
    except LindosError:
        _check_base(sweep, base_lines)
    try:
        data = with_values(sweep.base, sweep.overrides(0))
        return fields_from(data)
    except InputError as error:
        raise_together(_each(error), reader.path.name)
        raise


def _check_base(sweep: Sweep, lines: Mapping[str, int]) -> None:
    """Say what is wrong with the base where the first scenario is wrong as well."""
    try:
        scenario_from(sweep.base, lines)
    except InputError as error:
        raise_together(_each(error), sweep.base_name)


def _each(error: InputError) -> Sequence[InputError]:
    return error.errors if isinstance(error, InputErrors) else (error,)


def _sections(reader: Reader, names: object, there: Sequence[str]) -> tuple[str, ...]:
    """Sections to answer, in the order they are shown."""
    if names is None:
        return tuple(there)
    if not isinstance(names, list) or not names:
        reader.wrong("ask", names, "a list of sections, such as [step, site]")
        return ()
    for at, name in enumerate(names):
        where = f"ask.{at}"
        if not isinstance(name, str) or name not in SECTION_NAMES:
            reader.errors.append(UnknownNameError(where, str(name), SECTION_NAMES, reader.line(where)))
        elif name not in there:
            reader.wrong(where, name, f"a section that the scenario asks: {', '.join(there)}")
    return tuple(name for name in there if name in names)
