"""What a discount on devices does to the total of a plan, generation by generation."""

from collections.abc import Iterator
from dataclasses import dataclass

from lindos.claims.amounts import groups_of
from lindos.claims.context import Context
from lindos.claims.schema import Claim, DevicesSpec, MoneyCheck
from lindos.claims.span import Span
from lindos.errors import UnknownValueError

#: Shares of the devices' price that a buyer may be let off.
DISCOUNTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discounted:
    """A plan built of one generation: its totals by discount, in the order of `DISCOUNTS`."""

    claim: str
    title: str
    count: float  # devices
    devices: float  # USD, the devices at their price
    totals: tuple[float, ...]  # USD, everything included where that is known, else the devices alone
    everything: bool  # whether the totals hold more than the devices
    needed: float | None  # discount on the devices that takes the claimed total to the lower one; None beyond all


def discounted(claim: Claim, context: Context) -> tuple[Discounted, ...]:
    """Totals of the plan of every money check that says to which lower total a discount is to lead."""
    return tuple(row for part in claim.checks if part.kind == "money" for row in _of(claim.id, part, context))


def _of(name: str, check: MoneyCheck, context: Context) -> Iterator[Discounted]:
    if check.discount_to is None or check.claimed is None:
        return
    plan = sum(devices.h100_equivalents or devices.gpus or 0.0 for devices in check.devices)
    for id in check.generations:
        accelerator = context.catalog.accelerator(id)
        try:
            (group,) = groups_of([DevicesSpec(accelerator=id, h100_equivalents=plan)], context)
            price = Span.of(accelerator.price).value
        except UnknownValueError:
            continue
        count = group.count.value
        known = accelerator.name in context.unit_cost
        whole = Span.of(context.unit_cost[accelerator.name]).value if known else price
        share = price / whole
        # The claimed total is cut by what is let off the devices in it.
        needed = (1.0 - check.discount_to / check.claimed) / share
        yield Discounted(
            claim=name,
            title=accelerator.title.split(",")[0].removeprefix("NVIDIA "),
            count=count,
            devices=count * price,
            totals=tuple(count * (whole - discount * price) for discount in DISCOUNTS),
            everything=known,
            needed=needed if needed <= 1.0 else None,
        )
