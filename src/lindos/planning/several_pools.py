"""Plans of a job over several pools: a share of the batch for each by its speed, in whole micro-batches."""

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
from lindos.step.cluster import ClusterStep, PoolPlan, combine_pools

#: How often batch shares are set again from the speeds that they lead to.
_ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolDecision(PoolPlan):
    """The plan of one pool, what it was weighed against, and its speed in tokens per second."""

    choice: Choice | None = None
    speed: float = 0.0


class _Part(NamedTuple):
    """Some of the pools, by index; speeds that share the batch, and plans that those of the pools are near."""

    pools: tuple[int, ...]
    speeds: tuple[float, ...]
    near: tuple[Plan | None, ...]

    def share(self, batch: int, index: int) -> float:
        """Sequences of the batch for one of the pools."""
        return batch * (self.speeds[index] / sum(self.speeds))


class _Decided(NamedTuple):
    """An option and sequences for each pool of a part."""

    options: tuple[Option, ...]
    sizes: tuple[int, ...]


def decide(
    job: Job,
    cluster: Cluster,
    *,
    global_batch_size: int,
    batch_is_free: bool = False,
    fixed: Mapping[str, int] | None = None,
    assumptions: Assumptions | None = None,
) -> tuple[PoolDecision, ...]:
    """Plan and share of the batch of every pool; with the cluster's values as they stand.

    Raises
    ------
    InconsistentError, InfeasibleError
        If some pool has no plan that holds.
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
    everything = _unplanned(job, pools, range(len(pools)))
    (decided,) = _settled(kinds, [everything], global_batch_size, exact=not batch_is_free, turns=_ROUNDS)
    if isinstance(decided, Refused):
        raise decided.error()
    if isinstance(decided, InfeasibleError):
        raise decided
    return tuple(_decision(kinds.choice(option), size) for option, size in zip(*decided, strict=True))


def leaving_out(
    job: Job,
    cluster: Cluster,
    *,
    global_batch_size: int,
    batch_is_free: bool = False,
    fixed: Mapping[str, int] | None = None,
    assumptions: Assumptions | None = None,
    near: Sequence[PoolDecision] = (),
) -> dict[str, ClusterStep]:
    """The same batch on all pools but one, decided anew, by the name of the pool that is left out.

    ``near`` is what was decided for the whole cluster: it saves a round. Other arguments as in :func:`decide`. Hold
    ``tokens_per_second`` against the whole cluster's: if it is higher, the job is faster without that pool. A pool
    without which no plan holds is missing, and so is the only one.
    """
    pools, assumptions = cluster.pools, assumptions or load_assumptions()
    if len(pools) == 1:
        return {}
    kinds = Kinds(job, pools, dict(fixed or {}), assumptions)
    parts = []
    for absent in range(len(pools)):
        present = tuple(index for index in range(len(pools)) if index != absent)
        if near:
            speeds = tuple(near[index].speed for index in present)
            parts.append(_Part(present, speeds, tuple(near[index].plan for index in present)))
        else:
            parts.append(_unplanned(job, pools, present))
    turns = _ROUNDS - 1 if near else _ROUNDS
    settled = _settled(kinds, parts, global_batch_size, exact=not batch_is_free, turns=turns)
    decided = {pool.name: part for pool, part in zip(pools, settled, strict=True) if isinstance(part, _Decided)}
    steps = iter(
        kinds.steps(
            [option for part in decided.values() for option in part.options],
            [size for part in decided.values() for size in part.sizes],
        )
    )
    return {
        name: combine_pools(
            job,
            replace(cluster, pools=tuple(pools[option.share.pool] for option in part.options)),
            [next(steps) for _ in part.options],
            assumptions,
        )
        for name, part in decided.items()
    }


#: What a part decides, or why it has no plan.
_Answer = _Decided | Refused | InfeasibleError


def _unplanned(job: Job, pools: Sequence[Pool], indices: Iterable[int]) -> _Part:
    """Pools of which nothing is known but the peak of their devices."""
    present = tuple(indices)
    peaks = (pools[i].num_devices * float(pools[i].accelerator.peak(job.precision).value) for i in present)
    return _Part(present, tuple(peaks), (None,) * len(present))


def _settled(kinds: Kinds, parts: Sequence[_Part], batch: int, *, exact: bool, turns: int) -> list[_Answer]:
    """What every part of the cluster decides: speeds set shares and shares set speeds, a few times.

    In the last turn each pool has two plans to choose from: one that has its share done first, and one that trains most
    tokens per second.
    """
    current: list[_Part | Refused] = list(parts)
    options: list[list[list[Option]]] = [[] for _ in parts]
    for turn in range(turns):
        roundings = (True, False) if turn == turns - 1 else (True,)
        asked = [(number, part) for number, part in enumerate(current) if isinstance(part, _Part)]
        shares = [
            Share(pool, max(kinds.fewest, int(part.share(batch, index))), round_up, part.near[index])
            for _, part in asked
            for index, pool in enumerate(part.pools)
            for round_up in roundings
        ]
        answers = iter(kinds.options(shares))
        for number, part in asked:
            options[number] = []
            for _ in part.pools:
                pair = [next(answers) for _ in roundings]
                refused = [answer for answer in pair if not isinstance(answer, Option)]
                if refused and isinstance(current[number], _Part):
                    current[number] = refused[0]
                held = [answer for answer in pair if isinstance(answer, Option)]
                options[number].append(held[:1] if held and held[0].plan == held[-1].plan else held)
            if isinstance(current[number], _Part):
                first = [pool[0] for pool in options[number]]
                speeds, plans = (option.speed for option in first), (option.plan for option in first)
                current[number] = part._replace(speeds=tuple(speeds), near=tuple(plans))
    return [
        _levelled(kinds, part, choices, batch, exact=exact) if isinstance(part, _Part) else part
        for part, choices in zip(current, options, strict=True)
    ]


def _levelled(
    kinds: Kinds, part: _Part, options: Sequence[Sequence[Option]], batch: int, *, exact: bool
) -> _Decided | InfeasibleError:
    """One plan and whole micro-batches for each pool of a part, so that all take about as long as the others."""
    flat = [option for pool in options for option in pool]
    wanted = [part.share(batch, index) for index, pool in enumerate(options) for _ in pool]
    times = iter(kinds.times(flat, wanted))
    tables = [[next(times) for _ in pool] for pool in options]
    best = levelled(tables, batch, exact=exact)
    if best is None:
        # Only the least rounds of all pools can be too many: the tables reach beyond every share.
        least = sum(min(min(table) for table in pool) for pool in tables)
        return InfeasibleError(
            "The batch is too small to share between pools",
            f"a micro-batch for every replica takes {least:,} sequences of {batch:,}",
            "Raise job.global_batch_size, or leave a pool out",
        )
    chosen = tuple(pool[index] for pool, index in zip(options, best.options, strict=True))
    return _Decided(chosen, best.sizes)


def _decision(choice: Choice, size: int) -> PoolDecision:
    return PoolDecision(
        plan=choice.plan,
        global_batch_size=size,
        idle_devices=choice.idle_devices,
        choice=choice,
        speed=float(choice.estimate.tokens_per_second),
    )
