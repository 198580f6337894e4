"""Any Hugging Face ``config.json`` as a :class:`Model`: dense, grouped-query, latent attention, mixture of experts.

Keys differ between model families; each count is looked for under the names in use. What a configuration does not say
takes the library's own default where there is one, and is an input error where there is none.
"""

import json
import math
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lindos.catalog.huggingface_families import (
    FAMILIES,
    LATENT,
    LAYER_WORDS,
    UNKNOWN_KEYS,
    UNKNOWN_MARKS,
    UNKNOWN_TYPES,
    Family,
)
from lindos.catalog.model import Model, model_errors
from lindos.errors import InconsistentError, InputError

MAX_BYTES = 5_000_000
_ABSENT = object()
#: Sections that hold the language model of one that also sees or hears.
_NESTED = ("text_config", "llm_config", "language_config", "thinker_config")

_LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
_HIDDEN = ("hidden_size", "n_embd", "n_embed", "d_model", "dim")
_HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads")
_KV_HEADS = ("num_key_value_heads", "num_kv_heads", "n_kv_heads", "n_head_kv", "multi_query_group_num")
_FFN = ("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size", "hidden_dim", "feed_forward_hidden_size")
_CONTEXT = ("max_position_embeddings", "n_positions", "seq_length", "max_seq_len", "max_sequence_length", "n_ctx")
_EXPERTS = ("n_routed_experts", "num_local_experts", "num_experts", "moe_num_experts")
_TOP_K = ("num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_top_k", "moe_k", "num_selected_experts")
_EXPERT_FFN = ("moe_intermediate_size", "expert_ffn_hidden_size", "moe_ffn_hidden_size")
_SHARED = ("n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts")
_SHARED_FFN = ("shared_expert_intermediate_size", "shared_intermediate_size")
_MOE_EVERY = ("interleave_moe_layer_step", "decoder_sparse_step", "moe_layer_freq", "moe_layer_interval")
_FIRST_DENSE = ("first_k_dense_replace", "moe_layer_start_index", "moe_layer_num_skipped")


def model_from_config(config: Mapping[str, Any] | Path, name: str | None = None) -> Model:
    """Shape of the model that a Hugging Face configuration describes.

    Parameters
    ----------
    config
        The parsed ``config.json``, its path, or the folder that holds it.
    name
        Name to give the model; the folder's or the configuration's own where left out.

    Raises
    ------
    InputError
        If a count is missing or no positive whole number, or the model has an attention kind without operators here.
    InconsistentError
        If counts contradict each other, such as key-value heads that do not divide the heads.

    Examples
    --------
    >>> config = {"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    ...           "num_key_value_heads": 2, "intermediate_size": 128, "vocab_size": 256}
    >>> model_from_config(config).head_dim
    16
    """
    if isinstance(config, Path):
        data = _read(config)
        name = name or (config.parent.name if config.name == "config.json" else config.stem)
    else:
        data = dict(config)
    for key in (*_NESTED, *_NESTED):
        own = data.pop(key, None)
        if isinstance(own, Mapping):
            data |= own
    if isinstance(data.get("ffn_config"), Mapping):
        data |= _sections(data)
    return _Config(data).model(name)


def _read(path: Path) -> dict[str, Any]:
    """Content of the file, bounded in size."""
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            return _read(path / "config.json")
        if found.st_size > MAX_BYTES:
            raise InputError("model", f"{path} of {found.st_size / 1e6:,.0f} MB", "a configuration of at most 5 MB")
        if not stat.S_ISREG(found.st_mode):  # a device or a pipe may never end
            raise InputError("model", str(path), "a config.json that can be read")
        data = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        hint = f"The system says: {error.strerror or 'it cannot be read'}."
        raise InputError("model", str(path), "a config.json that can be read", hint) from None
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        hint = f"Line {error.lineno}: {error.msg}." if isinstance(error, json.JSONDecodeError) else ""
        raise InputError("model", str(path), "a config.json in JSON", hint) from None
    if not isinstance(data, dict):
        raise InputError("model", str(path), "a config.json that holds one object")
    return data


def _sections(data: Mapping[str, Any]) -> dict[str, Any]:
    """DBRX keeps its experts, and MPT its key-value heads, in sections of their own."""
    ffn, attention = data["ffn_config"], data.get("attn_config")
    found = {
        "num_local_experts": ffn.get("moe_num_experts"),
        "num_experts_per_tok": ffn.get("moe_top_k"),
        "intermediate_size": ffn.get("ffn_hidden_size"),
        "num_key_value_heads": attention.get("kv_n_heads") if isinstance(attention, Mapping) else None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _whole(path: str, value: Any, at_least: int, at_most: int) -> int:
    """``value`` as a whole number between the bounds; a list of equal numbers counts as that number."""
    if isinstance(value, list) and value and all(item == value[0] for item in value):
        value = value[0]
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or (isinstance(value, float) and not math.isfinite(value)) or value != int(value):
        raise InputError(path, value, f"a whole number of at least {at_least}")
    if value < at_least:
        raise InputError(path, value, f"a whole number of at least {at_least}")
    if value > at_most:
        raise InputError(path, value, f"a whole number of at most {at_most:,}")
    return int(value)


class _Config:
    """A configuration under reading."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        kind = data.get("model_type")
        if kind is not None and not isinstance(kind, str):
            raise InputError("config.model_type", kind, "a text such as llama")
        self.kind = (kind or "").lower()
        known = FAMILIES.get(self.kind)
        # An unknown family is a Llama, unless it names its activation as GPT-2 did.
        self.family = known or Family(gated="activation_function" not in data)
        self.known = known is not None
        self.data = {**self.family.defaults, **data}

    def count(self, keys: Sequence[str], default: Any = _ABSENT, *, at_least: int = 1, at_most: int = 10**9) -> int:
        """Whole number under the first of ``keys`` that the configuration has."""
        for key in keys:
            if self.data.get(key) is not None:
                return _whole(f"config.{key}", self.data[key], at_least, at_most)
        if default is _ABSENT:
            hint = f"Other names read: {', '.join(keys[1:])}." if keys[1:] else ""
            if self.kind and not self.known:
                hint = f"Model type {self.kind} is not known here. {hint}".strip()
            raise InputError(f"config.{keys[0]}", None, "given", hint)
        return int(default)

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false; null is the default."""
        value = self.data.get(key)
        if value is not None and not isinstance(value, bool):
            raise InputError(f"config.{key}", value, "true or false")
        return default if value is None else value

    def entries(self, key: str) -> list[Any]:
        """A list, empty where it is left out."""
        value = self.data.get(key)
        if value is not None and not isinstance(value, list):
            raise InputError(f"config.{key}", value, "a list")
        return value or []

    def model(self, name: str | None) -> Model:
        """The shape, checked against itself."""
        self.refuse_unknown_kinds()
        hidden, heads = self.count(_HIDDEN), self.count(_HEADS)
        kv_heads = self.kv_heads(heads)
        if heads % kv_heads:
            raise InconsistentError(
                "config.num_key_value_heads", kv_heads, "config.num_attention_heads", heads, "divide the second"
            )
        layers = self.count(_LAYERS, at_most=100_000)
        self.refuse_contradictions(layers)
        title = name or str(self.data.get("_name_or_path") or "") or self.kind or "config.json"
        latent = self.latent_attention()
        shape = Model(
            name=title,
            title=title,
            num_layers=layers,
            hidden_size=hidden,
            num_attention_heads=heads,
            num_kv_heads=kv_heads,
            head_dim=latent["v_head_dim"] if latent else self.head_dim(hidden, heads),
            ffn_hidden_size=self.ffn(hidden),
            gated=self.family.gated,
            clamped_gate=self.data.get("swiglu_limit") is not None,
            vocab_size=self.count(("vocab_size", "padded_vocab_size")),
            max_sequence_length=self.count(_CONTEXT, default=2048),
            tied_embeddings=self.flag("tie_word_embeddings", self.family.tied),
            **latent,
            **self.experts(layers),
            **self.windows(layers),
            num_mtp_layers=self.mtp_layers(),
            sources=("user",),
            note="from a Hugging Face configuration",
        )
        for error in model_errors(shape, "config"):
            raise error
        return shape

    def refuse_unknown_kinds(self) -> None:
        """Name the attention or layer kind that has no operators here."""
        marks = [what for mark, what in UNKNOWN_MARKS.items() if mark in self.kind]
        what = UNKNOWN_TYPES.get(self.kind) or (marks[0] if marks else "")
        if what:
            raise InputError("config.model_type", self.kind, "a decoder with softmax attention", f"It has {what}.")
        for key, what in UNKNOWN_KEYS.items():
            if self.data.get(key):
                raise InputError(f"config.{key}", "set", "left out", f"It marks {what}, which Lindos does not know.")
        if any(kind != 1 for kind in self.entries("attn_type_list")):
            hint = "Others mark lightning attention, which Lindos does not know."
            raise InputError("config.attn_type_list", self.data["attn_type_list"], "a list of ones", hint)
        for key in ("layer_types", "layers_block_type"):
            for kind in self.entries(key):
                if kind not in LAYER_WORDS:
                    hint = f"Lindos has no operators for {kind} layers."
                    raise InputError(f"config.{key}", kind, "full_attention or sliding_attention", hint)

    def refuse_contradictions(self, layers: int) -> None:
        """Refuse fields that no model of this type has."""
        kinds = self.entries("layer_types")
        if kinds and len(kinds) < layers:
            relation = "list as many layers as the second counts"
            raise InconsistentError(
                "config.layer_types", f"{len(kinds)} layers", "config.num_hidden_layers", layers, relation
            )
        for key in ("hidden_act", "activation_function"):
            if self.data.get(key) is not None and not isinstance(self.data[key], str):
                raise InputError(f"config.{key}", self.data[key], "a text such as silu")
        if self.kind in LATENT and self.data.get("kv_lora_rank") is None:
            hint = f"Every {self.kind} model has latent attention."
            raise InputError("config.kv_lora_rank", None, "given", hint)

    def kv_heads(self, heads: int) -> int:
        """Key-value heads; multi-query where the family says so, else one per head."""
        if self.flag("multi_query") and not self.flag("new_decoder_architecture"):
            return 1
        return self.count(_KV_HEADS, default=heads)

    def head_dim(self, hidden: int, heads: int) -> int:
        """Width of a head."""
        if self.data.get("head_dim") is None and self.data.get("kv_channels") is None and hidden % heads:
            raise InconsistentError(
                "config.num_attention_heads", heads, "config.hidden_size", hidden, "divide the second"
            )
        return self.count(("head_dim", "kv_channels"), default=hidden // heads)

    def ffn(self, hidden: int) -> int:
        """Width of the dense feed-forward; four times the hidden size in the plain families that leave it out."""
        plain = _ABSENT if self.family.gated else hidden * self.count(("expansion_ratio",), default=4)
        width = self.count(("intermediate_size_mlp", *_FFN), default=plain)
        # The first Qwen counts both halves of its gate.
        return width // 2 if self.kind == "qwen" else width

    def latent_attention(self) -> dict[str, Any]:
        """Ranks of multi-head latent attention, where the configuration has them."""
        if self.data.get("kv_lora_rank") is None:
            return {}
        return {
            "attention": "mla",
            "q_lora_rank": self.count(("q_lora_rank",), default=0, at_least=0),
            **{
                key: self.count((key,))
                for key in ("kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim")
            },
        }

    def experts(self, layers: int) -> dict[str, Any]:
        """Experts and where they are."""
        number = self.count(_EXPERTS, default=0, at_least=0)
        if number <= 1:
            return {}
        top_k = self.count(_TOP_K)
        if top_k > number:
            raise InconsistentError(
                "config.num_experts_per_tok", top_k, "config.num_experts", number, "be at most the second"
            )
        width = self.count((*_EXPERT_FFN, *_FFN))
        shared = self.count(_SHARED, default=0, at_least=0)
        shared_width = self.count(_SHARED_FFN, default=0, at_least=0)
        if shared_width and not shared:
            shared = max(1, round(shared_width / width))
        dense, every = self.moe_layers(layers)
        groups = self.count(("n_group",), default=0, at_least=0)
        if groups and number % groups:
            raise InconsistentError("config.n_group", groups, "config.num_experts", number, "divide the second")
        return {
            "num_experts": number,
            "experts_per_token": top_k,
            "expert_ffn_hidden_size": width,
            "num_shared_experts": shared,
            "num_expert_groups": groups,
            "expert_groups_per_token": self.count(("topk_group",), default=groups, at_least=0, at_most=groups),
            "num_dense_layers": dense,
            "moe_layer_interval": every,
            "dense_ffn_beside_experts": self.flag("residual_moe"),
        }

    def moe_layers(self, layers: int) -> tuple[int, int]:
        """Dense layers before the experts, and every how many layers experts come after them.

        Where the configuration lists the layers one by one, only their number is kept: what a step costs does not
        depend on where they are.
        """
        listed = {
            "moe_layers": len(set(map(str, self.entries("moe_layers")))),
            "mlp_layer_types": self.entries("mlp_layer_types").count("sparse"),
        }
        if isinstance(self.data.get("moe_layer_freq"), list):
            listed["moe_layer_freq"] = sum(bool(one) for one in self.data["moe_layer_freq"])
        for key, number in listed.items():
            if self.data.get(key):
                if not 1 <= number <= layers:
                    raise InputError(f"config.{key}", number, f"between 1 and {layers} layers with experts")
                return layers - number, 1
        every = self.count(_MOE_EVERY, default=1)
        first = self.count(_FIRST_DENSE, default=0, at_least=0)
        dense = {layer for layer in self.entries("mlp_only_layers") if isinstance(layer, int) and 0 <= layer < layers}
        if dense:
            number = layers // every - sum((layer + 1) % every == 0 for layer in dense)
            first, every = layers - number, 1
        if layers - first < every:
            key = next(key for key in (*_FIRST_DENSE, "mlp_only_layers", *_MOE_EVERY) if self.data.get(key))
            raise InputError(f"config.{key}", self.data[key], f"such that some of the {layers} layers hold experts")
        return first, every

    def windows(self, layers: int) -> dict[str, Any]:
        """Sliding windows and how many layers have one."""
        if self.kind == "gpt_neo":
            return self.local_layers(layers)
        keys = ("sliding_window", "attention_window_size")
        if not any(self.data.get(key) for key in keys) or not self.flag("use_sliding_window", default=True):
            return {}
        window = self.count(keys)
        kinds = self.entries("layer_types")
        pattern = self.data.get("sliding_window_pattern")
        if kinds:
            number = kinds[:layers].count("sliding_attention")
        elif isinstance(pattern, str) and pattern:
            number = sum(pattern[layer % len(pattern)] == "L" for layer in range(layers))
        elif pattern is not None:
            number = layers - layers // self.count(("sliding_window_pattern",))
        else:
            number = layers - min(layers, self.count(("max_window_layers",), default=0, at_least=0))
        return {"sliding_window": window, "num_windowed_layers": number} if number else {}

    def local_layers(self, layers: int) -> dict[str, Any]:
        """GPT-Neo's windows: ``attention_types`` repeats kinds of layer; half are local where left out."""
        number = 0
        for entry in self.entries("attention_types") or [[["global", "local"], layers // 2]]:
            if not isinstance(entry, list) or len(entry) != 2 or not isinstance(entry[0], list):
                raise InputError("config.attention_types", entry, "a list of kinds of layer and how often they repeat")
            number += entry[0].count("local") * _whole("config.attention_types", entry[1], 0, layers)
        window = self.count(("window_size",), default=256)
        return {"sliding_window": window, "num_windowed_layers": number} if number else {}

    def mtp_layers(self) -> int:
        """Layers that predict tokens further ahead."""
        if not self.flag("use_mtp", default=True):
            return 0
        return self.count(("num_nextn_predict_layers", "num_mtp_modules"), default=0, at_least=0)
