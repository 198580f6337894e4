"""Low-rank adapters beside frozen weights: their parameters, and the FLOP of training them alone.

References
----------
.. [1] E. J. Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models," ICLR 2022, arXiv:2106.09685.
"""

from collections.abc import Iterator
from functools import cache

from lindos.catalog.model import Model
from lindos.formats import BF16
from lindos.transformer.operators import Kind, Operator, Place, Split
from lindos.transformer.parameters import num_params
from lindos.transformer.table import operators, shape


def adapter_params(model: Model, rank: int) -> float:
    """Count the parameters of adapters beside every linear layer of the model but router and vocabulary head.

    Parameters
    ----------
    model
        Shape of the transformer.
    rank
        Rank of the adapters; 0 if there are none.

    Returns
    -------
    float
        A matrix of depth by rank and one of rank by columns for every matrix [1]_.
    """
    return _adapter_params(shape(model), rank)


@cache
def _adapter_params(model: Model, rank: int) -> float:
    rows = (row for row in operators(model, sequence_length=1, mtp=False) if _has_adapter(row))
    return sum(row.count * row.num_matrices * rank * (row.columns + row.depth) for row in rows)


def trained_share(model: Model, rank: int) -> float:
    """Compute the trained parameters over all parameters of the model: 1 without adapters.

    Parameters
    ----------
    model
        Shape of the transformer.
    rank
        Rank of the adapters; 0 if all weights are trained.
    """
    return adapter_params(model, rank) / num_params(model) if rank else 1.0


def adapter_operators(table: tuple[Operator, ...], rank: int) -> Iterator[Operator]:
    """Yield a row for the adapter of each linear layer: two thin products, which memory bandwidth bounds.

    Forward, the input is read, and the output of the layer is read and written as the adapter is added; backward, its
    gradient is read twice, the input once, and the gradient of the input is read and written.

    Parameters
    ----------
    table
        Operators of the model.
    rank
        Rank of the adapters; 0 if there are none.
    """
    for row in table if rank else ():
        if _has_adapter(row):
            yield Operator(
                name=f"{row.name}.adapter",
                kind=Kind.ELEMENTWISE,
                role=row.role,
                count=row.count,
                split=Split.EXPERTS if row.split is Split.EXPERTS else Split.COLUMNS,
                forward_bytes=BF16 * row.rows * (row.depth + 2 * row.columns),
                backward_bytes=BF16 * row.rows * (3 * row.depth + 2 * row.columns),
                num_kernels=3,
                mtp=row.mtp,
            )


def adapter_flops_per_token(model: Model, sequence_length: int, rank: int) -> float:
    """Count the FLOP to train adapters on one token.

    Frozen weights take a forward pass and the gradient of their inputs, but no gradient of their own: two forward
    passes in place of three. Attention has no weights and takes three; so do the adapters.

    Parameters
    ----------
    model
        Shape of the transformer.
    sequence_length
        Tokens of a sequence; causal attention counts half.
    rank
        Rank of the adapters.

    Examples
    --------
    A model of 8 billion parameters: about 4 FLOP a parameter in place of 6.

    >>> from lindos.catalog import load_catalog
    >>> from lindos.transformer import model_flops_per_token
    >>> model = load_catalog().model("llama-3.1-8b")
    >>> round(adapter_flops_per_token(model, 2048, 16) / model_flops_per_token(model, 2048), 3)
    0.683
    """
    total = 0.0
    for row in operators(model, sequence_length=sequence_length):
        total += row.forward_flop * (3 if row.kind in (Kind.ATTENTION, Kind.SCAN) else 2)
        if _has_adapter(row):
            total += 3 * row.count * 2 * row.rows * rank * (row.columns + row.depth)
    return total


def _has_adapter(row: Operator) -> bool:
    return row.kind in (Kind.GEMM, Kind.GROUPED_GEMM) and row.place is Place.LAYER and row.low_precision
