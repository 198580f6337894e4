"""Device memory of a step, part by part, on the stage of the pipeline that holds most.

Conventions
-----------
* Weights of linear layers are BF16; FP8 recipes keep two 8-bit layouts of them instead, which products along rows and
  along columns read, NVFP4 recipes two 4-bit layouts beside BF16. Embedding and vocabulary head stay in BF16.
* Optimizer states are 12 bytes a parameter: an FP32 master copy and two Adam moments. Where parameters are sharded
  that master copy is the weights (FSDP), and layers are gathered from it in BF16.
* Gradients are of the width of the catalogue's parameter; where that does not fit, BF16, as many recipes use.
* Attention kernels keep no matrix of scores. What each layer keeps are the inputs of its matrix products, of its norms
  and of its activation function, in BF16; inputs of low-precision products in that precision. Routing weights are
  applied inside the experts, so that the experts' outputs need not be kept.
* ``selective`` recompute frees what is cheap to compute again: outputs of norms and activation functions, and the
  queries, keys and values that latent attention expands. ``full`` keeps the inputs of layers alone, and one layer whole
  while it is computed again.
* Of activations and weights that a plan offloads the device keeps two layers, and no state of an offloaded optimizer.
  Where software offloads by itself, full recompute keeps the inputs of two layers on the device; where it tiles the
  vocabulary, an eighth of the logits is kept at a time.
* Not modelled: layers gathered ahead of use, gradients of activations while one layer is at work, optimizer states or
  saved activations narrower than said here, fine-tuning with frozen weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Annotated, TypeAlias

from lindos.catalog.model import Model
from lindos.formats import BF16, FP32, number_format
from lindos.formulas import memory as formulas
from lindos.formulas.pipeline import layers_on_slowest_stage
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import (
    AXES,
    Offload,
    Plan,
    Reader,
    Recompute,
    Schedule,
    Sharding,
    axes_read,
    lightest,
    readable,
)
from lindos.quantities import Bytes, Count, Fraction, Real, namespace
from lindos.results import Why
from lindos.step.activations import LayerActivations, layer_activations
from lindos.step.assumptions import Assumptions, load_assumptions
from lindos.step.layout import Layout, at_least, layout, where
from lindos.step.tile_cache import Runs
from lindos.step.unfused_attention import kept_scores
from lindos.transformer.parameters import LayerParams, Weights, joining_params, layer_params, weights

#: Bytes of a logit while the loss is computed: BF16, and FP32 for softmax and its gradient.
LOGIT_BYTES = 6.0
#: Pieces of a sequence that head and loss take one at a time, where software tiles them (MaxText sets 8).
VOCABULARY_TILES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMemory:
    """Memory of the fullest device; disjoint parts."""

    weights: Annotated[Bytes, Why("parameters in the precision that products read")]
    gradients: Annotated[Bytes, Why("accumulated over micro-batches")]
    optimizer: Annotated[Bytes, Why("master weights and Adam moments")]
    activations: Annotated[Bytes, Why("kept for the backward pass, of all micro-batches in flight")]
    logits: Annotated[Bytes, Why("outputs of the vocabulary head and their loss, on the last stage")]
    gathered: Annotated[Bytes, Why("sharded parameters and gradients of the layer at work, whole for a moment")]
    context: Annotated[Bytes, Why("driver context, kernels and communication buffers")]
    fragmentation: Annotated[Bytes, Why("lost between blocks that come and go")]

    @property
    def total(self) -> Bytes:
        """All of it, on the fullest device."""
        return (
            self.weights
            + self.gradients
            + self.optimizer
            + self.activations
            + self.logits
            + self.gathered
            + self.context
            + self.fragmentation
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """What one stage of the pipeline holds."""

    dense_layers: Count
    expert_layers: Count
    copies: Count  # of its layers' parameters: 2 under DualPipe
    embedding: Count  # 1 where it holds the embedding
    head: Count  # 1 where it holds the vocabulary head and multi-token prediction
    in_flight: Count  # micro-batches whose activations it keeps


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldActivations:
    """Activations of one micro-batch that a device keeps of one layer."""

    dense: Bytes
    experts: Bytes
    inputs: Bytes  # of either: all that full recompute keeps


def capacity(pool: Pool) -> Bytes:
    """Memory of a device that a step may fill."""
    return pool.accelerator.usable_memory.value


def memory(
    job: Job, pool: Pool, plan: Plan, *, global_batch_size: Count, assumptions: Assumptions | None = None
) -> StepMemory:
    """Memory of the fullest device under ``plan``; arguments as in :func:`lindos.step.estimate`."""
    assumptions = assumptions or load_assumptions()
    stages = stage_memories(job, plan, layout(job, plan, global_batch_size), assumptions)
    totals = [stage.total for stage in stages]
    most = reduce(namespace(*totals).maximum, totals)
    narrower = where(most > capacity(pool), _narrowed(assumptions), 0.0)
    saved = [stage.gradients * narrower for stage in stages]
    narrow = [replace(stage, gradients=stage.gradients - less) for stage, less in zip(stages, saved, strict=True)]
    return _fullest(narrow, [total - less for total, less in zip(totals, saved, strict=True)])


def stage_memories(job: Job, plan: Plan, at: Layout, assumptions: Assumptions) -> list[StepMemory]:
    """Memory of a device on the first stage, the second and the last, with gradients at their full width.

    All but activations is computed once for neighbours that agree in the axes that states read.
    """
    runs = Runs([*(getattr(plan, name) for name in axes_read(Reader.STATES)), at.num_micro_batches])
    few, at_few = runs.first(readable(plan, Reader.STATES)), runs.first(at)
    seen, params = readable(plan, Reader.ACTIVATIONS), _params(job.model)
    held = held_activations(job, seen, at, assumptions)
    stages = []
    for stage in _stages(job, few, at_few):
        states = runs.spread(_states(job, few, at_few, assumptions, stage, params))
        stages.append(_with_activations(job, seen, at, assumptions, runs.spread(stage), held, states))
    return stages


def _narrowed(assumptions: Assumptions) -> Fraction:
    """Share of gradients' bytes that BF16 saves."""
    wide = assumptions.gradient_bytes.value
    saved: Fraction = 1.0 - namespace(wide).minimum(float(BF16) / wide, 1.0)
    return saved


def least_memory(
    job: Job, pool: Pool, plan: Plan, *, global_batch_size: Count, assumptions: Assumptions | None = None
) -> Bytes:
    """Lower bound on memory, whatever the axes that declare a lightest value: schedule, sharding, recomputation.

    The first stage counts, with gradients in BF16 and nothing gathered. Other stages may need more.
    """
    assumptions = assumptions or load_assumptions()
    lighter = [replace(plan, **values) for values in lightest()]
    at = layout(job, lighter[0], global_batch_size)
    first, params = _stages(job, lighter[0], at)[0], _params(job.model)
    states = _states(job, lighter[0], at, assumptions, first, params)
    passing = states.gathered * (1.0 + assumptions.fragmentation.value)
    kept = [held_activations(job, each, at, assumptions) for each in lighter]
    needed = [
        _with_activations(job, each, at, assumptions, first, held, states)
        for each, held in zip(lighter, kept, strict=True)
    ]
    sizes = [each.total - passing - each.gradients * _narrowed(assumptions) for each in needed]
    least: Bytes = reduce(namespace(*sizes).minimum, sizes)
    return least


def _fullest(stages: Sequence[StepMemory], totals: Sequence[Bytes]) -> StepMemory:
    """Plan by plan, and draw by draw, the stage with most."""
    found, most = stages[0], totals[0]
    for stage, total in zip(stages[1:], totals[1:], strict=True):
        fuller = total > most
        found = StepMemory(**{name: where(fuller, getattr(stage, name), getattr(found, name)) for name in _PARTS})
        most = where(fuller, total, most)
    return found


_PARTS = tuple(StepMemory.__dataclass_fields__)


def _stages(job: Job, plan: Plan, at: Layout) -> list[_Stage]:
    """The first stage, the first of experts alone and the last: one of them is the fullest.

    The first keeps most micro-batches and the embedding, the next holds experts where those before it hold dense
    layers, the last holds head and multi-token prediction. Without a pipeline all three are the whole model.
    Interleaved, a stage holds dense layers in its first chunk alone.
    """
    model, p, v = job.model, plan.pipeline_parallel, plan.virtual_stages
    xp = namespace(p, v, at.num_micro_batches)
    piped = where(p > 1, 1.0, 0.0)
    both = piped * where(plan.schedule == int(Schedule.DUAL_PIPE), 1.0, 0.0)
    full = xp.minimum(layers_on_slowest_stage(model.num_layers, p, v), model.num_layers)
    leading = float(model.num_dense_layers if model.num_moe_layers else model.num_layers)
    others = model.num_layers - leading
    rest = model.num_moe_layers / others if others else 0.0  # share of the layers behind the leading ones
    chunk = full / v
    # Stages whose first chunk holds a dense layer come before the first of experts alone, the last stage after it.
    with_dense = xp.ceil(leading / xp.maximum(chunk, 1.0)) if model.num_moe_layers else 1.0
    next_stage = xp.maximum(xp.minimum(with_dense, p - 2.0), 1.0)
    found = []
    for index, layers, before in (
        (0.0, full, 0.0),
        (next_stage, where(p > 1, xp.minimum(full, model.num_layers - full), full), piped * next_stage),
        (p - 1.0, xp.maximum(model.num_layers - full * (p - 1), 0.0), p - 1.0),
    ):
        dense = xp.minimum(xp.maximum(leading - before * chunk, 0.0), where(v > 1, chunk, layers))
        dense = xp.minimum(dense, layers)
        has_head = where(index >= p - 1, 1.0, both)
        experts = (layers - dense) * rest + has_head * (model.num_mtp_layers if model.num_moe_layers else 0.0)
        plain = (layers - dense) * (1.0 - rest) + has_head * (0.0 if model.num_moe_layers else model.num_mtp_layers)
        copied = bool(model.tied_embeddings or model.num_mtp_layers)
        found.append(
            _Stage(
                dense_layers=dense + plain,
                expert_layers=experts,
                copies=1.0 + both,
                embedding=where(before == 0, 1.0, xp.maximum(both, has_head * copied)),
                head=has_head,
                in_flight=_in_flight(plan, at, xp.minimum(index, p - 1.0)),
            )
        )
    return found


def _in_flight(plan: Plan, at: Layout, stage: Count) -> Count:
    """Micro-batches whose activations the stage keeps, in passes over all of its layers."""
    p, m = plan.pipeline_parallel, at.num_micro_batches
    xp = namespace(p, m)
    usual = formulas.micro_batches_in_flight(m, p, plan.virtual_stages, stage)
    # Zero-bubble schedules put weight gradients off: every stage keeps as much as the first.
    usual = where(plan.schedule == int(Schedule.ZERO_BUBBLE), xp.maximum(usual, xp.minimum(m, p * 1.0)), usual)
    return where((plan.schedule == int(Schedule.DUAL_PIPE)) & (p > 1), xp.minimum(m, p + 1.0), usual)


def _with_activations(
    job: Job, plan: Plan, at: Layout, assumptions: Assumptions, stage: _Stage, held: HeldActivations, states: StepMemory
) -> StepMemory:
    """The same stage with the activations that the plan keeps."""
    kept = _activations(job, plan, at, stage, held)
    passing = kept + states.logits + states.gathered
    return replace(
        states, activations=kept, fragmentation=formulas.fragmented_bytes(passing, assumptions.fragmentation.value)
    )


#: Parameters of a dense layer, of one with experts, of what joins predicted tokens, and of the whole model.
_Params: TypeAlias = tuple[LayerParams, LayerParams, LayerParams, Weights]


def _params(model: Model) -> _Params:
    dense, experts = (layer_params(model, is_expert=is_expert) for is_expert in (False, True))
    return dense, experts, joining_params(model), weights(model, mtp=False)


def _states(job: Job, plan: Plan, at: Layout, assumptions: Assumptions, stage: _Stage, params: _Params) -> StepMemory:
    """Memory of one stage without activations."""
    model = job.model
    xp = namespace(at.tokens, at.tensor_parallel, stage.dense_layers)
    dense, experts, joining, held = params
    linear, expert = _linear(at, stage, dense, experts)
    linear = linear + stage.head * (joining.split / at.tensor_parallel + joining.replicated)
    tables = (stage.embedding * held.embedding + stage.head * held.head) / at.tensor_parallel
    sharded = at_least(plan.sharding, Sharding.PARAMETERS)

    def state(level: Sharding, linear_bytes: Real, table_bytes: Real) -> Bytes:
        split = at_least(plan.sharding, level)
        alone = formulas.sharded_bytes(linear, linear_bytes, 1 + split * (at.dense_shards - 1))
        routed = formulas.sharded_bytes(expert, linear_bytes, 1 + split * (at.expert_shards - 1))
        return alone + routed + formulas.sharded_bytes(tables, table_bytes, 1 + split * (at.dense_shards - 1))

    recipe = number_format(job.precision)
    each = recipe.weight_bytes
    wide = assumptions.gradient_bytes.value
    moments = FP32 * (3.0 - sharded)  # where parameters are sharded the master copy counts as weights
    logits = stage.head * at.tokens * model.vocab_size / at.tensor_parallel * LOGIT_BYTES * (1 + model.num_mtp_layers)
    if job.stack.tiles_vocabulary:
        logits = logits / VOCABULARY_TILES
    layer = xp.maximum(*(_layer(at, one, model.num_experts) for one in (dense, experts))) * float(BF16)
    # Of the layer at work: its parameters where these are sharded, its gradients where those are.
    whole = sharded if recipe.gather_bytes == BF16 else sharded * (recipe.gather_bytes / BF16)
    gathered = layer * (whole + at_least(plan.sharding, Sharding.GRADIENTS))
    return StepMemory(
        weights=_left(
            state(Sharding.PARAMETERS, each + sharded * (FP32 - each), BF16 + sharded * (FP32 - BF16)),
            offloads(plan, Offload.PARAMETERS),
            stage.dense_layers + stage.expert_layers,
        ),
        gradients=state(Sharding.GRADIENTS, wide, wide),
        optimizer=_left(state(Sharding.OPTIMIZER, moments, moments), offloads(plan, Offload.OPTIMIZER)),
        activations=0.0,
        logits=logits,
        gathered=gathered,
        context=assumptions.context.value + assumptions.communicator.value * _num_communicators(plan),
        fragmentation=0.0,
    )


def _num_communicators(plan: Plan) -> Count:
    """Groups of ranks with buffers of their own: one for each degree above one."""
    total: Count = 0.0
    for name, axis in AXES.items():
        if axis.has_ranks:
            total = total + where(getattr(plan, name) > 1, 1.0, 0.0)
    return total


def _linear(at: Layout, stage: _Stage, dense: LayerParams, experts: LayerParams) -> tuple[Count, Count]:
    """Parameters of a device in layers: those that data-parallel ranks share, and those of its experts."""
    linear = (dense.split / at.tensor_parallel + dense.replicated) * stage.dense_layers
    linear = linear + (experts.split / at.tensor_parallel + experts.replicated) * stage.expert_layers
    routed = experts.expert / (at.expert_parallel * at.expert_tensor_parallel) * stage.expert_layers
    return linear * stage.copies, routed * stage.copies


def _layer(at: Layout, one: LayerParams, num_experts: int) -> Count:
    """Parameters of one whole layer on a rank."""
    routed = one.expert / (at.expert_parallel * at.expert_tensor_parallel) if num_experts else 0.0
    return one.split / at.tensor_parallel + one.replicated + routed


def _activations(job: Job, plan: Plan, at: Layout, stage: _Stage, held: HeldActivations) -> Bytes:
    """Activations of all micro-batches that a stage has in flight."""
    xp = namespace(at.tokens, stage.dense_layers)
    passes = (stage.dense_layers + stage.expert_layers) * stage.in_flight
    offloaded = offloads(plan, Offload.ACTIVATIONS)
    # What waits on the host comes back one layer ahead.
    inputs_held = xp.minimum(passes, 2.0) if job.stack.offloads_inputs else _left(passes, offloaded, passes)
    whole = xp.maximum(held.dense * (stage.dense_layers > 0), held.experts * (stage.expert_layers > 0))
    full = held.inputs * inputs_held + whole
    usual = formulas.activation_bytes(held.dense, 1.0, stage.dense_layers, stage.in_flight)
    usual = usual + formulas.activation_bytes(held.experts, 1.0, stage.expert_layers, stage.in_flight)
    return where(plan.recompute == int(Recompute.FULL), full, _left(usual, offloaded, passes))


def _left(size: Real, is_offloaded: Real, layers: Count | None = None) -> Real:
    """What the device keeps of ``size`` where it waits on the host: two of so many ``layers``, or nothing."""
    if isinstance(is_offloaded, float) and is_offloaded == 0.0:
        return size
    if layers is None:
        return size * (1.0 - is_offloaded)
    xp = namespace(layers, is_offloaded)
    return size * where(is_offloaded > 0, xp.minimum(2.0 / xp.maximum(layers, 1.0), 1.0), 1.0)


def held_activations(job: Job, plan: Plan, at: Layout, assumptions: Assumptions) -> HeldActivations:
    """Activations of one micro-batch in one layer, as the plan recomputes them; under full recompute as if whole."""
    model = job.model
    cheap = where(plan.recompute == int(Recompute.SELECTIVE), 1.0, 0.0)
    busiest = where(at.expert_parallel > 1, assumptions.expert_load_imbalance.value, 1.0) if model.num_experts else 1.0

    def layer(held: LayerActivations) -> Bytes:
        return (
            (held.sequence - cheap * held.cheap_sequence) * at.sequence_tokens
            + (held.split - cheap * held.cheap_split) * at.tokens / at.tensor_parallel
            + (held.routed - cheap * held.cheap_routed) * at.rank_tokens * busiest
            + (1.0 - cheap) * kept_scores(job, at)
        )

    low = number_format(job.precision).activation_bytes
    dense, experts = (layer(layer_activations(model, low, is_expert=is_expert)) for is_expert in (False, True))
    return HeldActivations(dense=dense, experts=experts, inputs=float(BF16) * model.hidden_size * at.sequence_tokens)


def offloads(plan: Plan, part: Offload) -> Real:
    """1 where ``part`` waits in the host's memory, else 0; for arrays of plans."""
    if isinstance(plan.offload, (int, float)):
        return float(bool(int(plan.offload) & part))
    share: Real = namespace(plan.offload).floor(plan.offload / int(part)) % 2.0
    return share
