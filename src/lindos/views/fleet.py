"""Inference at cloud providers: the chosen fleet, and every option."""

from collections.abc import Iterator
from operator import attrgetter

from lindos.elements import Cell, Section, Table
from lindos.fleet import Placement
from lindos.results import rows
from lindos.study.fleet import FLEET, PROVIDER, FleetResult, Provider
from lindos.study.floor import Outcome
from lindos.study.ranges import number
from lindos.units import DAY, render
from lindos.views.figures import Figures, titled
from lindos.views.view import Context, View

TITLE = "Inference at cloud providers"
_TITLES = {
    "peak_devices": "GPUs rented, for the peak",
    "mean_devices": "GPUs busy at mean traffic",
    "annual_bill": "Bill of a year",
    "bill": "Bill, peak rented around the clock",
    "elastic_bill": "Bill if rented by the minute",
    "price_per_token": "Price of a token, read or written",
    "price": "Price of a GPU-hour",
    "speed_alone": "Speed of a user who has a replica alone",
    "smallest_replica": "GPUs of the smallest replica",
    "devices_per_replica": "GPUs of a replica",
    "expert_parallel": "Experts split over the replica",
}
_HEADLINE = (
    "fleet.peak_devices",
    "fleet.mean_devices",
    "fleet.annual_bill",
    "fleet.price_per_token",
    "fleet.draws_served",
)


def view(context: Context, outcome: Outcome[FleetResult], provider: Outcome[Provider] | None) -> Section:
    """Show the fleet.

    Parameters
    ----------
    context
        Scenario and catalogue.
    outcome
        Fleet at the chosen provider.
    provider
        Every option that was compared; None if unknown.
    """
    place = outcome.point.chosen
    estimate = provider.point.estimate if provider else None
    options = len(estimate.placements) if estimate else 1
    return Section(
        name="fleet",
        title=TITLE,
        summary=(
            f"{_written(place.peak_devices, '1')} {place.accelerator} at {place.provider} ({place.term}, {place.date}) "
            f"carry the peak of the traffic for {_written(place.annual_bill, 'USD')} a year: the cheapest of {options} "
            "options."
        ),
        headline=_HEADLINE,
        figures=_figures(context, outcome).all(),
        tables=(_options(estimate.placements),) if estimate else (),
        notes=(
            *_traffic(context),
            _replica(place),
            *(estimate.notes if estimate else ()),
            *(estimate.left_out if estimate else ()),
        ),
        warnings=tuple(_warnings(outcome.sampled)),
    )


def _written(value: object, unit: str) -> str:
    plain = number(value)
    return "unknown" if plain is None else render(plain, unit)


def _figures(context: Context, outcome: Outcome[FleetResult]) -> Figures[FleetResult]:
    figures = Figures(outcome, subject=f"inference of {context.scenario.name}", date=outcome.point.chosen.date)
    for row in rows(outcome.point.chosen):
        if row.name == "meets_speed":
            continue
        figures.add(
            f"fleet.{row.name}",
            _TITLES.get(row.name, titled(row.name)),
            row.unit,
            attrgetter(f"chosen.{row.name}"),
            why=row.why,
        )
    figures.add(
        "fleet.draws_served",
        "Draws in which some replica keeps the promised speed",
        "1",
        lambda result: outcome.sampled.share_served,
        why="the other draws enter no range",
        percent=True,
    )
    return figures


def _options(placements: tuple[Placement, ...]) -> Table:
    """Tabulate every option, the cheapest first; options that are too slow come last and have no bill."""

    def key(place: Placement) -> tuple[bool, float]:
        return number(place.meets_speed) != 1, float(place.bill)

    return Table(
        name="fleet.options",
        title="Every option, cheapest first",
        columns=(
            *("provider", "GPU", "term", "price of", "GPUs of a replica", "GPUs rented", "bill", "a year", "a token"),
            "a user alone",
        ),
        units=("", "", "", "", "1", "1", "USD/s", "USD", "USD/token", "token/s"),
        rows=tuple(_row(place) for place in sorted(placements, key=key)),
        note="A user alone: speed of a replica that serves a single user; with a batch it is slower.",
    )


def _row(place: Placement) -> tuple[Cell, ...]:
    head = (place.provider, place.accelerator, place.term, place.date)
    speed = number(place.speed_alone)
    if number(place.meets_speed) != 1:
        return (*head, number(place.devices_per_replica), "too slow", None, None, None, speed)
    return (
        *head,
        number(place.devices_per_replica),
        number(place.peak_devices),
        number(place.bill),
        number(place.annual_bill),
        number(place.price_per_token),
        speed,
    )


def _traffic(context: Context) -> Iterator[str]:
    spec = context.scenario.inference
    if spec is not None:
        yield (
            f"Traffic: {render(spec.input_tokens * DAY, 'token')} read and {render(spec.output_tokens * DAY, 'token')} "
            f"written a day on {spec.model} in {spec.precision}: {spec.label or 'as given in the scenario'}."
        )


def _replica(place: Placement) -> str:
    split = "only the experts are split" if number(place.expert_parallel) == 1 else "every matrix is split"
    return (
        f"A replica has {_written(place.devices_per_replica, '1')} GPUs over which {split}; the smallest one that fits "
        f"the model has {_written(place.smallest_replica, '1')}."
    )


def _warnings(sampled: FleetResult) -> Iterator[str]:
    missed = 1.0 - float(sampled.share_served)
    if missed > 0:
        yield (
            f"In {render(100 * missed, '1', 2)} % of draws no replica of the chosen GPU reaches the promised "
            "speed: ranges of the "
            "fleet are over the others."
        )


VIEW = View(floor=FLEET, title=TITLE, show=view, supplements=(PROVIDER,))
