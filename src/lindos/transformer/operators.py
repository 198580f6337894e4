"""One operator of a transformer: a kernel family of the model, as data.

Its shape per token, the layers that have it, how a parallel plan splits it, and what it saves for the backward pass.
:mod:`lindos.transformer.table` lists those of a model; step, memory and fleet read the same rows.
"""

from dataclasses import dataclass
from enum import StrEnum

from lindos.formats import BF16


class Kind(StrEnum):
    """Family of kernels that computes an operator."""

    GEMM = "gemm"
    GROUPED_GEMM = "grouped-gemm"  # one product for each expert
    ATTENTION = "attention"  # scores and weighted sums
    ELEMENTWISE = "elementwise"
    EMBEDDING = "embedding"


class Role(StrEnum):
    """Part of the model that an operator belongs to."""

    EMBEDDING = "embedding"
    ATTENTION = "attention"  # projections, rotation, scores and weighted sums
    FEED_FORWARD = "feed-forward"  # of a dense layer, or beside experts
    ROUTER = "router"
    EXPERT = "expert"
    SHARED_EXPERT = "shared-expert"
    NORM = "norm"  # norms and residual additions
    HEAD = "head"  # vocabulary head and loss
    JOIN = "join"  # projection that joins two hidden states for multi-token prediction


class Place(StrEnum):
    """Stage of a pipeline that has an operator."""

    LAYER = "layer"  # the stage of its layer
    FIRST = "first"
    LAST = "last"


class Split(StrEnum):
    """What a parallel plan divides of an operator or a tensor."""

    COLUMNS = "columns"  # columns of a weight, or elements of a tensor, by tensor parallelism
    DEPTH = "depth"  # depth of a weight, by tensor parallelism
    HEADS = "heads"  # heads of attention, by tensor parallelism
    EXPERTS = "experts"  # experts by expert parallelism, and each by expert tensor parallelism
    TOKENS = "tokens"  # a rank's own tokens
    SEQUENCE = "sequence"  # tokens, under sequence parallelism alone
    NONE = "none"  # weights are whole on every rank; tokens are split as by SEQUENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """Numbers that an operator saves of a token and layer for the backward pass.

    ``low`` numbers feed a product and are saved in its precision; ``copy`` exists only where that is not BF16.
    ``cheap`` ones are freed by selective recompute.
    """

    width: float
    split: Split
    low: bool = False
    copy: bool = False
    cheap: bool = False

    def size(self, low: float) -> float:
        """Bytes for each token and layer, where a number that feeds a product has ``low`` bytes."""
        if self.copy and low == BF16:
            return 0.0
        return self.width * (low if self.low else BF16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One row of the table; shapes are per token and per layer, before any split.

    A matrix product is ``rows`` (per token; under experts, copies of a token) by ``columns`` over ``depth``, for each
    of ``num_matrices`` weights of the layer.
    """

    name: str
    kind: Kind
    role: Role
    count: float  # layers of the model that have it
    place: Place = Place.LAYER
    split: Split = Split.NONE
    rows: float = 1.0
    columns: float = 0.0
    depth: float = 0.0
    num_matrices: int = 1
    expert_split: Split = Split.NONE  # COLUMNS or DEPTH: what expert tensor parallelism divides
    keys: float = 0.0  # mean keys of a query: causal, inside the window
    full_keys: float = 0.0  # the same without the causal mask
    head_dims: float = 0.0  # query-key plus value dimension, over all heads
    num_heads: int = 0
    forward_bytes: float = 0.0  # per token and layer, elementwise only
    backward_bytes: float = 0.0
    num_kernels: int = 1
    low_precision: bool = False
    trainable: bool = True
    mtp: bool = False  # belongs to a multi-token-prediction layer
    saved: tuple[Saved, ...] = ()

    @property
    def params(self) -> float:
        """Weights over all layers that have the row."""
        if self.kind not in (Kind.GEMM, Kind.GROUPED_GEMM, Kind.EMBEDDING) or not self.trainable:
            return 0.0
        return self.count * self.num_matrices * self.columns * self.depth

    @property
    def active_params(self) -> float:
        """Weights that one token uses; the embedding table counts in full."""
        share = min(self.rows / self.num_matrices, 1.0) if self.kind is Kind.GROUPED_GEMM else 1.0
        return self.params * share

    @property
    def forward_flop(self) -> float:
        """FLOP per token over all layers, forward, causal attention counted half."""
        if self.kind is Kind.ATTENTION:
            return self.count * 2 * self.keys * self.head_dims
        if self.kind in (Kind.GEMM, Kind.GROUPED_GEMM):
            return self.count * 2 * self.rows * self.columns * self.depth
        return 0.0

    @property
    def forward_flop_full_mask(self) -> float:
        """FLOP per token over all layers, forward, attention counted over the full mask."""
        return self.count * 2 * self.full_keys * self.head_dims if self.kind is Kind.ATTENTION else self.forward_flop
