"""Compare predictions with measurements: errors as fractions of the measured step time, over all rows and by slice."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from lindos.catalog import Catalog, load_catalog
from lindos.step import load_assumptions
from lindos.step.interval import difficulty, interval, interval_facts
from lindos.validation.fits import Fits, count_fits
from lindos.validation.flops import measured_time, stated_time
from lindos.validation.predict import Prediction, predict, size_class
from lindos.validation.read import read_runs
from lindos.validation.run import OneShare, OneTime, Row, Run, source_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One row with its prediction, its 80 % interval and what was measured, in seconds of a step."""

    row: Row
    prediction: Prediction
    measured: OneTime | None = None
    converted: bool = False  # the measured time comes from FLOPs, by a publisher's definition
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
        """Whether the measurement lies in the interval."""
        if self.measured is None or self.low is None or self.high is None:
            return False
        return self.low <= self.measured <= self.high

    @property
    def status(self) -> str:
        """Whether there is a prediction, and whether its plan fits in memory."""
        if self.prediction.prepared is not None and not self.prediction.prepared.chosen.fits:
            return "too_large"
        return "not_predicted" if self.prediction.time is None else "predicted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Errors of a set of rows: fractions of measured step time; ``bias`` is the mean signed error."""

    rows: int
    median_abs_error: OneShare
    mean_abs_error: OneShare
    p90_abs_error: OneShare
    bias: OneShare
    coverage_80: OneShare


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Errors on published runs that a fit has not seen, as the catalogue states them."""

    runs: int  # each predicted by a fit without all runs of its source
    median_abs_error: OneShare
    p90_abs_error: OneShare
    source_median_error: OneShare  # mean of the median errors of the sources
    coverage_80: OneShare
    pair_median_abs_error: OneShare  # without all runs of the model on the accelerator, with others of the source
    pair_p90_abs_error: OneShare


def left_out_errors(catalog: Catalog) -> LeftOut:
    """Get the errors on runs that a fit has not seen.

    Parameters
    ----------
    catalog
        Catalogue with the results of the fit.
    """

    def value(name: str) -> float:
        return float(catalog.parameter(f"training.interval_{name}", "1").value)

    return LeftOut(
        runs=int(value("left_out_runs")),
        median_abs_error=value("left_out_median"),
        p90_abs_error=value("left_out_p90"),
        source_median_error=value("left_out_sources"),
        coverage_80=value("left_out_coverage"),
        pair_median_abs_error=value("pair_median"),
        pair_p90_abs_error=value("pair_p90"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A scored file: the result of every row, the errors over all rows, and those of each slice."""

    results: tuple[Result, ...]
    overall: Slice | None
    slices: dict[str, dict[str, Slice]]
    memory_rows: int
    memory_error: OneShare | None  # median over rows with a measured peak
    wrongly_infeasible: int
    fits: Fits
    not_predicted: dict[str, int]
    source_median_error: OneShare | None  # mean of the median errors of the sources
    left_out: LeftOut | None = None


def validate(
    rows: Sequence[Row],
    catalog: Catalog | None = None,
    report: Callable[[int], object] = lambda done: None,
    stack: str = "",
) -> Score:
    """Predict every row, then score the predictions against the measurements.

    Parameters
    ----------
    rows
        The runs with their measurements.
    catalog
        The facts; those that ship with Lindos where left out.
    report
        Called after every row with the number of rows that are done.
    stack
        Software profile of all rows; that of each row's source where left out.
    """
    facts = catalog or load_catalog()
    predictor = _Predictor(facts, stack)
    results = []
    for done, row in enumerate(rows, start=1):
        results.append(predictor.result(row))
        report(done)
    return replace(score(results), left_out=left_out_errors(facts))


class _Predictor:
    """Predicts runs; runs that differ only in their id are predicted once."""

    def __init__(self, catalog: Catalog, stack: str = "") -> None:
        self._catalog, self._stack = catalog, stack
        self._assumptions, self._facts = load_assumptions(catalog), interval_facts(catalog)
        self._predicted: dict[Run, tuple[Prediction, OneTime | None, OneTime | None]] = {}

    def result(self, row: Row) -> Result:
        """The prediction of a row beside its measurement."""
        content = replace(row.run, id="", line=0)
        if content not in self._predicted:
            self._predicted[content] = self._predict(row.run)
        prediction, low, high = self._predicted[content]
        prediction = replace(prediction, id=row.run.id)
        ready = prediction.prepared
        if ready is None or low is None:
            return Result(row=row, prediction=prediction, measured=stated_time(row.measurement, row.run))
        time, converted = measured_time(row.measurement, ready)
        return Result(row=row, prediction=prediction, measured=time, converted=converted, low=low, high=high)

    def _predict(self, run: Run) -> tuple[Prediction, OneTime | None, OneTime | None]:
        """The prediction of a run and the ends of its interval; the ends are None without a prediction."""
        prediction = predict(run, self._catalog, self._assumptions, self._stack)
        ready = prediction.prepared
        if ready is None or prediction.time is None:
            return prediction, None, None
        plan, num_filled = ready.chosen.plan, len(ready.filled)
        traits = difficulty(ready.job, ready.pool, plan, num_filled=num_filled, facts=self._facts)
        low, high = interval(prediction.time, traits, self._facts)
        return prediction, float(low), float(high)


def validate_runs(file: str | Path | None = None, catalog: Sequence[str | Path] = ()) -> Score:
    """Predict the runs of a table under their own plans, and score the predictions against the measurements.

    Parameters
    ----------
    file
        CSV in the columns of the published runs; those that ship with Lindos where left out.
    catalog
        Your own catalogue files; later files override earlier ones.

    Raises
    ------
    InputErrors
        If the table is wrong: one sentence for each value, with its line.
    """
    rows = read_runs(None if file is None else Path(file))
    return validate(rows, load_catalog([Path(path) for path in catalog]))


#: Slices of the JSON document; the last two are only in the table.
SLICES: dict[str, Callable[[Result], str]] = {
    "accelerator": lambda r: r.row.run.accelerator or "not stated",
    "precision": lambda r: r.row.run.precision or "not stated",
    "model_kind": lambda r: r.prediction.prepared.model_kind if r.prediction.prepared else "unknown",
    "stack": lambda r: r.prediction.stack,
    "metric": lambda r: "converted from FLOPs" if r.converted else "time or tokens",
    "source": lambda r: source_of(r.row.run),
    "size": lambda r: size_class(r.prediction),
}


def score(results: Sequence[Result]) -> Score:
    """Compute the errors of results, over all and by slice.

    Parameters
    ----------
    results
        Every row with its prediction and its measurement.
    """
    scored = [result for result in results if result.error is not None]
    slices = {}
    for name, key in SLICES.items():
        groups: dict[str, list[Result]] = {}
        for result in scored:
            groups.setdefault(key(result), []).append(result)
        slices[name] = {group: _slice(members) for group, members in sorted(groups.items())}
    peaks = [error for error in map(_memory_error, results) if error is not None]
    fits = count_fits([(result.row, result.prediction) for result in results])
    return Score(
        results=tuple(results),
        overall=_slice(scored) if scored else None,
        slices=slices,
        memory_rows=len(peaks),
        memory_error=float(np.median(np.abs(peaks))) if peaks else None,
        wrongly_infeasible=fits.ran_refused,
        fits=fits,
        source_median_error=(
            float(np.mean([part.median_abs_error for part in slices["source"].values()])) if scored else None
        ),
        not_predicted=dict(Counter(r.prediction.category for r in results if r.prediction.time is None).most_common()),
    )


def _slice(results: Sequence[Result]) -> Slice:
    return slice_of([result.error or 0.0 for result in results], [result.covered for result in results])


def slice_of(errors: Sequence[OneShare], covered: Sequence[bool]) -> Slice:
    """Summarise the errors of a set of rows.

    Parameters
    ----------
    errors
        Signed errors, fractions of the measured step time.
    covered
        Whether the interval of each row contains its measurement.
    """
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
    """Predicted over measured peak memory, less one; allocators count neither the context nor fragmentation."""
    peak = result.row.measurement.peak_memory
    needed = None if peak is None else result.prediction.memory()
    if peak is None or needed is None:
        return None
    return float(needed.total - needed.context - needed.fragmentation) / peak - 1


def document(scored: Score) -> dict[str, Any]:
    """Return the score as the JSON document of ``lindos validate --json``.

    Parameters
    ----------
    scored
        The score of a file.
    """
    overall = scored.overall
    errors = ("median_abs_error", "mean_abs_error", "p90_abs_error", "bias", "coverage_80")
    return {
        "rows": len(scored.results),
        "predicted": sum(result.prediction.time is not None for result in scored.results),
        **{name: getattr(overall, name) if overall else None for name in errors},
        "by": {
            name: {
                group: {"rows": part.rows, **{error: getattr(part, error) for error in errors}}
                for group, part in scored.slices[name].items()
            }
            for name in ("accelerator", "precision", "model_kind", "stack", "metric", "source")
        },
        "source_median_error": scored.source_median_error,
        "left_out": None if scored.left_out is None else asdict(scored.left_out),
        "memory": {
            "rows": scored.memory_rows,
            "median_abs_error": scored.memory_error,
            "wrongly_infeasible": scored.wrongly_infeasible,
        },
        "fits": asdict(scored.fits),
        "not_predicted": scored.not_predicted,
    }
