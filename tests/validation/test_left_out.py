"""Runs left out of the fit, as `fit/stacks.py --write` wrote them down: errors and intervals hold, nothing is stale."""

import csv
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from lindos.validation import read_runs, validate
from lindos.validation.score import SLICES, Result

FILE = Path(__file__).parents[2] / "docs" / "left-out-runs.csv"
NOW = {result.row.run.id: result for result in validate(read_runs()).results}


class LeftOut(NamedTuple):
    """One run: what is predicted now, and what the other folds predict."""

    now: Result
    measured: float
    predicted: float
    low: float
    high: float

    @property
    def error(self) -> float:
        return self.predicted / self.measured - 1

    @property
    def covered(self) -> bool:
        return self.low <= self.measured <= self.high


def _runs() -> list[LeftOut]:
    with FILE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = ("measured_step_s", "predicted_step_s", "low_s", "high_s")
    return [LeftOut(NOW[row["id"]], *(float(row[name]) for name in names)) for row in rows]


RUNS = _runs()


def test_every_run_is_there_once_with_what_was_measured() -> None:
    assert len({one.now.row.run.id for one in RUNS}) == len(RUNS) >= 490
    for one in RUNS:
        assert one.measured == pytest.approx(one.now.measured, rel=1e-4)
        assert one.low < one.predicted < one.high


def test_errors_may_only_go_down() -> None:
    errors = np.array([one.error for one in RUNS])
    assert np.median(np.abs(errors)) <= 0.052
    assert np.quantile(np.abs(errors), 0.9) <= 0.162
    assert abs(np.mean(errors)) <= 0.02


@pytest.mark.parametrize("name", ["accelerator", "precision", "model_kind", "source", "size"])
def test_no_large_slice_is_far_off(name: str) -> None:
    groups: dict[str, list[float]] = {}
    for one in RUNS:
        groups.setdefault(SLICES[name](one.now), []).append(abs(one.error))
    assert not {group: np.median(some) for group, some in groups.items() if len(some) >= 15 and np.median(some) > 0.12}


def test_intervals_of_other_folds_hold_eight_in_ten() -> None:
    assert 0.75 <= np.mean([one.covered for one in RUNS]) <= 0.85
    slices = {
        "dense": [one for one in RUNS if SLICES["model_kind"](one.now) == "dense"],
        "moe": [one for one in RUNS if SLICES["model_kind"](one.now) == "moe"],
        "Blackwell": [one for one in RUNS if one.now.row.run.accelerator in ("B200", "GB200", "B300", "GB300")],
        "large": [one for one in RUNS if (one.now.row.run.num_devices or 0) >= 1024],
    }
    for name, some in slices.items():
        assert len(some) >= 50, name
        assert 0.65 <= np.mean([one.covered for one in some]) <= 0.95, name


def test_they_are_of_this_model_and_made_without_their_fold() -> None:
    """Close to what the whole fit predicts, or the file is stale; the same, and nothing was left out."""
    away = [abs(math.log(one.predicted / (one.now.prediction.time or math.nan))) for one in RUNS]
    assert np.median(away) < 0.03
    assert sum(distance < 1e-6 for distance in away) < 0.02 * len(RUNS)
