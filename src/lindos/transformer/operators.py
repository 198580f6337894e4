"""One operator of a transformer, as data.

An operator has a shape per token, a number of layers, a split under a parallel plan, and the tensors that it saves for
the backward pass. :mod:`lindos.transformer.table` lists the operators of a model; step, memory and fleet read the same
rows.
"""

from dataclasses import dataclass
from enum import StrEnum

from lindos.formats import BF16


class Kind(StrEnum):
    """Family of kernels that computes an operator."""

    GEMM = "gemm"
    GROUPED_GEMM = "grouped-gemm"  # one product for each expert
    ATTENTION = "attention"  # scores and weighted sums
    SCAN = "scan"  # a linear recurrence in chunks
    ELEMENTWISE = "elementwise"
    EMBEDDING = "embedding"


class Role(StrEnum):
    """Part of the model that an operator belongs to."""

    EMBEDDING = "embedding"
    ATTENTION = "attention"  # projections, rotation, scores and weighted sums
    RECURRENCE = "recurrence"  # projections, convolution and scan of a layer without softmax attention
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
    """Dimension of an operator or a tensor that a parallel plan divides."""

    COLUMNS = "columns"  # columns of a weight, or elements of a tensor, by tensor parallelism
    DEPTH = "depth"  # depth of a weight, by tensor parallelism
    HEADS = "heads"  # heads of attention, by tensor parallelism
    EXPERTS = "experts"  # experts by expert parallelism, and each by expert tensor parallelism
    TOKENS = "tokens"  # a rank's own tokens
    SEQUENCE = "sequence"  # tokens, under sequence parallelism alone
    NONE = "none"  # weights are whole on every rank; tokens are split as by SEQUENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A tensor that an operator saves for the backward pass, by its numbers per token and layer.

    A ``low`` tensor feeds a product and is saved in the precision of the product. A ``copy`` exists only if that
    precision is not BF16. Selective recomputation frees ``cheap`` tensors. Fused kernels save no ``unfused`` tensor.
    """

    width: float
    split: Split
    low: bool = False
    copy: bool = False
    cheap: bool = False
    unfused: bool = False

    def size(self, low: float) -> float:
        """Count the bytes per token and layer if a number that feeds a product has ``low`` bytes."""
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
    expert_split: Split = Split.NONE  # COLUMNS or DEPTH: the dimension that expert tensor parallelism divides
    keys: float = 0.0  # mean keys of a query under the causal mask and the window
    full_keys: float = 0.0  # the same without the causal mask
    head_dims: float = 0.0  # query-key plus value dimension, over all heads
    num_heads: int = 0
    num_kv_heads: int = 0  # heads whose keys and values ranks of context parallelism exchange
    form: str = ""  # of attention: "sparse" to chosen keys, "index" for the scores that choose them
    flop: float = 0.0  # per token and layer of a scan, forward
    state: float = 0.0  # numbers of the state of a scan
    forward_bytes: float = 0.0  # per token and layer; zero unless elementwise or a scan
    backward_bytes: float = 0.0
    num_kernels: int = 1
    low_precision: bool = False
    trainable: bool = True
    mtp: bool = False  # belongs to a multi-token-prediction layer
    saved: tuple[Saved, ...] = ()

    @property
    def params(self) -> float:
        """Count the weights over all layers of the row."""
        if self.kind in (Kind.ATTENTION, Kind.ELEMENTWISE) or not self.trainable:
            return 0.0
        return self.count * self.num_matrices * self.columns * self.depth

    @property
    def active_params(self) -> float:
        """Count the weights that one token uses; the embedding table counts in full."""
        share = min(self.rows / self.num_matrices, 1.0) if self.kind is Kind.GROUPED_GEMM else 1.0
        return self.params * share

    @property
    def forward_flop(self) -> float:
        """Count the FLOP per token of the forward pass over all layers; causal attention counts half."""
        if self.kind is Kind.ATTENTION:
            return self.count * 2 * self.keys * self.head_dims
        if self.kind in (Kind.GEMM, Kind.GROUPED_GEMM):
            return self.count * 2 * self.rows * self.columns * self.depth
        return self.count * self.flop

    @property
    def forward_flop_full_mask(self) -> float:
        """Count the FLOP per token of the forward pass over all layers; attention counts the full mask."""
        return self.count * 2 * self.full_keys * self.head_dims if self.kind is Kind.ATTENTION else self.forward_flop
