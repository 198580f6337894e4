"""The best plan of the enumeration for one pool of equal devices."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np

from lindos.errors import InconsistentError, InfeasibleError, InputError
from lindos.quantities import Tokens
from lindos.scenario.cluster import Pool
from lindos.scenario.job import Job
from lindos.scenario.plan import Plan
from lindos.step.assumptions import Assumptions, assumptions
from lindos.step.batch import critical_batch_tokens
from lindos.step.candidates import candidates
from lindos.step.estimate import StepEstimate, estimate
from lindos.step.feasibility import SENTENCES, Reason, check, shape_codes
from lindos.step.memory import StepMemory, capacity, memory

#: Plans evaluated at a time: their arrays fit the second-level cache.
TILE = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A plan that holds and comes after the best."""

    plan: Plan
    global_batch_size: int
    estimate: StepEstimate
    memory: StepMemory
    idle_devices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The fastest plan that holds, what was weighed and why others fell, and the plans that come next."""

    plan: Plan
    global_batch_size: int
    estimate: StepEstimate
    memory: StepMemory
    num_candidates: int
    rejected: Mapping[Reason, int]
    idle_devices: int
    alternatives: tuple[Alternative, ...] = ()


def best_plan(
    job: Job,
    pool: Pool,
    *,
    global_batch_size: int,
    batch_is_free: bool = False,
    fixed: Mapping[str, int] | None = None,
    given: Assumptions | None = None,
    round_up: bool = False,
    top: int = 1,
) -> Choice:
    """Weigh every candidate and take the one that trains most tokens per second.

    Of plans that fit, those that leave the catalogue's headroom of memory free go first.

    Parameters
    ----------
    job, pool
        What is trained, on which devices; the pool's numbers as they stand, not sampled.
    global_batch_size
        Sequences of a step: exactly, or at most where ``batch_is_free``.
    batch_is_free
        Whether the batch may be rounded down to whole micro-batches of all replicas.
    fixed
        Degrees that the user set.
    given
        Parameters of the catalogue.
    round_up
        Whether a free batch is rounded up instead; what is above ``global_batch_size`` then counts for nothing, so that
        the plan wins that has this batch done first.

    Raises
    ------
    InconsistentError, InfeasibleError
        If no candidate holds: the reason of the one that came furthest, and how many fell for which reason.
    """
    if top < 1:
        raise InputError("top", top, "at least 1")
    own = dict(fixed or {})
    book = given or assumptions()
    domain = pool.tiers[0].size
    plans, batches = candidates(
        job,
        pool.num_devices,
        domain,
        batch=global_batch_size,
        batch_is_free=batch_is_free,
        fixed=own,
        round_up=round_up,
    )
    if not len(batches):
        raise _nothing_left(job, pool, own, global_batch_size, book)
    codes = shape_codes(job, pool.num_devices, plans, batches)
    there = capacity(pool)
    easy = there * (1.0 - book.headroom.value)
    best: list[_Ranked] = []
    for start in range(0, len(batches), TILE):
        held = np.flatnonzero(codes[start : start + TILE] == int(Reason.OK)) + start
        if not len(held):
            continue
        tile, batch = _take(plans, held), batches[held]
        needed = np.asarray(memory(job, pool, tile, global_batch_size=batch, given=book).total)
        fits = needed <= there
        codes[held[~fits]] = int(Reason.MEMORY)
        if not np.any(fits):
            continue
        tile, batch = _take(tile, fits), batch[fits]
        speed = np.asarray(estimate(job, pool, tile, global_batch_size=batch, given=book).tokens_per_second)
        speed = speed * np.minimum(global_batch_size / batch, 1.0)
        best = _first(best, held[fits], speed, needed[fits] <= easy, top)
    if not best:
        raise _refusal(job, pool, plans, batches, codes, own, book)
    first, *others = [_alternative(job, pool, plans, batches, one.place, book) for one in best]
    return Choice(
        plan=first.plan,
        global_batch_size=first.global_batch_size,
        estimate=first.estimate,
        memory=first.memory,
        num_candidates=len(batches),
        rejected={reason: int(np.sum(codes == int(reason))) for reason in Reason if reason is not Reason.OK},
        idle_devices=first.idle_devices,
        alternatives=tuple(others),
    )


class _Ranked(NamedTuple):
    """A candidate among the fastest so far; one that leaves some memory free goes before one that does not."""

    easily: bool
    speed: float
    place: int


def _first(before: list[_Ranked], places: Any, speeds: Any, easily: Any, top: int) -> list[_Ranked]:
    """The first ``top`` of these candidates and of those before; of equal ones the earlier."""
    order = np.lexsort((-speeds, ~easily))[:top]
    found = [_Ranked(bool(easily[i]), float(speeds[i]), int(places[i])) for i in order]
    return sorted([*before, *found], key=lambda one: (-one.easily, -one.speed, one.place))[:top]


def _alternative(job: Job, pool: Pool, plans: Plan, batches: Any, place: int, book: Assumptions) -> Alternative:
    """One candidate by itself, in plain numbers."""
    plan, batch = _one(plans, place), int(batches[place])
    return Alternative(
        plan=plan,
        global_batch_size=batch,
        estimate=estimate(job, pool, plan, global_batch_size=batch, given=book),
        memory=memory(job, pool, plan, global_batch_size=batch, given=book),
        idle_devices=pool.num_devices - int(plan.num_devices),
    )


def _take(plans: Plan, index: Any) -> Plan:
    return replace(plans, **{f.name: getattr(plans, f.name)[index] for f in fields(Plan)})


def _one(plans: Plan, index: int) -> Plan:
    return Plan(**{f.name: int(getattr(plans, f.name)[index]) for f in fields(Plan)})


def _refusal(
    job: Job, pool: Pool, plans: Plan, batches: Any, codes: Any, own: Mapping[str, int], book: Assumptions
) -> Exception:
    """The reason of the candidate that came furthest: the highest code, of these the one that needs least."""
    furthest = np.flatnonzero(codes == codes.max())
    some = _take(plans, furthest)
    if codes.max() == int(Reason.MEMORY):
        needed = memory(job, pool, some, global_batch_size=batches[furthest], given=book).total
    else:
        needed = some.num_devices
    index = int(furthest[int(np.argmin(needed))])
    try:
        check(job, pool, _one(plans, index), global_batch_size=int(batches[index]), given=book)
    except (InconsistentError, InfeasibleError) as error:
        if isinstance(error, InfeasibleError) and not own:
            counts = ", ".join(
                f"{int(np.sum(codes == int(reason))):,} because {SENTENCES[reason][0]}"
                for reason in Reason
                if np.any(codes == int(reason))
            )
            shortfall = f"of {len(batches):,} plans for {pool.num_devices:,} GPUs none holds ({counts}); at best "
            return InfeasibleError(error.reason, shortfall + error.shortfall, f"{error.remedy}, or use more GPUs")
        return error
    return InfeasibleError("No plan holds", "every candidate was refused", "Fix fewer degrees")


def _nothing_left(job: Job, pool: Pool, own: Mapping[str, int], batch: int, book: Assumptions) -> Exception:
    """No candidate at all: the user's degrees, or the batch, leave none."""
    plan = Plan(**own)
    codes = shape_codes(job, pool.num_devices, plan, batch)
    if int(codes) != int(Reason.OK):
        try:
            check(job, pool, plan, global_batch_size=batch, given=book)
        except (InconsistentError, InfeasibleError) as error:
            return error
    hint = "Change the batch, or fix fewer degrees." if own else "Raise the batch."
    return InputError("job.global_batch_size", batch, "a batch that some plan can split over the GPUs", hint)


def global_batch(job: Job, training_tokens: Tokens, given: Assumptions | None = None) -> int:
    """Sequences of a step: the job's own, or the critical batch of a run over so many tokens.

    Rounded down, at least one. Decides with the numbers as they stand: it is not meant for a sampled catalogue.
    """
    if job.global_batch_size is not None:
        return job.global_batch_size
    return max(1, int(float(critical_batch_tokens(training_tokens, given)) / job.sequence_length))
