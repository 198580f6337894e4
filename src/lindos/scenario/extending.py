"""A scenario that extends another: its fields over those of the other, part by part."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lindos.errors import InputError

#: Scenarios that extend each other, at most.
_LONGEST = 10
#: Fields that name a file beside the scenario, if they end like this.
_FILES = {("catalog",): "", ("job", "model"): ".json", ("inference", "model"): ".json"}

#: Reads a scenario by name or path: plain data, lines and folder.
Reading = Callable[[str], tuple[Any, Mapping[str, int], Path | None]]


def extended(
    data: Any, folder: Path | None, read: Reading, line: int | None = None, chain: tuple[str, ...] = ()
) -> Any:
    """Return plain data over that of the scenario that it extends.

    Mappings are joined field by field; any other value, a list too, replaces the one below it, and an empty one
    removes it.

    Parameters
    ----------
    data
        Plain data of a scenario.
    folder
        Folder that a path in ``extends`` starts from; the current one if None.
    read
        Function that reads another scenario, without what that extends itself.
    line
        Line of ``extends`` in the file, for messages.
    chain
        Scenarios that extend each other down to this one.

    Raises
    ------
    InputError
        If there is no such scenario, or it extends itself.
    """
    if not isinstance(data, Mapping) or data.get("extends") is None:
        return data
    name = data["extends"]
    if not isinstance(name, str):
        raise InputError("extends", name, "a built-in name, or the path of a scenario file", "", line)
    base, base_folder, place = _base(name, folder, read, line)
    if place in chain or len(chain) >= _LONGEST:
        raise InputError("extends", name, "a scenario that does not extend this one", "", line)
    base = extended(base, base_folder, read, None, (*chain, place))
    if not isinstance(base, Mapping):
        raise InputError("extends", name, "a scenario file, which is a mapping of fields", "", line)
    upper = {key: value for key, value in data.items() if key != "extends"}
    return _joined(paths_from(base, base_folder, folder), upper)


def _base(name: str, folder: Path | None, read: Reading, line: int | None) -> tuple[Any, Path | None, str]:
    """Read the scenario below: a file beside this one, or a built-in one."""
    file = (folder or Path()) / name
    try:
        data, _, base_folder = read(str(file) if Path(name).suffix else name)
    except InputError as error:
        if error.path == "scenario":
            error.path, error.value, error.line = "extends", name, line
        raise
    return data, base_folder, os.path.realpath(file) if base_folder is not None else name


def _joined(base: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    joined = dict(base)
    for key, value in upper.items():
        below = joined.get(key)
        joined[key] = _joined(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return joined


def paths_from(data: Mapping[str, Any], start: Path | None, folder: Path | None) -> Mapping[str, Any]:
    """Write the paths of files in a scenario so that they start from another folder.

    Parameters
    ----------
    data
        Plain data of a scenario.
    start
        Folder that its paths start from; None if it has no file.
    folder
        Folder that they shall start from; the current one if None.
    """
    if start is None:
        return data
    written = dict(data)
    for keys, ending in _FILES.items():
        part: Any = written
        for key in keys[:-1]:
            part = part.get(key) if isinstance(part, Mapping) else None
        value = part.get(keys[-1]) if isinstance(part, Mapping) else None
        if isinstance(value, str) and value.endswith(ending):
            path = os.path.relpath(start / value, folder or Path())
            written[keys[0]] = path if len(keys) == 1 else {**part, keys[1]: path}
    return written
