"""Mamba: a projection to values and gate, a short convolution, projections to step, keys and queries, a scan, a gate.

The scan works token by token on vector units: an exponential for every channel and state takes about as long as its
traffic, so that its traffic counts twice. No kernel of it is measured.

References
----------
.. [1] A. Gu and T. Dao, "Mamba," 2023, arXiv:2312.00752, section 3.3 and algorithm 2.
"""

from collections.abc import Iterator
from dataclasses import replace

from lindos.catalog.mixers import Mamba1
from lindos.catalog.model import Model
from lindos.formats import BF16, FP32
from lindos.formulas.recurrence import recurrent_state
from lindos.transformer.cache import Cache
from lindos.transformer.operators import Operator, Role, Saved, Split
from lindos.transformer.recurrence import convolution, input_projection, output_projection, scan
from lindos.transformer.rows import gemm

#: Traffic of the scan counts so often, since exponentials take as long as it.
_EXPONENTIALS = 2.0


def rows(mixer: Mamba1, model: Model, sequence_length: int, count: float) -> Iterator[Operator]:
    """Yield the operators of layers of Mamba.

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
    inner, narrow = mixer.inner_size, mixer.step_rank + 2 * mixer.state_size
    yield input_projection("mamba", count, model.hidden_size, 2 * inner)
    yield convolution("mamba", count, inner)
    # Ranks add up their parts of this narrow product; its message is left out.
    row = gemm("mamba.step_down", Role.RECURRENCE, count, narrow, inner, Split.COLUMNS)
    yield replace(row, saved=(Saved(width=narrow, split=Split.SEQUENCE),))
    row = gemm("mamba.step_up", Role.RECURRENCE, count, inner, mixer.step_rank, Split.COLUMNS)
    yield replace(row, saved=(Saved(width=inner, split=Split.COLUMNS),))
    # Values, steps and gate are read, and the result is written.
    moved = _EXPONENTIALS * BF16 * (4 * inner + 2 * mixer.state_size)
    row = scan("mamba", count, 0.0, moved, inner * mixer.state_size, inner, kernels=1)
    yield replace(row, columns=inner, depth=mixer.state_size)  # the decay of every channel and state
    yield output_projection("mamba", count, model.hidden_size, inner)


def cache(mixer: Mamba1, model: Model) -> Cache:
    """Get what a layer keeps of a sequence: a state in FP32, and the last tokens of the convolution.

    Parameters
    ----------
    mixer
        Sizes of the layer.
    model
        Shape of the transformer.
    """
    state = float(recurrent_state(1, mixer.inner_size, mixer.state_size, FP32))
    return Cache(state=state + BF16 * mixer.kernel_size * mixer.inner_size)


def divisors(mixer: Mamba1, model: Model) -> tuple[int, ...]:
    """List the numbers that tensor parallelism must divide.

    Parameters
    ----------
    mixer
        Sizes of the layer.
    model
        Shape of the transformer.
    """
    return (mixer.inner_size,)
