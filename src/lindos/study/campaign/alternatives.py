"""What would change the campaign, and by how much: each alternative meets the same failures (common random numbers)."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lindos import campaign as floor
from lindos import site as site_floor
from lindos.campaign import NEVER, CampaignEstimate, Course
from lindos.elements import Cell, Chart, Figure, Series, Table
from lindos.problem.job import Goal
from lindos.study.campaign.closed import estimate
from lindos.study.campaign.course import Changes, course_of, set_aside
from lindos.study.campaign.ran import Run
from lindos.study.figures import figure, number
from lindos.study.world import World
from lindos.units import render

#: Failures to simulate for one alternative, and replicas at least and at most.
_FAILURES, _FEWEST, _MOST = 120_000, 4, 64
#: Sizes of the job that are tried, as multiples of its own; and those the closed form is drawn at.
_SIZES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_FACTORS = (0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 4.0)
#: Goodput that is given up for fewer spares.
_ENOUGH = 0.001
#: Searching the fewest spares that are enough ends at this share of those at work.
_FINEST = 0.0005


@dataclass(frozen=True, slots=True)
class Trials:
    """Alternatives to one run, all over the same time, under the same failures."""

    world: World
    expected: float
    rows: int
    num_replicas: int
    seed: int

    def course(self, changes: Changes, recovery: str = "") -> Course:
        """The course of an alternative, over the time of the run."""
        return course_of(self.world, Goal(duration=self.expected), recovery=recovery, changes=changes)

    def goodput(self, course: Course) -> float:
        """Mean goodput of an alternative."""
        ran = floor.simulate(
            course, expected=self.expected, num_replicas=self.num_replicas, rows=self.rows, seed=self.seed
        )
        return float(np.mean(ran.goodput))

    def of(self, changes: Changes, recovery: str = "") -> float:
        """Mean goodput under some changes."""
        return self.goodput(self.course(changes, recovery))


def trials_of(world: World, run: Run, seed: int) -> Trials:
    """As many replicas as a budget of failures allows."""
    expected = number(run.estimate.duration) or 0.0
    failures = float(run.course.event_rate) * expected + 1.0
    replicas = int(np.clip(_FAILURES / failures, _FEWEST, _MOST))
    return Trials(world, expected, min(floor.rows_of(run.course, expected), replicas), replicas, seed)


def worth(world: World, run: Run, trials: Trials) -> Table:
    """What better devices, recovery or storage buy in days and dollars."""
    base = trials.of(Changes())
    days = number(run.estimate.duration) or 0.0
    restarts = run.course.recovery == "restart"
    options: list[tuple[str, Changes]] = [
        ("failures half as often", Changes(mtbf=2.0)),
        ("restart in half the time" if restarts else "the others wait half as long", Changes(restart=0.5)),
        ("failures noticed in half the time", Changes(detection=0.5)),
    ]
    if restarts:
        options.append(("checkpoints twice as fast", Changes(bandwidth=2.0)))
    if any(np.isfinite(pool.spares) for pool in run.course.pools):
        options.append(("spares always found", Changes(spares=float("inf"))))
    money = "site" in world.results
    body: list[tuple[Cell, ...]] = []
    for name, changes in options:
        goodput = trials.of(changes)
        saved = days * (1 - base / goodput) if goodput > 0 else 0.0
        row: tuple[Cell, ...] = (name, goodput, goodput - base, max(saved, 0.0))
        body.append((*row, _dollars(world, saved)) if money else row)
    return Table(
        name="campaign.worth",
        title="What would help",
        columns=("if", "goodput", "more", "the same work sooner by", *(("saves",) if money else ())),
        units=("", "%", "%", "s", *(("USD",) if money else ())),
        rows=tuple(body),
        key=True,
        note=f"Each against {100 * base:.3g} % over the same time and failures, {trials.num_replicas} replicas; "
        "more is in points of goodput" + (", savings in GPU-hours of the GPUs at work." if money else "."),
    )


def _dollars(world: World, saved: float) -> float:
    held = world.results["step"].num_devices
    return max(number(site_floor.run_cost(world.results["site"], held * saved)) or 0.0, 0.0)


def spares(world: World, closed: CampaignEstimate, trials: Trials) -> tuple[Table, list[Figure]]:
    """How many spares: goodput by their number, and the fewest that are enough."""
    devices = float(world.results["step"].num_devices)
    unit = max(int(pool.tiers[0].size) for pool in world.cluster.pools)
    found = trials.of(Changes(spares=float("inf")))
    average = (number(closed.spares_needed) or 0.0) / devices
    high, enough = _fewest(trials, max(average, unit / devices), found)
    body: list[tuple[Cell, ...]] = []
    for share in sorted({0.0, high / 4, high / 2, high}):
        goodput = trials.of(Changes(spares=share))
        number_of = sum(set_aside(world, share))
        body.append((f"{number_of:,.0f}", number_of / devices, goodput, found - goodput))
    body.append(("always found", "as many as fail", found, 0.0))
    table = Table(
        name="campaign.spares",
        title="How many spares",
        columns=("GPUs that stand by", "of those at work", "goodput", "given up"),
        units=("", "%", "%", "%"),
        rows=tuple(body),
        note="Where spares are short the job waits for repairs, or with elastic or replica recovery goes on with fewer "
        "replicas. The same failures in every row.",
    )
    why = f"fewest that give up less than {100 * _ENOUGH:g} points of goodput, simulated"
    return table, [
        figure(
            "campaign.spares_enough",
            "Spare GPUs that are enough",
            "1",
            sum(set_aside(world, high)) if enough else None,
            why=why if enough else "no number is enough: more fails than is repaired",
        )
    ]


def _fewest(trials: Trials, first: float, found: float) -> tuple[float, bool]:
    """Smallest share of spares that gives up next to nothing, and whether there is one below all that is at work."""

    def is_enough(share: float) -> bool:
        return trials.of(Changes(spares=share)) >= found - _ENOUGH

    low, high = 0.0, first
    # From what covers 99 moments in 100 up until it is enough, then between.
    while not is_enough(high):
        if high >= 1.0:
            return high, False
        low, high = high, min(2 * high, 1.0)
    while high - low > max(_FINEST, 0.05 * high):
        middle = (low + high) / 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high, True


def intervals(run: Run, trials: Trials) -> Table | None:
    """The best interval of each tier: by the closed form, and of those simulated."""
    course = run.course
    tiers = [index for index, tier in enumerate(course.tiers) if float(np.min(tier.interval)) < NEVER]
    if not tiers:
        return None
    body: list[tuple[Cell, ...]] = []
    for index in tiers:
        base = trials.course(Changes())
        closed = float(np.mean(base.tiers[index].interval))
        tried = {factor: trials.goodput(_stretched(base, index, factor)) for factor in _FACTORS}
        best = max(tried, key=lambda factor: tried[factor])
        at = base.tiers[index]
        body.append(
            (at.name, float(np.mean(at.blocking_time)), closed, closed * best, tried[0.5], tried[1.0], tried[2.0])
        )
    return Table(
        name="campaign.intervals",
        title="Time between checkpoints",
        columns=("kept in", "steps wait", "closed form", "best simulated", "goodput at half", "at it", "at double"),
        units=("", "s", "s", "s", "%", "%", "%"),
        rows=tuple(body),
        note="Work between two checkpoints. The best of seven from a quarter to four times that of the closed form; "
        "around the best goodput hardly changes.",
    )


def _stretched(course: Course, index: int, factor: float) -> Course:
    """Another interval of one tier; deeper tiers stay whole multiples of it."""
    tiers = list(course.tiers)
    for at in range(index, len(tiers)):
        tier = tiers[at]
        interval = tier.interval * factor if at == index else tier.interval
        before = tiers[at - 1].interval if at else None
        if before is not None and np.all(np.asarray(before) < NEVER):
            interval = before * np.maximum(np.round(interval / before), 1.0)
        tiers[at] = replace(tier, interval=np.minimum(np.maximum(interval, tier.write_time), NEVER))
    return replace(course, tiers=tuple(tiers))


def sizes(world: World, closed: CampaignEstimate, trials: Trials) -> tuple[Table, Chart]:
    """At which size adding GPUs stops helping, at the same time of a step."""
    devices = float(world.results["step"].num_devices)
    largest = number(closed.largest_job) or devices
    tried = sorted({*(size for size in _SIZES if size * devices <= 4 * largest), *_around(largest / devices)})
    smooth = np.geomspace(min(tried), max(max(tried), 1.0), 60)
    drawn = estimate(world, "", smooth)
    beside = np.asarray(drawn.goodput, dtype=float)
    body: list[tuple[Cell, ...]] = []
    for size in tried:
        scaled = replace(trials, num_replicas=_fewer(trials, size), rows=min(trials.rows, _fewer(trials, size)))
        goodput = scaled.of(Changes(size=size))
        count = size * devices
        body.append((f"{count:,.0f}", goodput, float(np.interp(size, smooth, beside)), f"{count * goodput:,.0f}"))
    table = Table(
        name="campaign.sizes",
        title="Where adding GPUs stops helping",
        columns=("GPUs", "goodput", "closed form", "worth, GPUs that never fail"),
        units=("", "%", "%", ""),
        rows=tuple(body),
        note="At the same step time, so that only failures grow; storage grows with the job. By the closed form "
        f"nothing is gained beyond about {render(largest, '1', 2)} GPUs in one job under these rates.",
    )
    chart = Chart(
        name="campaign.sizes",
        title="Where adding GPUs stops helping",
        kind="lines",
        unit="1",
        x_title="GPUs in one job",
        series=(
            Series(name="closed form", x=tuple(_plain(smooth * devices)), y=tuple(_plain(smooth * devices * beside))),
            Series(
                name="simulated",
                x=tuple(size * devices for size in tried),
                y=tuple(size * devices * float(row[1] or 0.0) for size, row in zip(tried, body, strict=True)),  # type: ignore[arg-type]
            ),
        ),
        note="GPUs that never fail and would do the same work.",
    )
    return table, chart


def _around(largest: float) -> tuple[float, ...]:
    """The largest job itself, and half of it, where they are not among the sizes anyway."""
    return (largest / 2, largest) if largest < 8 else ()


def _fewer(trials: Trials, size: float) -> int:
    """Replicas for a job of another size: larger ones fail more often."""
    return int(max(min(trials.num_replicas, trials.num_replicas / size), 2))


def _plain(values: Any) -> list[float]:
    return [float(value) for value in values]
