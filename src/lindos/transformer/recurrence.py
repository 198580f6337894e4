"""Rows that recurrent layers have in common: projections, a short convolution, a scan, a gate.

Conventions
-----------
* A fused kernel saves the result of the input projection and computes the convolution and its activation again in the
  backward pass; the scan saves its result, and the states of its chunks are computed again.
* The backward pass of a scan computes the states again and then two products for each of the forward pass; it moves
  three times the bytes.
"""

from dataclasses import replace

from lindos.formats import BF16
from lindos.transformer.operators import Kind, Operator, Role, Saved, Split
from lindos.transformer.rows import elementwise, gemm

#: Bytes that the backward pass of a scan moves, over those of the forward pass.
BACKWARD_TRAFFIC = 3.0


def input_projection(name: str, count: float, hidden: int, width: float) -> Operator:
    """Make the projection of the stream to all that the recurrence reads.

    Parameters
    ----------
    name
        Kind of layer.
    count
        Layers that have it.
    hidden
        Width of the stream.
    width
        Numbers that it gives per token.
    """
    row = gemm(f"{name}.input", Role.RECURRENCE, count, width, hidden, Split.COLUMNS)
    return replace(row, saved=(Saved(width=width, split=Split.COLUMNS),))


def convolution(name: str, count: float, channels: float) -> Operator:
    """Make a convolution over a few tokens, channel by channel: it reads and writes; backward reads two and writes one.

    Parameters
    ----------
    name
        Kind of layer.
    count
        Layers that have it.
    channels
        Numbers per token.
    """
    moved = BF16 * channels
    return elementwise(f"{name}.convolution", Role.RECURRENCE, count, Split.COLUMNS, 2 * moved, 3 * moved)


def scan(name: str, count: float, flop: float, moved: float, state: float, width: float, kernels: int = 5) -> Operator:
    """Make a scan in chunks.

    Parameters
    ----------
    name
        Kind of layer.
    count
        Layers that have it.
    flop
        FLOP per token, forward.
    moved
        Bytes per token, forward.
    state
        Numbers of the state that chunks pass on.
    width
        Numbers of its result per token.
    kernels
        Kernels of the forward pass.
    """
    return Operator(
        name=f"{name}.scan",
        kind=Kind.SCAN,
        role=Role.RECURRENCE,
        count=count,
        split=Split.COLUMNS,
        flop=flop,
        state=state,
        forward_bytes=moved,
        backward_bytes=BACKWARD_TRAFFIC * moved,
        num_kernels=kernels,
        saved=(Saved(width=width, split=Split.COLUMNS),),
    )


def gated_norm(name: str, count: float, width: float) -> Operator:
    """Make a norm times a gate: two are read and one written; backward reads three and writes two.

    Parameters
    ----------
    name
        Kind of layer.
    count
        Layers that have it.
    width
        Numbers per token.
    """
    moved = BF16 * width
    return elementwise(f"{name}.gate", Role.RECURRENCE, count, Split.COLUMNS, 3 * moved, 5 * moved)


def output_projection(name: str, count: float, hidden: int, width: float) -> Operator:
    """Make the projection back to the stream; its input is saved in the precision of the product.

    Parameters
    ----------
    name
        Kind of layer.
    count
        Layers that have it.
    hidden
        Width of the stream.
    width
        Numbers that it reads per token.
    """
    row = gemm(f"{name}.output", Role.RECURRENCE, count, hidden, width, Split.DEPTH)
    return replace(row, saved=(Saved(width=width, split=Split.COLUMNS, low=True, cheap=True),))
