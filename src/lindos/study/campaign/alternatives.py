"""Alternatives to the campaign and their gain, simulated under the same failures (common random numbers).

Alternatives are compared over the same span of time with few trials: their differences have a much smaller error than
the trials themselves, and that error is part of the result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lindos import campaign
from lindos.campaign import ENDLESS, CampaignEstimate, Problem, Trials, Workload
from lindos.problem.job import RECOVERIES, Goal
from lindos.study.campaign.basis import Basis, Changes
from lindos.study.campaign.failures import set_aside
from lindos.study.campaign.problem import problem_of, workload_of
from lindos.study.campaign.simulated import Simulation

#: Failures to simulate for one alternative, and the largest number of its trials.
_FAILURES, _MOST = 12_000, 1024
#: An alternative is simulated for at least this multiple of its longest mean repair.
_REPAIRS = 5.0
#: Pieces of time in which alternatives are compared, to see how well their difference is known.
_PIECES = 12
#: Trials from which their differences say how well a gain is known; of fewer trials it takes pieces of each.
_ENOUGH_TRIALS = 64
#: Sizes of the job that are simulated, as multiples of its own.
_SIZES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
#: Points of the closed form's curve over the size of the job.
_SMOOTH = 25
#: Factors on the interval between checkpoints that are simulated.
_FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)
#: Loss of goodput that is accepted for fewer spares.
GOODPUT_TOLERANCE = 0.001
#: Smallest share of the devices at work that is tried as spares.
_FINEST = 0.0005
#: Factor between two numbers of spares that are tried.
_STEP = 1.4
#: Groups of replicas that are tried, of which a failure stalls one.
_GROUPS = (8, 64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An alternative: its goodput, and its gain over the campaign as it is.

    ``error`` is the standard error of ``gain`` under the same failures; ``saved`` is the time
    that the same work takes less, in seconds.
    """

    name: str
    goodput: float
    gain: float
    error: float
    saved: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SpareOption:
    """A number of spares, with its goodput and duration in seconds; infinity for an unlimited number."""

    devices: float
    share: float
    goodput: float
    duration: float
    as_written: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SpareOptions:
    """Goodput by the number of spares, those inside racks included; the last option has as many as fail.

    ``enough`` is the option of fewest spares that gives up no more than `GOODPUT_TOLERANCE` against the last one; None
    if no number does.
    """

    options: tuple[SpareOption, ...]
    enough: SpareOption | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StallOption:
    """Seconds that the other replicas stall at a failure, the number of groups, and the goodput that follows."""

    name: str
    stall_time: float
    groups: int
    closed_form: float
    goodput: float
    as_written: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalOption:
    """The interval between checkpoints of one tier: by the closed form, and the best of those simulated."""

    tier: str
    blocking_time: float
    closed_form: float
    best: float
    goodput: Mapping[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeOption:
    """A size of the job in devices, its goodput simulated and by the closed form."""

    devices: float
    goodput: float
    closed_form: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeCurve:
    """The closed form's goodput over the size of the job, in devices."""

    devices: tuple[float, ...]
    goodput: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryOption:
    """The campaign by the closed form, if a failure stops the whole job or one replica."""

    recovery: str
    estimate: CampaignEstimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternatives:
    """All alternatives to a campaign.

    ``base`` is the goodput that ``worth`` is compared with, simulated in ``num_trials`` trials of ``span`` seconds.
    """

    base: float
    num_trials: int
    span: float
    worth: tuple[Option, ...]
    stalls: tuple[StallOption, ...]
    spares: SpareOptions
    intervals: tuple[IntervalOption, ...]
    sizes: tuple[SizeOption, ...]
    curve: SizeCurve


class PairedTrials:
    """Simulations of alternatives to one campaign over the same span and failures; each is simulated once."""

    def __init__(self, basis: Basis, simulation: Simulation, seed: int) -> None:
        """Choose the span and the number of trials; nothing is simulated yet."""
        self.basis, self.seed = basis, seed
        self.workload: Workload = workload_of(basis)
        self.duration = float(simulation.estimate.duration)
        self.headline = float(simulation.estimate.goodput)
        rate = float(np.max(simulation.problem.event_rate))
        repairs = [float(np.max(cause.repair_time)) for cause in simulation.problem.causes if cause.devices]
        shortest = _REPAIRS * max(repairs, default=0.0)
        self.span = min(self.duration, max(_FAILURES / max(rate, 1e-300), shortest))
        self.num_trials = int(np.clip(_FAILURES / (rate * self.span + 0.1), 1, _MOST))
        self._done: dict[Changes, Trials] = {}

    def problem(self, changes: Changes) -> Problem:
        """Return the problem of an alternative, over the span."""
        return problem_of(self.basis, Goal(duration=self.span), changes)

    def trials(self, changes: Changes) -> Trials:
        """Simulate an alternative, once."""
        if changes not in self._done:
            self._done[changes] = self.simulated(self.problem(changes))
        return self._done[changes]

    def simulated(self, problem: Problem) -> Trials:
        """Simulate a problem over the span, under the failures that all alternatives meet."""
        return campaign.simulate(
            problem,
            expected=self.span,
            num_trials=self.num_trials,
            rows=self.num_trials,
            seed=self.seed,
            observed=self.num_trials < _ENOUGH_TRIALS,
        )

    def goodput(self, changes: Changes) -> float:
        """Return the goodput of an alternative: that of the campaign plus the gain of the alternative."""
        return self.goodput_of(self.trials(changes))

    def goodput_of(self, trials: Trials) -> float:
        """Return the goodput of the campaign plus the gain of these trials under the same failures."""
        base = float(np.mean(self.trials(Changes()).goodput))
        return float(np.clip(self.headline + float(np.mean(trials.goodput)) - base, 0.0, 1.0))

    def closed_form(self, changes: Changes) -> CampaignEstimate:
        """Compute the closed form of an alternative, over the time of the campaign."""
        problem = problem_of(self.basis, Goal(duration=self.duration), changes)
        return campaign.estimate(problem, self.workload)

    def option(self, name: str, changes: Changes) -> Option:
        """Compare an alternative with the campaign as it is."""
        base, trials = self.trials(Changes()), self.trials(changes)
        if self.num_trials < _ENOUGH_TRIALS:
            gains = (_pieces(trials) - _pieces(base)).ravel() * _PIECES / self.span
        else:
            gains = np.asarray(trials.goodput) - np.asarray(base.goodput)
        goodput, gain = self.goodput(changes), float(np.mean(gains))
        return Option(
            name=name,
            goodput=goodput,
            gain=gain,
            error=float(np.std(gains, ddof=1) / gains.size**0.5),
            saved=self.duration * max(gain, 0.0) / goodput if goodput > 0 else 0.0,
        )


def _pieces(trials: Trials) -> Any:
    """Return the work done in equal pieces of the span, in seconds at full speed; shape (trials, pieces)."""
    assert trials.progress is not None
    columns = np.linspace(0, trials.progress.shape[1] - 1, _PIECES + 1).astype(int)
    return np.diff(trials.progress[:, columns], axis=1)


def alternatives(basis: Basis, simulation: Simulation, seed: int) -> Alternatives:
    """Simulate alternatives to the campaign, with the catalogue's values.

    Parameters
    ----------
    basis
        Inputs of the campaign, with the catalogue's values.
    simulation
        The campaign as the scenario describes it.
    seed
        Seed of the random numbers.
    """
    paired = PairedTrials(basis, simulation, seed)
    sizes, curve = _sizes(paired)
    return Alternatives(
        base=paired.goodput(Changes()),
        num_trials=paired.num_trials,
        span=paired.span,
        worth=tuple(_worth(paired, simulation.problem)),
        stalls=tuple(_stalls(paired, simulation.problem)),
        spares=_spares(paired, simulation),
        intervals=tuple(_intervals(paired)),
        sizes=sizes,
        curve=curve,
    )


def recoveries(basis: Basis, target: Goal) -> tuple[RecoveryOption, ...]:
    """Compute the closed form under both kinds of recovery, the scenario's first.

    Parameters
    ----------
    basis
        Inputs of the campaign in one world.
    target
        Goal of the campaign.
    """
    names = sorted(RECOVERIES, key=lambda name: name != basis.campaign.recovery)
    workload = workload_of(basis)
    problems = [(name, problem_of(basis, target, Changes(recovery=name))) for name in names]
    return tuple(
        RecoveryOption(recovery=name, estimate=campaign.estimate(problem, workload)) for name, problem in problems
    )


def _worth(paired: PairedTrials, problem: Problem) -> list[Option]:
    """Compare better devices, recovery and storage."""
    restarts = problem.recovery == "restart"
    options = [("failures half as often", Changes(mtbf=2.0))]
    if restarts:
        options.append(("restart in half the time", Changes(restart=0.5)))
    else:
        options.append(("other replicas stalled for half as long", Changes(stall=0.5)))
        options.append(("replicas restarted in half the time", Changes(restart=0.5)))
    options.append(("failures noticed in half the time", Changes(detection=0.5)))
    if restarts:
        options.append(("checkpoints twice as fast", Changes(bandwidth=2.0)))
    options.append(("as many spares as fail", Changes(spares=float("inf"))))
    return [paired.option(name, changes) for name, changes in options]


def _stalls(paired: PairedTrials, problem: Problem) -> list[StallOption]:
    """Compute goodput over the published range of the other replicas' stall, and over numbers of groups."""
    if problem.recovery != "replica":
        return []
    fact = paired.basis.catalog.parameter("reliability.replica_stall_time", "s")
    bounds = [("shortest published", fact.low), ("longest published", fact.high)]
    usual, groups = float(np.max(problem.stall_time)), problem.stall_groups
    stalls = [(name, float(bound), groups) for name, bound in bounds if bound is not None]
    stalls += [(f"in {count} groups that stall apart", usual, count) for count in _GROUPS if groups == 1]
    stalls.insert(1, ("as in this scenario", usual, groups))
    options: list[StallOption] = []
    for name, stall, count in stalls:
        as_written = (stall, count) == (usual, groups)
        changes = Changes() if as_written else Changes(stall_time=stall, stall_groups=count)
        options.append(
            StallOption(
                name=name,
                stall_time=stall,
                groups=count,
                closed_form=float(paired.closed_form(changes).goodput),
                goodput=paired.goodput(changes),
                as_written=as_written,
            )
        )
    return options


def _spares(paired: PairedTrials, simulation: Simulation) -> SpareOptions:
    """Compute goodput and days by the number of spares, and the fewest spares that suffice.

    Spares inside racks stay in every option, so that they are in every number.
    """
    basis = paired.basis
    inside = float(sum(pool.rack_spares * pool.num_racks for pool in paired.problem(Changes()).pools))
    unlimited = _spare_option(paired, float("inf"), float("inf"))
    share_needed = _fewest(paired, unlimited.goodput)
    shares = {0.0, *((share_needed / 4, share_needed / 2, share_needed) if share_needed is not None else ())}
    options = {share: _spare_option(paired, inside + sum(set_aside(basis, share)), share) for share in sorted(shares)}
    enough = None if share_needed is None else options[share_needed]
    as_written = replace(_spare_option(paired, float(simulation.estimate.spares_given), None), as_written=True)
    # Spares of the scenario may be spread over the pools in other proportions than the same number of an option.
    others = {option.devices: option for option in options.values() if not _is_same(option, as_written)}
    if enough is not None and enough.devices not in others:
        enough = as_written
    rows = [*others.values(), as_written]
    return SpareOptions(options=(*sorted(rows, key=lambda row: row.devices), unlimited), enough=enough)


def _is_same(option: SpareOption, written: SpareOption) -> bool:
    return option.devices == written.devices and abs(option.goodput - written.goodput) < GOODPUT_TOLERANCE / 10


def _spare_option(paired: PairedTrials, devices: float, share: float | None) -> SpareOption:
    goodput = paired.goodput(Changes(spares=share))
    base = paired.goodput(Changes())
    return SpareOption(
        devices=devices,
        share=devices / float(paired.basis.num_devices),
        goodput=goodput,
        duration=paired.duration * base / goodput if goodput > 0 else float("inf"),
    )


def _fewest(paired: PairedTrials, best: float) -> float | None:
    """Find the smallest share of spares that gives up next to no goodput: by the closed form, then by simulation."""

    def closed(share: float) -> float:
        return float(paired.closed_form(Changes(spares=share)).goodput)

    def is_enough(share: float) -> bool:
        return paired.goodput(Changes(spares=share)) >= best - GOODPUT_TOLERANCE

    target = closed(float("inf")) - GOODPUT_TOLERANCE
    low, high = 0.0, 1.0
    while high - low > max(_FINEST, 0.03 * high):
        middle = (low + high) / 2
        low, high = (low, middle) if closed(middle) >= target else (middle, high)
    share = max(high, _FINEST)
    while not is_enough(share):
        if share >= 1.0:
            return None
        share = min(_STEP * share, 1.0)
    while share > _FINEST and is_enough(share / _STEP):
        share /= _STEP
    return share


def _intervals(paired: PairedTrials) -> list[IntervalOption]:
    """Find the best interval of each tier: by the closed form, and among those simulated."""
    base = paired.problem(Changes())
    options: list[IntervalOption] = []
    for index, tier in enumerate(base.tiers):
        if float(np.min(tier.interval)) >= ENDLESS:
            continue
        goodputs = {
            factor: paired.goodput(Changes())
            if factor == 1.0
            else paired.goodput_of(paired.simulated(_stretched(base, index, factor)))
            for factor in _FACTORS
        }
        best = max(goodputs, key=lambda factor: goodputs[factor])
        closed = float(np.mean(tier.interval))
        options.append(
            IntervalOption(
                tier=tier.name,
                blocking_time=float(np.mean(tier.blocking_time)),
                closed_form=closed,
                best=closed * best,
                goodput=goodputs,
            )
        )
    return options


def _stretched(problem: Problem, index: int, factor: float) -> Problem:
    """Multiply the interval of one tier; intervals of deeper tiers remain whole multiples of it."""
    tiers = list(problem.tiers)
    for level in range(index, len(tiers)):
        tier = tiers[level]
        interval = tier.interval * factor if level == index else tier.interval
        finer = tiers[level - 1].interval if level else None
        if finer is not None and np.all(np.asarray(finer) < ENDLESS):
            interval = finer * np.maximum(np.round(interval / finer), 1.0)
        tiers[level] = replace(tier, interval=np.minimum(np.maximum(interval, tier.write_time), ENDLESS))
    return replace(problem, tiers=tuple(tiers))


def _sizes(paired: PairedTrials) -> tuple[tuple[SizeOption, ...], SizeCurve]:
    """Find the size at which more devices stop helping, at the same time of a step."""
    devices = float(paired.basis.num_devices)
    largest = float(paired.closed_form(Changes()).largest_job) / devices
    limits = (largest / 2, largest) if largest < max(_SIZES) else ()
    sizes = sorted({*(size for size in _SIZES if size <= 4 * largest), *limits})
    smooth = np.geomspace(min(sizes), max(max(sizes), 1.0), _SMOOTH)
    drawn = np.array([float(paired.closed_form(Changes(size=float(size))).goodput) for size in smooth])
    options = [
        SizeOption(
            devices=size * devices,
            goodput=_goodput_of_size(paired, size),
            closed_form=float(np.interp(size, smooth, drawn)),
        )
        for size in sizes
    ]
    curve = SizeCurve(devices=tuple((smooth * devices).tolist()), goodput=tuple(drawn.tolist()))
    return tuple(options), curve


def _goodput_of_size(paired: PairedTrials, size: float) -> float:
    """Simulate a job of another size; a larger job fails more often, so that a shorter span suffices."""
    if size == 1.0:
        return paired.headline
    problem = paired.problem(Changes(size=size))
    repairs = [float(np.max(cause.repair_time)) for cause in problem.causes if cause.devices]
    span = min(paired.span, max(paired.span / max(size, 1.0), _REPAIRS * max(repairs, default=0.0)))
    trials = campaign.simulate(
        replace(problem, duration=span),
        expected=span,
        num_trials=max(1, int(paired.num_trials / max(size, 1.0))),
        seed=paired.seed,
    )
    return float(np.mean(trials.goodput))
