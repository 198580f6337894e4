"""View of the whole run: its duration once devices fail, what it trains, and alternatives."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from lindos.campaign import FITS, CampaignEstimate, Problem, compute_optimal, scaling_law
from lindos.elements import Chart, Figure, Section, Table
from lindos.problem.job import Goal
from lindos.study.campaign import CAMPAIGN, RUN_COST
from lindos.study.campaign.alternatives import Alternatives, SpareOption
from lindos.study.campaign.cost import RunCost
from lindos.study.campaign.result import CampaignResult, DataLimit
from lindos.study.floor import Outcome
from lindos.study.ranges import number
from lindos.units import YEAR, render
from lindos.views import campaign_charts as charts
from lindos.views import campaign_tables as tables
from lindos.views.figures import Figures, share_of_draws
from lindos.views.view import Context, View

TITLE = "The whole run, with failures"
_TITLES = {
    "duration": "Time to train",
    "goodput": "Goodput",
    "effective_training_time": "Effective training time",
    "num_failures": "Failures on the way",
    "job_mtbf": "Time between failures of the job",
    "checkpoint_interval": "Best checkpoint interval",
    "checkpoint_time": "Time to write a checkpoint",
    "recovery_time": "Wait at a failure",
    "devices_in_repair": "GPUs in repair, 99 moments in 100",
    "spares_given": "Spare GPUs that stand by",
    "compute_optimal_params": "Compute-optimal model: parameters",
    "compute_optimal_tokens": "Compute-optimal model: tokens",
    "training_flop": "Training FLOP",
    "tokens": "Tokens processed",
    "effective_tokens": "Equivalent tokens at small batch size",
    "sustainable": "Sustained (1) or not (0)",
}
_DATA_TITLES = {
    "text_stock": "Public text to train on",
    "stocks_used": "Tokens over public text",
    "params": "Best model on that text: parameters",
    "tokens": "Best model on that text: tokens",
    "planned_tokens": "Tokens that the batch is sized for",
    "batch_over_critical": "Batch over the critical batch",
}
_COST_TITLES = {
    "run_cost": "Cost of the run",
    "idle_cost": "Cost of idle and spare GPUs",
    "run_energy": "Energy of the run",
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
    "campaign.spares_given",
    "campaign.spares_enough",
    "campaign.devices_in_repair",
    "campaign.run_cost",
    "campaign.idle_cost",
    "campaign.run_energy",
)
_OF_A_DURATION = ("campaign.data.params", "campaign.data.tokens", "campaign.data.stocks_used")
#: Figures that are valid even if the run never ends, and figures that a goal in tokens or FLOP fixes.
_ALWAYS = (
    *("job_mtbf", "checkpoint_time", "checkpoint_interval", "recovery_time", "devices_in_repair", "spares_given"),
    *("largest_job", "sustainable", "young_valid"),
)
_BY_GOAL = (
    *("num_steps", "tokens", "effective_tokens", "training_flop"),
    *("compute_optimal_params", "compute_optimal_tokens"),
)
#: Largest number of years that devices are used.
_LONGEST = 10.0
#: Loss of goodput by a shortage of spares that is not reported.
_SLIGHT = 0.002


def view(context: Context, outcome: Outcome[CampaignResult], cost: Outcome[RunCost | None] | None) -> Section:
    """Show the campaign.

    Parameters
    ----------
    context
        Scenario and catalogue.
    outcome
        The campaign in each world.
    cost
        Cost of the run in each world, if it was computed.
    """
    result = outcome.point
    return Section(
        name="campaign",
        title=TITLE,
        summary=" ".join((_summary(context, result), *_deadline(context, outcome))),
        headline=(*_HEADLINE, "campaign.deadline_margin", *(_OF_A_DURATION if result.data is not None else ())),
        figures=(*_figures(context, outcome).all(), *_cost_figures(context, outcome, cost)),
        tables=tuple(_tables(outcome, cost)),
        charts=tuple(_charts(outcome)),
        notes=tuple(_notes(context, outcome)),
        warnings=(*_warnings(result), *_endless_draws(outcome)),
    )


def _figures(context: Context, outcome: Outcome[CampaignResult]) -> Figures[CampaignResult]:
    result = outcome.point
    figures = Figures(outcome, subject=context.scenario.name, counted=outcome.sampled.ends)
    estimate = result.estimate
    fixed = _ALWAYS if result.data is not None else (*_ALWAYS, *_BY_GOAL)
    figures.add_declared(
        "campaign",
        lambda outcome: outcome.estimate,
        _TITLES,
        percent=("goodput", "effective_training_time"),
        skip=() if estimate.checkpoint_interval is not None else ("checkpoint_interval",),
    )
    if not result.is_sustained:
        for figure in figures.all():
            if figure.name.removeprefix("campaign.") not in fixed:
                figures.add_unknown(figure.name, figure.title, figure.unit, "failures never let the run end")
    deadline = deadline_of(context)
    if deadline is not None:
        figures.add(
            "campaign.deadline_margin",
            "Deadline less time to train",
            "s",
            lambda outcome: deadline - outcome.estimate.duration,
            why="below zero the run ends too late",
        )
    if result.simulation is not None:
        for name in ("goodput", "duration"):
            figures.add(
                f"campaign.closed_form.{name}",
                f"{_TITLES[name]} by the closed form",
                "1" if name == "goodput" else "s",
                _of_closed_form(name),
                why="failures at a constant rate (Daly 2006), spares in the mean over the run",
                percent=name == "goodput",
                convention="closed form",
            )
    if result.data is not None and result.is_sustained:
        figures.add_declared("campaign.data", lambda outcome: outcome.data, _DATA_TITLES)
    if result.alternatives is not None:
        _add_enough(figures, result.alternatives)
    return figures


def _of_closed_form(name: str) -> Any:
    return lambda outcome: getattr(outcome.closed, name)


def _add_enough(figures: Figures[CampaignResult], alternatives: Alternatives) -> None:
    title = "Spare GPUs that are enough"
    if alternatives.spares.enough is None:
        why = "no number is enough: more fails than is repaired"
        figures.add_unknown("campaign.spares_enough", title, "1", why)
        return
    figures.add(
        "campaign.spares_enough",
        title,
        "1",
        lambda outcome: outcome.spares_enough,
        why="fewest that give up less than 0.1 points of goodput against as many as fail, simulated",
    )


def _cost_figures(
    context: Context, outcome: Outcome[CampaignResult], cost: Outcome[RunCost | None] | None
) -> tuple[Figure, ...]:
    if cost is None or cost.point is None or not outcome.point.is_sustained:
        return ()
    figures = Figures(cost, subject=context.scenario.name, counted=outcome.sampled.ends)
    gaps = cost.point.gaps
    bounds = {name: "least" for name in gaps if gaps[name]}
    figures.add_declared("campaign", lambda outcome: outcome, _COST_TITLES, skip=("cost_of_time",), bounds=bounds)
    return figures.all()


def _tables(outcome: Outcome[CampaignResult], cost: Outcome[RunCost | None] | None) -> Iterator[Table]:
    values, draws = outcome.point, outcome.sampled
    options = values.alternatives
    if options is None and values.is_sustained:
        return  # figures alone are asked for
    if options is not None:
        stalls = tables.stalls(options.stalls)
        if stalls is not None:
            yield stalls
    if options is not None and values.simulation is not None and draws.simulation is not None:
        yield tables.percentiles(values.simulation, draws.simulation, values.start, counted=draws.ends)
    if values.simulation is not None:
        yield tables.buckets(values.estimate, values.closed)
    yield tables.recoveries(values.recoveries)
    if options is not None:
        priced = cost.point if cost and cost.point and not cost.point.gaps["run_cost"] else None
        yield tables.worth(options, priced)
        yield tables.spares(options.spares.options, priced)
        intervals = tables.intervals(options.intervals)
        if intervals is not None:
            yield intervals
        yield tables.sizes(options.sizes, number(values.closed.largest_job) or 0.0)
    yield tables.causes(values.problem)


def _charts(outcome: Outcome[CampaignResult]) -> Iterator[Chart]:
    values, draws = outcome.point, outcome.sampled
    if values.simulation is None or values.alternatives is None:
        return
    yield charts.parts(values.estimate)
    if draws.simulation is not None:
        yield charts.progress(values.simulation, draws.simulation, counted=draws.ends)
    if values.simulation.trials.trace is not None:
        yield charts.timeline(values.simulation.trials.trace)
    yield charts.sizes(values.alternatives.sizes, values.alternatives.curve)


def _written(value: Any, unit: str, digits: int = 3) -> str:
    amount = number(value)
    return "unknown" if amount is None else render(amount, unit, digits)


def _summary(context: Context, result: CampaignResult) -> str:
    estimate, target = result.estimate, result.target
    if not result.is_sustained:
        return _aim(target) + _not_sustained(result)
    if result.data is None:
        return _aim(target) + estimate.statement + _shortage(result)
    return f"{_of_duration(context, result, result.data)} {estimate.statement}{_shortage(result)}{_stalls(result)}"


def deadline_of(context: Context) -> float | None:
    """Return the longest time that the run may take, in seconds; None if the scenario states none.

    Parameters
    ----------
    context
        Scenario with a job.
    """
    job = context.scenario.job
    return job.goal.deadline if job is not None and job.goal is not None else None


def _deadline(context: Context, outcome: Outcome[CampaignResult]) -> Iterator[str]:
    """Say whether the run ends in time, and in which share of the draws."""
    deadline = deadline_of(context)
    if deadline is None:
        return
    text = f"The deadline of {render(deadline, 's')}"
    duration = number(outcome.point.estimate.duration) if outcome.point.is_sustained else None
    if duration is None:
        yield f"{text} does not hold: the run never ends."
        return
    late = duration - deadline
    result = f"does not hold: {render(late, 's')} too late" if late > 0 else f"holds: {render(-late, 's')} left"
    yield f"{text} {result}{share_of_draws(deadline - outcome.sampled.estimate.duration)}."


def _of_duration(context: Context, result: CampaignResult, data: DataLimit) -> str:
    """Say what a span of time trains, and the limits of batch and text."""
    estimate = result.estimate
    span, flop = _written(result.target.duration, "s"), _written(estimate.training_flop, "FLOP")
    tokens, model = _written(estimate.tokens, "token"), _model(context)
    best = (
        f"a dense model of about {_written(data.params, '1', 2)} parameters on {_written(data.tokens, 'token', 2)} is "
        "the best use of that compute"
    )
    used = number(data.stocks_used) or 0.0
    share = _written(100 * (number(data.batch_over_critical) or 0.0), "1", 2)
    batch = f" Its batch is {share} % of the critical batch of a run over {_written(data.planned_tokens, 'token')}."
    if used <= 1:
        return f"In {span} the cluster trains {model} on {tokens}, {flop}; {best}.{batch}"
    return (
        f"In {span} the cluster spends {flop}, more than {model} can use: that would be {tokens}, "
        f"{render(used, '1', 2)} times the "
        f"public text there is ({_written(data.text_stock, 'token')}); {best}.{batch}"
    )


def _model(context: Context) -> str:
    spec = context.scenario.job
    if spec is None:
        return "the model"
    names = context.catalog.names("models")
    return context.catalog.model(spec.model).title if spec.model in names else spec.model


def _stalls(result: CampaignResult) -> str:
    """Give the goodput under the published range of the other replicas' stall."""
    options = result.alternatives.stalls if result.alternatives is not None else ()
    parts = [
        f"{render(100 * float(option.goodput), '1', 2)} % if they wait {_written(option.stall_time, 's')}"
        for option in options
        if not option.as_written and option.groups == result.problem.stall_groups
    ]
    return f" Goodput is {' and '.join(parts)}." if parts else ""


def _shortage(result: CampaignResult) -> str:
    """Say what spares the run rests on: those beside the cluster, and what a lack of spares costs."""
    shared = result.shared_standby
    beside = f" {shared:,} spare GPUs beside this cluster, not in its bill, stand in for failed ones." if shared else ""
    gap = _gap(result)
    return beside if gap is None else f"{beside} That is with {_standing(result)}; {_remedy(gap, result)}."


def _standing(result: CampaignResult) -> str:
    """Write the number of spares as the scenario has them."""
    spares = number(result.estimate.spares_given) or 0.0
    return f"the {_written(spares, '1')} spare GPUs where they are" if spares else "no spare GPUs"


def _remedy(gap: SpareOption, result: CampaignResult) -> str:
    """Write the goodput with enough spares."""
    needed = "as many as fail" if np.isinf(gap.devices) else _written(gap.devices, "1")
    return f"with {needed} {_spread(result)}it would be {render(100 * gap.goodput, '1')} %"


def _spread(result: CampaignResult) -> str:
    """Say that spares are counted in every pool, where there are several: those of one do not help another."""
    return "in proportion in every pool " if len(result.problem.pools) > 1 else ""


def _gap(result: CampaignResult) -> SpareOption | None:
    """Return the fewest spares that are enough, where those of the scenario give up goodput."""
    options = result.alternatives
    if options is None:
        return None
    enough = options.spares.enough or options.spares.options[-1]
    return None if enough.goodput - float(options.base) < _SLIGHT else enough


def _aim(target: Goal) -> str:
    """Write the goal and its label, as the beginning of the summary."""
    label = f" ({target.label})" if target.label else ""
    if target.tokens is not None:
        return f"{_written(target.tokens, 'token')}{label}: "
    if target.training_flop is not None:
        return f"{_written(target.training_flop, 'FLOP')}{label}: "
    return ""


def _not_sustained(result: CampaignResult) -> str:
    """Say why the run never ends: failures come too fast, or another bucket takes most of its time."""
    closed = result.closed
    if result.simulation is None and float(closed.job_mtbf) <= float(closed.recovery_time):
        return closed.statement
    time = result.estimate.time
    parts = {name: number(getattr(time, name)) or 0.0 for name in tables.BUCKETS if name != "productive"}
    most = max(parts, key=lambda name: parts[name])
    span, share = "its time, by the closed form", number(closed.goodput) or 0.0
    if result.simulation is not None:
        trials = result.simulation.trials
        span = f"its first {_written(np.mean(trials.time.total), 's')}, simulated"
        share = float(np.mean(trials.goodput))
    remedy = "change what the campaign section says about that"
    if most == "spare_wait":
        remedy = (
            "set spares aside with campaign.spare_fraction, let the job go on with fewer replicas (campaign.elastic), "
            "or let a failure stop one replica alone (campaign.recovery)"
        )
    return (
        f"No run is sustained: of {span}, {render(100 * share, '1', 2)} % moves training forward. Most of it goes into "
        f"{most.replace('_', ' ')}: {remedy}."
    )


def _warnings(result: CampaignResult) -> Iterator[str]:
    """Yield warnings: repairs that queue without end, runs that never end, spares that are short."""
    estimate = result.estimate
    if (load := _repair_load(result.problem)) > 1:
        times = render(load, "1")
        yield f"Devices fail {times} times as fast as campaign.repair_teams repair them: the queue never ends."
    if not result.is_sustained:
        yield _not_sustained(result)
        return
    trials = result.simulation.trials if result.simulation is not None else None
    if trials is not None and (unfinished := float(np.mean(trials.finished == 0))) > 0:
        yield (
            f"{render(100 * unfinished, '1')} % of the trials have not reached the goal when they are given "
            "up: their end is "
            "extrapolated from the pace they had."
        )
    if (years := (number(estimate.duration) or 0.0) / YEAR) > _LONGEST:
        yield f"The run takes {years:,.3g} years, longer than its devices last: lower job.goal or use more GPUs."
    gap = _gap(result)
    if gap is not None:
        yield (
            f"Spares are short: {_written(estimate.spares_given, '1')} stand by, goodput is {_percent(estimate)}; "
            f"{_remedy(gap, result)}: set them aside with campaign.spare_fraction{_or_elastic(result)}."
        )


def _endless_draws(outcome: Outcome[CampaignResult]) -> Iterator[str]:
    """Say in which share of the draws the run never ends, if it ends under the catalogue's values."""
    share = float(np.mean(~outcome.sampled.ends))
    if outcome.point.is_sustained and share > 0:
        yield (
            f"In {render(100 * share, '1', 2)} % of the draws failures never let the run end; they enter no range of "
            f"the run. Set more spares aside with campaign.spare_fraction{_or_elastic(outcome.point)}."
        )


def _or_elastic(result: CampaignResult) -> str:
    """Offer to go on with fewer replicas, where the job does not."""
    return ", or let the job go on with fewer replicas (campaign.elastic)" if result.problem.waits_for_repairs else ""


def _percent(estimate: CampaignEstimate) -> str:
    return f"{render(100 * (number(estimate.goodput) or 0.0), '1')} %"


def _repair_load(problem: Problem) -> float:
    """Return the repairs that failures need, over those that the teams can finish."""
    work = sum(float(np.mean(cause.rate * cause.repair_time)) for cause in problem.causes if cause.devices)
    return work / problem.repair_teams


def _notes(context: Context, outcome: Outcome[CampaignResult]) -> Iterator[str]:
    """Yield notes on failure rates, draws, pools that join and spares beside the cluster."""
    values, draws = outcome.point, outcome.sampled
    yield from values.notes
    if not values.is_sustained:
        return
    if lost := 100 * float(np.mean(np.asarray(draws.closed.sustainable) == 0)):
        yield f"In {render(lost, '1', 2)} % of the draws failures come as fast as one is recovered from."
    if draws.simulation is not None and (unfinished := float(np.mean(draws.simulation.trials.finished == 0))) > 0:
        yield (
            f"{render(100 * unfinished, '1', 2)} % of the simulated draws do not reach the goal in some times "
            "the usual: they are "
            "carried on at their pace."
        )
    if len(values.problem.joins) > 1:
        yield "Until a pool joins, the others go on with their share of the batch; each joining costs a restart."
    if values.data is not None:
        yield _other_fit(context, values.estimate)


def _other_fit(context: Context, estimate: CampaignEstimate) -> str:
    """Give the compute-optimal model by the other published fit, to show the uncertainty."""
    first, second = FITS
    best = compute_optimal(float(number(estimate.training_flop) or 0.0), scaling_law(context.catalog, second))
    return (
        f"The compute-optimal model follows the {first} fit of the scaling law; by the {second} fit it has "
        f"{_written(best.num_params, '1', 2)} parameters and {_written(best.tokens, 'token', 2)}. Both rest on runs "
        "below 1e22 FLOP."
    )


VIEW = View(floor=CAMPAIGN, title=TITLE, show=view, supplements=(RUN_COST,))
