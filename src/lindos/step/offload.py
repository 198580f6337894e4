r"""Tensors of a step that wait in the host's memory: bytes over the link to it, and the time that stays visible.

Conventions
-----------
* Activations leave in the forward pass and return in the backward pass; the device keeps those of two layers.
* A device's share of the weights arrives before either pass of a micro-batch; the device keeps two layers of it.
* The states of the optimizer arrive and leave bucket by bucket around the update, which the device computes: once a
  step, both ways [1]_. Where parameters are sharded the master copy counts as weights.
* The link carries both directions at once, each at the catalogue's rate. The stack's share of it hides behind the pass
  of the same micro-batch, at most as long as that is.
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
from lindos.step.assumptions import Assumptions
from lindos.step.layout import Layout, at_least, where
from lindos.step.memory import held_activations, offloads
from lindos.step.passage import Passage
from lindos.step.traffic import weight_shards


def offload_time(job: Job, pool: Pool, plan: Plan, at: Layout, passed: Passage, assumptions: Assumptions) -> Seconds:
    """Time of a step that traffic with the host's memory adds.

    Parameters
    ----------
    job
        Model, precision and software profile.
    pool
        Devices with the rate of their link to the host.
    plan
        Its fields may be arrays.
    at
        Layout of ``job`` under ``plan``.
    passed
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
    p, m, rate = plan.pipeline_parallel, at.num_micro_batches, pool.accelerator.host_bandwidth.value
    overlap = job.stack.overlap_offload.value
    activations, (parameters, states) = _activations(job, plan, at, assumptions), _states(job, plan, at)
    # Activations leave while weights arrive; then both arrive.
    leaving = namespace(activations, parameters).maximum(activations, parameters)
    forward = exposed_time(leaving / rate, passed.forward / p, overlap)
    backward = exposed_time((activations + parameters) / rate, passed.backward / p, overlap)
    once = (passed.forward + passed.backward) / p
    return m * (forward + backward) + exposed_time(2 * states / rate, once, overlap)


def _activations(job: Job, plan: Plan, at: Layout, assumptions: Assumptions) -> Bytes:
    """Bytes of one micro-batch on the mean stage that wait on the host."""
    model, held = job.model, held_activations(job, plan, at, assumptions)
    dense = model.num_layers - model.num_moe_layers
    whole = dense * held.dense + model.num_moe_layers * held.experts
    kept = where(plan.recompute == int(Recompute.FULL), model.num_layers * held.inputs, whole)
    return offloads(plan, Offload.ACTIVATIONS) * kept / plan.pipeline_parallel


def _states(job: Job, plan: Plan, at: Layout) -> tuple[Bytes, Bytes]:
    """Bytes of the weights, and of the states of the optimizer, that the mean device has on the host."""
    recipe = number_format(job.precision)
    sharded = at_least(plan.sharding, Sharding.PARAMETERS)
    owned = at_least(plan.sharding, Sharding.OPTIMIZER)
    parameters: Real = 0.0
    states: Real = 0.0
    for part in weight_shards(job.model, at):
        size = recipe.weight_bytes + sharded * (FP32 - recipe.weight_bytes)
        parameters = parameters + part.params / (1 + sharded * (part.shards - 1)) * size
        states = states + part.params / (1 + owned * (part.shards - 1)) * FP32 * (3.0 - sharded)
    return offloads(plan, Offload.PARAMETERS) * parameters, offloads(plan, Offload.OPTIMIZER) * states
