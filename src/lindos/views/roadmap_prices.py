"""Price agreements of a plan: what is paid by generation, totals by discount, and who else buys in the same years."""

from collections.abc import Iterator

from lindos.claims import DISCOUNTS
from lindos.elements import Cell, Table
from lindos.formulas.money import discount_between, discounted_total
from lindos.roadmap import Plan, PlanResult
from lindos.site import SiteEstimate
from lindos.study.ranges import number
from lindos.study.reference import negotiable_of
from lindos.study.roadmap import RoadmapResult
from lindos.units import render

#: Share of a total that the last column takes off: $2 trillion become $1.5 trillion.
_QUARTER = 0.25


def price_tables(result: RoadmapResult, plan: PlanResult, at_once: SiteEstimate | None) -> tuple[Table, ...]:
    """Tabulate prices, discounts and rivals, if anything is bought.

    Parameters
    ----------
    result, plan
        The plan in the point world.
    at_once
        Site of the scenario's cluster if that answers what all of it would cost at once; None otherwise.
    """
    bought = result.purchases.plan
    assert bought is not None
    if not bought.bought.any():
        return ()
    return (_prices(result, bought), _discounts(bought, plan, at_once), *_rivals(result))


def _prices(result: RoadmapResult, bought: Plan) -> Table:
    question, first, last = bought.question, bought.question.periods[0].begin, bought.question.periods[-1].end
    body: list[tuple[Cell, ...]] = []
    for kind, name in enumerate(question.generations):
        devices = float(bought.bought[kind].sum())
        if not devices:
            continue
        listed = float((bought.bought[kind] * question.price[kind]).sum())
        paid = listed - float(bought.discounts[kind]) * _negotiable(bought, kind)
        made = number(result.supply.delivered_in(first, last, name)) if name in result.supply.generations else None
        share = None if not made else devices * float(question.equivalents[kind]) / made
        body.append((name, devices, listed / devices, float(bought.discounts[kind]), paid, share))
    return Table(
        name="roadmap.agreements",
        title="Prices by generation",
        columns=(
            *("generation", "GPUs", "list price of each, with network", "agreed off nodes and racks", "paid together"),
            "of all that the world makes of it",
        ),
        units=("", "1", "USD", "%", "USD", "%"),
        rows=tuple(body),
        note=_agreed(bought),
    )


def _agreed(bought: Plan) -> str:
    question = bought.question
    if not question.agreements:
        return "No agreement on price is stated: `agreements` gives discounts by generation and volume."
    assert question.agreed is not None
    made = [part.name for part, count in zip(question.agreements, question.agreed, strict=True) if count > 0.5]
    return f"Agreements that the plan makes: {'; '.join(made) or 'none'}; on offer are {len(question.agreements)}."


def _negotiable(bought: Plan, kind: int) -> float:
    """What a discount on one generation applies to in USD, at list prices."""
    prices = bought.question.negotiable
    return 0.0 if prices is None else float((bought.bought[kind] * prices[kind]).sum())


def _discounts(bought: Plan, plan: PlanResult, at_once: SiteEstimate | None) -> Table:
    """Tabulate the total by discount: on one generation, on all, and on all of it at once."""
    parts = {name: _negotiable(bought, kind) for kind, name in enumerate(bought.question.generations)}
    agreed = sum(float(share) * amount for share, amount in zip(bought.discounts, parts.values(), strict=True))
    listed = (number(plan.total_capex) or 0.0) + agreed
    devices = dict(zip(bought.question.generations, map(float, bought.bought.sum(axis=(1, 2))), strict=True))
    rows = [
        *(_total_row(f"off {name}", devices[name], listed, amount) for name, amount in parts.items() if amount),
        _total_row("off all that is bought", sum(devices.values()), listed, sum(parts.values())),
    ]
    if at_once is not None and at_once.capex.total is not None:
        total, part = number(at_once.capex.total), number(negotiable_of(at_once))
        rows.append(_total_row("all at once, off all", float(at_once.num_devices), total or 0.0, part or 0.0))
    return Table(
        name="roadmap.discounts",
        title="Depending on price agreements: the total by generation and discount on nodes and racks",
        columns=(
            *("discount", "GPUs"),
            *(f"{discount:.0%} off" for discount in DISCOUNTS),
            "discount that takes off a quarter of the total",
        ),
        units=("", "1", *("USD" for _ in DISCOUNTS), "%"),
        rows=tuple(rows),
        note=(
            "Totals of the whole plan at list prices, less the discount; network and buildings are paid in full, and "
            "storage follows nodes and racks. A quarter is what lies between $2 trillion and $1.5 trillion."
        ),
    )


def _total_row(title: str, devices: float, total: float, negotiable: float) -> tuple[Cell, ...]:
    needed = float(discount_between(total, (1.0 - _QUARTER) * total, negotiable))
    return (
        title,
        devices,
        *(float(discounted_total(total, negotiable, discount)) for discount in DISCOUNTS),
        needed if needed <= 1.0 else "more than all of it",
    )


def _rivals(result: RoadmapResult) -> Iterator[Table]:
    if not result.rivals:
        return
    rows = [
        (
            str(year.year),
            number(year.delivered),
            number(year.bought),
            number(year.wanted),
            year.largest,
            number(year.left),
            number(year.left_share),
        )
        for year in result.rivals
    ]
    short = [year for year in result.rivals if (number(year.left) or 0.0) < 0.0]
    worst = max(short, key=lambda year: -(number(year.left_share) or 0.0), default=None)
    sentence = (
        "Every year leaves something for buyers that have announced nothing."
        if worst is None
        else f"In {worst.year} the announced programmes and this plan want more than is made: they outbid each other "
        f"for {render(-(number(worst.left) or 0.0), '1')} H100-equivalents, and everybody else for all."
    )
    yield Table(
        name="roadmap.rivals",
        key=True,
        title="Who else must be outbid",
        columns=(
            *("year", "H100e delivered", "this plan", "announced by others", "most of that", "left for all others"),
            "share",
        ),
        units=("", "1", "1", "1", "", "1", "%"),
        rows=tuple(rows),
        note=(
            "Programmes of other buyers (`lindos run chip-demand`), each bought evenly until its day; below zero is "
            f"short. {sentence} `sharing: proportion` gives the plan no more than its part of what is short."
        ),
    )
