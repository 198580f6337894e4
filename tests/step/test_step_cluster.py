"""A job over several kinds of device: shares by speed, and what synchronising costs."""

from dataclasses import replace

import numpy as np
import pytest

from lindos.errors import InfeasibleError, InputError
from lindos.planning import decide, leaving_out
from lindos.problem.cluster import Cluster, Pool
from lindos.step import cluster_step, estimate
from lindos.transformer import num_params
from step_fixtures import accelerator, assumptions, fact, job, pool


def named(name: str, num_devices: int, speed: float = 1.0) -> Pool:
    """A pool whose devices compute and read memory ``speed`` times as fast as the usual ones."""
    device = accelerator(peak_bf16=1000e12 * speed, memory_bandwidth=3e12 * speed)
    return replace(pool(num_devices, device=device), name=name)


TWO = Cluster(name="two", pools=(named("slow", 512), named("fast", 512, 2.0)))
SAME = Cluster(name="same", pools=(named("first", 256), named("second", 256)))
ASSUMPTIONS = assumptions()


def test_one_pool_is_the_plain_estimate() -> None:
    cluster = Cluster(name="one", pools=(named("only", 256),))
    (decision,) = decide(job(), cluster, global_batch_size=512, assumptions=ASSUMPTIONS)
    found = cluster_step(job(), cluster, (decision,), assumptions=ASSUMPTIONS)
    alone = estimate(job(), cluster.pools[0], decision.plan, global_batch_size=512, assumptions=ASSUMPTIONS)
    assert found.time == alone.time
    assert found.mfu == pytest.approx(alone.mfu)
    assert found.synchronisation == 0.0
    assert found.cost_of_synchronising == pytest.approx(0.0)


def test_equal_pools_share_equally_and_lose_next_to_nothing() -> None:
    decisions = decide(job(), SAME, global_batch_size=2048, assumptions=ASSUMPTIONS)
    assert decisions[0].global_batch_size == decisions[1].global_batch_size == 1024
    found = cluster_step(job(), SAME, decisions, assumptions=ASSUMPTIONS)
    assert found.cost_of_synchronising < 0.01


def test_the_faster_pool_gets_more_of_the_batch() -> None:
    decisions = decide(job(), TWO, global_batch_size=8192, assumptions=ASSUMPTIONS)
    slow, fast = (decision.global_batch_size for decision in decisions)
    assert slow + fast == 8192
    assert 1.5 < fast / slow < 2.3
    found = cluster_step(job(), TWO, decisions, assumptions=ASSUMPTIONS)
    times = [part.estimate.time for part in found.pools]
    assert max(times) / min(times) < 1.15
    assert 0 <= found.cost_of_synchronising < 0.1


@pytest.mark.parametrize("batch", [1000, 2047, 8192])
def test_an_exact_batch_is_shared_to_the_last_sequence(batch: int) -> None:
    decisions = decide(job(), TWO, global_batch_size=batch, assumptions=ASSUMPTIONS)
    assert sum(decision.global_batch_size for decision in decisions) == batch
    found = cluster_step(job(), TWO, decisions, assumptions=ASSUMPTIONS)
    free = cluster_step(
        job(),
        TWO,
        decide(job(), TWO, global_batch_size=batch, batch_is_free=True, assumptions=ASSUMPTIONS),
        assumptions=ASSUMPTIONS,
    )
    assert found.tokens_per_second <= free.tokens_per_second * 1.02


@pytest.mark.parametrize("batch", [1000, 2048, 5000])
def test_shares_are_whole_micro_batches_of_all_replicas(batch: int) -> None:
    decisions = decide(job(), TWO, global_batch_size=batch, batch_is_free=True, assumptions=ASSUMPTIONS)
    assert sum(decision.global_batch_size for decision in decisions) <= batch
    for decision in decisions:
        assert decision.global_batch_size % int(decision.plan.data_parallel * decision.plan.micro_batch_size) == 0


def test_step_time_of_several_pools_is_the_slowest_pool_plus_the_gradient_exchange() -> None:
    decisions = decide(job(), TWO, global_batch_size=8192, assumptions=ASSUMPTIONS)
    found = cluster_step(job(), TWO, decisions, assumptions=ASSUMPTIONS)
    assert found.time == max(part.estimate.time for part in found.pools) + found.synchronisation
    # Each device of the smaller half adds up its part with one partner: all of it, once, over half of 40 GB/s.
    message = num_params(job().model) * 4.0 / min(part.num_devices - part.idle_devices for part in found.pools)
    assert found.synchronisation == pytest.approx(message / 20e9 + 2 * 8e-6, rel=1e-6)
    assert found.tokens == 8192 * 4096
    assert found.num_devices + found.idle_devices == TWO.num_devices
    apart = sum(part.estimate.tokens_per_second for part in found.pools)
    assert found.cost_of_synchronising == pytest.approx(1 - found.tokens_per_second / apart)


def test_a_mixed_cluster_is_faster_than_its_best_pool() -> None:
    found = cluster_step(
        job(), TWO, decide(job(), TWO, global_batch_size=8192, assumptions=ASSUMPTIONS), assumptions=ASSUMPTIONS
    )
    best = Cluster(name="fast", pools=TWO.pools[1:])
    alone = cluster_step(
        job(), best, decide(job(), best, global_batch_size=8192, assumptions=ASSUMPTIONS), assumptions=ASSUMPTIONS
    )
    assert found.tokens_per_second > 1.2 * alone.tokens_per_second


def test_decided_plans_are_evaluated_for_draws() -> None:
    decisions = decide(job(), TWO, global_batch_size=4096, assumptions=ASSUMPTIONS)
    drawn = Cluster(
        name="drawn",
        pools=tuple(
            replace(p, kernels=replace(p.kernels, matmul_bf16=fact(np.array([0.5, 0.6, 0.7])))) for p in TWO.pools
        ),
    )
    found = cluster_step(job(), drawn, decisions, assumptions=ASSUMPTIONS)
    point = cluster_step(job(), TWO, decisions, assumptions=ASSUMPTIONS)
    assert np.shape(found.time) == (3,)
    assert np.all(np.diff(found.time) < 0)
    assert found.time[-1] == pytest.approx(point.time)


def test_a_batch_too_small_to_share_is_refused() -> None:
    fixed = {"tensor_parallel": 1, "pipeline_parallel": 2, "data_parallel": 64, "micro_batch_size": 1}
    with pytest.raises(InfeasibleError, match="The batch is too small to share between pools") as refused:
        decide(job(), TWO, global_batch_size=100, batch_is_free=True, fixed=fixed, assumptions=ASSUMPTIONS)
    assert "128 sequences of 100" in str(refused.value)


def test_decisions_must_match_the_pools() -> None:
    decisions = decide(job(), TWO, global_batch_size=4096, assumptions=ASSUMPTIONS)
    with pytest.raises(InputError, match="one for each of the 2 pools"):
        cluster_step(job(), TWO, decisions[:1], assumptions=ASSUMPTIONS)


def test_leaving_a_pool_out_is_the_job_on_the_others() -> None:
    found = leaving_out(job(), TWO, global_batch_size=8192, assumptions=ASSUMPTIONS).steps
    assert set(found) == {"slow", "fast"}
    rest = Cluster(name="two", pools=TWO.pools[1:])
    alone = cluster_step(
        job(), rest, decide(job(), rest, global_batch_size=8192, assumptions=ASSUMPTIONS), assumptions=ASSUMPTIONS
    )
    assert found["slow"].tokens_per_second == alone.tokens_per_second
    assert found["fast"].tokens_per_second < found["slow"].tokens_per_second
    assert leaving_out(job(), rest, global_batch_size=8192, assumptions=ASSUMPTIONS).steps == {}


def test_a_pool_that_holds_the_others_up_is_better_left_out() -> None:
    """Few sequences and a pool of snails: what it adds is less than what waiting for it costs."""
    held_up = Cluster(name="held-up", pools=(named("snails", 8, 0.02), named("fast", 512, 2.0)))
    together = cluster_step(
        job(), held_up, decide(job(), held_up, global_batch_size=64, assumptions=ASSUMPTIONS), assumptions=ASSUMPTIONS
    )
    found = leaving_out(job(), held_up, global_batch_size=64, assumptions=ASSUMPTIONS).steps
    assert found["snails"].tokens_per_second > together.tokens_per_second
    assert found["snails"].tokens == together.tokens


def test_a_pool_without_which_nothing_holds_is_not_named() -> None:
    """One device of 80 GB holds no plan by itself: only the other can be without it."""
    small = Cluster(name="small", pools=(named("one", 1), named("many", 64)))
    found = leaving_out(job(), small, global_batch_size=64, assumptions=ASSUMPTIONS)
    assert (set(found.steps), found.num_examined) == ({"one"}, 2)


def test_of_many_pools_those_that_may_hold_the_job_up_are_left_out() -> None:
    """The slowest and the smallest are among them, and no other one, left out by hand, makes the job faster."""
    devices = {"snails": (16, 0.02), "few": (16, 1.0)} | {f"pool {number}": (64 + number, 1.0) for number in range(4)}
    cluster = Cluster(name="many", pools=tuple(named(name, *words) for name, words in devices.items()))
    how = {"global_batch_size": 1024, "assumptions": ASSUMPTIONS}
    together = cluster_step(job(), cluster, decide(job(), cluster, **how), assumptions=ASSUMPTIONS)
    found = leaving_out(job(), cluster, **how)
    assert found.num_examined == 3
    assert {"snails", "few"} <= set(found.steps)
    assert found.steps["snails"].tokens_per_second > together.tokens_per_second
    for absent in cluster.pools:
        if absent.name not in found.steps:
            rest = replace(cluster, pools=tuple(other for other in cluster.pools if other is not absent))
            alone = cluster_step(job(), rest, decide(job(), rest, **how), assumptions=ASSUMPTIONS)
            assert alone.tokens_per_second <= together.tokens_per_second * 1.01
