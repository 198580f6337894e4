"""Conventions of model families, as data: keys of counts, defaults of the library, and parts without operators.

``families.yaml`` is written by hand. ``library.yaml`` has the defaults of the configuration classes of the
transformers library; ``fit/configurations.py`` writes it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, kw_only=True)
class FullAttention:
    """Layers with full attention where the others have a window: every n-th from an offset, and extra layers."""

    interval: int
    offset: int
    extra: tuple[int, ...] = ()  # layers, counted from the end where negative

    def number(self, layers: int) -> int:
        """Count the full layers.

        Parameters
        ----------
        layers
            Number of layers of the model.
        """
        full = set(range(self.offset, layers, self.interval))
        return len(full | {layer % layers for layer in self.extra})


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Meaning of a word for a layer: its mixers, and its feed-forward; empty where the rule for experts decides."""

    mixers: tuple[str, ...] = ()
    feed_forward: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Layers of a family that are of several kinds.

    The word for every layer stands under a key of ``listed``. Without it, words repeat as in ``usual``, but for the
    layers of ``exception``: those under ``indices``, or every n-th, from an offset.
    """

    words: Mapping[str, Word]
    mixers: Mapping[str, Mapping[str, Any]]  # sizes by name of the mixer
    listed: tuple[str, ...] = ()
    counts_list: bool = False  # the list decides how many layers there are
    usual: tuple[str, ...] = ()
    exception: str = ""
    every: str | int = ""
    offset: str = ""
    indices: str = ""
    last_is_exception: bool = False
    leading: str = ""  # key of a number of leading exceptional layers, from whose last every n-th is counted
    without_rule: str = ""  # word of all layers where the configuration states no rule
    shared_cache: str = ""  # key of a number of last layers that use keys and values of earlier ones
    wider_where_shared: str = ""  # key of a flag that such layers have feed-forwards of twice the width
    neutral: tuple[str, ...] = ()  # keys of the family that change no matrix and no product

    @property
    def interval(self) -> int:
        """Interval of exceptional layers where the family fixes it."""
        return self.every if isinstance(self.every, int) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Conventions that model types share.

    ``gated`` is ``"activation"`` where the name of the activation function decides. ``fused_gate`` means that the width
    of the feed-forward counts gate and value, ``square_heads`` that all heads together have the width of the layers.
    ``windowed_kv_factor`` is the number of key-value heads of windowed layers over that of full layers. ``needs`` is a
    key without which the type means something else.
    """

    gated: bool | str = True
    fused_gate: bool = False
    square_heads: bool = False
    windowed_kv_factor: int = 1
    full_attention: FullAttention | None = None
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    needs: str = ""
    layout: Layout | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Contents of both files."""

    version: str
    names: Mapping[str, tuple[str, ...]]
    neutral: tuple[str, ...]
    harmless: Mapping[str, Any]  # value at which a key changes nothing, by key
    parts: Mapping[str, str]  # part by pattern of a key
    refused: Mapping[str, str]  # part by pattern of a model type
    families: Mapping[str, Family]
    text_types: Mapping[str, str]  # model type of the language model, by the type of the outer model
    unread_types: frozenset[str]  # types of the library without a family here

    def part_of_type(self, model_type: str) -> str:
        """Name the part of a model type that Lindos cannot compute; empty where there is none.

        Parameters
        ----------
        model_type
            Type of the configuration.
        """
        return _match(self.refused, model_type) if model_type not in self.families else ""

    def part_of_key(self, key: str) -> str:
        """Name the part that a key marks; empty where it marks none.

        Parameters
        ----------
        key
            Key of the configuration.
        """
        return _match(self.parts, key)

    def is_neutral(self, key: str) -> bool:
        """Tell whether a key changes no matrix and no product.

        Parameters
        ----------
        key
            Key of the configuration.
        """
        last = key.rsplit(".", 1)[-1]
        return any(fnmatchcase(key, pattern) or fnmatchcase(last, pattern) for pattern in self.neutral)

    def keys(self) -> frozenset[str]:
        """Get all keys that may have a count."""
        return frozenset(key for keys in self.names.values() for key in keys)


def _match(patterns: Mapping[str, str], name: str) -> str:
    if name in patterns:
        return patterns[name]
    return next((part for pattern, part in patterns.items() if fnmatchcase(name, pattern)), "")


@cache
def library() -> Library:
    """Load both files, once."""
    tables, written = _yaml("families.yaml"), _yaml("library.yaml")
    families = dict(_families(tables["families"], tables["names"], written["defaults"], tables["mixers"]))
    return Library(
        version=written["version"],
        names={name: tuple(keys) for name, keys in tables["names"].items()},
        neutral=tuple(_flat(tables["neutral"])),
        harmless=tables["harmless"],
        parts={key: part for part, keys in tables["parts"].items() for key in keys},
        refused={kind: part for part, kinds in tables["refused"].items() for kind in _flat(kinds)},
        families=families,
        text_types=written["text_types"],
        unread_types=frozenset(written["unread_types"]),
    )


def _families(
    tables: Mapping[str, Any], names: Mapping[str, list[str]], defaults: Mapping[str, Any], mixers: Mapping[str, Any]
) -> Iterable[tuple[str, Family]]:
    for table in tables.values():
        full = table.get("full_attention")
        shared: dict[str, Any] = {
            "gated": table.get("gated", True),
            "fused_gate": table.get("fused_gate", False),
            "windowed_kv_factor": table.get("windowed_kv_factor", 1),
            "square_heads": table.get("square_heads", False),
            "full_attention": FullAttention(**{**full, "extra": tuple(full.get("extra", ()))}) if full else None,
            "names": {name: tuple(keys) for name, keys in {**names, **table.get("names", {})}.items()},
            "needs": table.get("needs", ""),
            "layout": _layout(table["layers"], mixers) if "layers" in table else None,
        }
        for kind in _flat(table["types"]):
            yield kind, Family(defaults={**defaults.get(kind, {}), **table.get("defaults", {})}, **shared)


def _layout(table: Mapping[str, Any], shared: Mapping[str, Any]) -> Layout:
    """Read the layers of a family; sizes of its own mixers stand over those of the mixers that families share."""
    words = {
        str(name): Word(mixers=tuple(word.get("mixers", ())), feed_forward=word.get("feed_forward", ""))
        for name, word in table["words"].items()
    }
    special = table.get("mixers", {})
    names = {name for word in words.values() for name in word.mixers}
    values: dict[str, Any] = {key: value for key, value in table.items() if key not in ("words", "mixers")}
    values |= {key: tuple(table.get(key, ())) for key in ("listed", "usual", "neutral")}
    mixers = {name: {**shared.get(name, {}), **special.get(name, {})} for name in names}
    return Layout(**values | {"words": words, "mixers": mixers})


def _flat(rows: Iterable[Any]) -> Iterable[str]:
    for row in rows:
        yield from row if isinstance(row, list) else [row]


def _yaml(name: str) -> Any:
    return yaml.load(files("lindos.catalog.huggingface").joinpath(name).read_text(encoding="utf-8"), Loader=_Loader)
