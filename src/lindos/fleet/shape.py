"""A model as serving sees it: weights, work and cache per token."""

from dataclasses import dataclass
from typing import Annotated

from lindos.catalog.model import Model
from lindos.errors import InputError
from lindos.formats import SERVING, number_format
from lindos.quantities import Bytes, BytesPerToken, Count, FlopPerToken
from lindos.results import Why
from lindos.transformer.composition import caches
from lindos.transformer.operators import Kind, Role
from lindos.transformer.parameters import num_params
from lindos.transformer.table import operators


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
    cache_per_sequence: Annotated[
        Bytes, Why("caches of one sequence at the mean context, and states of recurrent layers")
    ]
    linear_flop: Annotated[FlopPerToken, Why("forward FLOPs of matrices and scans, for each token")]
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
    prompt = operators(model, sequence_length=context_length, mtp=False)
    products = [row for row in table if row.kind in (Kind.GEMM, Kind.GROUPED_GEMM)]
    linear_flop = sum(row.forward_flop for row in products)
    total = num_params(model)
    number = number_format(precision).cache_bytes
    kept = tuple(caches(model))
    scans = sum(row.forward_flop for row in prompt if row.kind is Kind.SCAN)
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
        cache_per_token=sum(count * cache.numbers * number for cache, count in kept),
        cache_per_sequence=sum(count * cache.size(context_length, number) for cache, count in kept),
        linear_flop=linear_flop + scans,
        attention_flop=sum(row.forward_flop for row in prompt if row.kind is Kind.ATTENTION),
    )
