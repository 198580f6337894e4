"""Values of a user's catalogue files that no answer has read, so that none is ignored silently.

A fact counts as read if its value was read; a plain field, such as the layers of a model, if its record was looked up.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, NamedTuple

from lindos.catalog.facts import Fact

if TYPE_CHECKING:
    from lindos.catalog.layers import Layer
    from lindos.catalog.load import Catalog

#: Fields that describe a record and change no number.
_WORDS = frozenset({"base", "aliases", "title", "name", "sources", "note", "unsupported"})
#: Fields of a device, each with the field of its node or rack that counts instead.
_COUNTS_IN_SYSTEM = {"price": "price", "board_power": "power", "scale_up_size": "scale_up_size"}
#: Number of values of a file that are named; further values are counted.
_MOST_NAMED = 8


class _Entry(NamedTuple):
    """A value of a user's file that nothing has read, with its line."""

    path: str
    line: int | None
    remedy: str = ""
    reason: str = "nothing reads it"


def unread(catalog: "Catalog", layers: Sequence["Layer"], paths: Set[str]) -> tuple[str, ...]:
    """List the values of the user's files that nothing has read, in sentences.

    A value that the value of another field overrides gets its own sentence; all other values of a file share one.

    Parameters
    ----------
    catalog
        The catalogue.
    layers
        The user's files.
    paths
        Paths of the facts and records that were read.
    """
    sentences: list[str] = []
    for number, (data, lines, file) in enumerate(layers):
        entries = [
            entry._replace(line=_line(entry.path, lines))
            for entry in _entries(catalog, data, paths)
            if not any(_holds(later, entry.path) for later, _, _ in layers[number + 1 :])
        ]
        sentences += [
            f"{file}{_place(e.line)}: {e.path} is given, but {e.reason}: {e.remedy}" for e in entries if e.remedy
        ]
        remaining = [entry for entry in entries if not entry.remedy]
        if remaining:
            named = ", ".join(f"{entry.path}{_in_brackets(entry.line)}" for entry in remaining[:_MOST_NAMED])
            suffix = f" and {len(remaining) - _MOST_NAMED} more" if len(remaining) > _MOST_NAMED else ""
            sentences.append(f"{file}: nothing in this answer reads {named}{suffix}.")
    return tuple(sentences)


def _entries(catalog: "Catalog", data: Mapping[str, Any], paths: Set[str]) -> Iterator[_Entry]:
    for kind, body in data.items():
        if kind == "sources" or not isinstance(body, Mapping):
            continue
        if kind == "parameters":
            yield from (
                _Entry(f"parameters.{name}", None)
                for name in catalog.names("parameters")
                if _holds(data, f"parameters.{name}") and f"parameters.{name}" not in paths
            )
            continue
        for name, fields in body.items():
            yield from _entries_of_record(catalog, kind, str(name), fields or {}, paths)


def _entries_of_record(
    catalog: "Catalog", kind: str, name: str, fields: Mapping[str, Any], paths: Set[str]
) -> Iterator[_Entry]:
    record_id = str(catalog.record_id(kind, name))
    is_used = f"{kind}.{record_id}" in paths
    record = catalog.records(kind)[record_id]
    unused = [
        _Entry(f"{kind}.{name}.{field}", None, _remedy(catalog, kind, record_id, field, paths))
        for field in fields
        if field not in _WORDS and (f"{kind}.{name}.{field}" not in paths if _is_number(record, field) else not is_used)
    ]
    yield from _read_elsewhere(catalog, kind, name, fields, paths)
    if is_used or any(entry.remedy for entry in unused) or len(unused) < len(set(fields) - _WORDS):
        yield from unused
    else:
        yield _Entry(f"{kind}.{name}", None)


def _read_elsewhere(
    catalog: "Catalog", kind: str, name: str, fields: Mapping[str, Any], paths: Set[str]
) -> Iterator[_Entry]:
    """Yield fields of a device that other floors read, while the site counts that of the node or rack."""
    record_id = str(catalog.record_id(kind, name))
    for field in fields:
        if f"{kind}.{name}.{field}" in paths and (remedy := _remedy(catalog, kind, record_id, field, paths)):
            yield _Entry(f"{kind}.{name}.{field}", None, remedy, "the site does not read it")


def _place(line: int | None) -> str:
    return "" if line is None else f" line {line}"


def _in_brackets(line: int | None) -> str:
    return "" if line is None else f" (line {line})"


def _is_number(record: Any, field: str) -> bool:
    """Whether a field is a sourced number, each use of which is noted."""
    fact = getattr(record, field)
    return isinstance(fact, Fact) and bool(fact.unit)


def _remedy(catalog: "Catalog", kind: str, device: str, field: str, paths: Set[str]) -> str:
    """Name the value that counts in place of a device's, where the device is in a system that is used."""
    if kind != "accelerators" or field not in _COUNTS_IN_SYSTEM:
        return ""
    counted = _COUNTS_IN_SYSTEM[field]
    used = [path.partition(".")[2] for path in sorted(paths) if path.startswith("systems.") and path.count(".") == 1]
    systems = [name for name in used if catalog.accelerator(catalog.system(name).accelerator).name == device]
    if not systems:
        return ""
    named = ", ".join(f"systems.{name}.{counted}" for name in systems)
    return f"the {counted.replace('_', ' ')} of {' and '.join(systems)} ({named}) counts."


def _holds(data: Any, path: str) -> bool:
    """Whether plain data has a value at a dotted path; names may contain dots."""
    if not path:
        return True
    if not isinstance(data, Mapping):
        return False
    return any(
        _holds(value, path[len(str(key)) + 1 :]) for key, value in data.items() if f"{path}.".startswith(f"{key}.")
    )


def _line(path: str, lines: Mapping[str, int]) -> int | None:
    while path and path not in lines:
        path = path.rpartition(".")[0]
    return lines.get(path)
