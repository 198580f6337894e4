"""An inference fleet: traffic in, devices and bill out, within limits on latency and with spares for failures."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from lindos.errors import InfeasibleError, InputError
from lindos.fleet.capacity import most_sequences
from lindos.fleet.engine import Grid
from lindos.fleet.open_loop import Limits, Load, Traffic, binding, busiest, load_at
from lindos.fleet.options import Assumptions, Option
from lindos.fleet.result import FleetEstimate, Layout, Placement
from lindos.fleet.work import Work
from lindos.formulas.queueing import split_gap_cv
from lindos.formulas.reliability import spares_for_confidence
from lindos.quantities import Count, Fraction, TokensPerSecond, namespace
from lindos.units import render

#: Largest engine that is tried, in devices.
LARGEST = 64
#: Devices of an engine over two nodes, for models that one node does not hold.
_NODES = 2
#: Standard deviations of safety: spares suffice 99 % of the time.
_SAFETY = 2.326
#: Batch of a user who is single.
_ALONE = 1.0
#: What the model leaves out, said with every answer.
NOTES = (
    "Each engine reads prompts and writes answers; it is as full as its limits on latency allow at the peak.",
    "Speculative decoding is not counted: it lowers the bill.",
    "The peak is rented around the clock, with engines that stand for those that a failure stops.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A traffic to serve: mean rates of tokens over the day, and lengths of requests."""

    input_rate: TokensPerSecond
    output_rate: TokensPerSecond
    prompt: Count
    answer: Count
    cached: Fraction = 0.0

    @property
    def requests(self) -> Count:
        """Requests per second, mean."""
        return self.output_rate / self.answer


def limits_of(assume: Assumptions) -> Limits:
    """Get the limits on latency that promises set.

    Parameters
    ----------
    assume
        Promises.
    """
    return Limits(
        token=1 / assume.output_speed,
        token_p99=1 / assume.output_speed_p99,
        first=assume.first_token,
        first_p99=assume.first_token,
    )


def traffic_of(demand: Demand, assume: Assumptions) -> Traffic:
    """Get the requests that an engine sees.

    Parameters
    ----------
    demand
        Lengths of requests.
    assume
        How unevenly they come, and how long they are.
    """
    return Traffic(
        prompt=demand.prompt,
        answer=demand.answer,
        cached=demand.cached,
        prompt_cv=assume.length_spread,
        gap_cv=assume.burstiness,
    )


def estimate(
    *,
    work: Work,
    demand: Demand,
    options: Sequence[Option],
    assume: Assumptions,
    volume_discount: Fraction = 0.0,
    chosen: str | None = None,
    layout: Layout | None = None,
    whole_replicas: bool = True,
    left_out: Sequence[str] = (),
) -> FleetEstimate:
    """Place a traffic on each option and choose the cheapest that keeps the limits and is delivered.

    Parameters
    ----------
    work
        The model in its formats (:func:`lindos.fleet.work_of`).
    demand
        Traffic to serve.
    options
        What can be rented (:func:`lindos.fleet.options`).
    assume
        Promises, peak over mean, and what is assumed about requests.
    volume_discount
        Share off every price (0 to 1).
    chosen
        Name of the option to take; the cheapest if None. A study decides once and passes it on, so that draws of
        uncertain facts do not change the provider.
    layout
        Layout of the engine; the best for the traffic if None.
    whole_replicas
        Whether devices are rented in whole engines. If not, the result is a smooth function of its inputs.
    left_out
        Sentences on prices that could not be used, carried into the result.

    Raises
    ------
    InfeasibleError
        If there is no option, none keeps the limits, or none is delivered.
    InputError
        If no option is named `chosen`.
    """
    if not options:
        reason = left_out[0] if left_out else "the catalogue has no cloud prices"
        raise InfeasibleError(
            f"No priced device can serve {work.name} in {work.precision}", reason.rstrip("."), "Add a cloud price"
        )
    sizing = _Sizing(work, demand, assume, volume_discount, whole_replicas)
    placed = [sizing.place(option, layout) for option in options]
    places = [place for place, _ in placed]
    names = [place.option for place in places]
    if chosen is not None and chosen not in names:
        raise InputError("chosen", chosen, f"one of {', '.join(names)}")
    index = cheapest(places, work, assume) if chosen is None else names.index(chosen)
    return FleetEstimate(
        chosen=places[index],
        placements=tuple(places),
        layout=placed[index][1],
        layouts=tuple(layout for _, layout in placed),
        left_out=tuple(left_out),
        notes=NOTES,
    )


def middle(value: object) -> float:
    """Get a number, or the median of draws.

    Parameters
    ----------
    value
        A number or an array of draws.
    """
    return float(np.median(np.asarray(value, dtype=float)))


def cheapest(placements: Sequence[Placement], work: Work, assume: Assumptions) -> int:
    """Find the placement with the lowest bill among those that keep the limits and are delivered.

    Parameters
    ----------
    placements
        The traffic on each option; arrays of draws are compared by their median.
    work
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
        If no placement keeps the limits, or no provider delivers as many devices.
    """
    quick = [index for index, place in enumerate(placements) if middle(place.meets_speed) == 1]
    if not quick:
        fastest = max(placements, key=lambda place: middle(place.speed_alone))
        speed = render(middle(fastest.speed_alone), "token/s")
        raise InfeasibleError(
            f"No priced device writes {work.name} at inference.output_speed",
            f"a user is promised {render(middle(assume.output_speed), 'token/s')} and a first token within "
            f"{render(middle(assume.first_token), 's')}; the fastest, {fastest.accelerator}, writes {speed} to a user "
            "who is alone",
            "Promise less (inference.output_speed or inference.first_token in a catalogue file), or serve in fewer "
            "bits",
        )
    delivered = [index for index in quick if middle(placements[index].delivered) == 1]
    if not delivered:
        fewest = min(quick, key=lambda index: middle(placements[index].peak_devices))
        needed = render(middle(placements[fewest].peak_devices), "1")
        raise InfeasibleError(
            f"No provider delivers a fleet for {work.name}",
            f"it needs {needed} {placements[fewest].accelerator}, more than {placements[fewest].provider} delivers",
            "Give a provider's own number (deliverable.NAME in a catalogue file), or split the traffic",
        )
    return min(delivered, key=lambda index: middle(placements[index].bill))


class _Sizing:
    """Sizes the fleet at one option after another; engines of a device are computed once."""

    def __init__(
        self, work: Work, demand: Demand, assume: Assumptions, volume_discount: Fraction, whole_replicas: bool
    ) -> None:
        self._work, self._demand, self._assume = work, demand, assume
        self._discount, self._whole = volume_discount, whole_replicas
        self._limits, self._traffic = limits_of(assume), traffic_of(demand, assume)
        self._engines: dict[str, tuple[Grid, Load, Any, Any]] = {}

    def place(self, option: Option, layout: Layout | None) -> tuple[Placement, Layout]:
        """Size the fleet at one option, by the engine that needs the fewest devices."""
        if layout is not None and self._whole and np.ndim(option.machine.slower):
            return self._drawn(option, layout), layout
        grid, load, serves, single = self._computed(option, layout)
        serving, spare = self._devices(option, grid, load)
        if layout is not None:
            return self._placement(option, grid, load, serves, single, serving, spare), layout
        keys = np.where(serves > 0, serving + spare, np.inf)
        fast = int(np.argmax(1 / single.step))
        place = int(np.argmin(keys)) if np.isfinite(keys).any() else fast
        grid, load, single = (_picked(record, place) for record in (grid, load, single))
        values = (float(np.asarray(value)[place]) for value in (serves, serving, spare))
        served, serving, spare = values
        best = Layout(float(grid.tensor), float(grid.data))
        return self._placement(option, grid, load, served, single, serving, spare), best

    def _drawn(self, option: Option, layout: Layout) -> Placement:
        """Size the fleet in every draw by that of the near layouts which needs the fewest devices."""
        best: Placement | None = None
        for neighbour in _near(self._work, layout):
            self._engines.clear()
            grid, load, serves, single = self._computed(option, neighbour)
            serving, spare = self._devices(option, grid, load)
            place = self._placement(option, grid, load, serves, single, serving, spare)
            best = place if best is None else _better(place, best)
        assert best is not None
        return best

    def _computed(self, option: Option, layout: Layout | None) -> tuple[Grid, Load, Any, Any]:
        name = option.accelerator.name
        if name not in self._engines:
            grid = grids(self._work, middle(option.machine.rates.domain)) if layout is None else grid_of(layout)
            machine = option.machine
            load, serves = busiest(self._work, grid, machine, self._traffic, self._limits)
            # An engine sees a part of the traffic, whose gaps are the more even the more engines there are.
            load, serves = busiest(self._work, grid, machine, self._part(load), self._limits)
            single = load_at(self._work, grid, machine, self._traffic, _ALONE + 0.0 * load.step)
            self._engines[name] = grid, load, serves, single
        return self._engines[name]

    def _part(self, load: Load) -> Traffic:
        """Get the traffic of one engine of as many as a load of each makes necessary."""
        engines = self._demand.requests * self._assume.peak_to_mean / load.rate
        xp = namespace(engines)
        return replace(self._traffic, gap_cv=split_gap_cv(self._traffic.gap_cv, xp.maximum(engines, 1.0)))

    def _devices(self, option: Option, grid: Grid, load: Load) -> tuple[Any, Any]:
        """Count the devices that carry the peak, and those that stand for engines that a failure stops."""
        xp = namespace(load.rate, grid.tensor)
        engines = self._demand.requests * self._assume.peak_to_mean / load.rate
        if self._whole:
            engines = xp.ceil(engines)
        down = engines * grid.size * option.failure_rate * self._assume.reload_time
        spares = spares_for_confidence(down, _SAFETY) if self._whole else down + _SAFETY * down**0.5
        return engines * grid.size, spares * grid.size

    def _placement(
        self, option: Option, grid: Grid, load: Load, serves: Any, single: Load, serving: Any, spare: Any
    ) -> Placement:
        demand, size = self._demand, grid.size
        new = demand.prompt * (1 - demand.cached)
        xp = namespace(serving, spare, option.deliverable)
        return Placement(
            option=option.name,
            provider=option.provider,
            term=option.term,
            date=option.date,
            accelerator=option.accelerator.name,
            binds=binding(load, self._limits) if np.ndim(load.token) == 0 else "",
            smallest_replica=smallest(self._work, option, demand),
            devices_per_replica=size + 0.0 * load.step,
            expert_parallel=xp.where(grid.data > 1, 1.0, 0.0) + 0.0 * load.step,
            batch=load.batch,
            most_sequences=load.most,
            decode_step_time=load.step,
            token_time=load.token,
            token_time_p99=load.token_p99,
            first_token=load.first,
            first_token_p99=load.first_p99,
            speed_alone=1 / single.step,
            prefill_rate=new / load.prompt / size,
            decode_rate=load.batch / load.step / size,
            prompt_share=load.busy,
            engine_rate=load.rate,
            serving_devices=serving,
            spare_devices=spare,
            mean_devices=demand.requests / load.rate * size,
            price=option.price * (1 - self._discount),
            meets_speed=serves,
            delivered=xp.where(serving + spare <= option.deliverable, 1.0, 0.0),
            input_rate=demand.input_rate,
            cached_share=demand.cached,
            output_rate=demand.output_rate,
        )


def _near(work: Work, layout: Layout) -> list[Layout]:
    """List the layouts to which an operator would turn if a device were faster or slower: half or twice as large."""
    neighbours = [layout]
    for factor in (2.0, 0.5):
        if layout.data > 1:
            neighbours.append(Layout(layout.tensor, layout.data * factor))
        else:
            neighbours.append(Layout(layout.tensor * factor, layout.data))
    if work.experts is not None and layout.data == 1 and layout.tensor > 1:
        neighbours.append(Layout(1.0, layout.tensor))
    most = float(work.experts.number) if work.experts is not None else float(LARGEST)
    return [choice for choice in neighbours if choice.tensor >= 1 and 1 <= choice.data <= most]


def _better(place: Placement, best: Placement) -> Placement:
    """Choose per draw: what keeps the limits, then what needs fewer devices."""
    fewer = place.peak_devices < best.peak_devices
    wins = np.where(
        np.equal(place.meets_speed, best.meets_speed), fewer, np.greater(place.meets_speed, best.meets_speed)
    )
    values: dict[str, Any] = {}
    for field in fields(Placement):
        new, old = getattr(place, field.name), getattr(best, field.name)
        values[field.name] = new if isinstance(new, str) else np.where(wins, new, old)
    return Placement(**values)


def _picked(record: Any, place: int) -> Any:
    """Pick one element of every array of a record."""
    shape = max((np.asarray(getattr(record, field.name)).shape for field in fields(record)), default=())
    values = {
        field.name: float(np.broadcast_to(np.asarray(getattr(record, field.name), dtype=float), shape)[place])
        for field in fields(record)
    }
    return type(record)(**values)


def grid_of(layout: Layout) -> Grid:
    """Lay out an engine; with groups of data each expert lies on one device.

    Parameters
    ----------
    layout
        Devices that share every matrix, and groups with sequences of their own.
    """
    size = layout.tensor * layout.data
    expert = size if layout.data > 1 else 1.0
    return Grid(tensor=layout.tensor, data=layout.data, expert=expert, expert_tensor=size / expert, pipeline=1.0)


def grids(work: Work, domain: float) -> Grid:
    """List all engines that are tried on a device, as one record of arrays.

    Parameters
    ----------
    work
        The model; one with experts may split them single.
    domain
        Devices that the scale-up network joins.
    """
    most = min(domain * _NODES, LARGEST)
    sizes = [2.0**power for power in range(int(np.log2(max(most, 1.0))) + 1)]
    layouts = [Layout(size, 1.0) for size in sizes]
    if work.experts is not None:
        wide = [2.0**power for power in range(1, int(np.log2(LARGEST)) + 1)]
        layouts += [Layout(1.0, size) for size in wide if size <= work.experts.number]
    made = [grid_of(layout) for layout in layouts]
    return Grid(**{field.name: np.array([getattr(grid, field.name) for grid in made]) for field in fields(Grid)})


def smallest(work: Work, option: Option, demand: Demand) -> Count:
    """Find the fewest devices whose memory holds the weights and one sequence: a power of two.

    Parameters
    ----------
    work
        The model in its formats.
    option
        Rented device.
    demand
        Lengths of requests.
    """
    memory, share = option.machine.rates.memory, option.machine.memory_share
    best: Any = 0.0
    xp = namespace(memory, share)
    for power in reversed(range(11)):
        size = 2.0**power
        sequences = most_sequences(work, grid_of(Layout(size, 1.0)), memory, share, demand.prompt + demand.answer)
        best = xp.where(sequences >= 1, size, best)
    fewest: Count = best + 0.0 * memory
    return fewest
