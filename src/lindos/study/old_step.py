"""One optimiser step: the plan, where its time goes, its memory, its efficiency."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np

from lindos import planning, transformer
from lindos import step as floor
from lindos.catalog.facts import ledger
from lindos.elements import Cell, Chart, Figure, Section, Table
from lindos.errors import InconsistentError, InfeasibleError
from lindos.problem.cluster import Cluster, Pool
from lindos.problem.plan import Plan, Schedule
from lindos.quantities import Count, Seconds, Tokens
from lindos.results import Why, rows
from lindos.scenario.peaks import check_peaks
from lindos.scenario.resolve import check_precision, described, fixed_degrees
from lindos.step import ClusterStep, PoolStep, StepMemory
from lindos.study import old_residual as residual
from lindos.study.figures import figure, figures_of, number, parts_chart_series, sources_of, titled
from lindos.study.world import Pair, World, Worlds, both
from lindos.units import YEAR, render

#: A job without a goal is sized as if it ran for so long.
_QUARTER = YEAR / 4
_TIMES = (
    "matmul",
    "attention",
    "elementwise",
    "recompute",
    "exposed_tensor_parallel",
    "exposed_context_parallel",
    "exposed_expert_parallel",
    "exposed_pipeline_parallel",
    "exposed_data_parallel",
    "pipeline_imbalance",
    "pipeline_bubble",
    "optimizer",
)
_TITLES = {
    "time": "Step time",
    "mfu": "MFU",
    "tokens_per_second": "Tokens trained on",
    "tokens": "Tokens of the global batch",
    "num_devices": "GPUs at work",
    "idle_devices": "GPUs idle or spare",
    "cost_of_synchronising": "Lost by waiting for each other",
}
_HEADLINE = (
    "step.time",
    "step.mfu",
    "step.hfu",
    "step.tokens_per_second",
    "step.global_batch_size",
    "step.num_devices",
    "step.idle_devices",
    "step.memory",
    "step.energy",
    "step.cost_of_synchronising",
    "step.extra_tokens",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAnswer:
    """What floors above need of the step, and all of it for the report."""

    found: ClusterStep
    time: Annotated[Seconds, Why("wall-clock time of one optimiser step")]
    tokens: Annotated[Tokens, Why("tokens of the global batch")]
    num_devices: Annotated[Count, Why("devices that work")]
    replica_devices: Annotated[Count, Why("devices of the largest data-parallel replica")]


def compute(worlds: Worlds, world: World) -> StepAnswer:
    """The step in one world; plan and batch are decided in the first."""
    assumptions = floor.load_assumptions(world.catalog)
    job, cluster = world.job, world.cluster
    if "step.plans" not in worlds.decisions:
        check_precision(job, cluster)
        check_peaks(job, cluster, world.catalog)
        active = working(world)
        decided = planning.decide(job, active, **asked(world))
        worlds.decisions["step.plans"] = tuple(
            replace(one, idle_devices=pool.num_devices - less.num_devices + one.idle_devices)
            for one, pool, less in zip(decided, cluster.pools, active.pools, strict=True)
        )
    found = floor.cluster_step(job, cluster, worlds.decisions["step.plans"], assumptions=assumptions)
    if world.is_sampled:
        found = residual.with_residuals(worlds.point, worlds.point.results["step"].found, found, world.num_draws)
    return StepAnswer(
        found=found,
        time=found.time,
        tokens=found.tokens,
        num_devices=found.num_devices,
        replica_devices=float(max(int(p.plan.num_devices / p.plan.data_parallel) for p in found.pools)),
    )


def training_tokens(world: World) -> tuple[float, bool]:
    """Tokens of the whole run, and whether they are a guess: a goal in time is taken at a plausible MFU."""
    spec = world.scenario.job.goal if world.scenario.job else None
    per_token = float(transformer.model_flops_per_token(world.job.model, world.job.sequence_length))
    if spec is not None and spec.tokens is not None:
        return spec.tokens, False
    if spec is not None and spec.training_flop is not None:
        return spec.training_flop / per_token, False
    duration = spec.duration if spec is not None and spec.duration is not None else _QUARTER
    mfu = float(np.median(world.catalog.parameter("training.plausible_mfu", "1").value))
    peak = sum(
        pool.num_devices * float(np.median(pool.accelerator.peak(world.job.precision).value))
        for pool in world.cluster.pools
    )
    return duration * peak * mfu / per_token, True


def batch_limit(world: World, batch: Tokens) -> floor.BatchLimit:
    """A batch held against the critical batch of the run."""
    tokens, _ = training_tokens(world)
    return floor.batch_limit(batch, tokens, floor.load_assumptions(world.catalog))


def working(world: World) -> Cluster:
    """The devices that the plan may use: what the scenario sets aside stands by."""
    share = 1.0 - (world.scenario.campaign.spare_fraction or 0.0)
    inside = world.scenario.campaign.rack_standby or 0
    pools: list[Pool] = []
    for pool in world.cluster.pools:
        rack = pool.tiers[0].size
        apart = inside / rack if (world.scenario.campaign.tray_devices or 4) < rack else 0.0
        if apart >= 1:
            raise InconsistentError("campaign.rack_standby", inside, "GPUs of a rack", rack, "be below the second")
        pools.append(replace(pool, num_devices=max(1, math.floor(pool.num_devices * min(share, 1.0 - apart)))))
    return replace(world.cluster, pools=tuple(pools))


def asked(world: World) -> dict[str, Any]:
    """Batch and degrees that the plan is decided for."""
    assumptions, spec = floor.load_assumptions(world.catalog), world.scenario.job
    if spec is not None and spec.memory_headroom is not None:
        free = replace(assumptions.headroom, content=spec.memory_headroom, sources=("user",))
        assumptions = replace(assumptions, headroom=free)
    return {
        "global_batch_size": planning.global_batch(world.job, training_tokens(world)[0], assumptions),
        "batch_is_free": world.job.global_batch_size is None,
        "fixed": fixed_degrees(spec.plan) if spec else {},
        "assumptions": assumptions,
    }


def section(worlds: Worlds) -> Section:
    """The step as figures, charts and a table of its plan."""
    pair = both(worlds, "step", lambda world: compute(worlds, world))
    whole = Pair(pair.point.found, pair.sampled.found, pair.facts)
    found, job = whole.point, worlds.point.job
    figures = figures_of("step", whole, _TITLES, percent=("mfu", "cost_of_synchronising"))
    figures = [f for f in figures if len(found.pools) > 1 or f.name not in _ONLY_MIXED]
    figures += _pool_figures(whole)
    figures += _batch_figures(worlds, whole)
    summary = (
        f"A step of {render(number(found.tokens) or 0.0, 'token')} takes {render(number(found.time) or 0.0, 's')} on "
        f"{render(number(found.num_devices) or 0.0, '1')} GPUs: {100 * (number(found.mfu) or 0.0):.3g} % of the dense "
        f"{job.precision.upper()} peak, {render(number(found.tokens_per_second) or 0.0, 'token/s')}."
    )
    if (spec := worlds.point.scenario.job) and spec.label:
        summary += f" {spec.label}."
    return Section(
        name="step",
        title="One step",
        summary=summary,
        headline=_HEADLINE,
        figures=tuple(figures),
        tables=(_plans(found), *_open_stages(worlds), _parts_table(found)),
        charts=(_time_chart(found), *_memory_charts(worlds, found)),
        notes=tuple(_notes(worlds, found)),
    )


_ONLY_MIXED = ("step.slowest", "step.synchronisation", "step.unsynchronised", "step.cost_of_synchronising")


def _pool_figures(whole: Pair[ClusterStep]) -> Iterator[Figure]:
    """Memory and energy of the fullest pool; each pool's own step where there are several."""
    sources = sources_of(whole.facts)

    def both_of(read: Any) -> tuple[Any, Any]:
        return read(whole.point), read(whole.sampled)

    def most(read: Any) -> Any:
        return lambda found: _largest([read(part) for part in found.pools])

    yield figure(
        "step.memory",
        "Memory of the fullest GPU",
        "B",
        *both_of(most(lambda part: part.memory.total)),
        why="weights, gradients, states, activations and what else a device holds",
        sources=sources,
    )
    yield figure(
        "step.hfu",
        "HFU",
        "1",
        *both_of(_hfu),
        why="FLOP computed, recomputation included, over the dense peak in the job's precision",
        sources=sources,
        percent=True,
    )
    if all(part.estimate.energy is not None for part in whole.point.pools):
        yield figure(
            "step.energy",
            "Energy of a step, GPUs alone",
            "J",
            *both_of(lambda found: found.time * _sum([_draw(part) for part in found.pools])),
            why="at board power; hosts, network and cooling belong to the site",
            sources=sources,
        )
    apart = len(whole.point.pools) > 1
    for part, twin in zip(whole.point.pools, whole.sampled.pools, strict=True):
        for row, drawn in zip(rows(part.estimate), rows(twin.estimate), strict=True):
            if not apart and row.name in _WHOLE:
                continue
            name = f"step.{part.name}.{row.name}".replace(" ", "-") if apart else f"step.{row.name}"
            yield figure(
                name,
                f"{part.name}: {titled(row.name).lower()}" if apart else titled(row.name),
                row.unit,
                row.value,
                drawn.value,
                why=row.why,
                sources=sources,
                percent=row.name in ("mfu", "hfu", "mfu_bf16"),
            )


def _draw(part: PoolStep) -> Any:
    """Watts of a pool's devices at board power, those that wait for others too."""
    each: Any = part.estimate.board_power
    return part.estimate.num_devices * each


#: Numbers of a pool's step that are those of the whole where there is one pool.
_WHOLE = ("time", "tokens", "tokens_per_second", "mfu", "hfu", "num_devices", "peak", "energy", "model_flops")


def _hfu(found: ClusterStep) -> Any:
    again = _sum([part.estimate.recomputed_flops for part in found.pools])
    return (found.model_flops + again) / (found.time * found.peak)


def _batch_figures(worlds: Worlds, whole: Pair[ClusterStep]) -> Iterator[Figure]:
    world = worlds.point
    sequences = float(sum(part.global_batch_size for part in whole.point.pools))
    yield figure("step.global_batch_size", "Global batch, sequences", "1", sequences, why="sequences of one step")
    with ledger() as facts:
        limits = [batch_limit(world, whole.point.tokens)]
    limits.append(batch_limit(worlds.sampled, whole.sampled.tokens))
    sources = sources_of(facts)
    why = "what the batch costs against small batches; a law used far beyond the runs it was fitted on"
    yield figure(
        "step.extra_tokens",
        "Extra tokens for the batch",
        "1",
        limits[0].tokens_factor - 1.0,
        limits[1].tokens_factor - 1.0,
        why=why,
        sources=sources,
        percent=True,
    )
    yield figure(
        "step.critical_batch",
        "Critical batch",
        "token",
        limits[0].critical,
        limits[1].critical,
        why="batch beyond which a larger one costs ever more extra tokens",
        sources=sources,
    )
    share = float(number(limits[0].share_of_critical) or 0.0)
    if share > 1.0:
        _, guessed = training_tokens(world)
        extra = 100 * float((number(limits[0].tokens_factor) or 1.0) - 1.0)
        worlds.warnings.append(
            f"The global batch is {share:.3g} times the critical batch"
            f"{' (of a guessed run)' if guessed else ''}: it costs about {extra:.2g} % extra tokens for the same loss."
        )


def _notes(worlds: Worlds, found: ClusterStep) -> Iterator[str]:
    world = worlds.point
    if world.job.global_batch_size is None:
        limit = batch_limit(world, found.tokens)
        share = 100 * float(number(limit.share_of_critical) or 0.0)
        yield (
            f"The global batch is {share:.3g} % of the critical batch of the run: the most that whole micro-batches of "
            "all replicas make of it."
        )
    idle = int(number(found.idle_devices) or 0)
    if idle:
        one = "1 GPU is" if idle == 1 else f"{idle:,} GPUs are"
        yield f"{one} idle, or spare: too few for one more replica of the plan, or more than the batch can feed."
    if len(found.pools) > 1:
        lost = 100 * float(number(found.cost_of_synchronising) or 0.0)
        yield (
            f"{len(found.pools)} pools share one job: each holds replicas of its own and a share of the batch by its "
            f"speed; waiting for each other costs {lost:.2g} % of what they could do apart."
        )
        yield from _better_without(worlds, found)
    for decision, part in zip(worlds.decisions["step.plans"], found.pools, strict=True):
        if decision.choice is not None:
            yield f"{part.name}: {_weighed(decision.choice)}."
    yield from residual.notes(world, found)
    worlds.warnings.extend(residual.warnings(world, found))


def _weighed(choice: planning.Choice) -> str:
    """What the plan was held against."""
    told = [f"{count:,} because {floor.SENTENCES[reason][0]}" for reason, count in choice.rejected.items() if count]
    return (
        f"the fastest of {choice.num_candidates:,} plans; {choice.num_weighed:,} that hold were evaluated in full, "
        f"{choice.num_slower:,} set aside since none like them can be faster, the others fell"
        f"{': ' if told else ' for nothing'}{'; '.join(told)}"
    )


def _better_without(worlds: Worlds, found: ClusterStep) -> Iterator[str]:
    """What leaving out one kind of device would do to the job."""
    speed = float(number(found.tokens_per_second) or 0.0)
    for name, rest in without_each(worlds).items():
        gain = 100 * (float(number(rest.tokens_per_second) or 0.0) / speed - 1)
        more = "more" if gain > 0 else "fewer"
        yield f"Without {name} the job would train {abs(gain):.2g} % {more} tokens per second."


def without_each(worlds: Worlds) -> dict[str, ClusterStep]:
    """The step with one kind of device left out, by its name; decided once."""
    world = worlds.point
    if "step.without" not in worlds.decisions:
        worlds.decisions["step.without"] = planning.leaving_out(
            world.job, working(world), near=worlds.decisions["step.plans"], **asked(world)
        )
    found: dict[str, ClusterStep] = worlds.decisions["step.without"]
    return found


def spoken(plan: Plan) -> dict[str, str | int]:
    """A plan as a person reads it: what is switched on or off in words."""
    words = described(plan)
    words["sequence_parallel"] = "yes" if words["sequence_parallel"] else "no"
    if not words["sharding_group"]:
        words["sharding_group"] = "none" if words["sharding"] == "none" else "all replicas"
    return words


def _plans(found: ClusterStep) -> Table:
    columns = ["pool", "GPUs at work", "idle", "batch, sequences"]
    cells: list[tuple[Cell, ...]] = []
    words: dict[str, Any] = {}
    for part in found.pools:
        words = spoken(part.plan)
        cells.append(
            (
                part.name,
                float(part.num_devices - part.idle_devices),
                float(part.idle_devices),
                float(part.global_batch_size),
                *(value if isinstance(value, str) else float(value) for value in words.values()),
            )
        )
    units = ["", "1", "1", "1", *("" if isinstance(value, str) else "1" for value in words.values())]
    names = [*columns, *(name.replace("_", " ") for name in words)]
    # One row a field reads better than one row a pool: plans have many fields and few pools.
    turned = tuple(
        (name, *(_cell(row[i], units[i]) for row in cells)) for i, name in enumerate(names) if name != "pool"
    )
    return Table(
        name="step.plan",
        title="The parallel plan",
        columns=("", *(str(row[0]) for row in cells)),
        units=("", *("" for _ in cells)),
        rows=turned,
    )


#: Chunks of layers a device that are tried where a scenario fixes the pipeline and leaves them open.
_CHUNKS = (1, 2, 4, 8)


def _open_stages(worlds: Worlds) -> tuple[Table, ...]:
    """What virtual stages make of a pipeline that the scenario fixes without saying how it is interleaved."""
    world = worlds.point
    spec = world.scenario.job
    fixed = fixed_degrees(spec.plan) if spec else {}
    batch = world.job.global_batch_size
    if fixed.get("pipeline_parallel", 1) < 2 or "virtual_stages" in fixed or batch is None:
        return ()
    if len(world.cluster.pools) > 1:
        return ()
    assumptions = floor.load_assumptions(world.catalog)
    body: list[tuple[Cell, ...]] = []
    for chunks in _CHUNKS:
        try:
            one = planning.best_plan(
                world.job,
                world.cluster.pools[0],
                global_batch_size=batch,
                fixed={**fixed, "virtual_stages": chunks, "schedule": int(Schedule.ONE_F_ONE_B)},
                assumptions=assumptions,
            )
        except (InconsistentError, InfeasibleError) as error:
            body.append((float(chunks), None, None, None, str(error)))
            continue
        words = described(one.plan)
        rest = f"micro-batch {words['micro_batch_size']}, recompute {words['recompute']}"
        step = one.estimate
        body.append((float(chunks), number(step.time), number(step.mfu), number(one.memory.total), rest))
    table = Table(
        name="step.virtual_stages",
        title="Over what the scenario leaves open: virtual stages",
        columns=("virtual stages", "step time", "MFU", "memory", "with"),
        units=("1", "s", "%", "B", ""),
        rows=tuple(body),
        key=True,
        note="One forward, one backward, interleaved over so many chunks of layers; the best of what else is open.",
    )
    return (table,)


def _cell(value: Cell, unit: str) -> str:
    return value if isinstance(value, str) else "unknown" if value is None else render(value, unit or "1")  # type: ignore[arg-type]


def _parts_table(found: ClusterStep) -> Table:
    """Where the time of each pool goes, in seconds and shares."""
    body: list[tuple[Cell, ...]] = []
    for name in _TIMES:
        values = [number(getattr(part.estimate, name)) or 0.0 for part in found.pools]
        shares = [
            f"{render(value, 's')} ({100 * value / (number(part.estimate.time) or 1.0):.2g} %)" if value else "none"
            for value, part in zip(values, found.pools, strict=True)
        ]
        if any(values):
            body.append((titled(name), *shares))
    body.append(("Step", *(render(number(part.estimate.time) or 0.0, "s") for part in found.pools)))
    return Table(
        name="step.time",
        title="Where the time of a step goes",
        columns=("", *(part.name for part in found.pools)),
        units=("", *("" for _ in found.pools)),
        rows=tuple(body),
    )


def _time_chart(found: ClusterStep) -> Chart:
    values = [
        {titled(name).lower(): number(getattr(part.estimate, name)) or 0.0 for name in _TIMES} for part in found.pools
    ]
    return Chart(
        name="step.time",
        title="Where the time of a step goes",
        kind="parts",
        unit="s",
        series=parts_chart_series([part.name for part in found.pools], values),
    )


def _memory_charts(worlds: Worlds, found: ClusterStep) -> Iterator[Chart]:
    names = tuple(StepMemory.__dataclass_fields__)
    values = [{name: number(getattr(part.memory, name)) or 0.0 for name in names} for part in found.pools]
    capacities = {
        pool.accelerator.title: float(pool.accelerator.usable_memory.value) for pool in worlds.point.cluster.pools
    }
    yield Chart(
        name="step.memory",
        title="Memory of the fullest GPU",
        kind="parts",
        unit="B",
        series=parts_chart_series([part.name for part in found.pools], values),
        reference=tuple((f"capacity of {title}", value) for title, value in capacities.items()),
    )


def _largest(values: list[Any]) -> Any:
    most = values[0]
    for value in values[1:]:
        most = np.maximum(most, value)
    return most


def _sum(values: list[Any]) -> Any:
    total: Any = 0.0
    for value in values:
        total = total + value
    return total


__all__ = ["PoolStep", "StepAnswer", "compute", "section"]
