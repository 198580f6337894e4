"""A model as a table of operators and parameters, counted once, for step, memory and fleet."""

from lindos.transformer.operators import (
    Operator,
    Weights,
    active_params,
    model_flops_per_token,
    num_params,
    operators,
    weights,
)

__all__ = [
    "Operator",
    "Weights",
    "active_params",
    "model_flops_per_token",
    "num_params",
    "operators",
    "weights",
]
