"""The best plan of the search for one pool of equal devices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lindos.planning.hunt import Question
from lindos.planning.ranking import Found, Limits, Ranked
from lindos.planning.refusals import refusal
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
    """A plan that holds and comes after the best."""

    plan: Plan
    global_batch_size: int
    estimate: StepEstimate
    memory: StepMemory
    idle_devices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The best plan that holds, what was weighed and why others fell, and the plans that come next."""

    plan: Plan
    global_batch_size: int
    estimate: StepEstimate
    memory: StepMemory
    num_candidates: int  # combinations of the axes
    num_weighed: int  # of these evaluated in full, and holding
    num_slower: int  # set aside because no plan like them can be as fast
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
    near: Plan | None = None,
) -> Choice:
    """The plan of the whole space that trains most tokens per second.

    Plans leave the headroom of memory free; only where none does, the best of those that fill all of it is taken.

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
    assumptions
        Parameters of the catalogue.
    round_up
        Whether a free batch is rounded up instead; what is above ``global_batch_size`` then counts for nothing, so that
        the plan wins that has this batch done first.
    top
        How many plans to keep: the best and its alternatives.
    near
        A plan that was best under much the same conditions. It changes how long the search takes, not what it finds.

    Raises
    ------
    InconsistentError, InfeasibleError
        If no candidate holds: the reason of the one that came furthest, and how many fell for which reason.
    """
    assumptions = assumptions or load_assumptions()
    batch = Batch(size=global_batch_size, is_free=batch_is_free, round_up=round_up)
    return choice(Search(job, pool, batch, dict(fixed or {}), assumptions), limits(pool), top=top, near=near)


def limits(pool: Pool) -> Limits:
    """Those of the pool itself: its devices and their memory."""
    return Limits(memory=float(capacity(pool)), devices=pool.num_devices)


def easy(within: Limits, assumptions: Assumptions) -> Limits:
    """The same limits with the catalogue's headroom of memory left free."""
    return replace(within, memory=within.memory * (1.0 - assumptions.headroom.value))


def choice(search: Search, within: Limits, *, minimise: str = "time", top: int = 1, near: Plan | None = None) -> Choice:
    """The first ``top`` plans ``within`` limits that leave the headroom of memory free.

    Only where none does, of those that fill all of it.

    Arguments as in :func:`best_plan` and :meth:`lindos.planning.search.Search.best`.

    Raises
    ------
    InconsistentError, InfeasibleError
        As :func:`best_plan`.
    """
    question = Question(batch=search.space.batch, limits=easy(within, search.assumptions), near=near)
    (found,) = search.best_of_each([question], minimise, top)
    if not found.best:
        found = search.best(within, minimise=minimise, top=top)
    if not found.best:
        raise refusal(search, within, found)
    return choice_of(search, found, found.best)


def choice_of(search: Search, found: Found, best: Sequence[Ranked], num_devices: int | None = None) -> Choice:
    """The first plan of ``best`` with its alternatives, of a pool of ``num_devices``: by default that of the search."""
    first, *others = [alternative(search, ranked, num_devices) for ranked in best]
    free = float(search.assumptions.headroom.value)
    return Choice(
        headroom=free if first.memory.total <= capacity(search.pool) * (1.0 - free) else 0.0,
        plan=first.plan,
        global_batch_size=first.global_batch_size,
        estimate=first.estimate,
        memory=first.memory,
        num_candidates=found.num_candidates,
        num_weighed=found.num_weighed,
        num_slower=found.num_slower,
        rejected={reason: found.rejected[reason] for reason in Reason if reason is not Reason.OK},
        idle_devices=first.idle_devices,
        alternatives=tuple(others),
    )


def alternative(search: Search, ranked: Ranked, num_devices: int | None = None) -> Alternative:
    """One plan by itself, in plain numbers; of ``num_devices``, those of the search's pool by default."""
    job, pool, assumptions = search.job, search.pool, search.assumptions
    return Alternative(
        plan=ranked.plan,
        global_batch_size=ranked.batch,
        estimate=estimate(job, pool, ranked.plan, global_batch_size=ranked.batch, assumptions=assumptions),
        memory=memory(job, pool, ranked.plan, global_batch_size=ranked.batch, assumptions=assumptions),
        idle_devices=(num_devices or pool.num_devices) - int(ranked.plan.num_devices),
    )


def global_batch(job: Job, training_tokens: Tokens, assumptions: Assumptions | None = None) -> int:
    """Sequences of a step: the job's own, or the critical batch of a run over so many tokens.

    Rounded down, at least one. Decides with the numbers as they stand: it is not meant for a sampled catalogue.
    """
    if job.global_batch_size is not None:
        return job.global_batch_size
    return max(1, int(float(critical_batch_tokens(training_tokens, assumptions)) / job.sequence_length))


def beyond_software(search: Search, found: Choice) -> Alternative | None:
    """The fastest plan beyond what the job's software ships, within the same limits; None where none is faster."""
    job, pool, assumptions = search.job, search.pool, search.assumptions
    if job.any_software or not shipped(job.stack):
        return None
    free = Search(replace(job, any_software=True), pool, search.space.batch, search.space.fixed, assumptions)
    within = replace(limits(pool), memory=float(capacity(pool)) * (1.0 - found.headroom))
    speed = float(found.estimate.tokens_per_second)
    question = Question(batch=search.space.batch, limits=within, floor=speed * (1 + _FASTER), near=found.plan)
    (better,) = free.best_of_each([question])
    return alternative(free, better.best[0]) if better.best else None


#: Share by which a plan beyond the software must be faster to be named.
_FASTER = 1e-3
