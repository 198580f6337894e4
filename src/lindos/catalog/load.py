"""The catalogue: data files that ship, a user's own over them, and the same with uncertain facts drawn many times."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import cache, partial
from importlib.resources import files
from typing import Any, TypeAlias, TypeVar

from lindos.catalog.facts import Fact, Source, note_read
from lindos.catalog.model import Model, model_errors
from lindos.catalog.records import (
    Accelerator,
    CloudPrice,
    Company,
    Fabric,
    Kernels,
    Observation,
    SiteFacts,
    Stack,
    Supercomputer,
    System,
)
from lindos.catalog.sampling import enlarged_fact, sampled_fact, varied_fact
from lindos.catalog.schema import DECLARED_KEYS, LEAF_KEYS, Declared, Reader, declared, fields_of
from lindos.catalog.unread import unread
from lindos.catalog.yaml_file import yaml_text
from lindos.errors import CatalogError, InputError, InputErrors, UnknownNameError
from lindos.quantities import Real

R = TypeVar("R")
#: Plain data, the line of each path in it, and the name of the user's file; empty for what ships.
Layer: TypeAlias = tuple[Any, Mapping[str, int], str]

#: Kinds of record, each with its class; the file of the same name holds it.
KINDS: Mapping[str, type] = {
    "accelerators": Accelerator,
    "kernels": Kernels,
    "systems": System,
    "fabrics": Fabric,
    "models": Model,
    "sites": SiteFacts,
    "stacks": Stack,
    "cloud_prices": CloudPrice,
    "supercomputers": Supercomputer,
    "observations": Observation,
    "companies": Company,
}
USER = Source(id="user", title="your own file", url="", kind="user")


class Catalog:
    """Facts by kind and name. Names and aliases are matched without regard to case.

    >>> from lindos.catalog import load_catalog
    >>> catalog = load_catalog()
    >>> round(catalog.accelerator("h100-sxm").memory.value / 1e9)
    80
    """

    def __init__(self, overlays: Sequence[Layer] = ()) -> None:
        """Hold the shipped data under ``overlays``: plain data, line numbers, and the name of the file."""
        self._overlays = tuple(overlays)
        self._records: dict[str, dict[str, Any]] = {}
        self._aliases: dict[str, dict[str, str]] = {}
        self._spoken: dict[str, dict[str, str]] = {}
        self._parameters: dict[str, Any] | None = None
        self._sources: dict[str, Source] | None = None
        self._change: Callable[[Fact[Any]], Fact[Any]] | None = None
        self._versions: dict[object, Catalog] = {}
        self._facts: dict[tuple[str, str], Fact[Real]] = {}
        self._read: set[str] = set()

    def __reduce__(self) -> tuple[type["Catalog"], tuple[tuple[Layer, ...]]]:
        """Travel between processes as the user's files alone; what ships is there already."""
        return Catalog, (self._overlays,)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The user's own files, later ones on top: plain data, line numbers, and the name of the file."""
        return self._overlays

    @property
    def own(self) -> tuple[Any, ...]:
        """Plain data of the user's own files, later ones on top."""
        return tuple(data for data, _, _ in self._overlays)

    def accelerator(self, name: str, path: str = "accelerator") -> Accelerator:
        """Device of that name."""
        return self._get("accelerators", name, path, Accelerator)

    def kernels(self, name: str, path: str = "family") -> Kernels:
        """Kernel model of a device or a family of devices."""
        return self._get("kernels", name, path, Kernels)

    def kernels_of(self, accelerator: Accelerator) -> Kernels:
        """Kernel model measured on a device, its family's where there is none."""
        return self.kernels(accelerator.kernels or accelerator.family)

    def system(self, name: str, path: str = "system") -> System:
        """Node or rack of that name."""
        return self._get("systems", name, path, System)

    def fabric(self, name: str, path: str = "fabric") -> Fabric:
        """Network of that name."""
        return self._get("fabrics", name, path, Fabric)

    def model(self, name: str, path: str = "model") -> Model:
        """Model of that name."""
        return self._get("models", name, path, Model)

    def site(self, name: str, path: str = "site") -> SiteFacts:
        """Site of that name."""
        return self._get("sites", name, path, SiteFacts)

    def stack(self, name: str, path: str = "stack") -> Stack:
        """Training software of that name."""
        return self._get("stacks", name, path, Stack)

    def cloud_prices(self, accelerator: str) -> tuple[CloudPrice, ...]:
        """Prices of all providers for one device."""
        device = self.accelerator(accelerator).name
        prices = [self._get("cloud_prices", name, "price", CloudPrice) for name in self._kind("cloud_prices")]
        return tuple(price for price in prices if self.accelerator(price.accelerator).name == device)

    @property
    def supercomputers(self) -> Mapping[str, Supercomputer]:
        """Entries of the TOP500 by id."""
        return {
            name: self._get("supercomputers", name, "supercomputer", Supercomputer)
            for name in self._kind("supercomputers")
        }

    def spoken_as(self, kind: str) -> Mapping[str, str]:
        """Titles and aliases of one kind as they are written, each with the id of its record."""
        self._kind(kind)
        return self._spoken[kind]

    def published_model(self, name: str) -> Model:
        """Model of that id as published, whether Lindos can compute it or not."""
        model: Model = self._kind("models")[name]
        return model

    @property
    def observations(self) -> tuple[Observation, ...]:
        """What was seen, forecast or announced of sites, in the order of the file."""
        return tuple(self._kind("observations").values())

    def parameter(self, name: str, unit: str) -> Fact[Real]:
        """One-off fact by its dotted name, in the SI ``unit`` that the caller expects.

        Raises
        ------
        UnknownNameError
            If no such parameter exists.
        InputError
            If it is not of that unit.
        """
        if (name, unit) not in self._facts:
            self._facts[name, unit] = self._parameter(name, unit)
        return self._facts[name, unit]

    def _parameter(self, name: str, unit: str) -> Fact[Real]:
        leaf, lines, own = self._parameter_leaves().get(name, (None, {}, ""))
        if leaf is None:
            raise UnknownNameError("parameter", name, self._parameter_leaves())
        declaration = _declarations().get(name, Declared(unit, None))
        if declaration.unit != unit:
            raise InputError("parameter", name, f"a parameter in {unit}", f"It is in {declaration.unit}.")
        reader = Reader(self._is_source, lines, own)
        if not own:
            leaf = {key: value for key, value in leaf.items() if key not in DECLARED_KEYS}
        fact: Fact[Real] = reader.fact(f"parameters.{name}", leaf, unit, declaration.bounds)
        raise_together(reader.errors, own)
        return self._change(fact) if self._change else fact

    def source(self, name: str) -> Source:
        """Source of that id."""
        sources = self._all_sources()
        if name not in sources:
            raise UnknownNameError("source", name, sources)
        return sources[name]

    def names(self, kind: str) -> list[str]:
        """Ids of one kind, sorted; ``parameters`` and ``sources`` too."""
        if kind == "parameters":
            return sorted(self._parameter_leaves())
        if kind == "sources":
            return sorted(self._all_sources())
        if kind not in KINDS:
            raise UnknownNameError("kind", kind, (*KINDS, "parameters", "sources"))
        return sorted(self._kind(kind))

    def entries(self) -> list[tuple[str, str, str]]:
        """Kind, id and title of everything but sources."""
        found = [
            (kind, name, getattr(record, "title", f"{getattr(record, 'provider', '')} {getattr(record, 'term', '')}"))
            for kind in KINDS
            for name, record in sorted(self._kind(kind).items())
        ]
        groups = sorted({name.rpartition(".")[0] for name in self._parameter_leaves()})
        return found + [("parameters", group, "") for group in groups]

    def find(self, name: str) -> tuple[str, str]:
        """Kind and id of a name, an alias, or ``kind/name`` where a name stands for several things."""
        kind, _, rest = name.rpartition("/")
        groups = {entry[1] for entry in self.entries() if entry[0] == "parameters"}
        found = [(k, self._id(k, rest)) for k in KINDS if kind in ("", k) and self._id(k, rest)]
        if (rest in groups or rest in self._parameter_leaves()) and kind in ("", "parameters"):
            found.append(("parameters", rest))
        if not found:
            known = [*(n for k in KINDS for n in self._kind(k)), *groups, *self._parameter_leaves()]
            raise UnknownNameError("name", name, known)
        if len(found) > 1:
            choices = ", ".join(f"{k}/{n}" for k, n in found)
            raise InputError("name", name, "the name of one thing", f"Write one of {choices}.")
        return found[0][0], str(found[0][1])

    def facts(self, kind: str, name: str) -> list[tuple[str, Fact[Any]]]:
        """Every sourced value of an entry, and what is plain of it as text."""
        if kind == "parameters":
            return [
                (full.rpartition(".")[2], self.parameter(full, self.declared(full).unit))
                for full in sorted(self._parameter_leaves())
                if name in (full, full.rpartition(".")[0])
            ]
        record = self._kind(kind)[name]
        found: list[tuple[str, Fact[Any]]] = []
        for field in fields_of(KINDS[kind]).values():
            value = getattr(record, field.name)
            if isinstance(value, Fact):
                found.append((field.name, value))
            elif value not in (None, "", 0, ()) and field.name not in ("name", "sources"):
                own: tuple[str, ...] = getattr(record, "sources", ())
                found.append((field.name, Fact(path=f"{kind}.{name}.{field.name}", content=str(value), sources=own)))
        return found

    def unread(self, paths: Set[str]) -> tuple[str, ...]:
        """Say what of the user's files nothing has read so far, ``paths`` being what one answer read.

        Parameters
        ----------
        paths
            As :func:`lindos.catalog.facts.reading` collects them.
        """
        self._read |= paths
        return unread(self, self._overlays, self._read)

    def sampled(self, num_draws: int = 512, seed: int = 0) -> "Catalog":
        """The same catalogue, each uncertain fact an array of ``num_draws`` draws between its low and high.

        Drawn once: who asks again with the same numbers gets the same object.
        """
        return self.changed((num_draws, seed), partial(sampled_fact, num_draws=num_draws, seed=seed))

    def varied(self, paths: Sequence[str]) -> "Catalog":
        """The same catalogue, each fact of ``paths`` an array: column ``i + 1`` has fact ``i`` a little larger.

        A number computed from it rests on fact ``i`` if its column ``i + 1`` differs from its column 0.
        """
        columns = {path: index for index, path in enumerate(paths, start=1)}
        return self.changed(tuple(paths), partial(varied_fact, columns=columns))

    def enlarged(self, path: str) -> "Catalog":
        """The same catalogue with a little more of one fact that decides how many parts something has."""
        return self.changed(path, partial(enlarged_fact, path=path))

    def changed(self, key: object, change: Callable[[Fact[Any]], Fact[Any]]) -> "Catalog":
        """The same catalogue with every fact changed.

        Parameters
        ----------
        key
            Stands for the change: who asks again with the same key gets the same object.
        change
            Gives the new fact for each.
        """
        if key not in self._versions:
            version = Catalog(self._overlays)
            version._change = change
            version._parameters, version._sources = self._parameters, self._sources
            self._versions[key] = version
        return self._versions[key]

    def fact(self, path: str) -> Fact[Any] | None:
        """The fact of that path, ``accelerators.h100-sxm.memory``; None where there is none."""
        kind, _, rest = path.partition(".")
        if kind == "parameters":
            return self.parameter(rest, self.declared(rest).unit) if rest in self._parameter_leaves() else None
        name, _, field = rest.rpartition(".")
        value = getattr(self._kind(kind).get(name), field, None) if kind in KINDS else None
        return value if isinstance(value, Fact) else None

    def _get(self, kind: str, name: str, path: str, expected: type[R]) -> R:
        if not isinstance(name, str):
            raise InputError(path, name, f"the name of one of the {kind}")
        records = self._kind(kind)
        record_id = self._id(kind, name)
        if record_id is None:
            raise UnknownNameError(path, name, records)
        record = records[record_id]
        note = getattr(record, "unsupported", "")
        if note:
            raise InputError(path, name, "a model that Lindos can compute", note)
        assert isinstance(record, expected)
        note_read(f"{kind}.{record_id}")
        return record

    def _id(self, kind: str, name: str) -> str | None:
        self._kind(kind)
        return self._aliases[kind].get(name.strip().lower())

    def _kind(self, kind: str) -> dict[str, Any]:
        if kind not in self._records:
            self._load(kind)
        return self._records[kind]

    def _load(self, kind: str) -> None:
        records: dict[str, Any] = {}
        aliases: dict[str, str] = {}
        spoken: dict[str, str] = {}
        for data, lines, own in self._layers(kind):
            reader = Reader(self._is_source, lines, own)
            if not isinstance(data, Mapping):
                reader.wrong(kind, data, "a mapping of names to records")
                data = {}
            for name, body in data.items():
                _add(reader, kind, str(name), body, records, aliases)
                if isinstance(body, Mapping):
                    listed = body.get("aliases")
                    written = (body.get("title") or name, *(listed if isinstance(listed, list) else ()))
                    spoken |= {str(word): aliases.get(str(name).strip().lower(), str(name)) for word in written}
            raise_together(reader.errors, own)
        if self._change:
            records = {name: _changed_record(record, self._change) for name, record in records.items()}
        self._records[kind], self._aliases[kind], self._spoken[kind] = records, aliases, spoken

    def _layers(self, kind: str) -> list[Layer]:
        shipped: list[Layer] = [(_shipped().get(kind, {}), {}, "")]
        return shipped + [(data[kind], lines, own) for data, lines, own in self._overlays if data.get(kind) is not None]

    def _parameter_leaves(self) -> dict[str, Any]:
        if self._parameters is None:
            leaves: dict[str, Any] = {}
            for data, lines, own in self._layers("parameters"):
                if not isinstance(data, Mapping):
                    line = lines.get("parameters")
                    wrong = InputError("parameters", data, "a mapping of names to values", "", line)
                    raise_together([wrong], own)
                leaves |= {name: (leaf, lines, own) for name, leaf in list(_leaves(data, "", leaves))}
            self._parameters = leaves
        return self._parameters

    def declared(self, name: str) -> Declared:
        """SI unit and bounds of a parameter, as the shipped data declares them beside its value."""
        return _declarations().get(name, Declared("1", None))

    def _all_sources(self) -> dict[str, Source]:
        if self._sources is None:
            sources = {"user": USER}
            for data, lines, own in self._layers("sources"):
                reader = Reader(lambda _: True, lines, own)
                if not isinstance(data, Mapping):
                    reader.wrong("sources", data, "a mapping of ids to sources")
                for name, body in data.items() if isinstance(data, Mapping) else ():
                    source = reader.source(f"sources.{name}", str(name), body)
                    if source is not None and sources.setdefault(source.id, source) != source:
                        reader.wrong(f"sources.{name}", source.id, "an id of its own: there is a source of that id")
                raise_together(reader.errors, own)
            self._sources = sources
        return self._sources

    def _is_source(self, name: str) -> bool:
        return name in self._all_sources()


def _add(reader: Reader, kind: str, name: str, body: Any, records: dict[str, Any], aliases: dict[str, str]) -> None:
    """One record from its mapping into ``records``, over one of the same name or the one it starts from."""
    path = f"{kind}.{name}"
    if not name.strip() or "/" in name or not name.isprintable() or len(name) > 100:
        reader.wrong(path, name, "a name of 1 to 100 characters without a slash")
    known = aliases.get(name.strip().lower(), name.strip())
    base = records.get(known)
    wanted = body.get("base") if isinstance(body, Mapping) else None
    if wanted is not None:
        if known.lower() != name.strip().lower():
            reader.wrong(path, name, f"a name of its own: it is another name of {known}")
        base = records.get(aliases.get(str(wanted).strip().lower(), ""))
        if base is None:
            line = reader.line(f"{path}.base")
            reader.errors.append(UnknownNameError(f"{path}.base", str(wanted), records, line))
            return
    record = reader.record(KINDS[kind], path, known, body, base)
    if record is None:
        return
    for wrong in model_errors(record, path) if isinstance(record, Model) else ():
        reader.wrong(wrong.path, wrong.value, wrong.expected, wrong.hint)
    records[known] = record
    for alias in (known, *reader.aliases(f"{path}.aliases", body.get("aliases"))):
        taken = aliases.setdefault(alias.strip().lower(), known)
        if taken != known:
            reader.wrong(f"{path}.aliases", alias, f"a name of its own: {taken} has it already")


@cache
def shipped_catalog() -> Catalog:
    """The catalogue as it ships, read once."""
    return Catalog()


@cache
def _shipped() -> dict[str, dict[str, Any]]:
    """Plain data of every shipped file by kind; topics of parameters and sources are merged."""
    merged: dict[str, dict[str, Any]] = {}
    for entry in sorted(files("lindos.catalog").joinpath("data").iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".yaml"):
            continue
        stem = entry.name.removesuffix(".yaml")
        kind = next((k for k in ("parameters", "sources", "kernels", "fabrics") if stem.split("_")[0] == k), stem)
        data = yaml_text(entry.read_text(encoding="utf-8")) or {}
        _merge(merged.setdefault(kind, {}), data, entry.name)
    return merged


@cache
def _declarations() -> dict[str, Declared]:
    """Unit and bounds of every shipped parameter, by its dotted name."""
    return {name: declared(f"parameters.{name}", leaf) for name, leaf in _leaves(_shipped()["parameters"], "", {})}


def _merge(into: dict[str, Any], data: Mapping[str, Any], origin: str) -> None:
    for key, value in data.items():
        old = into.get(key)
        if isinstance(old, dict) and isinstance(value, Mapping) and not LEAF_KEYS & set(value) and "title" not in value:
            _merge(old, value, origin)
        elif old is not None and old != value:
            raise CatalogError(f"{origin}: {key} is given twice with different content")
        else:
            into[key] = value


def _leaves(data: Mapping[str, Any], prefix: str, known: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Dotted name and content of every parameter; a name that is known already is one, whatever it holds."""
    for key, value in data.items():
        path = f"{prefix}.{key}" if prefix else str(key)
        group = isinstance(value, Mapping) and not (value and set(value) <= LEAF_KEYS | DECLARED_KEYS)
        if group and path not in known and "value" not in value:
            yield from _leaves(value, path, known)
        else:
            yield path, {"value": None} if value is None else value


def _changed_record(record: Any, change: Callable[[Fact[Any]], Fact[Any]]) -> Any:
    changes = {
        field.name: change(value)
        for field in dataclasses.fields(record)
        if isinstance(value := getattr(record, field.name), Fact)
    }
    return dataclasses.replace(record, **changes)


def raise_together(errors: Sequence[InputError], own: str) -> None:
    """Raise what was found, if anything, in the order of the lines; in shipped data it is a bug of ours."""
    if not errors:
        return
    if not own:
        raise CatalogError("\n".join(str(error) for error in errors))
    for error in errors:
        error.file = error.file or own
    said = {(error.file, error.line, error.path, error.expected): error for error in errors}
    found = sorted(said.values(), key=lambda error: (error.file, error.line or 0))
    raise found[0] if len(found) == 1 else InputErrors(found)
