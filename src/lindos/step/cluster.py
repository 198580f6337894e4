"""One job over a whole cluster: one pool of equal devices, or several of different kinds that share a batch.

Each pool runs whole data-parallel replicas under its own plan; the batch is divided by speed in whole micro-batches.
After its own reduction each pool has every gradient once. The pools then reduce their gradients over the slowest
network between them. Synchronisation costs this reduction and the wait for the slowest pool.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Annotated

from lindos.errors import InputError
from lindos.formulas.collectives import ring_all_reduce_time
from lindos.problem.cluster import Cluster, Pool
from lindos.problem.job import Job
from lindos.problem.plan import Plan
from lindos.quantities import Count, Flop, FlopPerSecond, Fraction, Seconds, Tokens, TokensPerSecond, namespace
from lindos.results import Why
from lindos.step.assumptions import Assumptions, load_assumptions
from lindos.step.estimate import StepEstimate, estimate
from lindos.step.memory import StepMemory, memory
from lindos.transformer.parameters import num_params


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPlan:
    """Decided plan of one pool, in plain numbers: sampled catalogues re-evaluate it and never change it."""

    plan: Plan
    global_batch_size: int  # this pool's share of the batch, in sequences
    idle_devices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolStep:
    """One pool's part of a step."""

    name: str
    plan: Plan
    global_batch_size: int
    num_devices: int
    idle_devices: int
    estimate: StepEstimate
    memory: StepMemory


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterStep:
    """One optimiser step of a job over a cluster."""

    pools: tuple[PoolStep, ...]
    slowest: Annotated[Seconds, Why("the pool that takes longest on its share of the batch")]
    synchronisation: Annotated[Seconds, Why("gradients added up across pools")]
    tokens: Annotated[Tokens, Why("tokens of the global batch")]
    model_flops: Annotated[Flop, Why("FLOP the model needs for the batch, causal attention counted half")]
    num_devices: Annotated[Count, Why("devices that work")]
    idle_devices: Annotated[Count, Why("devices that no replica of the plan takes")]
    peak: Annotated[FlopPerSecond, Why("dense peak of all working devices in the precision of the job")]
    unsynchronised: Annotated[TokensPerSecond, Why("tokens if every pool worked at its own speed")]

    @property
    def time(self) -> Seconds:
        """Wall-clock time of one optimiser step."""
        return self.slowest + self.synchronisation

    @property
    def tokens_per_second(self) -> TokensPerSecond:
        """Tokens trained on per second by the whole job."""
        return self.tokens / self.time

    @property
    def mfu(self) -> Fraction:
        """Model FLOPs over the dense peak of the working devices in the precision of the job."""
        return self.model_flops / (self.time * self.peak)

    @property
    def cost_of_synchronising(self) -> Fraction:
        """Share of the pools' own speed that is lost by waiting for each other."""
        return 1.0 - self.tokens_per_second / self.unsynchronised


def cluster_step(
    job: Job, cluster: Cluster, decisions: Sequence[PoolPlan], *, assumptions: Assumptions | None = None
) -> ClusterStep:
    """Evaluate the decided plans of a cluster.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    cluster
        Pools of equal devices; their numbers may be arrays of draws.
    decisions
        Plan of each pool, in the order of the pools.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.

    Raises
    ------
    InputError
        If there are not as many decisions as pools.
    """
    if len(decisions) != len(cluster.pools):
        raise InputError("decisions", len(decisions), f"one for each of the {len(cluster.pools)} pools")
    assumptions = assumptions or load_assumptions()
    parts = tuple(
        PoolStep(
            name=pool.name,
            plan=decision.plan,
            global_batch_size=decision.global_batch_size,
            num_devices=pool.num_devices,
            idle_devices=decision.idle_devices,
            estimate=estimate(
                job, pool, decision.plan, global_batch_size=decision.global_batch_size, assumptions=assumptions
            ),
            memory=memory(
                job, pool, decision.plan, global_batch_size=decision.global_batch_size, assumptions=assumptions
            ),
        )
        for pool, decision in zip(cluster.pools, decisions, strict=True)
    )
    return combine_pools(job, cluster, parts, assumptions)


def combine_pools(job: Job, cluster: Cluster, parts: Sequence[PoolStep], assumptions: Assumptions) -> ClusterStep:
    """Combine the steps of pools into that of the cluster.

    Parameters
    ----------
    job
        Model, sequence length and precision.
    cluster
        Pools of equal devices.
    parts
        Step of each pool.
    assumptions
        Parameters of the catalogue.
    """
    working = [part.num_devices - part.idle_devices for part in parts]
    times = [part.estimate.time for part in parts]
    slowest = reduce(lambda a, b: namespace(a, b).maximum(a, b), times) if len(times) > 1 else times[0]
    return ClusterStep(
        pools=tuple(parts),
        slowest=slowest,
        synchronisation=synchronisation_time(job, cluster.pools, working, assumptions) if len(parts) > 1 else 0.0,
        tokens=float(sum(part.global_batch_size for part in parts) * job.sequence_length),
        model_flops=_total(part.estimate.model_flops for part in parts),
        num_devices=float(sum(part.num_devices - part.idle_devices for part in parts)),
        idle_devices=float(sum(part.idle_devices for part in parts)),
        peak=_total(part.estimate.num_devices * part.estimate.peak for part in parts),
        unsynchronised=_total(part.estimate.tokens_per_second for part in parts),
    )


def synchronisation_time(
    job: Job, pools: Sequence[Pool], working: Sequence[Count], assumptions: Assumptions
) -> Seconds:
    """Compute the all-reduce of gradients over pools, divided among the devices of the smallest pool.

    Parameters
    ----------
    job
        Model.
    pools
        Pools of equal devices.
    working
        Devices at work in each pool.
    assumptions
        Parameters of the catalogue.
    """
    message = num_params(job.model, mtp=True) * assumptions.gradient_bytes.value / min(working)
    outer = [pool.tiers[-1] for pool in pools]
    bandwidth = reduce(
        lambda a, b: namespace(a, b).minimum(a, b), [tier.bandwidth / tier.oversubscription for tier in outer]
    )
    latency = reduce(lambda a, b: namespace(a, b).maximum(a, b), [tier.latency for tier in outer])
    return ring_all_reduce_time(message, float(len(pools)), bandwidth, latency)


def _total(values: object) -> Count:
    total: Count = 0.0
    for value in values:  # type: ignore[attr-defined]
        total = total + value
    return total
