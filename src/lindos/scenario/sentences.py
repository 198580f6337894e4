"""What pydantic found wrong, as our own input errors: path, value, what it must be, how to fix it, line."""

import difflib
from collections.abc import Iterable, Mapping

from pydantic_core import ErrorDetails

from lindos.errors import InputError, UnitError

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
    detail: ErrorDetails, path: str, lines: Mapping[str, int], *, known: Iterable[str], owner: str
) -> InputError:
    """One mistake as a sentence.

    Parameters
    ----------
    detail
        As pydantic reports it.
    path
        Dotted path to show, as the user wrote it.
    lines
        Line of each path in the file.
    known
        Fields that exist where an unknown one stands.
    owner
        What the fields belong to: "a scenario", "a claim".
    """
    line = line_of(path, lines)
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, InputError):
        kind = UnitError if isinstance(cause, UnitError) else InputError
        return kind(path, cause.value, cause.expected, cause.hint, line)
    if detail["type"] == "extra_forbidden":
        names = list(known)
        near = difflib.get_close_matches(path.rpartition(".")[2], names, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(names)}."
        return InputError(path, detail["input"], f"left out: it is not a field of {owner}", hint, line)
    if detail["type"] == "missing":
        return InputError(path, None, "given", "Add it.", line)
    return InputError(path, detail["input"], _EXPECTED.get(detail["type"], detail["msg"].lower()), "", line)


def line_of(path: str, lines: Mapping[str, int]) -> int | None:
    """Line of a path, or of what holds it."""
    while path and path not in lines:
        path = path.rpartition(".")[0]
    return lines.get(path)
