"""Interruptions of the steps: failures with their recovery, pauses and joins, as one line of stops for each trial."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lindos.campaign.arrays import CountArray, FractionArray, Indexes, Mask, SecondsArray
from lindos.campaign.arrivals import arrivals, columns, stream
from lindos.campaign.causes import Cause
from lindos.campaign.problem import Problem
from lindos.campaign.progress import ENDLESS, KEEPS, SAVES, tier_for
from lindos.campaign.repair import Missing, in_order, missing, missing_beyond_racks, repaired, staffed
from lindos.quantities import Real, Seconds


class Stops(NamedTuple):
    """Stops of every trial in order of time, shape (trials, stops); rows are padded with the horizon."""

    time: SecondsArray
    end: SecondsArray  # when steps go on if no other stop occurs
    waited: SecondsArray  # seconds of the stop that wait for spares
    restore: SecondsArray  # seconds of the stop that read a checkpoint
    effect: Indexes  # index of the tier to restart from, KEEPS or SAVES
    planned: Mask  # maintenance, not failure
    failed: Mask  # a failure of any kind


@dataclass(frozen=True, slots=True)
class Reduction:
    """Changes of the share of the job's speed that is missing, at each of ``times``, in any order."""

    times: SecondsArray
    change: FractionArray


class Interruptions(NamedTuple):
    """All stops of some trials, reductions of speed between them, and silent corruptions as (onset, detection)."""

    stops: Stops
    reductions: list[Reduction]
    corruptions: tuple[SecondsArray, SecondsArray] | None


def interruptions(problem: Problem, horizon: SecondsArray, num_trials: int, seed: int, tile: int) -> Interruptions:
    """Draw everything that interrupts the trials of a campaign.

    Parameters
    ----------
    problem
        The campaign, with one row per trial.
    horizon
        Seconds from the start up to which events are drawn, shape (trials, 1).
    num_trials
        Number of trials.
    seed
        Seed of the simulation.
    tile
        Index of the tile of trials.
    """
    parts: list[Stops] = [_startup(problem, num_trials)]
    reductions: list[Reduction] = []
    for pool in range(len(problem.pools)):
        causes = [cause for cause in problem.causes if cause.pool == pool]
        if causes:
            stops, slower = _failures(problem, pool, causes, horizon, num_trials, (seed, tile))
            parts.append(stops)
            reductions += slower
    if problem.flaps is not None:
        times = arrivals(problem.flaps, horizon, num_trials, stream(seed, tile, "flaps"))
        parts.append(_pauses(times, problem.flaps.detection_time, KEEPS))
    if np.isfinite(problem.maintenance_every):
        parts.append(_maintenance(problem, horizon, num_trials))
    for time, _ in problem.joins[1:]:
        times = np.minimum(np.full((num_trials, 1), time), horizon)
        parts.append(_pauses(times, problem.restart_time, SAVES))
    corruptions = None
    if problem.corruption is not None:
        corruptions = _corruptions(problem, problem.corruption, horizon, num_trials, (seed, tile))
        stops = _pauses(corruptions[1], _after(problem, problem.tiers[-1].restore_time), len(problem.tiers) - 1)
        seen = stops.time < horizon
        effect = np.where(seen, stops.effect, KEEPS).astype(np.int8)
        parts.append(stops._replace(restore=_as(problem.tiers[-1].restore_time, stops), effect=effect, failed=seen))
    if problem.stragglers is not None:
        reductions.append(_slow(problem, horizon, num_trials, (seed, tile)))
    if len(problem.joins) > 1:
        times, speeds = np.array(problem.joins, dtype=float).T
        rows = (num_trials, 1)
        reductions.append(Reduction(np.tile(times, rows), np.tile(np.diff(1 - speeds, prepend=0.0), rows)))
    return Interruptions(_merged(parts), reductions, corruptions)


def _startup(problem: Problem, rows: int) -> Stops:
    """Return the first start as a stop at time 0."""
    none = np.zeros((rows, 1))
    end = np.broadcast_to(np.asarray(problem.startup_time, dtype=float), (rows, 1))
    return Stops(none, end, none, none, np.full((rows, 1), SAVES, dtype=np.int8), none > 0, none > 0)


def _pauses(times: SecondsArray, lasting: Seconds, effect: int) -> Stops:
    none = np.zeros_like(times)
    return Stops(times, times + lasting, none, none, np.full(times.shape, effect, dtype=np.int8), none > 0, none > 0)


def _as(value: Seconds, stops: Stops) -> SecondsArray:
    return np.broadcast_to(np.asarray(value, dtype=float), stops.time.shape)


def _maintenance(problem: Problem, horizon: SecondsArray, rows: int) -> Stops:
    count = int(np.max(horizon) / problem.maintenance_every) + 1
    times = np.minimum(np.tile(problem.maintenance_every * np.arange(1, count + 1), (rows, 1)), horizon)
    stops = _pauses(times, problem.maintenance_time, SAVES)
    return stops._replace(planned=times < horizon)


def _after(problem: Problem, restore: Seconds) -> Seconds:
    """Return the seconds from the diagnosis until steps run again."""
    return problem.restart_time + restore


def _merged(parts: list[Stops]) -> Stops:
    """Merge all stops in order of time."""
    if len(parts) == 2:  # the start, and one line that is sorted already
        return Stops(*(np.concatenate(pair, axis=1) for pair in zip(*parts, strict=True)))
    joined = [np.concatenate(columns_of_field, axis=1) for columns_of_field in zip(*parts, strict=True)]
    order = np.argsort(joined[0], axis=1, kind="stable")
    return Stops(*in_order(order, *joined))


class _Struck(NamedTuple):
    """Failures of one pool in order of time, with the index of the cause of each."""

    times: SecondsArray
    cause: Indexes
    is_real: Mask  # False in the padding of a row

    def lookup(self, values: Sequence[Real]) -> SecondsArray:
        """Look up a property of the cause of each failure; each value is a number or an array of shape (trials, 1)."""
        if all(np.ndim(value) == 0 for value in values):
            return np.asarray(values)[self.cause]
        rows = self.times.shape[0]
        table = np.stack([np.broadcast_to(value, (rows, 1)) for value in values], axis=1)[:, :, 0]
        return np.take_along_axis(table, self.cause, axis=1)


def _struck(causes: list[Cause], horizon: SecondsArray, rows: int, key: tuple[int, int]) -> _Struck:
    lines = [arrivals(cause, horizon, rows, stream(*key, f"{cause.pool} {cause.name}")) for cause in causes]
    if len(lines) == 1:
        return _Struck(lines[0], np.zeros(lines[0].shape, dtype=np.intp), lines[0] < horizon)
    times = np.concatenate(lines, axis=1)
    cause_of_column = np.repeat(np.arange(len(lines)), [line.shape[1] for line in lines])
    order = np.argsort(times, axis=1, kind="stable")
    (times,) = in_order(order, times)
    used = max(1, int((times < horizon).sum(axis=1).max()))
    times = times[:, :used]
    return _Struck(times, cause_of_column[order[:, :used]], times < horizon)


def _failures(
    problem: Problem, pool: int, causes: list[Cause], horizon: SecondsArray, rows: int, key: tuple[int, int]
) -> tuple[Stops, list[Reduction]]:
    """Draw the failures of one pool as stops, and the speed that is missing while they are repaired."""
    struck = _struck(causes, horizon, rows, key)
    times, shape = struck.times, struck.times.shape
    tiers = problem.tiers
    partial = [not problem.stops_all(cause) for cause in causes]
    effects = [KEEPS if part else tier_for(cause.reach, tiers) for cause, part in zip(causes, partial, strict=True)]
    restores = [tiers[max(effect, 0)].restore_time for effect in effects]
    notice = struck.lookup([cause.detection_time + problem.diagnosis_time for cause in causes])
    effect = np.asarray(effects, dtype=np.int8)[struck.cause]
    restore = struck.lookup(restores)
    identified = times + _rounds(problem, pool, notice, restore, shape, key)
    broken = _broken(problem, pool, causes, struck, key)
    waits = not (problem.elastic or problem.recovery == "replica")
    swapped = identified
    if broken is not None and waits:
        short = _shortage(problem, pool, times, broken, key)
        swapped = np.maximum(identified, staffed(short, problem.pools[pool].spares, shape))
    back = swapped + _after(problem, restore)
    resumed, waited = back, swapped - identified
    if any(partial):
        is_partial = np.asarray(partial)[struck.cause]
        # If replicas stall in groups, the other groups go on: a failure then slows the job instead of stopping it.
        stall = problem.stall_time if problem.stall_groups == 1 else 0.0
        resumed = np.where(is_partial, times + stall, back)
        waited, restore = np.where(is_partial, 0.0, waited), np.where(is_partial, 0.0, restore)
    if problem.announced:
        saved = columns(stream(*key, f"announced {pool}").random, shape[1], rows) < problem.announced
        saved &= np.asarray([cause.devices > 0 for cause in causes])[struck.cause] & (effect >= 0)
        effect = np.where(saved, SAVES, effect).astype(np.int8)
        resumed = np.where(saved, np.maximum(resumed - (identified - times), swapped), resumed)
    effect = np.where(struck.is_real, effect, KEEPS).astype(np.int8)
    stops = Stops(times, resumed, waited, restore, effect, np.zeros(shape, dtype=bool), struck.is_real)
    slower = _replicas_out(problem, causes, struck, back, partial)
    if broken is not None and not waits:
        # A replica is out as a whole during its recovery; afterwards it is short of devices only if spares are short.
        short = _shortage(problem, pool, back, broken, key)
        uncovered = np.maximum(short.amount - problem.pools[pool].spares, 0.0)
        lost = np.ceil(uncovered / problem.replica_devices - 1e-9) / float(problem.num_replicas)
        slower.append(Reduction(short.times, np.diff(lost, axis=1, prepend=0.0)))
    return stops, slower


def _rounds(
    problem: Problem,
    pool: int,
    notice: SecondsArray,
    restore: SecondsArray,
    shape: tuple[int, int],
    key: tuple[int, int],
) -> SecondsArray:
    """Return the time until the right device is identified; each wrong diagnosis costs a whole recovery."""
    if not problem.misdiagnosis:
        return notice
    wrong = stream(*key, f"misdiagnosis {pool}").geometric(1.0 - problem.misdiagnosis, (shape[1], shape[0])).T - 1
    return notice + wrong * (notice + _after(problem, restore))


class _Broken(NamedTuple):
    """Devices that each failure takes out, 0 if nothing is broken, and when they are repaired."""

    weight: CountArray
    repaired: SecondsArray


def _broken(problem: Problem, pool: int, causes: list[Cause], struck: _Struck, key: tuple[int, int]) -> _Broken | None:
    """Draw the repairs of failed devices; None if spares are unlimited."""
    if not np.isfinite(problem.pools[pool].spares):
        return None
    shape = struck.times.shape
    drawn = columns(stream(*key, f"repair {pool}").standard_exponential, shape[1], shape[0])
    weight = np.where(struck.is_real, np.asarray([float(c.devices) for c in causes])[struck.cause], 0.0)
    # Only broken devices join the queue. A repair that never ends has a finite length too, so that sums stay numbers.
    lasting = np.minimum(drawn * struck.lookup([np.minimum(cause.repair_time, ENDLESS) for cause in causes]), ENDLESS)
    return _Broken(weight, repaired(struck.times, np.where(weight > 0, lasting, 0.0), problem.repair_teams))


def _shortage(problem: Problem, pool: int, begin: SecondsArray, broken: _Broken, key: tuple[int, int]) -> Missing:
    """Return the devices that need spares of the pool through time, each from its `begin` until it is repaired."""
    stock, end = problem.pools[pool], np.maximum(broken.repaired, begin)
    if not stock.rack_spares:
        return missing(begin, end, broken.weight)
    rng = stream(*key, f"racks {pool}")
    racks, spares, rack_devices = float(stock.num_racks), stock.rack_spares, stock.rack_devices
    return missing_beyond_racks(begin, end, broken.weight, racks, spares, rack_devices, rng)


def _replicas_out(
    problem: Problem, causes: list[Cause], struck: _Struck, back: SecondsArray, partial: list[bool]
) -> list[Reduction]:
    """Return the share of the replicas that each failure takes out, until they are back."""
    if not any(partial):
        return []
    number = float(problem.num_replicas)
    hit = [problem.replicas_hit(cause) / number if part else 0.0 for cause, part in zip(causes, partial, strict=True)]
    share = np.where(struck.is_real, np.asarray(hit)[struck.cause], 0.0)
    out = [_spell(struck.times, back, share)]
    if problem.stall_groups > 1:
        stalled = np.where(share > 0, 1.0 / problem.stall_groups, 0.0)
        out.append(_spell(struck.times, struck.times + problem.stall_time, stalled))
    return out


def _spell(begin: SecondsArray, end: SecondsArray, share: FractionArray) -> Reduction:
    """Remove a share of the speed from each `begin` to its `end`."""
    return Reduction(np.concatenate([begin, end], axis=1), np.concatenate([share, -share], axis=1))


def _slow(problem: Problem, horizon: SecondsArray, rows: int, key: tuple[int, int]) -> Reduction:
    """Draw the times in which at least one device is slow; all devices wait for it."""
    slow = problem.stragglers
    assert slow is not None
    cause = Cause(name="stragglers", units=slow.units, mtbf=slow.mtbf, devices=0)
    times = arrivals(cause, horizon, rows, stream(*key, "stragglers"))
    lasting = columns(stream(*key, "slow for").standard_exponential, times.shape[1], rows) * slow.duration
    end = np.maximum.accumulate(times + lasting, axis=1)
    start = np.maximum(times, np.concatenate([np.zeros((rows, 1)), end[:, :-1]], axis=1))
    share = slow.slowdown / (1 + slow.slowdown)
    moments = np.stack([np.minimum(start, end), end], axis=2).reshape(rows, -1)
    change = np.where(np.arange(moments.shape[1]) % 2 == 0, share, -share)
    return Reduction(moments, np.broadcast_to(change, moments.shape))


def _corruptions(
    problem: Problem, cause: Cause, horizon: SecondsArray, rows: int, key: tuple[int, int]
) -> tuple[SecondsArray, SecondsArray]:
    """Draw onset and detection of silent corruptions, in order of detection; infinity and the horizon if none."""
    onset = arrivals(cause, horizon, rows, stream(*key, "corruption"))
    delay = columns(stream(*key, "corruption found").standard_exponential, onset.shape[1], rows)
    seen = np.minimum(onset + delay * cause.detection_time, horizon)
    order = np.argsort(seen, axis=1)
    seen, onset = np.take_along_axis(seen, order, axis=1), np.take_along_axis(onset, order, axis=1)
    return np.where(seen < horizon, onset, np.inf), seen
