"""Simulate a scenario's campaign, with the catalogue's values and over draws of its uncertain values.

The value of every figure is the mean over the trials with the catalogue's values, since only means of time, tokens and
money add up. The range comes from trials that each take another draw of the uncertain values.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lindos import campaign
from lindos.campaign import (
    ENDLESS,
    LARGEST_EVENTS,
    CampaignEstimate,
    CampaignTime,
    Problem,
    Sampling,
    Trials,
    Workload,
    flattened,
    take_draws,
    trained_in,
)
from lindos.errors import InputError
from lindos.quantities import Count, Seconds
from lindos.scenario.fields import Quantity
from lindos.units import render

#: Tolerance of goodput by chance alone.
_BY_CHANCE = 0.004
#: Smallest and largest number of trials by chance alone, and smallest over the draws.
_FEWEST, _MOST_BY_CHANCE = 8, 4096
_FEWEST_DRAWS = 16
#: Number of failures in all trials together that a mean needs; rare failures need many trials.
_MEAN_OF = 20_000
#: Largest number of trials where a tolerance is asked for.
_MOST_ASKED = 16_384
#: Number of failures in all trials together that one answer has time for.
_FAILURES = 400_000
#: Largest number of silent corruptions of one trial.
_MOST_CORRUPTIONS = 1e4
#: Share of the wall clock below which a run makes no progress.
STUCK = 1e-3
#: A draw that takes longer than this multiple of the usual time is extrapolated at its pace.
_LONGEST = 3.0
#: Smallest and largest factor by which a simulated draw corrects the closed form of its neighbours.
_CORRECTION = (0.01, 100.0)

_BUCKETS = tuple(CampaignTime.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class CampaignAsked:
    """Precision that the simulation is asked for; None for the defaults of a whole answer.

    Parameters
    ----------
    tolerance
        Largest half width of the 95 % confidence interval of P10, P50 and P90 of goodput.
    max_trials
        Largest number of trials.
    seed
        Of the random numbers.
    report
        Called after each round of trials with their kind, their number, the confidence interval of goodput reached, and
        the tolerance.
    figures_only
        Leave out tables and charts, and the search for the number of spares.
    """

    tolerance: float | None = None
    max_trials: int | None = None
    seed: int = 0
    report: Callable[[str, int, float, float], None] | None = None
    figures_only: bool = False

    @classmethod
    def read(
        cls,
        tolerance: str | None,
        *,
        max_trials: int | None = None,
        seed: int = 0,
        report: Callable[[str, int, float, float], None] | None = None,
    ) -> "CampaignAsked":
        """Read a tolerance from text: ``0.5 %``.

        Raises
        ------
        InputError
            If it is no share between 0.01 % and 50 %.
        """
        if tolerance is None:
            return cls(None, max_trials, seed, report)
        share = Quantity("1", "0.5 %", at_least=1e-4, at_most=0.5)
        try:
            return cls(share.read(tolerance), max_trials, seed, report)
        except InputError as error:
            raise InputError("tolerance", tolerance, error.expected, error.hint) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """The trials of one world, and the estimate from them.

    Parameters
    ----------
    problem, workload
        What was simulated.
    expected
        Expected duration of a trial, in seconds.
    trials
        The trials, with their progress through time.
    draws
        The draw of the uncertain values that each trial took; None in the world of the catalogue's values.
    estimate
        Mean of the trials, or in a sampled world one entry per draw.
    """

    problem: Problem
    workload: Workload
    expected: Seconds
    trials: Trials
    draws: Any
    estimate: CampaignEstimate

    @property
    def goes_nowhere(self) -> bool:
        """Whether goodput is so small that the run makes no progress."""
        return float(np.mean(self.trials.goodput)) < STUCK


def check_failures(problem: Problem, expected: Seconds) -> None:
    """Refuse more failures than can be simulated, and name the cause with the most.

    Parameters
    ----------
    problem
        The campaign.
    expected
        Expected duration of a trial, in seconds.

    Raises
    ------
    InputError
        If one trial would have too many events, or too many silent corruptions.
    """
    kinds = (*problem.causes, *problem.disturbances)
    number = {kind.name: float(np.max(kind.rate * expected)) for kind in kinds}
    number["planned maintenance"] = float(np.max(expected / problem.maintenance_every))
    if problem.corruption is not None and (count := number[problem.corruption.name]) > _MOST_CORRUPTIONS:
        raise InputError(
            "campaign.silent_corruption",
            f"{render(count, '1')} corruptions in one run",
            f"at most {_MOST_CORRUPTIONS:,.0f}",
            "Raise its device_mtbf.",
        )
    if sum(number.values()) > LARGEST_EVENTS:
        worst = max(number, key=lambda name: number[name])
        raise InputError(
            "campaign",
            f"{render(sum(number.values()), '1')} failures and stops in one run",
            f"at most {LARGEST_EVENTS:,.0f}",
            f"Shorten job.goal, or let the most frequent come less often: {worst}, {render(number[worst], '1')} times.",
        )
    if problem.units_drawn_at_once > LARGEST_EVENTS:
        raise InputError(
            "campaign.lemons.fraction",
            f"{render(problem.units_drawn_at_once, '1')} lemons",
            f"at most {LARGEST_EVENTS:,.0f}",
            "Lower it.",
        )


def simulate_values(
    problem: Problem, workload: Workload, closed: CampaignEstimate, settings: CampaignAsked
) -> Simulation:
    """Simulate the campaign under the catalogue's values: trials differ by chance alone.

    Parameters
    ----------
    problem, workload
        The campaign, without draws.
    closed
        Its closed form.
    settings
        Tolerance of goodput and largest number of trials.

    Raises
    ------
    InputError
        If more fails in one trial than can be simulated.
    """
    expected = float(closed.duration)
    check_failures(problem, expected)
    fewest = int(np.clip(_MEAN_OF / _failures_of(problem, expected), _FEWEST, _MOST_BY_CHANCE))
    sampling = _sampling(settings, problem, expected, fewest, _MOST_BY_CHANCE)

    def report(done: int, reached: float) -> None:
        if settings.report is not None:
            settings.report("chance alone", done, reached, float(sampling.tolerance))

    trials = campaign.simulate_until(
        problem, expected=expected, sampling=sampling, observed=True, traced=True, report=report
    )
    time = _ended(problem, trials)
    mean = CampaignTime(**{name: float(np.mean(getattr(time, name))) for name in _BUCKETS})
    failures = float(np.mean(trials.num_failures))
    estimate = _estimate(closed, mean, failures, workload, problem)
    simulation = Simulation(
        problem=problem, workload=workload, expected=expected, trials=trials, draws=None, estimate=estimate
    )
    if not simulation.goes_nowhere:
        # Alternatives are simulated over the whole run, which may take longer than the closed form says.
        check_failures(problem, float(estimate.duration))
    return simulation


def simulate_draws(
    problem: Problem, workload: Workload, closed: CampaignEstimate, usual: Seconds, settings: CampaignAsked
) -> Simulation:
    """Simulate the campaign over the draws of the uncertain values.

    If all draws would take too long, a stratified sample of them is simulated, evenly spaced in the order of the closed
    form's goodput. A draw that is not simulated takes its closed form, corrected like the nearest simulated draw in
    that order.

    Parameters
    ----------
    problem, workload, closed
        The campaign with all its draws, and its closed form.
    usual
        Expected seconds under the catalogue's values.
    settings
        Tolerance of goodput and largest number of trials.
    """
    goodput = np.ravel(np.asarray(closed.goodput, dtype=float))
    duration = np.broadcast_to(np.asarray(closed.duration, dtype=float), goodput.shape)
    expected = np.clip(duration, usual / _LONGEST, usual * _LONGEST)
    order = np.argsort(goodput, kind="stable")
    count = _num_draws(settings, problem, expected)
    ranks = ((np.arange(count) + 0.5) / count * goodput.size).astype(int)
    draws = np.sort(order[ranks]) if count == goodput.size else order[ranks]
    chosen, times = take_draws((problem, expected[:, None]), draws)
    check_failures(chosen, times)
    name = "draws of the uncertain values"
    if settings.tolerance is not None or settings.max_trials is not None:
        sampling = _sampling(settings, chosen, times, min(count, settings.max_trials or count), goodput.size)

        def report(done: int, reached: float) -> None:
            if settings.report is not None:
                settings.report(name, done, reached, float(sampling.tolerance))

        trials = campaign.simulate_until(chosen, expected=times, sampling=sampling, observed=True, report=report)
        draws = draws[np.arange(trials.num_trials) % count]
    else:
        rows_per_tile = min(campaign.tile_rows(chosen, times), count)
        trials = campaign.simulate(
            chosen,
            expected=times,
            num_trials=count,
            seed=settings.seed,
            rows=rows_per_tile,
            threads=_threads(),
            observed=True,
        )
        if settings.report is not None:
            reached = float(campaign.confidence(trials.goodput))
            settings.report(name, count, reached, reached)
    time, failures = _over_draws(problem, closed, trials, draws, order)
    return Simulation(
        problem=problem,
        workload=workload,
        expected=expected,
        trials=trials,
        draws=draws,
        estimate=_estimate(closed, time, failures, workload, problem),
    )


def _threads() -> int:
    return max(1, min(os.cpu_count() or 1, 4))


def _failures_of(problem: Problem, expected: Seconds) -> float:
    return float(np.mean(problem.event_rate * expected)) + 0.1


def _num_draws(settings: CampaignAsked, problem: Problem, expected: Seconds) -> int:
    """Return the number of draws to simulate."""
    available = int(np.size(expected))
    affordable = int(_FAILURES / _failures_of(problem, np.reshape(expected, (-1, 1))))
    if settings.tolerance is not None:
        return available
    return int(np.clip(affordable if settings.max_trials is None else settings.max_trials, _FEWEST_DRAWS, available))


def _sampling(settings: CampaignAsked, problem: Problem, expected: Seconds, fewest: int, most: int) -> Sampling:
    """Return when to stop: as the user asks, or within the time of a whole answer."""
    affordable = int(min(most, max(_FAILURES / _failures_of(problem, expected), fewest)))
    limit = affordable if settings.tolerance is None else _MOST_ASKED
    max_trials = limit if settings.max_trials is None else settings.max_trials
    return Sampling(
        tolerance=_BY_CHANCE if settings.tolerance is None else settings.tolerance,
        max_trials=max_trials,
        min_trials=min(fewest, max_trials),
        seed=settings.seed,
        threads=_threads(),
    )


def _estimate(
    closed: CampaignEstimate, time: CampaignTime, failures: Count, workload: Workload, problem: Problem
) -> CampaignEstimate:
    """Express the simulation in the fields of the closed form."""
    flat = flattened(problem)
    interval = flat.tiers[0].interval
    return replace(
        closed,
        time=time,
        **trained_in(time.productive, flattened(workload)),
        num_failures=failures,
        job_mtbf=1 / flat.failure_rate,
        checkpoint_interval=None if np.min(interval) >= ENDLESS else interval,
    )


def _ended(problem: Problem, trials: Trials) -> CampaignTime:
    """Return the time of each trial; a trial that did not reach its goal is extrapolated at its pace."""
    if problem.work is None or np.all(trials.finished == 1):
        return trials.time
    work = float(np.max(problem.work))
    reached = np.maximum(np.asarray(trials.time.productive), 1e-3 * work)
    pace = np.where(trials.finished == 1, 1.0, work / reached)
    return CampaignTime(**{name: getattr(trials.time, name) * pace for name in _BUCKETS})


def _over_draws(
    problem: Problem, closed: CampaignEstimate, trials: Trials, draws: Any, order: Any
) -> tuple[CampaignTime, Count]:
    """Extend the simulated draws to all draws; draws that were simulated keep their own results."""
    closed_goodput: Any = np.ravel(np.asarray(closed.goodput, dtype=float))
    rank = np.empty(closed_goodput.size, dtype=int)
    rank[order] = np.arange(closed_goodput.size)
    # The trial of each draw: its own trial, or that of the nearest draw in the order of the closed form.
    sorted_trials = np.argsort(rank[draws], kind="stable")
    borders = rank[draws][sorted_trials]
    nearest = np.searchsorted((borders[1:] + borders[:-1]) / 2, rank, side="left")
    trial = sorted_trials[nearest]
    correction = np.clip(np.asarray(trials.goodput) / closed_goodput[draws], *_CORRECTION)
    goodput = np.clip(closed_goodput * correction[trial], 1e-12, 1.0)
    if problem.work is None:
        total = np.broadcast_to(np.ravel(np.asarray(problem.duration, dtype=float)), goodput.shape)
        productive = total * goodput
    else:
        productive = np.broadcast_to(np.ravel(np.asarray(problem.work, dtype=float)), goodput.shape)
        total = productive / goodput
    badput = np.maximum(np.asarray(trials.time.badput), 1e-300)
    lost = total - productive
    parts = {
        name: lost * (np.asarray(getattr(trials.time, name)) / badput)[trial]
        for name in _BUCKETS
        if name != "productive"
    }
    expected_failures: Any = np.ravel(np.asarray(closed.num_failures, dtype=float))
    pace = np.asarray(trials.num_failures) / np.asarray(trials.time.total)
    usual = expected_failures / np.ravel(np.asarray(closed.duration, dtype=float))
    failures = total * usual * (pace / usual[draws])[trial]
    return CampaignTime(productive=productive, **parts), failures
