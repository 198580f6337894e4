"""Gated delta net: projections to queries, keys, values, gate, step and decay; a short convolution; a scan; a gate.

References
----------
.. [1] S. Yang, J. Kautz, A. Hatamizadeh, "Gated Delta Networks," ICLR 2025, arXiv:2412.06464, section 3.3.
"""

from collections.abc import Iterator

from lindos.catalog.mixers import DeltaNet
from lindos.catalog.model import Model
from lindos.formats import BF16, FP32
from lindos.formulas.recurrence import chunked_delta_flop, recurrent_state
from lindos.transformer.cache import Cache
from lindos.transformer.operators import Operator
from lindos.transformer.recurrence import convolution, gated_norm, input_projection, output_projection, scan


def rows(mixer: DeltaNet, model: Model, sequence_length: int, count: float) -> Iterator[Operator]:
    """Yield the operators of layers of gated delta net.

    Parameters
    ----------
    mixer
        Sizes of the layers.
    model
        Shape of the transformer.
    sequence_length
        Tokens of a sequence.
    count
        Number of layers.
    """
    heads, key_dim, value_dim = mixer.num_value_heads, mixer.key_head_dim, mixer.value_head_dim
    keys, values = mixer.num_key_heads * key_dim, heads * value_dim
    yield input_projection("delta", count, model.hidden_size, 2 * keys + 2 * values + 2 * heads)
    yield convolution("delta", count, 2 * keys + values)
    chunk = min(mixer.chunk_size, sequence_length)
    state = heads * key_dim * value_dim
    # Queries, keys, values, step and decay; the new keys and values of a chunk, twice; its states, in BF16; the result.
    moved = BF16 * (2 * keys + 2 * values + 2 * heads * (2 * value_dim + key_dim) + 2 * state / chunk)
    yield scan(
        "delta", count, float(chunked_delta_flop(chunk, key_dim, value_dim, heads)), moved, state, values, kernels=7
    )
    yield gated_norm("delta", count, values)
    yield output_projection("delta", count, model.hidden_size, values)


def cache(mixer: DeltaNet, model: Model) -> Cache:
    """Get what a layer keeps of a sequence: a state in FP32, and the last tokens of the convolution.

    Parameters
    ----------
    mixer
        Sizes of the layer.
    model
        Shape of the transformer.
    """
    convolved = 2 * mixer.num_key_heads * mixer.key_head_dim + mixer.num_value_heads * mixer.value_head_dim
    state = float(recurrent_state(mixer.num_value_heads, mixer.key_head_dim, mixer.value_head_dim, FP32))
    return Cache(state=state + BF16 * mixer.kernel_size * convolved)


def divisors(mixer: DeltaNet, model: Model) -> tuple[int, ...]:
    """List the numbers that tensor parallelism must divide.

    Parameters
    ----------
    mixer
        Sizes of the layer.
    model
        Shape of the transformer.
    """
    return mixer.num_key_heads, mixer.num_value_heads
