"""Short convolution between two gates: a projection to both gates and values, and one back to the stream.

References
----------
.. [1] Liquid AI, "LFM2 Technical Report," 2025, arXiv:2511.23404, section 2.
"""

from collections.abc import Iterator
from dataclasses import replace

from lindos.catalog.mixers import ShortConvolution
from lindos.catalog.model import Model
from lindos.formats import BF16
from lindos.transformer.cache import Cache
from lindos.transformer.operators import Operator, Saved, Split
from lindos.transformer.recurrence import convolution, input_projection, output_projection


def rows(mixer: ShortConvolution, model: Model, sequence_length: int, count: float) -> Iterator[Operator]:
    """Yield the operators of layers with a short convolution.

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
    hidden = model.hidden_size
    yield input_projection("convolution", count, hidden, 3 * hidden)
    row = convolution("convolution", count, hidden)
    # Beside the convolution, the product of first gate and values and that of second gate and result.
    gates = 6 * BF16 * hidden, 10 * BF16 * hidden
    yield replace(
        row,
        name="convolution.gated",
        forward_bytes=row.forward_bytes + gates[0],
        backward_bytes=row.backward_bytes + gates[1],
        num_kernels=3,
        saved=(Saved(width=2 * hidden, split=Split.COLUMNS),),
    )
    yield output_projection("convolution", count, hidden, hidden)


def cache(mixer: ShortConvolution, model: Model) -> Cache:
    """Get what a layer keeps of a sequence: the last tokens of the convolution.

    Parameters
    ----------
    mixer
        Sizes of the layer.
    model
        Shape of the transformer.
    """
    return Cache(state=BF16 * mixer.kernel_size * model.hidden_size)


def divisors(mixer: ShortConvolution, model: Model) -> tuple[int, ...]:
    """List the numbers that tensor parallelism must divide.

    Parameters
    ----------
    mixer
        Sizes of the layer.
    model
        Shape of the transformer.
    """
    return (model.hidden_size,)
