"""Errors on the published runs may only go down: `python tests/validation/test_validation_ratchet.py` lowers the bar.

The bar holds median and 90th percentile of the error, slice by slice.
"""

import json
from pathlib import Path

import pytest

from lindos.validation import Score, read_runs, validate

BAR = Path(__file__).with_name("ratchet.json")
SLICES = ("accelerator", "precision", "model_kind", "stack", "source")
#: Slices of fewer runs say little.
FEWEST = 5
TOLERANCE = {"all": 0.003}
SLICE_TOLERANCE = 0.01


def errors(found: Score) -> dict[str, list[float]]:
    """Median and 90th percentile of the error of every slice."""
    assert found.overall is not None
    numbers = {"all": [found.overall.median_abs_error, found.overall.p90_abs_error]}
    for name in SLICES:
        for group, one in found.slices[name].items():
            if one.rows >= FEWEST:
                numbers[f"{name} {group}"] = [one.median_abs_error, one.p90_abs_error]
    if found.memory_error is not None:
        numbers["memory"] = [found.memory_error, found.memory_error]
    return {name: [round(value, 4) for value in pair] for name, pair in numbers.items()}


@pytest.fixture(scope="module")
def score() -> Score:
    return validate(read_runs())


def test_no_slice_got_worse(score: Score) -> None:
    now, bar = errors(score), json.loads(BAR.read_text(encoding="utf-8"))
    worse = {
        name: f"{now[name]} after {bar[name]}"
        for name in bar
        if name in now
        and any(n > o + TOLERANCE.get(name, SLICE_TOLERANCE) for n, o in zip(now[name], bar[name], strict=True))
    }
    assert not worse


def test_nothing_was_dropped_to_look_better(score: Score) -> None:
    assert sum(result.prediction.time is not None for result in score.results) >= 896
    assert set(errors(score)) == set(json.loads(BAR.read_text(encoding="utf-8")))


def test_measured_runs_are_feasible(score: Score) -> None:
    assert score.wrongly_infeasible <= 8  # under one in a hundred


def test_intervals_hold_what_they_promise(score: Score) -> None:
    assert score.overall is not None
    assert 0.75 <= score.overall.coverage_80 <= 0.95


if __name__ == "__main__":
    BAR.write_text(json.dumps(errors(validate(read_runs())), indent=1, sort_keys=True) + "\n", encoding="utf-8")
