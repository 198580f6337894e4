"""What interrupts the steps: failures with their recovery, pauses, joins, as one line of stops for each replica."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from lindos.campaign.arrivals import arrivals, columns, stream
from lindos.campaign.causes import Cause
from lindos.campaign.course import Course
from lindos.campaign.progress import KEEPS, NEVER, SAVES, tier_for
from lindos.campaign.repair import Missing, missing, missing_beyond_racks, repaired, staffed


class Stops(NamedTuple):
    """Stops of every replica in order of time, shape (replicas, stops); rows are filled up with the horizon."""

    time: Any
    until: Any  # steps go on then, if nothing else strikes
    waited: Any  # of which for spares
    restore: Any  # of which to read a checkpoint
    effect: Any  # index of the tier to restart from, KEEPS or SAVES
    planned: Any  # maintenance, not failure
    failed: Any  # a failure of any kind


@dataclass(frozen=True, slots=True)
class Reduction:
    """A share of the job's speed that is missing, constant from each of ``times`` on."""

    times: Any
    amount: Any


class Found(NamedTuple):
    """All stops of some replicas, what slows them down between, and silent corruptions as (onset, detection)."""

    stops: Stops
    reductions: list[Reduction]
    corruptions: tuple[Any, Any] | None


def found(course: Course, horizon: Any, num_replicas: int, seed: int, tile: int) -> Found:
    """Draw everything that happens to `num_replicas` replicas of a campaign up to the `horizon` of each."""
    parts: list[Stops] = [_startup(course, num_replicas)]
    reductions: list[Reduction] = []
    for pool in range(len(course.pools)):
        causes = [cause for cause in course.causes if cause.pool == pool]
        if causes:
            stops, slower = _failures(course, pool, causes, horizon, num_replicas, (seed, tile))
            parts.append(stops)
            reductions += slower
    if course.flaps is not None:
        times = arrivals(course.flaps, horizon, num_replicas, stream(seed, tile, "flaps"))
        parts.append(_pauses(times, course.flaps.detection_time, KEEPS))
    if np.isfinite(course.maintenance_every):
        parts.append(_maintenance(course, horizon, num_replicas))
    for time, _ in course.joins[1:]:
        times = np.minimum(np.full((num_replicas, 1), time), horizon)
        parts.append(_pauses(times, course.restart_time, SAVES))
    corruptions = None
    if course.corruption is not None:
        corruptions = _corruptions(course, course.corruption, horizon, num_replicas, (seed, tile))
        stops = _pauses(corruptions[1], _after(course, course.tiers[-1].restore_time), len(course.tiers) - 1)
        seen = stops.time < horizon
        effect = np.where(seen, stops.effect, KEEPS).astype(np.int8)
        parts.append(stops._replace(restore=_as(course.tiers[-1].restore_time, stops), effect=effect, failed=seen))
    if course.stragglers is not None:
        reductions.append(_slow(course, horizon, num_replicas, (seed, tile)))
    if len(course.joins) > 1:
        times, speeds = np.array(course.joins, dtype=float).T
        rows = (num_replicas, 1)
        reductions.append(Reduction(np.tile(times, rows), np.tile(1 - speeds, rows)))
    return Found(_merged(parts), reductions, corruptions)


def _startup(course: Course, rows: int) -> Stops:
    """The first start, as a stop at the beginning."""
    none = np.zeros((rows, 1))
    until = np.broadcast_to(np.asarray(course.startup_time, dtype=float), (rows, 1))
    return Stops(none, until, none, none, np.full((rows, 1), SAVES, dtype=np.int8), none > 0, none > 0)


def _pauses(times: Any, lasting: Any, effect: int) -> Stops:
    none = np.zeros_like(times)
    return Stops(times, times + lasting, none, none, np.full(times.shape, effect, dtype=np.int8), none > 0, none > 0)


def _as(value: Any, stops: Stops) -> Any:
    return np.broadcast_to(np.asarray(value, dtype=float), stops.time.shape)


def _maintenance(course: Course, horizon: Any, rows: int) -> Stops:
    count = int(np.max(horizon) / course.maintenance_every) + 1
    times = np.minimum(np.tile(course.maintenance_every * np.arange(1, count + 1), (rows, 1)), horizon)
    stops = _pauses(times, course.maintenance_time, SAVES)
    return stops._replace(planned=times < horizon)


def _after(course: Course, restore: Any) -> Any:
    """From knowing what failed until steps run again."""
    return course.restart_time + restore


def _merged(parts: list[Stops]) -> Stops:
    """All stops in order of time."""
    if len(parts) == 2:  # the start and one line that is in order
        return Stops(*(np.concatenate(pair, axis=1) for pair in zip(*parts, strict=True)))
    joined = [np.concatenate(same, axis=1) for same in zip(*parts, strict=True)]
    order = np.argsort(joined[0], axis=1)
    return Stops(*(np.take_along_axis(one, order, axis=1) for one in joined))


class _Struck(NamedTuple):
    """Failures of one pool in order of time: what of the cause each needs, looked up by its index."""

    times: Any
    cause: Any
    there: Any  # False where a row is only filled up

    def of(self, values: list[Any]) -> Any:
        """A property of the causes for each failure; each is a number, or an array of shape (replicas, 1)."""
        if all(np.ndim(value) == 0 for value in values):
            return np.asarray(values)[self.cause]
        rows = self.times.shape[0]
        table = np.stack([np.broadcast_to(value, (rows, 1)) for value in values], axis=1)[:, :, 0]
        return np.take_along_axis(table, self.cause, axis=1)


def _struck(causes: list[Cause], horizon: Any, rows: int, key: tuple[int, int]) -> _Struck:
    lines = [arrivals(cause, horizon, rows, stream(*key, f"{cause.pool} {cause.name}")) for cause in causes]
    if len(lines) == 1:
        return _Struck(lines[0], np.zeros(lines[0].shape, dtype=np.intp), lines[0] < horizon)
    times = np.concatenate(lines, axis=1)
    which = np.repeat(np.arange(len(lines)), [line.shape[1] for line in lines])
    order = np.argsort(times, axis=1)
    times = np.take_along_axis(times, order, axis=1)
    used = max(1, int((times < horizon).sum(axis=1).max()))
    times = times[:, :used]
    return _Struck(times, which[order[:, :used]], times < horizon)


def _failures(
    course: Course, pool: int, causes: list[Cause], horizon: Any, rows: int, key: tuple[int, int]
) -> tuple[Stops, list[Reduction]]:
    """Failures of one pool as stops, and the speed that is missing while they are repaired."""
    struck = _struck(causes, horizon, rows, key)
    times, shape = struck.times, struck.times.shape
    tiers = course.tiers
    partial = [not course.stops_all(cause) for cause in causes]
    effects = [KEEPS if part else tier_for(cause.reach, tiers) for cause, part in zip(causes, partial, strict=True)]
    restores = [tiers[max(effect, 0)].restore_time for effect in effects]
    notice = struck.of([cause.detection_time + course.diagnosis_time for cause in causes])
    effect = np.asarray(effects, dtype=np.int8)[struck.cause]
    restore = struck.of(restores)
    known = times + _rounds(course, pool, notice, restore, shape, key)
    broken = _broken(course, pool, causes, struck, key)
    waits = not (course.elastic or course.recovery == "replica")
    swapped = known
    if broken is not None and waits:
        short = _shortage(course, pool, times, broken, key)
        swapped = np.maximum(known, staffed(short, course.pools[pool].spares, shape))
    back = swapped + _after(course, restore)
    until, waited = back, swapped - known
    if any(partial):
        apart = np.asarray(partial)[struck.cause]
        until = np.where(apart, times + course.stall_time, back)
        waited, restore = np.where(apart, 0.0, waited), np.where(apart, 0.0, restore)
    if course.announced:
        saved = columns(stream(*key, f"announced {pool}").random, shape[1], rows) < course.announced
        saved &= np.asarray([cause.devices > 0 for cause in causes])[struck.cause] & (effect >= 0)
        effect = np.where(saved, SAVES, effect).astype(np.int8)
        until = np.where(saved, np.maximum(until - (known - times), swapped), until)
    effect = np.where(struck.there, effect, KEEPS).astype(np.int8)
    stops = Stops(times, until, waited, restore, effect, np.zeros(shape, dtype=bool), struck.there)
    slower = _replicas_out(course, causes, struck, back, partial)
    if broken is not None and not waits:
        # Until a replica is back it is out as a whole; only then does it matter whether a spare stands in.
        short = _shortage(course, pool, back, broken, key)
        beyond = np.maximum(short.amount - course.pools[pool].spares, 0.0)
        lost = np.ceil(beyond / course.replica_devices - 1e-9) / float(course.num_replicas)
        slower.append(Reduction(short.times, lost))
    return stops, slower


def _rounds(course: Course, pool: int, notice: Any, restore: Any, shape: tuple[int, int], key: tuple[int, int]) -> Any:
    """Time until the right device is known: wrong guesses cost a whole recovery each."""
    if not course.misdiagnosis:
        return notice
    wrong = stream(*key, f"misdiagnosis {pool}").geometric(1.0 - course.misdiagnosis, (shape[1], shape[0])).T - 1
    return notice + wrong * (notice + _after(course, restore))


class _Broken(NamedTuple):
    """Devices that each failure takes out, 0 where nothing is broken, and when they are repaired."""

    weight: Any
    repaired: Any


def _broken(course: Course, pool: int, causes: list[Cause], struck: _Struck, key: tuple[int, int]) -> _Broken | None:
    """What waits for repair; None where spares are always found."""
    if not np.isfinite(course.pools[pool].spares):
        return None
    shape = struck.times.shape
    drawn = columns(stream(*key, f"repair {pool}").standard_exponential, shape[1], shape[0])
    weight = np.where(struck.there, np.asarray([float(c.devices) for c in causes])[struck.cause], 0.0)
    # Only what is broken joins the queue. A repair that never ends is finite too, so that sums stay numbers.
    lasting = np.minimum(drawn * struck.of([np.minimum(cause.repair_time, NEVER) for cause in causes]), NEVER)
    return _Broken(weight, repaired(struck.times, np.where(weight > 0, lasting, 0.0), course.repair_teams))


def _shortage(course: Course, pool: int, begin: Any, broken: _Broken, key: tuple[int, int]) -> Missing:
    """Devices that only spares of the pool can stand in for, through time, each from its `begin` until repaired."""
    stock, end = course.pools[pool], np.maximum(broken.repaired, begin)
    if not stock.rack_spares:
        return missing(begin, end, broken.weight)
    rng = stream(*key, f"racks {pool}")
    racks, spares, taken = float(stock.num_racks), stock.rack_spares, stock.rack_devices
    return missing_beyond_racks(begin, end, broken.weight, racks, spares, taken, rng)


def _replicas_out(
    course: Course, causes: list[Cause], struck: _Struck, back: Any, partial: list[bool]
) -> list[Reduction]:
    """Share of the replicas that are out since a failure hit them."""
    if not any(partial):
        return []
    number = float(course.num_replicas)
    hit = [course.replicas_hit(cause) / number if part else 0.0 for cause, part in zip(causes, partial, strict=True)]
    out = missing(struck.times, back, np.where(struck.there, np.asarray(hit)[struck.cause], 0.0))
    return [Reduction(out.times, out.amount)]


def _slow(course: Course, horizon: Any, rows: int, key: tuple[int, int]) -> Reduction:
    """Times at which at least one device is slow: all wait for it."""
    slow = course.stragglers
    assert slow is not None
    cause = Cause(name="stragglers", units=slow.units, mtbf=slow.mtbf, devices=0)
    times = arrivals(cause, horizon, rows, stream(*key, "stragglers"))
    lasting = columns(stream(*key, "slow for").standard_exponential, times.shape[1], rows) * slow.duration
    until = np.maximum.accumulate(times + lasting, axis=1)
    start = np.maximum(times, np.concatenate([np.zeros((rows, 1)), until[:, :-1]], axis=1))
    share = slow.slowdown / (1 + slow.slowdown)
    both = np.stack([np.minimum(start, until), until], axis=2).reshape(rows, -1)
    amount = np.where(np.arange(both.shape[1]) % 2 == 0, share, 0.0)
    return Reduction(both, np.broadcast_to(amount, both.shape))


def _corruptions(course: Course, cause: Cause, horizon: Any, rows: int, key: tuple[int, int]) -> tuple[Any, Any]:
    """Onset and detection of silent corruptions in order of detection; infinity and the horizon: none."""
    onset = arrivals(cause, horizon, rows, stream(*key, "corruption"))
    delay = columns(stream(*key, "corruption found").standard_exponential, onset.shape[1], rows)
    seen = np.minimum(onset + delay * cause.detection_time, horizon)
    order = np.argsort(seen, axis=1)
    seen, onset = np.take_along_axis(seen, order, axis=1), np.take_along_axis(onset, order, axis=1)
    return np.where(seen < horizon, onset, np.inf), seen
