"""One step: its time and the parts of it, memory, efficiency, the plan, and the alternatives."""

from collections.abc import Callable, Iterator
from typing import Any

from lindos.elements import Cell, Chart, Number, Section, Table
from lindos.planning import Choice, layout_words
from lindos.problem.plan import Plan
from lindos.results import rows
from lindos.scenario.resolve import described
from lindos.step import SENTENCES, ClusterStep, PoolStep, StepMemory
from lindos.step.estimate import TIMES
from lindos.step.interval import MEASURED_FAMILIES
from lindos.study.floor import Outcome
from lindos.study.job import is_guess
from lindos.study.plan import ALTERNATIVES, PLAN, Alternatives, OpenStages, Plans
from lindos.study.ranges import number
from lindos.study.step import STEP, StepResult
from lindos.units import render
from lindos.views.figures import Figures, parts_series, titled
from lindos.views.view import Context, View

TITLE = "One step"
_TITLES = {
    "time": "Step time",
    "mfu": "MFU",
    "tokens_per_second": "Tokens trained on",
    "tokens": "Tokens of the global batch",
    "num_devices": "GPUs at work",
    "idle_devices": "GPUs idle or spare",
    "cost_of_synchronising": "Time lost synchronising pools",
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
#: Numbers of a step that are shown only if several pools share it.
_OF_SEVERAL_POOLS = ("slowest", "synchronisation", "unsynchronised", "cost_of_synchronising")
#: Numbers of a pool's step that equal those of the whole step if there is one pool.
_OF_THE_WHOLE = frozenset(
    ("time", "tokens", "tokens_per_second", "mfu", "hfu", "num_devices", "peak", "energy", "model_flops")
)
_PERCENT = frozenset(("mfu", "hfu", "mfu_bf16"))


def view(
    context: Context,
    outcome: Outcome[StepResult],
    plans: Outcome[Plans] | None,
    alternatives: Outcome[Alternatives] | None,
) -> Section:
    """Show the step.

    Parameters
    ----------
    context
        Scenario and catalogue.
    outcome
        Step under the chosen plans.
    plans
        Plans of the pools, and how they were found; None if unknown.
    alternatives
        Step without each pool, and with other virtual stages; None if unknown.
    """
    result = outcome.point
    step = result.step
    stages = alternatives.point.stages if alternatives else ()
    return Section(
        name="step",
        title=TITLE,
        summary=_summary(context, result),
        headline=_HEADLINE,
        figures=_figures(context, outcome).all(),
        tables=(_plan_table(step), *_stages_table(stages), _time_table(step)),
        charts=(_time_chart(step), _memory_chart(result)),
        notes=tuple(dict.fromkeys((*_goal_notes(context, result), *_notes(context, result, plans, alternatives)))),
        warnings=tuple(_warnings(context, result)),
    )


def _summary(context: Context, result: StepResult) -> str:
    step, spec = result.step, context.scenario.job
    sentence = (
        f"A step of {_written(step.tokens, 'token')} takes {_written(step.time, 's')} on "
        f"{_written(step.num_devices, '1')} GPUs: {_percent(step.mfu)} % of the dense {result.job.precision.upper()} "
        f"peak, {_written(step.tokens_per_second, 'token/s')}."
    )
    return f"{sentence} {spec.label}." if spec is not None and spec.label else sentence


def _written(value: Any, unit: str) -> str:
    plain = number(value)
    return "unknown" if plain is None else render(plain, unit)


def _percent(share: Any, digits: int = 3) -> str:
    plain = number(share)
    return "unknown" if plain is None else f"{100 * plain:.{digits}g}"


def _figures(context: Context, outcome: Outcome[StepResult]) -> Figures[StepResult]:
    step = outcome.point.step
    figures = Figures(outcome, subject=context.scenario.name)
    figures.add_declared(
        "step",
        lambda result: result.step,
        _TITLES,
        percent=("mfu", "cost_of_synchronising"),
        skip=() if len(step.pools) > 1 else _OF_SEVERAL_POOLS,
    )
    figures.add(
        "step.memory",
        "Memory of the fullest GPU",
        "B",
        lambda result: result.memory,
        why="weights, gradients, optimizer states, activations, logits and buffers",
    )
    figures.add(
        "step.hfu",
        "HFU",
        "1",
        lambda result: result.hfu,
        why="FLOP computed, recomputation included, over the dense peak in the job's precision",
        percent=True,
    )
    if outcome.point.energy is not None:
        figures.add(
            "step.energy",
            "Energy of a step, GPUs alone",
            "J",
            lambda result: result.energy,
            why="at board power; hosts, network and cooling belong to the site",
        )
    for index in range(len(step.pools)):
        _pool_figures(figures, step, index)
    _batch_figures(figures)
    return figures


def _pool_figures(figures: Figures[StepResult], step: ClusterStep, index: int) -> None:
    """Add the numbers of one pool's step, under the name of the pool if there are several."""
    part, is_split = step.pools[index], len(step.pools) > 1
    for row in rows(part.estimate):
        if not is_split and row.name in _OF_THE_WHOLE:
            continue
        figures.add(
            f"step.{part.name}.{row.name}".replace(" ", "-") if is_split else f"step.{row.name}",
            f"{part.name}: {titled(row.name).lower()}" if is_split else titled(row.name),
            row.unit,
            _of_pool(index, row.name),
            why=row.why,
            percent=row.name in _PERCENT,
        )


def _of_pool(index: int, name: str) -> Callable[[StepResult], Any]:
    return lambda result: getattr(result.step.pools[index].estimate, name)


def _batch_figures(figures: Figures[StepResult]) -> None:
    figures.add(
        "step.global_batch_size",
        "Global batch, sequences",
        "1",
        lambda result: float(sum(part.global_batch_size for part in result.step.pools)),
        why="sequences of one step",
    )
    figures.add(
        "step.extra_tokens",
        "Extra tokens for the batch",
        "1",
        lambda result: result.limit.tokens_factor - 1.0,
        why="what the batch costs against small batches; a law used far beyond the runs it was fitted on",
        percent=True,
    )
    figures.add(
        "step.critical_batch",
        "Critical batch",
        "token",
        lambda result: result.limit.critical,
        why="batch beyond which a larger one costs ever more extra tokens",
        follows=False,
    )


def _goal_notes(context: Context, result: StepResult) -> Iterator[str]:
    """Say for how many tokens the critical batch is taken, where the scenario does not state them."""
    goal = context.scenario.job.goal if context.scenario.job else None
    if not is_guess(goal):
        return
    stated = "a quarter of a year" if goal is None else "the stated time"
    subject = "critical batch rests"
    if result.job.global_batch_size is None:
        subject = "critical batch, and with it the batch, rests"
    yield (
        f"The {subject} on a run over {_written(result.training_tokens, 'token')}: "
        f"{stated} at a plausible MFU, or all public text if that is less. A goal in tokens gives another: state "
        "job.goal, or fix the batch."
    )


#: Share of the critical batch above which only whole micro-batches keep the batch from it.
_MOST_OF_BATCH = 0.95


def _notes(
    context: Context, result: StepResult, plans: Outcome[Plans] | None, alternatives: Outcome[Alternatives] | None
) -> Iterator[str]:
    step = result.step
    if result.job.global_batch_size is None:
        share = result.limit.share_of_critical
        plain = number(share)
        why = (
            "no larger one that was searched trains more tokens per second"
            if plain is not None and plain < _MOST_OF_BATCH
            else "the most that whole micro-batches of all replicas make of it"
        )
        yield f"The global batch is {_percent(share)} % of the critical batch of the run: {why}."
    yield from _idle_notes(context, result)
    if len(step.pools) > 1:
        yield (
            f"{len(step.pools)} pools share one job: each has its own replicas and a share of the batch according to "
            f"its speed; waiting for each other costs {_percent(step.cost_of_synchronising, 2)} % of their combined "
            "speed."
        )
        yield from _without_pools(step, alternatives)
    for decision, part in zip(plans.point.pools if plans else (), step.pools, strict=True):
        if decision.choice is not None:
            yield f"{part.name}: {_weighed(decision.choice)}."
            yield from _software_notes(result, decision.choice, alternatives)
    yield _residual_note(result)


def _idle_notes(context: Context, result: StepResult) -> Iterator[str]:
    """Say why GPUs have no work, and what would give them some."""
    step, campaign = result.step, context.scenario.campaign
    idle = int(number(step.idle_devices) or 0)
    if not idle:
        return
    count = "1 GPU is" if idle == 1 else f"{idle:,} GPUs are"
    fed = 0
    for part in step.pools:
        replica = int(part.plan.num_devices) // int(part.plan.data_parallel)
        replicas = int(part.plan.data_parallel) + int(part.idle_devices) // replica
        fed += part.global_batch_size * replicas // int(part.plan.data_parallel)
    batch = sum(part.global_batch_size for part in step.pools)
    if campaign.spare_fraction or campaign.rack_standby:
        yield f"{count} idle or spare: set aside, or too few for another replica of the plan."
    elif fed == batch:
        yield f"{count} idle: too few for another replica of the plan."
    else:
        yield (
            f"{count} idle: the plan cuts its batch of {batch:,} sequences into the pieces that are fastest, and plans "
            f"with smaller pieces for more GPUs are no faster. {fed:,} sequences (job.global_batch_size) would feed "
            "them under the same plan."
        )


def _software_notes(result: StepResult, choice: Choice, alternatives: Outcome[Alternatives] | None) -> Iterator[str]:
    """Say which limits the plan keeps to, and what lies beyond the software."""
    headroom = (
        f"leaves {render(100 * choice.headroom, '1', 2)} % of device memory free"
        if choice.headroom
        else "may fill all memory"
    )
    software = "" if result.job.any_software else f" and keeps to what {result.job.stack.title} ships"
    yield f"The plan {headroom}{software}."
    better, speed = (
        alternatives.point.beyond_software if alternatives else None,
        number(choice.estimate.tokens_per_second),
    )
    if better is not None and speed:
        gain = 100 * (float(better.estimate.tokens_per_second) / speed - 1)
        yield (
            f"A plan beyond what the software ships would be {render(gain, '1', 2)} % faster "
            f"({layout_words(better.plan)}); "
            "any_software searches there too."
        )


def _without_pools(step: ClusterStep, alternatives: Outcome[Alternatives] | None) -> Iterator[str]:
    """Write what the job loses or gains without each kind of device."""
    speed = number(step.tokens_per_second)
    for name, rest in (alternatives.point.without.steps if alternatives else {}).items():
        other_speed = number(rest.tokens_per_second)
        if speed is None or other_speed is None:
            continue
        gain = 100 * (other_speed / speed - 1)
        direction = "more" if gain > 0 else "fewer"
        yield f"Without {name} the job would train {render(abs(gain), '1', 2)} % {direction} tokens per second."
    examined = alternatives.point.without.num_examined if alternatives else 0
    if 0 < examined < len(step.pools):
        yield (
            f"Of the {len(step.pools)} pools {examined} were left out in turn: those of the longest shortest step, of "
            "the fewest GPUs and of the slowest network. No other can hold the job up: it could stay with its smallest "
            "batch."
        )


def _weighed(choice: Choice) -> str:
    """Write how many plans were compared, and why the others were rejected."""
    reasons = [f"{count:,} because {SENTENCES[reason][0]}" for reason, count in choice.rejected.items() if count]
    return (
        f"the fastest of {choice.num_candidates:,} plans; {choice.num_weighed:,} feasible ones were evaluated in full, "
        f"{choice.num_slower:,} skipped because a bound shows that they are slower, the others were rejected"
        f"{': ' if reasons else ' for nothing'}{'; '.join(reasons)}"
    )


def _residual_note(result: StepResult) -> str:
    error = result.residual
    low, high = 100 * (1 - float(error.low)), 100 * (float(error.high) - 1)
    wider = float(error.difficulty)
    return (
        f"80 % of measured runs like those of the fit, but left out of it, took {render(low, '1', 2)} % less "
        f"to {render(high, '1', 2)} % more "
        "time than predicted; the range of the step time follows them"
        + (f", {render(wider, '1', 2)} times as wide since this step is further from them." if wider >= 1.05 else ".")
    )


def _warnings(context: Context, result: StepResult) -> Iterator[str]:
    share, factor = number(result.limit.share_of_critical), number(result.limit.tokens_factor)
    goal = context.scenario.job.goal if context.scenario.job else None
    if share is not None and factor is not None and share > 1.0:
        guess = " (of a guessed run)" if is_guess(goal) else ""
        yield (
            f"The global batch is {render(share, '1')} times the critical batch{guess}: "
            f"it costs about {render(100 * (factor - 1.0), '1', 2)} % extra tokens for the same loss."
        )
    most = float(result.residual.most_devices)
    if float(result.step.num_devices) > most:
        yield (
            "The step is outside the validated range: published runs that it was compared with use at most "
            f"{most:,.0f} GPUs."
        )
    devices = (pool.accelerator for pool in result.cluster.pools)
    for title in dict.fromkeys(device.title for device in devices if device.family not in MEASURED_FAMILIES):
        yield (
            f"The step is outside the validated range: no kernel of {title} was measured, its rates are estimates from "
            "other devices."
        )


def words_of_plan(plan: Plan) -> dict[str, str | int]:
    """Write a plan in words.

    Parameters
    ----------
    plan
        Plan of plain numbers.
    """
    words = described(plan)
    words["sequence_parallel"] = "yes" if words["sequence_parallel"] else "no"
    if not words["offload_layers"]:
        words["offload_layers"] = "all" if "activations" in str(words["offload"]) else "none"
    if not words["sharding_group"]:
        words["sharding_group"] = "none" if words["sharding"] == "none" else "all replicas"
    return words


def _plan_table(step: ClusterStep) -> Table:
    """Tabulate the plan with one row per field: plans have many fields and few pools."""
    body: dict[str, list[Cell]] = {}
    for part in step.pools:
        for name, value in _plan_fields(part).items():
            body.setdefault(name, []).append(value if isinstance(value, str) else float(value))
    return Table(
        name="step.plan",
        title="The parallel plan",
        columns=("", *(part.name for part in step.pools)),
        units=("", *("1" for _ in step.pools)),
        rows=tuple((name, *cells) for name, cells in body.items()),
    )


def _plan_fields(part: PoolStep) -> dict[str, str | int]:
    words = {name.replace("_", " "): value for name, value in words_of_plan(part.plan).items()}
    return {
        "GPUs at work": part.num_devices - part.idle_devices,
        "idle": part.idle_devices,
        "batch, sequences": part.global_batch_size,
        **words,
    }


def _stages_table(stages: tuple[OpenStages, ...]) -> tuple[Table, ...]:
    """Tabulate numbers of virtual stages of a pipeline that the scenario fixes without them."""
    if not stages:
        return ()
    return (
        Table(
            name="step.virtual_stages",
            title="Virtual stages that the scenario does not fix",
            columns=("virtual stages", "step time", "MFU", "memory", "with"),
            units=("1", "s", "%", "B", ""),
            rows=tuple(_stages_row(stage) for stage in stages),
            key=True,
            note="Interleaved one-forward-one-backward; axes that the scenario does not fix have their best values.",
        ),
    )


def _stages_row(stage: OpenStages) -> tuple[Cell, ...]:
    count = float(stage.virtual_stages)
    if stage.choice is None:
        return count, None, None, None, stage.reason
    words, step = described(stage.choice.plan), stage.choice.estimate
    rest = f"micro-batch {words['micro_batch_size']}, recompute {words['recompute']}"
    return count, number(step.time), number(step.mfu), number(stage.choice.memory.total), rest


def _time_table(step: ClusterStep) -> Table:
    """Tabulate the parts of the time of each pool, in seconds and shares."""
    body: list[tuple[Cell, ...]] = []
    for name in TIMES:
        cells = [_time_cell(part, name) for part in step.pools]
        if any(cell.value for cell in cells):
            body.append((titled(name), *cells))
    body.append(("Step", *(number(part.estimate.time) for part in step.pools)))
    return Table(
        name="step.time",
        title="Where the time of a step goes",
        columns=("", *(part.name for part in step.pools)),
        units=("", *("s" for _ in step.pools)),
        rows=tuple(body),
    )


def _time_cell(part: PoolStep, name: str) -> Number:
    value, total = number(getattr(part.estimate, name)), number(part.estimate.time)
    return Number(value=value, share=value / total if value and total else None)


def _time_chart(step: ClusterStep) -> Chart:
    values = [{titled(name).lower(): number(getattr(part.estimate, name)) for name in TIMES} for part in step.pools]
    return Chart(
        name="step.time",
        title="Where the time of a step goes",
        kind="parts",
        unit="s",
        series=parts_series([part.name for part in step.pools], values),
    )


def _memory_chart(result: StepResult) -> Chart:
    names, parts = tuple(StepMemory.__dataclass_fields__), result.step.pools
    values = [{name: number(getattr(part.memory, name)) for name in names} for part in parts]
    capacities = {pool.accelerator.title: pool.accelerator.usable_memory.content for pool in result.cluster.pools}
    return Chart(
        name="step.memory",
        title="Memory of the fullest GPU",
        kind="parts",
        unit="B",
        series=parts_series([part.name for part in parts], values),
        reference=tuple(
            (f"capacity of {title}", float(size)) for title, size in capacities.items() if size is not None
        ),
    )


VIEW = View(floor=STEP, title=TITLE, show=view, supplements=(PLAN, ALTERNATIVES))
