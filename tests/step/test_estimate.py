from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given as cases
from hypothesis import settings
from hypothesis import strategies as st

from lindos import step
from lindos.errors import UnknownValueError
from lindos.problem.plan import Plan, Recompute, Schedule, Sharding
from lindos.results import rows
from step_fixtures import DENSE, LATENT_EXPERTS, accelerator, assumptions, job, pool

PARTS = (
    "matmul",
    "attention",
    "elementwise",
    "recompute",
    "exposed_tensor_parallel",
    "exposed_context_parallel",
    "exposed_expert_parallel",
    "exposed_pipeline_parallel",
    "exposed_data_parallel",
    "exposed_offload",
    "pipeline_imbalance",
    "pipeline_bubble",
    "optimizer",
)


def estimated(plan, *, model=DENSE, batch=512, where=None, precision="bf16", **changes):
    return step.estimate(
        job(model, precision), where or pool(), plan, global_batch_size=batch, assumptions=assumptions(**changes)
    )


plans = st.builds(
    Plan,
    tensor_parallel=st.sampled_from([1, 2, 4, 8]),
    pipeline_parallel=st.sampled_from([1, 2, 4, 7, 8]),
    virtual_stages=st.sampled_from([1, 2, 4]),
    context_parallel=st.sampled_from([1, 2]),
    expert_parallel=st.sampled_from([1, 8]),
    data_parallel=st.sampled_from([8, 16, 64]),
    micro_batch_size=st.sampled_from([1, 2]),
    sharding=st.sampled_from([int(code) for code in Sharding]),
    sharding_group=st.sampled_from([0, 8]),
    sequence_parallel=st.sampled_from([0, 1]),
    recompute=st.sampled_from([int(code) for code in Recompute]),
    schedule=st.sampled_from([int(code) for code in Schedule]),
)


@settings(max_examples=60, deadline=None)
@cases(plan=plans, model=st.sampled_from([DENSE, LATENT_EXPERTS]))
def test_parts_are_finite_not_negative_and_add_up(plan, model):
    result = estimated(plan, model=model)
    parts = [float(getattr(result, name)) for name in PARTS]
    assert all(np.isfinite(part) and part >= 0 for part in parts)
    assert float(result.time) == pytest.approx(sum(parts))
    assert 0 < float(result.mfu) < 1
    assert float(result.hfu) >= float(result.mfu)


@settings(max_examples=60, deadline=None)
@cases(plan=plans, model=st.sampled_from([DENSE, LATENT_EXPERTS]), factor=st.floats(1.0, 8.0))
def test_better_hardware_is_never_slower(plan, model, factor):
    # Enough micro-batches to fill the pipeline: zero-bubble schedules are not defined with fewer.
    base = float(estimated(plan, model=model, batch=4096).time) * (1 + 1e-9)
    assert float(estimated(plan, model=model, batch=4096, where=pool(scale=factor)).time) <= base
    faster = accelerator(peak_bf16=1000e12 * factor, peak_fp8=2000e12 * factor)
    assert float(estimated(plan, model=model, batch=4096, where=pool(device=faster)).time) <= base
    wider = accelerator(memory_bandwidth=3e12 * factor)
    assert float(estimated(plan, model=model, batch=4096, where=pool(device=wider)).time) <= base


def test_an_array_of_plans_equals_the_plans_one_by_one():
    degrees = [(1, 1, 1, 64, 0, 0), (8, 4, 2, 16, 1, 2), (4, 8, 1, 32, 2, 1), (2, 2, 1, 128, 3, 0)]
    names = ("tensor_parallel", "pipeline_parallel", "virtual_stages", "data_parallel", "sharding", "recompute")
    columns = dict(zip(names, (np.array(column) for column in zip(*degrees, strict=True)), strict=True))
    for model in (DENSE, LATENT_EXPERTS):
        together = estimated(Plan(**columns), model=model)
        for index, row in enumerate(degrees):
            alone = estimated(Plan(**dict(zip(names, row, strict=True))), model=model)
            for part in (*PARTS, "time", "mfu", "hfu", "energy"):
                shaped = np.broadcast_to(getattr(together, part), len(degrees))[index]
                assert shaped == pytest.approx(float(getattr(alone, part)), rel=1e-12), part


def test_an_array_of_draws_equals_the_draws_one_by_one():
    peaks = np.array([500e12, 1000e12, 2000e12])
    plan = Plan(tensor_parallel=8, pipeline_parallel=4, data_parallel=16)
    together = estimated(plan, where=pool(device=accelerator(peak_bf16=peaks)))
    alone = [float(estimated(plan, where=pool(device=accelerator(peak_bf16=float(p)))).time) for p in peaks]
    np.testing.assert_allclose(together.time, alone)


@pytest.mark.parametrize("model", [DENSE, LATENT_EXPERTS], ids=lambda model: model.name)
def test_jax_arrays_and_compilation_give_the_same(model):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)

    def time(tensor, stages):
        return estimated(Plan(tensor_parallel=tensor, pipeline_parallel=stages, data_parallel=16), model=model).time

    tensor, stages = np.array([1.0, 8.0]), np.array([4.0, 2.0])
    np.testing.assert_allclose(jax.jit(time)(tensor, stages), time(tensor, stages))


def test_without_tensor_parallelism_there_is_no_tensor_traffic():
    result = estimated(Plan(data_parallel=64, recompute=0))
    for name in PARTS[3:8] + PARTS[9:11]:
        assert float(getattr(result, name)) == 0.0, name
    assert float(result.exposed_data_parallel) > 0


def test_one_device_has_no_communication():
    result = estimated(Plan(sharding=int(Sharding.PARAMETERS)), where=pool(1), batch=1)
    assert sum(float(getattr(result, name)) for name in PARTS if name.startswith("exposed")) == 0.0


def test_bubble_of_equal_stages_is_the_published_share():
    # The bubble is 7 idle slots over 64 micro-batches, times the work that the step reports.
    result = estimated(Plan(pipeline_parallel=8, data_parallel=8, recompute=0), batch=512)
    work = sum(float(getattr(result, name)) for name in PARTS[:8])
    assert float(result.pipeline_bubble) == pytest.approx(7 / 64 * work, rel=1e-9)
    interleaved = estimated(Plan(pipeline_parallel=8, virtual_stages=4, data_parallel=8, recompute=0), batch=512)
    assert float(interleaved.pipeline_bubble) < 0.3 * float(result.pipeline_bubble)


def test_zero_bubble_and_dual_pipe_idle_less():
    plan = Plan(pipeline_parallel=8, data_parallel=8, recompute=0)
    plain, zero, dual = (float(estimated(replace(plan, schedule=int(code))).pipeline_bubble) for code in Schedule)
    assert dual < plain
    assert zero < plain


def test_uneven_layers_wait_for_the_fullest_stage():
    small = replace(DENSE, vocab_size=1000)  # a head that hardly weighs
    even, uneven = (
        estimated(Plan(pipeline_parallel=8, data_parallel=8), model=replace(small, num_layers=layers))
        for layers in (32, 33)
    )
    assert float(even.pipeline_imbalance) < 0.01 * float(even.time)
    assert float(uneven.pipeline_imbalance) == pytest.approx((5 / (33 / 8) - 1) * float(uneven.matmul), rel=0.3)


def test_recomputing_all_layers_costs_a_third_of_the_work():
    plan = Plan(data_parallel=64)
    none, selective, full = (estimated(replace(plan, recompute=int(code))) for code in Recompute)
    assert float(none.recompute) == 0 == float(none.recomputed_flops)
    assert 0 < float(selective.recompute) < 0.25 * float(full.recompute)
    assert float(full.hardware_flops) == pytest.approx(4 / 3 * float(full.model_flops), rel=0.03)
    assert float(full.model_flops) == float(none.model_flops)


def test_low_precision_speeds_linear_layers_only():
    plan = Plan(tensor_parallel=2, data_parallel=32)
    bf16, fp8 = estimated(plan), estimated(plan, precision="fp8")
    assert float(bf16.attention) == float(fp8.attention)
    assert 1.6 < float(bf16.matmul) / float(fp8.matmul) < 2.0
    assert float(fp8.elementwise) > float(bf16.elementwise)  # turning numbers into FP8 moves bytes
    assert float(fp8.mfu_bf16) == pytest.approx(2 * float(fp8.mfu))


def test_a_device_without_the_precision_says_so():
    with pytest.raises(UnknownValueError) as caught:
        estimated(Plan(), precision="nvfp4")
    assert str(caught.value) == (
        "accelerators.test.peak_fp4 is unknown, but must be known to answer this. "
        "Give your own value in a catalogue file (--catalog FILE)."
    )


def test_sharding_parameters_gathers_them_for_every_pass():
    plan = Plan(data_parallel=64, recompute=0)
    slow = pool(scale=0.02)
    stages = [float(estimated(replace(plan, sharding=s), where=slow, batch=256).exposed_data_parallel) for s in (1, 3)]
    assert stages[1] > stages[0] > 0


def test_a_small_sharding_group_keeps_gathers_inside_the_node():
    plan = Plan(data_parallel=512, sharding=int(Sharding.PARAMETERS), recompute=0)
    whole = estimated(plan, where=pool(512, scale=0.05), batch=4096)
    hybrid = estimated(replace(plan, sharding_group=8), where=pool(512, scale=0.05), batch=4096)
    assert float(hybrid.exposed_data_parallel) < float(whole.exposed_data_parallel)


def test_imbalance_slows_experts_spread_over_ranks():
    spread, together = Plan(data_parallel=64, expert_parallel=64), Plan(data_parallel=64)
    balanced = estimated(spread, model=LATENT_EXPERTS, expert_load_imbalance=1.0)
    busy = estimated(spread, model=LATENT_EXPERTS, expert_load_imbalance=1.5)
    assert float(busy.time) > float(balanced.time)
    assert float(busy.exposed_expert_parallel) > float(balanced.exposed_expert_parallel) > 0
    assert float(estimated(together, model=LATENT_EXPERTS).exposed_expert_parallel) == 0


def test_fifty_million_devices_are_finite_and_sane():
    from lindos.problem.cluster import Tier

    n = 50_331_648
    tiers = (
        Tier(name="scale-up", size=72, bandwidth=800e9, latency=2e-6),
        Tier(name="leaf", size=8_192, bandwidth=40e9, latency=5e-6),
        Tier(name="spine", size=262_144, bandwidth=40e9, latency=6e-6),
        Tier(name="site", size=n, bandwidth=40e9, latency=1e-5, oversubscription=8.0),
    )
    plan = Plan(tensor_parallel=8, pipeline_parallel=16, data_parallel=n // 128)
    result = estimated(plan, where=pool(n, tiers=tiers), batch=n // 128)
    assert float(result.num_devices) == n
    assert np.isfinite(result.time)
    assert 0.001 < float(result.mfu) < 0.3  # one micro-batch a replica: the pipeline is mostly idle
    few = estimated(replace(plan, data_parallel=64), where=pool(8192, tiers=tiers[:2]), batch=64)
    assert float(result.time) < 10 * float(few.time)


def test_energy_is_board_power_for_the_step():
    result = estimated(Plan(data_parallel=64))
    assert float(result.energy) == pytest.approx(700 * 64 * float(result.time))
    unknown = estimated(Plan(data_parallel=64), where=pool(device=accelerator(board_power=None)))
    assert unknown.energy is None


def test_every_row_of_the_result_is_declared():
    found = {row.name: row for row in rows(estimated(Plan(data_parallel=64)))}
    assert found["time"].unit == "s"
    assert found["mfu"].unit == "1"
    assert all(row.why for row in found.values())


def test_explanation_adds_up_to_the_estimate():
    plan = Plan(tensor_parallel=2, pipeline_parallel=4, expert_parallel=8, data_parallel=16)
    arguments = (job(LATENT_EXPERTS, "fp8"), pool(), plan)
    result = step.estimate(*arguments, global_batch_size=512, assumptions=assumptions())
    shares = step.explain(*arguments, global_batch_size=512, assumptions=assumptions())
    work = float(result.matmul + result.attention + result.elementwise)
    assert sum(float(share.time) for share in shares) == pytest.approx(work)
    assert sum(share.flops for share in shares) * plan.num_devices == pytest.approx(float(result.model_flops))
    assert {share.precision for share in shares} == {"fp8", "bf16"}
