"""The largest model of a shape that can be trained in time: the shape grown or shrunk until the deadline binds.

Layers grow with the width, as published families do; heads keep their dimension, feed-forward layers and experts their
ratio to the width. Every size is trained on the tokens that its compute is best spent on, unless tokens are given.
"""

from dataclasses import replace

from lindos.campaign import scaling_law
from lindos.catalog.model import Model
from lindos.errors import InconsistentError, InfeasibleError
from lindos.formulas.scaling import optimal_tokens
from lindos.study.search.option import Option
from lindos.transformer import active_params
from lindos.units import render

#: Sizes between a factor of two of the width, and how many factors of two it may shrink or grow.
_STEPS, _OCTAVES = 16, 4


def grown(model: Model, times: float) -> Model:
    """The shape with its width and depth about ``times`` as large."""
    if times == 1.0:
        return model
    kv = model.num_kv_heads
    step = kv if kv < model.num_attention_heads else min(8, kv)
    heads = max(step, round(model.num_attention_heads * times / step) * step)
    width = heads / model.num_attention_heads
    layers = max(2, round(model.num_layers * times))

    def wide(size: int, multiple: int) -> int:
        return max(multiple, round(size * width / multiple) * multiple) if size else 0

    return replace(
        model,
        title=f"{model.title} grown {times:.3g} times in width and depth",
        num_layers=layers,
        hidden_size=wide(model.hidden_size, 128),
        num_attention_heads=heads,
        num_kv_heads=heads if kv == model.num_attention_heads else kv,
        ffn_hidden_size=wide(model.ffn_hidden_size, 1024),
        expert_ffn_hidden_size=wide(model.expert_ffn_hidden_size, 128),
        num_dense_layers=min(model.num_dense_layers, layers - 1),
        num_windowed_layers=min(round(model.num_windowed_layers * times), layers),
        published_params=None,
        training_tokens=None,
        training_flop=None,
    )


def best_tokens(option: Option, model: Model) -> float:
    """Tokens that the compute of a model of this size is best spent on, by its active parameters."""
    law = scaling_law(option.catalog)
    tokens = optimal_tokens(
        active_params(model),
        law.params_coefficient,
        law.params_exponent,
        law.tokens_coefficient,
        law.tokens_exponent,
    )
    return float(tokens)


def largest(option: Option) -> Option:
    """The option of the largest size of the model's shape that keeps to the limits.

    Raises
    ------
    InfeasibleError
        If even the smallest size does not.
    """
    fits: Option | None = None
    low, high = -_STEPS * _OCTAVES, _STEPS * _OCTAVES
    while low <= high:
        middle = (low + high) // 2
        candidate = _sized(option, 2.0 ** (middle / _STEPS))
        try:
            candidate.best()
        except (InfeasibleError, InconsistentError):
            high = middle - 1
            continue
        fits, low = candidate, middle + 1
    if fits is None:
        least = 2.0**-_OCTAVES
        raise InfeasibleError(
            "No size of the model keeps to the limits",
            f"not even {least:.3g} of its width and depth in {render(option.question.deadline or 0.0, 's')}",
            "Allow more time, money or GPUs",
        )
    return fits


def _sized(option: Option, times: float) -> Option:
    model = grown(option.job.model, times)
    tokens = option.question.tokens or best_tokens(option, model)
    return option.with_model(model, tokens)
