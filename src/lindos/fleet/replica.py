"""The replica that serves most tokens per device: its layout, its batch and its speed.

Two layouts are compared. *Tensor parallel*: all devices share every matrix and sum their parts twice per layer.
*Expert parallel*, for models with experts: each device has all other weights, for sequences of its own, and sends
tokens to the experts on other devices.
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

#: Halvings of the interval that contains the batch.
_HALVINGS = 40
#: Largest replica that is tried, in devices.
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
    serves: Fraction  # 1 if the promised speed is kept, else 0
    speed_alone: TokensPerSecond  # of a user who has the replica alone


def smallest(model: ServedModel, option: Option, assume: Assumptions) -> Count:
    """Compute the fewest devices whose memory holds the weights and one sequence; a power of two.

    Parameters
    ----------
    model
        Served model; weights and cache in bytes.
    option
        Rented device.
    assume
        Its usable fraction of memory is read.
    """
    memory = option.accelerator.memory.value * assume.memory_fraction
    return inference.devices_per_replica(model.weights + model.cache_per_sequence, memory)


def best_replica(
    model: ServedModel, option: Option, assume: Assumptions, rented: Callable[[Replica], Count]
) -> Replica:
    """Find the layout whose replicas carry the traffic with the fewest devices at the promised speed.

    Sizes are powers of two. Tensor parallelism is tried inside the scale-up domain, and beyond it only as far as memory
    requires; expert parallelism up to one device per expert. If no layout keeps the speed, the one that is fastest for
    a single user is taken.

    Parameters
    ----------
    model
        Served model.
    option
        Rented device with its kernels and network.
    assume
        Efficiencies, usable memory and promised speed.
    rented
        Function from a replica to the number of devices that carry the whole traffic.

    Returns
    -------
    Replica
        For arrays of draws every draw has its own layout.
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
    """Tell whether memory holds the layout with one sequence, and whether the network allows its size."""
    size = layout.num_devices
    if layout.expert_parallel:
        content = _weights_held(model, layout) / size + model.cache_per_sequence
        return content <= option.accelerator.memory.value * assume.memory_fraction
    fewest = smallest(model, option, assume)
    return (size >= fewest) & ((size <= option.network.domain) | (size == fewest))


def _better(candidate: Replica, best: Replica, fits: Any, rented: Callable[[Replica], Count]) -> Replica:
    """Choose per draw: the candidate if it fits and needs fewer devices, or is faster if neither keeps the speed."""
    xp = namespace(*candidate, *best)
    ahead = xp.where(candidate.serves > 0, rented(candidate) < rented(best), candidate.speed_alone > best.speed_alone)
    wins = xp.where(candidate.serves == best.serves, ahead, candidate.serves > best.serves)
    replaced = xp.logical_and(fits, wins)
    return Replica(*(xp.where(replaced, new, old) for new, old in zip(candidate, best, strict=True)))


def replica_of(model: ServedModel, option: Option, assume: Assumptions, layout: Layout) -> Replica:
    """Find the largest batch that memory and the promised speed allow for one layout, and the time of its step.

    Parameters
    ----------
    model
        Served model.
    option
        Rented device with its kernels and network.
    assume
        Efficiencies, usable memory and promised speed.
    layout
        Devices of the replica, and how the model is split over them.
    """
    memory = option.accelerator.memory.value * assume.memory_fraction * layout.num_devices
    in_memory = inference.batch_in_memory(memory, _weights_held(model, layout), model.cache_per_sequence)
    longest = 1 / assume.output_speed
    single_step = step_time(model, option, assume, layout, 1.0)
    xp = namespace(in_memory, single_step, longest)
    zero = 0.0 * (in_memory * single_step * longest)
    low, high = zero, xp.log2(in_memory) + zero
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        quick = step_time(model, option, assume, layout, 2.0**middle) <= longest
        low, high = xp.where(quick, middle, low), xp.where(quick, high, middle)
    full_is_quick = step_time(model, option, assume, layout, in_memory) <= longest
    batch = xp.where(full_is_quick, in_memory, 2.0**low)
    return Replica(
        num_devices=layout.num_devices + zero,
        expert_parallel=float(layout.expert_parallel) + zero,
        batch=batch,
        step_time=step_time(model, option, assume, layout, batch),
        serves=xp.where(single_step <= longest, 1.0, 0.0),
        speed_alone=1 / single_step + zero,
    )


def step_time(model: ServedModel, option: Option, assume: Assumptions, layout: Layout, batch: Count) -> Seconds:
    """Compute the time of a decode step: the longer of reading and computing, plus the waits of every layer.

    Parameters
    ----------
    model
        Served model.
    option
        Rented device with its kernels and network.
    assume
        Efficiencies of serving.
    layout
        Devices of the replica, and how the model is split over them.
    batch
        Sequences that the replica writes at a time.

    Returns
    -------
    Seconds
        Time in which every sequence gets one token.
    """
    device, kernels, size = option.accelerator, option.kernels, layout.num_devices
    # Under expert parallelism every device has sequences of its own: at least one.
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
    """Compute the time of all collectives: two sums per layer, or two exchanges per layer with experts."""
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
    """Compute the memory of all weights of a replica; each device has a copy of the weights that are not split."""
    experts = _expert_weights(model)
    copies = layout.num_devices if layout.expert_parallel else 1.0
    return (model.weights - experts) * copies + experts


def _weights_read(model: ServedModel, layout: Layout, batch: Count) -> Bytes:
    """Compute the weights that a step reads: experts that no sequence of the batch chose are not read."""
    weights = _weights_held(model, layout) + 0.0 * batch
    if not model.num_experts:
        return weights
    touched = distinct_targets(float(model.num_experts), batch * model.experts_per_token) / model.num_experts
    return weights - _expert_weights(model) * (1 - touched)
