"""From plain data to records: the fields of the record classes are the schema, checked one by one."""

import dataclasses
import datetime
import difflib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from lindos.catalog.facts import Fact, Source
from lindos.catalog.records import PRECISIONS
from lindos.errors import InputError
from lindos.quantities import Unit
from lindos.units import parse

#: Numbers that nothing can be computed with below a bound, by the end of their path; others may be zero.
_LEAST = {
    **dict.fromkeys(
        ("memory", "memory_bandwidth", "scale_up_bandwidth", "board_power", "nic_bandwidth"), (0.0, "more")
    ),
    **dict.fromkeys(("port_bandwidth", "power", "device_mtbf", "rmax"), (0.0, "more")),
    **dict.fromkeys((f"peak_{p}" for p in PRECISIONS), (0.0, "more")),
    **dict.fromkeys(("tile_rows", "tile_columns", "num_processors", "num_devices", "scale_up_size"), (1.0, "whole")),
    "switch_ports": (4.0, "whole"),
    "pue": (1.0, "least"),
}
#: Shares of a peak, which are above zero and at most one.
_SHARES = (
    *("matmul_bf16", "matmul_fp8", "matmul_mxfp8", "matmul_fp4", "attention_forward", "attention_backward"),
    *("operand_fraction", "memory_fraction", "efficiency", "reduction_efficiency", "training_duty"),
)
#: Counts of a model that may be zero, since the part they count may not exist.
_MAY_BE_ZERO = (
    *("q_lora_rank", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim", "num_experts"),
    *("experts_per_token", "expert_ffn_hidden_size", "num_shared_experts", "num_expert_groups"),
    *("expert_groups_per_token", "num_dense_layers", "sliding_window", "num_windowed_layers", "num_mtp_layers"),
)

#: Words that an identity may be, by record class and field.
_WORDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("System", "unit"): ("node", "rack"),
    ("Fabric", "kind"): ("scale-up", "scale-out"),
    ("Stack", "attention_kernels"): ("device", "ampere"),
    ("Stack", "sharding"): ("none", "optimizer", "gradients", "parameters"),
    ("Stack", "schedule"): ("one-f-one-b", "zero-bubble", "dual-pipe"),
    ("Stack", "recompute"): ("least", "none", "selective", "full"),
}

#: Keys of a sourced value.
LEAF_KEYS = frozenset({"value", "low", "high", "source", "note", "estimate"})


class Field(NamedTuple):
    """How one field of a record is read: a sourced number of ``unit``, a sourced text, or an identity of ``kind``."""

    name: str
    unit: str | None
    is_fact: bool
    kind: type
    required: bool
    neutral: Any = None  # what it counts as where it is left out


@cache
def fields_of(record: type) -> dict[str, Field]:
    """Fields of a record class, by name."""
    hints = get_type_hints(record, include_extras=True)
    found = {}
    for field in dataclasses.fields(record):
        hint = hints[field.name]
        unit, is_fact, kind = _kind(hint)
        missing = dataclasses.MISSING
        required = not is_fact and field.default is missing and field.default_factory is missing
        neutral = None if field.default_factory is missing else field.default_factory()
        found[field.name] = Field(field.name, unit, is_fact, kind, required, neutral)
    return found


def _kind(hint: Any) -> tuple[str | None, bool, type]:
    for part in (hint, *get_args(hint)):
        if get_origin(part) is Annotated:
            inner, *metadata = get_args(part)
            if get_origin(inner) is Fact:
                unit = next((item.symbol for item in metadata if isinstance(item, Unit)), "1")
                return unit, True, float
        if get_origin(part) is Fact:
            return None, True, str
    return None, False, hint if isinstance(hint, type) else tuple


def _out_of_bounds(path: str, number: float) -> str:
    """What a number must be, where it is not that."""
    name = next(part for part in reversed(path.split(".")) if part not in ("value", "low", "high"))
    if name in _SHARES:
        return "" if 0 < number <= 1 else "a share: above zero, at most one"
    least, kind = _LEAST.get(name, (0.0, "least"))
    if kind == "more":
        return "" if number > least else "more than zero"
    if number < least or (kind == "whole" and number != int(number)):
        return f"{'a whole number of' if kind == 'whole' else ''} at least {least:g}".strip()
    return ""


class Reader:
    """Reads leaves and records of one file; collects what is wrong instead of stopping."""

    def __init__(self, is_source: Callable[[str], bool], lines: Mapping[str, int], own: str) -> None:
        """Ask ``is_source`` whether an id is known; ``own`` names a user's file, where a source may be left out."""
        self.is_source, self.lines, self.own = is_source, lines, own
        self.errors: list[InputError] = []

    def wrong(self, path: str, value: Any, expected: str, hint: str = "") -> None:
        """Note one mistake."""
        self.errors.append(InputError(path, value, expected, hint, self.line(path)))

    def line(self, path: str) -> int | None:
        """Line of a path, or of what holds it."""
        while path and path not in self.lines:
            path = path.rpartition(".")[0]
        return self.lines.get(path)

    def record(self, record: type, path: str, name: str, data: Any, base: Any = None) -> Any:
        """One record from its mapping, over ``base`` where it changes another; None if something is wrong."""
        if not isinstance(data, Mapping):
            self.wrong(path, data, "a mapping of fields")
            return None
        known = fields_of(record)
        count = len(self.errors)
        for key in data:
            if key == "name":
                self.wrong(f"{path}.name", data[key], "left out", "The name stands before the colon; use title.")
            elif key not in known and key not in ("aliases", "base"):
                near = difflib.get_close_matches(str(key), known, n=1)
                hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}."
                self.wrong(f"{path}.{key}", data[key], "left out: it is not a field here", hint)
        values: dict[str, Any] = {"name": name}
        for field in known.values():
            if field.name == "name":
                continue
            if field.name in data:
                values[field.name] = self.field(field, f"{path}.{field.name}", data[field.name])
                self.word(_WORDS.get((record.__name__, field.name)), f"{path}.{field.name}", data[field.name])
            elif base is not None:
                values[field.name] = getattr(base, field.name)
            elif field.is_fact:
                left_out = field.neutral or Fact(path="", content=None)
                values[field.name] = dataclasses.replace(left_out, path=f"{path}.{field.name}", unit=field.unit or "")
            elif field.required:
                self.wrong(f"{path}.{field.name}", None, "given", "Or start from another record, with base.")
        return None if len(self.errors) > count else record(**values)

    def word(self, options: tuple[str, ...] | None, path: str, data: Any) -> None:
        """An identity that may only be one of a few words."""
        if options is not None and isinstance(data, str) and data not in options:
            self.wrong(path, data, f"one of {', '.join(options)}")

    def aliases(self, path: str, data: Any) -> tuple[str, ...]:
        """Other names of a record: a list of texts."""
        if data is None:
            return ()
        if not isinstance(data, list) or not all(isinstance(alias, (str, int)) for alias in data):
            self.wrong(path, data, "a list of names, such as [my-model, MyModel]")
            return ()
        return tuple(str(alias) for alias in data)

    def field(self, field: Field, path: str, data: Any) -> Any:
        """One field: a fact, or a plain identity."""
        if field.is_fact:
            return self.fact(path, data, field.unit)
        if field.kind is tuple:
            return self.sources(path, data)
        if field.kind is int:
            least = 0 if field.name in _MAY_BE_ZERO else 1
            if isinstance(data, bool) or not isinstance(data, int) or not least <= data < 10**12:
                self.wrong(path, data, f"a whole number of at least {least}")
            return data
        if field.kind is str and isinstance(data, datetime.date):
            return data.isoformat()[:10]
        if not isinstance(data, field.kind) or data == "":
            self.wrong(path, data, {str: "a text", bool: "true or false"}.get(field.kind, field.kind.__name__))
        elif isinstance(data, str) and (len(data) > 2_000 or not data.isprintable()):
            self.wrong(path, data, "a text of one line and at most 2,000 characters")
        return data

    def fact(self, path: str, data: Any, unit: str | None) -> Fact[Any]:
        """A sourced value: ``{value, low, high, source, note, estimate}``; in a user's file the bare value will do."""
        if not isinstance(data, Mapping):
            if not self.own:
                self.wrong(path, data, "a mapping with value and source")
            data = {"value": data}
        for key in set(data) - LEAF_KEYS:
            self.wrong(f"{path}.{key}", data[key], f"one of {', '.join(sorted(LEAF_KEYS))}")
        sources = self.sources(path, data["source"]) if data.get("source") is not None else ()
        self.leaf_words(path, data, unit)
        content = self.content(path, data.get("value"), unit)
        low, high = (self.content(f"{path}.{key}", data.get(key), unit) for key in ("low", "high"))
        if content is not None and not sources:
            if self.own:
                sources = ("user",)
            else:
                self.wrong(path, data.get("value"), "given with a source")
        if unit is not None and content is not None:
            if low is not None and low > content:
                self.wrong(f"{path}.low", data["low"], f"at most the value, {data['value']}")
            if high is not None and high < content:
                self.wrong(f"{path}.high", data["high"], f"at least the value, {data['value']}")
        return Fact(
            path=path,
            content=content,
            unit=unit or "",
            low=low if low is not None or high is None else content,
            high=high if high is not None or low is None else content,
            sources=sources,
            note=str(data.get("note") or ""),
            estimate=bool(data.get("estimate", False)),
        )

    def leaf_words(self, path: str, data: Mapping[str, Any], unit: str | None) -> None:
        """What stands beside a value: its range, whether it is an estimate, and a note."""
        if not isinstance(data.get("estimate", False), bool):
            self.wrong(f"{path}.estimate", data["estimate"], "true or false")
        if not isinstance(data.get("note", ""), (str, type(None))):
            self.wrong(f"{path}.note", data["note"], "a text")
        for key in ("low", "high"):
            if data.get(key) is None:
                continue
            if unit is None:
                self.wrong(f"{path}.{key}", data[key], "left out: a text has no range")
            elif data.get("value") is None:
                self.wrong(f"{path}.{key}", data[key], "given with a value between low and high", "Add value.")

    def content(self, path: str, data: Any, unit: str | None) -> Any:
        """A value in SI, or text; None where it is unknown."""
        if data is None:
            return None
        if unit is None:
            if isinstance(data, (Mapping, list)):
                self.wrong(path, data, "a text")
            return str(data)
        try:
            number = parse(data, unit, path)
        except InputError as error:
            self.wrong(path, data, error.expected, error.hint)
            return None
        expected = _out_of_bounds(path, number)
        if expected:
            self.wrong(path, data, expected)
        return number

    def source(self, path: str, name: str, data: Any) -> Source | None:
        """A source from its mapping: a title, and in the shipped data an address."""
        keys = ("title", "url", "kind", "date")
        if not isinstance(data, Mapping) or not data.get("title") or not (self.own or data.get("url")):
            self.wrong(path, data, "a mapping with title and url")
            return None
        for key in set(data) - set(keys):
            self.wrong(f"{path}.{key}", data[key], f"one of {', '.join(keys)}")
        for key in keys:
            if isinstance(data.get(key), (list, dict)):
                self.wrong(f"{path}.{key}", data[key], "a text")
        return Source(id=name, **{key: str(data.get(key) or "") for key in keys})

    def sources(self, path: str, data: Any) -> tuple[str, ...]:
        """Ids of sources: one, or a list."""
        ids = [data] if isinstance(data, str) else data if isinstance(data, list) else [data]
        for source in ids:
            if not isinstance(source, str) or not self.is_source(source):
                self.wrong(f"{path}.source", source, "the id of a source", "Add it under sources with title and url.")
        return tuple(str(source) for source in ids)
