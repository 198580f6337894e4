"""Tables of a search: the best plans, the front, what fell and why, and what better hardware buys."""

from collections.abc import Sequence
from typing import Any

from lindos import planning
from lindos import step as floor
from lindos.answers.search.trial import Run, Trial
from lindos.elements import Cell, Table
from lindos.planning import Alternative, Choice
from lindos.problem.axes import Kind
from lindos.problem.plan import AXES, Plan
from lindos.step import SENTENCES, Reason
from lindos.study.figures import number
from lindos.study.old_step import spoken
from lindos.units import render


def plans(trial: Trial, found: Choice) -> Table:
    """The best plans side by side, a field a row."""
    shown: list[Choice | Alternative] = [found, *found.alternatives]
    runs = [trial.run(one) for one in shown]
    trial.take(found)
    rows: list[tuple[str, ...]] = [
        ("step time", *(render(float(one.estimate.time), "s") for one in shown)),
        ("tokens trained on", *(render(float(one.estimate.tokens_per_second), "token/s") for one in shown)),
        ("MFU", *(f"{100 * float(one.estimate.mfu):.3g} %" for one in shown)),
        ("memory", *(render(float(one.memory.total), "B") for one in shown)),
        ("GPUs at work", *(f"{int(one.plan.num_devices):,}" for one in shown)),
        ("idle or spare", *(f"{one.idle_devices:,}" for one in shown)),
        ("batch, sequences", *(f"{one.global_batch_size:,}" for one in shown)),
        *_of_runs(runs),
    ]
    words = [spoken(one.plan) for one in shown]
    for name in words[0]:
        rows.append((name.replace("_", " "), *(str(word[name]) for word in words)))
    return Table(
        name="search.plans",
        title="The best plans" if len(shown) > 1 else "The best plan",
        columns=("", *(str(i + 1) for i in range(len(shown)))),
        units=("", *("" for _ in shown)),
        rows=tuple(rows),
        key=True,
        note=_uneven(trial, found.plan),
    )


def _of_runs(runs: Sequence[Run]) -> list[tuple[str, ...]]:
    """Days, dollars and joules of the run under each plan, where there is a run."""
    if all(run.duration is None and run.sustained for run in runs):
        return []
    rows = [("time to train", *(_told(run.duration, "s", run) for run in runs))]
    for title, read, unit in (("cost of the run", "cost", "USD"), ("energy of the run", "energy", "J")):
        rows.append((title, *(_told(getattr(run, read), unit, run) for run in runs)))
    return rows


def _told(value: float | None, unit: str, run: Run) -> str:
    if not run.sustained:
        return "never ends"
    return "unknown" if value is None else render(value, unit)


def _uneven(trial: Trial, plan: Plan) -> str:
    """Say how layers lie on stages where they do not divide."""
    layers = trial.world.job.model.num_layers
    stages = int(plan.pipeline_parallel) * int(plan.virtual_stages)
    if stages == 1 or layers % stages == 0:
        return ""
    chunks = "stages" if plan.virtual_stages == 1 else "chunks of layers"
    return f"{layers} layers over {stages} {chunks}: stages hold unequal numbers of layers."


def front(trial: Trial, within: planning.Limits) -> Table:
    """Plans of which none is better in everything."""
    body: list[tuple[Cell, ...]] = []
    has_run = trial.has_goal
    for one in planning.front(trial.search, within):
        run = trial.run(one)
        left = float(trial.limits.memory) - float(one.memory.total)
        step = float(one.estimate.time), float(one.estimate.tokens_per_second)
        whole = number(run.duration), number(run.cost), number(run.energy)
        body.append((float(one.plan.num_devices), left, *(whole if has_run else step), degrees(one.plan)))
    columns = ("time to train", "cost", "energy") if has_run else ("step time", "tokens trained on")
    units = ("s", "USD", "J") if has_run else ("s", "token/s")
    return Table(
        name="search.front",
        title="What giving up speed buys",
        columns=("GPUs", "memory left", *columns, "degrees"),
        units=("1", "B", *units, ""),
        rows=tuple(body),
        note=(
            "Pareto front: no plan is better in all of this. The fastest, the fastest that need ever less memory, and "
            "the fastest on half the GPUs, a quarter, and so on. Degrees: tensor, context, pipeline (x virtual stages) "
            "and data parallel; e: expert parallel (x expert tensor parallel)."
        ),
    )


def degrees(plan: Plan) -> str:
    """Degrees in short: ``8, 1, 16x8, 128; e64``."""
    chunks = "" if plan.virtual_stages == 1 else f"x{int(plan.virtual_stages)}"
    text = (
        f"{int(plan.tensor_parallel)}, {int(plan.context_parallel)}, {int(plan.pipeline_parallel)}{chunks}, "
        f"{int(plan.data_parallel)}"
    )
    inside = "" if plan.expert_tensor_parallel == 1 else f"x{int(plan.expert_tensor_parallel)}"
    return text if plan.expert_parallel == 1 and not inside else f"{text}; e{int(plan.expert_parallel)}{inside}"


def layout(plan: Plan) -> str:
    """Degrees above one, and sets that are not empty, in a line: ``tensor 8, pipeline 16, data 128``."""
    shown = [(name, axis) for name, axis in AXES.items() if axis.kind in (Kind.DEGREE, Kind.SET)]
    words = [(axis.label, axis.word(getattr(plan, name))) for name, axis in shown]
    told = [f"{label} {word}" for label, word in words if word not in (0, 1, "none")]
    return ", ".join([*told, f"recompute {spoken(plan)['recompute']}"])


def rejected(found: Choice) -> Table:
    """How many plans fell for which reason, and what would help."""
    body: list[tuple[Cell, ...]] = [
        ("hold, and were evaluated in full", float(found.num_weighed), ""),
        ("no plan like them can be among the best", float(found.num_slower), ""),
    ]
    for reason in sorted(found.rejected, key=lambda one: -found.rejected[one]):
        if found.rejected[reason] and reason is not Reason.OK:
            body.append((*SENTENCES[reason][:1], float(found.rejected[reason]), SENTENCES[reason][1]))
    return Table(
        name="search.rejected",
        title="What became of the plans",
        columns=("plans", "number", "remedy"),
        units=("", "1", ""),
        rows=tuple(body),
        note="A plan counts under the first reason that was met; those set aside may have others too.",
    )


def sensitivity(trial: Trial, found: Choice) -> Table:
    """What a tenth more of each number of the hardware buys under the best plan, and of memory under the best again."""
    job, pool, assumptions = trial.world.job, trial.pool, trial.search.assumptions
    ones = floor.sensitivities(
        job, pool, found.plan, global_batch_size=found.global_batch_size, assumptions=assumptions
    )
    body: list[tuple[Cell, ...]] = [(one.name, render(float(one.value), one.unit), float(one.gain)) for one in ones]
    body.append(("memory, the plan chosen anew", render(float(trial.limits.memory), "B"), _of_memory(trial, found)))
    body.sort(key=lambda row: -float(row[2] or 0.0))  # type: ignore[arg-type]
    return Table(
        name="search.sensitivity",
        title="What a tenth better hardware buys",
        columns=("better by 10 %", "now", "faster by"),
        units=("", "", "%"),
        rows=tuple(row for row in body if float(row[2] or 0.0) >= _LEAST),  # type: ignore[arg-type]
        note=f"{str(body[0][0])[:1].upper()}{str(body[0][0])[1:]} binds most. Gains below 0.01 % are left out.",
    )


#: Gains that are told at least.
_LEAST = 1e-4


def _of_memory(trial: Trial, found: Choice) -> float:
    """Speed won with a tenth more memory, if another plan then fits."""
    more = planning.Limits(
        memory=trial.limits.memory * floor.BETTER * (1.0 - trial.search.assumptions.headroom.value),
        devices=int(found.plan.num_devices),
    )
    speed: Any = float(found.estimate.tokens_per_second)
    best = trial.search.best(more, floor=speed).best
    return max(0.0, best[0].score / speed - 1.0) if best else 0.0
