"""Parameters of a model by the parallelism that divides them, and FLOPs of a token: sums over the operator table.

Norms are not counted: they are below 0.1 % of the parameters.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from lindos.catalog.model import Model
from lindos.transformer.operators import Operator, Role, Split
from lindos.transformer.table import layer_operators, operators, shape


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerParams:
    """Parameters of layers by the parallelism that divides them."""

    split: float = 0.0  # by tensor parallelism
    replicated: float = 0.0  # on every tensor-parallel rank: router and latent down-projections
    expert: float = 0.0  # by expert parallelism and expert tensor parallelism


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Parameters of a model by the parallelism that divides them."""

    split: float  # in layers, divided by tensor parallelism
    replicated: float  # in layers, on every tensor-parallel rank: router and latent down-projections
    expert: float  # divided by expert parallelism and expert tensor parallelism
    embedding: float  # on the first stage, divided by tensor parallelism
    head: float  # on the last stage, divided by tensor parallelism; zero if tied

    @property
    def total(self) -> float:
        """Get the sum of the parameters."""
        return self.split + self.replicated + self.expert + self.embedding + self.head


def layer_params(model: Model, *, is_expert: bool) -> LayerParams:
    """Count the parameters of the mean layer of a class.

    Parameters
    ----------
    model
        Shape of the transformer.
    is_expert
        Whether layers with experts are meant; otherwise all others.
    """
    return _layer_params(shape(model), is_expert)


@cache
def _layer_params(model: Model, is_expert: bool) -> LayerParams:
    return _by_split((row.params, row) for row in layer_operators(model, is_expert=is_expert))


def joining_params(model: Model) -> LayerParams:
    """Count the parameters of the projections of multi-token prediction, without its layers.

    Parameters
    ----------
    model
        Shape of the transformer.
    """
    rows = operators(model, sequence_length=1)
    return _by_split((row.params, row) for row in rows if row.role is Role.JOIN)


def _by_split(rows: Iterable[tuple[float, Operator]]) -> LayerParams:
    listed = list(rows)

    def total(*splits: Split) -> float:
        return sum(params for params, row in listed if row.split in splits)

    return LayerParams(
        split=total(Split.COLUMNS, Split.DEPTH), replicated=total(Split.NONE), expert=total(Split.EXPERTS)
    )


def weights(model: Model, *, mtp: bool = True) -> Weights:
    """Count the parameters of a model by the parallelism that divides them.

    Parameters
    ----------
    model
        Shape of the transformer.
    mtp
        Whether layers of multi-token prediction count.
    """
    return _weights(shape(model), mtp)


@cache
def _weights(model: Model, mtp: bool) -> Weights:
    table = operators(model, sequence_length=1, mtp=mtp)
    products = (row for row in table if row.role not in (Role.HEAD, Role.EMBEDDING))
    layers = _by_split((row.params, row) for row in products)
    return Weights(
        split=layers.split,
        replicated=layers.replicated,
        expert=layers.expert,
        embedding=sum(row.params for row in table if row.role is Role.EMBEDDING),
        head=sum(row.params for row in table if row.role is Role.HEAD),
    )


def num_params(model: Model, *, mtp: bool = False) -> float:
    """Count the parameters of a model as publications do.

    Parameters
    ----------
    model
        Shape of the transformer.
    mtp
        Whether layers of multi-token prediction count.
    """
    return weights(model, mtp=mtp).total


def active_params(model: Model, *, mtp: bool = False) -> float:
    """Count the parameters that one token uses: chosen and shared experts; embedding and head in full.

    Parameters
    ----------
    model
        Shape of the transformer.
    mtp
        Whether layers of multi-token prediction count.
    """
    return sum(row.active_params for row in operators(model, sequence_length=1, mtp=mtp))


def model_flops_per_token(model: Model, sequence_length: int, *, full_mask: bool = False, mtp: bool = True) -> float:
    """Count the FLOP to train on one token: three forward passes without recomputation.

    Parameters
    ----------
    model
        Shape of the transformer.
    sequence_length
        Tokens of a sequence.
    full_mask
        Whether attention counts the full mask, as in some publications; otherwise causal attention counts half.
    mtp
        Whether layers of multi-token prediction count.

    Returns
    -------
    float
        FLOP per token.
    """
    table = operators(model, sequence_length=sequence_length, mtp=mtp)
    return 3 * sum(row.forward_flop_full_mask if full_mask else row.forward_flop for row in table)
