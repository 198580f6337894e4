"""The catalogue: the data files that ship, the user's files over them, and versions with changed facts."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import cache, partial
from typing import Any, TypeVar

from lindos.catalog.facts import Fact, note_read
from lindos.catalog.layers import Layer
from lindos.catalog.market import TokenPrice
from lindos.catalog.model import Model
from lindos.catalog.records import (
    Accelerator,
    CloudPrice,
    Fabric,
    Kernels,
    Location,
    Observation,
    SiteFacts,
    Stack,
    Supercomputer,
    System,
)
from lindos.catalog.sampling import enlarged_fact, sampled_fact, varied_fact
from lindos.catalog.schema import fields_of
from lindos.catalog.store import KINDS, Records
from lindos.catalog.unread import unread
from lindos.currencies import Conversion, Rate, provide
from lindos.errors import InputError, UnknownNameError

R = TypeVar("R")


class Catalog(Records):
    """Facts by kind and name. Names and aliases are matched without regard to case.

    Every method that gets one record takes its ``name`` or an alias, and the ``path`` of the field that named it, for
    error messages. It raises UnknownNameError where no record has that name.

    >>> from lindos.catalog import load_catalog
    >>> catalog = load_catalog()
    >>> round(catalog.accelerator("h100-sxm").memory.value / 1e9)
    80
    """

    def __init__(self, overlays: Sequence[Layer] = ()) -> None:
        """Start from the shipped data under ``overlays``: plain data, line numbers and names of the user's files."""
        super().__init__(overlays)
        self._versions: dict[object, Catalog] = {}
        self._read: set[str] = set()
        self._by_device: dict[str, dict[str | None, list[str]]] = {}  # names of records by kind and device
        #: Amounts of the user's files that are written in another currency, each with its rate.
        self.conversions: tuple[Conversion, ...] = ()

    def __reduce__(self) -> tuple[type["Catalog"], tuple[tuple[Layer, ...]]]:
        """Pickle only the user's files: other processes have the shipped data already."""
        return Catalog, (self._overlays,)

    def accelerator(self, name: str, path: str = "accelerator") -> Accelerator:
        """Get a device."""
        return self._get("accelerators", name, path, Accelerator)

    def kernels(self, name: str, path: str = "family") -> Kernels:
        """Get the kernel model of a device or a family of devices."""
        return self._get("kernels", name, path, Kernels)

    def kernels_of(self, accelerator: Accelerator) -> Kernels:
        """Get the kernel model measured on a device, or the model of its family.

        Parameters
        ----------
        accelerator
            The device.
        """
        return self.kernels(accelerator.kernels or accelerator.family)

    def system(self, name: str, path: str = "system") -> System:
        """Get a node or rack; the name of a device means the system that it is usually bought as."""
        if self.record_id("systems", name) is None and self.record_id("accelerators", name) is not None:
            largest = self.largest_system(name)
            name = largest.name if largest else name
        return self._get("systems", name, path, System)

    def largest_system(self, accelerator: str) -> System | None:
        """Get the system with the most devices that is built with a device, the form in which it is usually bought.

        Parameters
        ----------
        accelerator
            Name of the device.

        Returns
        -------
        System or None
            The first by name where several are as large; None where there is none.
        """
        names = sorted(self._names_with("systems", accelerator))
        built = [self._get("systems", name, "system", System) for name in names]
        return max(built, key=lambda system: float(system.num_devices.content or 0), default=None)

    def _names_with(self, kind: str, accelerator: str) -> list[str]:
        """List the records of a kind that name a device; they are the same in all versions of a catalogue."""
        device = self.record_id("accelerators", accelerator)
        names = self._by_device.setdefault(kind, {})
        if not names:
            for name, record in self.records(kind).items():
                names.setdefault(self.record_id("accelerators", record.accelerator), []).append(name)
        return names.get(device, []) if device is not None else []

    def fabric(self, name: str, path: str = "fabric") -> Fabric:
        """Get a network."""
        return self._get("fabrics", name, path, Fabric)

    def model(self, name: str, path: str = "model") -> Model:
        """Get a model that Lindos can compute."""
        return self._get("models", name, path, Model)

    def site(self, name: str, path: str = "site") -> SiteFacts:
        """Get a site."""
        return self._get("sites", name, path, SiteFacts)

    def location(self, name: str, path: str = "location") -> Location:
        """Get a country."""
        return self._get("locations", name, path, Location)

    def stack(self, name: str, path: str = "stack") -> Stack:
        """Get training software."""
        return self._get("stacks", name, path, Stack)

    def cloud_prices(self, accelerator: str) -> tuple[CloudPrice, ...]:
        """Get the prices of all providers for one device.

        Parameters
        ----------
        accelerator
            Name of the device.
        """
        names = self._names_with("cloud_prices", self.accelerator(accelerator).name)
        return tuple(self._get("cloud_prices", name, "price", CloudPrice) for name in names)

    def token_prices(self, model: str) -> tuple[TokenPrice, ...]:
        """Get what providers charge for the tokens of a model whose weights are public.

        Parameters
        ----------
        model
            Name of the model.
        """
        prices = [self._get("token_prices", name, "price", TokenPrice) for name in self.records("token_prices")]
        return tuple(price for price in prices if price.weights == model)

    @property
    def supercomputers(self) -> Mapping[str, Supercomputer]:
        """Entries of the TOP500 by id."""
        return {
            name: self._get("supercomputers", name, "supercomputer", Supercomputer)
            for name in self.records("supercomputers")
        }

    def published_model(self, name: str) -> Model:
        """Get a model as published, whether Lindos can compute it or not.

        Parameters
        ----------
        name
            Id of the model; aliases are not matched.
        """
        model: Model = self.records("models")[name]
        return model

    @property
    def observations(self) -> tuple[Observation, ...]:
        """Observations, forecasts and announcements of sites, in the order of the file."""
        return tuple(self.records("observations").values())

    def entries(self) -> list[tuple[str, str, str]]:
        """List kind, id and title of everything but sources."""
        entries = [
            (kind, name, getattr(record, "title", f"{getattr(record, 'provider', '')} {getattr(record, 'term', '')}"))
            for kind in KINDS
            for name, record in sorted(self.records(kind).items())
        ]
        groups = sorted({name.rpartition(".")[0] for name in self.parameter_leaves()})
        return entries + [("parameters", group, "") for group in groups]

    def find(self, name: str) -> tuple[str, str]:
        """Look up the kind and the id of a name.

        Parameters
        ----------
        name
            Id, alias, name of a parameter or of a group of parameters; ``kind/name`` where records share a name.

        Raises
        ------
        UnknownNameError
            If nothing has that name.
        InputError
            If several records have it.
        """
        kind, _, rest = name.rpartition("/")
        groups = {entry[1] for entry in self.entries() if entry[0] == "parameters"}
        matches = [(k, self.record_id(k, rest)) for k in KINDS if kind in ("", k) and self.record_id(k, rest)]
        if (rest in groups or rest in self.parameter_leaves()) and kind in ("", "parameters"):
            matches.append(("parameters", rest))
        if not matches:
            names = [*(n for k in KINDS for n in self.records(k)), *groups, *self.parameter_leaves()]
            error = UnknownNameError("name", name, names)
            error.hint = error.hint or "`lindos catalog list` shows them."
            raise error
        if len(matches) > 1:
            choices = ", ".join(f"{k}/{n}" for k, n in matches)
            raise InputError("name", name, "the name of one thing", f"Write one of {choices}.")
        return matches[0][0], str(matches[0][1])

    def facts(self, kind: str, name: str) -> list[tuple[str, Fact[Any]]]:
        """List every sourced value of an entry, and its plain fields as texts.

        Parameters
        ----------
        kind
            A key of `KINDS`, or ``"parameters"``.
        name
            Id of a record, or name of a parameter or of a group of parameters.

        Returns
        -------
        list of (str, Fact)
            Name of the field, and its value.
        """
        if kind == "parameters":
            return [
                (full.rpartition(".")[2], self.parameter(full, self.declared(full).unit))
                for full in sorted(self.parameter_leaves())
                if name in (full, full.rpartition(".")[0])
            ]
        record = self.records(kind)[name]
        values: list[tuple[str, Fact[Any]]] = []
        for field in fields_of(KINDS[kind]).values():
            value = getattr(record, field.name)
            if isinstance(value, Fact):
                values.append((field.name, value))
            elif value not in (None, "", 0, ()) and field.name not in ("name", "sources"):
                sources: tuple[str, ...] = getattr(record, "sources", ())
                content = "; ".join(map(str, value)) if isinstance(value, tuple) else str(value)
                values.append((field.name, Fact(path=f"{kind}.{name}.{field.name}", content=content, sources=sources)))
        return values

    def unread(self, paths: Set[str]) -> tuple[str, ...]:
        """List the values of the user's files that nothing has read so far, in sentences.

        Parameters
        ----------
        paths
            Paths that one answer read, as :func:`lindos.catalog.facts.reading` collects them.
        """
        self._read |= paths
        return unread(self, self._overlays, self._read)

    def sampled(self, num_draws: int = 512, seed: int = 0) -> "Catalog":
        """Get a version of the catalogue in which each uncertain fact is an array of draws between its low and high.

        Parameters
        ----------
        num_draws
            Number of draws.
        seed
            Seed of the draws. The same numbers get the same object.
        """
        return self.changed((num_draws, seed), partial(sampled_fact, num_draws=num_draws, seed=seed))

    def varied(self, paths: Sequence[str]) -> "Catalog":
        """Get a version of the catalogue in which each of some facts is an array with a little more in one column.

        Column ``i + 1`` has a little more of fact ``i``. A number computed from the version depends on fact ``i`` if
        its column ``i + 1`` differs from its column 0.

        Parameters
        ----------
        paths
            Paths of the facts.
        """
        columns = {path: index for index, path in enumerate(paths, start=1)}
        return self.changed(tuple(paths), partial(varied_fact, columns=columns))

    def enlarged(self, path: str) -> "Catalog":
        """Get a version of the catalogue with a little more of one fact that decides how many parts something has.

        Parameters
        ----------
        path
            Path of the fact.
        """
        return self.changed(path, partial(enlarged_fact, path=path))

    def changed(self, key: object, change: Callable[[Fact[Any]], Fact[Any]]) -> "Catalog":
        """Get a version of the catalogue with every fact changed.

        Parameters
        ----------
        key
            Identifies the change: the same key gets the same object.
        change
            Maps each fact to its changed version.
        """
        if key not in self._versions:
            version = Catalog(self._overlays)
            version._change, version._unchanged = change, self
            version._parameters, version._sources = self._parameters, self._sources
            version._by_device = self._by_device
            self._versions[key] = version
        return self._versions[key]

    def fact(self, path: str) -> Fact[Any] | None:
        """Get a fact by its path, or None where there is none.

        Parameters
        ----------
        path
            Kind, record and field, ``accelerators.h100-sxm.memory``, or ``parameters.`` and the name of a parameter.
        """
        kind, _, rest = path.partition(".")
        if kind == "parameters":
            return self.parameter(rest, self.declared(rest).unit) if rest in self.parameter_leaves() else None
        name, _, field = rest.rpartition(".")
        value = getattr(self.records(kind).get(name), field, None) if kind in KINDS else None
        return value if isinstance(value, Fact) else None

    def _get(self, kind: str, name: str, path: str, expected: type[R]) -> R:
        if not isinstance(name, str):
            raise InputError(path, name, f"the name of one of the {kind}")
        records = self.records(kind)
        record_id = self.record_id(kind, name)
        if record_id is None:
            raise UnknownNameError(path, name, records)
        record = records[record_id]
        note = getattr(record, "unsupported", "")
        if note:
            raise InputError(path, name, "a model that Lindos can compute", note)
        assert isinstance(record, expected)
        note_read(f"{kind}.{record_id}")
        return record


@cache
def shipped_catalog() -> Catalog:
    """Load the catalogue that ships; it is read once."""
    return Catalog()


def exchange_rates() -> Iterator[Rate]:
    """Yield the exchange rates that ship, each with the title of its source."""
    catalog = shipped_catalog()
    for record in catalog.records("exchange_rates").values():
        source = catalog.source(record.rate.sources[0]).title
        yield Rate(record.currency, record.date, float(record.rate.content), source)


provide(exchange_rates)
