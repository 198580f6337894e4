"""The operator table of a transformer: FLOPs, bytes and saved tensors of one token.

The closed form of a step sums the table; memory, search and fleet read the same rows.

Conventions
-----------
* A product counts two FLOP per multiply and add. Model FLOPs of training are three times those of the forward pass.
* Causal attention counts **half** of the full mask (mean :math:`s/2` keys, fewer under a sliding window); the full-mask
  count is `Operator.forward_flop_full_mask`, since some publications use it.
* Norms, activations, rotary embeddings, routing and the loss move bytes and count no FLOPs.
* ``low_precision`` marks the linear layers that run in the precision of the job. Attention's inner products, router,
  embeddings, vocabulary head, norms and the loss stay in BF16, as in published FP8 and NVFP4 recipes.
* The inputs of products, norms and activation functions are saved, and the tensors from which attention computes its
  scores again [1]_. Routing weights are applied inside the experts, so that the outputs of experts need not be saved.

References
----------
.. [1] V. Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models," MLSys 2023,
       arXiv:2205.05198.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from lindos.catalog.model import Model
from lindos.errors import InputError
from lindos.formats import BF16
from lindos.formulas.transformer import mean_causal_keys
from lindos.transformer.operators import Kind, Operator, Place, Role, Saved, Split

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
    """Get the operators of one layer; the ``count`` of each row is that of the model.

    Parameters
    ----------
    model
        Shape of the transformer.
    is_expert
        Whether the layer has experts; otherwise it is dense.
    """
    return _layer_operators(shape(model), is_expert)


@cache
def _layer_operators(model: Model, is_expert: bool) -> tuple[Operator, ...]:
    table = _operators(model, 1, False)
    return tuple(row for row in table if row.place is Place.LAYER and _belongs(row.role, model, is_expert))


def _belongs(role: Role, model: Model, is_expert: bool) -> bool:
    """Tell whether operators of ``role`` are in a dense layer, or in one with experts."""
    if role is Role.FEED_FORWARD:
        return not is_expert or model.dense_ffn_beside_experts
    return is_expert or role in (Role.ATTENTION, Role.NORM)


def shape(model: Model) -> Model:
    """Remove from a model the facts that may be arrays of draws, which have no hash.

    Parameters
    ----------
    model
        Model of the catalogue.
    """
    if model.published_params is None and model.training_tokens is None and model.training_flop is None:
        return model
    return replace(model, published_params=None, training_tokens=None, training_flop=None)


@cache
def _operators(model: Model, sequence_length: int, mtp: bool) -> tuple[Operator, ...]:
    if model.attention not in ATTENTION_KINDS:
        kinds = " or ".join(repr(kind) for kind in ATTENTION_KINDS)
        raise InputError("model.attention", model.attention, kinds, "Other attention kinds are not modelled.")
    hidden = model.hidden_size
    rows = [
        Operator(
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
    ]
    rows += _layers(model, sequence_length, model.num_layers, model.num_moe_layers, model.num_windowed_layers)
    rows += _head(model)
    if mtp and model.num_mtp_layers:
        rows += _mtp(model, sequence_length)
    return tuple(row for row in rows if row.count)


def _mtp(model: Model, sequence_length: int) -> Iterator[Operator]:
    """Yield one transformer layer per depth, a projection of two joined hidden states, and the shared head."""
    depths = model.num_mtp_layers
    moe = depths if model.num_moe_layers else 0
    join = _gemm("join", Role.JOIN, depths, model.hidden_size, 2 * model.hidden_size, Split.COLUMNS)
    join = replace(join, place=Place.LAST)
    for row in [*_layers(model, sequence_length, depths, moe, 0), join, *_head(model)]:
        is_head = row.role is Role.HEAD
        yield replace(
            row,
            name=f"mtp.{row.name}",
            count=depths if is_head else row.count,
            trainable=not is_head,  # the head is shared with the main model
            mtp=True,
        )


def _layers(model: Model, sequence_length: int, layers: int, moe: int, windowed: int) -> Iterator[Operator]:
    yield from _projections(model, layers, windowed)
    yield from _attention(model, sequence_length, layers, windowed)
    dense = layers if model.dense_ffn_beside_experts else layers - moe
    yield from _feed_forward(model, "ffn", Role.FEED_FORWARD, dense, model.ffn_hidden_size)
    if moe:
        yield from _experts(model, moe)
        shared = model.num_shared_experts * model.expert_ffn_hidden_size
        yield from _feed_forward(model, "shared", Role.SHARED_EXPERT, moe if shared else 0, shared)
    h = BF16 * model.hidden_size
    # Two norms read and write the stream; their backward reads input and gradient and writes one gradient. Inputs are
    # saved, and so are outputs, which feed products.
    norm = _elementwise("norm", Role.NORM, layers, Split.SEQUENCE, 2 * 2 * h, 2 * 3 * h, kernels=2)
    saved = _function_tensors(2 * model.hidden_size, 2 * model.hidden_size, Split.SEQUENCE)
    if model.gated:  # root-mean-square norms without a kernel of their own: the input in FP32, and the quotient
        saved = (*saved, Saved(width=2 * 2 * model.hidden_size, split=Split.SEQUENCE, unfused=True))
    yield replace(norm, saved=saved)
    # Two residual additions read two and write one; backward adds the gradients of both branches.
    yield _elementwise("residual", Role.NORM, layers, Split.SEQUENCE, 2 * 3 * h, 2 * 3 * h, kernels=2)


def _projections(model: Model, layers: int, windowed: int) -> Iterator[Operator]:
    hidden, heads = model.hidden_size, model.num_attention_heads
    if model.attention == "mla":
        yield from _latent_projections(model, layers)
        output = heads * model.v_head_dim
    else:
        key_dim, value_dim = attention_dims(model)
        kv_heads = mean_kv_heads(model, layers, windowed)
        width = heads * key_dim + kv_heads * (key_dim + value_dim)
        qkv = _gemm("attention.qkv", Role.ATTENTION, layers, width, hidden, Split.COLUMNS)
        yield replace(qkv, saved=(Saved(width=width, split=Split.COLUMNS),))
        rotated = BF16 * (heads + kv_heads) * key_dim
        rotary = _elementwise("attention.rotary", Role.ATTENTION, layers, Split.COLUMNS, 2 * rotated, 2 * rotated)
        # Rotation in place leaves nothing; otherwise its results are saved beside what they came from.
        yield replace(rotary, saved=(Saved(width=(heads + kv_heads) * key_dim, split=Split.COLUMNS, unfused=True),))
        output = heads * value_dim
    # Attention saves its output; the product after it saves a copy in its own precision.
    saved = Saved(width=output, split=Split.COLUMNS), Saved(width=output, split=Split.COLUMNS, low=True, copy=True)
    yield replace(_gemm("attention.output", Role.ATTENTION, layers, hidden, output, Split.DEPTH), saved=saved)


def _latent_projections(model: Model, layers: int) -> Iterator[Operator]:
    """Multi-head latent attention in its training form: keys and values are expanded for every head."""
    hidden, heads = model.hidden_size, model.num_attention_heads
    query = heads * (model.qk_nope_head_dim + model.qk_rope_head_dim)
    latent = model.kv_lora_rank + model.qk_rope_head_dim
    expanded = heads * (model.qk_nope_head_dim + model.v_head_dim)
    if model.q_lora_rank:
        yield _gemm("attention.query_down", Role.ATTENTION, layers, model.q_lora_rank, hidden, Split.NONE)
        yield _gemm("attention.query_up", Role.ATTENTION, layers, query, model.q_lora_rank, Split.COLUMNS)
    else:
        yield _gemm("attention.query", Role.ATTENTION, layers, query, hidden, Split.COLUMNS)
    yield _gemm("attention.latent_down", Role.ATTENTION, layers, latent, hidden, Split.NONE)
    yield _gemm("attention.latent_up", Role.ATTENTION, layers, expanded, model.kv_lora_rank, Split.COLUMNS)
    # Norms of both latents; then queries and keys are written next to their rotated parts.
    norms = BF16 * (model.q_lora_rank + model.kv_lora_rank)
    norm = _elementwise(
        "attention.latent_norm", Role.ATTENTION, layers, Split.SEQUENCE, 2 * norms, 3 * norms, kernels=2
    )
    compressed = model.q_lora_rank + latent
    latents = Saved(width=compressed, split=Split.SEQUENCE), Saved(width=compressed, split=Split.SEQUENCE, low=True)
    yield replace(norm, saved=latents)
    rotated = BF16 * (query + heads * (model.qk_nope_head_dim + model.qk_rope_head_dim))
    rotary = _elementwise(
        "attention.rotary", Role.ATTENTION, layers, Split.COLUMNS, 2 * rotated, 2 * rotated, kernels=2
    )
    # Queries, keys and values of every head follow from the latents.
    width = 2 * query + heads * model.v_head_dim
    yield replace(rotary, saved=(Saved(width=width, split=Split.COLUMNS, cheap=True),))


def attention_dims(model: Model) -> tuple[int, int]:
    """Get the query-key and the value dimension of one head.

    Parameters
    ----------
    model
        Shape of the transformer.
    """
    if model.attention == "mla":
        return model.qk_nope_head_dim + model.qk_rope_head_dim, model.v_head_dim
    return model.head_dim, model.v_head_dim or model.head_dim


def mean_kv_heads(model: Model, layers: int, windowed: int) -> float:
    """Compute the mean number of key-value heads of a layer.

    Parameters
    ----------
    model
        Shape of the transformer.
    layers
        Number of layers.
    windowed
        Number of these layers with a sliding window.
    """
    if not (model.num_windowed_kv_heads and windowed):
        return model.num_kv_heads
    return model.num_kv_heads + (model.num_windowed_kv_heads - model.num_kv_heads) * windowed / layers


def _attention(model: Model, sequence_length: int, layers: int, windowed: int) -> Iterator[Operator]:
    key_dim, value_dim = attention_dims(model)
    for name, count, window in (
        ("attention.core", layers - windowed, sequence_length),
        ("attention.windowed", windowed, min(model.sliding_window or sequence_length, sequence_length)),
    ):
        yield Operator(
            name=name,
            kind=Kind.ATTENTION,
            role=Role.ATTENTION,
            count=count,
            split=Split.HEADS,
            keys=float(mean_causal_keys(sequence_length, window)),
            full_keys=float(sequence_length if window == sequence_length else min(2 * window, sequence_length)),
            head_dims=float(model.num_attention_heads * (key_dim + value_dim)),
            num_heads=model.num_attention_heads,
        )


def _feed_forward(model: Model, name: str, role: Role, count: int, width: int) -> Iterator[Operator]:
    factor = 2 if model.gated else 1
    yield _gemm(f"{name}.up", role, count, factor * width, model.hidden_size, Split.COLUMNS)
    yield _activation(f"{name}.activation", role, model, count, width, Split.COLUMNS)
    yield _gemm(f"{name}.down", role, count, model.hidden_size, width, Split.DEPTH)


def _activation(name: str, role: Role, model: Model, count: float, width: float, split: Split) -> Operator:
    w = BF16 * width
    if model.clamped_gate:
        # No common kernel fuses these: bias 4, two clamps 4, scaled sigmoid 4, product 3, addition of one 2, product 3.
        row = _elementwise(name, role, count, split, 20 * w, 40 * w, kernels=8)
    else:
        # A gated unit reads two tensors and writes one; backward reads these two and the gradient and writes two.
        forward, backward = (3 * w, 5 * w) if model.gated else (2 * w, 3 * w)
        row = _elementwise(name, role, count, split, forward, backward)
    saved = _function_tensors((2 if model.gated else 1) * width, width, split)
    if model.gated:  # the activated gate, before its product
        saved = (*saved, Saved(width=width, split=split, unfused=True))
    return replace(row, saved=saved)


def _function_tensors(inputs: float, outputs: float, split: Split) -> tuple[Saved, ...]:
    """Make the saved tensors of a function: inputs in BF16, and outputs, which feed a product and are cheap."""
    return Saved(width=inputs, split=split), Saved(width=outputs, split=split, low=True, cheap=True)


def _experts(model: Model, count: int) -> Iterator[Operator]:
    hidden, width, chosen = model.hidden_size, model.expert_ffn_hidden_size, model.experts_per_token
    factor = 2 if model.gated else 1
    yield replace(_gemm("router", Role.ROUTER, count, model.num_experts, hidden, Split.NONE), low_precision=False)
    # Scores and choice are FP32; tokens are copied into the order of experts and back.
    moved = 4 * 4 * model.num_experts
    yield _elementwise("router.choice", Role.ROUTER, count, Split.SEQUENCE, moved, moved, kernels=4)
    copies = BF16 * hidden * (chosen + 1)
    permute = _elementwise("expert.permute", Role.EXPERT, count, Split.TOKENS, 2 * copies, 2 * copies, kernels=4)
    yield replace(permute, saved=(Saved(width=chosen * hidden, split=Split.EXPERTS, low=True),))
    for name, columns, depth, split in (
        ("expert.up", factor * width, hidden, Split.COLUMNS),
        ("expert.down", hidden, width, Split.DEPTH),
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
    head = _gemm("head", Role.HEAD, 1, vocab, hidden, Split.COLUMNS)
    yield replace(head, place=Place.LAST, low_precision=False, trainable=not model.tied_embeddings)
    # Logits are read as BF16, stored as FP32, and read again for maximum, sum and gradient.
    loss = _elementwise("head.loss", Role.HEAD, 1, Split.COLUMNS, 14 * vocab, 10 * vocab, kernels=4)
    yield replace(loss, place=Place.LAST)


def _gemm(name: str, role: Role, count: float, columns: float, depth: float, split: Split) -> Operator:
    return Operator(
        name=name,
        kind=Kind.GEMM,
        role=role,
        count=count,
        split=split,
        columns=columns,
        depth=depth,
        low_precision=True,
    )


def _elementwise(
    name: str, role: Role, count: float, split: Split, forward: float, backward: float, kernels: int = 1
) -> Operator:
    return Operator(
        name=name,
        kind=Kind.ELEMENTWISE,
        role=role,
        count=count,
        split=split,
        forward_bytes=forward,
        backward_bytes=backward,
        num_kernels=kernels,
    )
