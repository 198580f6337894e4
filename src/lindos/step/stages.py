"""Stages of a pipeline of which one needs the most memory: their layers, tables and micro-batches in flight."""

from dataclasses import dataclass

from lindos.formulas import memory as formulas
from lindos.formulas.pipeline import layers_on_slowest_stage
from lindos.problem.job import Job
from lindos.problem.plan import Plan, Schedule
from lindos.quantities import Count, namespace
from lindos.step.layout import Layout, select


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Layers, tables and micro-batches of one stage of the pipeline."""

    dense_layers: Count
    expert_layers: Count
    copies: Count  # of the parameters of its layers: 2 under DualPipe
    embedding: Count  # 1 if it has the embedding
    head: Count  # 1 if it has the vocabulary head and multi-token prediction
    in_flight: Count  # micro-batches whose activations it stores


def pipeline_stages(job: Job, plan: Plan, layout: Layout) -> list[Stage]:
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
            Stage(
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
