"""Groups of layers of a model from plain data, checked field by field against their classes."""

import dataclasses
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

from lindos.bounds import Bounds
from lindos.catalog.mixers import FEED_FORWARDS, MIXERS, Layers
from lindos.scalars import flag

if TYPE_CHECKING:
    from lindos.catalog.schema import Reader


def read_groups(reader: "Reader", path: str, data: Any) -> tuple[Layers, ...]:
    """Read a list of groups of layers.

    Parameters
    ----------
    reader
        Reader of the file, which notes mistakes.
    path
        Path of the list.
    data
        Its plain data: ``[{count: 23, mixers: [{kind: mamba-2, ...}], feed_forward: none}, ...]``.
    """
    if not isinstance(data, list):
        reader.wrong(path, data, "a list of groups of layers, such as [{count: 4, mixers: [{kind: attention}]}]")
        return ()
    groups = (_group(reader, f"{path}.{number}", item) for number, item in enumerate(data))
    return tuple(group for group in groups if group is not None)


def _group(reader: "Reader", path: str, data: Any) -> Layers | None:
    if not isinstance(data, Mapping):
        reader.wrong(path, data, "a mapping with count, mixers and feed_forward")
        return None
    mixers = data.get("mixers", [])
    if not isinstance(mixers, list):
        reader.wrong(f"{path}.mixers", mixers, "a list of mixers, such as [{kind: attention}]")
        return None
    read = [_mixer(reader, f"{path}.mixers.{number}", mixer) for number, mixer in enumerate(mixers)]
    values = _numbers(reader, path, Layers, {key: value for key, value in data.items() if key != "mixers"})
    word = values.get("feed_forward", "dense")
    reader.word(FEED_FORWARDS, f"{path}.feed_forward", word)
    if any(mixer is None for mixer in read) or "count" not in values:
        return None
    return Layers(**values, mixers=tuple(read))


def _mixer(reader: "Reader", path: str, data: Any) -> Any:
    if not isinstance(data, Mapping) or data.get("kind") not in MIXERS:
        stated = data.get("kind") if isinstance(data, Mapping) else data
        reader.wrong(f"{path}.kind", stated, f"one of {', '.join(MIXERS)}")
        return None
    record = MIXERS[data["kind"]]
    values = _numbers(reader, path, record, {key: value for key, value in data.items() if key != "kind"})
    needed = {field.name for field in dataclasses.fields(record) if field.default is dataclasses.MISSING}
    return record(**values) if needed <= set(values) else None


def _numbers(reader: "Reader", path: str, record: type, data: Mapping[str, Any]) -> dict[str, Any]:
    """Read the plain fields of a record, and note those that are unknown, wrong or missing."""
    fields = _fields(record)
    for key in data:
        if key not in fields:
            reader.wrong(f"{path}.{key}", data[key], "left out: unknown field", f"Known: {', '.join(fields)}.")
    values: dict[str, Any] = {}
    for name, (kind, bounds, required) in fields.items():
        if name not in data:
            if required:
                reader.wrong(f"{path}.{name}", None, "given")
            continue
        value: Any = data[name]
        if kind is bool:
            value = flag(value)
            if value is None:
                reader.wrong(f"{path}.{name}", data[name], "true or false")
        elif kind is int:
            value = reader.count(f"{path}.{name}", value, bounds)
        if value is not None:
            values[name] = value
    return values


@cache
def _fields(record: type) -> dict[str, tuple[type, Bounds, bool]]:
    """Get type, bounds and need of each plain field of a record."""
    hints = get_type_hints(record, include_extras=True)
    fields: dict[str, tuple[type, Bounds, bool]] = {}
    for field in dataclasses.fields(record):
        hint, bounds = hints[field.name], Bounds()
        if get_origin(hint) is Annotated:
            hint, *metadata = get_args(hint)
            bounds = next((item for item in metadata if isinstance(item, Bounds)), bounds)
        if field.name != "mixers":
            fields[field.name] = hint, bounds, field.default is dataclasses.MISSING
    return fields
