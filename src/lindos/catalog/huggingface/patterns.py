"""Layers of other kinds in a configuration: the kind of every layer in words, and the sizes of each kind.

A family lists its words and mixers in ``families.yaml``. A size is a key of the configuration, a number, a flag, a
product such as ``mamba_expand * hidden_size``, or a list of these of which the first with a value counts.
"""

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from lindos.catalog.huggingface.families import Layout, Word
from lindos.catalog.huggingface.values import Values, whole_number
from lindos.catalog.mixers import MIXERS, Attention, Layers, Mixer
from lindos.errors import InconsistentError, InputError

#: Tells whether a layer has experts where the word for it does not say.
HasExperts: TypeAlias = Callable[[int], bool]


def layer_words(values: Values, layout: Layout) -> list[str]:
    """Read the word for every layer: from a list, a text with a letter for each layer, a rule, or the usual word.

    Parameters
    ----------
    values
        Values of the configuration.
    layout
        Conventions of the family.

    Raises
    ------
    InputError, InconsistentError
        If a word is not known, or a list is shorter than the model.
    """
    for key in layout.listed:
        stated = values.get(key)
        if stated is None or stated == []:
            continue
        if not isinstance(stated, (list, str)):
            raise InputError(f"config.{key}", stated, "a list with the kind of every layer")
        words = [str(word) if not isinstance(word, bool) else "" for word in stated]
        for word in words:
            if word not in layout.words:
                hint = f"Layers of {values.model_type} are known as {', '.join(layout.words)}."
                raise InputError(f"config.{key}", word, f"one of {', '.join(layout.words)}", hint)
        _spend(values, layout, key)
        return words if layout.counts_list else _as_long(values, key, words)
    layers = len(layout.usual) if layout.counts_list else values.count("num_layers")
    if layout.without_rule and values.get(layout.indices) is None:
        return [layout.without_rule] * layers
    words = [layout.usual[layer % len(layout.usual)] for layer in range(layers)]
    for layer in _exceptional(values, layout, layers):
        words[layer] = layout.exception
    return words


def _spend(values: Values, layout: Layout, key: str) -> None:
    """Note the keys that have no effect beside a list of layers."""
    for name in (*layout.listed, layout.every, layout.offset, layout.indices, layout.leading):
        if isinstance(name, str) and name and name != key:
            values.key(name)
    values.key("num_layers")


def _as_long(values: Values, key: str, words: list[str]) -> list[str]:
    layers = values.count("num_layers", default=len(words))
    if len(words) < layers:
        relation = "list as many layers as the second counts"
        raise InconsistentError(f"config.{key}", f"{len(words)} layers", "config.num_hidden_layers", layers, relation)
    return words[:layers]


def _exceptional(values: Values, layout: Layout, layers: int) -> list[int]:
    """List the layers that a rule gives another kind: listed ones, or every n-th."""
    if layout.indices and values.get(layout.indices) is not None:
        return [whole_number(f"config.{layout.indices}", i, 0, layers - 1) for i in values.entries(layout.indices)]
    if not layout.every:
        return []
    interval = layout.interval if isinstance(layout.every, int) else values.count(layout.every)
    offset = values.count(layout.offset, at_least=0) if layout.offset else interval - 1
    leading = values.count(layout.leading, at_least=0) if layout.leading else 0
    if layout.leading:
        offset = max(leading - 1, 0)
    chosen = set(range(offset, layers, interval)) | set(range(min(leading, layers)))
    return sorted(chosen | {layers - 1} if layout.last_is_exception else chosen)


def layer_groups(values: Values, layout: Layout, words: list[str], has_experts: HasExperts) -> tuple[Layers, ...]:
    """Count equal layers.

    Parameters
    ----------
    values
        Values of the configuration.
    layout
        Conventions of the family.
    words
        Word for every layer.
    has_experts
        Tells whether a layer has experts where its word does not say.
    """
    for key in keys_of(layout):
        values.key(key)  # sizes of kinds that no layer has are without effect
    mixers = {name: _mixer(values, layout, name) for name in dict.fromkeys(_names(layout, words))}
    sharing = values.count(layout.shared_cache, default=0, at_least=0) if layout.shared_cache else 0
    wider = values.flag(layout.wider_where_shared) if layout.wider_where_shared else False
    groups: Counter[Layers] = Counter()
    for layer, name in enumerate(words):
        word: Word = layout.words[name]
        feed_forward = word.feed_forward or ("experts" if has_experts(layer) else "dense")
        group = Layers(count=1, mixers=tuple(mixers[m] for m in word.mixers), feed_forward=feed_forward)
        if layer >= len(words) - sharing:
            group = _sharing(group, 2 * values.count("ffn_hidden_size") if wider else 0)
        groups[group] += 1
    return tuple(dataclasses.replace(group, count=count) for group, count in groups.items())


def _sharing(group: Layers, width: int) -> Layers:
    """Make a layer use keys and values of an earlier one, with a feed-forward of another width where there is one."""
    mixers = tuple(
        dataclasses.replace(mixer, shared_cache=True, keys_as_values=False) if isinstance(mixer, Attention) else mixer
        for mixer in group.mixers
    )
    return dataclasses.replace(group, mixers=mixers, ffn_hidden_size=width)


def _names(layout: Layout, words: list[str]) -> list[str]:
    return [mixer for word in dict.fromkeys(words) for mixer in layout.words[word].mixers]


def _mixer(values: Values, layout: Layout, name: str) -> Mixer:
    """Read the sizes of a mixer; numbers of zero are left to the model."""
    sizes = layout.mixers[name]
    record = MIXERS[sizes["kind"]]
    read: dict[str, Any] = {}
    for field in dataclasses.fields(record):
        if field.name not in sizes:
            continue
        required = field.default is dataclasses.MISSING
        size = _size(values, sizes[field.name], required=required)
        if size is not None:
            read[field.name] = size
    return record(**read)


def _size(values: Values, size: Any, *, required: bool) -> int | bool | None:
    if isinstance(size, dict):  # a key that counts under a flag alone
        values.key(size["key"])
        return _size(values, size["key"], required=required) if values.flag(size["if"]) else None
    options = size if isinstance(size, list) else [size]
    for name in _named({"": size}):
        values.key(name)  # also those that have no effect beside others
    for option in options:
        if isinstance(option, (bool, int)):
            return option
        factors = option.split()
        names = [factor for factor in factors[::2] if not factor.isdigit()]
        if all(values.get(name) not in (None, "auto") for name in names):
            return _product(values, factors)
    if required:
        missing = [name for name in options[-1].split()[::2] if not name.isdigit()]
        next(values.count(name) for name in missing if values.get(name) in (None, "auto"))
    return None


def _product(values: Values, factors: list[str]) -> int | bool:
    """Compute a product or quotient of keys and numbers; quotients round up."""
    if len(factors) == 1 and isinstance(values.get(factors[0]), bool):
        return bool(values.get(factors[0]))
    result = 0
    for operation, factor in zip(["", *factors[1::2]], factors[::2], strict=True):
        number = int(factor) if factor.isdigit() else values.count(factor, at_least=0)
        result = number if not operation else result * number if operation == "*" else math.ceil(result / number)
    return result


def keys_of(layout: Layout) -> frozenset[str]:
    """Get all keys that the conventions of a family name.

    Parameters
    ----------
    layout
        Conventions of the family.
    """
    rules = layout.every, layout.offset, layout.indices, layout.leading, layout.shared_cache, layout.wider_where_shared
    keys = {key for key in (*layout.listed, *rules) if isinstance(key, str)}
    for sizes in layout.mixers.values():
        keys |= _named(sizes)
    return frozenset(keys - {""})


def _named(sizes: Mapping[str, Any]) -> set[str]:
    """List the keys that sizes name."""
    plain = [list(size.values()) if isinstance(size, dict) else size for name, size in sizes.items() if name != "kind"]
    listed = (size if isinstance(size, list) else [size] for size in plain)
    texts = [text for options in listed for text in options if isinstance(text, str)]
    return {factor for text in texts for factor in text.split()[::2] if not factor.isdigit()}
