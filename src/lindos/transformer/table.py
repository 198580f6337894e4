"""The operator table of a transformer: FLOPs, bytes and saved tensors of one token.

The closed form of a step sums the table; memory, search and fleet read the same rows. Layers are counted by kind: equal
rows of all layers are one row (:mod:`lindos.transformer.composition`), so that the number of layers costs nothing.

Conventions
-----------
* A product counts two FLOP per multiply and add. Model FLOPs of training are three times those of the forward pass.
* Causal attention counts **half** of the full mask (mean :math:`s/2` keys, fewer under a sliding window); the full-mask
  count is `Operator.forward_flop_full_mask`, since some publications use it. A scan counts its form in chunks.
* Norms, activations, rotary embeddings, convolutions, routing and the loss move bytes and count no FLOPs.
* ``low_precision`` marks the linear layers that run in the precision of the job. Attention's inner products, scans,
  router, embeddings, vocabulary head, norms and the loss stay in BF16, as in published FP8 and NVFP4 recipes.
* The inputs of products, norms and activation functions are saved, and the tensors from which attention computes its
  scores again [1]_. Routing weights are applied inside the experts, so that the outputs of experts need not be saved.

References
----------
.. [1] V. Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models," MLSys 2023,
       arXiv:2205.05198.
"""

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from functools import cache, lru_cache
from operator import attrgetter

from lindos.catalog.model import Model
from lindos.errors import InputError
from lindos.formats import BF16
from lindos.transformer.composition import Composition, of_class, of_model, of_prediction
from lindos.transformer.mixers import kind_of
from lindos.transformer.operators import Kind, Operator, Place, Role, Saved, Split
from lindos.transformer.rows import elementwise, function_tensors, gemm

#: Kinds of attention in the table.
ATTENTION_KINDS = ("gqa", "mla")


def operators(model: Model, *, sequence_length: int, mtp: bool = True) -> tuple[Operator, ...]:
    """Get the operator table of a model.

    Parameters
    ----------
    model
        Shape of the transformer.
    sequence_length
        Tokens of a sequence; sets the keys of attention.
    mtp
        Whether layers of multi-token prediction are trained, if the model has them.

    Returns
    -------
    tuple of Operator
        Rows in the order of the forward pass.

    Raises
    ------
    InputError
        If the table does not have the model's kind of attention.
    """
    return _operators(shape(model), sequence_length, mtp)


def layer_operators(model: Model, *, is_expert: bool) -> tuple[Operator, ...]:
    """Get the operators of the mean layer of a class; ``count`` is the mean number of such rows in one layer.

    Parameters
    ----------
    model
        Shape of the transformer.
    is_expert
        Whether layers with experts are meant; otherwise all others.
    """
    return _layer_operators(shape(model), is_expert)


@cache
def _layer_operators(model: Model, is_expert: bool) -> tuple[Operator, ...]:
    return _merged(_layers(model, 1, of_class(model, is_expert=is_expert)))


def has_scans(model: Model) -> bool:
    """Tell whether some layers of a model are recurrent.

    Parameters
    ----------
    model
        Shape of the transformer.
    """
    return bool(model.layers) and any(row.kind is Kind.SCAN for row in operators(model, sequence_length=1))


def mean_heads(model: Model) -> float:
    """Compute the mean number of heads of softmax attention in a layer.

    Parameters
    ----------
    model
        Shape of the transformer.
    """
    if not model.layers:
        return model.num_attention_heads
    rows = (row for row in operators(model, sequence_length=1, mtp=False) if row.kind is Kind.ATTENTION)
    return sum(row.count * row.num_heads for row in rows) / model.num_layers


def shape(model: Model) -> Model:
    """Remove from a model the facts that may be arrays of draws, which have no hash.

    Parameters
    ----------
    model
        Model of the catalogue.
    """
    return _shape(_Identity(model))


class _Identity:
    """A model that is equal to itself alone: a key for models that have no hash."""

    __slots__ = ("model",)

    def __init__(self, model: Model) -> None:
        self.model = model

    def __eq__(self, value: object) -> bool:
        return isinstance(value, _Identity) and value.model is self.model

    def __hash__(self) -> int:
        return id(self.model)


@lru_cache(maxsize=256)
def _shape(key: _Identity) -> Model:
    return replace(key.model, published_params=None, training_tokens=None, training_flop=None)


@cache
def _operators(model: Model, sequence_length: int, mtp: bool) -> tuple[Operator, ...]:
    if model.attention not in ATTENTION_KINDS:
        kinds = " or ".join(repr(kind) for kind in ATTENTION_KINDS)
        raise InputError("model.attention", model.attention, kinds, "Other attention kinds are not modelled.")
    rows = [*_embeddings(model), *_layers(model, sequence_length, of_model(model)), *_head(model)]
    if mtp and model.num_mtp_layers:
        rows += _mtp(model, sequence_length)
    return _merged(rows)


def _merged(rows: Iterable[Operator]) -> tuple[Operator, ...]:
    """Join rows that differ only in the number of their layers, and leave out those without layers."""
    equal: dict[tuple[object, ...], list[Operator]] = {}
    for row in rows:
        equal.setdefault(_all_but_count(row), []).append(row)
    counts = ((members[0], sum(row.count for row in members)) for members in equal.values())
    return tuple(row if count == row.count else replace(row, count=count) for row, count in counts if count)


_all_but_count = attrgetter(*(field.name for field in fields(Operator) if field.name != "count"))


def _embeddings(model: Model) -> Iterator[Operator]:
    hidden = model.hidden_size
    yield Operator(
        name="embedding",
        kind=Kind.EMBEDDING,
        role=Role.EMBEDDING,
        count=1,
        place=Place.FIRST,
        split=Split.SEQUENCE,
        columns=model.vocab_size,
        depth=hidden,
        forward_bytes=2 * BF16 * hidden,
        backward_bytes=3 * BF16 * hidden,
    )
    width = model.num_layers * model.per_layer_embedding_size
    if width:
        yield Operator(
            name="embedding.per_layer",
            kind=Kind.EMBEDDING,
            role=Role.EMBEDDING,
            count=1,
            place=Place.FIRST,
            split=Split.SEQUENCE,
            columns=model.per_layer_vocab_size or model.vocab_size,
            depth=width,
            forward_bytes=2 * BF16 * width,
            backward_bytes=3 * BF16 * width,
        )
        project = gemm("embedding.project", Role.EMBEDDING, 1, width, hidden, Split.COLUMNS)
        yield replace(project, place=Place.FIRST, low_precision=False)


def _mtp(model: Model, sequence_length: int) -> Iterator[Operator]:
    """Yield one transformer layer per depth, a projection of two joined hidden states, and the shared head."""
    depths = model.num_mtp_layers
    join = gemm("join", Role.JOIN, depths, model.hidden_size, 2 * model.hidden_size, Split.COLUMNS)
    join = replace(join, place=Place.LAST)
    for row in [*_layers(model, sequence_length, of_prediction(model)), join, *_head(model)]:
        is_head = row.role is Role.HEAD
        yield replace(
            row,
            name=f"mtp.{row.name}",
            count=depths if is_head else row.count,
            trainable=not is_head,  # the head is shared with the main model
            mtp=True,
        )


def _layers(model: Model, sequence_length: int, layers: Composition) -> Iterator[Operator]:
    for mixer, count in layers.mixers:
        yield from kind_of(mixer).rows(mixer, model, sequence_length, count)
    for width, count in layers.dense:
        yield from _feed_forward(model, "ffn", Role.FEED_FORWARD, count, width)
    if layers.experts:
        yield from _experts(model, layers.experts)
        shared = model.shared_expert_width
        yield from _feed_forward(model, "shared", Role.SHARED_EXPERT, layers.experts if shared else 0, shared)
    if model.per_layer_embedding_size:
        yield from _per_layer_embedding(model, layers.total)
    yield from _norms(model, layers.branches)


def _norms(model: Model, branches: float) -> Iterator[Operator]:
    """Yield a norm before each branch of a layer, and the addition of the branch to the stream."""
    h = BF16 * model.hidden_size
    # A norm reads and writes the stream; its backward reads input and gradient and writes one gradient. Its input is
    # saved, and so is its output, which feeds a product.
    norm = elementwise("norm", Role.NORM, branches, Split.SEQUENCE, 2 * h, 3 * h)
    saved = function_tensors(model.hidden_size, model.hidden_size, Split.SEQUENCE)
    if model.gated:  # root-mean-square norms without a kernel of their own: the input in FP32, and the quotient
        saved = (*saved, Saved(width=2 * model.hidden_size, split=Split.SEQUENCE, unfused=True))
    yield replace(norm, saved=saved)
    # A residual addition reads two and writes one; backward adds the gradients of both branches.
    yield elementwise("residual", Role.NORM, branches, Split.SEQUENCE, 3 * h, 3 * h)


def _per_layer_embedding(model: Model, layers: float) -> Iterator[Operator]:
    """Yield the gate and the projection by which a layer adds its own embedding of the token."""
    hidden, width = model.hidden_size, model.per_layer_embedding_size
    yield gemm("per_layer.gate", Role.FEED_FORWARD, layers, width, hidden, Split.NONE)
    product = elementwise("per_layer.activation", Role.FEED_FORWARD, layers, Split.SEQUENCE, 6 * width, 10 * width)
    yield replace(product, saved=function_tensors(2 * width, width, Split.SEQUENCE))
    yield gemm("per_layer.projection", Role.FEED_FORWARD, layers, hidden, width, Split.NONE)


def _feed_forward(model: Model, name: str, role: Role, count: float, width: int) -> Iterator[Operator]:
    factor = 2 if model.gated else 1
    yield gemm(f"{name}.up", role, count, factor * width, model.hidden_size, Split.COLUMNS)
    yield _activation(f"{name}.activation", role, model, count, width, Split.COLUMNS)
    yield gemm(f"{name}.down", role, count, model.hidden_size, width, Split.DEPTH)


def _activation(name: str, role: Role, model: Model, count: float, width: float, split: Split) -> Operator:
    w = BF16 * width
    if model.clamped_gate:
        # No common kernel fuses these: bias 4, two clamps 4, scaled sigmoid 4, product 3, addition of one 2, product 3.
        row = elementwise(name, role, count, split, 20 * w, 40 * w, kernels=8)
    else:
        # A gated unit reads two tensors and writes one; backward reads these two and the gradient and writes two.
        forward, backward = (3 * w, 5 * w) if model.gated else (2 * w, 3 * w)
        row = elementwise(name, role, count, split, forward, backward)
    saved = function_tensors((2 if model.gated else 1) * width, width, split)
    if model.gated:  # the activated gate, before its product
        saved = (*saved, Saved(width=width, split=split, unfused=True))
    return replace(row, saved=saved)


def _experts(model: Model, count: float) -> Iterator[Operator]:
    hidden, width, chosen = model.hidden_size, model.expert_ffn_hidden_size, model.experts_per_token
    factor = 2 if model.gated else 1
    yield replace(gemm("router", Role.ROUTER, count, model.num_experts, hidden, Split.NONE), low_precision=False)
    # Scores and choice are FP32; tokens are copied into the order of experts and back.
    moved = 4 * 4 * model.num_experts
    yield elementwise("router.choice", Role.ROUTER, count, Split.SEQUENCE, moved, moved, kernels=4)
    inner = model.expert_input_size
    if model.expert_latent_size:  # routed experts work in a narrower space, to which all tokens are projected
        yield gemm("expert.latent_down", Role.EXPERT, count, inner, hidden, Split.NONE)
        up = gemm("expert.latent_up", Role.EXPERT, count, hidden, inner, Split.NONE)
        yield replace(up, saved=(Saved(width=inner, split=Split.SEQUENCE, low=True),))
    copies = BF16 * inner * (chosen + 1)
    permute = elementwise("expert.permute", Role.EXPERT, count, Split.TOKENS, 2 * copies, 2 * copies, kernels=4)
    yield replace(permute, saved=(Saved(width=chosen * inner, split=Split.EXPERTS, low=True),))
    for name, columns, depth, split in (
        ("expert.up", factor * width, inner, Split.COLUMNS),
        ("expert.down", inner, width, Split.DEPTH),
    ):
        yield Operator(
            name=name,
            kind=Kind.GROUPED_GEMM,
            role=Role.EXPERT,
            count=count,
            split=Split.EXPERTS,
            rows=chosen,
            columns=columns,
            depth=depth,
            num_matrices=model.num_experts,
            expert_split=split,
            low_precision=True,
        )
    yield _activation("expert.activation", Role.EXPERT, model, count, chosen * width, Split.EXPERTS)


def _head(model: Model) -> Iterator[Operator]:
    hidden, vocab = model.hidden_size, model.vocab_size
    head = gemm("head", Role.HEAD, 1, vocab, hidden, Split.COLUMNS)
    yield replace(head, place=Place.LAST, low_precision=False, trainable=not model.tied_embeddings)
    # Logits are read as BF16, stored as FP32, and read again for maximum, sum and gradient.
    loss = elementwise("head.loss", Role.HEAD, 1, Split.COLUMNS, 14 * vocab, 10 * vocab, kernels=4)
    yield replace(loss, place=Place.LAST)
