r"""Offload of tensors to the memory of the host: bytes over its link, and the time that compute does not hide.

Conventions
-----------
* Activations of the offloaded layers leave in the forward pass and return in the backward pass; the device keeps those
  of two layers.
* A device's share of the weights arrives before either pass of a micro-batch; the device keeps two layers of it.
* The host updates an offloaded optimizer [1]_: gradients leave, weights return, and the processors of the host read
  and write the states at a share of the bandwidth of its memory. The update of one bucket runs beside the transfer of
  the next, and after the last micro-batch.
* The link carries both directions at once, each at the catalogue's rate. A share of the traffic, which the stack sets,
  overlaps with the pass of the same micro-batch and lasts at most as long as that pass.
* Not modelled: links that several devices share beyond the catalogue's rate, and what else the host computes.

References
----------
.. [1] J. Ren et al., "ZeRO-Offload: Democratizing Billion-Scale Model Training," USENIX ATC 2021, arXiv:2101.06840.
"""

import numpy as np

from lindos.formats import BF16, FP32, number_format
from lindos.formulas.collectives import exposed_time
from lindos.formulas.memory import host_optimizer_time
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import Offload, Plan, Reader, Recompute, Sharding, readable
from lindos.quantities import Bytes, BytesPerSecond, Real, Seconds, namespace
from lindos.step.activations import offloaded_share, offloads, saved_activations
from lindos.step.assumptions import Assumptions
from lindos.step.layout import Layout, at_least, select
from lindos.step.passage import Passage
from lindos.step.states import gradient_width
from lindos.step.traffic import owned_params, weight_shards


def offload_time(
    job: Job, pool: Pool, plan: Plan, layout: Layout, passage: Passage, assumptions: Assumptions
) -> Seconds:
    """Compute the time that traffic with the memory of the host adds to a step.

    Parameters
    ----------
    job
        Model, precision and software profile.
    pool
        Devices with the rate of their link to the host.
    plan
        Its fields may be arrays.
    layout
        Layout of ``job`` under ``plan``.
    passage
        Passes of one micro-batch, in seconds.
    assumptions
        Parameters of the catalogue.

    Returns
    -------
    Seconds
        Zero where nothing is offloaded.

    Raises
    ------
    UnknownValueError
        If something is offloaded and the rate of the link is unknown.
    """
    if isinstance(plan.offload, (int, float, np.ndarray)) and not np.any(plan.offload):
        return 0.0
    plan = readable(plan, Reader.HOST)
    p, m, rate = plan.pipeline_parallel, layout.num_micro_batches, pool.accelerator.host_bandwidth.value
    overlap = job.stack.overlap_offload.value
    activations, parameters = (
        offloaded_activations(job, plan, layout, assumptions),
        offloaded_weights(job, plan, layout),
    )
    # Activations leave while weights arrive in the forward pass; in the backward pass activations and weights arrive.
    leaving = namespace(activations, parameters).maximum(activations, parameters)
    forward = exposed_time(leaving / rate, passage.forward / p, overlap)
    backward = exposed_time((activations + parameters) / rate, passage.backward / p, overlap)
    time = m * (forward + backward)
    owned = offloads(plan, Offload.OPTIMIZER) * owned_params(job, plan, layout)
    if isinstance(owned, float) and owned == 0.0:
        return time
    micro_batch_time = (passage.forward + passage.backward) / p
    width = gradient_width(job.stack, assumptions)
    gradients = exposed_time(owned * width / rate, micro_batch_time, overlap)
    update = host_optimizer_time(owned, memory_rate_of_host(pool) * assumptions.host_share.value, job.state_bytes)
    duration: Seconds = time + gradients + namespace(update, rate).maximum(update, owned * BF16 / rate)
    return duration


def memory_rate_of_host(pool: Pool) -> BytesPerSecond:
    """Get a device's share of the bandwidth of its host's memory.

    Parameters
    ----------
    pool
        Devices with their system.
    """
    return pool.system.host_memory_bandwidth.value / pool.system.num_devices.value


def offloaded_activations(job: Job, plan: Plan, layout: Layout, assumptions: Assumptions) -> Bytes:
    """Count the bytes of activations of one micro-batch that the mean stage moves to the host.

    Parameters
    ----------
    job
        Model, precision and software profile.
    plan
        Its fields may be arrays.
    layout
        Layout of ``job`` under ``plan``.
    assumptions
        Parameters of the catalogue.
    """
    model, saved = job.model, saved_activations(job, plan, layout, assumptions)
    dense = model.num_layers - model.num_moe_layers
    layers_bytes = dense * saved.dense + model.num_moe_layers * saved.experts
    size = select(plan.recompute == int(Recompute.FULL), model.num_layers * saved.inputs, layers_bytes)
    return offloaded_share(job, plan) * size / plan.pipeline_parallel


def offloaded_weights(job: Job, plan: Plan, layout: Layout) -> Bytes:
    """Count the bytes of weights that the mean device has on the host.

    Parameters
    ----------
    job
        Model, precision and software profile.
    plan
        Its fields may be arrays.
    layout
        Layout of ``job`` under ``plan``.
    """
    recipe = number_format(job.precision)
    sharded = at_least(plan.sharding, Sharding.PARAMETERS)
    size = recipe.weight_bytes + sharded * (FP32 - recipe.weight_bytes)
    parameters: Real = 0.0
    for part in weight_shards(job.model, layout):
        parameters = parameters + part.params / (1 + sharded * (part.shards - 1)) * size
    return offloads(plan, Offload.PARAMETERS) * parameters
