"""A search: the best plans, the Pareto front, why plans were rejected, and what better hardware buys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lindos import planning
from lindos.elements import Cell, Figure, Number, Section, Table
from lindos.planning import NEAR, Alternative, Choice
from lindos.problem.axes import Kind
from lindos.problem.plan import AXES, Plan
from lindos.step import BETTER, SENTENCES, Reason, sensitivities
from lindos.study.ranges import number
from lindos.study.search import Option, Question, Run, compared
from lindos.units import render
from lindos.views.step import words_of_plan

TITLE = "The search"
#: Gains below this share are left out.
_SMALLEST_GAIN = 1e-4
_BEST = {
    "time": "The fastest",
    "cost": "The cheapest",
    "energy": "The plan of least energy",
    "gpus": "The plan of fewest GPUs",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An option, its best plan, and the run under it."""

    option: Option
    choice: Choice
    run: Run


def rank(question: Question, result: Result) -> tuple[float, float]:
    """Get numbers that are smaller for the better option; a value that is known stands before a lower bound.

    Parameters
    ----------
    question
        What is minimised.
    result
        An option with its best plan.
    """
    run, tokens = result.run, float(result.choice.estimate.tokens_per_second)
    if question.minimise == "gpus":
        return (0.0, float(run.devices))
    if question.minimise == "time":
        return (0.0, 1 / tokens if run.duration is None else run.duration)
    value, is_least = (
        (run.cost, run.cost_is_least) if question.minimise == "cost" else (run.energy, run.energy_is_least)
    )
    if value is not None:
        return (float(is_least), value)
    site = result.option.site
    rate: Any = site.device_cost if question.minimise == "cost" else site.power.mean
    if rate is None:
        return (2.0, 0.0)
    per_device = float(rate) if question.minimise == "cost" else float(rate) / float(site.num_devices)
    is_least = bool(site.gaps_of("device_cost") if question.minimise == "cost" else site.power.gaps_of("mean"))
    return (float(is_least), per_device * float(result.choice.plan.num_devices) / tokens)


def view(results: Sequence[Result], failures: Mapping[str, Exception]) -> Section:
    """Show the best option of a search.

    Parameters
    ----------
    results
        Options that have a plan, the best first.
    failures
        Why others have none, by name.
    """
    best = results[0]
    options = (_options(results, failures),) if len(results) + len(failures) > 1 else ()
    return Section(
        name="search",
        title=TITLE,
        summary=_summary(best),
        headline=("search.devices", "search.num_plans", "search.num_weighed", "search.num_slower"),
        figures=(_devices(best), *_figures(best.choice)),
        tables=(
            *options,
            _plans(best),
            _front(best),
            _sensitivity(best.option, best.choice),
            _rejected(best.choice),
        ),
        notes=tuple(_notes(best)),
    )


def _devices(result: Result) -> Figure:
    """Count the GPUs of the best plan with its spares."""
    return Figure(
        name="search.devices",
        title="GPUs, with spares" if result.option.has_goal else "GPUs",
        value=float(result.run.devices) if result.option.has_goal else float(result.choice.plan.num_devices),
        unit="1",
        why="GPUs that the best plan takes, those that stand by for failed ones among them",
        quantity="search.devices",
    )


def _figures(choice: Choice) -> list[Figure]:
    counts = (
        ("search.num_plans", "Plans in the space", choice.num_candidates, "combinations of all axes"),
        ("search.num_weighed", "Evaluated in full", choice.num_weighed, "feasible plans"),
        (
            "search.num_slower",
            "Skipped by bounds",
            choice.num_slower,
            "plans that a bound proves not to be among the best",
        ),
    )
    return [
        Figure(name=name, title=title, value=float(count), unit="1", why=why, quantity=name)
        for name, title, count, why in counts
    ]


def _summary(result: Result) -> str:
    option, choice = result.option, result.choice
    best = _BEST[option.question.minimise]
    if option.question.minimise in ("cost", "energy") and _is_least(option):
        best = f"The plan of least GPU time (its {option.question.minimise} is known as a lower bound alone)"
    return (
        f"{best} of {render(float(choice.num_candidates), '1')} plans for {option.job.model.title} uses "
        f"{_use(result)}, and trains on {render(float(choice.estimate.tokens_per_second), 'token/s')}."
    )


def _is_least(option: Option) -> bool:
    """Tell whether what is minimised, cost or energy, is only known as a lower bound."""
    site = option.site
    return bool(site.gaps_of("device_cost") if option.question.minimise == "cost" else site.power.gaps_of("mean"))


def _use(result: Result) -> str:
    """Say how many GPUs work, how many are spare, and how many there are."""
    used, devices, most = int(result.choice.plan.num_devices), result.run.devices, result.option.pool.num_devices
    spare = f", {devices - used:,} of them spare" if devices > used and result.option.has_goal else ""
    if devices == most:
        return f"{used:,} of {most:,} GPUs" if not spare else f"{most:,} GPUs{spare}"
    return f"{devices:,} of {most:,} GPUs{spare}"


def _notes(result: Result) -> list[str]:
    option, choice, job = result.option, result.choice, result.option.job
    headroom = (
        f"leaves {100 * choice.headroom:.2g} % of device memory free" if choice.headroom else "may fill all memory"
    )
    software = "." if job.any_software else f" and keeps to what {job.stack.title} ships (--any-software)."
    notes = [
        "Every combination of the axes counts as a plan: degrees that divide heads, experts and batch, all numbers of "
        "stages, up to 16 virtual stages, micro-batches of powers of two up to 32, every recomputation, sharding and "
        "schedule. Tensor parallelism stays inside a scale-up domain and context parallelism leaves a GPU 4,096 "
        "tokens, unless fixed otherwise.",
        f"Every plan here {headroom} (--memory-headroom){software}",
    ]
    if option.has_goal:
        notes.append(
            "Time, cost and energy in the tables of plans are those of the closed form by which plans are ranked; the "
            "campaign of the best plan is simulated, and may differ in the third digit."
        )
    better = None
    if option.question.minimise == "time":
        better = planning.beyond_software(option.search, choice, devices=int(choice.plan.num_devices))
    if better is not None:
        gain = 100 * (float(better.estimate.tokens_per_second) / float(choice.estimate.tokens_per_second) - 1)
        words = planning.layout_words(better.plan)
        notes.append(f"A plan beyond what the software ships would be {gain:.2g} % faster ({words}).")
    notes += _notes_on_devices(result)
    tokens = number(option.tokens)
    if tokens is not None and option.question.tokens is None:
        notes.append(f"The run is that of the model's published {render(tokens, 'token')}.")
    if option.gap:
        budget = " The budget is compared with that lower bound." if option.question.budget is not None else ""
        notes.append(f"Cost, energy and power are lower bounds, without what is unknown: {option.gap}{budget}")
    return notes


def _notes_on_devices(result: Result) -> list[str]:
    """Say why GPUs do not work: spares, no better plan, the power limit."""
    option, run = result.option, result.run
    spare = run.devices - int(result.choice.plan.num_devices)
    notes: list[str] = []
    if spare and option.has_goal:
        aim = {
            "time": "with more or fewer of them the run takes longer",
            "gpus": "fewer GPUs in all, at work and spare, do not keep to the limits",
        }.get(option.question.minimise, "with more or fewer of them the run takes more GPU time")
        notes.append(f"{spare:,} GPUs stand by for failed ones and are paid for: {aim}.")
    elif spare:
        notes.append(f"{spare:,} GPUs stay idle: no plan that uses them is better.")
    if option.devices < option.pool.num_devices:
        bound = "at most " if option.site.power.gaps_of("total") else ""
        notes.append(f"The power limit leaves {bound}{option.devices:,} of the {option.pool.num_devices:,} GPUs.")
    return notes


def _options(results: Sequence[Result], failures: Mapping[str, Exception]) -> Table:
    """Tabulate the best plan of every option, the best option first."""
    body: list[tuple[Cell, ...]] = [
        (
            result.option.label,
            float(result.choice.plan.num_devices),
            float(result.choice.estimate.tokens_per_second),
            float(result.choice.estimate.mfu),
            result.run.duration,
            result.run.cost,
            result.run.energy,
            layout(result.choice.plan),
        )
        for result in results
    ]
    body += [(name, None, None, None, None, None, None, str(error)) for name, error in failures.items()]
    return Table(
        name="search.options",
        title="Options, the best first",
        columns=("", "GPUs", "tokens trained on", "MFU", "time to train", "cost", "energy", "plan"),
        units=("", "1", "token/s", "%", "s", "USD", "J", ""),
        rows=tuple(body),
        key=True,
    )


def _plans(result: Result) -> Table:
    """Tabulate the best plans side by side, a field a row."""
    plans = compared(result.option, result.choice)
    choices = [plan.planned for plan in plans]
    runs = [result.option.run(choice) for choice in choices]
    rows: list[tuple[Cell, ...]] = [
        ("step time", *(Number(value=float(choice.estimate.time), unit="s") for choice in choices)),
        (
            "tokens trained on",
            *(Number(value=float(choice.estimate.tokens_per_second), unit="token/s") for choice in choices),
        ),
        ("MFU", *(Number(value=float(choice.estimate.mfu), unit="%") for choice in choices)),
        ("memory", *(Number(value=float(choice.memory.total), unit="B") for choice in choices)),
        ("GPUs at work", *(float(choice.plan.num_devices) for choice in choices)),
        (
            "idle or spare",
            *(float(run.devices - choice.plan.num_devices) for run, choice in zip(runs, choices, strict=True)),
        ),
        ("batch, sequences", *(float(choice.global_batch_size) for choice in choices)),
        *_run_rows(runs),
        *_variant_rows([plan.num_variants for plan in plans]),
    ]
    words = [words_of_plan(choice.plan) for choice in choices]
    for name in words[0]:
        values = [word[name] for word in words]
        rows.append((name.replace("_", " "), *(value if isinstance(value, str) else float(value) for value in values)))
    return Table(
        name="search.plans",
        title="The best plan of each split" if len(choices) > 1 else "The best plan",
        columns=("", *(str(index + 1) for index in range(len(choices)))),
        units=("", *("1" for _ in choices)),
        rows=tuple(rows),
        key=True,
        note=" ".join(filter(None, (_uneven_stages(result.option, result.choice.plan), _about_splits(len(choices))))),
    )


def _variant_rows(counts: Sequence[int | None]) -> list[tuple[Cell, ...]]:
    """Count the plans that the table leaves out, if it has one plan of each split."""
    if all(count is None for count in counts):
        return []
    return [(f"variants within {100 * NEAR:.0f} %", *(None if count is None else float(count) for count in counts))]


def _about_splits(count: int) -> str:
    if count < 2:
        return ""
    return (
        "The fastest plan of each split over tensor, pipeline and expert parallelism on at most as many GPUs; variants "
        "are other plans of that split that train about as many tokens."
    )


def _run_rows(runs: Sequence[Run]) -> list[tuple[Cell, ...]]:
    """Give days, dollars and joules of the run under each plan, if there is a run."""
    if all(run.duration is None and run.sustained for run in runs):
        return []
    titles = (
        ("time to train", "duration", "s"),
        ("cost of the run", "cost", "USD"),
        ("energy of the run", "energy", "J"),
    )
    return [(title, *(_run_cell(run, field, unit) for run in runs)) for title, field, unit in titles]


def _run_cell(run: Run, field: str, unit: str) -> Cell:
    if not run.sustained:
        return "never ends"
    is_least = {"cost": run.cost_is_least, "energy": run.energy_is_least}.get(field, False)
    return Number(value=getattr(run, field), unit=unit, bound="least" if is_least else "")


def _uneven_stages(option: Option, plan: Plan) -> str:
    """Describe the layers of stages if the stages do not divide them."""
    layers = option.job.model.num_layers
    stages = int(plan.pipeline_parallel) * int(plan.virtual_stages)
    if stages == 1 or layers % stages == 0:
        return ""
    chunks = "stages" if plan.virtual_stages == 1 else "chunks of layers"
    return f"{layers} layers over {stages} {chunks}: stages have unequal numbers of layers."


def _front(result: Result) -> Table:
    """Tabulate the Pareto front: no plan is better than another in everything."""
    option, working = result.option, int(result.choice.plan.num_devices)
    plans = planning.front(option.search, replace(option.limits_with_headroom, devices=working))
    columns, units = _FRONT_OF_RUNS if option.has_goal else _FRONT_OF_STEPS
    spares = " Each run has the spares with which it takes least GPU time; the best plan has its own."
    return Table(
        name="search.front",
        title="Pareto front: speed against memory and GPUs",
        columns=("GPUs", *columns, "degrees"),
        units=("1", *units, ""),
        rows=tuple(_front_row(result, planned) for planned in plans),
        note=(
            "No plan is better in all columns at once. The rows are the best plan, the fastest plans with less and "
            "less memory on as many GPUs, and the fastest on half of them, a quarter, and so on."
            f"{spares if option.has_goal else ''} Degrees: tensor, context, pipeline (x virtual stages) and data "
            "parallel; e: expert parallel (x expert tensor parallel)."
        ),
    )


_FRONT_OF_RUNS = ("spare", "memory left", "time to train", "cost", "energy"), ("1", "B", "s", "USD", "J")
_FRONT_OF_STEPS = ("memory left", "step time", "tokens trained on"), ("B", "s", "token/s")


def _front_row(result: Result, planned: Alternative) -> tuple[Cell, ...]:
    option, used = result.option, float(planned.plan.num_devices)
    left, words = float(option.limits.memory) - float(planned.memory.total), degrees(planned.plan)
    if not option.has_goal:
        return (used, left, float(planned.estimate.time), float(planned.estimate.tokens_per_second), words)
    run = result.run if planned.plan == result.choice.plan else option.cheapest_run(planned)
    fields = (("duration", "s"), ("cost", "USD"), ("energy", "J"))
    return (float(run.devices), run.devices - used, left, *(_run_cell(run, *field) for field in fields), words)


def degrees(plan: Plan) -> str:
    """Write the degrees of a plan in short: ``8, 1, 16x8, 128; e64``.

    Parameters
    ----------
    plan
        Plan of plain numbers.
    """
    chunks = "" if plan.virtual_stages == 1 else f"x{int(plan.virtual_stages)}"
    text = (
        f"{int(plan.tensor_parallel)}, {int(plan.context_parallel)}, {int(plan.pipeline_parallel)}{chunks}, "
        f"{int(plan.data_parallel)}"
    )
    expert_tensor = "" if plan.expert_tensor_parallel == 1 else f"x{int(plan.expert_tensor_parallel)}"
    is_dense = plan.expert_parallel == 1 and not expert_tensor
    return text if is_dense else f"{text}; e{int(plan.expert_parallel)}{expert_tensor}"


def layout(plan: Plan) -> str:
    """Write degrees above one, and sets that are not empty, in a line: ``tensor 8, pipeline 16, data 128``.

    Parameters
    ----------
    plan
        Plan of plain numbers.
    """
    axes = [(name, axis) for name, axis in AXES.items() if axis.kind in (Kind.DEGREE, Kind.SET)]
    words = [(axis.label, axis.word(getattr(plan, name))) for name, axis in axes]
    parts = [f"{label} {word}" for label, word in words if word not in (0, 1, "none")]
    return ", ".join([*parts, f"recompute {words_of_plan(plan)['recompute']}"])


def _rejected(choice: Choice) -> Table:
    """Tabulate how many plans were rejected for which reason, and what would help."""
    body: list[tuple[Cell, ...]] = [
        ("feasible, and evaluated in full", float(choice.num_weighed), ""),
        ("skipped: a bound proves that they are not among the best", float(choice.num_slower), ""),
    ]
    for reason in sorted(choice.rejected, key=lambda reason: -choice.rejected[reason]):
        if choice.rejected[reason] and reason is not Reason.OK:
            body.append((SENTENCES[reason][0], float(choice.rejected[reason]), SENTENCES[reason][1]))
    return Table(
        name="search.rejected",
        title="Why plans were rejected",
        columns=("plans", "number", "remedy"),
        units=("", "1", ""),
        rows=tuple(body),
        note="A plan is counted under the first reason that applies; plans skipped by bounds may have other reasons.",
    )


def _sensitivity(option: Option, choice: Choice) -> Table:
    """Tabulate the gains from each number of the hardware at a tenth better, and from a tenth more memory."""
    gains = sensitivities(
        option.job,
        option.pool,
        choice.plan,
        global_batch_size=choice.global_batch_size,
        assumptions=option.search.assumptions,
    )
    body = [(gain.name, Number(value=float(gain.value), unit=gain.unit), float(gain.gain)) for gain in gains]
    memory = Number(value=float(option.limits.memory), unit="B")
    body.append(("memory, the plan chosen anew", memory, _gain_of_memory(option, choice)))
    body.sort(key=lambda row: -row[2])
    first = body[0][0]
    return Table(
        name="search.sensitivity",
        title="Gain from a tenth better hardware",
        columns=("better by 10 %", "now", "faster by"),
        units=("", "1", "%"),
        rows=tuple(row for row in body if row[2] >= _SMALLEST_GAIN),
        note=f"{first[:1].upper()}{first[1:]} binds most. Gains below 0.01 % are left out.",
    )


def _gain_of_memory(option: Option, choice: Choice) -> float:
    """Compute the gain of speed from a tenth more memory, under which another plan may fit."""
    limits = planning.Limits(
        memory=option.limits.memory * BETTER * (1.0 - option.search.assumptions.headroom.value),
        devices=int(choice.plan.num_devices),
    )
    speed = float(choice.estimate.tokens_per_second)
    best = option.search.best(limits, floor=speed).best
    return max(0.0, float(best[0].score) / speed - 1.0) if best else 0.0
