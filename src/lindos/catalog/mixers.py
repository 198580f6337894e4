"""Parts of a layer that mix tokens, as data: softmax attention and its variants, recurrences, convolutions.

A model lists its layers in groups of equal ones (:class:`Layers`). The operators of each kind of mixer stand in a
module of :mod:`lindos.transformer.mixers`.
"""

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, TypeAlias

from lindos.bounds import Bounds

#: Layers of a model; ten thousand are fifty times as many as any trained model has.
LayerCount: TypeAlias = Annotated[int, Bounds(1, 10_000, is_whole=True)]
Size: TypeAlias = Annotated[int, Bounds(1, 100_000_000, is_whole=True)]
#: A size that may be zero, since the part that it measures may not exist.
PartSize: TypeAlias = Annotated[int, Bounds(0, 100_000_000, is_whole=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """Softmax attention over earlier tokens. Sizes that are zero are those of the model.

    Latent attention is that of the model, with its ranks. With an indexer, small heads score all earlier tokens, and
    attention reads the best ``index_keys`` of them.
    """

    kind: ClassVar[str] = "attention"
    window: PartSize = 0  # tokens that a query sees at most
    chunk: PartSize = 0  # a query sees the tokens of its own chunk alone, as in Llama 4
    num_heads: PartSize = 0
    num_kv_heads: PartSize = 0
    head_dim: PartSize = 0
    output_gate: bool = False  # queries bring a gate of their own width, which multiplies the result
    gate_per_head: bool = False  # the same with one number for each head
    keys_as_values: bool = False  # one projection gives both
    shared_cache: bool = False  # keys and values are those of an earlier layer
    index_heads: PartSize = 0
    index_head_dim: PartSize = 0
    index_keys: PartSize = 0  # keys that the indexer chooses; zero without one
    shared_index: bool = False  # the choice is that of an earlier layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Mamba2:
    """State-space layer whose decay is a number for each head, computed in chunks."""

    kind: ClassVar[str] = "mamba-2"
    num_heads: Size
    head_dim: Size
    num_groups: Size  # of heads that share keys and queries, named B and C
    state_size: Size
    kernel_size: Size  # tokens of the convolution
    chunk_size: Size = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Mamba1:
    """State-space layer whose decay is a number for each channel and state, computed token by token."""

    kind: ClassVar[str] = "mamba-1"
    inner_size: Size
    state_size: Size
    kernel_size: Size
    step_rank: Size  # rank of the projection to the size of a step


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaNet:
    """Gated delta net: linear attention that replaces what it stored under a key."""

    kind: ClassVar[str] = "gated-delta-net"
    num_key_heads: Size
    num_value_heads: Size
    key_head_dim: Size
    value_head_dim: Size
    kernel_size: Size
    chunk_size: Size = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Lightning:
    """Linear attention with a fixed decay for each head, and a gate on its result."""

    kind: ClassVar[str] = "lightning-attention"
    num_heads: Size
    head_dim: Size
    chunk_size: Size = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortConvolution:
    """Convolution over a few tokens between two gates, as in LFM2."""

    kind: ClassVar[str] = "short-convolution"
    kernel_size: Size


Mixer: TypeAlias = Attention | Mamba2 | Mamba1 | DeltaNet | Lightning | ShortConvolution
#: Classes of mixers by the word for their kind.
MIXERS: dict[str, type[Mixer]] = {
    mixer.kind: mixer for mixer in (Attention, Mamba2, Mamba1, DeltaNet, Lightning, ShortConvolution)
}
#: Feed-forwards of a layer.
FEED_FORWARDS = ("dense", "experts", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """Equal layers of a model: their mixers, of which several read the same input side by side, and a feed-forward."""

    count: LayerCount
    mixers: tuple[Mixer, ...] = ()
    feed_forward: str = "dense"
    ffn_hidden_size: PartSize = 0  # of a dense feed-forward, where it is not that of the model

    def __str__(self) -> str:
        """Name the group in words, such as ``23 of mamba-2 and experts``."""
        parts = [mixer.kind for mixer in self.mixers]
        if self.feed_forward != "none":
            parts.append("experts" if self.feed_forward == "experts" else "a dense feed-forward")
        return f"{self.count} of {' and '.join(parts)}"


#: Fields of mixers that grow with the width of a model.
_NUMBERS = ("num_heads", "num_key_heads", "num_value_heads", "inner_size")


def of_length(groups: tuple[Layers, ...], layers: int) -> tuple[Layers, ...]:
    """Take the same kinds of layers for a model of another length, in about the same proportions.

    Parameters
    ----------
    groups
        Groups of equal layers.
    layers
        Number of layers; groups without a layer are left out.
    """
    total, taken, past = sum(group.count for group in groups), 0, 0
    shorter = []
    for group in groups:
        past += group.count
        count = round(past * layers / total) - taken
        taken += count
        if count:
            shorter.append(replace(group, count=count))
    return tuple(shorter)


def widened(groups: tuple[Layers, ...], times: float) -> tuple[Layers, ...]:
    """Scale the numbers of heads and channels that mixers state.

    Parameters
    ----------
    groups
        Groups of equal layers.
    times
        Factor; numbers stay multiples of the groups of heads.
    """
    return tuple(replace(group, mixers=tuple(_wider(mixer, times) for mixer in group.mixers)) for group in groups)


def _wider(mixer: Mixer, times: float) -> Mixer:
    step = getattr(mixer, "num_groups", 1)
    numbers = {name: getattr(mixer, name, 0) for name in _NUMBERS}
    wider: dict[str, Any] = {name: max(1, round(n * times / step)) * step for name, n in numbers.items() if n}
    return replace(mixer, **wider)
