"""Softmax attention: grouped queries and latent attention, with windows, chunks, gates, and an indexer.

References
----------
.. [1] DeepSeek-AI, "DeepSeek-V2," 2024, arXiv:2405.04434, section 2.1: latent attention.
.. [2] DeepSeek-AI, "DeepSeek-V3.2," 2025, arXiv:2512.02556, section 2.1: an indexer of few heads scores all earlier
       tokens, and the main attention reads the best of them in the form in which all heads share the latents.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lindos.catalog.mixers import Attention
from lindos.catalog.model import Model
from lindos.formats import BF16
from lindos.formulas.inference import gqa_cache_per_token, mla_cache_per_token
from lindos.formulas.transformer import mean_causal_keys
from lindos.transformer.cache import Cache
from lindos.transformer.operators import Kind, Operator, Role, Saved, Split
from lindos.transformer.rows import elementwise, gemm

#: Passes over FP32 scores to choose the best of them: kernels of GLM-5 take the time of four to seven.
_CHOICE_PASSES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """Sizes of an attention with those of the model filled in."""

    number: int
    kv_heads: int
    key_dim: int
    value_dim: int


def heads_of(mixer: Attention, model: Model) -> Heads:
    """Fill in the sizes that a mixer leaves to the model.

    Parameters
    ----------
    mixer
        Attention of a group of layers.
    model
        Shape of the transformer.
    """
    number = mixer.num_heads or model.num_attention_heads
    if model.attention == "mla":
        key_dim = model.qk_nope_head_dim + model.qk_rope_head_dim
        return Heads(number=number, kv_heads=number, key_dim=key_dim, value_dim=model.v_head_dim)
    key_dim = mixer.head_dim or model.head_dim
    value_dim = mixer.head_dim or model.v_head_dim or model.head_dim
    return Heads(number=number, kv_heads=mixer.num_kv_heads or model.num_kv_heads, key_dim=key_dim, value_dim=value_dim)


def rows(mixer: Attention, model: Model, sequence_length: int, count: float) -> Iterator[Operator]:
    """Yield the operators of layers with softmax attention.

    Parameters
    ----------
    mixer
        Attention of the layers.
    model
        Shape of the transformer.
    sequence_length
        Tokens of a sequence.
    count
        Number of layers.
    """
    heads = heads_of(mixer, model)
    if model.attention == "mla":
        yield from _latent_projections(model, count, heads)
    else:
        yield from _projections(mixer, model, count, heads)
    if mixer.index_keys and not mixer.shared_index:
        yield from _indexer(mixer, model, sequence_length, count)
    yield _core(mixer, model, sequence_length, count, heads)
    output = heads.number * heads.value_dim
    if mixer.output_gate or mixer.gate_per_head:
        # The sigmoid of the gate times the result: two are read and one written; backward, three and two.
        gate = elementwise("attention.gate", Role.ATTENTION, count, Split.COLUMNS, 3 * BF16 * output, 5 * BF16 * output)
        yield replace(gate, saved=(Saved(width=output, split=Split.COLUMNS),))
    # Attention saves its output; the product after it saves a copy in its own precision.
    saved = Saved(width=output, split=Split.COLUMNS), Saved(width=output, split=Split.COLUMNS, low=True, copy=True)
    yield replace(gemm("attention.output", Role.ATTENTION, count, model.hidden_size, output, Split.DEPTH), saved=saved)


def cache(mixer: Attention, model: Model) -> Cache:
    """Get what layers with softmax attention keep of a sequence.

    Parameters
    ----------
    mixer
        Attention of the layers.
    model
        Shape of the transformer.
    """
    if mixer.shared_cache:
        return Cache()
    index = mixer.index_head_dim if mixer.index_keys and not mixer.shared_index else 0
    if model.attention == "mla":
        numbers = mla_cache_per_token(1, model.kv_lora_rank, model.qk_rope_head_dim, 1)
    else:
        heads = heads_of(mixer, model)
        numbers = gqa_cache_per_token(1, heads.kv_heads, (heads.key_dim + heads.value_dim) / 2, 1)
    return Cache(numbers=float(numbers) + index, tokens=mixer.window or mixer.chunk)


def _projections(mixer: Attention, model: Model, count: float, heads: Heads) -> Iterator[Operator]:
    kv_heads = 0 if mixer.shared_cache else heads.kv_heads
    values = 0 if mixer.keys_as_values else heads.value_dim
    gate = heads.number * heads.value_dim if mixer.output_gate else heads.number if mixer.gate_per_head else 0
    width = heads.number * heads.key_dim + gate + kv_heads * (heads.key_dim + values)
    qkv = gemm("attention.qkv", Role.ATTENTION, count, width, model.hidden_size, Split.COLUMNS)
    yield replace(qkv, saved=(Saved(width=width, split=Split.COLUMNS),))
    rotated = BF16 * (heads.number + kv_heads) * heads.key_dim
    rotary = elementwise("attention.rotary", Role.ATTENTION, count, Split.COLUMNS, 2 * rotated, 2 * rotated)
    # Rotation in place leaves nothing; otherwise its results are saved beside what they came from.
    saved = Saved(width=(heads.number + kv_heads) * heads.key_dim, split=Split.COLUMNS, unfused=True)
    yield replace(rotary, saved=(saved,))


def _latent_projections(model: Model, count: float, heads: Heads) -> Iterator[Operator]:
    """Multi-head latent attention in its training form: keys and values are expanded for every head [1]_."""
    hidden, number = model.hidden_size, heads.number
    query = number * heads.key_dim
    latent = model.kv_lora_rank + model.qk_rope_head_dim
    expanded = number * (model.qk_nope_head_dim + model.v_head_dim)
    if model.q_lora_rank:
        yield gemm("attention.query_down", Role.ATTENTION, count, model.q_lora_rank, hidden, Split.NONE)
        yield gemm("attention.query_up", Role.ATTENTION, count, query, model.q_lora_rank, Split.COLUMNS)
    else:
        yield gemm("attention.query", Role.ATTENTION, count, query, hidden, Split.COLUMNS)
    yield gemm("attention.latent_down", Role.ATTENTION, count, latent, hidden, Split.NONE)
    yield gemm("attention.latent_up", Role.ATTENTION, count, expanded, model.kv_lora_rank, Split.COLUMNS)
    # Norms of both latents; then queries and keys are written next to their rotated parts.
    norms = BF16 * (model.q_lora_rank + model.kv_lora_rank)
    norm = elementwise("attention.latent_norm", Role.ATTENTION, count, Split.SEQUENCE, 2 * norms, 3 * norms, kernels=2)
    compressed = model.q_lora_rank + latent
    latents = Saved(width=compressed, split=Split.SEQUENCE), Saved(width=compressed, split=Split.SEQUENCE, low=True)
    yield replace(norm, saved=latents)
    rotated = BF16 * (query + number * heads.key_dim)
    rotary = elementwise("attention.rotary", Role.ATTENTION, count, Split.COLUMNS, 2 * rotated, 2 * rotated, kernels=2)
    # Queries, keys and values of every head follow from the latents.
    width = 2 * query + number * model.v_head_dim
    yield replace(rotary, saved=(Saved(width=width, split=Split.COLUMNS, cheap=True),))


def _core(mixer: Attention, model: Model, sequence_length: int, count: float, heads: Heads) -> Operator:
    dims, name = heads.key_dim + heads.value_dim, "attention.core"
    window = min(mixer.window or mixer.chunk or sequence_length, sequence_length)
    keys, full_keys = _keys(mixer, sequence_length, window)
    if mixer.window or mixer.chunk:
        name = "attention.windowed" if mixer.window else "attention.chunked"
    if mixer.index_keys:
        name = "attention.sparse"
        window = min(mixer.index_keys, sequence_length)
        keys, full_keys = float(mean_causal_keys(sequence_length, window)), float(window)
        if model.attention == "mla":
            # Every head reads the same latents: keys are as wide as latents and rotated part, values as the latents.
            dims = 2 * model.kv_lora_rank + model.qk_rope_head_dim
    return Operator(
        name=name,
        form="sparse" if mixer.index_keys else "",
        kind=Kind.ATTENTION,
        role=Role.ATTENTION,
        count=count,
        split=Split.HEADS,
        keys=keys,
        full_keys=full_keys,
        head_dims=float(heads.number * dims),
        num_heads=heads.number,
        num_kv_heads=heads.kv_heads,
    )


def _keys(mixer: Attention, sequence_length: int, window: int) -> tuple[float, float]:
    """Count the mean keys of a query under the causal mask, and without it."""
    if mixer.chunk:
        return window / 2, float(window)
    full = sequence_length if window == sequence_length else min(2 * window, sequence_length)
    return float(mean_causal_keys(sequence_length, window)), float(full)


def _indexer(mixer: Attention, model: Model, sequence_length: int, count: float) -> Iterator[Operator]:
    """Scores of an indexer on all earlier tokens, and the choice of the best: small heads with one key each [2]_.

    Queries come from the compressed query where the model has one. The scores count as an attention that has no
    weighted sum, at the rate of attention; the choice reads and writes them in FP32.
    """
    width = mixer.index_heads * mixer.index_head_dim
    source = model.q_lora_rank or model.hidden_size
    yield gemm("attention.index_query", Role.ATTENTION, count, width, source, Split.NONE)
    keys = mixer.index_head_dim + mixer.index_heads  # a key, and a weight for each head
    row = gemm("attention.index_key", Role.ATTENTION, count, keys, model.hidden_size, Split.NONE)
    yield replace(row, saved=(Saved(width=width + keys, split=Split.SEQUENCE),))
    seen = float(mean_causal_keys(sequence_length, sequence_length))
    yield Operator(
        name="attention.index",
        form="index",
        kind=Kind.ATTENTION,
        role=Role.ATTENTION,
        count=count,
        split=Split.HEADS,
        keys=seen,
        full_keys=float(sequence_length),
        head_dims=float(width),
        num_heads=mixer.index_heads,
        num_kv_heads=1,
    )
    moved = _CHOICE_PASSES * 4 * seen
    yield elementwise("attention.index_choice", Role.ATTENTION, count, Split.SEQUENCE, moved, 0.0, kernels=2)


def divisors(mixer: Attention, model: Model) -> tuple[int, ...]:
    """List the numbers that tensor parallelism must divide; heads of keys may be repeated on several ranks.

    Parameters
    ----------
    mixer
        Attention of the layers.
    model
        Shape of the transformer.
    """
    return (heads_of(mixer, model).number,)
