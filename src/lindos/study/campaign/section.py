"""How long training really takes once things fail, and what it costs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from lindos import campaign as floor
from lindos import site as site_floor
from lindos.campaign import CampaignEstimate, Course
from lindos.elements import Cell, Figure, Section, Table
from lindos.problem.job import RECOVERIES, Goal
from lindos.study.campaign import alternatives, tables
from lindos.study.campaign.closed import estimate, goal
from lindos.study.campaign.ran import Run, asked_of, simulated
from lindos.study.figures import figure, figures_of, number, sources_of, unknown
from lindos.study.world import Pair, World, Worlds, both
from lindos.units import YEAR, render

_TITLES = {
    "duration": "Time to train",
    "goodput": "Goodput",
    "effective_training_time": "Effective training time",
    "num_failures": "Failures on the way",
    "job_mtbf": "Time between failures of the job",
    "checkpoint_interval": "Best checkpoint interval",
    "checkpoint_time": "Time to write a checkpoint",
    "recovery_time": "Wait at a failure",
    "spares_needed": "Spare GPUs needed",
    "spares_given": "Spare GPUs that stand by",
    "compute_optimal_params": "Compute-optimal model: parameters",
    "compute_optimal_tokens": "Compute-optimal model: tokens",
    "training_flop": "Training FLOP",
    "tokens": "Tokens processed",
    "effective_tokens": "Worth in small batches",
    "sustainable": "Sustained (1) or not (0)",
}
_HEADLINE = (
    "campaign.duration",
    "campaign.goodput",
    "campaign.effective_training_time",
    "campaign.tokens",
    "campaign.effective_tokens",
    "campaign.num_failures",
    "campaign.job_mtbf",
    "campaign.checkpoint_interval",
    "campaign.spares_needed",
    "campaign.spares_given",
    "campaign.spares_enough",
    "campaign.run_cost",
    "campaign.run_energy",
)
#: What holds whether or not failures let the run end; and what a goal in tokens or FLOP fixes by itself.
_ALWAYS = (
    *("job_mtbf", "checkpoint_time", "checkpoint_interval", "recovery_time", "spares_needed", "spares_given"),
    *("largest_job", "sustainable", "young_valid"),
)
_BY_GOAL = (
    *("num_steps", "tokens", "effective_tokens", "training_flop"),
    *("compute_optimal_params", "compute_optimal_tokens"),
)
#: Years that devices are kept at most.
_LONGEST = 10.0
_TITLE = "The whole run, with failures"
_RECOVERIES = {"restart": "the whole job", "replica": "one data-parallel replica"}
_OPTIMUM = ("campaign.compute_optimal_params", "campaign.compute_optimal_tokens")


def section(worlds: Worlds) -> Section:
    """Days, goodput, failures, checkpoints, spares; the money of the run where the site is known."""
    closed = both(worlds, "campaign", estimate)
    if closed.point.sustainable < 1:
        worlds.warnings.append(closed.point.statement)
        return Section(
            name="campaign",
            title=_TITLE,
            summary=_summary(worlds.point, closed.point),
            headline=_HEADLINE,
            figures=tuple(_figures(worlds, closed)),
            tables=(_recoveries(worlds.point, closed.point),),
            notes=tuple(_conditions_notes(worlds.point)),
        )
    run = simulated(worlds, closed)
    if isinstance(run, Run):
        return _stuck(worlds, closed, run)
    pair = Pair(run.point.estimate, run.sampled.estimate, run.facts)
    found, seed = pair.point, asked_of(worlds).seed
    _warn(worlds, run, closed.point)
    asked = goal(worlds.point)
    whole = Section(
        name="campaign",
        title=_TITLE,
        summary=_summary(worlds.point, found),
        headline=(*_HEADLINE, *(_OPTIMUM if asked.duration is not None else ())),
        figures=(*_figures(worlds, pair), *_beside(closed), *_run(worlds, pair)),
        notes=tuple(_notes(worlds, run, closed)),
    )
    if asked_of(worlds).figures_only:
        return whole
    trials = alternatives.trials_of(worlds.point, run.point, seed)
    sizes, by_size = alternatives.sizes(worlds.point, closed.point, trials)
    spares, enough = alternatives.spares(worlds.point, closed.point, trials)
    shown = (
        tables.percentiles(worlds.point, run),
        tables.buckets(found, closed.point),
        _recoveries(worlds.point, closed.point),
        alternatives.worth(worlds.point, run.point, trials),
        spares,
        alternatives.intervals(run.point, trials),
        sizes,
        tables.causes(run.point),
    )
    charts = (
        tables.parts_chart(found),
        tables.progress_chart(worlds, run, seed),
        tables.timeline(run.point, seed),
        by_size,
    )
    return replace(
        whole,
        figures=(*whole.figures, *enough),
        tables=tuple(table for table in shown if table is not None),
        charts=charts,
    )


def _stuck(worlds: Worlds, closed: Pair[CampaignEstimate], run: Run) -> Section:
    """A run that goes nowhere, though by the rates of the catalogue alone it would end."""
    where = tables.buckets(run.estimate, closed.point)
    most = max((row for row in where.rows if row[0] != "Productive"), key=lambda row: float(row[1] or 0.0))  # type: ignore[arg-type]
    text = (
        f"No run is sustained: of its first {render(float(np.mean(run.replicas.time.total)), 's')}, simulated, "
        f"{100 * float(np.mean(run.replicas.goodput)):.2g} % moves training forward. Most of it goes into "
        f"{str(most[0]).lower()}; change what the campaign section says about that."
    )
    worlds.warnings.append(text)
    never = replace(run.estimate, sustainable=0.0)
    return Section(
        name="campaign",
        title=_TITLE,
        summary=_aim(goal(worlds.point)) + text,
        headline=_HEADLINE,
        figures=(*_figures(worlds, Pair(never, never, closed.facts)), *_beside(closed)),
        tables=(where, tables.causes(run)),
        notes=tuple(_conditions_notes(worlds.point)),
    )


def _warn(worlds: Worlds, run: Pair[Run], closed: CampaignEstimate) -> None:
    """What stands against the answer."""
    found = run.point.estimate
    if (never := float(np.mean(run.point.replicas.finished == 0))) > 0:
        worlds.warnings.append(
            f"{100 * never:.3g} % of the replicas have not reached the goal when they are given up: their end is "
            "extrapolated from the pace they had."
        )
    if (load := _repair_load(run.point.course)) > 1:
        worlds.warnings.append(
            f"Devices fail {load:.3g} times as fast as campaign.repair_teams repair them: the queue grows all the time."
        )
    if (years := (number(found.duration) or 0.0) / YEAR) > _LONGEST:
        worlds.warnings.append(
            f"The run takes {years:,.3g} years, longer than its devices last: lower job.goal or use more GPUs."
        )
    elif (short := (number(closed.spares_needed) or 0.0) - (number(closed.spares_given) or 0.0)) > 0:
        worlds.warnings.append(_short_of_spares(worlds.point, closed, short))


def _repair_load(course: Course) -> float:
    """Repairs that come in for each one that the teams can finish."""
    work = sum(float(np.mean(cause.rate * cause.repair_time)) for cause in course.causes if cause.devices)
    return work / course.repair_teams


def _notes(worlds: Worlds, run: Pair[Run], closed: Pair[CampaignEstimate]) -> list[str]:
    """What the numbers rest on."""
    found, asked = run.point.estimate, goal(worlds.point)
    notes = list(_conditions_notes(worlds.point))
    if lost := 100 * float(np.mean(np.asarray(closed.sampled.sustainable) == 0)):
        notes.append(f"In {lost:.2g} % of the draws failures come as fast as one is recovered from.")
    if (never := float(np.mean(run.sampled.replicas.finished == 0))) > 0:
        notes.append(
            f"{100 * never:.2g} % of the draws do not reach the goal in some times the usual: they are carried on at "
            "their pace."
        )
    if len(run.point.course.joins) > 1:
        notes.append(
            "Until a pool joins, the others go on with their own share of the batch; each joining costs a restart."
        )
    if asked.duration is not None:
        notes.append(_other_fit(worlds.point, found))
    return notes


def _beside(closed: Pair[CampaignEstimate]) -> list[Figure]:
    """The closed form's answer, beside the simulated one."""
    point, drawn, sources = closed.point, closed.sampled, sources_of(closed.facts)
    return [
        figure(
            f"campaign.closed_form.{name}",
            title,
            unit,
            getattr(point, name),
            getattr(drawn, name),
            why="failures at a constant rate, spares always found (Daly 2006)",
            sources=sources,
            percent=unit == "1",
        )
        for name, title, unit in (
            ("goodput", "Goodput by the closed form", "1"),
            ("duration", "Time to train by the closed form", "s"),
        )
    ]


def _figures(worlds: Worlds, pair: Pair[CampaignEstimate]) -> list[Figure]:
    """The campaign's numbers; where failures never let the run end, what would need its end is unknown."""
    found = pair.point
    figures = [
        one
        for one in figures_of("campaign", pair, _TITLES, percent=("goodput", "effective_training_time"))
        if getattr(found, one.name.removeprefix("campaign."), 0.0) is not None
    ]
    if found.sustainable == 1:
        return figures
    fixed = _ALWAYS if goal(worlds.point).duration is not None else (*_ALWAYS, *_BY_GOAL)
    known = {f"campaign.{name}" for name in fixed}
    return [one if one.name in known else unknown(one, "failures never let the run end") for one in figures]


def _recoveries(world: World, own_estimate: CampaignEstimate) -> Table:
    """The same run under either recovery; the scenario's own first."""
    own = world.scenario.campaign.recovery
    names = sorted(RECOVERIES, key=lambda name: name != own)
    body: list[tuple[Cell, ...]] = []
    for name in names:
        found = own_estimate if name == own else estimate(world, name)
        ends = found.sustainable == 1
        largest = render(number(found.largest_job) or 0.0, "1", 2)
        body.append(
            (
                _RECOVERIES[name] + (" (this scenario)" if name == own else ""),
                number(found.recovery_time),
                number(found.goodput) if ends else None,
                number(found.duration) if ends else None,
                largest if ends else f"{largest}: not sustained",
            )
        )
    return Table(
        name="campaign.recovery",
        title="What a failure stops, by the closed form",
        columns=("a failure stops", "for", "goodput", "time to train", "largest job, GPUs"),
        units=("", "s", "%", "s", ""),
        rows=tuple(body),
        key=True,
        note="Set campaign.recovery. Beyond the largest job failures come faster than one is recovered from.",
    )


def _short_of_spares(world: World, found: CampaignEstimate, short: float) -> str:
    needed, there = number(found.spares_needed) or 0.0, number(found.spares_given) or 0.0
    if world.scenario.campaign.spare_fraction is not None:
        return f"{needed:,.0f} spare GPUs cover those in repair 99 moments in 100, and {there:,.0f} stand by."
    return (
        f"{needed:,.0f} spare GPUs cover those in repair 99 moments in 100, and {there:,.0f} stand by: goodput "
        f"takes it that {short:,.0f} more are found. Set them aside with campaign.spare_fraction."
    )


def _summary(world: World, found: CampaignEstimate) -> str:
    asked = goal(world)
    if asked.duration is None or found.sustainable < 1:
        return _aim(asked) + found.statement
    tokens, flop = number(found.tokens) or 0.0, number(found.training_flop) or 0.0
    best = number(found.compute_optimal_params) or 0.0
    most = number(found.compute_optimal_tokens) or 0.0
    span = render(number(asked.duration) or 0.0, "s")
    return (
        f"In {span} the cluster trains {world.job.model.title} on {render(tokens, 'token')}, {render(flop, 'FLOP')}; "
        f"that compute is best spent on a dense model of about {render(best, '1', 2)} parameters and "
        f"{render(most, 'token', 2)}. {found.statement}"
    )


def _aim(asked: Goal) -> str:
    """The goal in front of the result, with what it stands for."""
    said = f" ({asked.label})" if asked.label else ""
    if asked.tokens is not None:
        return f"{render(number(asked.tokens) or 0.0, 'token')}{said}: "
    if asked.training_flop is not None:
        return f"{render(number(asked.training_flop) or 0.0, 'FLOP')}{said}: "
    return ""


def _other_fit(world: World, found: CampaignEstimate) -> str:
    """The compute-optimal model by the other published fit: their difference is the honest range."""
    first, second = floor.FITS
    law = floor.scaling_law(world.catalog, second)
    other = floor.compute_optimal(float(number(found.training_flop) or 0.0), law)
    params, tokens = number(other.num_params) or 0.0, number(other.tokens) or 0.0
    return (
        f"The compute-optimal model follows the {first} fit of the scaling law; by the {second} fit it has "
        f"{render(params, '1', 2)} parameters and {render(tokens, 'token', 2)}. Both rest on runs below 1e22 FLOP."
    )


def _conditions_notes(world: World) -> tuple[str, ...]:
    devices = [(pool.accelerator.name, pool.num_devices) for pool in world.cluster.pools]
    return floor.hazard(world.catalog, devices).notes


def _run(worlds: Worlds, pair: Pair[CampaignEstimate]) -> list[Figure]:
    """Cost and energy of the run, for the devices that the job holds; needs the site."""
    if "site" not in worlds.point.results:
        return []
    sources = sources_of(pair.facts)

    def both_ways(of: Callable[[World], Any]) -> tuple[Any, Any]:
        """A price or power for each second of the run, times its seconds; draws as the replicas took them."""
        duration = np.asarray(pair.sampled.duration, dtype=float)
        drawn = np.resize(np.asarray(of(worlds.sampled), dtype=float), duration.shape or (worlds.sampled.num_draws,))
        return of(worlds.point) * pair.point.duration, drawn * duration

    def cost(world: World) -> Any:
        return site_floor.run_cost(world.results["site"], world.results["step"].num_devices)

    def energy(world: World) -> Any:
        return site_floor.run_energy(world.results["site"], world.results["step"].num_devices, 1.0)

    dollars, joules = both_ways(cost), both_ways(energy)
    return [
        figure(
            "campaign.run_cost",
            "Cost of the run",
            "USD",
            *dollars,
            why="GPU-hours of the GPUs that work, at the site's cost with capital in it",
            sources=sources,
        ),
        figure(
            "campaign.run_energy",
            "Energy of the run",
            "J",
            *joules,
            why="at the meter, with the share of network and cooling",
            sources=sources,
        ),
    ]
