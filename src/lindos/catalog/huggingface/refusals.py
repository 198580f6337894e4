"""Refuse the parts of a configuration that Lindos cannot compute, and the keys that it does not understand."""

from typing import Any

from lindos.catalog.huggingface.families import library
from lindos.catalog.huggingface.patterns import keys_of
from lindos.catalog.huggingface.values import Values, is_on, printable
from lindos.errors import InputError

#: Words in a key that is about a shape.
_SHAPE_WORDS = frozenset(
    {
        *("size", "dim", "dims", "num", "n", "layer", "layers", "head", "heads", "expert", "experts", "moe", "window"),
        *("attn", "attention", "mlp", "ffn", "conv", "mamba", "ssm", "lora", "rank", "index", "indexer", "sparse"),
        *("pattern", "recurrent", "loop", "loops", "shared", "hyper", "depth", "width", "inner", "block", "blocks"),
        *(
            "group",
            "groups",
            "mtp",
            "stream",
            "streams",
            "compress",
            "cache",
            "ngram",
            "hidden",
            "kv",
            "topk",
            "linear",
        ),
    }
)


def refuse_parts(values: Values) -> None:
    """Refuse a model type or a key that marks a part without operators here.

    Parameters
    ----------
    values
        Values of the configuration.

    Raises
    ------
    InputError
        With the part and the key that marks it.
    """
    part = library().part_of_type(values.model_type)
    layout = values.family.layout
    expected = keys_of(layout) if layout else frozenset()
    marks = {
        key: library().part_of_key(key)
        for key, value in values.data.items()
        if is_on(value) and not _unused(value) and key not in expected and not _is_understood(values, key)
        if value != library().harmless.get(key)
    }
    marks = {key: mark for key, mark in marks.items() if mark}
    if part:
        named = f" ({', '.join(map(printable, sorted(marks)))})" if marks else ""
        hint = f"It has {part}{named}, which Lindos does not know."
        raise InputError("config.model_type", values.model_type, "a decoder with softmax attention", hint)
    for key, mark in marks.items():
        hint = f"It marks {mark}, which Lindos does not know."
        names = list(map(printable, sorted(set(marks) - {key})))
        addition = f" Other keys of this kind: {', '.join(names)}." if names else ""
        raise InputError(f"config.{printable(key)}", values.data[key], "left out or off", hint + addition)
    if any(kind != 1 for kind in values.entries("attn_type_list")) and "attn_type_list" not in expected:
        hint = "Others mark lightning attention, which Lindos does not know."
        raise InputError("config.attn_type_list", values.data["attn_type_list"], "a list of ones", hint)
    if values.model_type in library().unread_types and not values.has_family:
        hint = "The transformers library has it, but its conventions are not known here, and a guess may be far off."
        raise InputError("config.model_type", values.model_type, "a type of a decoder that Lindos knows", hint)
    if values.data.get("is_causal") is False:
        hint = "Lindos does not know bidirectional attention."
        raise InputError("config.is_causal", False, "left out or true", hint)
    needs = values.family.needs
    if needs and values.data.get(needs) is None:
        raise InputError(
            f"config.{needs}", None, "given", f"Without it {values.model_type} is no language model known here."
        )


def _is_understood(values: Values, key: str) -> bool:
    """Tell whether a family with layers of several kinds knows that a key changes nothing."""
    layout = values.family.layout
    return layout is not None and (key in layout.neutral or library().is_neutral(key))


def _unused(value: Any) -> bool:
    """Tell whether a section switches itself off, as ``{"use_sparse_attention": false}`` does."""
    return isinstance(value, dict) and any(
        key.startswith("use_") and content is False for key, content in value.items()
    )


def not_understood(values: Values) -> list[str]:
    """List the keys that are on, that nothing read, and that may change the computation.

    Parameters
    ----------
    values
        Values of the configuration.
    """
    table = library()
    rest = set(values.data) - values.used - {"model_type"}
    active = (key for key in rest if is_on(values.data[key]) and values.data[key] != table.harmless.get(key))
    return sorted(key for key in active if not (table.is_neutral(key) or _is_understood(values, key)))


def refuse_unknown_keys(values: Values) -> list[str]:
    """Refuse keys that may change the computation and are not understood.

    For a model type that the library does not know, every key must be understood. For a known type, only keys about
    shapes are refused.

    Parameters
    ----------
    values
        Values of the configuration.

    Returns
    -------
    list of str
        Keys that are not understood and not refused.

    Raises
    ------
    InputError
        With all refused keys.
    """
    rest = not_understood(values)
    refused = [key for key in rest if not values.has_family or _is_about_shape(key, values.data[key])]
    if not refused:
        return rest
    listed = ", ".join(map(printable, refused[:12])) + (f" and {len(refused) - 12} more" if len(refused) > 12 else "")
    kind = values.model_type or "that is not named"
    expected = "left out, if it changes nothing that a step computes"
    if not values.has_family:
        hint = f"Model type {kind} is not known here, and of its keys these are not understood: {listed}."
        raise InputError(
            "config.model_type", values.model_type or None, "a type or a file all of whose keys are known", hint
        )
    hint = f"It is not understood in a model of type {kind}." if len(refused) == 1 else f"Not understood: {listed}."
    raise InputError(f"config.{printable(refused[0])}", values.data[refused[0]], expected, hint)


def _is_about_shape(key: str, value: Any) -> bool:
    if isinstance(value, (str, float)):
        return False
    return not _SHAPE_WORDS.isdisjoint(key.lower().replace(".", "_").split("_"))
