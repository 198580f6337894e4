"""Adapters beside frozen weights: no gradients of weights, no states of the optimizer, and what is counted of both."""

from dataclasses import replace

import pytest

from lindos.problem.plan import Offload, Plan, Recompute, Sharding
from lindos.step import estimate, memory
from lindos.transformer import adapter_flops_per_token, adapter_params, model_flops_per_token, num_params, trained_share
from step_fixtures import DENSE, LATENT_EXPERTS, accelerator, assumptions, job, pool

ROOMY = pool(1024, device=accelerator(memory=1e15))
PLAN = Plan(data_parallel=8, recompute=int(Recompute.NONE))
WHOLE = job()
ADAPTED = replace(WHOLE, adapter_rank=16)


def test_adapters_of_a_layer_by_hand() -> None:
    """Rank times inputs and outputs of queries, keys and values, output, both of the gate, and down."""
    hidden, kv, width = 4096, 2 * 1024, 14336
    layer = (hidden + hidden + kv) + (hidden + hidden) + (hidden + 2 * width) + (width + hidden)
    assert adapter_params(DENSE, 16) == 32 * 16 * layer
    assert trained_share(DENSE, 16) == pytest.approx(32 * 16 * layer / num_params(DENSE))
    assert trained_share(DENSE, 0) == 1.0


def test_frozen_weights_need_two_passes_of_three() -> None:
    ratio = adapter_flops_per_token(DENSE, 4096, 16) / model_flops_per_token(DENSE, 4096)
    assert 2 / 3 < ratio < 0.72  # attention has no weights, and adapters are trained
    assert adapter_flops_per_token(LATENT_EXPERTS, 4096, 8) < 0.8 * model_flops_per_token(LATENT_EXPERTS, 4096)


@pytest.mark.parametrize("sharding", Sharding)
def test_frozen_weights_have_neither_gradients_nor_states(sharding: Sharding) -> None:
    plan = replace(PLAN, sharding=int(sharding))
    whole, adapted = (
        memory(task, ROOMY, plan, global_batch_size=64, assumptions=assumptions()) for task in (WHOLE, ADAPTED)
    )
    share = trained_share(DENSE, 16)
    assert adapted.gradients == pytest.approx(whole.gradients * share)
    per_param = 8 if sharding is Sharding.PARAMETERS else 12
    assert adapted.optimizer == pytest.approx(whole.optimizer * share * 12 / per_param)
    frozen = 2 * num_params(DENSE) / (8 if sharding is Sharding.PARAMETERS else 1)
    assert adapted.weights == pytest.approx(frozen)


def test_a_step_has_no_gradients_of_weights() -> None:
    whole, adapted = (
        estimate(task, ROOMY, PLAN, global_batch_size=64, assumptions=assumptions()) for task in (WHOLE, ADAPTED)
    )
    assert 0.6 < float(adapted.matmul / whole.matmul) < 0.7
    assert adapted.attention == whole.attention
    assert adapted.elementwise > whole.elementwise  # of the adapters
    assert adapted.exposed_data_parallel < 0.05 * whole.exposed_data_parallel + 1e-3
    assert adapted.optimizer < 0.1 * whole.optimizer
    assert adapted.model_flops == pytest.approx(64 * 4096 * adapter_flops_per_token(DENSE, 4096, 16))


def test_an_offloaded_optimizer_of_adapters_is_small() -> None:
    plan = replace(PLAN, offload=int(Offload.OPTIMIZER))
    device = replace(ROOMY.accelerator, host_bandwidth=replace(ROOMY.accelerator.memory_bandwidth, content=50e9))
    times = [
        float(estimate(task, replace(ROOMY, accelerator=device), plan, global_batch_size=64).exposed_offload)
        for task in (WHOLE, ADAPTED)
    ]
    assert times[1] < 0.02 * times[0]


def test_narrow_states_take_less_memory_and_less_time() -> None:
    narrow = replace(WHOLE, state_bytes=8.0)
    sizes = [memory(task, ROOMY, PLAN, global_batch_size=64, assumptions=assumptions()) for task in (WHOLE, narrow)]
    assert sizes[1].optimizer == pytest.approx(sizes[0].optimizer * 8 / 12)
    shared = replace(PLAN, sharding=int(Sharding.PARAMETERS))
    held = memory(narrow, ROOMY, shared, global_batch_size=64, assumptions=assumptions())
    assert held.optimizer == pytest.approx(4 * num_params(DENSE) / 8)
    times = [estimate(task, ROOMY, PLAN, global_batch_size=64, assumptions=assumptions()) for task in (WHOLE, narrow)]
    assert times[1].optimizer < times[0].optimizer
