"""Plans of a job over several pools: each gets a share of the batch by its speed, in whole micro-batches."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from lindos.errors import InfeasibleError
from lindos.planning.kinds import Kinds, Option, Refused, Share
from lindos.planning.levelling import levelled
from lindos.planning.one_pool import Choice, best_plan
from lindos.problem.cluster import Cluster, Pool
from lindos.problem.job import Job
from lindos.problem.plan import Plan
from lindos.step.assumptions import Assumptions, load_assumptions
from lindos.step.cluster import ClusterStep, PoolPlan, combine_pools, synchronisation_time

#: Largest number of rounds of shares and plans, and least relative gain of speed for another one.
_ROUNDS, _GAIN = 2, 1e-3
#: Parts of the batch that are shared out: the pools may be fastest with less than all of it.
_PARTS = (1.0, 0.8)
#: Least number of pools that are left out in turn, if there are as many.
_LEFT_OUT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolDecision(PoolPlan):
    """The plan of one pool, the result of its search, and its speed in tokens per second."""

    choice: Choice | None = None
    speed: float = 0.0


class _Part(NamedTuple):
    """Pools by index; for each, batches in sequences to search plans for, and a plan to start these searches from."""

    pools: tuple[int, ...]
    targets: tuple[tuple[float, ...], ...]
    warm_starts: tuple[Plan | None, ...]


class _Decided(NamedTuple):
    """An option, a batch in sequences and a step time in seconds for each pool of a part; sequences per second."""

    options: tuple[Option, ...]
    sizes: tuple[int, ...]
    times: tuple[float, ...]
    speed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutPools:
    """Steps of the same batch on all pools but one, by the name of the omitted pool."""

    steps: Mapping[str, ClusterStep]
    num_examined: int  # pools that were left out in turn; no other can hold the job up


def decide(
    job: Job,
    cluster: Cluster,
    *,
    global_batch_size: int,
    batch_is_free: bool = False,
    fixed: Mapping[str, int] | None = None,
    assumptions: Assumptions | None = None,
) -> tuple[PoolDecision, ...]:
    """Decide the plan and the share of the batch of every pool.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    cluster
        Pools of equal devices, with plain numbers.
    global_batch_size
        Sequences of one optimiser step; the largest number if ``batch_is_free``.
    batch_is_free
        Whether the batch may be rounded down to whole micro-batches of all replicas.
    fixed
        Fields of a plan that the user set.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.

    Raises
    ------
    InconsistentError, InfeasibleError
        If a pool has no feasible plan.
    InputError
        If the batch has too few sequences to share.
    """
    assumptions, degrees, pools = assumptions or load_assumptions(), dict(fixed or {}), cluster.pools
    if len(pools) == 1:
        choice = best_plan(
            job,
            pools[0],
            global_batch_size=global_batch_size,
            batch_is_free=batch_is_free,
            fixed=degrees,
            assumptions=assumptions,
        )
        return (_decision(choice, choice.global_batch_size),)
    kinds = Kinds(job, pools, degrees, assumptions)
    all_pools = _unplanned(job, pools, range(len(pools)), global_batch_size)
    (decided,) = _settled(kinds, [all_pools], global_batch_size, exact=not batch_is_free)
    if isinstance(decided, Refused):
        raise decided.error()
    if isinstance(decided, InfeasibleError):
        raise decided
    return tuple(
        _decision(kinds.choice(option), size) for option, size in zip(decided.options, decided.sizes, strict=True)
    )


def leaving_out(
    job: Job,
    cluster: Cluster,
    *,
    global_batch_size: int,
    batch_is_free: bool = False,
    fixed: Mapping[str, int] | None = None,
    assumptions: Assumptions | None = None,
    warm_starts: Sequence[PoolDecision] = (),
) -> WithoutPools:
    """Decide and evaluate the same batch on all pools but one, for the pools that can hold the job up.

    The job is faster without a pool only if the pool cannot do even its smallest batch in the time of the others, else
    it could stay with that batch. All others do at least their smallest, so no pool but the one whose shortest step is
    the longest can hold them up by its work. The exchange between pools waits for the smallest pool and for the slowest
    network. Beside these, the next slowest pools are left out until there are three.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    cluster
        Pools of equal devices, with plain numbers.
    global_batch_size
        Sequences of one optimiser step; the largest number if ``batch_is_free``.
    batch_is_free
        Whether the batch may be rounded down to whole micro-batches of all replicas.
    fixed
        Fields of a plan that the user set.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.
    warm_starts
        Decisions for the whole cluster, whose speeds set the first shares.

    Returns
    -------
    WithoutPools
        A pool without which no plan is feasible is missing, and so is a single pool.
    """
    pools, assumptions = cluster.pools, assumptions or load_assumptions()
    if len(pools) == 1:
        return WithoutPools(steps={}, num_examined=0)
    kinds = Kinds(job, pools, dict(fixed or {}), assumptions)
    parts = []
    examined = _that_may_hold_up(kinds)
    for absent in examined:
        present = tuple(index for index in range(len(pools)) if index != absent)
        if warm_starts:
            speeds = [warm_starts[index].speed for index in present]
            plans = tuple(warm_starts[index].plan for index in present)
            parts.append(_Part(present, tuple((share,) for share in _shares(speeds, global_batch_size)), plans))
        else:
            parts.append(_unplanned(job, pools, present, global_batch_size))
    settled = _settled(kinds, parts, global_batch_size, exact=not batch_is_free)
    decided = {
        pools[absent].name: part for absent, part in zip(examined, settled, strict=True) if isinstance(part, _Decided)
    }
    steps = iter(
        kinds.steps(
            [option for part in decided.values() for option in part.options],
            [size for part in decided.values() for size in part.sizes],
        )
    )
    return WithoutPools(
        steps={
            name: combine_pools(
                job,
                replace(cluster, pools=tuple(pools[option.share.pool] for option in part.options)),
                [next(steps) for _ in part.options],
                assumptions,
            )
            for name, part in decided.items()
        },
        num_examined=len(examined),
    )


def _that_may_hold_up(kinds: Kinds) -> list[int]:
    """List the pools without which the job may be faster, in the order of the cluster."""
    pools = kinds.pools
    if len(pools) <= _LEFT_OUT:
        return list(range(len(pools)))
    shortest = kinds.options([Share(pool, kinds.fewest, True, None) for pool in range(len(pools))])
    times = [option.ranked.batch / option.speed if isinstance(option, Option) else math.inf for option in shortest]
    networks = [pool.tiers[-1] for pool in pools]
    chosen = {
        max(range(len(pools)), key=lambda index: times[index]),
        min(range(len(pools)), key=lambda index: pools[index].num_devices),
        min(range(len(pools)), key=lambda index: networks[index].bandwidth / networks[index].oversubscription),
    }
    for index in sorted(range(len(pools)), key=lambda index: -times[index]):
        if len(chosen) < _LEFT_OUT:
            chosen.add(index)
    return sorted(chosen)


#: Decision of a part, or the reason why it has none.
_Answer = _Decided | Refused | InfeasibleError


def _unplanned(job: Job, pools: Sequence[Pool], indices: Iterable[int], batch: int) -> _Part:
    """Make a part that shares the batch by the peaks of its devices, before any search."""
    present = tuple(indices)
    peaks = [pools[i].num_devices * float(pools[i].accelerator.peak(job.precision).value) for i in present]
    return _Part(present, tuple((share,) for share in _shares(peaks, batch)), (None,) * len(present))


def _shares(speeds: Sequence[float], batch: int) -> list[float]:
    return [batch * speed / sum(speeds) for speed in speeds]


def _settled(kinds: Kinds, parts: Sequence[_Part], batch: int, *, exact: bool) -> list[_Answer]:
    """Decide every part of the cluster: shares set plans and plans set shares, until no part gains any more.

    For each share a pool has two plans: one that finishes it first, and one that trains the most tokens per second with
    at most as many sequences. The next shares are those of the batch, or a part of it, by the speeds of the chosen
    plans, and those that the pools finish in the time of the slowest. Every part chooses among all plans of its pools
    that any search has had as its best.
    """
    answers: list[_Answer | None] = [None] * len(parts)
    pending = dict(enumerate(parts))
    for _ in range(_ROUNDS):
        shares_of = {number: _shares_to_search(kinds, part) for number, part in pending.items()}
        options = iter(kinds.options([share for shares in shares_of.values() for share in shares]))
        following: dict[int, _Part] = {}
        for number, part in pending.items():
            refused = [option for option in (next(options) for _ in shares_of[number]) if isinstance(option, Refused)]
            previous = answers[number]
            missing = [option for option in refused if not kinds.planned(option.pool)]
            answer = missing[0] if missing else _levelled(kinds, part.pools, batch, exact=exact)
            if not isinstance(answer, _Decided):
                answers[number] = answers[number] or answer
            elif not isinstance(previous, _Decided) or answer.speed > previous.speed * (1 + _GAIN):
                answers[number], following[number] = answer, _following(part, answer, batch)
        pending = following
    return [answer for answer in answers if answer is not None]


def _shares_to_search(kinds: Kinds, part: _Part) -> list[Share]:
    return [
        Share(pool, max(kinds.fewest, int(target)), round_up, warm_start)
        for pool, targets, warm_start in zip(*part, strict=True)
        for target in targets
        for round_up in (True, False)
    ]


def _following(part: _Part, decided: _Decided, batch: int) -> _Part:
    """Make the next shares of a part from the speeds of its chosen plans."""
    speeds = [size / time for size, time in zip(decided.sizes, decided.times, strict=True)]
    time_limits = [speed * max(decided.times) for speed in speeds]
    shared = [[part_of_batch * share for part_of_batch in _PARTS] for share in _shares(speeds, batch)]
    targets = tuple((time_limited, *shares) for time_limited, shares in zip(time_limits, shared, strict=True))
    return _Part(part.pools, targets, tuple(option.plan for option in decided.options))


def _levelled(kinds: Kinds, pools: Sequence[int], batch: int, *, exact: bool) -> _Decided | InfeasibleError:
    """Choose one plan and whole micro-batches for each pool of a part, so that all take about the same time."""
    options = [kinds.planned(pool) for pool in pools]
    tables = kinds.tables(options)
    best = levelled(tables, batch, exact=exact)
    if best is None:
        # The tables contain every share, so that only the smallest batches of the pools can be too large.
        least = sum(min(min(table) for table in pool) for pool in tables)
        return InfeasibleError(
            "The batch is too small to share between pools",
            f"a micro-batch for every replica takes {least:,} sequences of {batch:,}",
            "Raise job.global_batch_size, or leave a pool out",
        )
    chosen = tuple(pool[index] for pool, index in zip(options, best.options, strict=True))
    working = [float(option.plan.num_devices) for option in chosen]
    exchange = synchronisation_time(kinds.job, [kinds.pools[pool] for pool in pools], working, kinds.assumptions)
    speed = sum(best.sizes) / (max(best.times) + float(exchange))
    return _Decided(chosen, best.sizes, best.times, speed)


def _decision(choice: Choice, size: int) -> PoolDecision:
    return PoolDecision(
        plan=choice.plan,
        global_batch_size=size,
        idle_devices=choice.idle_devices,
        choice=choice,
        speed=float(choice.estimate.tokens_per_second),
    )
