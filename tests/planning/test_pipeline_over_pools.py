"""Pipelines over pools of different devices."""

from dataclasses import replace

import numpy as np
import pytest

from lindos.planning import across, pipeline_over_pools
from lindos.planning.pipeline_over_pools import _layers
from lindos.problem.cluster import Cluster, Pool
from lindos.step import estimate
from step_fixtures import DENSE, accelerator, assumptions, job, pool


def cluster(*pools: Pool) -> Cluster:
    return Cluster(name="mixed", pools=tuple(replace(one, name=f"pool {i}") for i, one in enumerate(pools)))


def fast(num_devices: int, times: float) -> Pool:
    device = accelerator(peak_bf16=1000e12 * times, memory_bandwidth=3e12 * times)
    return pool(num_devices, device=device)


def test_equal_pools_are_one_pipeline() -> None:
    """Two halves of a cluster: the time of the same plan without interleaving, apart from how sends are told."""
    free = {"overlap_pipeline_parallel": 1.0}
    task = job(**free)
    found = across(task, cluster(pool(64), pool(64)), global_batch_size=512, assumptions=assumptions())
    assert found is not None
    assert found.stages[0] == found.stages[1]
    assert found.layers[0] == found.layers[1]
    whole = estimate(task, pool(128), found.plan, global_batch_size=512, assumptions=assumptions())
    assert found.time == pytest.approx(float(whole.time), rel=0.06)


def test_faster_devices_hold_more_layers() -> None:
    found = across(job(), cluster(pool(64), fast(64, 3.0)), global_batch_size=512, assumptions=assumptions())
    assert found is not None
    assert found.layers[1] >= 2 * found.layers[0]
    assert sum(s * n for s, n in zip(found.stages, found.layers, strict=True)) >= DENSE.num_layers
    assert found.num_devices <= 128
    assert found.tokens == 512 * 4096


def test_no_split_of_layers_is_faster() -> None:
    """Against every split of layers over two kinds of stage."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        each = rng.uniform(0.1, 1.0, (2, 1))
        stages = rng.integers(1, 6, (2, 1)).astype(float)
        layers = int(rng.integers(2, 40))
        held = _layers(each, stages, layers)
        assert (held * stages).sum() >= layers
        brute = min(
            max(a * each[0, 0], b * each[1, 0])
            for a in range(layers + 1)
            for b in range(layers + 1)
            if a * stages[0, 0] + b * stages[1, 0] >= layers
        )
        assert (held * each).max() == pytest.approx(brute)


def test_a_free_batch_and_fixed_degrees() -> None:
    fixed = {"tensor_parallel": 2, "data_parallel": 4, "recompute": 2}
    found = across(
        job(),
        cluster(pool(32), fast(32, 2.0)),
        global_batch_size=100,
        batch_is_free=True,
        fixed=fixed,
        assumptions=assumptions(),
    )
    assert found is not None
    assert (found.plan.tensor_parallel, found.plan.data_parallel, found.plan.recompute) == (2, 4, 2)
    assert found.global_batch_size <= 100


def test_where_no_pipeline_holds_there_is_none() -> None:
    tiny = pool(8, device=accelerator(memory=2e9))
    assert across(job(), cluster(tiny, tiny), global_batch_size=8, assumptions=assumptions()) is None
    assert across(job(), cluster(pool(8), pool(8)), global_batch_size=8, fixed={"tensor_parallel": 3}) is None


def test_no_bound_sets_aside_the_best_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    """As without bounds: every node of every split evaluated."""
    task = job(replace(DENSE, num_layers=6))
    pools = cluster(pool(24), fast(16, 2.5), pool(9, device=accelerator(memory=40e9)))
    for batch, is_free in ((48, False), (70, True)):
        found = across(task, pools, global_batch_size=batch, batch_is_free=is_free, assumptions=assumptions())
        with monkeypatch.context() as patched:
            patched.setattr(pipeline_over_pools._Hunt, "_bound", lambda _, nodes: np.full(len(nodes), np.inf))
            assert (
                across(task, pools, global_batch_size=batch, batch_is_free=is_free, assumptions=assumptions()) == found
            )
        assert found is not None
