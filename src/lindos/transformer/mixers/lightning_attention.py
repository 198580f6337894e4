"""Lightning attention: projections to queries, keys, values and gate; a scan with a fixed decay; a norm and the gate.

References
----------
.. [1] MiniMax, "MiniMax-01," 2025, arXiv:2501.08313, section 2.2: FLOP and layers of the hybrid.
.. [2] Z. Qin et al., "Lightning Attention-2," 2024, arXiv:2401.04658.
"""

from collections.abc import Iterator

from lindos.catalog.mixers import Lightning
from lindos.catalog.model import Model
from lindos.formats import BF16, FP32
from lindos.formulas.recurrence import chunked_scan_flop, recurrent_state
from lindos.transformer.cache import Cache
from lindos.transformer.operators import Operator
from lindos.transformer.recurrence import gated_norm, input_projection, output_projection, scan


def rows(mixer: Lightning, model: Model, sequence_length: int, count: float) -> Iterator[Operator]:
    """Yield the operators of layers of lightning attention.

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
    heads, dim = mixer.num_heads, mixer.head_dim
    yield input_projection("lightning", count, model.hidden_size, 4 * heads * dim)
    chunk = min(mixer.chunk_size, sequence_length)
    state = heads * dim * dim
    moved = BF16 * 4 * heads * dim + FP32 * 2 * state / chunk
    flop = chunked_scan_flop(chunk, dim, dim, heads, heads)
    yield scan("lightning", count, float(flop), moved, state, heads * dim, kernels=2)
    yield gated_norm("lightning", count, heads * dim)
    yield output_projection("lightning", count, model.hidden_size, heads * dim)


def cache(mixer: Lightning, model: Model) -> Cache:
    """Get what a layer keeps of a sequence: a state in FP32.

    Parameters
    ----------
    mixer
        Sizes of the layer.
    model
        Shape of the transformer.
    """
    return Cache(state=float(recurrent_state(mixer.num_heads, mixer.head_dim, mixer.head_dim, FP32)))


def divisors(mixer: Lightning, model: Model) -> tuple[int, ...]:
    """List the numbers that tensor parallelism must divide.

    Parameters
    ----------
    mixer
        Sizes of the layer.
    model
        Shape of the transformer.
    """
    return (mixer.num_heads,)
