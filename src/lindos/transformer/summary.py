"""Summary of a model: parameters, and layers by kind."""

from dataclasses import dataclass
from typing import Annotated

from lindos.catalog.model import Model
from lindos.quantities import Count
from lindos.results import Why
from lindos.transformer.parameters import active_params, num_params


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCounts:
    """Layers of a model by kind; dense and expert layers add up to all, and so do full and windowed attention."""

    total: int
    dense: int
    experts: int
    full_attention: int
    windowed_attention: int
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
    experts, windowed = model.num_moe_layers, model.num_windowed_layers
    return ModelSummary(
        parameters=num_params(model),
        active_parameters=active_params(model),
        layers=LayerCounts(
            total=model.num_layers,
            dense=model.num_layers - experts,
            experts=experts,
            full_attention=model.num_layers - windowed,
            windowed_attention=windowed,
            multi_token_prediction=model.num_mtp_layers,
        ),
    )
