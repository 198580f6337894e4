"""Search for the largest model of a shape that can be trained in time.

The shape grows or shrinks until the deadline binds. Layers grow with the width, as in published families. Heads keep
their dimension, and feed-forward layers and experts their ratio to the width. Every size is trained on its
compute-optimal number of tokens, unless the question states tokens.
"""

from dataclasses import replace

from lindos.campaign import scaling_law
from lindos.catalog.mixers import of_length, widened
from lindos.catalog.model import Model
from lindos.errors import InfeasibleError
from lindos.formulas.scaling import optimal_tokens
from lindos.study.search.option import Option
from lindos.transformer import active_params
from lindos.units import render

#: Sizes for each factor of two of the width, and largest number of factors of two in either direction.
_STEPS, _OCTAVES = 16, 4


def grown(model: Model, times: float) -> Model:
    """Scale the width and the depth of a shape.

    Parameters
    ----------
    model
        Shape of the transformer.
    times
        Factor of width and depth; the result is rounded to usual sizes.
    """
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
        layers=widened(of_length(model.layers, layers), width) if model.layers else (),
        published_params=None,
        training_tokens=None,
        training_flop=None,
    )


def best_tokens(option: Option, model: Model) -> float:
    """Compute the compute-optimal tokens of a model from its active parameters.

    Parameters
    ----------
    option
        Its catalogue has the scaling law.
    model
        Shape of the transformer.
    """
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
    """Search for the largest size of the model's shape that keeps to the limits.

    Parameters
    ----------
    option
        Option with the model, and the limits of its question.

    Raises
    ------
    InfeasibleError
        If even the smallest size exceeds the limits.
    """
    fits: Option | None = None
    low, high = -_STEPS * _OCTAVES, _STEPS * _OCTAVES
    while low <= high:
        middle = (low + high) // 2
        candidate = _sized(option, 2.0 ** (middle / _STEPS))
        if candidate.fits():
            fits, low = candidate, middle + 1
        else:
            high = middle - 1
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
