"""The closed form of an inference fleet: traffic in, devices and bill out."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lindos.errors import InfeasibleError, InputError
from lindos.fleet.options import Assumptions, Option, matmul_fraction
from lindos.fleet.result import FleetEstimate, Placement
from lindos.fleet.shape import ServedModel
from lindos.formats import number_format
from lindos.formulas import inference
from lindos.formulas.transformer import distinct_targets
from lindos.quantities import Bytes, BytesPerSecond, Count, FlopPerSecond, Fraction, Seconds, TokensPerSecond, namespace

#: What the model leaves out, said with every answer.
NOTES = (
    "Prefill and decode run on devices of their own; prompts are read by computation, tokens written by bandwidth.",
    "Cached prefixes and speculative decoding are not counted: both lower the bill.",
    "The peak is rented around the clock; communication inside a replica stands in the serving efficiency.",
)


class _Rates(NamedTuple):
    """Attained rates of one device."""

    linear: FlopPerSecond
    attention: FlopPerSecond
    memory: BytesPerSecond


def estimate(
    *,
    model: ServedModel,
    input_rate: TokensPerSecond,
    output_rate: TokensPerSecond,
    options: Sequence[Option],
    assume: Assumptions,
    volume_discount: Fraction = 0.0,
    chosen: str | None = None,
    left_out: Sequence[str] = (),
) -> FleetEstimate:
    """Place a traffic on each option and choose the cheapest.

    Parameters
    ----------
    model
        Shape in its precision and mean context (:func:`lindos.fleet.served`).
    input_rate
        Prompt tokens per second, mean over the day.
    output_rate
        Tokens written per second, mean over the day.
    options
        What can be rented (:func:`lindos.fleet.options`).
    assume
        Peak over mean, utilisation, efficiencies, promised speed.
    volume_discount
        Off every price.
    chosen
        Name of the option to take; the cheapest where left out. A study decides once and passes it on, so that draws
        of uncertain facts do not change the provider.
    left_out
        Sentences on prices that could not be used, carried into the result.

    Raises
    ------
    InfeasibleError
        If there is no option.
    InputError
        If `chosen` is none of them.
    """
    if not options:
        reason = left_out[0] if left_out else "the catalogue has no cloud prices"
        raise InfeasibleError(
            f"No priced device can serve {model.name} in {model.precision}", reason.rstrip("."), "Add a cloud price"
        )
    places = [_placement(model, input_rate, output_rate, option, assume, volume_discount) for option in options]
    names = [place.option for place in places]
    if chosen is not None and chosen not in names:
        raise InputError("chosen", chosen, f"one of {', '.join(names)}")
    index = cheapest(places) if chosen is None else names.index(chosen)
    return FleetEstimate(
        chosen=places[index], placements=tuple(places), left_out=tuple(left_out), notes=_notes(places[index])
    )


def cheapest(placements: Sequence[Placement]) -> int:
    """Index of the lowest bill among those that keep the promised speed, or among all where none does."""

    def middle(value: object) -> float:
        return float(np.median(np.asarray(value, dtype=float)))

    quick = [i for i, place in enumerate(placements) if middle(place.meets_speed) == 1]
    return min(quick or range(len(placements)), key=lambda i: middle(placements[i].bill))


def _notes(place: Placement) -> tuple[str, ...]:
    if float(np.median(np.asarray(place.meets_speed, dtype=float))) == 1:
        return NOTES
    return (*NOTES, "No option keeps the promised speed: even one sequence alone is slower than that.")


def _placement(
    model: ServedModel,
    input_rate: TokensPerSecond,
    output_rate: TokensPerSecond,
    option: Option,
    assume: Assumptions,
    volume_discount: Fraction,
) -> Placement:
    rates = _rates(option, model.precision, assume.serving_efficiency)
    memory = option.accelerator.memory.value * assume.memory_fraction
    replica = _replica(model, option, memory, rates.memory / assume.output_speed, assume.weight_share)
    batch, step = _decode(model, rates, memory, replica, 1 / assume.output_speed)
    prefill = 1 / (model.linear_flop / rates.linear + model.attention_flop / rates.attention)
    decode = inference.decode_rate(batch, step) / replica
    xp = namespace(batch, step)
    reading = inference.devices_for_traffic(input_rate, prefill, assume.utilisation)
    writing = inference.devices_for_traffic(output_rate, decode, assume.utilisation)
    return Placement(
        option=option.name,
        provider=option.provider,
        term=option.term,
        date=option.date,
        accelerator=option.accelerator.name,
        devices_per_replica=replica,
        batch=batch,
        decode_step_time=step,
        prefill_rate=prefill,
        decode_rate=decode,
        prefill_devices=reading,
        decode_devices=writing,
        peak_devices=xp.ceil((reading + writing) * assume.peak_to_mean / replica) * replica,
        price=option.price * (1 - volume_discount),
        meets_speed=xp.where(step * assume.output_speed <= 1 + 1e-9, 1.0, 0.0),
        traffic=input_rate + output_rate,
    )


def _replica(model: ServedModel, option: Option, memory: Bytes, read_in_step: Bytes, share: Fraction) -> Count:
    """Devices of a replica: enough memory for the weights, then enough bandwidth for the speed inside one domain."""
    for_memory = inference.devices_per_replica(model.weights, memory, share)
    for_speed = inference.devices_per_replica(model.weights, read_in_step, share)
    size = option.accelerator.scale_up_size
    domain = size.value if size.known else 1.0
    xp = namespace(for_memory, for_speed, domain)
    whole: Count = 2.0 ** xp.floor(xp.log2(domain))
    replica: Count = xp.maximum(for_memory, xp.minimum(for_speed, whole))
    return replica


def _rates(option: Option, precision: str, efficiency: Fraction) -> _Rates:
    device, kernels = option.accelerator, option.kernels
    return _Rates(
        linear=device.peak(precision).value * matmul_fraction(kernels, precision) * efficiency,
        attention=device.peak_bf16.value * kernels.attention_forward.value * efficiency,
        memory=device.memory_bandwidth.value * kernels.memory_fraction.value * efficiency,
    )


def _decode(
    model: ServedModel, rates: _Rates, memory: Bytes, replica: Count, longest_step: Seconds
) -> tuple[Count, Seconds]:
    """Batch of a replica within memory and speed, and the time of its step.

    The speed limit is solved with all weights read, which a batch that touches most experts comes close to; the time
    is that of the experts it touches.
    """
    work = (model.linear_flop, replica * rates.linear)
    in_memory = inference.batch_in_memory(memory * replica, model.weights, model.cache_per_sequence)
    at_speed = inference.batch_at_speed(
        longest_step, model.weights, model.cache_per_sequence, replica * rates.memory, *work
    )
    batch: Count = namespace(in_memory, at_speed).minimum(in_memory, at_speed)
    untouched = 0.0 * batch
    if model.num_experts:
        touched = distinct_targets(float(model.num_experts), batch * model.experts_per_token) / model.num_experts
        untouched = model.num_expert_params * number_format(model.precision).size * (1 - touched)
    read = model.weights - untouched
    return batch, inference.decode_step_time(batch, read, model.cache_per_sequence, replica * rates.memory, *work)
