"""Runs of equal candidates: what is computed once is what would be computed for each."""

import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given as cases
from hypothesis import strategies as st

from lindos.problem.plan import Plan
from lindos.step import estimate
from lindos.step.tile_cache import Runs, joined, picked
from step_fixtures import LATENT_EXPERTS, assumptions, job, pool


@dataclass(frozen=True)
class Pair:
    first: Any
    second: Any = 3.0


@cases(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(1, 5))
def test_spreading_the_first_of_each_run_gives_every_one_back(values: list[int], each: int) -> None:
    array = np.repeat(np.array(values, dtype=float), each)
    runs = Runs([array, 2.0])
    found = runs.spread(runs.first(Pair(array)))
    assert np.array_equal(found.first, array)
    assert found.second == 3.0


def test_long_runs_are_shortened_and_short_ones_are_not() -> None:
    long, short = np.repeat([1.0, 2.0], 50), np.arange(100.0)
    assert len(Runs([long]).first(long)) == 2
    assert len(Runs([long, short]).first(long)) == 100


@pytest.mark.parametrize("values", [[1.0, 2.0], [np.ones((2, 3))], [np.ones(3), np.ones(4)], [np.zeros(0)]])
def test_what_is_no_row_of_candidates_is_left_as_it_is(values: list[Any]) -> None:
    runs, thing = Runs(values), np.arange(6.0)
    assert runs.first(thing) is thing
    assert runs.spread(thing) is thing


def test_parts_are_joined_and_picked() -> None:
    whole = joined([Pair(np.array([1.0, 2.0]), 7.0), Pair(np.array([3.0]), 7.0)], [2, 1])
    assert whole.first.tolist() == [1, 2, 3]
    assert whole.second == 7.0
    assert joined([Pair(1.0, 7.0), Pair(2.0, 7.0)], [2, 1]).first.tolist() == [1, 1, 2]
    assert picked(whole, np.array([2, 0])).first.tolist() == [3, 1]


def test_an_estimate_of_neighbours_is_that_of_each() -> None:
    """Plans in the order of nested loops, and shuffled: the same numbers."""
    grid = np.array(np.meshgrid([1.0, 2.0, 8.0], [1.0, 8.0], [1.0, 2.0, 4.0], [0.0, 1.0, 2.0, 3.0], indexing="ij"))
    t, e, p, sharding = grid.reshape(4, -1)
    plan = Plan(tensor_parallel=t, expert_parallel=e, pipeline_parallel=p, sharding=sharding, data_parallel=0 * t + 8)
    mixed = np.random.default_rng(0).permutation(len(t))
    asked = {"global_batch_size": 64.0, "assumptions": assumptions()}
    task, cluster = job(LATENT_EXPERTS), pool(512)
    assert len(Runs([t, e]).first(t)) == 6
    inorder = estimate(task, cluster, plan, **asked).time
    shuffled = estimate(task, cluster, picked(plan, mixed), **asked).time
    assert np.array_equal(inorder[mixed], shuffled)


_PAGE_FAULTS = """
import resource
import numpy as np
from lindos.problem.plan import Plan
from lindos.step import estimate
from step_fixtures import LATENT_EXPERTS, assumptions, job, pool
work, devices, size = job(LATENT_EXPERTS), pool(), 32_000
plan = Plan(tensor_parallel=np.repeat([1.0, 2.0, 4.0, 8.0], size // 4), data_parallel=np.tile([64.0, 128.0], size // 2))
for evaluation in range(12):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    estimate(work, devices, plan, global_batch_size=1024, assumptions=assumptions())
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no such limit")
def test_the_memory_of_a_tile_serves_the_next_one() -> None:
    helpers = Path(__file__).parents[1] / "helpers"
    command = [sys.executable, "-c", f"import sys; sys.path.append({str(helpers)!r}){_PAGE_FAULTS}"]
    finished = subprocess.run(command, check=True, capture_output=True, text=True)
    assert int(finished.stdout) < 100  # pages; 32,000 numbers take 63
