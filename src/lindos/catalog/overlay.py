"""The user's files over the shipped catalogue: all their mistakes are reported together, each with its line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lindos.catalog.layers import Layer, raise_together
from lindos.catalog.load import Catalog, shipped_catalog
from lindos.catalog.schema import Reader
from lindos.catalog.store import KINDS
from lindos.catalog.yaml_file import read_yaml
from lindos.currencies import Conversion, exchange
from lindos.errors import InputError, InputErrors, UnknownNameError

#: Fields that name a record of another kind.
REFERENCES: Mapping[str, Mapping[str, str]] = {
    "accelerators": {"family": "kernels", "kernels": "kernels"},
    "systems": {"accelerator": "accelerators", "fabric": "fabrics", "scale_up_fabric": "fabrics"},
    "cloud_prices": {"accelerator": "accelerators"},
    "sites": {"operator": "companies", "country": "locations"},
    "supercomputers": {"accelerator": "accelerators"},
    "observations": {"site": "sites"},
    "leases": {"lessor": "companies", "lessee": "companies", "site": "sites"},
    "token_prices": {"provider": "companies", "weights": "models"},
    "regional_prices": {"accelerator": "accelerators", "country": "locations"},
}


def load_catalog(overlays: Sequence[Path] = ()) -> Catalog:
    """Load the shipped catalogue, under the user's files.

    Parameters
    ----------
    overlays
        Catalogue files; later ones override earlier ones. All of their values are checked.

    Raises
    ------
    InputError
        With every wrong value of the files, each with its line.
    """
    if not overlays:
        return shipped_catalog()
    read = [_overlay(Path(path)) for path in overlays]
    catalog = Catalog(read)
    _check(catalog, read, "catalogue")
    return catalog


def with_values(catalog: Catalog, values: Mapping[str, object]) -> Catalog:
    """Get a catalogue with other values of single facts, which are checked like a user's file.

    Parameters
    ----------
    catalog
        The catalogue to start from.
    values
        New values by path: ``{"systems.gb300-nvl72.price": "$3.5M"}``, ``{"parameters.trends.world_growth": "2"}``.

    Raises
    ------
    InputError
        With every path that does not exist and every wrong value.

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
    _check_names(catalog, data)
    layer: Layer = (data, {}, "--set")
    changed = Catalog([*catalog.layers, layer])
    _check(changed, [layer], "--set", catalog.conversions)
    return changed


def _check(catalog: Catalog, layers: Sequence[Layer], file: str, conversions: tuple[Conversion, ...] = ()) -> None:
    """Check the user's layers, and note what they write in other currencies, at the newest rates."""
    with exchange() as converted:
        raise_together(list(_own_errors(catalog, layers)), file=file)
    catalog.conversions = tuple(dict.fromkeys((*conversions, *converted)))


def _check_names(catalog: Catalog, data: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse a name that no entry has, unless a base makes it a new entry."""
    unknown = [
        UnknownNameError(f"catalog.{kind}", name, catalog.names(kind))
        for kind, records in data.items()
        if kind != "parameters"
        for name, fields in records.items()
        if "base" not in fields and catalog.record_id(kind, name) is None
    ]
    raise_together(unknown, file="--set")


def _overlay(path: Path) -> Layer:
    """Plain data of a user's file, by kind."""
    data, lines = read_yaml(path, "catalog")
    if data is None:
        return {}, lines, path.name
    if not isinstance(data, Mapping):
        expected = "a mapping of kinds such as accelerators to records"
        raise_together([InputError("catalog", data, expected, "", lines.get(""))], file=path.name)
    allowed = [*KINDS, "parameters", "sources"]
    unknown = [
        UnknownNameError("catalog", str(key), allowed, lines.get(str(key))) for key in data if key not in allowed
    ]
    raise_together(unknown, file=path.name)
    return data, lines, path.name


def _own_errors(catalog: Catalog, read: Sequence[Layer]) -> Iterator[InputError]:
    """Yield all mistakes in a user's files: values first, then names of records that do not exist."""
    kinds = [kind for kind in (*KINDS, "parameters") if any(data.get(kind) is not None for data, _, _ in read)]
    try:
        catalog.names("sources")
    except InputError as error:
        yield from _single_errors(error)
        return
    sound = []
    for kind in kinds:
        try:
            catalog.names(kind)
            sound.append(kind)
        except InputError as error:
            yield from _single_errors(error)
    if "parameters" in sound:
        for name, (_, lines, file) in catalog.parameter_leaves().items():
            if file:
                yield from _in_file(file, _own_parameter_errors(catalog, name, lines))
    for data, lines, file in read:
        for kind in set(sound) & set(REFERENCES) & set(data):
            for name in data[kind] or ():
                record = catalog.records(kind)[str(catalog.record_id(kind, str(name)))]
                yield from _in_file(file, reference_errors(catalog, f"{kind}.{name}", record, lines))


def _own_parameter_errors(catalog: Catalog, name: str, lines: Mapping[str, int]) -> Iterator[InputError]:
    """Check that a user's parameter exists and measures the same as the shipped parameter of that name."""
    shipped = shipped_catalog()
    if name not in shipped.parameter_leaves():
        line = Reader(lambda _: True, lines, file="").line(f"parameters.{name}")
        yield UnknownNameError("parameters", name, shipped.names("parameters"), line)
        return
    try:
        catalog.parameter(name, shipped.declared(name).unit)
    except InputError as error:
        yield from _single_errors(error)


def reference_errors(catalog: Catalog, path: str, record: Any, lines: Mapping[str, int]) -> Iterator[InputError]:
    """Yield the fields of a record that name records which the catalogue does not have.

    Parameters
    ----------
    catalog
        The catalogue.
    path
        Path of the record.
    record
        The record.
    lines
        Line of each path in the user's file; empty for shipped data.
    """
    for field, kind in REFERENCES[path.partition(".")[0]].items():
        name = getattr(record, field)
        if not name:
            continue
        try:
            record_id = catalog.record_id(kind, name)
        except InputError:  # that kind has mistakes, which are reported
            continue
        if record_id is None:
            yield UnknownNameError(f"{path}.{field}", name, catalog.names(kind), lines.get(f"{path}.{field}"))


def _in_file(file: str, errors: Iterable[InputError]) -> Iterator[InputError]:
    for error in errors:
        error.file = file
        yield error


def _single_errors(error: InputError) -> Sequence[InputError]:
    return error.errors if isinstance(error, InputErrors) else (error,)
