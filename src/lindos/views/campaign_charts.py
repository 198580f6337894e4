"""The campaign's charts: where the days go, progress through time, one trial, the size of the job."""

from typing import Any

import numpy as np

from lindos.campaign import PERCENTILES, STATES, CampaignEstimate, Trace
from lindos.elements import Chart, Series
from lindos.study.campaign.alternatives import SizeCurve, SizeOption
from lindos.study.campaign.simulated import Simulation
from lindos.study.ranges import number
from lindos.views.campaign_tables import BUCKETS
from lindos.views.figures import parts_series, selected

#: Points along a chart of progress.
_POINTS = 60
#: Rows of a timeline (seconds of a row, its name), from the longest; largest number of rows and of stretches.
_ROWS = ((7 * 86_400.0, "week"), (86_400.0, "day"), (3600.0, "hour"))
_MOST_ROWS, _MOST_STRETCHES = 12, 900


def progress(values: Simulation, draws: Simulation, *, counted: Any = True) -> Chart:
    """Draw the progress of trials through time: the mean, and bands that contain 80 % of them.

    Parameters
    ----------
    values
        Trials with the catalogue's values.
    draws
        Trials over draws of the uncertain values.
    counted
        Whether a draw counts for the length of the time axis, by draw; all of them by default.
    """
    has_goal = values.problem.duration is None
    durations = np.atleast_1d(selected(draws.estimate.duration, counted))
    last = float(np.percentile(durations, PERCENTILES[-1])) * 1.02
    if not has_goal:
        last = float(np.max(np.asarray(values.problem.duration)))
    times = np.linspace(0.0, last, _POINTS + 1)
    days = tuple(round(float(time) / 86_400.0, 4) for time in times)
    usual = values.trials.progress_at(times) * _scale(values, has_goal)
    sampled = draws.trials.progress_at(times) * _scale(draws, has_goal)
    middle = np.mean(usual, axis=0)
    series: list[Series] = []
    for name, reached in (("with uncertain rates and times", sampled), ("by chance alone", usual)):
        low, high = np.percentile(reached, (PERCENTILES[0], PERCENTILES[-1]), axis=0)
        series.append(Series(name=name, x=days, y=_plain(middle), low=_plain(low), high=_plain(high)))
    return Chart(
        name="campaign.progress",
        title="Progress through time" + (", % of the goal" if has_goal else ""),
        kind="lines",
        unit="1" if has_goal else "token",
        x_title="days since the start",
        series=tuple(series),
        note="The line is the mean of the trials under the catalogue's values; 80 % of the trials lie in a band.",
    )


def _scale(simulation: Simulation, has_goal: bool) -> Any:
    """Return the factor from seconds of work to percent of the goal, or to tokens, for the draw of each trial."""
    count = simulation.trials.num_trials
    draws = np.arange(count) if simulation.draws is None else simulation.draws
    work, load = simulation.problem.work, simulation.workload
    factor = 100.0 / np.asarray(work) if has_goal else np.asarray(load.tokens_per_step / load.step_time)
    flat = np.ravel(factor)
    return flat[draws % flat.size][:, None]


def _plain(values: Any) -> tuple[float, ...]:
    return tuple(np.asarray(values, dtype=float).tolist())


def timeline(trace: Trace) -> Chart:
    """Draw what one trial does, a row per hour, day or week from its start.

    Parameters
    ----------
    trace
        The trial.
    """
    ends = np.append(trace.starts[1:], trace.end)
    length, word = next(
        (
            (length, word)
            for length, word in _ROWS
            if trace.end >= length and int((trace.starts < _MOST_ROWS * length).sum()) <= _MOST_STRETCHES
        ),
        _ROWS[-1],
    )
    count = int(min(_MOST_ROWS, max(1, np.ceil(trace.end / length))))
    series: dict[str, tuple[list[str], list[float], list[float]]] = {name: ([], [], []) for name in STATES}
    count_shown = int((trace.starts < count * length).sum())
    stretches = zip(
        trace.starts[:count_shown].tolist(), ends[:count_shown].tolist(), trace.states[:count_shown], strict=True
    )
    for start, end, state in stretches:
        for row in range(int(start // length), count):
            begin, stop = max(start, row * length), min(end, (row + 1) * length)
            if stop <= begin:
                break
            names, bases, widths = series[state]
            names.append(f"{word} {row + 1}")
            bases.append(begin - row * length)
            widths.append(stop - begin)
    span = "the whole run" if count * length >= trace.end else f"its first {count} {word}s"
    return Chart(
        name="campaign.timeline",
        title="One trial of the run",
        kind="timeline",
        unit="s",
        series=tuple(
            Series(name=state, x=tuple(names), y=tuple(widths), low=tuple(bases))
            for state, (names, bases, widths) in series.items()
            if names
        ),
        note=f"One of the simulated trials: {span}. Steps lost are those that a failure undid.",
    )


def parts(estimate: CampaignEstimate) -> Chart:
    """Draw where the days go, as one bar.

    Parameters
    ----------
    estimate
        The campaign.
    """
    values = {bucket.replace("_", " "): number(getattr(estimate.time, bucket)) or 0.0 for bucket in BUCKETS}
    return Chart(
        name="campaign.time",
        title="Where the days go",
        kind="parts",
        unit="s",
        series=parts_series(("wall clock",), (values,)),
    )


def sizes(options: tuple[SizeOption, ...], curve: SizeCurve) -> Chart:
    """Draw the size of the job at which adding GPUs stops helping.

    Parameters
    ----------
    options
        Sizes that were simulated.
    curve
        The closed form over the size.
    """
    smooth = np.asarray(curve.devices) * np.asarray(curve.goodput)
    return Chart(
        name="campaign.sizes",
        title="Where adding GPUs stops helping",
        kind="lines",
        unit="1",
        x_title="GPUs in one job",
        series=(
            Series(name="closed form", x=curve.devices, y=_plain(smooth)),
            Series(
                name="simulated",
                x=tuple(float(option.devices) for option in options),
                y=tuple(float(option.devices * option.goodput) for option in options),
            ),
        ),
        note="GPUs that never fail and would do the same work.",
    )
