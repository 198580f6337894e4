"""Layers of experts: dispatchers, overlap, graphs and what the host does, each against what it must change."""

from dataclasses import replace
from typing import Any

import pytest

from lindos.problem.plan import Plan
from lindos.step import StepEstimate, estimate
from step_fixtures import assumptions, fact, job, pool

PLAN = Plan(tensor_parallel=1, data_parallel=16, expert_parallel=16, micro_batch_size=1)


def mixture(**facts: Any) -> Any:
    model = replace(job().model, num_experts=64, experts_per_token=8, expert_ffn_hidden_size=1024)
    return replace(job(), model=model, stack=replace(job().stack, **facts))


def timed(plan: Plan = PLAN, changes: dict[str, float] | None = None, **facts: Any) -> StepEstimate:
    return estimate(mixture(**facts), pool(), plan, global_batch_size=64, assumptions=assumptions(**(changes or {})))


def test_one_copy_to_a_device_is_less_traffic_than_one_to_every_expert() -> None:
    """Of 8 experts over 2 devices, 8 copies cross under an all-to-all, and 2 under kernels that send one each."""
    plan = replace(PLAN, expert_parallel=2)
    every, single = (timed(plan, dispatcher=word).exposed_expert_parallel for word in ("all-to-all", "deepep"))
    assert float(every) == pytest.approx(8 / (2 * (1 - 0.5**8)) * float(single), rel=0.05)


def test_a_gather_sends_all_tokens_everywhere() -> None:
    """With as many experts of a token as devices it is worth it, with 64 devices it is not."""
    wide = replace(PLAN, data_parallel=64, expert_parallel=64)
    gathered, sent = (float(timed(wide, dispatcher=d).exposed_expert_parallel) for d in ("all-gather", "all-to-all"))
    assert gathered > sent
    narrow = replace(PLAN, expert_parallel=4)
    gathered, sent = (float(timed(narrow, dispatcher=d).exposed_expert_parallel) for d in ("all-gather", "all-to-all"))
    assert gathered < sent


def test_tokens_in_eight_bits_travel_faster_one_way() -> None:
    full, low = (
        float(
            estimate(
                replace(mixture(low_precision_dispatch=flag, dispatcher="deepep"), precision="fp8"),
                pool(),
                PLAN,
                global_batch_size=64,
                assumptions=assumptions(),
            ).exposed_expert_parallel
        )
        for flag in (False, True)
    )
    assert low == pytest.approx(0.75 * full, rel=0.05)


def test_overlap_hides_the_traffic_of_experts_by_its_share() -> None:
    near = replace(PLAN, expert_parallel=2)
    alone = timed(near, overlap_expert_parallel=fact(0.0))
    beside = timed(near, overlap_expert_parallel=fact(0.0), overlaps_experts=True)
    hidden = 0.5 * (1 - 0.15)  # half of it hides, and keeps some processors
    assert float(beside.exposed_expert_parallel) == pytest.approx((1 - hidden) * float(alone.exposed_expert_parallel))


def test_the_host_waits_in_layers_of_experts_unless_graphs_include_them() -> None:
    slow = {"routing_time": 10.0}
    usual = float(timed(changes=slow).exposed_host)
    assert usual > 100
    assert float(timed(changes=slow, dispatcher="hybridep").exposed_host) < 0.6 * usual
    assert float(timed(changes=slow, has_graphs=True).exposed_host) < 0.6 * usual
    assert float(timed(changes=slow, waits_for_sizes=False).exposed_host) < 0.6 * usual
    assert float(timed(changes=slow, has_graphs=True, graphs_experts=True).exposed_host) == 0.0


def test_products_of_every_expert_are_launched_one_by_one() -> None:
    """The host launches one product for each expert of a device: four times as many on a quarter of the devices."""
    few, many = (float(timed(replace(PLAN, expert_parallel=e), expert_time=fact(1.0)).exposed_host) for e in (16, 4))
    assert many == pytest.approx(4 * few, rel=0.01)


def test_fused_experts_leave_no_pass_over_activations() -> None:
    apart, fused = timed(), timed(fuses_experts=True)
    assert float(fused.elementwise) < float(apart.elementwise)
    assert fused.matmul == apart.matmul


def test_attention_in_eight_bits_runs_at_its_measured_rate() -> None:
    usual, eight = timed(), timed(attention_format="fp8")
    assert float(usual.attention) == pytest.approx(1.25 * float(eight.attention))
