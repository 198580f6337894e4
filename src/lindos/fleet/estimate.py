"""The closed form of an inference fleet: traffic in, devices and bill out."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lindos.errors import InfeasibleError, InputError
from lindos.fleet.options import Assumptions, Option
from lindos.fleet.replica import Layout, Replica, best_replica, replica_of, smallest
from lindos.fleet.result import FleetEstimate, Placement
from lindos.fleet.shape import ServedModel
from lindos.formulas import inference
from lindos.quantities import Count, Fraction, TokensPerSecond, namespace
from lindos.units import render

#: What the model leaves out, said with every answer.
NOTES = (
    "Prefill and decode run on devices of their own; prompts are read by computation, tokens written by bandwidth.",
    "Cached prefixes and speculative decoding are not counted: both lower the bill.",
    "The peak is rented around the clock; exchanges between the devices of a replica do not hide behind its work.",
)


def estimate(
    *,
    model: ServedModel,
    input_rate: TokensPerSecond,
    output_rate: TokensPerSecond,
    options: Sequence[Option],
    assume: Assumptions,
    volume_discount: Fraction = 0.0,
    chosen: str | None = None,
    layout: Layout | None = None,
    whole_replicas: bool = True,
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
        Share off every price (0 to 1).
    chosen
        Name of the option to take; the cheapest if None. A study decides once and passes it on, so that draws of
        uncertain facts do not change the provider.
    layout
        Layout of the replica; the best for the traffic if None.
    whole_replicas
        Whether devices are rented in whole replicas. If not, the result is a smooth function of its inputs.
    left_out
        Sentences on prices that could not be used, carried into the result.

    Raises
    ------
    InfeasibleError
        If there is no option, or none keeps the promised speed.
    InputError
        If no option is named `chosen`.
    """
    if not options:
        reason = left_out[0] if left_out else "the catalogue has no cloud prices"
        raise InfeasibleError(
            f"No priced device can serve {model.name} in {model.precision}", reason.rstrip("."), "Add a cloud price"
        )
    traffic = _Traffic(input_rate, output_rate, layout, whole_replicas)
    places = [_placement(model, traffic, option, assume, volume_discount) for option in options]
    names = [place.option for place in places]
    if chosen is not None and chosen not in names:
        raise InputError("chosen", chosen, f"one of {', '.join(names)}")
    index = cheapest(places, model, assume) if chosen is None else names.index(chosen)
    return FleetEstimate(chosen=places[index], placements=tuple(places), left_out=tuple(left_out), notes=NOTES)


def cheapest(placements: Sequence[Placement], model: ServedModel, assume: Assumptions) -> int:
    """Find the placement with the lowest bill among those that keep the promised speed.

    Parameters
    ----------
    placements
        The traffic on each option; arrays of draws are compared by their median.
    model
        Served model; its name and precision appear in the message.
    assume
        Its promised speed (tokens/s) appears in the message.

    Returns
    -------
    int
        Index into ``placements``.

    Raises
    ------
    InfeasibleError
        If no placement keeps the speed; the message names the fastest.
    """

    def middle(value: object) -> float:
        return float(np.median(np.asarray(value, dtype=float)))

    quick = [index for index, place in enumerate(placements) if middle(place.meets_speed) == 1]
    if not quick:
        fastest = max(placements, key=lambda place: middle(place.speed_alone))
        speed = render(middle(fastest.speed_alone), "token/s")
        raise InfeasibleError(
            f"No priced device writes {model.name} at inference.output_speed",
            f"a user is promised {render(middle(assume.output_speed), 'token/s')}; the fastest, "
            f"{fastest.accelerator}, writes {speed} to a user who is alone",
            "Promise less (inference.output_speed in a catalogue file), or serve in fewer bits",
        )
    return min(quick, key=lambda index: middle(placements[index].bill))


class _Traffic(NamedTuple):
    """Traffic to serve, and limits on how it is placed."""

    reading: TokensPerSecond
    writing: TokensPerSecond
    layout: Layout | None
    whole_replicas: bool


def _placement(
    model: ServedModel, traffic: _Traffic, option: Option, assume: Assumptions, volume_discount: Fraction
) -> Placement:
    prefill = _prefill_rate(model, option, assume.serving_efficiency)
    reading = inference.devices_for_traffic(traffic.reading, prefill, assume.utilisation)

    def writing(replica: Replica) -> Count:
        rate = replica.batch / replica.step_time / replica.num_devices
        return inference.devices_for_traffic(traffic.writing, rate, assume.utilisation)

    def rented(replica: Replica) -> Count:
        busy = (reading + writing(replica)) * assume.peak_to_mean
        size = replica.num_devices
        devices: Count = namespace(busy, size).ceil(busy / size) * size if traffic.whole_replicas else busy
        return devices

    if traffic.layout is None:
        replica = best_replica(model, option, assume, rented)
    else:
        replica = replica_of(model, option, assume, traffic.layout)
    return Placement(
        option=option.name,
        provider=option.provider,
        term=option.term,
        date=option.date,
        accelerator=option.accelerator.name,
        smallest_replica=smallest(model, option, assume),
        devices_per_replica=replica.num_devices,
        expert_parallel=replica.expert_parallel,
        batch=replica.batch,
        decode_step_time=replica.step_time,
        speed_alone=replica.speed_alone,
        prefill_rate=prefill,
        decode_rate=replica.batch / replica.step_time / replica.num_devices,
        prefill_devices=reading,
        decode_devices=writing(replica),
        peak_devices=rented(replica),
        price=option.price * (1 - volume_discount),
        meets_speed=replica.serves,
        traffic=traffic.reading + traffic.writing,
    )


def _prefill_rate(model: ServedModel, option: Option, efficiency: Fraction) -> TokensPerSecond:
    """Prompt tokens per second of one device: matrices and attention, one after the other."""
    device, kernels = option.accelerator, option.kernels
    linear = device.peak(model.precision).value * kernels.matmul(model.precision).value * efficiency
    attention = device.peak_bf16.value * kernels.attention_forward.value * efficiency
    return 1 / (model.linear_flop / linear + model.attention_flop / attention)
