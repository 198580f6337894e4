"""A model as a table of operators and parameters, counted once, for step, memory and fleet."""

from lindos.transformer.adapters import adapter_flops_per_token, adapter_operators, adapter_params, trained_share
from lindos.transformer.operators import Kind, Operator, Place, Role, Saved, Split
from lindos.transformer.parameters import (
    LayerParams,
    Weights,
    active_params,
    joining_params,
    layer_params,
    model_flops_per_token,
    num_params,
    weights,
)
from lindos.transformer.summary import LayerCounts, ModelSummary, summarise_model
from lindos.transformer.table import layer_operators, operators

__all__ = [
    "Kind",
    "LayerCounts",
    "LayerParams",
    "ModelSummary",
    "Operator",
    "Place",
    "Role",
    "Saved",
    "Split",
    "Weights",
    "active_params",
    "adapter_flops_per_token",
    "adapter_operators",
    "adapter_params",
    "joining_params",
    "layer_operators",
    "layer_params",
    "model_flops_per_token",
    "num_params",
    "operators",
    "summarise_model",
    "trained_share",
    "weights",
]
