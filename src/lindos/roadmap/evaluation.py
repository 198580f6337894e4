"""A plan under the facts of one world: what its purchases deliver, draw and cost there, quarter by quarter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Annotated, Any

from lindos.catalog.gaps import Gap
from lindos.formulas import growth as formulas
from lindos.quantities import Count, Fraction, Seconds, Usd, Watts, namespace
from lindos.results import Why
from lindos.roadmap.calendar import YEAR, day, seconds_between
from lindos.roadmap.generations import Generation
from lindos.roadmap.path import Delivery, total
from lindos.roadmap.plan import Plan
from lindos.roadmap.supply import World, counted
from lindos.roadmap.trends import Trends


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a plan buys of one generation for one place in a quarter."""

    place: str
    generation: str
    vendor: str
    devices: float
    h100_equivalents: Annotated[Count, Why("8-bit dense")]
    power: Annotated[Watts, Why("facility power that they draw at the place")]
    capex: Annotated[Usd, Why("machines and network, after what is agreed; buildings are paid by block")]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanQuarter:
    """One quarter of a plan.

    ``orders`` are what is bought in it, ``devices`` that by generation, ``stock`` all that were bought and still
    work; ``sites`` is the facility power that they draw by place in W, ``energised`` what is ready there.
    """

    name: str
    end: str
    orders: tuple[Order, ...] = ()
    devices: Mapping[str, float]
    stock: Mapping[str, float]
    sites: Mapping[str, Watts]
    energised: Mapping[str, float]
    h100_equivalents: Annotated[Count, Why("online at the end of the quarter, 8-bit dense")]
    bought: Annotated[Count, Why("H100-equivalents bought, besides ordered machines")]
    added: Annotated[Count, Why("brought online in the quarter, ordered machines included")]
    power: Annotated[Watts, Why("facility power of all that is online at its end")]
    capex: Annotated[Usd, Why("spent on what the quarter adds: machines, network, buildings and plant")]
    cumulative_capex: Annotated[Usd, Why("spent since the start")]
    world_added: Annotated[Count, Why("what all suppliers deliver in the same time")]

    @property
    def share_of_supply(self) -> Fraction:
        """Purchases over what all suppliers deliver in the same time."""
        return self.bought / self.world_added


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """A plan from today to a target."""

    start: str
    end: str
    start_h100_equivalents: Annotated[Count, Why("online at the start, 8-bit dense")]
    ordered_h100_equivalents: Annotated[Count, Why("of the scenario's own cluster, online between start and target")]
    bought_h100_equivalents: Annotated[Count, Why("bought besides machines that are online or ordered, 8-bit dense")]
    start_power: Annotated[Watts, Why("facility power of machines online at the start")]
    ordered_power: Annotated[Watts, Why("facility power of ordered machines, as their site has it")]
    bought_power: Annotated[Watts, Why("facility power of purchases that still work on the last day")]
    ordered_capex: Annotated[Usd, Why("capital cost of ordered machines, as their site has it")]
    bought_capex: Annotated[Usd, Why("machines and network of purchases, after what is agreed")]
    built_capex: Annotated[Usd, Why("buildings and plant for purchases")]
    running_cost: Annotated[Usd, Why("energy and maintenance of purchases until the last day")]
    contract_cost: Annotated[Usd, Why("rent and interest until the last day, as the plan has them")]
    contract_income: Annotated[Usd, Why("what leases and resale bring until the last day, as the plan has them")]
    net_present_cost: Annotated[Usd, Why("capital, running and contract costs, discounted to the first day")]
    delivered: Annotated[Count, Why("H100-equivalents times years until the last day, own and rented, less leased")]
    last_year_share: Annotated[Fraction, Why("share of purchases, in H100-equivalents, that comes in the last year")]
    required_growth: Annotated[Fraction, Why("factor per year from start to target")]
    record_growth: Annotated[Fraction, Why("factor per year of the largest single site")]
    leading_growth: Annotated[Fraction, Why("factor per year of the leading supercomputers")]
    time_at_record_growth: Annotated[Seconds, Why("time to the target if growth is that of the largest site")]
    peak_share_of_supply: Annotated[Fraction, Why("largest share of what the world delivers in a year")]
    share_of_power: Annotated[Fraction, Why("of the facility power for AI that the world adds in the same time")]
    quarters: tuple[PlanQuarter, ...]
    gaps: tuple[Gap, ...] = ()

    @property
    def target_h100_equivalents(self) -> Count:
        """H100-equivalents online at the end, 8-bit dense."""
        return self.quarters[-1].h100_equivalents

    @property
    def final_power(self) -> Watts:
        """Facility power on the last day."""
        return self.start_power + self.ordered_power + self.bought_power

    @property
    def total_capex(self) -> Usd:
        """Spent from start to target, all in."""
        return self.ordered_capex + self.bought_capex + self.built_capex

    @property
    def pace(self) -> Fraction:
        """Required growth over that of the largest single site; above 1 the plan is faster than the record."""
        return self.required_growth / self.record_growth


def evaluate(
    plan: Plan,
    *,
    offered: Sequence[Sequence[Generation]],
    start_h100_equivalents: Count,
    start_power: Watts,
    deliveries: Sequence[Delivery],
    world: World,
    trends: Trends,
    gaps: tuple[Gap, ...] = (),
) -> PlanResult:
    """Compute what a plan delivers, draws and costs under the facts of a world.

    Parameters
    ----------
    plan
        Devices and blocks by quarter and place.
    offered
        What each place can buy, with rate, power and cost of a device in this world.
    start_h100_equivalents, start_power
        Machines that are online at the start, 8-bit dense and W.
    deliveries
        Ordered machines.
    world
        Deliveries of the world.
    trends
        Growth of the record.
    gaps
        Facts that power and cost of what stands or is ordered lack.
    """
    rows = [_Row(plan, index, offered) for index in range(len(plan.question.periods))]
    quarters = _quarters(plan, rows, (start_h100_equivalents, start_power), deliveries, world)
    first, last = plan.question.periods[0].begin, plan.question.periods[-1].end
    arrived = [batch for batch in deliveries if first < day(batch.date, "cluster.pools.online") <= last]
    reached = quarters[-1].h100_equivalents
    duration = seconds_between(first, last)
    bought = total(row.bought for row in rows)
    late = total(row.bought for row, is_late in zip(rows, plan.question.last_year, strict=True) if is_late)
    xp = namespace(bought, reached)
    discounts = [float(value) for value in plan.question.discount]
    contracts = [float(amount) for amount in plan.contract_costs - plan.contract_income]
    return PlanResult(
        start=first.isoformat(),
        end=last.isoformat(),
        start_h100_equivalents=start_h100_equivalents,
        ordered_h100_equivalents=total(batch.h100_equivalents for batch in arrived),
        bought_h100_equivalents=bought,
        start_power=start_power,
        ordered_power=total(batch.power for batch in arrived),
        bought_power=total(rows[-1].power.values()),
        ordered_capex=total(batch.capex for batch in arrived),
        bought_capex=total(row.machines for row in rows),
        built_capex=total(row.buildings for row in rows),
        running_cost=total(row.running for row in rows),
        contract_cost=float(plan.contract_costs.sum()),
        contract_income=float(plan.contract_income.sum()),
        net_present_cost=total(
            (row.machines + row.buildings + row.running + contract) * factor
            for row, contract, factor in zip(rows, contracts, discounts, strict=True)
        ),
        delivered=total(
            (quarter.h100_equivalents + rest) * period.years
            for quarter, rest, period in zip(
                quarters, map(float, plan.rented - plan.leased), plan.question.periods, strict=True
            )
        ),
        last_year_share=late / xp.where(bought == 0.0, 1.0, bought),
        required_growth=formulas.growth_factor(start_h100_equivalents, reached, duration, YEAR),
        record_growth=trends.record_growth,
        leading_growth=trends.leading_growth,
        time_at_record_growth=xp.log2(reached / start_h100_equivalents)
        * formulas.doubling_time(trends.record_growth, YEAR),
        peak_share_of_supply=_peak(quarters, plan),
        share_of_power=total(rows[-1].power.values()) / world.power_between(first, last),
        quarters=quarters,
        gaps=gaps,
    )


class _Row:
    """One period of a plan in one world."""

    def __init__(self, plan: Plan, index: int, offered: Sequence[Sequence[Generation]]) -> None:
        question = plan.question
        years = question.periods[index].years
        self.bought: Count = 0.0
        self.retired: Count = 0.0
        self.machines: Usd = 0.0
        self.buildings: Usd = 0.0
        self.running: Usd = 0.0
        self.power: dict[str, Watts] = {}
        self.orders: list[Order] = []
        discounts = plan.discounts
        for place, (name, generations) in enumerate(zip(question.sites, offered, strict=True)):
            drawn: Watts = 0.0
            for kind, item in enumerate(generations):
                count = item.h100_equivalents
                devices, stock = float(plan.bought[kind, place, index]), float(plan.stock[kind, place, index])
                sold = float(plan.sold[kind, place, index])
                if not (devices or stock or sold) or count is None:
                    continue
                self.retired = self.retired + sold * count
                machines = _cost(item, "capex") - _cost(item, "construction")
                asked = 1.0 if question.price_share is None else float(question.price_share[kind, index])
                machines = machines - (1.0 - asked * (1.0 - float(discounts[kind]))) * _cost(item, "negotiable")
                self.bought = self.bought + devices * count
                self.machines = self.machines + devices * count * machines
                self.running = self.running + (stock - 0.5 * devices) * count * _cost(item, "running") * years
                drawn = drawn + stock * count * _cost(item, "facility_power")
                if devices:
                    order = Order(
                        place=name,
                        generation=item.name,
                        vendor=item.vendor,
                        devices=devices,
                        h100_equivalents=devices * count,
                        power=devices * count * _cost(item, "facility_power"),
                        capex=devices * count * machines,
                    )
                    self.orders.append(order)
            self.power[name] = drawn
            self.buildings = self.buildings + self._built(plan, place, index, generations)

    @staticmethod
    def _built(plan: Plan, place: int, index: int, generations: Sequence[Generation]) -> Usd:
        """Cost of the blocks of a period: a world whose devices draw more needs as much more of them."""
        built = float(plan.built[place, index])
        if not built:
            return 0.0
        last = generations[-1]
        planned = float(plan.question.power[:, place] @ plan.stock[:, place, -1])
        stocks = zip(generations, plan.stock[:, place, -1], strict=True)
        drawn = total(float(stock) * counted(item) * _cost(item, "facility_power") for item, stock in stocks)
        ratio = drawn / planned if planned > 0.0 else 1.0
        price: Usd = built * ratio * _cost(last, "construction") / _cost(last, "facility_power")
        return price


def _cost(item: Generation, name: str) -> Any:
    value = getattr(item, name)
    return 0.0 if value is None else value


def _quarters(
    plan: Plan,
    rows: Sequence[_Row],
    start: tuple[Count, Watts],
    deliveries: Sequence[Delivery],
    world: World,
) -> tuple[PlanQuarter, ...]:
    question, listed = plan.question, []
    equivalents, power = start
    spent: Usd = 0.0
    for index, (period, row) in enumerate(zip(question.periods, rows, strict=True)):
        arriving = [batch for batch in deliveries if period.begin < day(batch.date, "online") <= period.end]
        ordered = total(batch.h100_equivalents for batch in arriving)
        power = power + total(batch.power for batch in arriving)
        capex = total(batch.capex for batch in arriving) + row.machines + row.buildings
        spent = spent + capex
        equivalents = equivalents + ordered + row.bought - row.retired
        listed.append(
            PlanQuarter(
                name=period.name,
                end=period.end.isoformat(),
                orders=tuple(row.orders),
                devices=_by_generation(question.generations, plan.bought[:, :, index].sum(axis=1)),
                stock=_by_generation(question.generations, plan.stock[:, :, index].sum(axis=1)),
                sites=row.power,
                energised={name: float(plan.energised[place, index]) for place, name in enumerate(question.sites)},
                h100_equivalents=equivalents,
                bought=row.bought,
                added=ordered + row.bought,
                power=power + total(row.power.values()),
                capex=capex,
                cumulative_capex=spent,
                world_added=world.delivered_in(period.begin, period.end),
            )
        )
    return tuple(listed)


def _by_generation(names: Sequence[str], amounts: Any) -> dict[str, float]:
    return {name: float(amount) for name, amount in zip(names, amounts, strict=True)}


def _peak(quarters: Sequence[PlanQuarter], plan: Plan) -> Fraction:
    """Largest share of a calendar year's deliveries."""
    years = sorted({period.middle.year for period in plan.question.periods})
    shares = []
    for year in years:
        rows = [
            quarter
            for quarter, period in zip(quarters, plan.question.periods, strict=True)
            if period.middle.year == year
        ]
        shares.append(total(row.bought for row in rows) / total(row.world_added for row in rows))
    return reduce(lambda most, share: namespace(most, share).maximum(most, share), shares)
