"""A scenario's campaign simulated: as the catalogue stands, and over the draws of its uncertain values."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lindos import campaign as floor
from lindos import transformer
from lindos.campaign import NEVER, CampaignEstimate, CampaignTime, Course, Precision, Replicas
from lindos.catalog.facts import ledger
from lindos.errors import InputError
from lindos.problem.job import Goal
from lindos.results import rows
from lindos.scenario.fields import Quantity
from lindos.study.campaign.closed import goal
from lindos.study.campaign.course import column, course_of
from lindos.study.world import NUM_DRAWS, Pair, World, Worlds

#: Chance alone moves a campaign little; what is not known about rates and times moves it more.
_BY_CHANCE, _BY_DRAWS = 0.004, 0.02
_FEWEST, _MOST_BY_CHANCE, _MOST_BY_DRAWS = 64, 512, NUM_DRAWS
#: Replicas at most where a tolerance is asked for.
_MOST_ASKED = 16_384
#: Failures of all replicas together, after which no more rounds begin unless more are asked for.
_FAILURES = 4e6
#: Failures of one replica at most: more come of a slip in some mtbf, and take minutes.
_MOST_FAILURES = 1e6
#: Silent corruptions of one replica at most.
_MOST_CORRUPTIONS = 1e4
#: Share of the wall clock below which a run makes no progress.
_STUCK = 1e-3
#: A draw may take so many times as long as the middle before it is only told by its progress.
_LONGEST = 3.0


@dataclass(frozen=True, slots=True)
class CampaignAsked:
    """How well the simulation is to be known; None leaves the defaults of a whole answer.

    ``told`` is called after each round of replicas: with what they are, how many, how well goodput is known by then,
    and how well it is to be. ``figures_only`` leaves out tables and charts, and the spares that are searched for.
    """

    tolerance: float | None = None
    most: int | None = None
    seed: int = 0
    told: Callable[[str, int, float, float], None] | None = None
    figures_only: bool = False

    @classmethod
    def read(
        cls,
        tolerance: str | None,
        *,
        most: int | None = None,
        seed: int = 0,
        told: Callable[[str, int, float, float], None] | None = None,
    ) -> "CampaignAsked":
        """From a tolerance as text: ``0.5 %``.

        Raises
        ------
        InputError
            If it is no share between 0.01 % and 50 %.
        """
        if tolerance is None:
            return cls(None, most, seed, told)
        share = Quantity("1", "0.5 %", at_least=1e-4, at_most=0.5)
        try:
            return cls(share.read(tolerance), most, seed, told)
        except InputError as error:
            raise InputError("tolerance", tolerance, error.expected, error.hint) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One world's replicas and what they mean."""

    course: Course
    expected: Any
    replicas: Replicas
    estimate: CampaignEstimate


def simulated(worlds: Worlds, closed: Pair[CampaignEstimate]) -> Pair[Run] | Run:
    """Replicas in both worlds, about as long as the closed form says; the point's alone where it goes nowhere.

    Raises
    ------
    InputError
        If more fails in one replica than can be simulated.
    """
    middle = float(closed.point.duration)
    with ledger() as facts:
        point = _run(worlds, worlds.point, closed.point, middle)
    if float(np.mean(point.replicas.goodput)) < _STUCK:
        return point
    # What would help is simulated over the whole run, which may take longer than the closed form says.
    _check_failures(point.course, point.estimate.duration)
    expected = np.clip(column(closed.sampled.duration), middle / _LONGEST, middle * _LONGEST)
    sampled = _run(worlds, worlds.sampled, closed.sampled, expected)
    return Pair(point, sampled, {**closed.facts, **facts})


def _check_failures(course: Course, expected: Any) -> None:
    """Refuse more than can be simulated, and say where it comes from."""
    others = [one for one in (course.stragglers, course.flaps, course.corruption) if one is not None]
    number = {one.name: float(np.max(one.rate * expected)) for one in (*course.causes, *others)}
    number["planned maintenance"] = float(np.max(expected / course.maintenance_every))
    if course.corruption is not None and (count := number[course.corruption.name]) > _MOST_CORRUPTIONS:
        raise InputError(
            "campaign.silent_corruption",
            f"{count:.3g} corruptions in one run",
            f"at most {_MOST_CORRUPTIONS:,.0f}",
            "Raise its device_mtbf.",
        )
    if sum(number.values()) > _MOST_FAILURES:
        worst = max(number, key=lambda name: number[name])
        raise InputError(
            "campaign",
            f"{sum(number.values()):.3g} failures and stops in one run",
            f"at most {_MOST_FAILURES:,.0f}",
            f"Let what comes most often come less often: {worst}, {number[worst]:.3g} times.",
        )


def asked_of(worlds: Worlds) -> CampaignAsked:
    """How well this answer is to know its campaign."""
    found: CampaignAsked = worlds.decisions.get("campaign.asked", CampaignAsked())
    return found


def precision_of(asked: CampaignAsked, course: Course, expected: Any, *, is_sampled: bool) -> Precision:
    """When to stop: as asked, or with what a whole answer can wait for."""
    tolerance = _BY_DRAWS if is_sampled else _BY_CHANCE
    failures = float(np.mean(course.event_rate * expected)) + 1.0
    most = int(min(_MOST_BY_DRAWS if is_sampled else _MOST_BY_CHANCE, max(_FAILURES / failures, _FEWEST)))
    # Each draw once, unless that takes too long; chance needs fewer.
    fewest = most if is_sampled and asked.tolerance is None else _FEWEST // 2
    return Precision(
        tolerance=tolerance if asked.tolerance is None else asked.tolerance,
        most=(most if asked.tolerance is None else _MOST_ASKED) if asked.most is None else asked.most,
        fewest=min(fewest, asked.most or fewest),
        seed=asked.seed,
        threads=max(1, min(os.cpu_count() or 1, 4)),
    )


def _run(worlds: Worlds, world: World, closed: CampaignEstimate, expected: Any) -> Run:
    asked, target = asked_of(worlds), goal(world)
    course = course_of(world, target)
    _check_failures(course, expected)
    name = "draws of the uncertain values" if world.is_sampled else "chance alone"

    precision = precision_of(asked, course, expected, is_sampled=world.is_sampled)

    def told(done: int, reached: float) -> None:
        if asked.told is not None:
            asked.told(name, done, reached, float(precision.tolerance))

    ran = floor.until_known(course, expected=expected, precision=precision, told=told)
    return Run(course=course, expected=expected, replicas=ran, estimate=_estimate(world, closed, course, ran, target))


def _estimate(world: World, closed: CampaignEstimate, course: Course, ran: Replicas, target: Goal) -> CampaignEstimate:
    """Replicas in the words of the closed form: their mean, or in a sampled world each by itself."""
    step = world.results["step"]
    each = np.arange(ran.num_replicas)
    time = _ended(course, ran, each)
    failures = ran.num_failures
    if not world.is_sampled:
        time = CampaignTime(**{row.name: float(np.mean(row.value)) for row in rows(time) if row.name in _BUCKETS})
        failures = float(np.mean(failures))

    def own(value: Any) -> Any:
        """The draw that each replica took."""
        plain = np.asarray(value, dtype=float)
        return plain[each % plain.size] if world.is_sampled and plain.ndim == 1 else value

    num_steps = time.productive / own(step.time)
    tokens = num_steps * own(step.tokens)
    flop = tokens * transformer.model_flops_per_token(world.job.model, world.job.sequence_length)
    interval = course.tiers[0].interval
    changed: dict[str, Any] = {}
    if target.duration is not None:
        law = floor.scaling_law(world.catalog)
        law = replace(law, **{name: own(getattr(law, name)) for name in law.__dataclass_fields__ if name != "fit"})
        # A replica that trains nothing has no best model: the smallest stands for it.
        best = floor.compute_optimal(np.maximum(flop, 1.0), law)
        factor = closed.tokens / closed.effective_tokens
        changed = {"tokens": tokens, "effective_tokens": tokens / own(factor), "training_flop": flop}
        changed |= {
            "num_steps": num_steps,
            "compute_optimal_params": best.num_params,
            "compute_optimal_tokens": best.tokens,
        }
    return replace(
        closed,
        time=time,
        num_failures=failures,
        job_mtbf=np.ravel(1 / course.failure_rate) if world.is_sampled else float(1 / course.failure_rate),
        checkpoint_interval=None if np.min(interval) >= NEVER else np.ravel(interval) if world.is_sampled else interval,
        **changed,
    )


_BUCKETS = tuple(CampaignTime.__dataclass_fields__)


def _ended(course: Course, ran: Replicas, each: Any) -> CampaignTime:
    """Time of each replica; one that was not followed to its goal is carried on at the pace it had."""
    if course.work is None or np.all(ran.finished == 1):
        return ran.time
    work = np.broadcast_to(np.ravel(np.asarray(course.work, dtype=float)), (max(np.size(course.work), 1),))
    wanted = work[each % work.size]
    pace = np.where(ran.finished == 1, 1.0, wanted / np.maximum(ran.time.productive, 1e-3 * wanted))
    return CampaignTime(**{name: getattr(ran.time, name) * pace for name in _BUCKETS})
