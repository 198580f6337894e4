"""Numbers of software profiles: at most four each, of three sources or more, and a solver that finds what is there."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from lindos.catalog import load_catalog
from lindos.validation.fitting import Free, Sample, common_error, logs, residual, solve
from samples import samples
from stacks import FEWEST, STACKS

RUNS = samples()


def test_a_profile_has_at_most_four_fitted_numbers() -> None:
    """Numbers of a profile and of its bases together."""
    catalog = load_catalog()
    fitted = {parameter.path for parameter in STACKS}
    own = Counter(path.split(".")[1] for path in fitted)
    assert max(own.values()) <= 4
    for name in catalog.names("stacks"):
        stack = catalog.stack(name)
        facts = [getattr(stack, field) for field in stack.__dataclass_fields__]
        noted = [fact for fact in facts if "fitted to measured runs" in (getattr(fact, "note", "") or "")]
        assert {fact.path for fact in noted} <= fitted, name


@pytest.mark.parametrize("parameter", STACKS, ids=lambda parameter: parameter.path)
def test_no_number_rests_on_fewer_than_three_sources(parameter: Free) -> None:
    assert len({sample.source for sample in RUNS if sample.decides(parameter.path)}) >= FEWEST


def _made(value: float) -> list[Sample]:
    """Runs of one profile whose measured times are those under another value of one fact."""
    path = "stacks.fsdp.kernel_share"
    chosen = [sample for sample in RUNS if sample.reads(path) and sample.ready.model_kind == "dense"][::8]
    return [replace(sample, measured=float(np.exp(logs(sample, {path: value})))) for sample in chosen]


def test_the_solver_finds_a_value_that_made_the_runs() -> None:
    free = [Free("stacks.fsdp.kernel_share", 1.0, 0.5, 0.3, 1.25)]
    (found,) = solve(free, [_made(0.8)])
    assert found["stacks.fsdp.kernel_share"] == pytest.approx(0.8, abs=0.01)


def test_training_sets_are_fitted_apart() -> None:
    free = [Free("stacks.fsdp.kernel_share", 1.0, 0.5, 0.3, 1.25)]
    slow, fast = solve(free, [_made(0.7), _made(1.1)])
    assert slow["stacks.fsdp.kernel_share"] == pytest.approx(0.7, abs=0.01)
    assert fast["stacks.fsdp.kernel_share"] == pytest.approx(1.1, abs=0.01)


def test_a_residual_is_measured_over_predicted() -> None:
    sample = RUNS[0]
    assert residual(replace(sample, measured=sample.measured * 2), {}) == pytest.approx(
        residual(sample, {}) + np.log(2), abs=1e-9
    )


def test_a_common_error_is_shrunk_by_how_few_runs_show_it() -> None:
    assert common_error([]) == 0.0
    few, many = common_error([0.2]), common_error([0.2] * 50)
    assert 0 < few < many < 0.2
    assert common_error([0.2] * 20 + [3.0]) < 0.25
    # Many runs of one model on one device say less of others than as many of several.
    assert common_error([0.2] * 8, ["a"] * 8) < common_error([0.2] * 8, list("aabbccdd")) < common_error([0.2] * 8)


def test_a_source_far_off_moves_a_parameter_less_than_its_distance() -> None:
    """One source in seven is slower by half for a cause that its rows do not state."""
    free = [Free("stacks.fsdp.kernel_share", 1.0, 0.5, 0.3, 1.25)]
    made = _made(0.8)
    (odd, *_), *_ = sorted({(sample.source, sample.stack) for sample in made}, key=str), None
    slow = [replace(s, measured=s.measured * 1.5) if s.source == odd[0] else s for s in made]
    (found,) = solve(free, [slow])
    assert found["stacks.fsdp.kernel_share"] == pytest.approx(0.8, abs=0.06)
