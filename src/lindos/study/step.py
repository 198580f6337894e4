"""One optimiser step: its time, memory and efficiency under the chosen plan."""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from lindos.problem.cluster import Cluster
from lindos.problem.job import Job
from lindos.quantities import Bytes, Count, Fraction, Joules, Real, Seconds, Tokens, Watts
from lindos.results import Why
from lindos.step import BatchLimit, ClusterStep, PoolStep, batch_limit, cluster_step, load_assumptions
from lindos.study.cluster import CLUSTER, ClusterResult
from lindos.study.floor import Floor, World
from lindos.study.job import JOB, training_tokens
from lindos.study.plan import PLAN, Plans
from lindos.study.residual import Residual, residual, with_draws, with_trace


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """A step of the job over all pools, with its inputs and the critical batch."""

    step: ClusterStep
    cluster: Cluster
    job: Job
    limit: BatchLimit
    residual: Residual
    replica_devices: Annotated[Count, Why("devices of the largest data-parallel replica")]
    training_tokens: Annotated[Tokens, Why("tokens of the run that the critical batch is taken for")]

    @property
    def time(self) -> Seconds:
        """Wall-clock time of one optimiser step."""
        return self.step.time

    @property
    def tokens(self) -> Tokens:
        """Tokens of the global batch."""
        return self.step.tokens

    @property
    def num_devices(self) -> Count:
        """Devices that work."""
        return self.step.num_devices

    @property
    def memory(self) -> Bytes:
        """Memory of the fullest device."""
        return _largest([part.memory.total for part in self.step.pools])

    @property
    def hfu(self) -> Fraction:
        """FLOP computed, recomputation included, over the dense peak in the precision of the job."""
        recomputed = _sum([part.estimate.recomputed_flops for part in self.step.pools])
        return (self.step.model_flops + recomputed) / (self.step.time * self.step.peak)

    @property
    def energy(self) -> Joules | None:
        """Energy of a step at board power, waiting devices included; None if a power is unknown."""
        if any(part.estimate.energy is None for part in self.step.pools):
            return None
        return self.step.time * _sum([_power(part) for part in self.step.pools])


def compute(world: World, result: ClusterResult, job: Job, plans: Plans) -> StepResult:
    """Evaluate the plans in one world.

    Parameters
    ----------
    world
        Scenario and catalogue.
    result
        Cluster.
    job
        Job with model, batch and software.
    plans
        Plan of every pool, and the step with the catalogue's own values.
    """
    assumptions = load_assumptions(world.catalog)
    step = cluster_step(job, result.cluster, plans.pools, assumptions=assumptions)
    error = residual(world.catalog, job, result.cluster, step)
    if world.kind == "sampled":
        step = with_draws(plans.step, step, plans.residual, world.num_draws)
    if world.kind == "varied":
        step = with_trace(step, error)
    tokens = training_tokens(world, job, result.cluster)
    return StepResult(
        step=step,
        cluster=result.cluster,
        job=job,
        limit=batch_limit(step.tokens, tokens, assumptions),
        residual=error,
        replica_devices=float(max(int(part.plan.num_devices / part.plan.data_parallel) for part in step.pools)),
        training_tokens=tokens,
    )


def _power(part: PoolStep) -> Watts:
    """Compute the board power of all devices of a pool, in W."""
    power: Any = part.estimate.board_power
    total: Watts = part.estimate.num_devices * power
    return total


def _largest(values: list[Bytes]) -> Bytes:
    most: Bytes = values[0]
    for value in values[1:]:
        most = np.maximum(most, value)
    return most


def _sum(values: list[Real]) -> Real:
    total: Real = 0.0
    for value in values:
        total = total + value
    return total


STEP = Floor(
    name="step",
    question="How long does one optimiser step take, where does the time go, and does it fit?",
    compute=compute,
    needs=(CLUSTER, JOB, PLAN),
    reads=("cluster", "job", "campaign"),
)
