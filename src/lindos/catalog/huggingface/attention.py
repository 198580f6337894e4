"""Attention of a configuration: heads, their widths, latent ranks, and the layers that have a window."""

from typing import Any

from lindos.catalog.huggingface.values import Values, whole_number
from lindos.errors import InconsistentError, InputError

#: Words of ``layer_types``, and whether such a layer has a window; chunks count as full attention.
LAYER_WORDS = {
    "full_attention": False,
    "attention": False,
    "global": False,
    "chunked_attention": False,
    "sliding_attention": True,
    "local": True,
}
#: Keys that list the kinds of layer.
PATTERN_KEYS = ("layer_types", "layers_block_type", "attention_layers")


def attention_fields(values: Values, hidden: int, layers: int) -> dict[str, Any]:
    """Read heads and windows.

    Parameters
    ----------
    values
        Values of the configuration.
    hidden
        Hidden size.
    layers
        Number of layers.

    Returns
    -------
    dict
        Fields of a :class:`~lindos.catalog.model.Model`.
    """
    heads = values.count("num_attention_heads")
    kv_heads = _kv_heads(values, heads)
    latent = _latent(values)
    windows = {} if values.family.layout else window_fields(values, layers)
    fields = {
        "num_attention_heads": heads,
        "num_kv_heads": kv_heads,
        "head_dim": latent["v_head_dim"] if latent else _head_dim(values, hidden, heads),
        **latent,
        **windows,
    }
    if not latent and values.get("v_head_dim") is not None:
        width = values.count("v_head_dim")
        fields["v_head_dim"] = width if width != fields["head_dim"] else 0
    if windows:
        fields |= _windowed_heads(values, fields)
    return fields


def _kv_heads(values: Values, heads: int) -> int:
    """Key-value heads; one for multi-query attention, else as many as heads by default."""
    if values.flag("multi_query") and not values.flag("new_decoder_architecture"):
        values.key("num_kv_heads")
        return 1
    if not values.flag("multi_query_attention", default=True):  # of ChatGLM, beside a number of groups
        values.key("num_kv_heads")
        return heads
    kv_heads = values.count("num_kv_heads", default=heads)
    if heads % kv_heads:
        key = values.key("num_kv_heads")
        names = f"config.{key}", kv_heads, f"config.{values.key('num_attention_heads')}", heads
        raise InconsistentError(*names, "divide the second")
    return kv_heads


def _head_dim(values: Values, hidden: int, heads: int) -> int:
    """Width of a head; by default the hidden size over the number of heads."""
    if values.get("head_dim") is None and hidden % heads:
        names = values.key("num_attention_heads"), values.key("hidden_size")
        raise InconsistentError(f"config.{names[0]}", heads, f"config.{names[1]}", hidden, "divide the second")
    width = values.count("head_dim", default=hidden // heads)
    if values.family.square_heads and width * heads != hidden:
        hint = f"Heads of {values.model_type} are together as wide as the layers."
        raise InputError(f"config.{values.key('head_dim') or 'head_dim'}", width, f"{hidden} over {heads} heads", hint)
    return width


def _latent(values: Values) -> dict[str, Any]:
    """Ranks of multi-head latent attention, where the configuration has them."""
    if values.get("kv_lora_rank") is None:
        return {}
    values.key("head_dim")  # some files repeat a part of the width of a latent head
    return {
        "attention": "mla",
        "q_lora_rank": values.count("q_lora_rank", default=0, at_least=0),
        **{key: values.count(key) for key in ("kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim")},
    }


def _windowed_heads(values: Values, fields: dict[str, Any]) -> dict[str, Any]:
    """Key-value heads of windowed layers, where their number differs; other differences are refused."""
    counterparts = {
        "swa_num_attention_heads": "num_attention_heads",
        "swa_head_dim": "head_dim",
        "swa_v_head_dim": "v_head_dim",
    }
    for key, field in counterparts.items():
        width = fields.get(field) or fields["head_dim"]
        if values.get(key) is not None and values.count(key) != width:
            hint = "Lindos does not know windowed layers whose heads differ otherwise than in the number of keys."
            raise InputError(f"config.{key}", values.get(key), f"{width}, as in the other layers", hint)
    usual = fields["num_kv_heads"] * values.family.windowed_kv_factor
    number = values.count("swa_num_key_value_heads", default=usual)
    if fields["num_attention_heads"] % number:
        names = "config.swa_num_key_value_heads", number, "config.num_attention_heads", fields["num_attention_heads"]
        raise InconsistentError(*names, "divide the second")
    return {"num_windowed_kv_heads": number} if number != fields["num_kv_heads"] else {}


def window_fields(values: Values, layers: int) -> dict[str, Any]:
    """Read the width of the window and how many layers have one.

    Parameters
    ----------
    values
        Values of the configuration.
    layers
        Number of layers.

    Returns
    -------
    dict
        Fields of a :class:`~lindos.catalog.model.Model`; empty where no layer has a window.
    """
    if values.model_type == "gpt_neo":
        return _local_layers(values, layers)
    for name in ("sliding_window_pattern", "max_window_layers", "prefix_dense_sliding_window_pattern"):
        values.key(name)  # without windows, or with a list of layers, these have no effect
    stated = _listed(values, layers)
    width = values.get("sliding_window")
    is_off = not values.flag("use_sliding_window", default=True) or width in (None, 0, -1, False)
    if is_off:
        if stated and values.get("sliding_window") is None:
            values.count("sliding_window")
        return {}
    number = _number_windowed(values, layers) if stated is None else stated
    return {"sliding_window": values.count("sliding_window"), "num_windowed_layers": number} if number else {}


def _listed(values: Values, layers: int) -> int | None:
    """Number of layers with a window by a list of kinds of layer; None where no key has a list."""
    pattern = values.entries("hybrid_layer_pattern")
    if pattern:
        _same_length("hybrid_layer_pattern", pattern, layers)
        for entry in pattern:
            whole_number("config.hybrid_layer_pattern", entry, 0, 1)
        return sum(map(int, pattern[:layers]))
    for key in PATTERN_KEYS:
        kinds = values.entries(key)
        for kind in kinds:
            if not isinstance(kind, str) or kind not in LAYER_WORDS:
                hint = f"Lindos has no operators for {kind} layers."
                raise InputError(f"config.{key}", kind, "full_attention or sliding_attention", hint)
        if kinds:
            _same_length(key, kinds, layers)
            return sum(LAYER_WORDS[kind] for kind in kinds[:layers])
    return None


def _same_length(key: str, kinds: list[Any], layers: int) -> None:
    if len(kinds) < layers:
        relation = "list as many layers as the second counts"
        raise InconsistentError(f"config.{key}", f"{len(kinds)} layers", "config.num_hidden_layers", layers, relation)


def _number_windowed(values: Values, layers: int) -> int:
    """Number of layers with a window by a rule of the configuration or of the family; all layers without a rule."""
    pattern = values.get("sliding_window_pattern")
    if values.get("prefix_dense_sliding_window_pattern") is not None:
        prefix = values.count("num_dense_layers", default=0, at_least=0)
        intervals = values.count("prefix_dense_sliding_window_pattern"), values.count("sliding_window_pattern")
        return prefix - prefix // intervals[0] + (layers - prefix) - (layers - prefix) // intervals[1]
    if isinstance(pattern, str) and pattern:
        return sum(pattern[layer % len(pattern)] == "L" for layer in range(layers))
    if pattern is not None:
        return layers - layers // values.count("sliding_window_pattern")
    if values.family.full_attention is not None:
        return layers - values.family.full_attention.number(layers)
    return layers - min(layers, values.count("max_window_layers", default=0, at_least=0))


def _local_layers(values: Values, layers: int) -> dict[str, Any]:
    """GPT-Neo's windows: ``attention_types`` repeats kinds of layer; by default half of the layers are local."""
    values.key("attention_layers")  # repeats the content of attention_types
    number, total = 0, 0
    for entry in values.entries("attention_types") or [[["global", "local"], layers // 2]]:
        if not isinstance(entry, list) or len(entry) != 2 or not isinstance(entry[0], list):
            raise InputError("config.attention_types", entry, "a list of kinds of layer and how often they repeat")
        times = whole_number("config.attention_types", entry[1], 0, layers)
        number, total = number + entry[0].count("local") * times, total + len(entry[0]) * times
    if number > layers:
        relation = "list as many layers as the second counts"
        raise InconsistentError("config.attention_types", f"{total} layers", "config.num_layers", layers, relation)
    window = values.count("window_size", default=256)
    return {"sliding_window": window, "num_windowed_layers": number} if number else {}
