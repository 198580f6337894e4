"""Activations that one layer saves for its backward pass, and what exists for a moment while a layer is at work.

Conventions
-----------
* Each layer saves the inputs of its matrix products, of its norms and of its activation function in BF16, and the
  inputs of low-precision products in that precision. Routing weights are applied inside the experts, so that the
  outputs of experts need not be saved. Attention kernels save no matrix of scores, unless the software has none that
  is fused.
* Software without fused kernels (eager PyTorch) saves what each function needs by itself: root-mean-square norms a copy
  of their input in FP32 and the normalised values, rotary embeddings their results, gated activations both factors.
* ``selective`` recomputation frees tensors that are cheap to compute again: outputs of norms and activation functions,
  the queries, keys and values that latent attention expands, and scores. ``full`` saves the inputs of layers alone.
* A layer at work in the backward pass has the gradients of the widest of its functions, and what it computes again.
* Under sequence parallelism the inputs of products are gathered again in the backward pass, unless the software saves
  them whole.
"""

from dataclasses import dataclass
from functools import cache

from lindos.catalog.model import Model
from lindos.catalog.records import Stack
from lindos.formats import BF16, number_format
from lindos.problem.job import Job
from lindos.problem.plan import Offload, Plan, Recompute
from lindos.quantities import Bytes, Real, namespace
from lindos.step.assumptions import Assumptions
from lindos.step.layout import Layout, select
from lindos.step.selective import freed, modules_of
from lindos.step.unfused_attention import kept_scores, working_scores
from lindos.transformer.operators import Role, Split
from lindos.transformer.table import layer_operators, shape


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerActivations:
    """Bytes per token that a layer saves for its backward pass, by the parallelism that divides them."""

    sequence: float  # divided by sequence parallelism
    split: float  # divided by tensor parallelism
    routed: float  # of the tokens of one rank, copied to their experts
    cheap_sequence: float  # part of ``sequence`` that selective recomputation frees
    cheap_split: float
    cheap_routed: float
    widest_split: float  # gradients of the widest function whose tensors tensor parallelism divides
    widest_routed: float  # the same inside experts


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedActivations:
    """Activations of one micro-batch that a device saves for one layer, and the bytes of a layer at work."""

    dense: Bytes
    experts: Bytes
    inputs: Bytes  # of a layer of either kind: full recomputation saves nothing else
    dense_work: Bytes
    experts_work: Bytes


def layer_activations(model: Model, low: float, *, is_expert: bool, stack: Stack | None = None) -> LayerActivations:
    """Count the activations of the mean layer of a class, after Korthikanti et al. (arXiv:2205.05198).

    Parameters
    ----------
    model
        Shape of the transformer.
    low
        Bytes of a number that feeds a linear layer.
    is_expert
        Whether layers with experts are meant; otherwise all others.
    stack
        Software profile: what it fuses, and what selective recomputation means; by default all is fused, and the usual.

    Returns
    -------
    LayerActivations
        32 bytes per token and hidden size for the layer of that paper: its 34, without two masks of dropout.
    """
    return _summed(
        shape(model), low, is_expert, _unfused(stack) if stack else (), modules_of(stack.selective if stack else "")
    )


@cache
def _summed(
    model: Model, low: float, is_expert: bool, unfused: tuple[Role, ...], modules: tuple[str, ...]
) -> LayerActivations:
    rows = layer_operators(model, is_expert=is_expert)
    saved = [(row, t) for row in rows for t in row.saved if row.role in unfused or not t.unfused]

    def size(split: Split) -> float:
        return sum(row.count * tensor.size(low) for row, tensor in saved if tensor.split is split)

    def cheap(split: Split) -> float:
        return sum(row.count * t.size(low) * freed(row, t, modules) for row, t in saved if t.split is split)

    def widest(split: Split) -> float:
        tensors = ([t for t in row.saved if t.split is split and not (t.copy or t.unfused)] for row in rows)
        return max((sum(tensor.width for tensor in row) for row in tensors), default=0.0) * BF16

    return LayerActivations(
        sequence=size(Split.SEQUENCE),
        split=size(Split.COLUMNS),
        routed=size(Split.EXPERTS),
        cheap_sequence=cheap(Split.SEQUENCE),
        cheap_split=cheap(Split.COLUMNS),
        cheap_routed=cheap(Split.EXPERTS),
        widest_split=widest(Split.COLUMNS),
        widest_routed=widest(Split.EXPERTS),
    )


def saved_activations(job: Job, plan: Plan, layout: Layout, assumptions: Assumptions) -> SavedActivations:
    """Compute the activations of one micro-batch in one layer; full recomputation counts as none.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    plan
        Its recomputation is read; the field may be an array.
    layout
        Layout of ``job`` under ``plan``.
    assumptions
        Parameters of the catalogue.
    """
    model = job.model
    cheap = select(plan.recompute == int(Recompute.SELECTIVE), 1.0, 0.0)
    busiest = (
        select(layout.expert_parallel > 1, assumptions.expert_load_imbalance.value, 1.0) if model.num_experts else 1.0
    )
    scores, modules = kept_scores(job, layout), modules_of(job.stack.selective)
    frees_scores = "usual" in modules or "attention" in modules
    split_tokens, rank_tokens = layout.tokens / layout.tensor_parallel, layout.rank_tokens * busiest
    # Inputs of products that are not gathered again: the outputs of both norms, whole on every rank.
    ungathered = 0.0 if job.stack.regathers else layout.tokens - layout.sequence_tokens

    def layer(sizes: LayerActivations) -> tuple[Bytes, Bytes]:
        cheaper = (
            sizes.cheap_sequence * (layout.sequence_tokens + ungathered)
            + sizes.cheap_split * split_tokens
            + sizes.cheap_routed * rank_tokens
            + (scores if frees_scores else 0.0)
        )
        saved_bytes = (
            sizes.sequence * layout.sequence_tokens
            + sizes.cheap_sequence * ungathered
            + sizes.split * split_tokens
            + sizes.routed * rank_tokens
            + scores
        )
        widest = sizes.widest_split * split_tokens
        if sizes.widest_routed:
            widest = namespace(widest, rank_tokens).maximum(widest, sizes.widest_routed * rank_tokens)
        stream = 2 * BF16 * model.hidden_size * layout.sequence_tokens
        return saved_bytes - cheap * cheaper, widest + stream + working_scores(job, layout) + cheap * cheaper

    low = number_format(job.precision).activation_bytes
    (dense, dense_work), (experts, experts_work) = (
        layer(layer_activations(model, low, is_expert=is_expert, stack=job.stack)) for is_expert in (False, True)
    )
    return SavedActivations(
        dense=dense,
        experts=experts,
        inputs=float(BF16) * model.hidden_size * layout.sequence_tokens,
        dense_work=dense_work,
        experts_work=experts_work,
    )


def _unfused(stack: Stack) -> tuple[Role, ...]:
    """List the parts of a layer whose functions are no fused kernels under a software profile."""
    norms = () if stack.fused_norms else (Role.NORM,)
    return norms if stack.fused_activations else (*norms, *(role for role in Role if role is not Role.NORM))


def offloaded_share(job: Job, plan: Plan) -> Real:
    """Compute the share of the layers whose activations a plan offloads.

    Parameters
    ----------
    job
        Model of the job.
    plan
        Its offload and the number of layers are read; fields may be arrays.
    """
    is_offloaded = offloads(plan, Offload.ACTIVATIONS)
    if isinstance(is_offloaded, float) and is_offloaded == 0.0:
        return 0.0
    xp = namespace(plan.offload_layers, is_offloaded)
    share = xp.minimum(plan.offload_layers / job.model.num_layers, 1.0)
    chosen: Real = is_offloaded * select(plan.offload_layers > 0, share, 1.0)
    return chosen


def offloads(plan: Plan, part: Offload) -> Real:
    """Return 1 where a plan offloads a part of the state, else 0.

    Parameters
    ----------
    plan
        Its offload is read; the field may be an array.
    part
        Part of the state.
    """
    if isinstance(plan.offload, (int, float)):
        return float(bool(int(plan.offload) & part))
    share: Real = namespace(plan.offload).floor(plan.offload / int(part)) % 2.0
    return share
