"""Choice of the best plan for one pool of equal devices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lindos.planning.hunt import Question
from lindos.planning.ranking import Limits, Ranked, Tally
from lindos.planning.refusals import refusal, refuse_full_memory
from lindos.planning.search import Search
from lindos.planning.space import Batch
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import Plan
from lindos.problem.software import shipped
from lindos.quantities import Tokens
from lindos.step.assumptions import Assumptions, load_assumptions
from lindos.step.batch import critical_batch_tokens
from lindos.step.estimate import StepEstimate, estimate
from lindos.step.feasibility import Reason
from lindos.step.memory import StepMemory, capacity, memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A feasible plan after the best."""

    plan: Plan
    global_batch_size: int
    estimate: StepEstimate
    memory: StepMemory
    idle_devices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The best feasible plan, the counts of its search, and the plans after it."""

    plan: Plan
    global_batch_size: int
    estimate: StepEstimate
    memory: StepMemory
    num_candidates: int  # combinations of the axes
    num_weighed: int  # feasible plans that were evaluated in full
    num_slower: int  # skipped because a bound proves that they are not among the best
    rejected: Mapping[Reason, int]
    idle_devices: int
    alternatives: tuple[Alternative, ...] = ()
    headroom: float = 0.0  # share of device memory that every plan here leaves free


def best_plan(
    job: Job,
    pool: Pool,
    *,
    global_batch_size: int,
    batch_is_free: bool = False,
    fixed: Mapping[str, int] | None = None,
    assumptions: Assumptions | None = None,
    round_up: bool = False,
    top: int = 1,
    warm_start: Plan | None = None,
) -> Choice:
    """Search for the plan that trains the most tokens per second.

    Plans leave the headroom of memory free, unless only plans that fill all of the memory are feasible.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices, with plain numbers.
    global_batch_size
        Sequences of a step; the largest number if ``batch_is_free``.
    batch_is_free
        Whether the batch may be rounded down to whole micro-batches of all replicas.
    fixed
        Degrees that the user set.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.
    round_up
        Whether a free batch is rounded up instead; sequences above ``global_batch_size`` then do not count, so that the
        best plan is the one that finishes this batch first.
    top
        Number of plans to return: the best and its alternatives.
    warm_start
        Plan that was best under similar conditions; it changes the duration of the search, not its result.

    Raises
    ------
    InconsistentError, InfeasibleError
        If no plan is feasible; the error has the reason of the closest plan and the counts per reason.
    """
    assumptions = assumptions or load_assumptions()
    batch = Batch(size=global_batch_size, is_free=batch_is_free, round_up=round_up)
    return choice(
        Search(job, pool, batch, dict(fixed or {}), assumptions), pool_limits(pool), top=top, warm_start=warm_start
    )


def pool_limits(pool: Pool) -> Limits:
    """Get the limits of a pool: its devices and their memory.

    Parameters
    ----------
    pool
        Equal devices, with plain numbers.
    """
    return Limits(memory=float(capacity(pool)), devices=pool.num_devices)


def easy(limits: Limits, assumptions: Assumptions) -> Limits:
    """Lower the limit of memory by the headroom of the catalogue.

    Parameters
    ----------
    limits
        Limits of a plan.
    assumptions
        Parameters of the catalogue.
    """
    return replace(limits, memory=limits.memory * (1.0 - assumptions.headroom.value))


def choice(
    search: Search, limits: Limits, *, minimise: str = "time", top: int = 1, warm_start: Plan | None = None
) -> Choice:
    """Search for the best plans with free headroom of memory; if none is feasible, for the best without.

    A headroom that the user asks for is kept in any case.

    Parameters
    ----------
    search
        Space with its splits.
    limits
        Limits of a plan.
    minimise
        One of :data:`lindos.planning.ranking.OBJECTIVES`.
    top
        Number of plans to return: the best and its alternatives.
    warm_start
        Plan that was best under similar conditions; it changes the duration of the search, not its result.

    Raises
    ------
    InconsistentError, InfeasibleError
        As :func:`best_plan`.
    """
    question = Question(batch=search.space.batch, limits=easy(limits, search.assumptions), warm_start=warm_start)
    (tally,) = search.best_of_each([question], minimise, top)
    if not tally.best:
        tally = search.best(limits, minimise=minimise, top=top)
        if tally.best:
            refuse_full_memory(search, limits)
    if not tally.best:
        raise refusal(search, limits, tally)
    return choice_of(search, tally, tally.best)


def choice_of(search: Search, tally: Tally, best: Sequence[Ranked], num_devices: int | None = None) -> Choice:
    """Make a choice of ranked plans.

    Parameters
    ----------
    search
        Space with its splits.
    tally
        Result of the search.
    best
        Plans in order; the first is the choice, the others are its alternatives.
    num_devices
        Devices of the pool; those of the search's pool by default.
    """
    first, *alternatives = [alternative(search, ranked, num_devices) for ranked in best]
    free = float(search.assumptions.headroom.value)
    return Choice(
        headroom=free if first.memory.total <= capacity(search.pool) * (1.0 - free) else 0.0,
        plan=first.plan,
        global_batch_size=first.global_batch_size,
        estimate=first.estimate,
        memory=first.memory,
        num_candidates=tally.num_candidates,
        num_weighed=tally.num_weighed,
        num_slower=tally.num_slower,
        rejected={reason: tally.rejected[reason] for reason in Reason if reason is not Reason.OK},
        idle_devices=first.idle_devices,
        alternatives=tuple(alternatives),
    )


def alternative(search: Search, ranked: Ranked, num_devices: int | None = None) -> Alternative:
    """Evaluate one ranked plan.

    Parameters
    ----------
    search
        Space with its splits.
    ranked
        Plan with its batch.
    num_devices
        Devices of the pool; those of the search's pool by default.
    """
    job, pool, assumptions = search.job, search.pool, search.assumptions
    return Alternative(
        plan=ranked.plan,
        global_batch_size=ranked.batch,
        estimate=estimate(job, pool, ranked.plan, global_batch_size=ranked.batch, assumptions=assumptions),
        memory=memory(job, pool, ranked.plan, global_batch_size=ranked.batch, assumptions=assumptions),
        idle_devices=(num_devices or pool.num_devices) - int(ranked.plan.num_devices),
    )


def global_batch(job: Job, training_tokens: Tokens, assumptions: Assumptions | None = None) -> int:
    """Get the sequences of a step: those that the job fixes, or the critical batch of its run.

    The critical batch is rounded down to whole sequences, at least one. The catalogue must not be a sampled one.

    Parameters
    ----------
    job
        Batch and sequence length.
    training_tokens
        Tokens of the whole run.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.
    """
    if job.global_batch_size is not None:
        return job.global_batch_size
    return max(1, int(float(critical_batch_tokens(training_tokens, assumptions)) / job.sequence_length))


def beyond_software(search: Search, best: Choice, *, devices: int | None = None) -> Alternative | None:
    """Search for a faster plan beyond the features of the job's software, within the same limits.

    Parameters
    ----------
    search
        Space with its splits.
    best
        The best plan with that software.
    devices
        Largest number of devices of a plan; those of the pool by default.

    Returns
    -------
    Alternative or None
        None if no such plan is faster, or if the software has no limits.
    """
    job, pool, assumptions = search.job, search.pool, search.assumptions
    if job.any_software or not shipped(job.stack):
        return None
    free = Search(replace(job, any_software=True), pool, search.space.batch, search.space.fixed, assumptions)
    memory_limit = float(capacity(pool)) * (1.0 - best.headroom)
    limits = replace(pool_limits(pool), memory=memory_limit, devices=devices or pool.num_devices)
    speed = float(best.estimate.tokens_per_second)
    question = Question(batch=search.space.batch, limits=limits, floor=speed * (1 + _FASTER), warm_start=best.plan)
    (better,) = free.best_of_each([question])
    return alternative(free, better.best[0]) if better.best else None


#: Least relative gain of speed of a plan beyond the software.
_FASTER = 1e-3
