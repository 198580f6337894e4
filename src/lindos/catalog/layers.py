"""Plain data of the catalogue in layers: the files that ship, and the user's files over them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, TypeAlias

from lindos.catalog.schema import DECLARED_KEYS, LEAF_KEYS, Declared, declared
from lindos.catalog.yaml_file import yaml_text
from lindos.errors import CatalogError, InputError, InputErrors

#: Plain data, the line of each path in it, and the name of the user's file; the name is empty for data that ships.
Layer: TypeAlias = tuple[Any, Mapping[str, int], str]

#: Kinds whose data may stand in several files, one for each topic.
_BY_TOPIC = ("parameters", "sources", "kernels", "fabrics", "models", "sites", "observations")


@cache
def shipped_data(kind: str) -> dict[str, Any]:
    """Read the shipped files of a kind into plain data; topics of parameters and sources are merged.

    Parameters
    ----------
    kind
        Kind of record, such as ``"systems"``; the files are named after it.
    """
    merged: dict[str, Any] = {}
    for entry in _shipped_files().get(kind, ()):
        _merge(merged, yaml_text(entry.read_text(encoding="utf-8")) or {}, entry.name)
    return merged


@cache
def _shipped_files() -> dict[str, list[Traversable]]:
    """List the shipped files by kind, in the order of their names."""
    kinds: dict[str, list[Traversable]] = {}
    for entry in sorted(files("lindos.catalog").joinpath("data").iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            stem = entry.name.removesuffix(".yaml")
            kind = stem.split("_")[0] if stem.split("_")[0] in _BY_TOPIC else stem
            kinds.setdefault(kind, []).append(entry)
    return kinds


@cache
def declarations() -> dict[str, Declared]:
    """Read the unit and bounds of every shipped parameter, by its dotted name."""
    return {name: declared(f"parameters.{name}", leaf) for name, leaf in leaves_of(shipped_data("parameters"), "", {})}


def _merge(merged: dict[str, Any], data: Mapping[str, Any], origin: str) -> None:
    for key, value in data.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, Mapping) and not LEAF_KEYS & set(value) and "title" not in value:
            _merge(old, value, origin)
        elif old is not None and old != value:
            raise CatalogError(f"{origin}: {key} is given twice with different content")
        else:
            merged[key] = value


def leaves_of(data: Mapping[str, Any], prefix: str, names: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the dotted name and the content of every parameter of a file.

    Parameters
    ----------
    data
        Nested mappings of the file.
    prefix
        Dotted name of ``data`` itself; empty for the whole file.
    names
        Names of parameters in earlier layers; a key with such a name is a parameter, whatever its content.
    """
    for key, value in data.items():
        path = f"{prefix}.{key}" if prefix else str(key)
        group = isinstance(value, Mapping) and not (value and set(value) <= LEAF_KEYS | DECLARED_KEYS)
        if group and path not in names and "value" not in value:
            yield from leaves_of(value, path, names)
        else:
            yield path, {"value": None} if value is None else value


def raise_together(errors: Sequence[InputError], file: str) -> None:
    """Raise all mistakes of a file as one error, in the order of its lines; return if there are none.

    Parameters
    ----------
    errors
        The mistakes.
    file
        Name of the user's file. Empty for shipped data, where a mistake is a bug of Lindos and raises CatalogError.
    """
    if not errors:
        return
    if not file:
        raise CatalogError("\n".join(str(error) for error in errors))
    for error in errors:
        error.file = error.file or file
    distinct = {(error.file, error.line, error.path, error.expected): error for error in errors}
    ordered = sorted(distinct.values(), key=lambda error: (error.file, error.line or 0))
    raise ordered[0] if len(ordered) == 1 else InputErrors(ordered)
