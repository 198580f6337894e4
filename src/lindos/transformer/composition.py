"""Layers of a model by kind: how many have each mixer, a dense feed-forward of each width, and experts.

A step, its memory and a cache are sums over these kinds; where a kind stands in the model is of no matter to them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from lindos.catalog.mixers import Attention, Layers, Mixer
from lindos.catalog.model import Model
from lindos.transformer.mixers import kind_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """Numbers of layers by kind; means over the layers of a class may be fractions."""

    mixers: tuple[tuple[Mixer, float], ...]
    dense: tuple[tuple[int, float], ...]  # width of a dense feed-forward, and layers with it
    experts: float
    branches: float  # mixers or feed-forwards that add to the stream; several mixers side by side are one branch
    total: float


def of_model(model: Model) -> Composition:
    """Count all layers of a model, without those of multi-token prediction.

    Parameters
    ----------
    model
        Shape of the transformer.
    """
    if model.layers:
        return _of_groups(model, model.layers, 1.0)
    layers, experts = model.num_layers, model.num_moe_layers
    return _of_counts(model, layers, experts, model.num_windowed_layers)


def of_class(model: Model, *, is_expert: bool) -> Composition:
    """Compute the mean layer of those with experts, or of all others.

    Parameters
    ----------
    model
        Shape of the transformer.
    is_expert
        Whether layers with experts are meant.
    """
    if model.layers:
        groups = [group for group in model.layers if (group.feed_forward == "experts") == is_expert]
        number = sum(group.count for group in groups)
        return _of_groups(model, groups, 1.0 / number if number else 0.0)
    experts = 1 if is_expert and model.num_experts else 0
    layers = _of_counts(model, 1, experts, model.num_windowed_layers / model.num_layers)
    if is_expert and not experts:  # a dense model has none; its attention alone is left
        return Composition(mixers=layers.mixers, dense=(), experts=0, branches=2, total=1)
    return layers


def of_prediction(model: Model) -> Composition:
    """Count the layers of multi-token prediction: full attention, and experts where the model has them.

    Parameters
    ----------
    model
        Shape of the transformer.
    """
    depths = model.num_mtp_layers
    mixers = (mixer for group in model.layers for mixer in group.mixers if isinstance(mixer, Attention))
    full = next((mixer for mixer in mixers if not (mixer.window or mixer.chunk)), Attention())
    layers = _of_counts(model, depths, depths if model.num_moe_layers else 0, 0)
    return Composition(
        mixers=((full, depths),), dense=layers.dense, experts=layers.experts, branches=2 * depths, total=depths
    )


def _of_counts(model: Model, layers: float, experts: float, windowed: float) -> Composition:
    """Compute the composition of layers that counts alone describe; every layer has attention and a feed-forward."""
    short = Attention(window=model.sliding_window, num_kv_heads=model.num_windowed_kv_heads)
    dense = layers if model.dense_ffn_beside_experts else layers - experts
    mixers: tuple[tuple[Mixer, float], ...] = ((Attention(), layers - windowed), (short, windowed))
    return Composition(
        mixers=tuple((mixer, count) for mixer, count in mixers if count),
        dense=((model.ffn_hidden_size, dense),) if dense else (),
        experts=experts,
        branches=2 * layers,
        total=layers,
    )


def _of_groups(model: Model, groups: Iterable[Layers], share: float) -> Composition:
    mixers: dict[Mixer, float] = {}
    dense: dict[int, float] = {}
    experts = branches = total = 0.0
    for group in groups:
        count = share * group.count if share != 1.0 else group.count
        total += count
        branches += count * (bool(group.mixers) + (group.feed_forward != "none"))
        for mixer in group.mixers:
            mixers[mixer] = mixers.get(mixer, 0) + count
        if group.feed_forward == "experts":
            experts += count
        if group.feed_forward == "dense" or (group.feed_forward == "experts" and model.dense_ffn_beside_experts):
            width = group.ffn_hidden_size or model.ffn_hidden_size
            dense[width] = dense.get(width, 0) + count
    return Composition(
        mixers=tuple(mixers.items()), dense=tuple(dense.items()), experts=experts, branches=branches, total=total
    )


@cache
def divisors(model: Model) -> tuple[int, ...]:
    """List the numbers that tensor parallelism must divide, of all mixers of a model.

    Parameters
    ----------
    model
        Shape of the transformer, without facts.
    """
    numbers = (number for mixer, _ in of_model(model).mixers for number in kind_of(mixer).divisors(mixer, model))
    return tuple(dict.fromkeys(numbers))
