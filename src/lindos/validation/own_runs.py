"""A user's own runs as a catalogue file: the rates of their software, and the interval of what it will predict.

The common error of the runs is drawn towards none by as much as sources differ from each other, and moves the rates of
products and of memory traffic alike. Their spread is drawn towards the usual spread inside a source. So five runs that
agree narrow the interval, and five that do not widen it.
"""

import csv
import io
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

import numpy as np

from lindos.catalog import Catalog
from lindos.catalog.records import Stack
from lindos.errors import InputError
from lindos.formulas.shrinkage import mean_variance, shrunk_mean, shrunk_variance
from lindos.step import estimate
from lindos.step.interval import interval_facts
from lindos.validation.columns import MEASURED, RUN
from lindos.validation.read import parse_runs, read_bytes
from lindos.validation.run import OneShare, Row
from lindos.validation.score import Result, validate

#: Columns that a file of own runs must have.
NEEDED = ("model_name", "accelerator", "gpus", "measured_metric", "measured_value")
#: Bounds of the factor by which rates may move.
_SLOWEST, _FASTEST = 0.25, 1.7
#: An 80 % interval leaves a tenth on either side.
_UPPER = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What own runs say of a software profile."""

    stack: Stack  # the profile that they start from
    runs: int
    factor: OneShare  # on its rates of products and of memory traffic
    low: OneShare  # measured over predicted time at difficulty 1: 10th percentile
    high: OneShare  # 90th percentile
    error_before: OneShare  # median error of the runs by the profile as it was
    error_after: OneShare

    @property
    def name(self) -> str:
        """Name of the new profile."""
        return f"own-{self.stack.name}"


def template() -> str:
    """Get a file of own runs with the columns that a user can fill, and one run as an example."""
    return files("lindos.validation").joinpath("own_runs_template.csv").read_text(encoding="utf-8")


def read_own_runs(path: Path) -> tuple[Row, ...]:
    """Read a file of own runs; columns that it does not have are filled in as for a run that does not state them.

    Parameters
    ----------
    path
        A CSV file with at least the columns of `NEEDED`.

    Raises
    ------
    InputErrors
        All mistakes of the file: one sentence for each value, with its line.
    """
    return parse_own_runs(read_bytes(path), path.name)


def parse_own_runs(data: bytes, name: str = "runs.csv") -> tuple[Row, ...]:
    """Parse the bytes of a file of own runs; see :func:`read_own_runs`.

    Parameters
    ----------
    data
        The file, in UTF-8.
    name
        Name of the file, for error messages.
    """
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        header = [cell.strip() for cell in reader.fieldnames or []]
        columns = [column.name for column in (*RUN, *MEASURED)]
        for wrong in header:
            if wrong not in (*columns, "note", "params_b", "mfu_reported", "provenance"):
                raise InputError("header", wrong, f"columns of a file of runs, such as {', '.join(NEEDED)}", "", 1)
        missing = [column for column in NEEDED if column not in header]
        if missing:
            raise InputError("header", f"without {', '.join(missing)}", f"at least {', '.join(NEEDED)}", "", 1)
        text = io.StringIO()
        writer = csv.DictWriter(text, [*dict.fromkeys([*columns, *header])], restval="", lineterminator="\n")
        writer.writeheader()
        for number, record in enumerate(reader, start=1):
            if None in record or None in record.values():
                raise InputError("row", f"{number}", f"{len(header)} values, as the header", "", number + 1)
            cells = {key.strip(): value for key, value in record.items()}
            writer.writerow({**cells, "id": cells.get("id") or f"own-{number}"})
    except UnicodeDecodeError:
        raise InputError("file", name, "text in UTF-8") from None
    except InputError as error:
        error.file = name
        raise
    return parse_runs(text.getvalue().encode(), name)


def calibrate(rows: Sequence[Row], catalog: Catalog, stack: str = "") -> Calibration:
    """Fit the profile of a user's software to own runs.

    Parameters
    ----------
    rows
        Runs with their measurements, of one software.
    catalog
        Catalogue with the profile that the runs start from.
    stack
        Name of that profile; that of the rows where left out.

    Raises
    ------
    InputError
        If no run has a prediction and a measured time, or the runs are of several profiles.
    """
    score = validate(rows, catalog, stack=stack)
    results = [result for result in score.results if result.error is not None]
    if not results:
        reasons = "; ".join(f"{reason} ({count})" for reason, count in score.not_predicted.items())
        raise InputError("runs", "without a prediction and a measured time", "at least one run with both", reasons)
    names = Counter(result.prediction.stack for result in results)
    if len(names) > 1:
        listed = ", ".join(f"{name} ({count})" for name, count in names.items())
        raise InputError("runs", f"of {listed}", "of one software profile", "Name one (--stack), or split the file.")
    facts = interval_facts(catalog)
    hardness = np.array([math.log(_ends(r)[1]) / math.log(float(facts.interval_high.value)) for r in results])
    errors = -np.log1p(np.array([result.error for result in results], dtype=float))
    mean, half = predictive(errors / hardness, catalog)
    factor, moved = _rate(results, float(np.mean(mean * hardness)))
    rest = mean - moved / float(np.mean(hardness))
    return Calibration(
        stack=catalog.stack(next(iter(names))),
        runs=len(results),
        factor=factor,
        low=min(math.exp(rest - half), 1.0),
        high=max(math.exp(rest + half), 1.0),
        error_before=float(np.median(np.abs(np.expm1(-errors)))),
        error_after=float(np.median(np.abs(np.expm1(moved - errors)))),
    )


def predictive(errors: np.ndarray, catalog: Catalog) -> tuple[float, float]:
    """Compute the mean of another run's error, and half the width of its 80 % interval.

    Parameters
    ----------
    errors
        Logarithms of measured over predicted time of own runs, each over the difficulty of its run.
    catalog
        Catalogue with the spreads between sources and inside a source.

    Returns
    -------
    tuple of float
        As logarithms at difficulty 1.
    """
    from scipy.special import stdtrit

    source_spread, run_spread, freedom = (
        float(catalog.parameter(f"training.{name}", "1").value)
        for name in ("error_between_sources", "error_within_source", "error_freedom")
    )
    number = float(len(errors))
    average = float(np.mean(errors)) if len(errors) else 0.0
    variance = float(shrunk_variance(run_spread, freedom, float(np.sum((errors - average) ** 2)), number))
    mean = shrunk_mean(average, variance, number, source_spread)
    uncertainty = mean_variance(variance, number, source_spread)
    width = float(stdtrit(freedom + max(number - 1.0, 0.0), _UPPER)) * math.sqrt(float(uncertainty) + variance)
    return float(mean), width


def _ends(result: Result) -> tuple[float, float]:
    """Ends of a prediction's interval over the prediction."""
    time = result.prediction.time or 1.0
    return (result.low or time) / time, (result.high or time) / time


def _rate(results: Sequence[Result], wanted: float) -> tuple[float, float]:
    """Find the factor on rates that lengthens the runs by ``wanted``, a logarithm, in the mean, and what it reaches."""
    low, high = _SLOWEST, _FASTEST
    for _ in range(40):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if _longer(results, middle) < wanted else (middle, high)
    factor = math.sqrt(low * high)
    return factor, _longer(results, factor)


def _longer(results: Sequence[Result], factor: float) -> float:
    """Compute the mean logarithm by which the steps of runs are longer if rates change by a factor."""
    longer = []
    for result in results:
        ready = result.prediction.prepared
        assert ready is not None
        job = replace(ready.job, stack=_at_rate(ready.job.stack, factor))
        batch = ready.sizes.global_batch_size
        step = estimate(job, ready.pool, ready.chosen.plan, global_batch_size=batch, assumptions=ready.assumptions)
        longer.append(math.log(float(step.time) / float(result.prediction.time or 1.0)))
    return float(np.mean(longer))


def _at_rate(stack: Stack, factor: float) -> Stack:
    kernel, memory = (
        replace(fact, content=float(fact.value) * factor) for fact in (stack.kernel_share, stack.memory_share)
    )
    return replace(stack, kernel_share=kernel, memory_share=memory)


def catalogue_file(calibration: Calibration) -> str:
    """Write a calibration as a catalogue file for ``--catalog``.

    Parameters
    ----------
    calibration
        What own runs say of a profile.
    """
    stack, number = calibration.stack, calibration.runs
    note = f"from {number:,} own {'run' if number == 1 else 'runs'}"
    rates = [
        f"    {name}: {{value: {float(getattr(stack, name).value) * calibration.factor:.4g}, note: {note}}}\n"
        for name in ("kernel_share", "memory_share")
    ]
    ends = [
        f"    {name}: {{value: {value:.4g}, note: {note}}}\n"
        for name, value in (("interval_low", calibration.low), ("interval_high", calibration.high))
    ]
    title = stack.title.replace('"', "'")
    return (
        f"# Made by lindos validate --fit {note}: median error {calibration.error_before:.1%} before, "
        f"{calibration.error_after:.1%} after.\n"
        f'stacks:\n  {calibration.name}:\n    base: {stack.name}\n    title: "{title}, as in own runs"\n'
        + "".join(rates)
        + "parameters:\n  training:\n"
        + "".join(ends)
    )
