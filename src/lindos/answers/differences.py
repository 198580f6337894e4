"""Inputs in which two scenarios and their catalogues differ, and a scenario with some of them changed."""

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic import BaseModel

from lindos.catalog import Catalog, load_catalog
from lindos.errors import value_text
from lindos.scenario.read import POOL_SIZES, models_in
from lindos.scenario.roadmap import TARGETS
from lindos.scenario.schema import Scenario

#: Fields that change no figure: words around the question.
_WORDS = frozenset({"name", "title", "statement", "sources", "notes", "label", "extends", "catalog"})
#: Fields of one section that exclude each other: they change together.
_EXCLUSIVE = (
    POOL_SIZES,
    ("tokens", "training_flop", "training_flop_low", "training_flop_high", "duration"),
    (*TARGETS, "target_accelerator"),
    ("start_h100_equivalents", "start_cluster", "start_sites"),
)
#: Place of a value in a user's catalogue: kind, name of the record, field.
FactKey: TypeAlias = tuple[str, str, str]


class _Missing:
    """Stands for a value that is not given."""

    def __repr__(self) -> str:
        return "not given"


MISSING = _Missing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Everything that an answer follows from: plain data of the scenario, and the user's own facts."""

    data: Mapping[str, Any]
    facts: Mapping[FactKey, Any]

    def catalog(self) -> Catalog:
        """Make the shipped catalogue under these facts."""
        layer: dict[str, Any] = {}
        for (kind, name, fact), value in self.facts.items():
            if not fact:
                layer.setdefault(kind, {})[name] = value
            else:
                layer.setdefault(kind, {}).setdefault(name, {})[fact] = value
        return Catalog([(layer, {}, "catalogue")]) if layer else load_catalog()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One input in which two scenarios differ.

    Parameters
    ----------
    path
        Dotted path, as ``--set`` takes it; several that exclude each other are joined.
    old, new
        Its value in the first and in the second, as text.
    values
        Values of the second scenario by path.
    facts
        The same for the user's own facts.
    """

    path: str
    old: str
    new: str
    values: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[FactKey, Any] = field(default_factory=dict)

    def applied(self, inputs: Inputs) -> Inputs:
        """Return inputs with this one as in the second scenario.

        Parameters
        ----------
        inputs
            Inputs of the first scenario, maybe with other changes.
        """
        data = copy.deepcopy(dict(inputs.data))
        for path, value in self.values.items():
            _put(data, path.split("."), value)
        facts = {**inputs.facts, **self.facts}
        return Inputs(data=data, facts={key: value for key, value in facts.items() if value is not MISSING})


def inputs_of(scenario: Scenario, catalog: Catalog) -> Inputs:
    """Return the inputs of an answer as plain data, in which equal inputs are equal however they were written.

    Parameters
    ----------
    scenario, catalog
        The question and the facts.
    """
    data = scenario.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return Inputs(data={key: value for key, value in data.items() if key != "catalog"}, facts=dict(_facts(catalog)))


def differences(first: Inputs, second: Inputs) -> list[Difference]:
    """List the inputs in which two answers differ, without words that change no figure.

    Parameters
    ----------
    first, second
        Inputs of the two.
    """
    fields = list(_in_mapping(first.data, second.data, "", Scenario))
    keys = dict.fromkeys((*first.facts, *second.facts))
    for key in keys:
        old, new = first.facts.get(key, MISSING), second.facts.get(key, MISSING)
        if old != new and key[0] != "sources":
            path = ".".join(part for part in ("catalog", *key) if part)
            texts = [_text(value, "as shipped") for value in (old, new)]
            sources = {k: v for k, v in second.facts.items() if k[0] == "sources"}
            fields.append(Difference(path=path, old=texts[0], new=texts[1], facts={**sources, key: new}))
    return fields


def _in_mapping(
    first: Mapping[str, Any], second: Mapping[str, Any], path: str, model: type[BaseModel] | None
) -> Iterator[Difference]:
    """Yield the differences of two sections; fields that exclude each other are one."""
    keys = [
        key
        for key in dict.fromkeys((*first, *second))
        if key not in _WORDS and first.get(key, MISSING) != second.get(key, MISSING)
    ]
    for group in _groups(keys):
        if len(group) > 1:
            yield _joined(first, second, path, group)
        else:
            yield from _in_field(first, second, path, group[0], model)


def _groups(keys: Iterable[str]) -> list[list[str]]:
    groups: list[list[str]] = []
    for key in keys:
        exclusive = next((group for group in _EXCLUSIVE if key in group), (key,))
        partner = next((group for group in groups if set(group) & set(exclusive)), None)
        if partner is None:
            groups.append([key])
        else:
            partner.append(key)
    return groups


def _joined(first: Mapping[str, Any], second: Mapping[str, Any], path: str, keys: list[str]) -> Difference:
    def words(part: Mapping[str, Any]) -> str:
        return ", ".join(f"{key}: {_text(part[key])}" for key in keys if key in part) or "not given"

    values = {_child(path, key): second.get(key, MISSING) for key in keys}
    return Difference(path=path, old=words(first), new=words(second), values=values)


def _in_field(
    first: Mapping[str, Any], second: Mapping[str, Any], path: str, key: str, model: type[BaseModel] | None
) -> Iterator[Difference]:
    old, new, place = first.get(key, MISSING), second.get(key, MISSING), _child(path, key)
    part = _part_model(model, key)
    if _is_section(old, part) and _is_section(new, part):
        yield from _in_mapping(_mapping(old), _mapping(new), place, part)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new) and _are_sections(old, new):
        for index, (entry, entry_new) in enumerate(zip(old, new, strict=True)):
            yield from _in_mapping(entry, entry_new, _child(place, str(index)), part)
    else:
        texts = [_text(value, _default(model, key)) for value in (old, new)]
        yield Difference(path=place, old=texts[0], new=texts[1], values={place: new})


def _default(model: type[BaseModel] | None, key: str) -> str:
    """Write what counts where a field is not given."""
    info = None if model is None else model.model_fields.get(key)
    default = None if info is None else info.default
    return f"{_text(default)} (default)" if isinstance(default, (str, int, float)) else "not given"


def _part_model(model: type[BaseModel] | None, key: str) -> type[BaseModel] | None:
    info = None if model is None else model.model_fields.get(key)
    return None if info is None else next(iter(models_in(info.annotation)), None)


def _is_section(value: Any, model: type[BaseModel] | None) -> bool:
    """Tell whether fields of a section can change one by one: it is there, or needs no field to be there."""
    if isinstance(value, Mapping):
        return True
    return value is MISSING and model is not None and not any(f.is_required() for f in model.model_fields.values())


def _are_sections(old: list[Any], new: list[Any]) -> bool:
    return all(isinstance(value, Mapping) for value in (*old, *new))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _child(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _text(value: Any, missing: str = "not given") -> str:
    """Write an input as text."""
    if value is MISSING:
        return missing
    if isinstance(value, list):
        return f"{len(value)} {'entry' if len(value) == 1 else 'entries'}"
    if isinstance(value, Mapping):
        return f"given: {', '.join(value)}" if value else "given"
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value_text(value).strip("'")


def _put(data: Any, parts: list[str], value: Any) -> None:
    """Set or remove the value at a path of plain data; missing sections are created."""
    head, *rest = parts
    key: Any = int(head) if isinstance(data, list) else head
    if rest:
        if not isinstance(data, list):
            data.setdefault(key, {})
        _put(data[key], rest, value)
    elif value is MISSING:
        data.pop(key, None)
    else:
        data[key] = copy.deepcopy(value)


def _facts(catalog: Catalog) -> Iterator[tuple[FactKey, Any]]:
    """Yield every value of the user's files, with the id of its record."""
    for layer in catalog.user_data:
        for kind, records in layer.items() if isinstance(layer, Mapping) else ():
            for name, body in records.items() if isinstance(records, Mapping) else ():
                if kind == "sources":
                    yield (kind, str(name), ""), body
                elif kind == "parameters":
                    yield from ((key, value) for key, value in _parameters(str(name), body))
                elif isinstance(body, Mapping):
                    record = catalog.record_id(kind, str(name)) or str(name)
                    yield from (((kind, record, str(part)), value) for part, value in body.items())


def _parameters(path: str, body: Any) -> Iterator[tuple[FactKey, Any]]:
    if isinstance(body, Mapping) and not set(body) & {"value", "low", "high"}:
        for key, value in body.items():
            yield from _parameters(f"{path}.{key}", value)
    else:
        yield ("parameters", path, ""), body
