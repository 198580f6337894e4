"""The replica that serves most per device: how it is laid out, how many sequences it writes, and how fast.

Two layouts are weighed. *Tensor parallel*: all devices share every matrix and sum their parts twice a layer. *Expert
parallel*, for models that have experts: each device holds the rest of the weights for sequences of its own, and sends
tokens to the experts of the others.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from lindos.fleet.options import Assumptions, Option
from lindos.fleet.shape import ServedModel
from lindos.formats import BF16, number_format
from lindos.formulas import inference
from lindos.formulas.transformer import distinct_targets
from lindos.quantities import Bytes, Count, Fraction, Seconds, TokensPerSecond, namespace

#: Halvings of the interval that holds the batch.
_HALVINGS = 40
#: Sizes weighed beyond the fewest devices that hold the model, where the network allows them.
_LARGEST = 512


class Layout(NamedTuple):
    """How many devices share the model, and whether only its experts are split."""

    num_devices: float
    expert_parallel: bool


class Replica(NamedTuple):
    """One layout at its best batch."""

    num_devices: Count
    expert_parallel: Fraction  # 1 where only experts are split
    batch: Count
    step_time: Seconds
    serves: Fraction  # 1 where the promised speed is kept, else 0
    speed_alone: TokensPerSecond  # of a user who has the replica alone


def smallest(model: ServedModel, option: Option, assume: Assumptions) -> Count:
    """Fewest devices that hold the weights and one sequence; a power of two."""
    memory = option.accelerator.memory.value * assume.memory_fraction
    return inference.devices_per_replica(model.weights + model.cache_per_sequence, memory)


def best_replica(
    model: ServedModel, option: Option, assume: Assumptions, rented: Callable[[Replica], Count]
) -> Replica:
    """Take the layout whose replicas carry the traffic with the fewest devices at the promised speed.

    Weighed are all powers of two: tensor parallel inside the scale-up domain, and beyond it only as far as memory
    asks; expert parallel up to a device per expert. Where none keeps the speed, the one fastest alone is taken.

    Parameters
    ----------
    model, option, assume
        What is served, on what, and how well.
    rented
        Devices that carry the whole traffic, from a replica.

    Returns
    -------
    Replica
        Where numbers are arrays of draws, each draw has its own layout.
    """
    best: Replica | None = None
    for layout in _layouts(model):
        fits = _fits(model, option, assume, layout)
        if np.any(fits):
            candidate = replica_of(model, option, assume, layout)
            best = candidate if best is None else _better(candidate, best, fits, rented)
    return replica_of(model, option, assume, Layout(_LARGEST, False)) if best is None else best


def _layouts(model: ServedModel) -> Iterator[Layout]:
    size = 1.0
    while size <= _LARGEST:
        yield Layout(size, expert_parallel=False)
        if 1 < size <= model.num_experts:
            yield Layout(size, expert_parallel=True)
        size *= 2.0


def _fits(model: ServedModel, option: Option, assume: Assumptions, layout: Layout) -> Any:
    """Whether memory holds the layout with a sequence, and the network is one that it is run on."""
    size = layout.num_devices
    if layout.expert_parallel:
        content = _weights_held(model, layout) / size + model.cache_per_sequence
        return content <= option.accelerator.memory.value * assume.memory_fraction
    fewest = smallest(model, option, assume)
    return (size >= fewest) & ((size <= option.network.domain) | (size == fewest))


def _better(candidate: Replica, best: Replica, fits: Any, rented: Callable[[Replica], Count]) -> Replica:
    """The candidate where it fits and fewer devices carry the traffic, or is faster where neither serves."""
    xp = namespace(*candidate, *best)
    ahead = xp.where(candidate.serves > 0, rented(candidate) < rented(best), candidate.speed_alone > best.speed_alone)
    more = xp.where(candidate.serves == best.serves, ahead, candidate.serves > best.serves)
    taken = xp.logical_and(fits, more)
    return Replica(*(xp.where(taken, new, old) for new, old in zip(candidate, best, strict=True)))


def replica_of(model: ServedModel, option: Option, assume: Assumptions, layout: Layout) -> Replica:
    """The largest batch that memory holds and the promised speed allows, and its step."""
    memory = option.accelerator.memory.value * assume.memory_fraction * layout.num_devices
    in_memory = inference.batch_in_memory(memory, _weights_held(model, layout), model.cache_per_sequence)
    longest = 1 / assume.output_speed
    alone = step_time(model, option, assume, layout, 1.0)
    xp = namespace(in_memory, alone, longest)
    same = 0.0 * (in_memory * alone * longest)
    low, high = same, xp.log2(in_memory) + same
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        quick = step_time(model, option, assume, layout, 2.0**middle) <= longest
        low, high = xp.where(quick, middle, low), xp.where(quick, high, middle)
    whole = step_time(model, option, assume, layout, in_memory) <= longest
    batch = xp.where(whole, in_memory, 2.0**low)
    return Replica(
        num_devices=layout.num_devices + same,
        expert_parallel=float(layout.expert_parallel) + same,
        batch=batch,
        step_time=step_time(model, option, assume, layout, batch),
        serves=xp.where(alone <= longest, 1.0, 0.0),
        speed_alone=1 / alone + same,
    )


def step_time(model: ServedModel, option: Option, assume: Assumptions, layout: Layout, batch: Count) -> Seconds:
    """Time of a decode step: what is read or computed, whichever takes longer, and the waits of every layer.

    Parameters
    ----------
    model, option, assume
        What is served, on what, and how well.
    layout
        Devices of the replica and what is split over them.
    batch
        Sequences of the replica.

    Returns
    -------
    Seconds
        Of one token of every sequence.
    """
    device, kernels, size = option.accelerator, option.kernels, layout.num_devices
    # Devices with sequences of their own each hold at least one where the replica is asked for one.
    sequences = namespace(batch).maximum(batch, size) if layout.expert_parallel else batch
    latency = inference.decode_latency(
        model.num_layers,
        assume.kernels_per_layer,
        kernels.launch_latency.value,
        _exchange_time(model, option, layout, sequences),
    )
    rate = device.peak(model.precision).value * kernels.matmul(model.precision).value
    return inference.decode_step_time(
        sequences,
        _weights_read(model, layout, batch),
        model.cache_per_sequence,
        size * device.memory_bandwidth.value * kernels.memory_fraction.value * assume.serving_efficiency,
        model.linear_flop,
        size * rate * assume.serving_efficiency,
        latency,
    )


def _exchange_time(model: ServedModel, option: Option, layout: Layout, sequences: Count) -> Seconds:
    """Collectives of all layers: two sums a layer, or two exchanges in each layer that has experts."""
    network, size = option.network, layout.num_devices
    if not layout.expert_parallel:
        message = sequences * model.hidden_size * BF16
        return model.num_layers * 2 * network.all_reduce_time(message, size)
    sent = sequences / size * model.experts_per_token * model.hidden_size
    dispatch = network.all_to_all_time(sent * number_format(model.precision).dispatch_bytes, size)
    return model.num_moe_layers * (dispatch + network.all_to_all_time(sent * BF16, size))


def _expert_weights(model: ServedModel) -> Bytes:
    return model.num_expert_params * number_format(model.precision).size


def _weights_held(model: ServedModel, layout: Layout) -> Bytes:
    """Memory of all weights of a replica; what is not split is held by each device."""
    experts = _expert_weights(model)
    copies = layout.num_devices if layout.expert_parallel else 1.0
    return (model.weights - experts) * copies + experts


def _weights_read(model: ServedModel, layout: Layout, batch: Count) -> Bytes:
    """Weights that a step reads: those of experts that no sequence of the batch chose are not."""
    held = _weights_held(model, layout) + 0.0 * batch
    if not model.num_experts:
        return held
    touched = distinct_targets(float(model.num_experts), batch * model.experts_per_token) / model.num_experts
    return held - _expert_weights(model) * (1 - touched)
