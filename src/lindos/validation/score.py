"""Predictions beside measurements: errors as fractions of the measured step time, whole and by slice."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from lindos.catalog import Catalog, load_catalog
from lindos.step import assumptions
from lindos.step.interval import difficulty, interval, interval_facts
from lindos.validation.flops import measured_time, stated_time
from lindos.validation.predict import Prediction, predict, size_class
from lindos.validation.read import read_runs
from lindos.validation.run import OneShare, OneTime, Row, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One row with its prediction, its 80 % interval and what was measured, in seconds of a step."""

    row: Row
    prediction: Prediction
    measured: OneTime | None = None
    converted: bool = False  # from FLOPs, by a publisher's definition
    low: OneTime | None = None
    high: OneTime | None = None

    @property
    def error(self) -> OneShare | None:
        """Predicted over measured, less one."""
        if self.prediction.time is None or not self.measured:
            return None
        return self.prediction.time / self.measured - 1

    @property
    def covered(self) -> bool:
        """Whether the interval holds the measurement."""
        if self.measured is None or self.low is None or self.high is None:
            return False
        return self.low <= self.measured <= self.high

    @property
    def status(self) -> str:
        """Whether there is a prediction."""
        return "not predicted" if self.prediction.time is None else "predicted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Errors of some rows: fractions of measured step time; ``bias`` is the mean signed error."""

    rows: int
    median_abs_error: OneShare
    mean_abs_error: OneShare
    p90_abs_error: OneShare
    bias: OneShare
    coverage_80: OneShare


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A scored file: every row's result, the whole and its slices."""

    results: tuple[Result, ...]
    whole: Slice | None
    by: dict[str, dict[str, Slice]]
    memory_rows: int
    memory_error: OneShare | None  # median over rows with a measured peak
    wrongly_infeasible: int
    not_predicted: dict[str, int]


def validate(
    rows: Sequence[Row], catalog: Catalog | None = None, report: Callable[[int], object] = lambda done: None
) -> Score:
    """Predict every row, then score the predictions against what was measured.

    Parameters
    ----------
    rows
        The runs with their measurements.
    catalog
        The facts; those that ship where left out.
    report
        Called after every row with the number of rows that are done.
    """
    facts = catalog or load_catalog()
    predictor = _Predictor(facts)
    results = []
    for done, row in enumerate(rows, start=1):
        results.append(predictor.result(row))
        report(done)
    return score(results)


class _Predictor:
    """Predicts runs, those that differ in nothing but their id once."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._given, self._facts = assumptions(catalog), interval_facts(catalog)
        self._predicted: dict[Run, tuple[Prediction, OneTime | None, OneTime | None]] = {}

    def result(self, row: Row) -> Result:
        """The prediction of a row beside what was measured."""
        same = replace(row.run, id="", line=0)
        if same not in self._predicted:
            self._predicted[same] = self._predict(row.run)
        prediction, low, high = self._predicted[same]
        prediction = replace(prediction, id=row.run.id)
        ready = prediction.prepared
        if ready is None or low is None:
            return Result(row=row, prediction=prediction, measured=stated_time(row.measurement, row.run))
        time, converted = measured_time(row.measurement, ready)
        return Result(row=row, prediction=prediction, measured=time, converted=converted, low=low, high=high)

    def _predict(self, run: Run) -> tuple[Prediction, OneTime | None, OneTime | None]:
        """The prediction of a run and the ends of its interval, which are missing where it has none."""
        prediction = predict(run, self._catalog, self._given)
        ready = prediction.prepared
        if ready is None or prediction.time is None:
            return prediction, None, None
        plan, num_filled = ready.chosen.plan, len(ready.filled)
        traits = difficulty(ready.job, ready.pool, plan, num_filled=num_filled, facts=self._facts)
        low, high = interval(prediction.time, traits, self._facts)
        return prediction, float(low), float(high)


def validate_runs(file: str | Path | None = None, catalog: Sequence[str | Path] = ()) -> Score:
    """Predict the runs of a table under their own plans, and score the predictions against what was measured.

    Parameters
    ----------
    file
        CSV in the columns of the published runs; those that ship where left out.
    catalog
        Your own catalogue files, later ones on top.

    Raises
    ------
    InputErrors
        If the table is wrong: one sentence for each value, with its line.
    """
    rows = read_runs(None if file is None else Path(file))
    return validate(rows, load_catalog([Path(path) for path in catalog]))


#: Slices of the JSON document, then those that only the table shows.
SLICES: dict[str, Callable[[Result], str]] = {
    "accelerator": lambda r: r.row.run.accelerator or "not stated",
    "precision": lambda r: r.row.run.precision or "not stated",
    "model_kind": lambda r: r.prediction.prepared.model_kind if r.prediction.prepared else "unknown",
    "stack": lambda r: r.prediction.stack,
    "metric": lambda r: "converted from FLOPs" if r.converted else "time or tokens",
    "source": lambda r: r.row.run.id.rsplit("-", 1)[0],
    "size": lambda r: size_class(r.prediction),
}


def score(results: Sequence[Result]) -> Score:
    """Errors of ``results``."""
    scored = [result for result in results if result.error is not None]
    by = {}
    for name, key in SLICES.items():
        groups: dict[str, list[Result]] = {}
        for result in scored:
            groups.setdefault(key(result), []).append(result)
        by[name] = {group: _slice(members) for group, members in sorted(groups.items())}
    peaks = [error for error in map(_memory_error, results) if error is not None]
    ready = [result.prediction.prepared for result in results if result.prediction.prepared is not None]
    return Score(
        results=tuple(results),
        whole=_slice(scored) if scored else None,
        by=by,
        memory_rows=len(peaks),
        memory_error=float(np.median(np.abs(peaks))) if peaks else None,
        wrongly_infeasible=sum(not one.chosen.fits for one in ready),
        not_predicted=dict(Counter(r.prediction.category for r in results if r.prediction.time is None).most_common()),
    )


def _slice(results: Sequence[Result]) -> Slice:
    return slice_of([result.error or 0.0 for result in results], [result.covered for result in results])


def slice_of(errors: Sequence[OneShare], covered: Sequence[bool]) -> Slice:
    """Errors of some rows in few numbers; ``covered`` says which intervals hold their measurement."""
    signed = np.array(errors, dtype=float)
    absolute = np.abs(signed)
    return Slice(
        rows=len(signed),
        median_abs_error=float(np.median(absolute)),
        mean_abs_error=float(np.mean(absolute)),
        p90_abs_error=float(np.quantile(absolute, 0.9)),
        bias=float(np.mean(signed)),
        coverage_80=float(np.mean(covered)),
    )


def _memory_error(result: Result) -> float | None:
    """Allocated memory over the measured peak, less one; an allocator counts neither context nor what it loses."""
    peak = result.row.measurement.peak_memory
    needed = None if peak is None else result.prediction.memory()
    if peak is None or needed is None:
        return None
    return float(needed.total - needed.context - needed.fragmentation) / peak - 1


def document(found: Score) -> dict[str, Any]:
    """The score as the JSON document of ``lindos validate --json``."""
    whole = found.whole
    errors = ("median_abs_error", "mean_abs_error", "p90_abs_error", "bias", "coverage_80")
    return {
        "rows": len(found.results),
        "predicted": sum(result.prediction.time is not None for result in found.results),
        **{name: getattr(whole, name) if whole else None for name in errors},
        "by": {
            name: {
                group: {"rows": one.rows, **{error: getattr(one, error) for error in errors}}
                for group, one in found.by[name].items()
            }
            for name in ("accelerator", "precision", "model_kind", "stack", "metric")
        },
        "memory": {
            "rows": found.memory_rows,
            "median_abs_error": found.memory_error,
            "wrongly_infeasible": found.wrongly_infeasible,
        },
        "not_predicted": found.not_predicted,
    }
