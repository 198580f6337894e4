"""Summary of a model: parameters, and layers by kind."""

from dataclasses import dataclass
from typing import Annotated

from lindos.catalog.mixers import Attention
from lindos.catalog.model import Model
from lindos.quantities import Count
from lindos.results import Why
from lindos.transformer.composition import of_model
from lindos.transformer.parameters import active_params, num_params


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCounts:
    """Layers of a model by kind.

    Layers with a dense feed-forward alone, with experts, and without a feed-forward add up to all. So do layers with
    each kind of mixer, where no layer has several side by side or none.
    """

    total: int
    dense: int
    experts: int
    full_attention: int
    windowed_attention: int  # also attention within chunks, and to the keys that an indexer chooses
    recurrent: int  # state-space layers, linear attention, convolutions
    recurrent_kinds: str  # their kinds, with their numbers
    without_feed_forward: int
    multi_token_prediction: int  # not in the total


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSummary:
    """Size of a model without layers of multi-token prediction."""

    parameters: Annotated[Count, Why("all matrices; norms, biases and learned positions are left out")]
    active_parameters: Annotated[Count, Why("of these the ones that one token meets")]
    layers: LayerCounts


def summarise_model(model: Model) -> ModelSummary:
    """Count the parameters of a model, and its layers by kind.

    Parameters
    ----------
    model
        Shape of the transformer.
    """
    layers = of_model(model)
    attention = [(mixer, count) for mixer, count in layers.mixers if isinstance(mixer, Attention)]
    others = [(mixer.kind, count) for mixer, count in layers.mixers if not isinstance(mixer, Attention)]
    windowed = sum(count for mixer, count in attention if mixer.window or mixer.chunk or mixer.index_keys)
    bare = sum(group.count for group in model.layers if group.feed_forward == "none")
    return ModelSummary(
        parameters=num_params(model),
        active_parameters=active_params(model),
        layers=LayerCounts(
            total=model.num_layers,
            dense=model.num_layers - model.num_moe_layers - bare,
            experts=model.num_moe_layers,
            full_attention=int(sum(count for _, count in attention) - windowed),
            windowed_attention=int(windowed),
            recurrent=int(sum(count for _, count in others)),
            recurrent_kinds=", ".join(f"{int(count)} {kind}" for kind, count in others),
            without_feed_forward=bare,
            multi_token_prediction=model.num_mtp_layers,
        ),
    )
