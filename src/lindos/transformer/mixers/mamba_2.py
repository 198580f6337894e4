"""Mamba-2: one projection to gate, values, keys, queries and step sizes; a short convolution; a scan; a gated norm.

References
----------
.. [1] T. Dao and A. Gu, "Transformers are SSMs," ICML 2024, arXiv:2405.21060, section 7 and figure 6.
"""

from collections.abc import Iterator

from lindos.catalog.mixers import Mamba2
from lindos.catalog.model import Model
from lindos.formats import BF16, FP32
from lindos.formulas.recurrence import chunked_scan_flop, recurrent_state
from lindos.transformer.cache import Cache
from lindos.transformer.operators import Operator
from lindos.transformer.recurrence import convolution, gated_norm, input_projection, output_projection, scan


def rows(mixer: Mamba2, model: Model, sequence_length: int, count: float) -> Iterator[Operator]:
    """Yield the operators of layers of Mamba-2.

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
    inner, shared = mixer.num_heads * mixer.head_dim, 2 * mixer.num_groups * mixer.state_size
    convolved = inner + shared
    yield input_projection("mamba", count, model.hidden_size, inner + convolved + mixer.num_heads)
    yield convolution("mamba", count, convolved)
    chunk = min(mixer.chunk_size, sequence_length)
    flop = chunked_scan_flop(chunk, mixer.state_size, mixer.head_dim, mixer.num_heads, mixer.num_groups)
    state = mixer.num_heads * mixer.state_size * mixer.head_dim
    # Values, keys, queries and steps are read and results written; the states of chunks are written and read in FP32.
    moved = BF16 * (convolved + inner) + FP32 * (mixer.num_heads + 2 * state / chunk)
    yield scan("mamba", count, float(flop), moved, state, inner)
    yield gated_norm("mamba", count, inner)
    yield output_projection("mamba", count, model.hidden_size, inner)


def cache(mixer: Mamba2, model: Model) -> Cache:
    """Get what a layer keeps of a sequence: a state in FP32, and the last tokens of the convolution.

    Parameters
    ----------
    mixer
        Sizes of the layer.
    model
        Shape of the transformer.
    """
    convolved = mixer.num_heads * mixer.head_dim + 2 * mixer.num_groups * mixer.state_size
    state = float(recurrent_state(mixer.num_heads, mixer.state_size, mixer.head_dim, FP32))
    return Cache(state=state + BF16 * mixer.kernel_size * convolved)


def divisors(mixer: Mamba2, model: Model) -> tuple[int, ...]:
    """List the numbers that tensor parallelism must divide; groups may be repeated on several ranks.

    Parameters
    ----------
    mixer
        Sizes of the layer.
    model
        Shape of the transformer.
    """
    return (mixer.num_heads,)
