"""Inference at cloud providers: the chosen fleet, and every option."""

from collections.abc import Iterator
from operator import attrgetter

from lindos.elements import Cell, Section, Table
from lindos.fleet import FleetEstimate, Placement
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
    "smallest_replica": "GPUs of the smallest engine",
    "devices_per_replica": "GPUs of an engine",
    "expert_parallel": "Experts split over the engine",
    "token_time": "Time of a token at the peak, mean",
    "token_time_p99": "Time of a token at the peak, 99th percentile",
    "first_token": "Time to the first token at the peak, median",
    "first_token_p99": "Time to the first token at the peak, 99th percentile",
    "serving_devices": "GPUs that carry the peak",
    "spare_devices": "GPUs that stand for failed engines",
    "input_price": "Price of a token read",
    "output_price": "Price of a token written",
}
_HEADLINE = (
    "fleet.peak_devices",
    "fleet.mean_devices",
    "fleet.annual_bill",
    "fleet.input_price",
    "fleet.output_price",
    "fleet.token_time",
    "fleet.first_token_p99",
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
        tables=(_options(estimate.placements), *_checks(estimate), *_terms(provider)) if estimate else (),
        notes=(
            *_traffic(context),
            _replica(place),
            *_sized_by(provider),
            *(estimate.notes if estimate else ()),
            *(_left_out(estimate.left_out) if estimate else ()),
        ),
        warnings=(*_warnings(outcome.sampled), *_missed(estimate)),
    )


def _written(value: object, unit: str) -> str:
    plain = number(value)
    return "unknown" if plain is None else render(plain, unit)


def _figures(context: Context, outcome: Outcome[FleetResult]) -> Figures[FleetResult]:
    figures = Figures(outcome, subject=f"inference of {context.scenario.name}", date=outcome.point.chosen.date)
    for row in rows(outcome.point.chosen):
        if row.name in ("meets_speed", "delivered"):
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
        "Draws in which the engine keeps the promised limits",
        "1",
        lambda result: outcome.sampled.share_served,
        why="the other draws enter no range",
        percent=True,
    )
    return figures


def _options(placements: tuple[Placement, ...]) -> Table:
    """Tabulate every option, the cheapest first; options that cannot be had come last and have no bill."""

    def key(place: Placement) -> tuple[bool, bool, float]:
        return number(place.meets_speed) != 1, number(place.delivered) != 1, float(place.bill)

    return Table(
        name="fleet.options",
        title="Every option, cheapest first",
        columns=(
            *("provider", "GPU", "term", "price of", "GPUs of an engine", "GPUs rented", "bill", "a year"),
            *("a token read", "a token written", "first token, P99", "token"),
        ),
        units=("", "", "", "", "1", "1", "USD/s", "USD", "USD/token", "USD/token", "s", "s"),
        rows=tuple(_row(place) for place in sorted(placements, key=key)),
        note=(
            "Times are those at the peak. An option that keeps no limit is too slow; one that its provider does not "
            "deliver has no bill."
        ),
    )


def _checks(estimate: FleetEstimate) -> Iterator[Table]:
    """Tabulate the finalists that were simulated."""
    if not estimate.checks:
        return
    rows: list[tuple[Cell, ...]] = [
        (
            *(check.provider, check.accelerator, number(check.first_token), number(check.first_token_p99)),
            *(number(check.token_time), number(check.token_time_p99), number(check.preempted)),
            "kept" if check.passes else "missed",
        )
        for check in estimate.checks
    ]
    yield Table(
        name="fleet.checks",
        title="Finalists at the peak, simulated request by request",
        columns=("provider", "GPU", "first token", "P99", "token", "P99 of a token", "put back", "limits"),
        units=("", "", "s", "s", "s", "s", "1", ""),
        rows=tuple(rows),
        note=_verdict(estimate),
    )


def _terms(provider: Outcome[Provider] | None) -> Iterator[Table]:
    """Tabulate own against rent against tokens, on the chosen device."""
    if provider is None or not provider.point.terms:
        return
    rows: list[tuple[Cell, ...]] = [
        (term.provider, term.term, term.date, *map(number, (term.bill, term.input_price, term.output_price)))
        for term in provider.point.terms
    ]
    yield Table(
        name="fleet.terms",
        title="The same traffic at other terms, and by the token, cheapest first",
        columns=("provider", "term", "price of", "bill", "a token read", "a token written"),
        units=("", "", "", "USD/s", "USD/token", "USD/token"),
        rows=tuple(rows),
        note=(
            "On the chosen device, as many for every term. Spot may be taken back, an owner's cost is no rent, and "
            "tokens are bought without a promise of one's own."
        ),
    )


def _verdict(estimate: FleetEstimate) -> str:
    """Say whether the cheapest fleet of the closed form stood, and what replaced it."""
    missed = [check for check in estimate.checks if not check.passes]
    if not missed:
        return "The cheapest fleet of the closed form keeps its limits in the simulation."
    names = ", ".join(f"{check.accelerator} at {check.provider}" for check in missed)
    if len(missed) == len(estimate.checks):
        return f"No finalist keeps all limits in the simulation ({names}): plan for fewer requests an engine."
    return f"Cheaper by the closed form, but missed a limit in the simulation and gave way: {names}."


def _row(place: Placement) -> tuple[Cell, ...]:
    head = (place.provider, place.accelerator, place.term, place.date, number(place.devices_per_replica))
    times = (number(place.first_token_p99), number(place.token_time))
    if number(place.meets_speed) != 1:
        return (*head, "too slow", None, None, None, None, *times)
    devices = number(place.peak_devices)
    if number(place.delivered) != 1:
        return (*head, devices, "not delivered", None, None, None, *times)
    return (
        *head,
        devices,
        number(place.bill),
        number(place.annual_bill),
        number(place.input_price),
        number(place.output_price),
        *times,
    )


def _left_out(sentences: tuple[str, ...]) -> Iterator[str]:
    """Say once for each reason which prices could not be used."""
    groups: dict[str, list[str]] = {}
    for sentence in sentences:
        name, _, reason = sentence.rstrip(".").rpartition(": ")
        groups.setdefault(reason, []).append(name)
    for reason, names in sorted(groups.items(), key=lambda item: -len(item[1])):
        shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
        yield f"Left out, {reason}: {shown}."


#: Prices of one reason that are named.
_SHOWN = 4


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
        f"An engine has {_written(place.devices_per_replica, '1')} GPUs over which {split}; the smallest one that fits "
        f"the model has {_written(place.smallest_replica, '1')}. At the peak it writes {_written(place.batch, '1')} "
        f"answers at a time and has room for {_written(place.most_sequences, '1')}; what binds is {place.binds}."
    )


def _sized_by(provider: Outcome[Provider] | None) -> Iterator[str]:
    """Say by which part of the promises engines are sized, where the simulation needs more than the closed form."""
    patience = provider.point.patience if provider else None
    if patience is not None and (patience.first < 1 or patience.token < 1):
        shares = [
            f"{render(100 * share, '1', 2)} % of the {name}"
            for share, name in ((patience.first, "time to the first token"), (patience.token, "time of a token"))
            if share < 1
        ]
        yield (
            f"Engines are sized by {' and '.join(shares)} that is promised, since requests wait longer in the "
            "simulation than by the closed form."
        )


def _missed(estimate: FleetEstimate | None) -> Iterator[str]:
    """Warn if the fleet misses a promise in the simulation."""
    if estimate is not None and estimate.checks and not any(check.passes for check in estimate.checks):
        yield "In the simulation no finalist keeps all promises at the peak: plan for fewer requests an engine."


def _warnings(sampled: FleetResult) -> Iterator[str]:
    missed = 1.0 - float(sampled.share_served)
    if missed > 0:
        yield (
            f"In {render(100 * missed, '1', 2)} % of draws no engine of the chosen GPU keeps the promised "
            "limits: ranges of the "
            "fleet are over the others."
        )


VIEW = View(floor=FLEET, title=TITLE, show=view, supplements=(PROVIDER,))
