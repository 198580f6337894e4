"""Where plans that people ran stand in the space of plans."""

from dataclasses import replace

import numpy as np
import pytest

from lindos.catalog import load_catalog
from lindos.step import load_assumptions
from lindos.validation import read_runs
from lindos.validation.predict import Prepared, prepare
from lindos.validation.rank import rank
from lindos.validation.refusal import NotPredictedError

STATED = ("tensor_parallel", "pipeline_parallel", "data_parallel", "micro_batch_size", "global_batch_size", "recompute")


@pytest.fixture(scope="module")
def ready() -> list[Prepared]:
    """Every twelfth of the runs that state their plan."""
    catalog = load_catalog()
    assumptions = load_assumptions(catalog)
    found = []
    for row in [row for row in read_runs() if all(getattr(row.run, name) for name in STATED)][::12]:
        try:
            found.append(prepare(row.run, catalog, assumptions))
        except NotPredictedError:
            continue
    return found


def test_most_measured_plans_are_in_the_top_tenth(ready: list[Prepared]) -> None:
    found = [one for one in map(rank, ready) if one is not None]
    assert len(found) >= 15
    assert min(one.num_feasible for one in found) > 20
    assert np.mean([one.share <= 0.1 for one in found]) > 0.6
    assert 0.0 <= np.median([one.gain for one in found]) < 0.4


def test_a_bad_plan_is_not(ready: list[Prepared]) -> None:
    """The same run with everything recomputed and the sequence whole on every rank."""
    one = next(run for run in ready if run.chosen.plan.tensor_parallel > 1 and run.chosen.plan.recompute < 2)
    plan = replace(one.chosen.plan, recompute=2, sequence_parallel=0)
    worse = rank(replace(one, chosen=replace(one.chosen, plan=plan)))
    own = rank(one)
    assert worse is not None
    assert own is not None
    assert worse.share > own.share
    assert worse.gain > own.gain
