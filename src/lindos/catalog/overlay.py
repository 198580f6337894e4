"""A user's own files over the shipped catalogue: every mistake in them is reported at once, each with its line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lindos.catalog.load import KINDS, Catalog, Layer, raise_together, shipped_catalog
from lindos.catalog.schema import Reader
from lindos.catalog.yaml_file import read_yaml
from lindos.errors import InputError, InputErrors, UnknownNameError

#: Fields that name a record of another kind.
REFERENCES: Mapping[str, Mapping[str, str]] = {
    "accelerators": {"family": "kernels", "kernels": "kernels"},
    "systems": {"accelerator": "accelerators", "fabric": "fabrics", "scale_up_fabric": "fabrics"},
    "cloud_prices": {"accelerator": "accelerators"},
    "sites": {"operator": "companies"},
    "observations": {"site": "sites"},
}


def load_catalog(overlays: Sequence[Path] = ()) -> Catalog:
    """The shipped catalogue under the user's own files, later ones on top; checked whole where a file is the user's.

    Raises
    ------
    InputError
        With every wrong value of the files, each with its line.
    """
    if not overlays:
        return shipped_catalog()
    read = [_overlay(Path(path)) for path in overlays]
    catalog = Catalog(read)
    raise_together(list(_own_errors(catalog, read)), own="catalogue")
    return catalog


def with_values(catalog: Catalog, values: Mapping[str, object]) -> Catalog:
    """Get a catalogue with other values of single facts; checked as a user's file is.

    Parameters
    ----------
    catalog
        What is changed.
    values
        New values by path: ``{"systems.gb300-nvl72.price": "$3.5M"}``, ``{"parameters.trends.world_growth": "2"}``.

    Raises
    ------
    InputError
        With every path that leads nowhere and every wrong value.

    Examples
    --------
    >>> cheap = with_values(load_catalog(), {"systems.hgx-h100.price": "$200k"})
    >>> cheap.system("hgx-h100").price.value
    200000.0
    """
    data: dict[str, Any] = {}
    for path, value in values.items():
        kind, _, rest = path.partition(".")
        name, _, field = rest.rpartition(".")
        if kind == "parameters":
            data.setdefault(kind, {})[rest] = value
        elif kind not in KINDS:
            raise UnknownNameError(f"catalog.{path}", kind, [*KINDS, "parameters"])
        elif not name:
            raise InputError(f"catalog.{path}", value, "a field of an entry", f"Write catalog.{kind}.NAME.FIELD=VALUE.")
        else:
            data.setdefault(kind, {}).setdefault(name, {})[field] = value
    layer: Layer = (data, {}, "--set")
    changed = Catalog([*catalog.layers, layer])
    raise_together(list(_own_errors(changed, [layer])), own="--set")
    return changed


def _overlay(path: Path) -> Layer:
    """Plain data of a user's file, by kind."""
    data, lines = read_yaml(path, "catalog")
    if data is None:
        return {}, lines, path.name
    if not isinstance(data, Mapping):
        expected = "a mapping of kinds such as accelerators to records"
        raise_together([InputError("catalog", data, expected, "", lines.get(""))], own=path.name)
    allowed = [*KINDS, "parameters", "sources"]
    unknown = [
        UnknownNameError("catalog", str(key), allowed, lines.get(str(key))) for key in data if key not in allowed
    ]
    raise_together(unknown, own=path.name)
    return data, lines, path.name


def _own_errors(catalog: Catalog, read: Sequence[Layer]) -> Iterator[InputError]:
    """Everything wrong in a user's files: values first, then names that lead nowhere."""
    kinds = [kind for kind in (*KINDS, "parameters") if any(data.get(kind) is not None for data, _, _ in read)]
    try:
        catalog.names("sources")
    except InputError as error:
        yield from _each(error)
        return
    sound = []
    for kind in kinds:
        try:
            catalog.names(kind)
            sound.append(kind)
        except InputError as error:
            yield from _each(error)
    if "parameters" in sound:
        for name, (_, lines, own) in catalog._parameter_leaves().items():
            if own:
                yield from _in_file(own, _own_parameter_errors(catalog, name, lines))
    for data, lines, own in read:
        for kind in set(sound) & set(REFERENCES) & set(data):
            for name in data[kind] or ():
                record = catalog._records[kind][str(catalog._id(kind, str(name)))]
                yield from _in_file(own, reference_errors(catalog, f"{kind}.{name}", record, lines))


def _own_parameter_errors(catalog: Catalog, name: str, lines: Mapping[str, int]) -> Iterator[InputError]:
    """A user's parameter must be one that is read, and measure what the shipped one of that name does."""
    shipped = shipped_catalog()
    if name not in shipped._parameter_leaves():
        line = Reader(lambda _: True, lines, own="").line(f"parameters.{name}")
        yield UnknownNameError("parameters", name, shipped.names("parameters"), line)
        return
    try:
        catalog.parameter(name, shipped.declared(name).unit)
    except InputError as error:
        yield from _each(error)


def reference_errors(catalog: Catalog, path: str, record: Any, lines: Mapping[str, int]) -> Iterator[InputError]:
    """Fields of ``record`` that name what the catalogue does not have."""
    for field, kind in REFERENCES[path.partition(".")[0]].items():
        name = getattr(record, field)
        if not name:
            continue
        try:
            found = catalog._id(kind, name)
        except InputError:  # that kind is itself wrong, and reported
            continue
        if found is None:
            yield UnknownNameError(f"{path}.{field}", name, catalog.names(kind), lines.get(f"{path}.{field}"))


def _in_file(own: str, errors: Iterable[InputError]) -> Iterator[InputError]:
    for error in errors:
        error.file = own
        yield error


def _each(error: InputError) -> Sequence[InputError]:
    return error.errors if isinstance(error, InputErrors) else (error,)
