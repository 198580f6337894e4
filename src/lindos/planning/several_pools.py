"""Plans of a job over several pools: each gets a share of the batch by its speed, in whole micro-batches."""

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

#: Rounds in which speeds set the shares of the batch and shares set the speeds.
_ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolDecision(PoolPlan):
    """The plan of one pool, the result of its search, and its speed in tokens per second."""

    choice: Choice | None = None
    speed: float = 0.0


class _Part(NamedTuple):
    """Pools by index, speeds by which they share the batch, and plans to start their searches from."""

    pools: tuple[int, ...]
    speeds: tuple[float, ...]
    warm_starts: tuple[Plan | None, ...]

    def share(self, batch: int, index: int) -> float:
        """Compute the share of one pool, in sequences."""
        return batch * (self.speeds[index] / sum(self.speeds))


class _Decided(NamedTuple):
    """An option and a batch in sequences for each pool of a part."""

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
    all_pools = _unplanned(job, pools, range(len(pools)))
    (decided,) = _settled(kinds, [all_pools], global_batch_size, exact=not batch_is_free, turns=_ROUNDS)
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
    warm_starts: Sequence[PoolDecision] = (),
) -> dict[str, ClusterStep]:
    """Decide and evaluate the same batch on all pools but one.

    If the tokens per second of a result exceed those of the whole cluster, the job is faster without that pool.

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
        Decisions for the whole cluster; they save one round.

    Returns
    -------
    dict
        Steps by the name of the omitted pool; a pool without which no plan is feasible is missing, and so is a single
        pool.
    """
    pools, assumptions = cluster.pools, assumptions or load_assumptions()
    if len(pools) == 1:
        return {}
    kinds = Kinds(job, pools, dict(fixed or {}), assumptions)
    parts = []
    for absent in range(len(pools)):
        present = tuple(index for index in range(len(pools)) if index != absent)
        if warm_starts:
            speeds = tuple(warm_starts[index].speed for index in present)
            parts.append(_Part(present, speeds, tuple(warm_starts[index].plan for index in present)))
        else:
            parts.append(_unplanned(job, pools, present))
    turns = _ROUNDS - 1 if warm_starts else _ROUNDS
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


#: Decision of a part, or the reason why it has none.
_Answer = _Decided | Refused | InfeasibleError


def _unplanned(job: Job, pools: Sequence[Pool], indices: Iterable[int]) -> _Part:
    """Make a part that shares the batch by the peaks of its devices, before any search."""
    present = tuple(indices)
    peaks = (pools[i].num_devices * float(pools[i].accelerator.peak(job.precision).value) for i in present)
    return _Part(present, tuple(peaks), (None,) * len(present))


def _settled(kinds: Kinds, parts: Sequence[_Part], batch: int, *, exact: bool, turns: int) -> list[_Answer]:
    """Decide every part of the cluster: speeds set shares and shares set speeds, in several turns.

    In the last turn each pool has two candidate plans: one that finishes its share first, and one that trains the most
    tokens per second.
    """
    current: list[_Part | Refused] = list(parts)
    options: list[list[list[Option]]] = [[] for _ in parts]
    for turn in range(turns):
        roundings = (True, False) if turn == turns - 1 else (True,)
        pending = [(number, part) for number, part in enumerate(current) if isinstance(part, _Part)]
        shares = [
            Share(pool, max(kinds.fewest, int(part.share(batch, index))), round_up, part.warm_starts[index])
            for _, part in pending
            for index, pool in enumerate(part.pools)
            for round_up in roundings
        ]
        answers = iter(kinds.options(shares))
        for number, part in pending:
            options[number] = []
            for _ in part.pools:
                pair = [next(answers) for _ in roundings]
                refused = [answer for answer in pair if not isinstance(answer, Option)]
                if refused and isinstance(current[number], _Part):
                    current[number] = refused[0]
                planned = [answer for answer in pair if isinstance(answer, Option)]
                options[number].append(planned[:1] if planned and planned[0].plan == planned[-1].plan else planned)
            if isinstance(current[number], _Part):
                first = [pool[0] for pool in options[number]]
                speeds, plans = (option.speed for option in first), (option.plan for option in first)
                current[number] = part._replace(speeds=tuple(speeds), warm_starts=tuple(plans))
    return [
        _levelled(kinds, part, choices, batch, exact=exact) if isinstance(part, _Part) else part
        for part, choices in zip(current, options, strict=True)
    ]


def _levelled(
    kinds: Kinds, part: _Part, options: Sequence[Sequence[Option]], batch: int, *, exact: bool
) -> _Decided | InfeasibleError:
    """Choose one plan and whole micro-batches for each pool of a part, so that all take about the same time."""
    flat = [option for pool in options for option in pool]
    wanted = [part.share(batch, index) for index, pool in enumerate(options) for _ in pool]
    times = iter(kinds.times(flat, wanted))
    tables = [[next(times) for _ in pool] for pool in options]
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
    return _Decided(chosen, best.sizes)


def _decision(choice: Choice, size: int) -> PoolDecision:
    return PoolDecision(
        plan=choice.plan,
        global_batch_size=size,
        idle_devices=choice.idle_devices,
        choice=choice,
        speed=float(choice.estimate.tokens_per_second),
    )
