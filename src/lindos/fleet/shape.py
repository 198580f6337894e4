"""What serving needs to know of a model: weights, work and cache per token. All plain numbers."""

from dataclasses import dataclass
from typing import Annotated

from lindos.catalog.model import Model
from lindos.errors import InputError
from lindos.formats import SERVING, number_format
from lindos.formulas import inference
from lindos.quantities import Bytes, BytesPerToken, Count, FlopPerToken
from lindos.results import Why


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """A model as a server sees it, in one precision at one mean context."""

    name: str
    precision: str
    num_params: Annotated[Count, Why("all parameters that are kept in memory")]
    num_active_params: Annotated[Count, Why("parameters that one token multiplies")]
    num_expert_params: Annotated[Count, Why("those of routed experts, of which a batch touches a part")]
    num_experts: int
    experts_per_token: int
    weights: Annotated[Bytes, Why("memory of all weights")]
    cache_per_token: Annotated[BytesPerToken, Why("key-value cache of one token in layers that keep every token")]
    cache_per_sequence: Annotated[Bytes, Why("key-value cache of one sequence at the mean context")]
    linear_flop: Annotated[FlopPerToken, Why("forward FLOPs of the matrices, for each token")]
    attention_flop: Annotated[
        FlopPerToken, Why("forward FLOPs of attention over half the context, for each prompt token")
    ]


def served(model: Model, precision: str, context_length: int) -> ServedModel:
    """Count a model's weights, work and cache.

    Raises
    ------
    InputError
        If the precision or the kind of attention is unknown, or the context below one token.

    Notes
    -----
    Norms and biases are left out (under a tenth of a per cent). Windowed layers keep and read at most their window.
    Multi-token-prediction layers are not loaded.
    """
    if precision not in SERVING:
        raise InputError("inference.precision", precision, f"one of {', '.join(SERVING)}")
    if context_length < 1:
        raise InputError("inference.context_length", context_length, "at least one token")
    if model.attention not in ("gqa", "mla"):
        raise InputError("inference.model.attention", model.attention, "gqa or mla")
    experts = model.num_moe_layers * model.num_experts * _feed_forward(model, model.expert_ffn_hidden_size)
    used = experts * model.experts_per_token // max(model.num_experts, 1)
    head = model.vocab_size * model.hidden_size
    others = model.num_layers * _attention_params(model) + _dense_params(model) + head
    embedding = 0 if model.tied_embeddings else head
    number = number_format(precision).cache_bytes
    total = experts + others + embedding
    cache = _cache_layer(model, number)
    windowed = min(model.sliding_window or context_length, context_length) * model.num_windowed_layers
    full = context_length * (model.num_layers - model.num_windowed_layers)
    return ServedModel(
        name=model.name,
        precision=precision,
        num_params=float(total),
        num_active_params=float(used + others),
        num_expert_params=float(experts),
        num_experts=model.num_experts,
        experts_per_token=model.experts_per_token,
        weights=total * number_format(precision).size,
        cache_per_token=cache * model.num_layers,
        cache_per_sequence=cache * (windowed + full),
        linear_flop=2.0 * (used + others),
        attention_flop=_attention_flop_per_key(model) * (windowed + full) / 2,
    )


def _feed_forward(model: Model, width: int) -> int:
    return (3 if model.gated else 2) * model.hidden_size * width


def _dense_params(model: Model) -> int:
    """Feed-forward weights that every token uses: dense layers, shared experts, routers."""
    moe = model.num_moe_layers
    dense = model.num_layers if model.dense_ffn_beside_experts else model.num_layers - moe
    shared = model.num_shared_experts * _feed_forward(model, model.expert_ffn_hidden_size)
    return dense * _feed_forward(model, model.ffn_hidden_size) + moe * (shared + model.hidden_size * model.num_experts)


def _attention_params(model: Model) -> int:
    hidden, heads = model.hidden_size, model.num_attention_heads
    if model.attention == "gqa":
        return 2 * hidden * model.head_dim * (heads + model.num_kv_heads)
    query = model.qk_nope_head_dim + model.qk_rope_head_dim
    queries = (hidden + heads * query) * model.q_lora_rank if model.q_lora_rank else hidden * heads * query
    latent = hidden * (model.kv_lora_rank + model.qk_rope_head_dim)
    expand = model.kv_lora_rank * heads * (model.qk_nope_head_dim + model.v_head_dim)
    return queries + latent + expand + heads * model.v_head_dim * hidden


def _cache_layer(model: Model, number: float) -> float:
    if model.attention == "mla":
        return float(inference.mla_cache_per_token(1, model.kv_lora_rank, model.qk_rope_head_dim, number))
    return float(inference.gqa_cache_per_token(1, model.num_kv_heads, model.head_dim, number))


def _attention_flop_per_key(model: Model) -> float:
    """Of one layer: scores and weighted sum, two FLOP for each multiply and add."""
    if model.attention == "mla":
        width = model.qk_nope_head_dim + model.qk_rope_head_dim + model.v_head_dim
        return 2.0 * model.num_attention_heads * width
    return 4.0 * model.num_attention_heads * model.head_dim
