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


def _runs(table: str) -> list[LeftOut]:
    with FILE.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["left_out"] == table]
    names = ("measured_step_s", "predicted_step_s", "low_s", "high_s")
    return [LeftOut(NOW[row["id"]], *(float(row[name] or "nan") for name in names)) for row in rows]


RUNS = _runs("source")
PAIRS = _runs("pair")
CALIBRATED = _runs("pair, calibrated")


def _kinds() -> dict[str, list[LeftOut]]:
    return {
        "all": RUNS,
        "dense": [one for one in RUNS if SLICES["model_kind"](one.now) == "dense"],
        "moe": [one for one in RUNS if SLICES["model_kind"](one.now) == "moe"],
    }


def _by_source(runs: list[LeftOut]) -> dict[str, list[LeftOut]]:
    groups: dict[str, list[LeftOut]] = {}
    for one in runs:
        groups.setdefault(SLICES["source"](one.now), []).append(one)
    return groups


def test_every_run_is_there_once_with_what_was_measured() -> None:
    assert len({one.now.row.run.id for one in RUNS}) == len(RUNS) >= 834
    for one in RUNS:
        assert one.measured == pytest.approx(one.now.measured, rel=1e-4)
        assert one.low < one.predicted < one.high


@pytest.mark.parametrize(
    ("kind", "median", "p90", "sources"),
    [("all", 0.084, 0.217, 0.107), ("dense", 0.084, 0.207, 0.106), ("moe", 0.085, 0.254, 0.116)],
)
def test_errors_on_sources_left_out_may_only_go_down(kind: str, median: float, p90: float, sources: float) -> None:
    runs = _kinds()[kind]
    errors = np.abs([one.error for one in runs])
    assert np.median(errors) <= median
    assert np.quantile(errors, 0.9) <= p90
    assert np.mean([np.median(np.abs([one.error for one in some])) for some in _by_source(runs).values()]) <= sources


@pytest.mark.parametrize(("runs", "median", "p90"), [(PAIRS, 0.0495, 0.145), (CALIBRATED, 0.0485, 0.144)])
def test_errors_on_pairs_left_out_may_only_go_down(runs: list[LeftOut], median: float, p90: float) -> None:
    errors = np.abs([one.error for one in runs])
    assert len(runs) >= 497
    assert np.median(errors) <= median
    assert np.quantile(errors, 0.9) <= p90
    assert abs(np.mean([one.error for one in runs])) <= 0.02


def test_intervals_of_other_sources_hold_eight_in_ten() -> None:
    for kind, runs in _kinds().items():
        widest = 0.85 if kind == "all" else 0.9
        assert 0.75 <= np.mean([one.covered for one in runs]) <= widest, kind
    sources = {name: runs for name, runs in _by_source(RUNS).items() if len(runs) >= 15}
    assert not {name for name, runs in sources.items() if np.mean([one.covered for one in runs]) < 0.6}


def test_they_are_of_this_model_and_made_without_their_source() -> None:
    """Close to what the whole fit predicts, or the file is stale; the same, and nothing was left out."""
    away = [abs(math.log(one.predicted / (one.now.prediction.time or math.nan))) for one in RUNS]
    assert np.median(away) < 0.05
    assert sum(distance < 1e-6 for distance in away) < 0.02 * len(RUNS)
