"""What one layer of a transformer holds: parameters by how a plan spreads them, and the activations kept of a token."""

from dataclasses import dataclass
from functools import cache

from lindos.catalog.model import Model
from lindos.formats import BF16
from lindos.transformer.operators import Operator, operators


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerParams:
    """Parameters by what divides them."""

    split: float = 0.0  # by tensor parallelism
    replicated: float = 0.0  # on every tensor-parallel rank: router and latent down-projections
    expert: float = 0.0  # by expert parallelism and expert tensor parallelism


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Bytes that a layer keeps of a token for its backward pass, by what divides them."""

    sequence: float  # as wide as the hidden size: split where the sequence is
    split: float  # by tensor parallelism
    routed: float  # of each rank's own tokens, for their experts
    cheap_sequence: float  # of these, what selective recompute frees
    cheap_split: float
    cheap_routed: float


def layer_params(model: Model, *, is_expert: bool) -> LayerParams:
    """Parameters of one layer: a dense one, or one that holds experts."""
    rows = operators(model, sequence_length=1, mtp=False)
    return _summed([row for row in rows if row.place == "layer" and _belongs(row, model, is_expert)], each=True)


def _belongs(row: Operator, model: Model, is_expert: bool) -> bool:
    if row.name.startswith("attention"):
        return True
    if row.name.startswith("ffn"):
        return not is_expert or model.dense_ffn_beside_experts
    return is_expert


def joining_params(model: Model) -> LayerParams:
    """What multi-token prediction holds beside its layers: the projections that join two hidden states."""
    rows = operators(model, sequence_length=1, mtp=True)
    return _summed([row for row in rows if row.name == "mtp.join"], each=False)


def _summed(rows: list[Operator], *, each: bool) -> LayerParams:
    def total(*splits: str) -> float:
        return sum(row.params / (row.count if each else 1.0) for row in rows if row.split in splits)

    return LayerParams(split=total("columns", "depth"), replicated=total("none"), expert=total("experts"))


@cache
def _kept(shape: tuple[float, ...], *, is_latent: bool, wide: float, low: float) -> Kept:
    """See :func:`kept`; ``shape`` is what it needs of a model."""
    hidden, heads, key, value, num_kv, latent, ffn, chosen, expert, shared = shape
    full = float(BF16)
    # Inputs of two norms in BF16; their outputs, which feed products, in the precision of these.
    sequence = full * 2 * hidden + low * 2 * hidden
    # Attention keeps its output in BF16, and the product behind it a copy where that runs in another precision.
    output = heads * value * (full + (low if low != full else 0.0))
    expanded = full * heads * (2 * key + value)
    if is_latent:
        sequence += (full + low) * latent
        qkv, cheap_split = expanded, expanded
    else:
        qkv, cheap_split = full * (heads * key + num_kv * (key + value)), 0.0
    inner = wide * full + low  # before the activation function, and behind it
    columns = ffn + shared
    return Kept(
        sequence=sequence,
        split=qkv + output + columns * inner,
        routed=chosen * (low * hidden + expert * inner),
        cheap_sequence=low * 2 * hidden,
        cheap_split=cheap_split + columns * low,
        cheap_routed=chosen * expert * low,
    )


def kept(model: Model, low: float, *, is_expert: bool) -> Kept:
    """Activations of one layer, after Korthikanti et al. (arXiv:2205.05198) with kernels that keep no attention scores.

    Parameters
    ----------
    model
        Shape of the transformer.
    low
        Bytes of an input of a linear layer.
    is_expert
        Whether the layer holds experts.

    Returns
    -------
    Kept
        32 bytes per token and hidden size for the layer of that paper: its 34, without two masks of dropout.
    """
    is_latent = model.attention == "mla"
    has_ffn = not is_expert or model.dense_ffn_beside_experts
    shared = model.num_shared_experts * model.expert_ffn_hidden_size if is_expert else 0
    shape = (
        model.hidden_size,
        model.num_attention_heads,
        model.qk_nope_head_dim + model.qk_rope_head_dim if is_latent else model.head_dim,
        model.v_head_dim if is_latent else model.head_dim,
        model.num_kv_heads,
        model.q_lora_rank + model.kv_lora_rank + model.qk_rope_head_dim,
        model.ffn_hidden_size if has_ffn else 0,
        model.experts_per_token if is_expert else 0,
        model.expert_ffn_hidden_size,
        shared,
    )
    return _kept(shape, is_latent=is_latent, wide=2.0 if model.gated else 1.0, low=low)
