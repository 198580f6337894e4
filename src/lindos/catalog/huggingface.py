"""Any Hugging Face ``config.json`` as a :class:`Model`: dense, grouped-query, latent attention, mixture of experts.

Keys differ between model families; each count is looked for under the names in use. What a configuration does not say
takes the library's own default where there is one, and is an input error where there is none.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lindos.catalog.model import Model
from lindos.errors import InconsistentError, InputError

MAX_BYTES = 5_000_000
_ABSENT = object()

#: Model types, or marks of one, that mix in an attention or layer kind without an operator table here.
_UNKNOWN_KINDS = {
    "minimax": "lightning attention",
    "mamba": "the state-space layers of Mamba",
    "rwkv": "the recurrent layers of RWKV",
    "retnet": "retention",
    "recurrent_gemma": "recurrent layers",
    "jamba": "the state-space layers of Mamba",
    "bamba": "the state-space layers of Mamba",
    "zamba": "the state-space layers of Mamba",
    "falcon_h1": "the state-space layers of Mamba",
    "nemotron_h": "the state-space layers of Mamba",
    "granitemoehybrid": "the state-space layers of Mamba",
    "qwen3_next": "linear attention",
    "kimi_linear": "linear attention",
    "bert": "bidirectional attention",
    "t5": "an encoder beside the decoder",
    "whisper": "an encoder beside the decoder",
}
_UNKNOWN_KEYS = {
    "attn_type_list": "lightning attention",
    "linear_attn_config": "linear attention",
    "linear_num_value_heads": "linear attention",
    "mamba_d_state": "the state-space layers of Mamba",
    "ssm_state_size": "the state-space layers of Mamba",
    "index_topk": "sparse attention with an indexer",
}
#: Feed-forward with two matrices instead of three.
_PLAIN_FFN = (
    "gpt2",
    "gpt_neo",
    "gptj",
    "gpt_bigcode",
    "opt",
    "bloom",
    "falcon",
    "mpt",
    "phi",
    "starcoder2",
    "nemotron",
)
#: Families whose library default ties input and output embeddings.
_TIED = ("gpt2", "gemma", "bloom", "opt", "gpt_bigcode", "gpt_neo", "falcon", "mpt", "palm", "cohere", "starcoder2")

_LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
_HIDDEN = ("hidden_size", "n_embd", "d_model", "dim")
_HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads")
_KV_HEADS = ("num_key_value_heads", "num_kv_heads", "n_kv_heads", "multi_query_group_num")
_FFN = ("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size", "hidden_dim")
_CONTEXT = ("max_position_embeddings", "n_positions", "seq_length", "max_seq_len", "max_sequence_length", "n_ctx")
_EXPERTS = ("n_routed_experts", "num_local_experts", "num_experts", "moe_num_experts")
_TOP_K = ("num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_top_k", "num_selected_experts", "top_k")
_EXPERT_FFN = ("moe_intermediate_size", "expert_ffn_hidden_size", "moe_ffn_hidden_size")
_SHARED = ("n_shared_experts", "num_shared_experts", "moe_num_shared_experts")


def model_from_config(config: Mapping[str, Any] | Path, name: str | None = None) -> Model:
    """Shape of the model that a Hugging Face configuration describes.

    Parameters
    ----------
    config
        The parsed ``config.json``, or its path.
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
    own = data.get("text_config")
    if isinstance(own, Mapping):
        data = {**data, **own}
    if isinstance(data.get("ffn_config"), Mapping):
        data = {**data, **_dbrx(data)}
    return _Config(data).model(name)


def _read(path: Path) -> dict[str, Any]:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError("model", f"{path} of {size / 1e6:,.0f} MB", "a configuration of at most 5 MB")
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        hint = f"The system says: {error.strerror or 'it cannot be read'}."
        raise InputError("model", str(path), "a config.json that can be read", hint) from None
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        hint = f"Line {error.lineno}: {error.msg}." if isinstance(error, json.JSONDecodeError) else ""
        raise InputError("model", str(path), "a config.json in JSON", hint) from None
    if not isinstance(data, dict):
        raise InputError("model", str(path), "a config.json that holds one object")
    return data


def _dbrx(data: Mapping[str, Any]) -> dict[str, Any]:
    """DBRX keeps its experts and its key-value heads in sections of their own."""
    ffn, attention = data["ffn_config"], data.get("attn_config") or {}
    return {
        "num_local_experts": ffn.get("moe_num_experts"),
        "num_experts_per_tok": ffn.get("moe_top_k"),
        "intermediate_size": ffn.get("ffn_hidden_size"),
        "num_key_value_heads": attention.get("kv_n_heads"),
    }


class _Config:
    """A configuration under reading."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.kind = str(data.get("model_type") or "").lower()

    def count(self, keys: Sequence[str], default: Any = _ABSENT, at_least: int = 1) -> int:
        """Whole number under the first of ``keys`` that the configuration has."""
        for key in keys:
            value: Any = self.data.get(key)
            if value is None and not (key in self.data and default is _ABSENT):
                continue
            whole = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
            if not whole or value != int(value) or not at_least <= value <= 10**9:
                raise InputError(f"config.{key}", value, f"a whole number of at least {at_least}")
            return int(value)
        if default is _ABSENT:
            raise InputError(f"config.{keys[0]}", None, "given", f"Other names read: {', '.join(keys[1:]) or 'none'}.")
        return int(default)

    def model(self, name: str | None) -> Model:
        """The shape, checked against itself."""
        self.refuse_unknown_kinds()
        hidden, heads = self.count(_HIDDEN), self.count(_HEADS)
        kv_heads = self.kv_heads(heads)
        if heads % kv_heads:
            raise InconsistentError(
                "config.num_key_value_heads", kv_heads, "config.num_attention_heads", heads, "divide the second"
            )
        layers = self.count(_LAYERS)
        title = name or str(self.data.get("_name_or_path") or "") or self.kind or "config.json"
        return Model(
            name=title,
            title=title,
            num_layers=layers,
            hidden_size=hidden,
            num_attention_heads=heads,
            num_kv_heads=kv_heads,
            head_dim=self.head_dim(hidden, heads),
            ffn_hidden_size=self.ffn(hidden),
            gated=not self.kind.startswith(_PLAIN_FFN) or self.kind in ("phi3", "phimoe"),
            vocab_size=self.count(("vocab_size", "padded_vocab_size")),
            max_sequence_length=self.count(_CONTEXT, default=2048),
            tied_embeddings=bool(self.data.get("tie_word_embeddings", self.kind.startswith(_TIED))),
            **self.latent_attention(),
            **self.experts(layers),
            **self.windows(layers),
            num_mtp_layers=self.count(("num_nextn_predict_layers",), default=0, at_least=0),
            sources=("user",),
            note="from a Hugging Face configuration",
        )

    def refuse_unknown_kinds(self) -> None:
        """Name the attention or layer kind that has no operators here."""
        for mark, what in _UNKNOWN_KINDS.items():
            if self.kind.startswith(mark):
                raise InputError("config.model_type", self.kind, "a decoder with softmax attention", f"It has {what}.")
        for key, what in _UNKNOWN_KEYS.items():
            if self.data.get(key):
                raise InputError(f"config.{key}", "set", "left out", f"It marks {what}, which Lindos does not know.")
        for kind in self.data.get("layer_types") or ():
            if kind not in ("full_attention", "sliding_attention", "chunked_attention", "attention"):
                raise InputError("config.layer_types", kind, "full_attention or sliding_attention")

    def kv_heads(self, heads: int) -> int:
        """Key-value heads; multi-query where the family says so, else one per head."""
        if self.data.get("multi_query") and not self.data.get("new_decoder_architecture"):
            return 1
        return self.count(_KV_HEADS, default=heads)

    def head_dim(self, hidden: int, heads: int) -> int:
        """Width of a head."""
        if self.data.get("head_dim") is None and hidden % heads and not self.data.get("kv_lora_rank"):
            raise InconsistentError(
                "config.num_attention_heads", heads, "config.hidden_size", hidden, "divide the second"
            )
        return self.count(("head_dim", "kv_channels"), default=hidden // heads)

    def ffn(self, hidden: int) -> int:
        """Width of the dense feed-forward; four times the hidden size in the families that leave it out."""
        plain = 4 * hidden if self.kind.startswith(_PLAIN_FFN) else _ABSENT
        return self.count(("intermediate_size_mlp", *_FFN), default=plain)

    def latent_attention(self) -> dict[str, Any]:
        """Ranks of multi-head latent attention, where the configuration has them."""
        if not self.data.get("kv_lora_rank"):
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
        width = self.count(_EXPERT_FFN, default=self.count(_FFN))
        shared = self.count(_SHARED, default=0, at_least=0)
        shared_width = self.count(("shared_expert_intermediate_size",), default=0, at_least=0)
        if shared_width and not shared:
            shared = max(1, round(shared_width / width))
        if self.kind.startswith("llama4") and not shared:
            shared = 1
        every = self.count(("interleave_moe_layer_step", "decoder_sparse_step", "moe_layer_freq"), default=1)
        dense = self.data.get("mlp_only_layers") or []
        return {
            "num_experts": number,
            "experts_per_token": top_k,
            "expert_ffn_hidden_size": width,
            "num_shared_experts": shared,
            "num_expert_groups": self.count(("n_group",), default=0, at_least=0),
            "expert_groups_per_token": self.count(("topk_group",), default=0, at_least=0),
            "num_dense_layers": min(layers, self.count(("first_k_dense_replace",), default=len(dense), at_least=0)),
            "moe_layer_interval": every,
            "dense_ffn_beside_experts": bool(self.data.get("residual_moe", False)),
        }

    def windows(self, layers: int) -> dict[str, Any]:
        """Sliding windows and how many layers have one."""
        window = self.data.get("sliding_window") or self.data.get("attention_window_size")
        if not window or self.data.get("use_sliding_window") is False:
            return {}
        window = self.count(("sliding_window", "attention_window_size"))
        kinds = self.data.get("layer_types")
        if kinds:
            number = sum(kind == "sliding_attention" for kind in kinds[:layers])
        elif self.data.get("sliding_window_pattern"):
            number = layers - layers // self.count(("sliding_window_pattern",))
        elif self.kind == "gemma2":
            number = layers // 2
        else:
            number = layers - min(layers, self.count(("max_window_layers",), default=0, at_least=0))
        return {"sliding_window": window, "num_windowed_layers": number} if number else {}
