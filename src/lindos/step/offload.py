r"""Offload of tensors to the memory of the host: bytes over its link, and the time that compute does not hide.

Conventions
-----------
* Activations leave in the forward pass and return in the backward pass; the device keeps those of two layers.
* A device's share of the weights arrives before either pass of a micro-batch; the device keeps two layers of it.
* The states of the optimizer arrive and leave bucket by bucket around the update, which the device computes: once a
  step in each direction [1]_. If parameters are sharded, the master copy counts as weights.
* The link carries both directions at once, each at the catalogue's rate. A share of the traffic, which the stack sets,
  overlaps with the pass of the same micro-batch and lasts at most as long as that pass.
* Not modelled: the memory and processors of the host, links that several devices share beyond the catalogue's rate.

References
----------
.. [1] S. Rajbhandari et al., "ZeRO-Infinity: Breaking the GPU Memory Wall for Extreme Scale Deep Learning," SC 2021,
       arXiv:2104.07857.
"""

import numpy as np

from lindos.formats import FP32, number_format
from lindos.formulas.collectives import exposed_time
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import Offload, Plan, Reader, Recompute, Sharding, readable
from lindos.quantities import Bytes, Real, Seconds, namespace
from lindos.step.activations import offloads, saved_activations
from lindos.step.assumptions import Assumptions
from lindos.step.layout import Layout, at_least, select
from lindos.step.passage import Passage
from lindos.step.traffic import weight_shards


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
    activations, (parameters, states) = _activations(job, plan, layout, assumptions), _states(job, plan, layout)
    # Activations leave while weights arrive in the forward pass; in the backward pass activations and weights arrive.
    leaving = namespace(activations, parameters).maximum(activations, parameters)
    forward = exposed_time(leaving / rate, passage.forward / p, overlap)
    backward = exposed_time((activations + parameters) / rate, passage.backward / p, overlap)
    micro_batch_time = (passage.forward + passage.backward) / p
    return m * (forward + backward) + exposed_time(2 * states / rate, micro_batch_time, overlap)


def _activations(job: Job, plan: Plan, layout: Layout, assumptions: Assumptions) -> Bytes:
    """Count the bytes of activations of one micro-batch that the mean stage moves to the host."""
    model, saved = job.model, saved_activations(job, plan, layout, assumptions)
    dense = model.num_layers - model.num_moe_layers
    layers_bytes = dense * saved.dense + model.num_moe_layers * saved.experts
    size = select(plan.recompute == int(Recompute.FULL), model.num_layers * saved.inputs, layers_bytes)
    return offloads(plan, Offload.ACTIVATIONS) * size / plan.pipeline_parallel


def _states(job: Job, plan: Plan, layout: Layout) -> tuple[Bytes, Bytes]:
    """Count the bytes of weights and of optimizer states that the mean device has on the host."""
    recipe = number_format(job.precision)
    sharded = at_least(plan.sharding, Sharding.PARAMETERS)
    owned = at_least(plan.sharding, Sharding.OPTIMIZER)
    parameters: Real = 0.0
    states: Real = 0.0
    for part in weight_shards(job.model, layout):
        size = recipe.weight_bytes + sharded * (FP32 - recipe.weight_bytes)
        parameters = parameters + part.params / (1 + sharded * (part.shards - 1)) * size
        states = states + part.params / (1 + owned * (part.shards - 1)) * FP32 * (3.0 - sharded)
    return offloads(plan, Offload.PARAMETERS) * parameters, offloads(plan, Offload.OPTIMIZER) * states
