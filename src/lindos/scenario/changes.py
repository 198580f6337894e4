"""Other values of single fields: of a scenario, and of the catalogue after ``catalog.``."""

from collections.abc import Mapping
from typing import Any

from lindos.errors import InputError, InputErrors
from lindos.scenario.paths import field_at, with_values

#: Prefix of changes of the catalogue; all others change the scenario.
CATALOG = "catalog."


def divided(changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Divide changes into those of the scenario and those of the catalogue, without their prefix.

    >>> divided({"site.pue": 1.2, "catalog.systems.hgx-h100.price": "$200k"})
    ({'site.pue': 1.2}, {'systems.hgx-h100.price': '$200k'})

    Parameters
    ----------
    changes
        New values by dotted path.
    """
    values = {path: value for path, value in changes.items() if not path.startswith(CATALOG)}
    facts = {path.removeprefix(CATALOG): value for path, value in changes.items() if path.startswith(CATALOG)}
    return values, facts


def changed(data: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plain data of a scenario with other values at dotted paths, each of which must exist.

    Parameters
    ----------
    data
        Plain data of a scenario file; it is not changed.
    values
        New values by dotted path.

    Raises
    ------
    InputError
        If a scenario has no such field.
    """
    for path in values:
        field_at(path, path, None)
    return with_values(data, values)


def blame_changes(error: InputError, values: Mapping[str, Any]) -> None:
    """Name ``--set``, and no line of the file, in errors of values that were changed.

    Parameters
    ----------
    error
        Error of the changed scenario.
    values
        New values by dotted path.
    """
    for wrong in error.errors if isinstance(error, InputErrors) else (error,):
        if any(f"{wrong.path}.".startswith(f"{path}.") or f"{path}.".startswith(f"{wrong.path}.") for path in values):
            wrong.file, wrong.line = "--set", None
