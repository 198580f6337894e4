"""The campaign of a scenario in one world: closed form, simulation and alternatives."""

import datetime
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np

from lindos import campaign
from lindos.campaign import (
    CampaignEstimate,
    CampaignTime,
    Cause,
    Problem,
    Stragglers,
    Workload,
    flattened,
    in_repair,
    trained_in,
)
from lindos.problem.job import Goal
from lindos.quantities import Count, Fraction, Tokens
from lindos.results import Why
from lindos.study.campaign.alternatives import Alternatives, RecoveryOption, alternatives, recoveries
from lindos.study.campaign.basis import Basis, basis_of, first_day
from lindos.study.campaign.problem import goal, problem_of, workload_of
from lindos.study.campaign.simulated import STUCK, CampaignAsked, Simulation, simulate_draws, simulate_values
from lindos.study.floor import Floor, World
from lindos.study.step import STEP, StepResult

_BUCKETS = tuple(CampaignTime.__dataclass_fields__)
#: Small exponent of the disturbances' loads, which shows in a varied world that simulated times depend on them.
_TRACE = 1e-2


@dataclass(frozen=True, slots=True, kw_only=True)
class DataLimit:
    """The compute of a run compared with the text that exists to train on."""

    text_stock: Annotated[Tokens, Why("effective stock of public text written by people")]
    stocks_used: Annotated[Fraction, Why("tokens of the run over the stock of public text")]
    params: Annotated[Count, Why("parameters of the best dense model on no more text than there is")]
    tokens: Annotated[Tokens, Why("tokens that go with them")]
    planned_tokens: Annotated[
        Tokens, Why("tokens that the batch is sized for: the time at a plausible MFU, or the stock")
    ]
    batch_over_critical: Annotated[Fraction, Why("tokens of a step over the critical batch of a run on those tokens")]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignResult:
    """The campaign in one world.

    Parameters
    ----------
    target
        Goal of the campaign.
    problem, workload
        Input of both solvers.
    closed
        The closed form.
    simulation
        The trials; None if the closed form says that no run is sustained.
    estimate
        The campaign: simulated if there are trials, else by the closed form.
    alternatives
        Alternatives, with the catalogue's values; None if only figures are asked for.
    recoveries
        The closed form under both kinds of recovery, with the catalogue's values.
    data
        The limit of the text that exists, if the goal is a duration.
    spares_enough
        Fewest spares that give up next to no goodput, simulated; None if no number does, or if it was not searched.
    shared_standby
        Spares beside the cluster, which its bill leaves out.
    start
        Day the campaign begins.
    notes
        What the failure rates rest on.
    """

    target: Goal
    problem: Problem
    workload: Workload
    closed: CampaignEstimate
    simulation: Simulation | None
    estimate: CampaignEstimate
    alternatives: Alternatives | None = None
    recoveries: tuple[RecoveryOption, ...] = ()
    data: DataLimit | None = None
    spares_enough: Count | None = None
    shared_standby: int = 0
    start: datetime.date | None = None
    notes: tuple[str, ...] = ()

    @property
    def ends(self) -> Any:
        """Whether the run reaches its goal, by draw: always if that is a time, else if failures leave time to work."""
        least = STUCK if self.problem.duration is None else 0.0
        return np.minimum(np.asarray(self.estimate.goodput), np.asarray(self.closed.goodput)) >= least

    @property
    def is_sustained(self) -> bool:
        """Whether the run ends: failures leave time to work, and both solvers make progress."""
        if self.simulation is not None and self.simulation.goes_nowhere:
            return False
        ends = np.median(np.asarray(self.closed.sustainable)) == 1
        return bool(ends and np.median(np.asarray(self.closed.goodput)) >= STUCK)


def simulate_campaign(world: World, step: StepResult) -> CampaignResult:
    """Compute the campaign with the catalogue's values; its trials differ only by chance.

    Parameters
    ----------
    world
        Scenario and catalogue.
    step
        The step in that world.

    Raises
    ------
    InputError, InconsistentError
        If the scenario's campaign cannot be simulated.
    """
    basis, settings = basis_of(world, step), settings_of(world)
    return campaign_of_values(basis, settings)


def settings_of(world: World) -> CampaignAsked:
    """Return the precision that the simulation is asked for.

    Parameters
    ----------
    world
        Scenario, catalogue and settings.
    """
    settings: CampaignAsked = world.settings.get("campaign") or CampaignAsked()
    return settings


def campaign_of_values(basis: Basis, settings: CampaignAsked) -> CampaignResult:
    """Solve the campaign without draws, by closed form and simulation.

    Parameters
    ----------
    basis
        Inputs of the campaign.
    settings
        Precision of the simulation.
    """
    result = _closed(basis)
    if not result.is_sustained:
        endless = replace(result.closed, sustainable=0.0)
        return replace(
            result, closed=endless, estimate=endless, recoveries=recoveries(basis, result.target), notes=_notes(basis)
        )
    simulation = simulate_values(result.problem, result.workload, result.closed, settings)
    options = None
    if not simulation.goes_nowhere and not settings.figures_only:
        options = alternatives(basis, simulation, settings.seed)
    estimate = simulation.estimate
    if simulation.goes_nowhere:
        estimate = replace(estimate, sustainable=0.0)
    return replace(
        _with_estimate(basis, result, estimate),
        simulation=simulation,
        alternatives=options,
        spares_enough=None if options is None or options.spares.enough is None else options.spares.enough.devices,
        recoveries=recoveries(basis, result.target),
        start=first_day(basis),
        notes=_notes(basis),
    )


def campaign_of_draws(basis: Basis, values: CampaignResult, settings: CampaignAsked) -> CampaignResult:
    """Solve the campaign with draws of the uncertain values.

    Parameters
    ----------
    basis
        Inputs of the campaign, sampled.
    values
        The campaign with the catalogue's values.
    settings
        Precision of the simulation.
    """
    result = _closed(basis)
    if not values.is_sustained:
        return result
    usual = float(values.closed.duration)
    simulation = simulate_draws(result.problem, result.workload, result.closed, usual, settings)
    return replace(_with_estimate(basis, result, simulation.estimate), simulation=simulation)


def campaign_of_columns(basis: Basis, values: CampaignResult) -> CampaignResult:
    """Show which facts move the campaign: the closed form of each column, scaled to the simulated values.

    A fact that moves no field of the problem does not move the simulation. Fields that only the simulation uses (slow
    devices, flapping links, silent corruption) are traced by a small factor.

    Parameters
    ----------
    basis
        Inputs of the campaign, with one column per fact.
    values
        The campaign with the catalogue's values.
    """
    result = _closed(basis)
    if values.simulation is None:
        return result
    closed, simulated = values.closed, values.simulation.estimate
    trace = _trace(result.problem, values.problem)
    time = CampaignTime(
        **{
            name: _in_proportion(getattr(result.closed.time, name), getattr(closed.time, name), value, trace)
            for name, value in ((name, getattr(simulated.time, name)) for name in _BUCKETS)
        }
    )
    productive: Any = time.productive
    if result.problem.work is not None:
        productive = result.closed.time.productive
        time = replace(time, productive=productive)
    failures = _in_proportion(result.closed.num_failures, closed.num_failures, simulated.num_failures, trace)
    # Whole numbers of devices do not move with a small change, so that they are scaled with the repairs.
    ratio = _devices_in_repair(result.problem) / _devices_in_repair(values.problem)
    in_repair_at_most = closed.devices_in_repair * ratio
    estimate = replace(
        result.closed,
        time=time,
        **trained_in(productive, flattened(result.workload)),
        num_failures=failures,
        devices_in_repair=in_repair_at_most,
    )
    spares_enough = None if values.spares_enough is None else values.spares_enough * ratio
    return replace(_with_estimate(basis, result, estimate), spares_enough=spares_enough)


def _in_proportion(column: Any, value: Any, simulated: Any, trace: Any) -> Any:
    """Return the simulated value, scaled as the closed form changes from column to column."""
    base = float(value)
    moved = np.asarray(column) / base if base else 1.0 + (np.asarray(column) - base)
    return simulated * moved * trace


def _devices_in_repair(problem: Problem) -> Any:
    busy = in_repair(flattened(problem))
    return np.maximum(busy.repairs * busy.devices_per_repair, 1e-300)


def _trace(problem: Problem, values: Problem) -> Any:
    """Return a factor close to 1 that moves with the fields which the closed form does not use."""
    factor: Any = 1.0
    for cause, usual in zip(problem.disturbances, values.disturbances, strict=True):
        factor = factor * (_load(cause) / _load(usual)) ** _TRACE
    return factor


def _load(cause: Cause | Stragglers) -> Any:
    """Return the mean number of units that are disturbed."""
    lasting: Any = cause.duration if isinstance(cause, Stragglers) else cause.detection_time
    return np.maximum(flattened(cause).rate * flattened(lasting), 1e-300)


def _closed(basis: Basis) -> CampaignResult:
    """Solve the campaign by the closed form alone."""
    target = goal(basis)
    problem, workload = problem_of(basis, target), workload_of(basis)
    closed = campaign.estimate(problem, workload)
    result = CampaignResult(
        target=target,
        problem=problem,
        workload=workload,
        closed=closed,
        simulation=None,
        estimate=closed,
        shared_standby=basis.campaign.shared_standby,
    )
    return _with_estimate(basis, result, closed)


def _with_estimate(basis: Basis, result: CampaignResult, estimate: CampaignEstimate) -> CampaignResult:
    data = data_limit(basis, estimate) if result.target.duration is not None else None
    return replace(result, estimate=estimate, data=data)


def _notes(basis: Basis) -> tuple[str, ...]:
    devices = [(pool.accelerator.name, pool.num_devices) for pool in basis.cluster.pools]
    return campaign.mean_failure_rate(basis.catalog, devices).notes


def data_limit(basis: Basis, estimate: CampaignEstimate) -> DataLimit:
    """Compare the tokens of a run with the stock of text, and find the best model for its compute.

    Parameters
    ----------
    basis
        Inputs of the campaign in one world.
    estimate
        The campaign.
    """
    stock = basis.catalog.parameter("scaling.text_stock", "token").value
    tokens = np.minimum(estimate.compute_optimal_tokens, stock)
    product = estimate.compute_optimal_params * estimate.compute_optimal_tokens
    return DataLimit(
        text_stock=stock,
        stocks_used=estimate.tokens / stock,
        params=product / tokens,
        tokens=tokens,
        planned_tokens=basis.planned_tokens,
        batch_over_critical=basis.share_of_critical,
    )


def compute(world: World, step: StepResult, trials: CampaignResult) -> CampaignResult:
    """Compute the campaign in one world.

    Parameters
    ----------
    world
        Scenario and catalogue of one world.
    step
        The step in that world.
    trials
        The campaign with the catalogue's values.
    """
    if world.kind == "point":
        return trials
    basis = basis_of(world, step)
    if world.kind == "sampled":
        return campaign_of_draws(basis, trials, settings_of(world))
    return campaign_of_columns(basis, trials)


TRIALS = Floor(
    name="trials",
    question="How does the whole run go, failure by failure, and what could be done otherwise?",
    compute=simulate_campaign,
    needs=(STEP,),
    reads=("job", "campaign", "date"),
    section="campaign",
    is_decision=True,
    setting="campaign",
)
CAMPAIGN = Floor(
    name="campaign",
    question="How long does training really take once things fail, and what can be trained?",
    compute=compute,
    needs=(STEP, TRIALS),
    reads=("job", "campaign", "date"),
    setting="campaign",
)
