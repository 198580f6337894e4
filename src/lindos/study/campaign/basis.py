"""Inputs of a scenario's campaign in one world, and the changes of an alternative."""

import datetime
from dataclasses import dataclass
from typing import Any

import numpy as np

from lindos.catalog import Catalog
from lindos.catalog.facts import Fact
from lindos.catalog.sampling import sampled_fact
from lindos.problem.cluster import Cluster, Pool
from lindos.problem.job import Job
from lindos.quantities import Count, Fraction, Seconds, Tokens
from lindos.scenario.campaign import CampaignSpec, Span
from lindos.scenario.schema import GoalSpec
from lindos.step import PoolStep
from lindos.study.floor import World
from lindos.study.step import StepResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Changes of an alternative to the scenario's campaign.

    Parameters
    ----------
    mtbf, restart, stall, detection, bandwidth, size
        Factors on the time between failures, the restart, the stall of the other replicas, the time until a failure is
        noticed, the bandwidth of checkpoints, and the number of devices (at the same step time).
    spares
        Spare devices over devices at work; None for the spares of the scenario, infinity for an unlimited number.
    stall_time
        Seconds that the other replicas stall; None for the scenario's.
    stall_groups
        Groups of replicas that stall apart; None for the scenario's.
    recovery
        What a failure stops; None for the scenario's.
    """

    mtbf: float = 1.0
    restart: float = 1.0
    stall: float = 1.0
    detection: float = 1.0
    bandwidth: float = 1.0
    size: float = 1.0
    spares: float | None = None
    stall_time: float | None = None
    stall_groups: int | None = None
    recovery: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Inputs of a scenario's campaign in one world.

    Parameters
    ----------
    catalog
        The catalogue of that world; ``num_draws`` is the length of its arrays of draws, 1 without draws.
    campaign, goal, date
        What the scenario says about failures, the goal of its job, its date.
    cluster, job
        The devices, and what they train.
    pools, step_time, tokens_per_step, num_devices, replica_devices, extra_tokens_factor
        Of the step: its pools, seconds, tokens, devices at work, devices of the largest replica, and tokens needed over
        those needed at a small batch.
    share_of_critical, planned_tokens
        The batch over the critical batch, and the tokens of the run that this one is taken for.
    """

    catalog: Catalog
    num_draws: int
    campaign: CampaignSpec
    goal: GoalSpec | None
    date: str | None
    cluster: Cluster
    job: Job
    pools: tuple[PoolStep, ...]
    step_time: Seconds
    tokens_per_step: Tokens
    num_devices: Count
    replica_devices: Count
    extra_tokens_factor: Fraction
    share_of_critical: Fraction
    planned_tokens: Tokens

    @property
    def is_sampled(self) -> bool:
        """Whether uncertain facts are arrays of draws."""
        return self.num_draws > 1


def basis_of(world: World, result: StepResult) -> Basis:
    """Gather the inputs of the campaign from the world and the result of the step.

    Parameters
    ----------
    world
        Scenario and catalogue of one world.
    result
        The step in that world.
    """
    scenario = world.scenario
    return Basis(
        catalog=world.catalog,
        num_draws=world.num_draws,
        campaign=scenario.campaign,
        goal=scenario.job.goal if scenario.job else None,
        date=scenario.date,
        cluster=result.cluster,
        job=result.job,
        pools=result.step.pools,
        step_time=result.time,
        tokens_per_step=result.tokens,
        num_devices=result.num_devices,
        replica_devices=result.replica_devices,
        extra_tokens_factor=result.limit.tokens_factor,
        share_of_critical=result.limit.share_of_critical,
        planned_tokens=result.training_tokens,
    )


def column(value: Any) -> Any:
    """Return draws as a column with a row per draw, and a single value as a float.

    Parameters
    ----------
    value
        A number or an array of draws, in any unit.
    """
    plain = np.asarray(value, dtype=float)
    return plain[:, None] if plain.ndim == 1 else float(plain)


def settled(basis: Basis, name: str, value: float | Span | None, otherwise: Any = None) -> Any:
    """Return a user's value, in a sampled world drawn from its range.

    Parameters
    ----------
    basis
        Inputs of the campaign in one world.
    name
        Path of the field; it names the random numbers.
    value
        The user's value or range, in SI.
    otherwise
        Value to return if the user gives none, in SI.
    """
    if value is None:
        return otherwise
    if not isinstance(value, Span):
        return value
    fact = Fact(path=name, content=value.middle, unit="s", low=value.low, high=value.high)
    return sampled_fact(fact, basis.num_draws, 0).value if basis.is_sampled else value.middle


def first_day(basis: Basis) -> datetime.date | None:
    """Return the day the campaign begins: the scenario's, or the day on which the last pool is online.

    Parameters
    ----------
    basis
        Inputs of the campaign in one world.

    Returns
    -------
    date or None
        None if neither the scenario nor its pools have a date.
    """
    spec = basis.campaign
    days = [pool.online for pool in basis.cluster.pools if pool.online]
    text = spec.start or (max(days) if days else basis.date)
    return datetime.date.fromisoformat(text) if text else None


def online(basis: Basis, pool: Pool) -> float:
    """Return the seconds from the start of the campaign until a pool works.

    Parameters
    ----------
    basis
        Inputs of the campaign in one world.
    pool
        The pool.
    """
    start = first_day(basis)
    if basis.campaign.start is None or start is None or not pool.online:
        return 0.0
    return max((datetime.date.fromisoformat(pool.online) - start).days, 0) * 86_400.0
