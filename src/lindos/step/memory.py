"""Device memory of a step, part by part, on the stage of the pipeline that holds most.

Conventions
-----------
* Weights are BF16; FP8 and NVFP4 recipes keep BF16 weights and a one-byte copy. Optimizer states are 12 bytes a
  parameter: an FP32 master copy and two Adam moments.
* Attention kernels keep no matrix of scores. What each layer keeps are the inputs of its matrix products, of its norms
  and of its activation function, in BF16; inputs of low-precision products take one byte.
* ``selective`` recompute frees what is cheap to compute again: outputs of norms and activation functions. ``full``
  keeps the inputs of layers alone, and one layer whole while it is computed again.
"""

from dataclasses import dataclass
from typing import Annotated, NamedTuple

from lindos.catalog.model import Model
from lindos.formulas import memory as formulas
from lindos.formulas.pipeline import layers_on_slowest_stage
from lindos.quantities import Bytes, Count, Real, namespace
from lindos.results import Why
from lindos.scenario.cluster import Pool
from lindos.scenario.job import Job
from lindos.scenario.plan import Plan, Recompute, Schedule, Sharding
from lindos.step.assumptions import Assumptions, assumptions
from lindos.step.layout import Layout, at_least, layout, where
from lindos.step.operators import BF16, weights

#: Bytes of optimizer states a parameter: FP32 master weights and two Adam moments.
STATE_BYTES = 12.0
#: Bytes of a logit while the loss is computed: BF16, and FP32 for softmax and its gradient.
LOGIT_BYTES = 6.0
#: Layers whose parameters are gathered at a time under parameter sharding: the one in use and the next.
GATHERED_LAYERS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMemory:
    """Memory of the fullest device; disjoint parts."""

    weights: Annotated[Bytes, Why("parameters, and their low-precision copy")]
    gradients: Annotated[Bytes, Why("accumulated over micro-batches")]
    optimizer: Annotated[Bytes, Why("master weights and Adam moments")]
    activations: Annotated[Bytes, Why("kept for the backward pass, of all micro-batches in flight")]
    logits: Annotated[Bytes, Why("outputs of the vocabulary head and their loss, on the last stage")]
    gathered: Annotated[Bytes, Why("parameters of other ranks that are gathered at a time")]
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


class _PerToken(NamedTuple):
    """Bytes that the mean layer keeps of a token."""

    sequence: float  # as wide as the hidden size: split where the sequence is
    split: float  # split by tensor parallelism
    routed: float  # of each rank's own tokens, for their experts
    cheap_sequence: float  # of these, what selective recompute frees
    cheap_split: float
    cheap_routed: float


def memory(
    job: Job, pool: Pool, plan: Plan, *, global_batch_size: Count, given: Assumptions | None = None
) -> StepMemory:
    """Memory of the fullest device under ``plan``; arguments as in :func:`lindos.step.estimate`."""
    book = given or assumptions()
    at = layout(job, plan, global_batch_size)
    first, last = (_stage(job, plan, at, book, is_last=is_last) for is_last in (False, True))
    fuller = first.total >= last.total
    names = StepMemory.__dataclass_fields__
    return StepMemory(**{name: where(fuller, getattr(first, name), getattr(last, name)) for name in names})


def _stage(job: Job, plan: Plan, at: Layout, book: Assumptions, *, is_last: bool) -> StepMemory:
    """The first or the last stage; where the pipeline has one stage both are the same."""
    model, p = job.model, plan.pipeline_parallel
    xp = namespace(p, plan.tensor_parallel, at.tokens)
    both = plan.schedule == int(Schedule.DUAL_PIPE)
    only = where(p > 1, 0.0, 1.0)
    layers = layers_on_slowest_stage(model.num_layers, p, plan.virtual_stages)
    copies = where(both, where(p > 1, 2.0, 1.0), 1.0)
    has_first = where(both, 1.0, xp.maximum(only, 0.0 if is_last else 1.0))
    has_last = where(both, 1.0, xp.maximum(only, 1.0 if is_last else 0.0))
    held = weights(model)
    outside = (
        has_first * held.embedding + has_last * (held.head or held.embedding * (1.0 - only))
    ) / at.tensor_parallel
    share = layers / model.num_layers * copies
    dense = (held.split / at.tensor_parallel + held.replicated) * share + outside
    expert = held.expert / (at.expert_parallel * at.expert_tensor_parallel) * share
    each = float(BF16) + (0.0 if job.precision == "bf16" else 1.0)

    def state(bytes_each: Real, level: Sharding) -> Bytes:
        sharded = at_least(plan.sharding, level)
        return formulas.sharded_bytes(dense, bytes_each, 1 + sharded * (at.dense_shards - 1)) + formulas.sharded_bytes(
            expert, bytes_each, 1 + sharded * (at.expert_shards - 1)
        )

    activations = _activations(job, plan, at, layers, is_last=is_last)
    logits = has_last * at.tokens * model.vocab_size / at.tensor_parallel * LOGIT_BYTES * (1 + model.num_mtp_layers)
    gathering = at_least(plan.sharding, Sharding.PARAMETERS)
    gathered = gathering * (dense + expert) / xp.maximum(layers * copies, 1.0) * GATHERED_LAYERS * float(BF16)
    return StepMemory(
        weights=state(each, Sharding.PARAMETERS),
        gradients=state(book.gradient_bytes.value, Sharding.GRADIENTS),
        optimizer=state(STATE_BYTES, Sharding.OPTIMIZER),
        activations=activations,
        logits=logits,
        gathered=gathered,
        context=book.context.value + 0.0 * activations,
        fragmentation=formulas.fragmented_bytes(activations + logits + gathered, book.fragmentation.value),
    )


def _activations(job: Job, plan: Plan, at: Layout, layers: Count, *, is_last: bool) -> Bytes:
    """Activations of all micro-batches that a stage has in flight."""
    kept = _per_token(job.model, job.precision)
    cheap = where(plan.recompute == int(Recompute.SELECTIVE), 1.0, 0.0)
    whole = (
        (kept.sequence - cheap * kept.cheap_sequence) * at.sequence_tokens
        + (kept.split - cheap * kept.cheap_split) * at.tokens / at.tensor_parallel
        + (kept.routed - cheap * kept.cheap_routed) * at.rank_tokens
    )
    inputs = float(BF16) * job.model.hidden_size * at.sequence_tokens
    in_flight = _in_flight(plan, at, is_last=is_last)
    full = formulas.activation_bytes(inputs, 1.0, layers, in_flight) + whole
    usual = formulas.activation_bytes(whole, 1.0, layers, in_flight)
    return where(plan.recompute == int(Recompute.FULL), full, usual)


def _in_flight(plan: Plan, at: Layout, *, is_last: bool) -> Count:
    """Micro-batches whose activations the stage keeps, in passes over all of its layers."""
    p, v, m = plan.pipeline_parallel, plan.virtual_stages, at.num_micro_batches
    xp = namespace(p, v, m)
    usual = formulas.micro_batches_in_flight(m, p, v)
    if is_last:
        usual = xp.minimum(m, ((v - 1) * p + 1) / v)
    return where(plan.schedule == int(Schedule.DUAL_PIPE), xp.minimum(m, p + 1), usual)


def _per_token(model: Model, precision: str) -> _PerToken:
    """What the mean layer keeps of a token, after Korthikanti et al. with kernels that keep no attention scores."""
    full, low = float(BF16), float(BF16) if precision == "bf16" else 1.0
    hidden, heads = model.hidden_size, model.num_attention_heads
    sequence = full * 2 * hidden + low * 2 * hidden  # inputs of two norms; their outputs, which feed products
    if model.attention == "mla":
        query = model.qk_nope_head_dim + model.qk_rope_head_dim
        split = full * heads * (2 * query + model.v_head_dim) + low * heads * model.v_head_dim
        sequence += (full + low) * (model.q_lora_rank + model.kv_lora_rank + model.qk_rope_head_dim)
    else:
        split = full * model.head_dim * (heads + 2 * model.num_kv_heads) + low * heads * model.head_dim
    wide = (2 if model.gated else 1) * full  # before the activation function
    cheap_split = routed = cheap_routed = 0.0
    num_moe = model.num_moe_layers
    num_dense = model.num_layers - num_moe + (num_moe if model.dense_ffn_beside_experts else 0)
    dense = num_dense / model.num_layers
    split += dense * model.ffn_hidden_size * (wide + low)
    cheap_split += dense * model.ffn_hidden_size * low
    if num_moe:
        share, width = num_moe / model.num_layers, model.expert_ffn_hidden_size
        split += share * model.num_shared_experts * width * (wide + low)
        cheap_split += share * model.num_shared_experts * width * low
        routed = share * model.experts_per_token * (hidden * (low + full) + width * (wide + low))
        cheap_routed = share * model.experts_per_token * width * low
    return _PerToken(sequence, split, routed, low * 2 * hidden, cheap_split, cheap_routed)
