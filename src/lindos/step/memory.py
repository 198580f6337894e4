"""Device memory of a step, part by part, on the fullest stage of the pipeline.

Conventions
-----------
* Weights of linear layers are BF16. FP8 recipes store two 8-bit layouts of them instead, one for products along rows
  and one for products along columns. NVFP4 recipes store two 4-bit layouts and BF16. Embedding and vocabulary head are
  BF16.
* Optimizer states are 12 bytes a parameter: an FP32 master copy and two Adam moments. If parameters are sharded (FSDP),
  that master copy is the weights, and layers are gathered from it in BF16.
* A gradient has the width of the catalogue's parameter, or BF16 if it does not fit otherwise, as in many recipes.
* Attention kernels save no matrix of scores. Each layer saves the inputs of its matrix products, of its norms and of
  its activation function in BF16, and the inputs of low-precision products in that precision. Routing weights are
  applied inside the experts, so that the outputs of experts need not be saved.
* ``selective`` recomputation frees tensors that are cheap to compute again: outputs of norms and activation functions,
  and the queries, keys and values that latent attention expands. ``full`` saves the inputs of layers alone, and all
  tensors of one layer while it is computed again.
* The device stores two layers of offloaded activations and weights, and no state of an offloaded optimizer. If the
  software offloads by itself, full recomputation stores the inputs of two layers on the device; if it tiles the
  vocabulary, an eighth of the logits exists at a time.
* Not modelled: layers gathered ahead of use, gradients of activations inside a layer, optimizer states or saved
  activations narrower than stated here, fine-tuning with frozen weights.
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
from lindos.step.layout import Layout, at_least, lay_out, select
from lindos.step.tile_cache import Runs
from lindos.step.unfused_attention import kept_scores
from lindos.transformer.parameters import LayerParams, Weights, joining_params, layer_params, weights

#: Bytes of a logit while the loss is computed: BF16, and FP32 for softmax and its gradient.
LOGIT_BYTES = 6.0
#: Pieces of a sequence that head and loss process in turn if the software tiles them (MaxText sets 8).
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
        """Sum of the parts, on the fullest device."""
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
    """Layers, tables and micro-batches of one stage of the pipeline."""

    dense_layers: Count
    expert_layers: Count
    copies: Count  # of the parameters of its layers: 2 under DualPipe
    embedding: Count  # 1 if it has the embedding
    head: Count  # 1 if it has the vocabulary head and multi-token prediction
    in_flight: Count  # micro-batches whose activations it stores


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedActivations:
    """Activations of one micro-batch that a device saves for one layer."""

    dense: Bytes
    experts: Bytes
    inputs: Bytes  # of a layer of either kind: full recomputation saves nothing else


def capacity(pool: Pool) -> Bytes:
    """Get the memory of a device that a step may fill, in bytes.

    Parameters
    ----------
    pool
        Equal devices.
    """
    return pool.accelerator.usable_memory.value


def memory(
    job: Job, pool: Pool, plan: Plan, *, global_batch_size: Count, assumptions: Assumptions | None = None
) -> StepMemory:
    """Estimate the memory of the fullest device under a plan.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices; their numbers may be arrays of draws.
    plan
        Its fields may be arrays of candidates.
    global_batch_size
        Sequences of one optimiser step.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.
    """
    assumptions = assumptions or load_assumptions()
    stages = stage_memories(job, plan, lay_out(job, plan, global_batch_size), assumptions)
    totals = [stage.total for stage in stages]
    most = reduce(namespace(*totals).maximum, totals)
    narrower = select(most > capacity(pool), _narrowed(assumptions), 0.0)
    freed = [stage.gradients * narrower for stage in stages]
    narrow = [replace(stage, gradients=stage.gradients - size) for stage, size in zip(stages, freed, strict=True)]
    return _fullest(narrow, [total - size for total, size in zip(totals, freed, strict=True)])


def stage_memories(job: Job, plan: Plan, layout: Layout, assumptions: Assumptions) -> list[StepMemory]:
    """Estimate the memory of a device on the three stages of `_stages`, with gradients at their full width.

    All parts but activations are computed once for neighbours with equal axes of states.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    plan
        Its fields may be arrays of candidates.
    layout
        Layout of ``job`` under ``plan``.
    assumptions
        Parameters of the catalogue.
    """
    runs = Runs([*(getattr(plan, name) for name in axes_read(Reader.STATES)), layout.num_micro_batches])
    distinct, distinct_layout = runs.first(readable(plan, Reader.STATES)), runs.first(layout)
    visible, params = readable(plan, Reader.ACTIVATIONS), _params(job.model)
    saved = saved_activations(job, visible, layout, assumptions)
    stages = []
    for stage in _stages(job, distinct, distinct_layout):
        states = runs.spread(_states(job, distinct, distinct_layout, assumptions, stage, params))
        stages.append(_with_activations(job, visible, layout, assumptions, runs.spread(stage), saved, states))
    return stages


def _narrowed(assumptions: Assumptions) -> Fraction:
    """Compute the share of the bytes of gradients that BF16 frees."""
    wide = assumptions.gradient_bytes.value
    freed: Fraction = 1.0 - namespace(wide).minimum(float(BF16) / wide, 1.0)
    return freed


def least_memory(
    job: Job, pool: Pool, plan: Plan, *, global_batch_size: Count, assumptions: Assumptions | None = None
) -> Bytes:
    """Compute a lower bound on the memory under any schedule, sharding and recomputation.

    The bound covers every value of the axes that declare a lightest value. It is the memory of the first stage, with
    gradients in BF16 and no gathered layer; other stages may need more.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices.
    plan
        Its fields may be arrays of candidates.
    global_batch_size
        Sequences of one optimiser step.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.

    Returns
    -------
    Bytes
        The bound, of the shape of the plan.
    """
    assumptions = assumptions or load_assumptions()
    lighter = [replace(plan, **values) for values in lightest()]
    layout = lay_out(job, lighter[0], global_batch_size)
    first, params = _stages(job, lighter[0], layout)[0], _params(job.model)
    states = _states(job, lighter[0], layout, assumptions, first, params)
    passing = states.gathered * (1.0 + assumptions.fragmentation.value)
    activations = [saved_activations(job, candidate, layout, assumptions) for candidate in lighter]
    needed = [
        _with_activations(job, candidate, layout, assumptions, first, saved, states)
        for candidate, saved in zip(lighter, activations, strict=True)
    ]
    sizes = [parts.total - passing - parts.gradients * _narrowed(assumptions) for parts in needed]
    least: Bytes = reduce(namespace(*sizes).minimum, sizes)
    return least


def _fullest(stages: Sequence[StepMemory], totals: Sequence[Bytes]) -> StepMemory:
    """Choose the stage with the largest total, for every plan and every draw."""
    fullest, most = stages[0], totals[0]
    for stage, total in zip(stages[1:], totals[1:], strict=True):
        fuller = total > most
        fullest = StepMemory(**{name: select(fuller, getattr(stage, name), getattr(fullest, name)) for name in _PARTS})
        most = select(fuller, total, most)
    return fullest


_PARTS = tuple(StepMemory.__dataclass_fields__)


def _stages(job: Job, plan: Plan, layout: Layout) -> list[_Stage]:
    """Describe three stages of which one is the fullest: the first, the first with experts alone, and the last.

    The first stage has the most micro-batches in flight and the embedding. The second has experts in all layers, unlike
    the stages before it. The last has the vocabulary head and multi-token prediction. Without a pipeline all three are
    the whole model. An interleaved stage has dense layers in its first chunk alone.
    """
    model, p, v = job.model, plan.pipeline_parallel, plan.virtual_stages
    xp = namespace(p, v, layout.num_micro_batches)
    piped = select(p > 1, 1.0, 0.0)
    dual = piped * select(plan.schedule == int(Schedule.DUAL_PIPE), 1.0, 0.0)
    full = xp.minimum(layers_on_slowest_stage(model.num_layers, p, v), model.num_layers)
    leading = float(model.num_dense_layers if model.num_moe_layers else model.num_layers)
    trailing = model.num_layers - leading
    expert_share = model.num_moe_layers / trailing if trailing else 0.0
    chunk = full / v
    # The first stage with experts alone follows those with a dense layer in their first chunk; the last comes after it.
    with_dense = xp.ceil(leading / xp.maximum(chunk, 1.0)) if model.num_moe_layers else 1.0
    next_stage = xp.maximum(xp.minimum(with_dense, p - 2.0), 1.0)
    stages = []
    for index, layers, preceding in (
        (0.0, full, 0.0),
        (next_stage, select(p > 1, xp.minimum(full, model.num_layers - full), full), piped * next_stage),
        (p - 1.0, xp.maximum(model.num_layers - full * (p - 1), 0.0), p - 1.0),
    ):
        dense = xp.minimum(xp.maximum(leading - preceding * chunk, 0.0), select(v > 1, chunk, layers))
        dense = xp.minimum(dense, layers)
        has_head = select(index >= p - 1, 1.0, dual)
        experts = (layers - dense) * expert_share + has_head * (model.num_mtp_layers if model.num_moe_layers else 0.0)
        plain = (layers - dense) * (1.0 - expert_share) + has_head * (
            0.0 if model.num_moe_layers else model.num_mtp_layers
        )
        copied = bool(model.tied_embeddings or model.num_mtp_layers)
        stages.append(
            _Stage(
                dense_layers=dense + plain,
                expert_layers=experts,
                copies=1.0 + dual,
                embedding=select(preceding == 0, 1.0, xp.maximum(dual, has_head * copied)),
                head=has_head,
                in_flight=_in_flight(plan, layout, xp.minimum(index, p - 1.0)),
            )
        )
    return stages


def _in_flight(plan: Plan, layout: Layout, stage: Count) -> Count:
    """Count the micro-batches whose activations a stage stores, in passes over all of its layers."""
    p, m = plan.pipeline_parallel, layout.num_micro_batches
    xp = namespace(p, m)
    usual = formulas.micro_batches_in_flight(m, p, plan.virtual_stages, stage)
    # Zero-bubble schedules delay weight gradients, so that every stage stores as much as the first.
    usual = select(plan.schedule == int(Schedule.ZERO_BUBBLE), xp.maximum(usual, xp.minimum(m, p * 1.0)), usual)
    return select((plan.schedule == int(Schedule.DUAL_PIPE)) & (p > 1), xp.minimum(m, p + 1.0), usual)


def _with_activations(
    job: Job,
    plan: Plan,
    layout: Layout,
    assumptions: Assumptions,
    stage: _Stage,
    saved: SavedActivations,
    states: StepMemory,
) -> StepMemory:
    """Add the activations that the plan saves to the states of a stage."""
    activations = _activations(job, plan, layout, stage, saved)
    passing = activations + states.logits + states.gathered
    return replace(
        states,
        activations=activations,
        fragmentation=formulas.fragmented_bytes(passing, assumptions.fragmentation.value),
    )


#: Parameters of a dense layer, of a layer with experts, of the projections of multi-token prediction, of the model.
_Params: TypeAlias = tuple[LayerParams, LayerParams, LayerParams, Weights]


def _params(model: Model) -> _Params:
    dense, experts = (layer_params(model, is_expert=is_expert) for is_expert in (False, True))
    return dense, experts, joining_params(model), weights(model, mtp=False)


def _states(
    job: Job, plan: Plan, layout: Layout, assumptions: Assumptions, stage: _Stage, params: _Params
) -> StepMemory:
    """Compute the memory of one stage without activations."""
    model = job.model
    xp = namespace(layout.tokens, layout.tensor_parallel, stage.dense_layers)
    dense, experts, joining, counts = params
    linear, expert = _linear(layout, stage, dense, experts)
    linear = linear + stage.head * (joining.split / layout.tensor_parallel + joining.replicated)
    tables = (stage.embedding * counts.embedding + stage.head * counts.head) / layout.tensor_parallel
    sharded = at_least(plan.sharding, Sharding.PARAMETERS)

    def state(level: Sharding, linear_bytes: Real, table_bytes: Real) -> Bytes:
        split = at_least(plan.sharding, level)
        shared = formulas.sharded_bytes(linear, linear_bytes, 1 + split * (layout.dense_shards - 1))
        routed = formulas.sharded_bytes(expert, linear_bytes, 1 + split * (layout.expert_shards - 1))
        return shared + routed + formulas.sharded_bytes(tables, table_bytes, 1 + split * (layout.dense_shards - 1))

    recipe = number_format(job.precision)
    weight_bytes = recipe.weight_bytes
    wide = assumptions.gradient_bytes.value
    moments = FP32 * (3.0 - sharded)  # the master copy counts as weights if parameters are sharded
    logits = (
        stage.head
        * layout.tokens
        * model.vocab_size
        / layout.tensor_parallel
        * LOGIT_BYTES
        * (1 + model.num_mtp_layers)
    )
    if job.stack.tiles_vocabulary:
        logits = logits / VOCABULARY_TILES
    layer = xp.maximum(*(_layer(layout, params, model.num_experts) for params in (dense, experts))) * float(BF16)
    # The current layer is whole: its parameters if these are sharded, its gradients if those are.
    share = sharded if recipe.gather_bytes == BF16 else sharded * (recipe.gather_bytes / BF16)
    gathered = layer * (share + at_least(plan.sharding, Sharding.GRADIENTS))
    return StepMemory(
        weights=_left(
            state(Sharding.PARAMETERS, weight_bytes + sharded * (FP32 - weight_bytes), BF16 + sharded * (FP32 - BF16)),
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
    """Count the groups of ranks with communication buffers: one for each degree above one."""
    total: Count = 0.0
    for name, axis in AXES.items():
        if axis.has_ranks:
            total = total + select(getattr(plan, name) > 1, 1.0, 0.0)
    return total


def _linear(layout: Layout, stage: _Stage, dense: LayerParams, experts: LayerParams) -> tuple[Count, Count]:
    """Count the parameters of a device in layers: those that data-parallel ranks share, and those of its experts."""
    linear = (dense.split / layout.tensor_parallel + dense.replicated) * stage.dense_layers
    linear = linear + (experts.split / layout.tensor_parallel + experts.replicated) * stage.expert_layers
    routed = experts.expert / (layout.expert_parallel * layout.expert_tensor_parallel) * stage.expert_layers
    return linear * stage.copies, routed * stage.copies


def _layer(layout: Layout, params: LayerParams, num_experts: int) -> Count:
    """Count the parameters of one whole layer on a rank."""
    routed = params.expert / (layout.expert_parallel * layout.expert_tensor_parallel) if num_experts else 0.0
    return params.split / layout.tensor_parallel + params.replicated + routed


def _activations(job: Job, plan: Plan, layout: Layout, stage: _Stage, saved: SavedActivations) -> Bytes:
    """Compute the activations of all micro-batches that a stage has in flight, in bytes."""
    xp = namespace(layout.tokens, stage.dense_layers)
    passes = (stage.dense_layers + stage.expert_layers) * stage.in_flight
    offloaded = offloads(plan, Offload.ACTIVATIONS)
    # Offloaded inputs return one layer ahead of their use.
    inputs = xp.minimum(passes, 2.0) if job.stack.offloads_inputs else _left(passes, offloaded, passes)
    layer = xp.maximum(saved.dense * (stage.dense_layers > 0), saved.experts * (stage.expert_layers > 0))
    full = saved.inputs * inputs + layer
    usual = formulas.activation_bytes(saved.dense, 1.0, stage.dense_layers, stage.in_flight)
    usual = usual + formulas.activation_bytes(saved.experts, 1.0, stage.expert_layers, stage.in_flight)
    return select(plan.recompute == int(Recompute.FULL), full, _left(usual, offloaded, passes))


def _left(size: Real, is_offloaded: Real, layers: Count | None = None) -> Real:
    """Compute the part of an offloaded ``size`` that stays on the device: two of its ``layers``, or nothing."""
    if isinstance(is_offloaded, float) and is_offloaded == 0.0:
        return size
    if layers is None:
        return size * (1.0 - is_offloaded)
    xp = namespace(layers, is_offloaded)
    return size * select(is_offloaded > 0, xp.minimum(2.0 / xp.maximum(layers, 1.0), 1.0), 1.0)


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

    def layer(sizes: LayerActivations) -> Bytes:
        return (
            (sizes.sequence - cheap * sizes.cheap_sequence) * layout.sequence_tokens
            + (sizes.split - cheap * sizes.cheap_split) * layout.tokens / layout.tensor_parallel
            + (sizes.routed - cheap * sizes.cheap_routed) * layout.rank_tokens * busiest
            + (1.0 - cheap) * kept_scores(job, layout)
        )

    low = number_format(job.precision).activation_bytes
    dense, experts = (layer(layer_activations(model, low, is_expert=is_expert)) for is_expert in (False, True))
    return SavedActivations(
        dense=dense, experts=experts, inputs=float(BF16) * model.hidden_size * layout.sequence_tokens
    )


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
