"""How long training really takes once things fail, and what it costs."""

from lindos import campaign as floor
from lindos import site as site_floor
from lindos import step as step_floor
from lindos.campaign import CampaignEstimate
from lindos.catalog.facts import Fact
from lindos.catalog.sampling import sampled_fact
from lindos.errors import InputError
from lindos.scenario.job import Goal
from lindos.scenario.resolve import goal_of
from lindos.study.answer import Chart, Figure, Section
from lindos.study.figures import figure, figures_of, number, parts_chart_series, sources_of
from lindos.study.step import StepAnswer
from lindos.study.world import Pair, World, Worlds, both
from lindos.units import render

_TITLES = {
    "duration": "Time to train",
    "goodput": "Goodput",
    "num_failures": "Failures on the way",
    "job_mtbf": "Time between failures of the job",
    "checkpoint_interval": "Best checkpoint interval",
    "checkpoint_time": "Time to write a checkpoint",
    "recovery_time": "Time to recover from a failure",
    "spares_needed": "Spare GPUs needed",
    "spares_given": "Spare GPUs set aside",
    "compute_optimal_params": "Compute-optimal model: parameters",
    "compute_optimal_tokens": "Compute-optimal model: tokens",
    "training_flop": "Training FLOP",
    "tokens": "Tokens processed",
    "sustainable": "Sustained (1) or not (0)",
}
_HEADLINE = (
    "campaign.duration",
    "campaign.goodput",
    "campaign.tokens",
    "campaign.num_failures",
    "campaign.job_mtbf",
    "campaign.checkpoint_interval",
    "campaign.spares_needed",
    "campaign.run_cost",
    "campaign.run_energy",
)
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


def estimate(world: World, recovery: str = "restart") -> CampaignEstimate:
    """The campaign in one world, from the step that was found below; ``recovery`` as in `lindos.campaign`."""
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
        recovery=recovery,
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
        spare_fraction=spec.spare_fraction or 0.0,
        extra_tokens_factor=1.0,
    )


def section(worlds: Worlds) -> Section:
    """Days, goodput, failures, checkpoints, spares; the money of the run where the site is known."""
    pair, other = _recovered(worlds)
    found = pair.point
    label = goal(worlds.point).label
    figures = figures_of("campaign", pair, _TITLES, percent=("goodput",))
    money = _run(worlds, pair)
    asked = goal(worlds.point)
    headline = (*_HEADLINE, *(_OPTIMUM if asked.duration is not None else ()))
    notes = [f"Goal: {label}."] if label else []
    notes += [*other, *_conditions_notes(worlds.point)]
    if asked.duration is not None:
        notes.append(_other_fit(worlds.point, found))
    if worlds.point.scenario.job and worlds.point.scenario.job.label:
        notes.insert(0, f"{worlds.point.scenario.job.label}.")
    return Section(
        name="campaign",
        title="The whole run, with failures",
        summary=_summary(worlds.point, found),
        headline=headline,
        figures=(*figures, *money),
        charts=(_chart(found),),
        notes=tuple(notes),
    )


def _recovered(worlds: Worlds) -> tuple[Pair[CampaignEstimate], list[str]]:
    """A restart of the whole job at each failure; where that sustains no run, one replica at a time drops out."""
    pair = both(worlds, "campaign", estimate)
    if pair.point.sustainable == 1:
        return pair, ["A failure stops the whole job, which restarts from its last checkpoint."]
    note = (
        f"If a failure stopped the whole job: {pair.point.statement} Shown instead: a failure takes one data-parallel "
        "replica out, the others go on (elastic training)."
    )
    return both(worlds, "campaign", lambda world: estimate(world, "replica")), [note]


def _summary(world: World, found: CampaignEstimate) -> str:
    asked = goal(world)
    if asked.duration is None:
        return found.statement
    tokens, flop = number(found.tokens) or 0.0, number(found.training_flop) or 0.0
    best = number(found.compute_optimal_params) or 0.0
    most = number(found.compute_optimal_tokens) or 0.0
    span = render(number(asked.duration) or 0.0, "s")
    return (
        f"In {span} the cluster trains {world.job.model.title} on {render(tokens, 'token')}, {render(flop, 'FLOP')}; "
        f"that compute is best spent on a dense model of about {render(best, '1', 2)} parameters and "
        f"{render(most, 'token', 2)}. {found.statement}"
    )


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
