"""How long training really takes once things fail, and what it costs."""

import numpy as np

from lindos import campaign as floor
from lindos import site as site_floor
from lindos import step as step_floor
from lindos.campaign import CampaignEstimate
from lindos.catalog.facts import Fact
from lindos.catalog.sampling import sampled_fact
from lindos.errors import InputError
from lindos.scenario.job import RECOVERIES, Goal
from lindos.scenario.resolve import goal_of
from lindos.study.answer import Cell, Chart, Figure, Section, Table
from lindos.study.figures import figure, figures_of, number, parts_chart_series, sources_of, titled, unknown
from lindos.study.step import StepAnswer, batch_limit
from lindos.study.world import Pair, World, Worlds, both
from lindos.units import YEAR, render

_TITLES = {
    "duration": "Time to train",
    "goodput": "Goodput",
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
    "campaign.tokens",
    "campaign.effective_tokens",
    "campaign.num_failures",
    "campaign.job_mtbf",
    "campaign.checkpoint_interval",
    "campaign.spares_needed",
    "campaign.spares_given",
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
_RECOVERIES = {"restart": "the whole job", "replica": "one data-parallel replica"}
_OPTIMUM = ("campaign.compute_optimal_params", "campaign.compute_optimal_tokens")
_BUCKETS = (
    "productive",
    "checkpoint_save",
    "checkpoint_restore",
    "wasted_progress",
    "infrastructure_recovery",
    "startup",
)


def goal(world: World) -> Goal:
    """The scenario's goal; in a sampled world a published range of it is drawn too."""
    spec = world.scenario.job.goal if world.scenario.job else None
    if spec is None:
        raise LookupError("the scenario has no goal")
    found = goal_of(spec)
    low, high, mode = found.training_flop_low, found.training_flop_high, found.training_flop
    if not world.is_sampled or mode is None or low is None or high is None or not low < high:
        return found
    published = Fact(path="job.goal.training_flop", content=mode, unit="FLOP", low=low, high=high)
    return Goal(training_flop=sampled_fact(published, world.num_draws, 0).value, label=found.label)


def estimate(world: World, recovery: str = "") -> CampaignEstimate:
    """The campaign in one world, from the step that was found below; ``recovery`` instead of the scenario's."""
    step: StepAnswer = world.results["step"]
    spec = world.scenario.campaign
    devices = [(pool.accelerator.name, pool.num_devices) for pool in world.cluster.pools]
    model = world.job.model
    conditions = floor.conditions(
        world.catalog,
        devices,
        float(step_floor.num_params(model)),
        device_mtbf=spec.device_mtbf,
        checkpoint_bandwidth=spec.checkpoint_bandwidth,
        restart_time=spec.restart_time,
    )
    asked = goal(world)
    if asked.duration is not None and not world.is_sampled and asked.duration <= conditions.restart_time:
        start = render(number(conditions.restart_time) or 0.0, "s")
        raise InputError(
            "job.goal.duration", render(number(asked.duration) or 0.0, "s"), f"longer than a start, {start}"
        )
    # What stops together: the devices of a scale-up domain that is a rack, or of a node.
    blast = max(pool.tiers[0].size for pool in world.cluster.pools)
    return floor.estimate(
        recovery=recovery or spec.recovery,
        replica_devices=step.replica_devices,
        replica_stall_time=conditions.replica_stall_time,
        goal=asked,
        law=floor.scaling_law(world.catalog),
        step_time=step.time,
        tokens_per_step=step.tokens,
        flops_per_token=step_floor.model_flops_per_token(model, world.job.sequence_length),
        num_devices=step.num_devices,
        device_failure_rate=conditions.device_failure_rate,
        checkpoint_bytes=conditions.checkpoint_bytes,
        checkpoint_bandwidth=conditions.checkpoint_bandwidth,
        restart_time=conditions.restart_time,
        detection_time=conditions.detection_time,
        repair_time=conditions.repair_time,
        devices_per_failure=float(blast),
        spares=step.found.idle_devices,
        extra_tokens_factor=batch_limit(world, step.tokens).tokens_factor,
    )


def section(worlds: Worlds) -> Section:
    """Days, goodput, failures, checkpoints, spares; the money of the run where the site is known."""
    pair = both(worlds, "campaign", estimate)
    found = pair.point
    ends = found.sustainable == 1
    figures = _figures(worlds, pair)
    money = _run(worlds, pair) if ends else []
    if not ends:
        worlds.warnings.append(found.statement)
    elif (years := (number(found.duration) or 0.0) / YEAR) > _LONGEST:
        worlds.warnings.append(
            f"The run takes {years:,.3g} years, longer than its devices last: lower job.goal or use more GPUs."
        )
    elif (short := (number(found.spares_needed) or 0.0) - (number(found.spares_given) or 0.0)) > 0:
        worlds.warnings.append(_short_of_spares(found, short))
    asked = goal(worlds.point)
    headline = (*_HEADLINE, *(_OPTIMUM if asked.duration is not None else ()))
    notes = list(_conditions_notes(worlds.point))
    if ends and (lost := 100 * float(np.mean(np.asarray(pair.sampled.sustainable) == 0))):
        notes.append(f"In {lost:.2g} % of the draws failures come too fast for the run to end: high ends are open.")
    if ends and asked.duration is not None:
        notes.append(_other_fit(worlds.point, found))
    return Section(
        name="campaign",
        title="The whole run, with failures",
        summary=_summary(worlds.point, found),
        headline=headline,
        figures=(*figures, *money),
        tables=(_recoveries(worlds.point, found), *((_badput(found),) if ends else ())),
        charts=(_chart(found),) if ends else (),
        notes=tuple(notes),
    )


def _figures(worlds: Worlds, pair: Pair[CampaignEstimate]) -> list[Figure]:
    """The campaign's numbers; where failures never let the run end, what would need its end is unknown."""
    found = pair.point
    figures = [
        one
        for one in figures_of("campaign", pair, _TITLES, percent=("goodput",))
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
        title="What a failure stops",
        columns=("a failure stops", "for", "goodput", "time to train", "largest job, GPUs"),
        units=("", "s", "%", "s", ""),
        rows=tuple(body),
        key=True,
        note="Set campaign.recovery. Beyond the largest job failures come faster than one is recovered from.",
    )


def _badput(found: CampaignEstimate) -> Table:
    """Where the days go, by bucket."""
    total = number(found.duration) or 1.0
    times = {bucket: number(getattr(found.time, bucket)) or 0.0 for bucket in _BUCKETS}
    return Table(
        name="campaign.buckets",
        title="Where the days go",
        columns=("", "time", "share"),
        units=("", "s", "%"),
        rows=tuple((titled(bucket), time, time / total) for bucket, time in times.items() if time),
    )


def _short_of_spares(found: CampaignEstimate, short: float) -> str:
    needed, there = number(found.spares_needed) or 0.0, number(found.spares_given) or 0.0
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

    def both_ways(of: object) -> tuple[object, object]:
        return of(worlds.point, pair.point), of(worlds.sampled, pair.sampled)  # type: ignore[operator]

    def cost(world: World, found: CampaignEstimate) -> object:
        held = world.results["step"].num_devices
        return site_floor.run_cost(world.results["site"], held * found.duration)

    def energy(world: World, found: CampaignEstimate) -> object:
        held = world.results["step"].num_devices
        return site_floor.run_energy(world.results["site"], held, found.duration)

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


def _chart(found: CampaignEstimate) -> Chart:
    values = {bucket.replace("_", " "): number(getattr(found.time, bucket)) or 0.0 for bucket in _BUCKETS}
    return Chart(
        name="campaign.time",
        title="Where the days go",
        kind="parts",
        unit="s",
        series=parts_chart_series(("wall clock",), (values,)),
    )
