"""Input errors from pydantic's: path, value, what it must be, how to fix it, line."""

import difflib
from collections.abc import Iterable, Mapping

from pydantic_core import ErrorDetails

from lindos.errors import InputError, UnitError
from lindos.scenario.not_modelled import not_modelled

_EXPECTED = {
    "model_type": "a mapping of fields",
    "model_attributes_type": "a mapping of fields",
    "list_type": "a list",
    "string_type": "a text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "too_short": "a list of at least one entry",
    "too_long": "a shorter list",
}


def input_error(
    detail: ErrorDetails, path: str, lines: Mapping[str, int], *, names: Iterable[str], owner: str
) -> InputError:
    """Translate one error of pydantic into an input error.

    Parameters
    ----------
    detail
        Error as pydantic reports it.
    path
        Dotted path to show, as the user wrote it.
    lines
        Line of each path in the file.
    names
        Known fields beside an unknown one.
    owner
        Owner of the fields: "a scenario", "a claim".
    """
    line = line_of(path, lines)
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, InputError):
        kind = UnitError if isinstance(cause, UnitError) else InputError
        return kind(path, cause.value, cause.expected, cause.hint, line)
    if detail["type"] == "extra_forbidden":
        listed = list(names)
        instead = not_modelled(path.rpartition(".")[2])
        if instead:
            return InputError(path, detail["input"], f"left out: unknown field of {owner}", instead, line)
        closest = difflib.get_close_matches(path.rpartition(".")[2], listed, n=1)
        hint = f"Did you mean {closest[0]}?" if closest else f"Known here: {', '.join(listed)}."
        return InputError(path, detail["input"], f"left out: unknown field of {owner}", hint, line)
    if detail["type"] == "missing":
        return InputError(path, None, "given", "Add it.", line)
    return InputError(path, detail["input"], _EXPECTED.get(detail["type"], detail["msg"].lower()), "", line)


def line_of(path: str, lines: Mapping[str, int]) -> int | None:
    """Return the line of a path, or of its nearest parent that has one.

    Parameters
    ----------
    path
        Dotted path in a file.
    lines
        Line of each path in the file.
    """
    while path and path not in lines:
        path = path.rpartition(".")[0]
    return lines.get(path)
