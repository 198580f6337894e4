"""The campaign's tables and charts: where the days go, how sure that is, what one replica goes through."""

import datetime
from dataclasses import replace
from typing import Any

import numpy as np

from lindos import campaign as floor
from lindos.campaign import GOODPUT_NAMES, STATES, CampaignEstimate, Replicas
from lindos.elements import Cell, Chart, Series, Table
from lindos.study.campaign.course import first_day
from lindos.study.campaign.ran import Run
from lindos.study.figures import number, parts_chart_series, titled
from lindos.study.world import Pair, World, Worlds
from lindos.units import render

BUCKETS = ("productive", *GOODPUT_NAMES)
#: Points along a chart of progress.
_POINTS = 60
#: Replicas behind the bands of progress.
_CURVES = 48
#: Rows of a timeline: (length of a row, word for it), from the longest; and stretches that a chart can show.
_ROWS = ((7 * 86_400.0, "week"), (86_400.0, "day"), (3600.0, "hour"))
_MOST_ROWS, _MOST_STRETCHES = 12, 900


def buckets(found: CampaignEstimate, closed: CampaignEstimate) -> Table:
    """Where the days go, by bucket, the closed form beside."""
    total, beside = number(found.duration) or 1.0, number(closed.duration) or 1.0
    body: list[tuple[Cell, ...]] = []
    for bucket in BUCKETS:
        time, other = number(getattr(found.time, bucket)) or 0.0, number(getattr(closed.time, bucket)) or 0.0
        if time or other:
            body.append((titled(bucket), time, time / total, other / beside))
    return Table(
        name="campaign.buckets",
        title="Where the days go",
        columns=("", "time", "share", "closed form"),
        units=("", "s", "%", "%"),
        rows=tuple(body),
        note="Mean of the replicas, in the buckets of Google's ML Goodput library.",
    )


def percentiles(world: World, run: Pair[Run]) -> Table:
    """Tenth, middle and ninetieth percentile: with all that is uncertain, and by chance alone."""
    drawn, chance = run.sampled.estimate, run.point.estimate
    by_chance = _by_chance(run.point.replicas, chance)
    lines: list[tuple[str, Any, Any, Any]] = [
        ("Goodput", drawn.goodput, by_chance.goodput, _percent),
        ("Effective training time", drawn.effective_training_time, by_chance.effective_training_time, _percent),
        ("Failures", drawn.num_failures, by_chance.num_failures, _count),
    ]
    if run.point.course.duration is None:
        lines.insert(0, ("Time to train", drawn.duration, by_chance.duration, _time))
        start = first_day(world)
        if start is not None:
            lines.insert(1, ("Finished", drawn.duration, by_chance.duration, lambda x: _day(start, x)))
    else:
        lines.insert(
            0, ("Tokens", drawn.tokens, by_chance.tokens, lambda x: render(x, "token").removesuffix(" tokens"))
        )
    body = tuple(
        (name, *(write(x) for x in _at(all_of)), *(write(x) for x in _at(alone)[[0, 2]]))
        for name, all_of, alone, write in lines
    )
    replicas = run.point.replicas.num_replicas, run.sampled.replicas.num_replicas
    return Table(
        name="campaign.percentiles",
        title="How sure that is",
        columns=("", "P10", "P50", "P90", "chance P10", "chance P90"),
        units=("",) * 6,
        rows=body,
        key=True,
        note=f"{replicas[1]} replicas, each under other draws of the uncertain values; {replicas[0]} by chance alone. "
        "P10: one in ten is lower.",
    )


def _by_chance(ran: Replicas, mean: CampaignEstimate) -> CampaignEstimate:
    tokens = mean.tokens * (ran.time.productive / mean.time.productive)
    return replace(mean, time=ran.time, num_failures=ran.num_failures, tokens=tokens)


def _at(values: Any) -> Any:
    plain = np.atleast_1d(np.asarray(values, dtype=float))
    return np.percentile(plain, floor.PERCENTILES)


def _percent(value: float) -> str:
    return f"{100 * value:.3g} %"


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _tokens(value: float) -> str:
    return render(value, "token").removesuffix(" tokens")


def _time(value: float) -> str:
    return render(value, "s")


def _day(start: datetime.date, after: float) -> str:
    try:
        return (start + datetime.timedelta(seconds=after)).isoformat()
    except OverflowError:
        return "never"


def causes(run: Run) -> Table:
    """What fails how often."""
    total = float(np.mean(run.course.failure_rate))
    kinds: dict[str, list[Any]] = {}
    for cause in run.course.causes:
        kinds.setdefault(cause.name, []).append(cause)
    body: list[tuple[Cell, ...]] = []
    for name, same in kinds.items():
        rate = float(sum(np.mean(cause.rate) for cause in same))
        law = same[0].law if same[0].law == "exponential" else f"{same[0].law}, {same[0].shape:g}"
        stops = ["all" if cause.stopped >= floor.EVERYTHING else f"{cause.stopped:,}" for cause in same]
        broken = [f"{cause.devices:,}" for cause in same]
        title = titled(name).replace("Gpu", "GPU")
        body.append((title, 1 / rate if rate else None, rate / total, _either(stops), _either(broken), law))
    return Table(
        name="campaign.causes",
        title="What fails",
        columns=("cause", "once in", "share", "GPUs that stop", "to repair", "law"),
        units=("", "s", "%", "", "", ""),
        rows=tuple(body),
        note="In the long run, all units of a cause together; lemons until they are drained.",
    )


def _either(words: list[str]) -> str:
    return " or ".join(dict.fromkeys(words))


def progress_chart(worlds: Worlds, run: Pair[Run], seed: int) -> Chart:
    """How far replicas are through time: the middle and the band that 80 % lie in."""
    has_goal = run.point.course.duration is None
    last = float(np.percentile(np.atleast_1d(run.sampled.estimate.duration), floor.PERCENTILES[-1])) * 1.02
    if not has_goal:
        last = float(run.point.course.duration)
    times = np.linspace(0.0, last, _POINTS + 1)
    days = tuple(round(float(time) / 86_400.0, 4) for time in times)
    series: list[Series] = []
    for name, one, world, enough in (
        ("with uncertain rates and times", run.sampled, worlds.sampled, _CURVES),
        ("by chance alone", run.point, worlds.point, _CURVES // 4),
    ):
        worked = _progress(one, times, enough, seed)
        step = world.results["step"]
        # Each replica by its own draw: of its goal, or of what it trains a second.
        factor = 100.0 / np.asarray(one.course.work) if has_goal else np.asarray(step.tokens / step.time)
        reached = worked * np.resize(factor, (worked.shape[0], 1))
        low, middle, high = np.percentile(reached, floor.PERCENTILES, axis=0)
        series.append(Series(name=name, x=days, y=_plain(middle), low=_plain(low), high=_plain(high)))
    return Chart(
        name="campaign.progress",
        title="Progress through time" + (", % of the goal" if has_goal else ""),
        kind="lines",
        unit="1" if has_goal else "token",
        x_title="days since the start",
        series=tuple(series),
        note="The line is the middle of the replicas; 80 % of them lie in the band.",
    )


def _progress(one: Run, times: Any, enough: int, seed: int) -> Any:
    """Of enough replicas for a band, tile after tile."""
    rows = min(floor.rows_of(one.course, one.expected), enough)
    tiles = range(-(-enough // rows))
    found = (floor.curves(one.course, times, expected=one.expected, seed=seed, rows=rows, number=at) for at in tiles)
    return np.concatenate(list(found))


def _plain(values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def timeline(run: Run, seed: int) -> Chart:
    """What one replica does, hour by hour or day by day from its start."""
    told = floor.trace(run.course, expected=run.expected, seed=seed, rows=floor.rows_of(run.course, run.expected))
    ends = np.append(told.starts[1:], told.end)
    length, word = next(
        (
            (length, word)
            for length, word in _ROWS
            if told.end >= length and int((told.starts < _MOST_ROWS * length).sum()) <= _MOST_STRETCHES
        ),
        _ROWS[-1],
    )
    count = int(min(_MOST_ROWS, max(1, np.ceil(told.end / length))))
    series: dict[str, tuple[list[str], list[float], list[float]]] = {name: ([], [], []) for name in STATES}
    for start, end, state in zip(told.starts, ends, told.states, strict=True):
        for row in range(int(start // length), count):
            begin, until = max(start, row * length), min(end, (row + 1) * length)
            if until <= begin:
                break
            names, bases, widths = series[state]
            names.append(f"{word} {row + 1}")
            bases.append(begin - row * length)
            widths.append(until - begin)
    shown = tuple(
        Series(name=state, x=tuple(names), y=tuple(widths), low=tuple(bases))
        for state, (names, bases, widths) in series.items()
        if names
    )
    span = "the whole run" if count * length >= told.end else f"its first {count} {word}s"
    return Chart(
        name="campaign.timeline",
        title="One replica of the run",
        kind="timeline",
        unit="s",
        series=shown,
        note=f"One of the simulated replicas: {span}. Steps lost are those that a failure undid.",
    )


def parts_chart(found: CampaignEstimate) -> Chart:
    """Where the days go, as one bar."""
    values = {bucket.replace("_", " "): number(getattr(found.time, bucket)) or 0.0 for bucket in BUCKETS}
    return Chart(
        name="campaign.time",
        title="Where the days go",
        kind="parts",
        unit="s",
        series=parts_chart_series(("wall clock",), (values,)),
    )
