"""The campaign's tables: where the days go, percentiles, what would help."""

import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np

from lindos.campaign import ALL_DEVICES, GOODPUT_NAMES, PERCENTILES, CampaignEstimate, Cause, Problem, Trials
from lindos.elements import Cell, Number, Table
from lindos.study.campaign.alternatives import (
    Alternatives,
    IntervalOption,
    RecoveryOption,
    SizeOption,
    SpareOption,
    StallOption,
)
from lindos.study.campaign.cost import RunCost, SpareCost
from lindos.study.campaign.simulated import STUCK, Simulation
from lindos.study.ranges import number
from lindos.units import render
from lindos.views.figures import selected, titled

BUCKETS = ("productive", *GOODPUT_NAMES)
_WRITTEN = " (this scenario)"
_RECOVERIES = {"restart": "the whole job", "replica": "one data-parallel replica"}


def buckets(estimate: CampaignEstimate, closed: CampaignEstimate) -> Table:
    """Show where the days go, by bucket, with the closed form beside them.

    Parameters
    ----------
    estimate
        The campaign.
    closed
        Its closed form.
    """
    total, closed_total = number(estimate.duration) or 1.0, number(closed.duration) or 1.0
    body: list[tuple[Cell, ...]] = []
    for bucket in BUCKETS:
        time, closed_time = number(getattr(estimate.time, bucket)) or 0.0, number(getattr(closed.time, bucket)) or 0.0
        if time or closed_time:
            body.append((titled(bucket), time, time / total, closed_time / closed_total))
    return Table(
        name="campaign.buckets",
        title="Where the days go",
        columns=("", "time", "share", "closed form"),
        units=("", "s", "%", "%"),
        rows=tuple(body),
        note="Mean of the trials, in the buckets of Google's ML Goodput library.",
    )


def percentiles(values: Simulation, draws: Simulation, start: datetime.date | None, *, counted: Any = True) -> Table:
    """Show the mean and the percentiles: by chance alone, and with all that is uncertain.

    Parameters
    ----------
    values
        Trials with the catalogue's values.
    draws
        Trials over draws of the uncertain values.
    start
        Day the campaign begins; None if it is unknown.
    counted
        Whether a draw enters ranges, by draw; all of them by default.
    """
    mean, chance, drawn = values.estimate, values.trials, draws.estimate
    lines: list[tuple[str, Any, Any, Any, str]] = [
        ("Goodput", mean.goodput, chance.goodput, drawn.goodput, "%"),
        (
            "Effective training time",
            mean.effective_training_time,
            chance.effective_training_time,
            drawn.effective_training_time,
            "%",
        ),
        ("Failures", mean.num_failures, chance.num_failures, drawn.num_failures, "1"),
    ]
    if values.problem.duration is None:
        lines.insert(0, ("Time to train", mean.duration, chance.time.total, drawn.duration, "s"))
    else:
        lines.insert(0, ("Tokens", mean.tokens, _tokens(chance, mean), drawn.tokens, "token"))
    lines = [(*line[:3], selected(line[3], counted), line[4]) for line in lines]
    body: list[tuple[Cell, ...]] = [
        (name, *(Number(value=number(value), unit=unit) for value in (middle, *_ends(by_chance), *_ends(spread))))
        for name, middle, by_chance, spread, unit in lines
    ]
    if start is not None and values.problem.duration is None:
        moments = (mean.duration, *_ends(chance.time.total), *_ends(selected(drawn.duration, counted)))
        body.insert(1, ("Finished", *(_day(start, float(moment)) for moment in moments)))
    return Table(
        name="campaign.percentiles",
        title="Percentiles",
        columns=("", "mean", "P10 by chance", "P90 by chance", "P10", "P90"),
        units=("",) * 6,
        rows=tuple(body),
        key=True,
        note=f"The mean is that of {values.trials.num_trials} trials under the catalogue's values, as in the headline. "
        f"P10 and P90 add all that is uncertain: {draws.trials.num_trials} trials, each under another draw of the "
        "uncertain values. P10: one in ten is lower.",
    )


def _tokens(trials: Trials, mean: CampaignEstimate) -> Any:
    return mean.tokens * (trials.time.productive / mean.time.productive)


def _ends(values: Any) -> Any:
    sample = np.atleast_1d(np.asarray(values, dtype=float))
    return np.percentile(sample, (PERCENTILES[0], PERCENTILES[-1]))


def _day(start: datetime.date, after: float) -> str:
    try:
        return (start + datetime.timedelta(seconds=after)).isoformat()
    except OverflowError:
        return "never"


def causes(problem: Problem) -> Table:
    """Show what fails, and how often.

    Parameters
    ----------
    problem
        The campaign.
    """
    total = float(np.mean(problem.failure_rate))
    kinds: dict[str, list[Cause]] = {}
    for cause in problem.causes:
        kinds.setdefault(cause.name, []).append(cause)
    body: list[tuple[Cell, ...]] = []
    for name, members in kinds.items():
        rate = float(sum(np.mean(cause.rate) for cause in members))
        law = members[0].law if members[0].law == "exponential" else f"{members[0].law}, {members[0].shape:g}"
        stops = [float(cause.stopped) for cause in members if cause.stopped < ALL_DEVICES]
        broken = [float(cause.devices) for cause in members]
        title = titled(name).replace("Gpu", "GPU")
        body.append((title, 1 / rate if rate else None, rate / total, _counts(stops), _counts(broken), law))
    return Table(
        name="campaign.causes",
        title="What fails",
        columns=("cause", "once in", "share", "GPUs that stop", "out until repaired", "law"),
        units=("", "s", "%", "1", "1", ""),
        rows=tuple(body),
        note="In the long run, all units of a cause together; lemons until they are drained. Out of service with a "
        "failed GPU: its tray or node, and the rest of its tensor- or expert-parallel group.",
    )


def _counts(counts: list[float]) -> Cell:
    """Give the count of all pools, or the least and the most of them; a cause that stops everything has none."""
    if not counts:
        return "all"
    low, high = min(counts), max(counts)
    return low if low == high else Number(value=None, low=low, high=high)


def recoveries(options: Sequence[RecoveryOption]) -> Table:
    """Show the same run under both kinds of recovery, the scenario's first.

    Parameters
    ----------
    options
        The closed form under each recovery.
    """
    body: list[tuple[Cell, ...]] = []
    for index, option in enumerate(options):
        estimate = option.estimate
        ends = estimate.sustainable == 1 and float(estimate.goodput) >= STUCK
        body.append(
            (
                _RECOVERIES[option.recovery] + ("" if index else _WRITTEN),
                number(estimate.recovery_time),
                number(estimate.goodput) if ends else None,
                number(estimate.duration) if ends else None,
                Number(value=number(estimate.largest_job), unit="1", suffix="" if ends else ": goes nowhere"),
            )
        )
    return Table(
        name="campaign.recovery",
        title="What a failure stops, by the closed form",
        columns=("a failure stops", "for", "goodput", "time to train", "largest job, GPUs"),
        units=("", "s", "%", "s", "1"),
        rows=tuple(body),
        key=True,
        note="Set campaign.recovery. Beyond the largest job failures come faster than one is recovered from.",
    )


def stalls(options: Sequence[StallOption]) -> Table | None:
    """Show how sensitive goodput is to the stall of the other replicas.

    Parameters
    ----------
    options
        Stalls that were simulated.

    Returns
    -------
    Table or None
        None if there are no options.
    """
    if not options:
        return None
    body = tuple(
        (option.name, option.stall_time, 1 / option.groups, option.goodput, option.closed_form) for option in options
    )
    return Table(
        name="campaign.stalls",
        title="How long the other replicas stall at a failure",
        columns=("stall", "for", "share of the replicas that stall", "goodput", "closed form"),
        units=("", "s", "%", "%", "%"),
        rows=body,
        key=True,
        note="One published value, 3 min near 100,000 GPUs (Salpekar et al. 2026), with a low and a high that are "
        "judgements. Set campaign.stall_groups if a failure stalls only the replicas of its own group.",
    )


def worth(alternatives: Alternatives, cost: RunCost | None) -> Table:
    """Show what better devices, recovery or storage gain in days, and in dollars if the site is priced.

    Parameters
    ----------
    alternatives
        Alternatives that were simulated.
    cost
        Cost of the run, in USD; None without a site.
    """
    rows: list[tuple[Cell, ...]] = []
    for option in alternatives.worth:
        row: tuple[Cell, ...] = (option.name, option.goodput, option.gain, option.error, option.saved)
        rows.append(row if cost is None else (*row, option.saved * float(cost.cost_of_time)))
    money = () if cost is None else ("saves",)
    return Table(
        name="campaign.worth",
        title="What would help",
        columns=("if", "goodput", "more", "known to", "the same work sooner by", *money),
        units=("", "%", "%", "%", "s", *("USD" for _ in money)),
        rows=tuple(rows),
        key=True,
        note=f"Each against {render(100 * alternatives.base, '1')} % under the same failures, over "
        f"{render(alternatives.span, 's')}; trials of each: {alternatives.num_trials}. More, in points of goodput, is "
        "known to one standard error." + ("" if cost is None else " Saved: hours of all GPUs of the cluster."),
    )


def spares(options: Sequence[SpareOption], cost: RunCost | None) -> Table:
    """Show goodput and days by the number of spares, and their price if the site is priced.

    Parameters
    ----------
    options
        Numbers of spares that were simulated.
    cost
        Cost of the run, in USD; None without a site.
    """
    rows: list[tuple[Cell, ...]] = []
    for index, option in enumerate(options):
        share: Cell = "" if np.isinf(option.devices) else option.share
        row: tuple[Cell, ...] = (
            _count(option),
            share,
            option.goodput,
            options[-1].goodput - option.goodput,
            option.duration if np.isfinite(option.duration) else None,
        )
        rows.append(row if cost is None else (*row, *_price(cost.spares[index])))
    money = () if cost is None else ("to buy", "the run costs")
    note = (
        "Where spares are short the job waits for repairs, or with elastic or replica recovery goes on with fewer "
        "replicas. The same failures and the same work in every row."
    )
    if cost is not None:
        note += " To buy: capital cost of the spares beyond those there are; the run pays for all GPUs it holds."
    return Table(
        name="campaign.spares",
        title="How many spares",
        columns=("GPUs that stand by", "of those at work", "goodput", "given up", "time to train", *money),
        units=("", "%", "%", "%", "s", *("USD" for _ in money)),
        rows=tuple(rows),
        key=True,
        note=note,
    )


def _price(cost: SpareCost | None) -> tuple[Cell, Cell]:
    return ("", "") if cost is None else (cost.capex, cost.run)


def _count(option: SpareOption) -> Cell:
    if np.isinf(option.devices):
        return "as many as fail"
    return Number(value=float(option.devices), unit="1", suffix=_WRITTEN if option.as_written else "")


def intervals(options: Sequence[IntervalOption]) -> Table | None:
    """Show the interval between checkpoints: by the closed form, and the best of those simulated.

    Parameters
    ----------
    options
        Intervals of each tier.

    Returns
    -------
    Table or None
        None if there are no options.
    """
    if not options:
        return None
    body: tuple[tuple[Cell, ...], ...] = tuple(
        (
            option.tier,
            option.blocking_time,
            option.closed_form,
            option.best,
            *(option.goodput[factor] for factor in (0.5, 1.0, 2.0)),
        )
        for option in options
    )
    return Table(
        name="campaign.intervals",
        title="Time between checkpoints",
        columns=("kept in", "steps wait", "closed form", "best simulated", "goodput at half", "at it", "at double"),
        units=("", "s", "s", "s", "%", "%", "%"),
        rows=body,
        note="Work between two checkpoints. The best of five from a quarter to four times that of the closed form; "
        "around the best goodput hardly changes.",
    )


def sizes(options: Sequence[SizeOption], largest: float) -> Table:
    """Show the size of the job at which adding GPUs stops helping.

    Parameters
    ----------
    options
        Sizes that were simulated.
    largest
        Largest job by the closed form, in GPUs.
    """
    body = tuple(
        (option.devices, option.goodput, option.closed_form, option.devices * option.goodput) for option in options
    )
    return Table(
        name="campaign.sizes",
        title="Where adding GPUs stops helping",
        columns=("GPUs", "goodput", "closed form", "worth, GPUs that never fail"),
        units=("1", "%", "%", "1"),
        rows=body,
        note="At the same step time, so that only failures grow; storage and spares grow with the job. By the "
        f"closed form nothing is gained beyond about {render(largest, '1', 2)} GPUs in one job under these rates.",
    )
