"""Effect of a discount on nodes and racks on the total of a plan, by generation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lindos.claims.amounts import groups_of
from lindos.claims.context import ClusterFacts, Context, are_equal
from lindos.claims.schema import Claim, DevicesSpec, MoneyCheck
from lindos.claims.span import Span
from lindos.errors import UnknownValueError
from lindos.formulas import money

#: Discounts on the price of nodes and racks, as shares of it.
DISCOUNTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discounted:
    """A plan with devices of one generation: its totals by discount, in the order of `DISCOUNTS`."""

    claim: str
    title: str
    count: float  # devices
    devices: float  # USD, the devices at their price
    totals: tuple[float, ...]  # USD, with all parts if their cost is known, else the devices alone
    is_complete: bool  # whether the totals include more than the devices
    needed: float | None  # discount on nodes and racks that reduces the claimed total to the lower one; None if above 1


def discounted(claim: Claim, context: Context) -> tuple[Discounted, ...]:
    """Compute totals of a plan by discount, for every money check that asks for the discount to a lower total.

    Parameters
    ----------
    claim
        The statement with its checks.
    context
        The catalogue, and cost per device.
    """
    checks = [part for part in claim.checks if part.kind == "money"]
    clusters = [context.clusters[part.cluster] for part in checks if part.cluster and part.cluster in context.clusters]
    return tuple(row for part in checks for row in _rows_of(claim.id, part, context, clusters))


def _rows_of(name: str, check: MoneyCheck, context: Context, clusters: Sequence[ClusterFacts]) -> Iterator[Discounted]:
    if check.discount_to is None or check.claimed is None:
        return
    plan = sum(devices.h100_equivalents or devices.gpus or 0.0 for devices in check.devices)
    for id in check.generations:
        accelerator = context.catalog.accelerator(id)
        try:
            (group,) = groups_of([DevicesSpec(accelerator=id, h100_equivalents=plan)], context)
            price = Span.make(accelerator.price).value
        except UnknownValueError:
            continue
        count = group.count.value
        has_unit_cost = accelerator.name in context.unit_cost
        unit_cost = Span.make(context.unit_cost[accelerator.name]).value if has_unit_cost else price
        listed = context.negotiable.get(accelerator.name) if has_unit_cost else None
        total, negotiable = count * unit_cost, count * (price if listed is None else Span.make(listed).value)
        for cluster in clusters:
            # Where a named cluster is the whole plan, built of this device, its own site gives the total.
            if are_equal({accelerator.name: count}, cluster.devices) and cluster.capex and cluster.negotiable:
                total, negotiable = cluster.capex.value, cluster.negotiable.value
        # The discount reduces the part of the claimed total that is paid for nodes and racks.
        part = check.claimed * negotiable / total
        needed = float(money.discount_between(check.claimed, check.discount_to, part))
        yield Discounted(
            claim=name,
            title=accelerator.title.split(",")[0].removeprefix("NVIDIA "),
            count=count,
            devices=count * price,
            totals=tuple(float(money.discounted_total(total, negotiable, share)) for share in DISCOUNTS),
            is_complete=has_unit_cost,
            needed=needed if needed <= 1.0 else None,
        )
