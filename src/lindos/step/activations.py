"""Activations that one layer saves for its backward pass: the sum over the operators of the layer."""

from dataclasses import dataclass
from functools import cache

from lindos.catalog.model import Model
from lindos.transformer.operators import Saved, Split
from lindos.transformer.table import layer_operators, shape


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerActivations:
    """Bytes per token that a layer saves for its backward pass, by the parallelism that divides them."""

    sequence: float  # divided by sequence parallelism
    split: float  # divided by tensor parallelism
    routed: float  # of the tokens of one rank, copied to their experts
    cheap_sequence: float  # part of ``sequence`` that selective recomputation frees
    cheap_split: float
    cheap_routed: float


def layer_activations(model: Model, low: float, *, is_expert: bool) -> LayerActivations:
    """Count the activations of one layer, after Korthikanti et al. (arXiv:2205.05198), with fused attention.

    Parameters
    ----------
    model
        Shape of the transformer.
    low
        Bytes of a number that feeds a linear layer.
    is_expert
        Whether the layer has experts.

    Returns
    -------
    LayerActivations
        32 bytes per token and hidden size for the layer of that paper: its 34, without two masks of dropout.
    """
    return _summed(shape(model), low, is_expert)


@cache
def _summed(model: Model, low: float, is_expert: bool) -> LayerActivations:
    saved = [tensor for row in layer_operators(model, is_expert=is_expert) for tensor in row.saved]

    def size(split: Split, tensors: list[Saved]) -> float:
        return sum(tensor.size(low) for tensor in tensors if tensor.split is split)

    cheap = [tensor for tensor in saved if tensor.cheap]
    return LayerActivations(
        sequence=size(Split.SEQUENCE, saved),
        split=size(Split.COLUMNS, saved),
        routed=size(Split.EXPERTS, saved),
        cheap_sequence=size(Split.SEQUENCE, cheap),
        cheap_split=size(Split.COLUMNS, cheap),
        cheap_routed=size(Split.EXPERTS, cheap),
    )
