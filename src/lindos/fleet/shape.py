"""A model as serving sees it: weights, work and cache per token."""

from dataclasses import dataclass
from typing import Annotated

from lindos.catalog.model import Model
from lindos.errors import InputError
from lindos.formats import SERVING, number_format
from lindos.formulas import inference
from lindos.quantities import Bytes, BytesPerToken, Count, FlopPerToken
from lindos.results import Why
from lindos.transformer.operators import Kind, Role
from lindos.transformer.parameters import num_params
from lindos.transformer.table import attention_dims, operators


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """A model in one precision at one mean context."""

    name: str
    precision: str
    num_layers: int
    num_moe_layers: int
    hidden_size: int
    num_params: Annotated[Count, Why("all parameters in memory")]
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
    """Count the weights, work and key-value cache of a model.

    Parameters
    ----------
    model
        Architecture of the catalogue.
    precision
        Number format of weights and products.
    context_length
        Mean context of a sequence, in tokens.

    Returns
    -------
    ServedModel
        Weights and cache in bytes, work in FLOP per token.

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
    table = operators(model, sequence_length=1, mtp=False)
    products = [row for row in table if row.kind in (Kind.GEMM, Kind.GROUPED_GEMM)]
    linear_flop = sum(row.forward_flop for row in products)
    total = num_params(model)
    number = number_format(precision).cache_bytes
    cache = _cache_layer(model, model.num_kv_heads, number)
    windowed_cache = _cache_layer(model, model.num_windowed_kv_heads or model.num_kv_heads, number)
    windowed = min(model.sliding_window or context_length, context_length) * model.num_windowed_layers
    full = context_length * (model.num_layers - model.num_windowed_layers)
    return ServedModel(
        name=model.name,
        precision=precision,
        num_layers=model.num_layers,
        num_moe_layers=model.num_moe_layers,
        hidden_size=model.hidden_size,
        num_params=total,
        num_active_params=linear_flop / 2,
        num_expert_params=sum(row.params for row in products if row.role is Role.EXPERT),
        num_experts=model.num_experts,
        experts_per_token=model.experts_per_token,
        weights=total * number_format(precision).size,
        cache_per_token=cache * (model.num_layers - model.num_windowed_layers)
        + windowed_cache * model.num_windowed_layers,
        cache_per_sequence=windowed_cache * windowed + cache * full,
        linear_flop=linear_flop,
        attention_flop=_attention_flop_per_key(model) * (windowed + full) / 2,
    )


def _cache_layer(model: Model, num_kv_heads: int, number: float) -> float:
    if model.attention == "mla":
        return float(inference.mla_cache_per_token(1, model.kv_lora_rank, model.qk_rope_head_dim, number))
    mean_dim = sum(attention_dims(model)) / 2
    return float(inference.gqa_cache_per_token(1, num_kv_heads, mean_dim, number))


def _attention_flop_per_key(model: Model) -> float:
    """Of one layer: scores and weighted sum, two FLOP for each multiply and add."""
    return 2.0 * model.num_attention_heads * sum(attention_dims(model))
