"""Offloading: memory freed and bytes over the link to the host, worked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from lindos.errors import InfeasibleError, UnknownValueError
from lindos.problem.plan import AXES, Offload, Plan, Recompute, Sharding
from lindos.step import StepEstimate, StepMemory, estimate, memory
from lindos.step.feasibility import Reason, check, feasibility
from lindos.step.host_memory import exceeds_host, host_memory_needed
from lindos.transformer import num_params
from step_fixtures import DENSE, accelerator, assumptions, fact, job, pool

LINK = 50e9
POOL = pool(1024, device=replace(accelerator(memory=1e15), host_bandwidth=fact(LINK)))
PLAN = Plan(tensor_parallel=4, data_parallel=8, sharding=int(Sharding.NONE), recompute=int(Recompute.NONE))
ASSUMPTIONS = assumptions(context=0.0, communicator=0.0, fragmentation=0.0)


def timed(words: str, overlap: float = 0.0, plan: Plan = PLAN) -> StepEstimate:
    work = job(overlap_offload=overlap)
    return estimate(
        work, POOL, replace(plan, offload=AXES["offload"].code(words)), global_batch_size=64, assumptions=ASSUMPTIONS
    )


def held(words: str, plan: Plan = PLAN) -> StepMemory:
    return memory(
        job(), POOL, replace(plan, offload=AXES["offload"].code(words)), global_batch_size=64, assumptions=ASSUMPTIONS
    )


def test_nothing_is_offloaded_by_default() -> None:
    assert Plan().offload == 0
    assert timed("none").exposed_offload == 0.0


def test_the_host_updates_an_offloaded_optimizer() -> None:
    assert held("optimizer").optimizer == 0.0
    assert replace(held("optimizer"), optimizer=held("").optimizer) == held("")
    owned = num_params(DENSE) / 4
    update = 28 * owned / (0.5 * 800e9 / 8)  # longer than the way of the weights, which it hides
    assert 2 * owned / LINK < update
    assert timed("optimizer").exposed_offload == pytest.approx(4 * owned / LINK + update)
    assert timed("optimizer").optimizer < timed("").optimizer


def test_two_layers_of_offloaded_weights_stay_and_each_pass_of_a_micro_batch_loads_all() -> None:
    assert held("parameters").weights == pytest.approx(held("").weights * 2 / DENSE.num_layers)
    loads = 2 * (64 / 8) * 2 * num_params(DENSE) / 4
    assert timed("parameters").exposed_offload == pytest.approx(loads / LINK)


def test_two_layers_of_offloaded_activations_stay_and_the_others_leave_and_return() -> None:
    kept = float(held("").activations)
    assert held("activations").activations == pytest.approx(kept * 2 / DENSE.num_layers)
    assert timed("activations").exposed_offload == pytest.approx(2 * (64 / 8) * kept / LINK)


def test_some_layers_may_be_offloaded() -> None:
    """A quarter of the layers: a quarter of the traffic; the device keeps the others, and two at work."""
    quarter = replace(PLAN, offload_layers=DENSE.num_layers // 4)
    whole = timed("activations")
    assert timed("activations", plan=quarter).exposed_offload == pytest.approx(whole.exposed_offload / 4)
    kept = float(held("").activations)
    assert held("activations", quarter).activations == pytest.approx(kept * (3 / 4 + 2 / DENSE.num_layers))
    assert timed("", plan=quarter) == timed("")


def test_the_memory_of_the_host_is_a_limit() -> None:
    """Eight devices of a node share its memory; a plan that sends more is refused with a sentence."""
    plan = replace(PLAN, offload=int(Offload.OPTIMIZER))
    needed = float(host_memory_needed(job(), plan, global_batch_size=64, assumptions=ASSUMPTIONS))
    assert needed == pytest.approx((12 + 4) * num_params(DENSE) / 4)
    for size, code in ((8 * needed + 1, Reason.OK), (8 * needed - 1, Reason.HOST_MEMORY)):
        roomy = replace(POOL, system=replace(POOL.system, host_memory=fact(size)))
        found = feasibility(job(), roomy, plan, global_batch_size=64, assumptions=ASSUMPTIONS)
        assert Reason(int(found)) is code
    with pytest.raises(InfeasibleError, match="does not fit in the memory of the hosts"):
        check(job(), roomy, plan, global_batch_size=64, assumptions=ASSUMPTIONS)
    assert not exceeds_host(job(), roomy, PLAN, global_batch_size=64, assumptions=ASSUMPTIONS)


def test_full_recompute_leaves_only_the_inputs_of_layers_to_offload() -> None:
    plan = replace(PLAN, recompute=int(Recompute.FULL))
    inputs = 2 * DENSE.hidden_size * 4096 / 4
    freed = held("", plan).activations - held("activations", plan).activations
    assert freed == pytest.approx((DENSE.num_layers - 2) * inputs)
    sent = 2 * (64 / 8) * DENSE.num_layers * inputs
    assert timed("activations", plan=plan).exposed_offload == pytest.approx(sent / LINK)


def test_traffic_hides_behind_compute_as_far_as_the_stack_lets_it() -> None:
    times = [float(timed("activations,optimizer", overlap).exposed_offload) for overlap in (0.0, 0.5, 1.0)]
    assert times[0] > times[1] > times[2] >= 0.0


def test_sharded_states_are_offloaded_by_each_rank() -> None:
    plan = replace(PLAN, sharding=int(Sharding.OPTIMIZER))
    whole, shared = timed("optimizer").exposed_offload, timed("optimizer", plan=plan).exposed_offload
    assert float(whole) == pytest.approx(8 * float(shared))


def test_arrays_of_plans_agree_with_single_ones() -> None:
    codes = np.arange(8.0)
    many = estimate(
        job(), POOL, replace(PLAN, offload=codes), global_batch_size=64, assumptions=ASSUMPTIONS
    ).exposed_offload
    sizes = memory(job(), POOL, replace(PLAN, offload=codes), global_batch_size=64, assumptions=ASSUMPTIONS).total
    for code in range(8):
        plan = replace(PLAN, offload=code)
        single = estimate(job(), POOL, plan, global_batch_size=64, assumptions=ASSUMPTIONS)
        assert many[code] == pytest.approx(float(single.exposed_offload))
        assert sizes[code] == pytest.approx(
            float(memory(job(), POOL, plan, global_batch_size=64, assumptions=ASSUMPTIONS).total)
        )


def test_an_unknown_link_is_refused_only_where_something_passes_it() -> None:
    assert estimate(job(), pool(), PLAN, global_batch_size=64, assumptions=ASSUMPTIONS).exposed_offload == 0.0
    with pytest.raises(UnknownValueError, match="host_bandwidth"):
        estimate(
            job(), pool(), replace(PLAN, offload=int(Offload.OPTIMIZER)), global_batch_size=64, assumptions=ASSUMPTIONS
        )
