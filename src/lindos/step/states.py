"""Memory of one stage of a pipeline without activations: weights, gradients, optimizer states, logits, buffers.

Conventions
-----------
* Weights of linear layers are BF16. FP8 recipes store two 8-bit layouts of them instead, one for products along rows
  and one for products along columns. NVFP4 recipes store two 4-bit layouts and BF16. Embedding and vocabulary head are
  BF16.
* Optimizer states are 12 bytes a parameter by default: an FP32 master copy and two Adam moments. If parameters are
  sharded (FSDP), that master copy is the weights, and layers are gathered from it in BF16.
* While one layer computes, most software gathers the parameters of the next one, and has the gradients of the last in
  the buffer that is scattered; DeepSpeed gathers matrix by matrix, and a compiler as memory allows. Under a pipeline,
  software may keep gathered parameters and whole gradients between micro-batches.
* A gradient has the width of the software, else that of the catalogue's parameter, or BF16 if it does not fit
  otherwise.
* The loss is that of the software (`LOSSES`). If it tiles the vocabulary, an eighth of the logits exists at a time.
"""

from dataclasses import dataclass
from typing import Annotated, NamedTuple, TypeAlias

from lindos.catalog.model import Model
from lindos.catalog.records import Stack
from lindos.formats import BF16, FP32, number_format
from lindos.formulas import memory as formulas
from lindos.problem.job import Job
from lindos.problem.plan import AXES, Offload, Plan, Sharding
from lindos.quantities import Bytes, Count, Real, namespace
from lindos.results import Why
from lindos.step.activations import offloads
from lindos.step.assumptions import Assumptions
from lindos.step.layout import Layout, at_least, select
from lindos.step.stages import Stage
from lindos.transformer.adapters import trained_share
from lindos.transformer.operators import Kind
from lindos.transformer.parameters import LayerParams, Weights, joining_params, layer_params, weights
from lindos.transformer.table import layer_operators


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


class Loss(NamedTuple):
    """Memory of the loss: bytes of a token and word at its fullest moment, and whether tensor parallelism splits it."""

    word_bytes: Bytes
    is_split: bool


#: Losses of software. ``torch``: PyTorch's function, kernel by kernel, on the whole vocabulary: logits in BF16, and in
#: FP32 their logarithmic softmax and two gradients. ``vocabulary-parallel``: Megatron's, in place on FP32, each rank
#: with its part of the vocabulary; compiled losses are as large. ``fused``: one kernel that leaves the gradient in
#: place of the logits, in BF16.
LOSSES = {
    "torch": Loss(2.0 + 3 * 4.0, False),
    "vocabulary-parallel": Loss(2.0 + 4.0, True),
    "fused": Loss(2.0, True),
}
#: Pieces of a sequence that head and loss process in turn if the software tiles them (MaxText sets 8).
VOCABULARY_TILES = 8
#: Parameters of a dense layer, of a layer with experts, of the projections of multi-token prediction, of the model.
Params: TypeAlias = tuple[LayerParams, LayerParams, LayerParams, Weights]


def stage_params(model: Model) -> Params:
    """Count the parameters of a model's parts, as `stage_states` reads them.

    Parameters
    ----------
    model
        Shape of the transformer.
    """
    dense, experts = (layer_params(model, is_expert=is_expert) for is_expert in (False, True))
    return dense, experts, joining_params(model), weights(model, mtp=False)


def gradient_width(stack: Stack, assumptions: Assumptions) -> Bytes:
    """Get the bytes of one number of a gradient: those of the software, else of the catalogue's parameter.

    Parameters
    ----------
    stack
        Software profile.
    assumptions
        Parameters of the catalogue.
    """
    widths: dict[str, Bytes] = {"bf16": float(BF16), "fp32": float(FP32)}
    return widths.get(stack.gradients) or assumptions.gradient_bytes.value


def stage_states(
    job: Job, plan: Plan, layout: Layout, assumptions: Assumptions, stage: Stage, params: Params
) -> StepMemory:
    """Compute the memory of one stage without activations.

    Parameters
    ----------
    job
        Model, precision and software profile.
    plan
        Its sharding, offload and degrees are read; fields may be arrays.
    layout
        Layout of ``job`` under ``plan``.
    assumptions
        Parameters of the catalogue.
    stage
        Layers and tables of the stage.
    params
        Parameters of the model's parts.
    """
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

    weight_bytes = number_format(job.precision).weight_bytes
    wide = gradient_width(job.stack, assumptions)
    trained, frozen = trained_share(job.model, job.adapter_rank), bool(job.adapter_rank)
    # The master copy counts as weights if parameters are sharded; frozen weights have none, and adapters are small.
    master = 0.0 if frozen else sharded
    moments = (job.state_bytes - FP32 * master) * trained
    return StepMemory(
        weights=left(
            state(Sharding.PARAMETERS, weight_bytes + master * (FP32 - weight_bytes), BF16 + master * (FP32 - BF16)),
            offloads(plan, Offload.PARAMETERS),
            stage.dense_layers + stage.expert_layers,
        ),
        gradients=state(Sharding.GRADIENTS, wide * trained, wide * trained),
        optimizer=left(state(Sharding.OPTIMIZER, moments, moments), offloads(plan, Offload.OPTIMIZER)),
        activations=0.0,
        logits=_logits(job, layout, stage),
        gathered=_gathered(job, plan, layout, params, linear + expert + tables, wide),
        context=assumptions.context.value + assumptions.communicator.value * _num_communicators(plan),
        fragmentation=0.0,
    )


def _logits(job: Job, layout: Layout, stage: Stage) -> Bytes:
    """Compute the bytes of logits and loss of one micro-batch."""
    loss = LOSSES[job.stack.loss]
    words = layout.tokens * job.model.vocab_size / (layout.tensor_parallel if loss.is_split else 1.0)
    heads = stage.head * (1 + job.model.num_mtp_layers)
    return heads * words * loss.word_bytes / (VOCABULARY_TILES if job.stack.tiles_vocabulary else 1.0)


def _gathered(job: Job, plan: Plan, layout: Layout, params: Params, stage_params_count: Count, wide: Bytes) -> Bytes:
    """Compute the bytes of what is whole for a moment: parameters of two layers, and gradients of the layer at work.

    Sharded gradients are copied to a buffer of their width, which is scattered, if parameters are sharded too.
    """
    dense, experts, *_ = params
    xp = namespace(layout.tokens, layout.tensor_parallel)
    layer = xp.maximum(*(_layer(layout, part, job.model.num_experts) for part in (dense, experts)))
    ahead = job.stack.gathers == "next-layer"
    if job.stack.gathers == "matrix":
        layer = job.model.hidden_size * _widest(job.model) / layout.tensor_parallel
    weight = number_format(job.precision).gather_bytes
    sharded = at_least(plan.sharding, Sharding.PARAMETERS)
    trained = trained_share(job.model, job.adapter_rank)
    parameters = 2 * weight + wide * trained if ahead else weight
    passing: Bytes = layer * (sharded * parameters + at_least(plan.sharding, Sharding.GRADIENTS) * BF16 * trained)
    if not job.stack.keeps_gathered:
        return passing
    # Between micro-batches of a pipeline nothing is scattered or gathered again.
    piped = select(plan.pipeline_parallel > 1, 1.0, 0.0)
    whole_stage: Bytes = passing + sharded * piped * stage_params_count * (BF16 + wide * trained)
    return whole_stage


def _widest(model: Model) -> Count:
    """Get the longer side of the largest matrix of a layer."""
    usual = max(model.ffn_hidden_size, model.num_attention_heads * model.head_dim, model.hidden_size)
    if not model.layers:
        return float(usual)
    rows = (row for is_expert in (False, True) for row in layer_operators(model, is_expert=is_expert))
    return float(max(max(row.columns, row.depth) for row in rows if row.kind is Kind.GEMM))


def _num_communicators(plan: Plan) -> Count:
    """Count the groups of ranks with communication buffers: one for each degree above one."""
    total: Count = 0.0
    for name, axis in AXES.items():
        if axis.has_ranks:
            total = total + select(getattr(plan, name) > 1, 1.0, 0.0)
    return total


def _linear(layout: Layout, stage: Stage, dense: LayerParams, experts: LayerParams) -> tuple[Count, Count]:
    """Count the parameters of a device in layers: those that data-parallel ranks share, and those of its experts."""
    linear = (dense.split / layout.tensor_parallel + dense.replicated) * stage.dense_layers
    linear = linear + (experts.split / layout.tensor_parallel + experts.replicated) * stage.expert_layers
    routed = experts.expert / (layout.expert_parallel * layout.expert_tensor_parallel) * stage.expert_layers
    return linear * stage.copies, routed * stage.copies


def _layer(layout: Layout, params: LayerParams, num_experts: int) -> Count:
    """Count the parameters of one whole layer on a rank."""
    routed = params.expert / (layout.expert_parallel * layout.expert_tensor_parallel) if num_experts else 0.0
    return params.split / layout.tensor_parallel + params.replicated + routed


def left(size: Real, offloaded: Real, layers: Count | None = None) -> Real:
    """Compute the part of a ``size`` that stays on the device: what is not offloaded, and two of its ``layers``.

    Parameters
    ----------
    size
        Bytes, or a number of layers.
    offloaded
        Share of it that is offloaded; may be an array.
    layers
        Layers that ``size`` belongs to; None if nothing of what is offloaded stays.
    """
    if isinstance(offloaded, float) and offloaded == 0.0:
        return size
    if layers is None:
        return size * (1.0 - offloaded)
    xp = namespace(layers, offloaded)
    two = select(offloaded > 0, 2.0 / xp.maximum(layers, 1.0), 0.0)
    rest: Real = size * xp.minimum(1.0 - offloaded + two, 1.0)
    return rest
