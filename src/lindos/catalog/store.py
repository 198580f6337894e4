"""Records, parameters and sources of the catalogue, read kind by kind from the layers of its files."""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import partial
from typing import Any

from lindos.catalog.facts import Fact, Source
from lindos.catalog.grades import grade_of
from lindos.catalog.layers import Layer, declarations, leaves_of, raise_together, shipped_data
from lindos.catalog.market import Lease, RegionalPrice, TokenPrice
from lindos.catalog.model import Model
from lindos.catalog.priors import complete_fabrics, complete_systems
from lindos.catalog.records import (
    Accelerator,
    CloudPrice,
    Company,
    ExchangeRate,
    Fabric,
    Kernels,
    Location,
    Observation,
    SiteFacts,
    Stack,
    Supercomputer,
    Supply,
    System,
)
from lindos.catalog.schema import DECLARED_KEYS, Declared, Reader
from lindos.catalog.shipped import ShippedRecords, read_record
from lindos.errors import InputError, UnknownNameError
from lindos.quantities import Real

#: Kinds of record, each with its class; a kind has the name of its file.
KINDS: Mapping[str, type] = {
    "accelerators": Accelerator,
    "kernels": Kernels,
    "systems": System,
    "fabrics": Fabric,
    "models": Model,
    "sites": SiteFacts,
    "locations": Location,
    "stacks": Stack,
    "cloud_prices": CloudPrice,
    "supercomputers": Supercomputer,
    "observations": Observation,
    "companies": Company,
    "leases": Lease,
    "token_prices": TokenPrice,
    "regional_prices": RegionalPrice,
    "supply": Supply,
    "exchange_rates": ExchangeRate,
}
USER = Source(id="user", title="your own file", url="", kind="user")


class Records:
    """Records by kind and id, parameters and sources: shipped data under the user's files, each kind read once."""

    def __init__(self, overlays: Sequence[Layer] = ()) -> None:
        """Start from the shipped data under ``overlays``: plain data, line numbers and names of the user's files."""
        self._overlays = tuple(overlays)
        self._records: dict[str, Mapping[str, Any]] = {}
        self._aliases: dict[str, dict[str, str]] = {}
        self._spoken: dict[str, dict[str, str]] = {}
        self._parameters: dict[str, Any] | None = None
        self._sources: dict[str, Source] | None = None
        self._change: Callable[[Fact[Any]], Fact[Any]] | None = None
        self._unchanged: Records | None = None
        self._facts: dict[tuple[str, str], Fact[Real]] = {}

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The user's files, later ones over earlier ones: plain data, line numbers, and the name of the file."""
        return self._overlays

    @property
    def user_data(self) -> tuple[Any, ...]:
        """Plain data of the user's files, later ones over earlier ones."""
        return tuple(data for data, _, _ in self._overlays)

    def records(self, kind: str) -> Mapping[str, Any]:
        """Get all records of one kind by id, as published: also models that Lindos cannot compute.

        Parameters
        ----------
        kind
            A key of `KINDS`.
        """
        if kind not in self._records:
            self._load(kind)
        return self._records[kind]

    def record_id(self, kind: str, name: str) -> str | None:
        """Get the id of a record, or None where there is none.

        Parameters
        ----------
        kind
            A key of `KINDS`.
        name
            Id or alias, whatever its case; blanks and underscores may stand for dashes.
        """
        self.records(kind)
        key = name.strip().lower()
        names = self._aliases[kind]
        return names.get(key) or names.get(re.sub(r"[\s_]+", "-", key))

    def names(self, kind: str) -> list[str]:
        """List the ids of one kind, sorted.

        Parameters
        ----------
        kind
            A key of `KINDS`, ``"parameters"`` or ``"sources"``.
        """
        if kind == "parameters":
            return sorted(self.parameter_leaves())
        if kind == "sources":
            return sorted(self._all_sources())
        if kind not in KINDS:
            raise UnknownNameError("kind", kind, (*KINDS, "parameters", "sources"))
        return sorted(self.records(kind))

    def spoken_as(self, kind: str) -> Mapping[str, str]:
        """Get titles and aliases of one kind as written, each with the id of its record.

        Parameters
        ----------
        kind
            A key of `KINDS`.
        """
        self.records(kind)
        return self._spoken[kind]

    def parameter(self, name: str, unit: str) -> Fact[Real]:
        """Get a parameter: a fact that belongs to no record.

        Parameters
        ----------
        name
            Dotted name, ``reliability.restart_time``.
        unit
            SI unit that the caller expects.

        Raises
        ------
        UnknownNameError
            If no such parameter exists.
        InputError
            If it is not of that unit.
        """
        if (name, unit) not in self._facts:
            if self._unchanged is not None and self._change is not None:
                self._facts[name, unit] = self._change(self._unchanged.parameter(name, unit))
            else:
                self._facts[name, unit] = self._parameter(name, unit)
        return self._facts[name, unit]

    def _parameter(self, name: str, unit: str) -> Fact[Real]:
        leaf, lines, file = self.parameter_leaves().get(name, (None, {}, ""))
        if leaf is None:
            raise UnknownNameError("parameter", name, self.parameter_leaves())
        declaration = declarations().get(name, Declared(unit, None))
        if declaration.unit != unit:
            raise InputError("parameter", name, f"a parameter in {unit}", f"It is in {declaration.unit}.")
        reader = Reader(self._is_source, lines, file)
        if not file:
            leaf = {key: value for key, value in leaf.items() if key not in DECLARED_KEYS}
        fact: Fact[Real] = reader.fact(f"parameters.{name}", leaf, unit, declaration.bounds)
        raise_together(reader.errors, file)
        return fact

    def parameter_leaves(self) -> dict[str, Any]:
        """Get the plain data of every parameter by name, with the lines and the name of its file."""
        if self._parameters is None:
            leaves: dict[str, Any] = {}
            for data, lines, file in self._layers("parameters"):
                if not isinstance(data, Mapping):
                    line = lines.get("parameters")
                    wrong = InputError("parameters", data, "a mapping of names to values", "", line)
                    raise_together([wrong], file)
                leaves |= {name: (leaf, lines, file) for name, leaf in list(leaves_of(data, "", leaves))}
            self._parameters = leaves
        return self._parameters

    def declared(self, name: str) -> Declared:
        """Get the SI unit and the bounds of a parameter, which the shipped data declares beside its value.

        Parameters
        ----------
        name
            Name of the parameter.
        """
        return declarations().get(name, Declared("1", None))

    def source(self, name: str) -> Source:
        """Get a source.

        Parameters
        ----------
        name
            Id of the source.

        Raises
        ------
        UnknownNameError
            If no source has that id.
        """
        sources = self._all_sources()
        if name not in sources:
            raise UnknownNameError("source", name, sources)
        return sources[name]

    def grade(self, name: str) -> str:
        """Get the grade of a source, a word of :data:`lindos.catalog.grades.GRADES`, or ``own`` for a user's value.

        Parameters
        ----------
        name
            Id of the source.
        """
        return grade_of(self.source(name))

    def _load(self, kind: str) -> None:
        if self._unchanged is not None and self._change is not None:
            self._records[kind] = _ChangedRecords(self._unchanged.records(kind), self._change)
            self._aliases[kind], self._spoken[kind] = self._unchanged._aliases[kind], self._unchanged._spoken[kind]
            return
        if all(data.get(kind) is None for data in self.user_data):
            complete = partial(self._completed, kind, left_unknown=frozenset())
            shipped = ShippedRecords(kind, KINDS[kind], shipped_data(kind), self._is_source, complete)
            self._aliases[kind], self._spoken[kind] = shipped.names()
            self._records[kind] = shipped
            return
        records: dict[str, Any] = {}
        aliases: dict[str, str] = {}
        spoken: dict[str, str] = {}
        left_unknown: set[str] = set()  # paths that the user's files state as unknown
        for data, lines, file in self._layers(kind):
            reader = Reader(self._is_source, lines, file)
            if not isinstance(data, Mapping):
                reader.wrong(kind, data, "a mapping of names to records")
                data = {}
            for name, body in data.items():
                _add(reader, kind, str(name), body, records, aliases)
                if file:
                    left_unknown |= {f"{kind}.{_id_of(name, aliases)}.{field}" for field in _unknown_fields(body)}
                if isinstance(body, Mapping):
                    listed = body.get("aliases")
                    written = (body.get("title") or name, *(listed if isinstance(listed, list) else ()))
                    spoken |= {str(word): aliases.get(str(name).strip().lower(), str(name)) for word in written}
            raise_together(reader.errors, file)
        self._aliases[kind], self._spoken[kind] = aliases, spoken
        self._records[kind] = self._completed(kind, records, left_unknown)

    def _completed(self, kind: str, records: dict[str, Any], left_unknown: Set[str]) -> Mapping[str, Any]:
        """Fill what nobody has published with priors, where there is a rule for it and the user does not object."""
        if kind == "systems":
            try:
                accelerators = self.records("accelerators")
            except InputError:
                return records  # reading the devices names the mistakes in their file
            device_of = partial(self.record_id, "accelerators")
            return complete_systems(records, accelerators, device_of, left_unknown)
        return complete_fabrics(records, left_unknown) if kind == "fabrics" else records

    def _layers(self, kind: str) -> list[Layer]:
        shipped: list[Layer] = [(shipped_data(kind), {}, "")]
        return shipped + [
            (data[kind], lines, file) for data, lines, file in self._overlays if data.get(kind) is not None
        ]

    def _all_sources(self) -> dict[str, Source]:
        if self._sources is None:
            sources = {"user": USER}
            for data, lines, file in self._layers("sources"):
                reader = Reader(lambda _: True, lines, file)
                if not isinstance(data, Mapping):
                    reader.wrong("sources", data, "a mapping of ids to sources")
                for name, body in data.items() if isinstance(data, Mapping) else ():
                    source = reader.source(f"sources.{name}", str(name), body)
                    if source is not None and sources.setdefault(source.id, source) != source:
                        reader.wrong(f"sources.{name}", source.id, "an id of its own: there is a source of that id")
                raise_together(reader.errors, file)
            self._sources = sources
        return self._sources

    def _is_source(self, name: str) -> bool:
        return name in self._all_sources()


class _ChangedRecords(Mapping[str, Any]):
    """Records whose facts are changed when a record is first asked for."""

    def __init__(self, records: Mapping[str, Any], change: Callable[[Fact[Any]], Fact[Any]]) -> None:
        self._unchanged, self._change = records, change
        self._changed: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._changed:
            self._changed[name] = _changed_record(self._unchanged[name], self._change)
        return self._changed[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._unchanged)

    def __len__(self) -> int:
        return len(self._unchanged)


def _add(reader: Reader, kind: str, name: str, body: Any, records: dict[str, Any], aliases: dict[str, str]) -> None:
    """Read one record into ``records``, over the record of the same name or the record that it starts from."""
    path = f"{kind}.{name}"
    if not name.strip() or "/" in name or not name.isprintable() or len(name) > 100:
        reader.wrong(path, name, "a name of 1 to 100 characters without a slash")
    record_name = aliases.get(name.strip().lower(), name.strip())
    base = records.get(record_name)
    base_name = body.get("base") if isinstance(body, Mapping) else None
    if base_name is not None:
        if record_name.lower() != name.strip().lower():
            reader.wrong(path, name, f"a name of its own: it is another name of {record_name}")
        base = records.get(aliases.get(str(base_name).strip().lower(), ""))
        if base is None:
            line = reader.line(f"{path}.base")
            reader.errors.append(UnknownNameError(f"{path}.base", str(base_name), records, line))
            return
    record = read_record(reader, KINDS[kind], path, record_name, body, base)
    if record is None:
        return
    records[record_name] = record
    for alias in (record_name, *reader.aliases(f"{path}.aliases", body.get("aliases"))):
        owner = aliases.setdefault(alias.strip().lower(), record_name)
        if owner != record_name:
            reader.wrong(f"{path}.aliases", alias, f"a name of its own: {owner} has it already")


def _id_of(name: Any, aliases: Mapping[str, str]) -> str:
    return aliases.get(str(name).strip().lower(), str(name).strip())


def _unknown_fields(body: Any) -> Iterator[str]:
    """Fields of a record in a user's file whose value is stated as null."""
    for field, leaf in body.items() if isinstance(body, Mapping) else ():
        if leaf is None or (isinstance(leaf, Mapping) and "value" in leaf and leaf["value"] is None):
            yield str(field)


def _changed_record(record: Any, change: Callable[[Fact[Any]], Fact[Any]]) -> Any:
    changes = {
        field.name: changed
        for field in dataclasses.fields(record)
        if isinstance(value := getattr(record, field.name), Fact) and (changed := change(value)) is not value
    }
    return dataclasses.replace(record, **changes) if changes else record
