"""Inference traffic placed with cloud providers."""

from lindos import fleet as floor
from lindos.elements import Cell, Section, Table
from lindos.fleet import FleetEstimate
from lindos.scenario.resolve import model_named
from lindos.scenario.schema import InferenceSpec
from lindos.study.figures import figures_of, number
from lindos.study.world import Pair, World, Worlds, both
from lindos.units import render

_TITLES = {
    "peak_devices": "GPUs rented, for the peak",
    "mean_devices": "GPUs busy at mean traffic",
    "annual_bill": "Bill of a year",
    "bill": "Bill, peak rented around the clock",
    "elastic_bill": "Bill if rented by the minute",
    "price_per_token": "Price of a token, read or written",
    "price": "Price of a GPU-hour",
}


def estimate(worlds: Worlds, world: World) -> FleetEstimate:
    """Place the traffic in one world; the provider is chosen in the first for both."""
    spec = _spec(world)
    model = model_named(spec.model, world.catalog, world.folder, "inference.model")
    options, left_out = floor.options(world.catalog, spec.precision)
    return floor.estimate(
        model=floor.served(model, spec.precision, spec.context_length),
        input_rate=spec.input_tokens,
        output_rate=spec.output_tokens,
        options=options,
        assume=floor.assumptions(world.catalog, spec.peak_to_mean),
        volume_discount=spec.volume_discount,
        chosen=worlds.decisions.get("fleet.option"),
        left_out=left_out,
    )


def section(worlds: Worlds) -> Section:
    """The fleet as figures and a table of every option."""

    def compute(world: World) -> FleetEstimate:
        found = estimate(worlds, world)
        worlds.decisions.setdefault("fleet.option", found.chosen.option)
        return found

    pair = both(worlds, "fleet", compute)
    spec, found = _spec(worlds.point), pair.point
    chosen = Pair(pair.point.chosen, pair.sampled.chosen, pair.facts)
    place = found.chosen
    gpus, bill = number(place.peak_devices) or 0.0, number(place.annual_bill) or 0.0
    label = spec.label or "as given in the scenario"
    summary = (
        f"{render(gpus, '1')} {place.accelerator} at {place.provider} ({place.term}, {place.date}) carry the peak of "
        f"the traffic for {render(bill, 'USD')} a year: the cheapest of {len(found.placements)} options."
    )
    rows: tuple[tuple[Cell, ...], ...] = found.table()
    table = Table(
        name="fleet.options",
        title="Every option, cheapest first",
        columns=("provider", "GPU", "term", "price of", "GPUs rented", "bill", "a year", "a token"),
        units=("", "", "", "", "1", "USD/s", "USD", "USD/token"),
        rows=rows,
    )
    traffic = (
        f"Traffic: {render(spec.input_tokens * 86_400, 'token')} read and "
        f"{render(spec.output_tokens * 86_400, 'token')} written a day on {spec.model} in {spec.precision}: {label}."
    )
    return Section(
        name="fleet",
        title="Inference at cloud providers",
        summary=summary,
        headline=("fleet.peak_devices", "fleet.mean_devices", "fleet.annual_bill", "fleet.price_per_token"),
        figures=tuple(figures_of("fleet", chosen, _TITLES)),
        tables=(table,),
        notes=(traffic, *found.notes, *found.left_out),
    )


def _spec(world: World) -> InferenceSpec:
    if world.scenario.inference is None:
        raise LookupError("the scenario has no inference")
    return world.scenario.inference
