"""What software fuses and reaches changes a step's time and memory in the direction it must."""

from dataclasses import replace

import pytest

from lindos.problem.job import Job
from lindos.problem.plan import Plan, Recompute
from lindos.step import estimate, memory
from lindos.step.unfused_attention import KEPT_BYTES, WORKING_BYTES
from step_fixtures import fact, job, pool

PLAN = Plan(data_parallel=8, recompute=int(Recompute.NONE))


def under(usual: Job, **changes: object) -> Job:
    return replace(usual, stack=replace(usual.stack, **changes))  # type: ignore[arg-type]


def test_scores_in_memory_take_longer() -> None:
    fused = estimate(job(), pool(), PLAN, global_batch_size=64)
    unfused = estimate(under(job(), attention="fused-megatron"), pool(), PLAN, global_batch_size=64)
    assert unfused.attention > 2 * fused.attention
    assert unfused.matmul == fused.matmul


def test_kept_scores_are_five_bytes_each() -> None:
    model = replace(job().model, vocab_size=64)
    usual = replace(job(), model=model)
    fused = memory(usual, pool(), PLAN, global_batch_size=64)
    unfused = memory(under(usual, attention="fused-megatron"), pool(), PLAN, global_batch_size=64)
    scores = (KEPT_BYTES * model.num_layers + WORKING_BYTES) * model.num_attention_heads * usual.sequence_length**2
    assert float(unfused.activations - fused.activations) == pytest.approx(scores)


def test_selective_recompute_frees_the_scores() -> None:
    plan = replace(PLAN, recompute=int(Recompute.SELECTIVE))
    fused = memory(job(), pool(), plan, global_batch_size=64)
    unfused = memory(under(job(), attention="fused-megatron"), pool(), plan, global_batch_size=64)
    model, length = job().model, job().sequence_length
    layer = (KEPT_BYTES + WORKING_BYTES) * model.num_attention_heads * length**2
    assert 0 <= float(unfused.activations - fused.activations) <= layer  # of the layer at work alone


def test_slower_kernels_take_longer_in_proportion() -> None:
    usual = estimate(job(), pool(), PLAN, global_batch_size=64)
    slow = estimate(under(job(), attention_share=fact(0.5)), pool(), PLAN, global_batch_size=64)
    assert float(slow.attention) == pytest.approx(2 * float(usual.attention))
    slower = estimate(under(job(), kernel_share=fact(0.5)), pool(), PLAN, global_batch_size=64)
    assert slower.matmul > usual.matmul
