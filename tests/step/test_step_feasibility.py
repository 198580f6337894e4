"""Which plans hold: every reason has a plan that it fells, and a sentence that names what contradicts what."""

from dataclasses import replace

import numpy as np
import pytest

from lindos.catalog.model import Model
from lindos.errors import InconsistentError, InfeasibleError
from lindos.problem.plan import Plan, Recompute, Schedule, Sharding
from lindos.step import SENTENCES, Reason, check, feasibility
from step_fixtures import DENSE, LATENT_EXPERTS, assumptions, job, pool

GROUPED = replace(DENSE, num_attention_heads=12, num_kv_heads=6)
ODD_WIDTH = replace(DENSE, ffn_hidden_size=14_337)
FELLED: dict[Reason, tuple[Model, Plan, int]] = {
    Reason.TOO_MANY_DEVICES: (DENSE, Plan(data_parallel=2048), 4096),
    Reason.HEADS: (DENSE, Plan(tensor_parallel=3), 8),
    Reason.KV_HEADS: (GROUPED, Plan(tensor_parallel=4), 8),
    Reason.FFN: (ODD_WIDTH, Plan(tensor_parallel=2), 8),
    Reason.EXPERTS: (LATENT_EXPERTS, Plan(expert_parallel=3, data_parallel=3), 9),
    Reason.EXPERT_FFN: (LATENT_EXPERTS, Plan(expert_tensor_parallel=3, data_parallel=3), 9),
    Reason.EXPERT_RANKS: (LATENT_EXPERTS, Plan(expert_parallel=64, data_parallel=32), 64),
    Reason.STAGES: (DENSE, Plan(pipeline_parallel=64), 8),
    Reason.BATCH: (DENSE, Plan(data_parallel=3), 8),
    Reason.SEQUENCE: (DENSE, Plan(context_parallel=3), 8),
    Reason.INTERLEAVING: (DENSE, Plan(pipeline_parallel=4, virtual_stages=2), 6),
    Reason.DUAL_PIPE: (DENSE, Plan(pipeline_parallel=3, schedule=int(Schedule.DUAL_PIPE)), 16),
    Reason.ZERO_BUBBLE: (DENSE, Plan(pipeline_parallel=4, schedule=int(Schedule.ZERO_BUBBLE)), 3),
    Reason.SHARDING_GROUP: (DENSE, Plan(data_parallel=8, sharding_group=3), 16),
    Reason.MEMORY: (DENSE, Plan(), 16),
    Reason.SOFTWARE: (DENSE, Plan(pipeline_parallel=DENSE.num_layers + 1), 64),
}


def code(model: Model, plan: Plan, batch: int) -> Reason:
    return Reason(int(feasibility(job(model), pool(1024), plan, global_batch_size=batch, assumptions=assumptions())))


def test_every_reason_is_tried_here() -> None:
    # The last three are of a search alone, and the host has tests of its own.
    searched = {Reason.REPLICAS, Reason.LIMITS, Reason.REPEATED}
    assert set(FELLED) == set(Reason) - {Reason.OK, Reason.HOST_MEMORY, *searched}


@pytest.mark.parametrize("reason", FELLED, ids=lambda reason: reason.name.lower())
def test_a_plan_for_each_reason(reason: Reason) -> None:
    assert code(*FELLED[reason]) is reason


@pytest.mark.parametrize("reason", FELLED, ids=lambda reason: reason.name.lower())
def test_a_single_plan_is_refused_in_one_sentence(reason: Reason) -> None:
    model, plan, batch = FELLED[reason]
    felled = (Reason.TOO_MANY_DEVICES, Reason.MEMORY)
    kind = InfeasibleError if reason in felled else InconsistentError
    with pytest.raises(kind) as refused:
        check(job(model), pool(1024), plan, global_batch_size=batch, assumptions=assumptions())
    assert refused.value.exit_code == (3 if reason in felled else 2)
    assert str(refused.value).endswith(".")


def sentence(reason: Reason) -> str:
    model, plan, batch = FELLED[reason]
    with pytest.raises((InconsistentError, InfeasibleError)) as refused:
        check(job(model), pool(1024), plan, global_batch_size=batch, assumptions=assumptions())
    return str(refused.value)


def test_contradictions_name_both_inputs() -> None:
    assert sentence(Reason.HEADS) == (
        "plan.tensor_parallel is 3 and model.num_attention_heads is 32, but the first must divide the second. "
        "Take a divisor of the heads."
    )
    assert sentence(Reason.BATCH) == (
        "plan.data_parallel x micro_batch_size is 3 and job.global_batch_size is 8, but the first must divide the "
        "second. Take a global_batch_size of 6 or 9, or 2 for data_parallel."
    )
    assert sentence(Reason.EXPERT_FFN).startswith(
        "plan.expert_tensor_parallel is 3 and model.expert_ffn_hidden_size is 2048"
    )


def test_zero_bubble_needs_a_micro_batch_a_stage_and_no_virtual_ones() -> None:
    plan = Plan(tensor_parallel=8, pipeline_parallel=4, schedule=int(Schedule.ZERO_BUBBLE))
    assert code(DENSE, plan, 3) is Reason.ZERO_BUBBLE
    assert code(DENSE, plan, 4) is Reason.OK
    assert code(DENSE, replace(plan, virtual_stages=2), 8) is Reason.ZERO_BUBBLE
    assert sentence(Reason.ZERO_BUBBLE) == (
        "plan.schedule is 'zero-bubble' and plan.pipeline_parallel is 4, but the first must meet at most as many "
        "stages as there are micro-batches, without virtual ones. Use another schedule."
    )


def test_missing_memory_names_the_shortfall_and_a_remedy_that_helps() -> None:
    text = sentence(Reason.MEMORY)
    assert text.startswith("Dense does not fit in the memory of Test: a device needs ")
    assert " of 80 GB" in text
    assert text.endswith("for optimizer. Leave a degree open, or use more GPUs or such with more memory.")
    # More sequences at a time than fit: the smallest change that helps is named.
    many = Plan(tensor_parallel=8, micro_batch_size=64, sharding=int(Sharding.OPTIMIZER), sequence_parallel=1)
    with pytest.raises(InfeasibleError, match=r"of it for activations[.] Set recompute to full") as refused:
        check(job(), pool(8), many, global_batch_size=64, assumptions=assumptions())
    assert "sharding" not in str(refused.value)
    check(job(), pool(8), replace(many, recompute=int(Recompute.FULL)), global_batch_size=64, assumptions=assumptions())


def test_missing_devices_name_how_many() -> None:
    assert sentence(Reason.TOO_MANY_DEVICES) == (
        "The plan takes more GPUs than there are: tensor_parallel x context_parallel x pipeline_parallel x "
        "data_parallel is 2,048 of 1,024. Lower a degree, or use at least 2,048 GPUs, spares not counted."
    )


@pytest.mark.parametrize(
    ("model", "plan", "batch"),
    [
        (DENSE, Plan(tensor_parallel=8, data_parallel=2), 16),
        (replace(DENSE, num_layers=31), Plan(tensor_parallel=8, pipeline_parallel=4), 16),
        (DENSE, Plan(tensor_parallel=8, pipeline_parallel=2, virtual_stages=17), 16),
        (DENSE, Plan(tensor_parallel=4, context_parallel=2, pipeline_parallel=4, virtual_stages=2), 8),
        (DENSE, Plan(data_parallel=16, sharding=int(Sharding.PARAMETERS), recompute=int(Recompute.FULL)), 16),
        (replace(DENSE, num_kv_heads=2), Plan(tensor_parallel=8), 8),
    ],
    ids=["plain", "uneven-stages", "embedding-and-head-as-layers", "interleaved", "fsdp", "replicated-kv-heads"],
)
def test_what_practitioners_run_holds(model: Model, plan: Plan, batch: int) -> None:
    assert code(model, plan, batch) is Reason.OK
    check(job(model), pool(1024), plan, global_batch_size=batch, assumptions=assumptions())


def test_arrays_of_plans_get_an_array_of_codes() -> None:
    plans = Plan(tensor_parallel=np.array([3.0, 8.0, 1.0, 8.0]), data_parallel=np.array([1.0, 2.0, 1.0, 512.0]))
    codes = feasibility(job(), pool(1024), plans, global_batch_size=16, assumptions=assumptions())
    assert codes.dtype.kind == "i"
    assert [Reason(c) for c in codes] == [Reason.HEADS, Reason.OK, Reason.MEMORY, Reason.TOO_MANY_DEVICES]


def test_every_reason_has_a_sentence_and_a_remedy() -> None:
    assert set(SENTENCES) == set(Reason)
    assert all(what and (remedy or reason is Reason.OK) for reason, (what, remedy) in SENTENCES.items())
