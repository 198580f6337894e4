"""Plans of a job over several pools: a share of the batch for each by its speed, in whole micro-batches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

from lindos.errors import InconsistentError, InfeasibleError, InputError
from lindos.planning.one_pool import Choice, best_plan
from lindos.problem.cluster import Cluster, Pool
from lindos.problem.job import Job
from lindos.problem.plan import Plan
from lindos.step.assumptions import Assumptions, assumptions
from lindos.step.cluster import ClusterStep, PoolPlan, cluster_step
from lindos.step.estimate import estimate
from lindos.step.feasibility import fewest_micro_batches

#: How often batch shares are set again from the speeds that they lead to.
_ROUNDS = 3
#: Micro-batches more or fewer than its share that a pool may be given to finish with the others.
_AROUND = 3
#: Combinations of the pools' plans that are weighed at most.
_COMBINATIONS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolDecision(PoolPlan):
    """The plan of one pool, what it was weighed against, and its speed in tokens per second."""

    choice: Choice | None = None
    speed: float = 0.0


def decide(
    job: Job,
    cluster: Cluster,
    *,
    global_batch_size: int,
    batch_is_free: bool = False,
    fixed: Mapping[str, int] | None = None,
    given: Assumptions | None = None,
    near: Mapping[str, PoolDecision] | None = None,
) -> tuple[PoolDecision, ...]:
    """Plan and share of the batch of every pool; with the cluster's values as they stand.

    ``near`` holds what was decided for pools of these names under much the same conditions: it saves time.

    Raises
    ------
    InconsistentError, InfeasibleError
        If some pool has no plan that holds.
    InputError
        If the batch has too few sequences to share.
    """
    book = given or assumptions()
    own = dict(fixed or {})
    if len(cluster.pools) == 1:
        choice = best_plan(
            job,
            cluster.pools[0],
            global_batch_size=global_batch_size,
            batch_is_free=batch_is_free,
            fixed=own,
            given=book,
        )
        return (_decision(choice),)
    known = dict(near or {})
    speeds = [_first_speed(job, pool, known.get(pool.name)) for pool in cluster.pools]
    shares = [speed / sum(speeds) for speed in speeds]
    options: list[tuple[Choice, ...]] = []
    plans = [known[pool.name].plan if pool.name in known else None for pool in cluster.pools]
    # What is known of every pool already needs no rounds to settle.
    for turn in range(1 if all(plans) else 0, _ROUNDS):
        sizes = [max(_least(own), int(global_batch_size * share)) for share in shares]
        options = [
            _options(job, pool, size, own, book, plan, is_last=turn == _ROUNDS - 1)
            for pool, size, plan in zip(cluster.pools, sizes, plans, strict=True)
        ]
        speeds = [float(some[0].estimate.tokens_per_second) for some in options]
        shares = [speed / sum(speeds) for speed in speeds]
        plans = [some[0].plan for some in options]
    return _levelled(job, cluster.pools, options, shares, global_batch_size, book, exact=not batch_is_free)


def _first_speed(job: Job, pool: Pool, known: PoolDecision | None) -> float:
    """Speed by which the batch is shared first: as found before, or by the peak of the devices."""
    if known is not None:
        return known.speed
    return pool.num_devices * float(pool.accelerator.peak(job.precision).value)


def _least(own: Mapping[str, int]) -> int:
    """Sequences that the user's own degrees need in every pool."""
    return own.get("data_parallel", 1) * own.get("micro_batch_size", 1)


def _options(
    job: Job, pool: Pool, size: int, own: Mapping[str, int], book: Assumptions, near: Plan | None, *, is_last: bool
) -> tuple[Choice, ...]:
    """The plan that has ``size`` sequences done first; at last also the one that trains most tokens per second."""
    both = (True, False) if is_last else (True,)
    asked = {"global_batch_size": size, "batch_is_free": True, "fixed": own, "given": book}
    found: list[Choice] = []
    for round_up in both:
        found.append(best_plan(job, pool, round_up=round_up, near=found[0].plan if found else near, **asked))  # type: ignore[arg-type]
    return tuple(found[:1] if found[0].plan == found[-1].plan else found)


def _levelled(
    job: Job,
    pools: Sequence[Pool],
    options: Sequence[Sequence[Choice]],
    shares: Sequence[float],
    batch: int,
    book: Assumptions,
    *,
    exact: bool,
) -> tuple[PoolDecision, ...]:
    """One plan and whole micro-batches for each pool, so that all take about as long as the others."""
    tables = [
        [_times(job, pool, choice.plan, batch * share, book) for choice in some]
        for pool, some, share in zip(pools, options, shares, strict=True)
    ]
    best: list[tuple[Choice, int]] = []
    best_speed = 0.0
    for picked in islice(product(*(range(len(some)) for some in options)), _COMBINATIONS):
        times = [some[index] for some, index in zip(tables, picked, strict=True)]
        sizes, speed = _exact_sizes(times, batch) if exact else _fastest_sizes(times, batch)
        if speed > best_speed:
            best_speed = speed
            best = [(some[index], size) for some, index, size in zip(options, picked, sizes, strict=True)]
    if not best:
        # Only the least rounds of all pools can be too many: the tables reach beyond every share.
        least = sum(min(min(table) for table in some) for some in tables)
        raise InfeasibleError(
            "The batch is too small to share between pools",
            f"a micro-batch for every replica takes {least:,} sequences of {batch:,}",
            "Raise job.global_batch_size, or leave a pool out",
        )
    return tuple(replace(_decision(choice), global_batch_size=size) for choice, size in best)


def _times(job: Job, pool: Pool, plan: Plan, wanted: float, book: Assumptions) -> dict[int, float]:
    """Step time of a pool at the least batch that its plan can run, and at batches around the one it should get."""
    p = int(plan.pipeline_parallel)
    unit = int(plan.data_parallel * plan.micro_batch_size) * (p if plan.virtual_stages > 1 else 1)
    least = int(fewest_micro_batches(plan.schedule, p))
    middle = max(least, round(wanted / unit))
    counts = {least, *range(max(least, middle - _AROUND), middle + _AROUND + 1)}
    return {
        unit * count: float(estimate(job, pool, plan, global_batch_size=unit * count, given=book).time)
        for count in sorted(counts)
    }


def _exact_sizes(times: Sequence[Mapping[int, float]], batch: int) -> tuple[list[int], float]:
    """Batch of each pool so that the whole batch is done first, and sequences per second; zero where none fits.

    Every pool takes what it can in the least common time that suffices. What is too much is taken from the pool that it
    hurts least: some of its replicas then have a micro-batch less than others.
    """
    for limit in sorted({time for table in times for time in table.values()}):
        sizes = [max((s for s, time in table.items() if time <= limit), default=min(table)) for table in times]
        excess = sum(sizes) - batch
        index = sizes.index(max(sizes))
        if 0 <= excess < sizes[index]:
            sizes[index] -= excess
            slowest = max(
                min(time for s, time in table.items() if s >= size) for table, size in zip(times, sizes, strict=True)
            )
            return sizes, batch / slowest
    return [], 0.0


def _fastest_sizes(times: Sequence[Mapping[int, float]], batch: int) -> tuple[list[int], float]:
    """Batch of each pool so that most sequences are trained per second, and how many; zero where none fits.

    Every pool does as much as it can in a common time; what is too much for the batch is taken where that is least.
    """
    best: list[int] = []
    best_speed = 0.0
    for limit in sorted({time for table in times for time in table.values()}):
        sizes = [max((s for s, time in table.items() if time <= limit), default=min(table)) for table in times]
        while sum(sizes) > batch:
            fewer = [
                max((s for s in table if s < size), default=size) for table, size in zip(times, sizes, strict=True)
            ]
            steps = [(size - less, i) for i, (size, less) in enumerate(zip(sizes, fewer, strict=True)) if less < size]
            if not steps:
                break
            index = min(steps)[1]
            sizes[index] = fewer[index]
        slowest = max(table[size] for table, size in zip(times, sizes, strict=True))
        if sum(sizes) <= batch and sum(sizes) / slowest > best_speed:
            best, best_speed = sizes, sum(sizes) / slowest
    return best, best_speed


def _decision(choice: Choice) -> PoolDecision:
    return PoolDecision(
        plan=choice.plan,
        global_batch_size=choice.global_batch_size,
        idle_devices=choice.idle_devices,
        choice=choice,
        speed=float(choice.estimate.tokens_per_second),
    )


def leaving_out(
    job: Job,
    cluster: Cluster,
    *,
    global_batch_size: int,
    batch_is_free: bool = False,
    fixed: Mapping[str, int] | None = None,
    given: Assumptions | None = None,
    near: Sequence[PoolDecision] = (),
) -> dict[str, ClusterStep]:
    """The same batch on all pools but one, decided anew, by the name of the pool that is left out.

    ``near`` is what was decided for the whole cluster: it saves time. Other arguments as in :func:`decide`. Hold
    ``tokens_per_second`` against the whole cluster's: if it is higher, the job is faster without that pool. A pool
    without which no plan holds is missing, and so is the only one.
    """
    found: dict[str, ClusterStep] = {}
    known = dict(zip((pool.name for pool in cluster.pools), near, strict=False))
    for pool in cluster.pools if len(cluster.pools) > 1 else ():
        rest = replace(cluster, pools=tuple(other for other in cluster.pools if other is not pool))
        try:
            decisions = decide(
                job,
                rest,
                global_batch_size=global_batch_size,
                batch_is_free=batch_is_free,
                fixed=fixed,
                given=given,
                near=known,
            )
        except (InconsistentError, InfeasibleError, InputError):
            continue
        found[pool.name] = cluster_step(job, rest, decisions, given=given)
    return found
