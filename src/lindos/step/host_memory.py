"""Memory of the host: what a plan keeps there, and whether it fits."""

from typing import Any

import numpy as np

from lindos.errors import InfeasibleError
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import Offload, Plan
from lindos.quantities import Bytes, Count, namespace
from lindos.step.activations import offloads
from lindos.step.assumptions import Assumptions, load_assumptions
from lindos.step.layout import lay_out
from lindos.step.offload import offloaded_activations, offloaded_weights
from lindos.step.states import gradient_width
from lindos.step.traffic import owned_params
from lindos.units import render


def host_memory_needed(
    job: Job, plan: Plan, *, global_batch_size: Count, assumptions: Assumptions | None = None
) -> Bytes:
    """Compute a device's share of what a plan keeps in the memory of the host.

    The first stage of a pipeline has most micro-batches in flight, and is counted.

    Parameters
    ----------
    job
        Model, precision and software profile.
    plan
        Its fields may be arrays.
    global_batch_size
        Sequences of one optimiser step.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.
    """
    if isinstance(plan.offload, (int, float, np.ndarray)) and not np.any(plan.offload):
        return 0.0
    assumptions = assumptions or load_assumptions()
    layout = lay_out(job, plan, global_batch_size)
    xp = namespace(layout.num_micro_batches, plan.pipeline_parallel)
    in_flight = xp.minimum(layout.num_micro_batches, plan.pipeline_parallel * 1.0)
    states = offloads(plan, Offload.OPTIMIZER) * owned_params(job, plan, layout)
    needed: Bytes = (
        offloaded_activations(job, plan, layout, assumptions) * in_flight
        + offloaded_weights(job, plan, layout)
        + states * (job.state_bytes + gradient_width(job.stack, assumptions))
    )
    return needed


def exceeds_host(
    job: Job, pool: Pool, plan: Plan, *, global_batch_size: Count, assumptions: Assumptions | None = None
) -> Any:
    """Tell for each plan whether what it offloads exceeds the memory of the host; never where that is unknown.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices with their system.
    plan
        Its fields may be arrays of candidates.
    global_batch_size
        Sequences of one optimiser step; may be an array.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.
    """
    if not pool.system.host_memory.is_known:
        return False
    needed = host_memory_needed(job, plan, global_batch_size=global_batch_size, assumptions=assumptions)
    return needed > host_capacity(pool)


def host_capacity(pool: Pool) -> Bytes:
    """Get a device's share of the memory of its host.

    Parameters
    ----------
    pool
        Devices with their system.
    """
    return pool.system.host_memory.value / pool.system.num_devices.value


def host_memory_error(
    job: Job, pool: Pool, plan: Plan, global_batch_size: int, assumptions: Assumptions | None = None
) -> InfeasibleError:
    """Make the error of a plan that offloads more than the host has memory for.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices with their system.
    plan
        One plan of plain numbers.
    global_batch_size
        Sequences of one optimiser step.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.
    """
    needed = host_memory_needed(job, plan, global_batch_size=global_batch_size, assumptions=assumptions)
    return InfeasibleError(
        f"What the plan offloads does not fit in the memory of the hosts of {pool.system.title}",
        f"a device sends {render(float(needed), 'B')}, and {render(float(host_capacity(pool)), 'B')} of its host's "
        f"memory is its share",
        "Offload less, shard the state over more GPUs, or lower offload_layers",
    )
