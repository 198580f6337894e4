"""The operator table of a transformer: what one token makes a device compute and move, as data.

One `Operator` is one kernel family of the model with its shape per token, the layers that hold it, and how a parallel
plan splits it. The closed form of a step sums the table; memory and search read the same rows.

Conventions
-----------
* A product counts two FLOP per multiply and add. Model FLOPs of training are three times those of the forward pass.
* Causal attention counts **half** of the full mask (mean :math:`s/2` keys, fewer under a sliding window); the full-mask
  count stands beside it (`Operator.forward_flop_full_mask`), since some publications use it.
* Norms, activations, rotary embeddings, routing and the loss move bytes and count no FLOPs.
* ``low_precision`` marks the linear layers that run in the precision of the job. Attention's inner products, router,
  embeddings, vocabulary head, norms and the loss stay in BF16, as in published FP8 and NVFP4 recipes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from lindos.catalog.model import Model
from lindos.errors import InputError
from lindos.formats import BF16
from lindos.formulas.transformer import mean_causal_keys

#: Attention kinds that the table knows.
ATTENTION_KINDS = ("gqa", "mla")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One row of the table; shapes are per token and per layer, before any split.

    A matrix product is ``rows`` (per token; under experts, copies of a token) by ``columns`` over ``depth``, for each
    of ``num_matrices`` weights of the layer. ``split`` says what tensor parallelism divides: ``"columns"``,
    ``"depth"``, the ``"heads"`` of attention, the ``"experts"`` (over expert parallelism and, inside, columns or depth
    over expert tensor parallelism), a rank's own ``"tokens"``, the ``"sequence"`` (only under sequence parallelism), or
    ``"none"`` (as the sequence).
    """

    name: str
    kind: str  # gemm, grouped-gemm, attention, elementwise, embedding
    count: float  # layers of the model that hold it
    place: str = "layer"  # "layer", "first" or "last": the pipeline stage that holds it
    split: str = "none"
    rows: float = 1.0
    columns: float = 0.0
    depth: float = 0.0
    num_matrices: int = 1
    expert_split: str = ""  # "columns" or "depth": what expert tensor parallelism divides
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

    @property
    def params(self) -> float:
        """Weights over all layers that hold the row."""
        if self.kind not in ("gemm", "grouped-gemm", "embedding") or not self.trainable:
            return 0.0
        return self.count * self.num_matrices * self.columns * self.depth

    @property
    def active_params(self) -> float:
        """Weights that one token meets; an embedding counts whole."""
        share = min(self.rows / self.num_matrices, 1.0) if self.kind == "grouped-gemm" else 1.0
        return self.params * share

    @property
    def forward_flop(self) -> float:
        """FLOP per token over all layers, forward, causal attention counted half."""
        if self.kind == "attention":
            return self.count * 2 * self.keys * self.head_dims
        if self.kind in ("gemm", "grouped-gemm"):
            return self.count * 2 * self.rows * self.columns * self.depth
        return 0.0

    @property
    def forward_flop_full_mask(self) -> float:
        """FLOP per token over all layers, forward, attention counted over the full mask."""
        return self.count * 2 * self.full_keys * self.head_dims if self.kind == "attention" else self.forward_flop


def operators(model: Model, *, sequence_length: int, mtp: bool = True) -> tuple[Operator, ...]:
    """Operator table of ``model`` on sequences of ``sequence_length`` tokens.

    Parameters
    ----------
    model
        Shape of the transformer.
    sequence_length
        Tokens a sequence; sets the keys of attention.
    mtp
        Whether multi-token-prediction layers are trained along, if the model has them.

    Returns
    -------
    tuple of Operator
        Rows in the order of the forward pass.

    Raises
    ------
    InputError
        If the model's attention is of a kind that the table does not know.
    """
    return _operators(_shape(model), sequence_length, mtp)


def _shape(model: Model) -> Model:
    """The model without what may be drawn: arrays have no hash."""
    if model.published_params is None and model.training_tokens is None and model.training_flop is None:
        return model
    return replace(model, published_params=None, training_tokens=None, training_flop=None)


@cache
def _operators(model: Model, sequence_length: int, mtp: bool) -> tuple[Operator, ...]:
    if model.attention not in ATTENTION_KINDS:
        known = " or ".join(repr(kind) for kind in ATTENTION_KINDS)
        raise InputError("model.attention", model.attention, known, "Other attention kinds are not modelled.")
    hidden = model.hidden_size
    rows = [
        Operator(
            name="embedding",
            kind="embedding",
            count=1,
            place="first",
            split="sequence",
            columns=model.vocab_size,
            depth=hidden,
            forward_bytes=2 * BF16 * hidden,
            backward_bytes=3 * BF16 * hidden,
        )
    ]
    rows += _layers(model, sequence_length, model.num_layers, model.num_moe_layers, model.num_windowed_layers)
    rows += _head(model)
    if mtp and model.num_mtp_layers:
        rows += _mtp(model, sequence_length)
    return tuple(row for row in rows if row.count)


def _mtp(model: Model, sequence_length: int) -> Iterator[Operator]:
    """One more transformer layer a depth, a projection that joins two hidden states, and the shared head again."""
    depths = model.num_mtp_layers
    moe = depths if model.num_moe_layers else 0
    join = _gemm("mtp.join", depths, model.hidden_size, 2 * model.hidden_size, "columns", place="last")
    for row in [*_layers(model, sequence_length, depths, moe, 0), join, *_head(model)]:
        head = row.name.startswith("head")
        yield replace(
            row,
            name=row.name if row.name.startswith("mtp") else f"mtp.{row.name}",
            count=depths if head else row.count,
            trainable=not head,  # the head is shared with the main model
            mtp=True,
        )


def _layers(model: Model, sequence_length: int, layers: int, moe: int, windowed: int) -> Iterator[Operator]:
    yield from _projections(model, layers)
    yield from _attention(model, sequence_length, layers, windowed)
    dense = layers if model.dense_ffn_beside_experts else layers - moe
    yield from _feed_forward(model, "ffn", dense, model.ffn_hidden_size, "columns", "depth")
    if moe:
        yield from _experts(model, moe)
        shared = model.num_shared_experts * model.expert_ffn_hidden_size
        yield from _feed_forward(model, "shared", moe if shared else 0, shared, "columns", "depth")
    h = BF16 * model.hidden_size
    # Two norms read and write the stream; their backward reads input and gradient and writes one.
    yield _elementwise("norm", layers, "sequence", 2 * 2 * h, 2 * 3 * h, kernels=2)
    # Two residual additions read two and write one; backward adds the gradients of both branches.
    yield _elementwise("residual", layers, "sequence", 2 * 3 * h, 2 * 3 * h, kernels=2)


def _projections(model: Model, layers: int) -> Iterator[Operator]:
    hidden, heads = model.hidden_size, model.num_attention_heads
    if model.attention == "mla":
        yield from _latent_projections(model, layers)
        output = heads * model.v_head_dim
    else:
        width = (heads + 2 * model.num_kv_heads) * model.head_dim
        yield _gemm("attention.qkv", layers, width, hidden, "columns")
        rotated = BF16 * (heads + model.num_kv_heads) * model.head_dim
        yield _elementwise("attention.rotary", layers, "columns", 2 * rotated, 2 * rotated)
        output = heads * model.head_dim
    yield _gemm("attention.output", layers, hidden, output, "depth")


def _latent_projections(model: Model, layers: int) -> Iterator[Operator]:
    """Multi-head latent attention in its training form: keys and values are expanded for every head."""
    hidden, heads = model.hidden_size, model.num_attention_heads
    query = heads * (model.qk_nope_head_dim + model.qk_rope_head_dim)
    latent = model.kv_lora_rank + model.qk_rope_head_dim
    expanded = heads * (model.qk_nope_head_dim + model.v_head_dim)
    if model.q_lora_rank:
        yield _gemm("attention.query_down", layers, model.q_lora_rank, hidden, "none")
        yield _gemm("attention.query_up", layers, query, model.q_lora_rank, "columns")
    else:
        yield _gemm("attention.query", layers, query, hidden, "columns")
    yield _gemm("attention.latent_down", layers, latent, hidden, "none")
    yield _gemm("attention.latent_up", layers, expanded, model.kv_lora_rank, "columns")
    # Norms of both latents, and writing queries and keys with their rotated parts side by side.
    norms = BF16 * (model.q_lora_rank + model.kv_lora_rank)
    yield _elementwise("attention.latent_norm", layers, "sequence", 2 * norms, 3 * norms, kernels=2)
    rotated = BF16 * (query + heads * (model.qk_nope_head_dim + model.qk_rope_head_dim))
    yield _elementwise("attention.rotary", layers, "columns", 2 * rotated, 2 * rotated, kernels=2)


def attention_dims(model: Model) -> tuple[int, int]:
    """Query-key and value dimension of one head."""
    if model.attention == "mla":
        return model.qk_nope_head_dim + model.qk_rope_head_dim, model.v_head_dim
    return model.head_dim, model.head_dim


def _attention(model: Model, sequence_length: int, layers: int, windowed: int) -> Iterator[Operator]:
    key_dim, value_dim = attention_dims(model)
    for name, count, window in (
        ("attention.core", layers - windowed, sequence_length),
        ("attention.windowed", windowed, min(model.sliding_window or sequence_length, sequence_length)),
    ):
        yield Operator(
            name=name,
            kind="attention",
            count=count,
            split="heads",
            keys=float(mean_causal_keys(sequence_length, window)),
            full_keys=float(sequence_length if window == sequence_length else min(2 * window, sequence_length)),
            head_dims=float(model.num_attention_heads * (key_dim + value_dim)),
            num_heads=model.num_attention_heads,
        )


def _feed_forward(model: Model, name: str, count: int, width: int, up: str, down: str) -> Iterator[Operator]:
    factor = 2 if model.gated else 1
    yield _gemm(f"{name}.up", count, factor * width, model.hidden_size, up)
    yield _activation(f"{name}.activation", model, count, width, "columns")
    yield _gemm(f"{name}.down", count, model.hidden_size, width, down)


def _activation(name: str, model: Model, count: float, width: float, split: str) -> Operator:
    w = BF16 * width
    if model.clamped_gate:
        # No usual kernel fuses it: bias 4, two clamps 4, scaled sigmoid 4, its product 3, one added 2, product 3.
        return _elementwise(name, count, split, 20 * w, 40 * w, kernels=8)
    # A gated unit reads two and writes one; backward reads those two and the gradient and writes two.
    forward, backward = (3 * w, 5 * w) if model.gated else (2 * w, 3 * w)
    return _elementwise(name, count, split, forward, backward)


def _experts(model: Model, count: int) -> Iterator[Operator]:
    hidden, width, chosen = model.hidden_size, model.expert_ffn_hidden_size, model.experts_per_token
    factor = 2 if model.gated else 1
    yield replace(_gemm("router", count, model.num_experts, hidden, "none"), low_precision=False)
    # Scores and choice in FP32; tokens are copied into the order of experts and back.
    yield _elementwise(
        "router.choice", count, "sequence", 4 * 4 * model.num_experts, 4 * 4 * model.num_experts, kernels=4
    )
    copies = BF16 * hidden * (chosen + 1)
    yield _elementwise("expert.permute", count, "tokens", 2 * copies, 2 * copies, kernels=4)
    for name, columns, depth, split in (
        ("expert.up", factor * width, hidden, "columns"),
        ("expert.down", hidden, width, "depth"),
    ):
        yield Operator(
            name=name,
            kind="grouped-gemm",
            count=count,
            split="experts",
            rows=chosen,
            columns=columns,
            depth=depth,
            num_matrices=model.num_experts,
            expert_split=split,
            low_precision=True,
        )
    yield _activation("expert.activation", model, count, chosen * width, "experts")


def _head(model: Model) -> Iterator[Operator]:
    hidden, vocab = model.hidden_size, model.vocab_size
    head = _gemm("head", 1, vocab, hidden, "columns", place="last")
    yield replace(head, low_precision=False, trainable=not model.tied_embeddings)
    # Logits are read as BF16, held as FP32, and read again for maximum, sum and gradient.
    yield replace(_elementwise("head.loss", 1, "columns", 14 * vocab, 10 * vocab, kernels=4), place="last")


def _gemm(name: str, count: float, columns: float, depth: float, split: str, place: str = "layer") -> Operator:
    return Operator(
        name=name, kind="gemm", count=count, place=place, split=split, columns=columns, depth=depth, low_precision=True
    )


def _elementwise(name: str, count: float, split: str, forward: float, backward: float, kernels: int = 1) -> Operator:
    return Operator(
        name=name,
        kind="elementwise",
        count=count,
        split=split,
        forward_bytes=forward,
        backward_bytes=backward,
        num_kernels=kernels,
    )


def model_flops_per_token(model: Model, sequence_length: int, *, full_mask: bool = False, mtp: bool = True) -> float:
    """FLOP to train on one token: three forward passes, nothing recomputed; causal attention counts half.

    ``full_mask`` counts attention over the full mask instead, to compare with publications that do.
    """
    table = operators(model, sequence_length=sequence_length, mtp=mtp)
    return 3 * sum(row.forward_flop_full_mask if full_mask else row.forward_flop for row in table)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Parameters of a model by how a plan spreads them; counts of numbers, norms left out (they are below 0.1 %)."""

    split: float  # in layers, divided by tensor parallelism
    replicated: float  # in layers, on every tensor-parallel rank: router and latent down-projections
    expert: float  # divided by expert parallelism and expert tensor parallelism
    embedding: float  # on the first stage, divided by tensor parallelism
    head: float  # on the last stage, divided by tensor parallelism; zero if tied

    @property
    def total(self) -> float:
        """All of them."""
        return self.split + self.replicated + self.expert + self.embedding + self.head


def weights(model: Model, *, mtp: bool = True) -> Weights:
    """Parameters of ``model`` by how a plan spreads them; multi-token-prediction layers count as layers."""
    table = operators(model, sequence_length=1, mtp=mtp)

    def layers(*splits: str) -> float:
        held = [row for row in table if row.kind in ("gemm", "grouped-gemm") and not row.name.endswith("head")]
        return sum(row.params for row in held if row.split in splits)

    return Weights(
        split=layers("columns", "depth"),
        replicated=layers("none"),
        expert=layers("experts"),
        embedding=sum(row.params for row in table if row.kind == "embedding"),
        head=sum(row.params for row in table if row.name.endswith("head")),
    )


def num_params(model: Model, *, mtp: bool = False) -> float:
    """Parameters of ``model`` as publications count them: without multi-token-prediction layers unless asked."""
    return weights(model, mtp=mtp).total


def active_params(model: Model, *, mtp: bool = False) -> float:
    """Parameters that one token meets: chosen and shared experts, embedding and head counted whole."""
    return sum(row.active_params for row in operators(model, sequence_length=1, mtp=mtp))
