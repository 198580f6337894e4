"""A scenario's roadmap as a capacity expansion: devices, places, supply, power and money by quarter."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import numpy as np

from lindos import roadmap
from lindos.catalog import Catalog
from lindos.errors import InconsistentError, InputError
from lindos.roadmap import Expansion, Generation, Period
from lindos.roadmap.program import Floats
from lindos.scenario.roadmap import RoadmapSpec
from lindos.study.agreements import agreements
from lindos.study.contracts import rule, stated
from lindos.study.floor import NUM_DRAWS, World
from lindos.study.offers import Campus, campuses, offers
from lindos.study.reference import equivalents_per_device
from lindos.study.rivals import claims_by_period, portion
from lindos.study.standing import Standing
from lindos.units import YEAR, render

#: Lots of the smallest purchases that a plan tells apart; a lot is whole racks.
_LOTS = 1000
#: A plan of more than this many years may not leave most of its purchases to the last one.
_LONG = 2.0
_QUARTERS = 4
#: Longest plan in years: nobody's outlook on prices and supply reaches further.
_LONGEST = 20
#: Numbers of a generation that are those of an H100-equivalent.
_PER_EQUIVALENT = ("capex", "construction", "running", "facility_power", "negotiable")
_VENDORS = {"AMD": "share_amd", "Google": "share_google", "Amazon": "share_amazon"}


def question(
    world: World, spec: RoadmapSpec, standing: Standing, supply: roadmap.World, sizes: Mapping[tuple[str, str], int]
) -> Expansion:
    """Write the roadmap of a scenario as a question.

    Parameters
    ----------
    world
        Scenario and catalogue, in the point world.
    spec
        The roadmap of the scenario.
    standing
        Machines that are there or ordered.
    supply
        Deliveries of the world.
    sizes
        Devices bought by place and system, which decide the levels of their networks.

    Raises
    ------
    InconsistentError
        If the target is below the machines that are online or ordered.
    """
    assert spec.by is not None
    first, last = date.fromisoformat(spec.start), date.fromisoformat(spec.by)
    if (last - first).days > 365.25 * _LONGEST:
        relation = f"be at most {_LONGEST} years after the second"
        raise InconsistentError("roadmap.by", spec.by, "roadmap.start", spec.start, relation)
    periods, places = roadmap.quarters(first, last), campuses(world, spec)
    offered = [offers(world, spec, place, spec.by, sizes) for place in places]
    names = [item.name for item in offered[0]]
    equivalents = np.array([float(item.h100_equivalents or 0.0) for item in offered[0]])
    facts = _Facts(world.catalog, spec)
    held, drawn = _standing_by_period(standing, periods)
    wanted = _target(world, spec, float(held[-1]))
    middles = np.array([(period.middle - first).days / 365.25 for period in periods])
    per_device = {name: _per_device(offered, name, equivalents) for name in _PER_EQUIVALENT}
    claims = _claims(world, spec, periods, offered[0], supply, (wanted, float(held[-1]), float(drawn[-1])))
    shares = _shares(offered[0], supply, periods, facts, claims)
    power = per_device["facility_power"]
    worth = facts.value_now * facts.price_gain**-middles
    is_power = spec.target_power is not None
    queue = np.array([_queue(place, periods, supply, facts, first) for place in places])
    if spec.target_power is not None:
        _check_power(spec, float(drawn[-1]))
        queue = np.minimum(queue, spec.target_power - drawn[-1])
    if not np.any(shares > 0.0) and (is_power or (wanted or 0.0) > held[-1]):
        raise _too_soon(spec, facts)
    lot = _lots(world.catalog, offered[0], equivalents, (wanted or 0.0) - float(held[-1]), spec, power)
    plain = Expansion(
        periods=periods,
        generations=tuple(names),
        sites=tuple(place.name for place in places),
        vendors=tuple(item.vendor for item in offered[0]),
        equivalents=equivalents,
        power=power,
        price=np.repeat((per_device["capex"] - per_device["construction"])[:, :, None], len(periods), axis=2),
        running=per_device["running"],
        construction=np.repeat((per_device["construction"][-1] / power[-1])[:, None], len(periods), axis=1),
        supply=shares / equivalents[:, None],
        lot=lot,
        block=np.array([place.block for place in places]),
        is_block_whole=np.array([place.queue is not None for place in places]),
        queue=queue,
        standing_equivalents=held,
        standing_power=drawn,
        life=max(1, round((facts.life if spec.life is None else spec.life) / YEAR * _QUARTERS)),
        discount=(1.0 + facts.discount_rate) ** -middles,
        missing_value=worth,
        target_equivalents=wanted,
        target_power=None if spec.target_power is None else spec.target_power - float(np.max(power * lot[:, None])),
        reward=worth if is_power else None,
        budget=math.inf if spec.budget is None else spec.budget - _ordered_capex(standing),
        yearly_budgets=_budgets(spec, periods),
        last_share=spec.last_year_share if (last - first).days / 365.25 > _LONG else 1.0,
        negotiable=np.repeat(per_device["negotiable"][:, :, None], len(periods), axis=2),
        claims=claims,
        agreements=agreements(spec, names, world.catalog),
    )
    return stated(plain, spec, world.catalog, [item.available for item in offered[0]])


def _per_device(offered: Sequence[Sequence[Generation]], name: str, equivalents: Floats) -> Floats:
    """Read what a device costs or draws at each place, shape (G, S)."""
    amounts = np.array([[float(getattr(item, name) or 0.0) for item in row] for row in offered]).T
    products: Floats = amounts * equivalents[:, None]
    return products


def draws_of(
    base: Expansion,
    spec: RoadmapSpec,
    catalog: Catalog,
    offered: Sequence[Sequence[Generation]],
    supply: roadmap.World,
    count: int,
) -> Iterator[Expansion]:
    """Yield a question under draws of the catalogue: prices, power, supply, and when power comes.

    Parameters
    ----------
    base
        The question in the point world.
    spec
        The roadmap of the scenario.
    catalog
        A sampled catalogue.
    offered, supply
        What can be bought, and what the world delivers, in the sampled world.
    count
        Number of draws.
    """
    facts = _Facts(catalog, spec)
    delays = np.broadcast_to(catalog.parameter("supply.queue_delay", "s").value, (NUM_DRAWS,)) / YEAR

    def column(value: Any) -> Floats:
        return np.broadcast_to(np.asarray(0.0 if value is None else value, float), (NUM_DRAWS,))

    rates = np.array([column(item.h100_equivalents) for item in offered[0]])
    fields = {
        name: np.array([[column(getattr(item, name)) for item in row] for row in offered]).swapaxes(0, 1)
        * rates[:, None]
        for name in _PER_EQUIVALENT
    }
    amounts = _supply_draws(offered[0], supply, base.periods, facts, base.claims)
    for draw in range(count):
        power = fields["facility_power"][..., draw]
        price = (fields["capex"] - fields["construction"])[..., draw][:, :, None]
        negotiable = fields["negotiable"][..., draw][:, :, None]
        share = 1.0 if base.price_share is None else base.price_share[:, None, :]
        buildings = fields["construction"][-1, :, draw] / power[-1]
        yield roadmap.delayed(
            replace(
                base,
                equivalents=rates[:, draw],
                power=power,
                price=np.broadcast_to(price - (1.0 - share) * negotiable, base.price.shape),
                negotiable=np.broadcast_to(share * negotiable, base.price.shape),
                construction=np.broadcast_to(buildings[:, None], base.construction.shape),
                # A cell without supply in the point world has no column: all draws keep one shape.
                supply=np.where(base.supply > 0.0, np.maximum(amounts[..., draw] / rates[:, draw, None], 1e-6), 0.0),
            ),
            float(delays[draw]),
        )


def _supply_draws(
    offered: Sequence[Generation],
    supply: roadmap.World,
    periods: Sequence[Period],
    facts: "_Facts",
    claims: Floats | None,
) -> Floats:
    """H100-equivalents of each generation that the buyer can get in each period and draw."""
    rows = []
    ready = periods[0].begin + timedelta(seconds=facts.lead)
    for item in offered:
        row = []
        for index, period in enumerate(periods):
            made = supply.delivered_in(period.begin, period.end)
            part = portion(facts.share, facts.largest, claims, index, made)
            amount = part * _delivered(item, offered, supply, period, ready, facts)
            row.append(np.broadcast_to(np.asarray(amount, float), (NUM_DRAWS,)))
        rows.append(row)
    return np.array(rows)


class _Facts:
    """Parameters that a plan reads, as numbers."""

    def __init__(self, catalog: Catalog, spec: RoadmapSpec) -> None:
        read = partial(rule, catalog)
        self.largest = read("supply.largest_share")
        self.share = spec.share_of_supply if spec.share_of_supply is not None else self.largest
        self.lead = spec.lead_time if spec.lead_time is not None else read("supply.lead_time", "s")
        value = spec.compute_value if spec.compute_value is not None else read("supply.rent_price", "USD/s")
        self.value_now = value * YEAR
        self.price_gain = read("trends.performance_per_dollar_growth")
        self.discount_rate = read("economics.discount_rate")
        self.life = read("economics.it_life", "s")
        self.ramp = read("supply.ramp_time", "s")
        self.vendors = {vendor: read(f"supply.{name}") for vendor, name in _VENDORS.items()}


def _standing_by_period(standing: Standing, periods: Sequence[Period]) -> tuple[Floats, Floats]:
    """H100-equivalents and W of what is there or ordered at the end of each period."""
    ends = [period.end.isoformat() for period in periods]
    arrived = [[batch for batch in standing.deliveries if batch.date <= end] for end in ends]
    counts = [float(standing.h100_equivalents) + sum(float(batch.h100_equivalents) for batch in row) for row in arrived]
    watts = [float(standing.power) + sum(float(batch.power or 0.0) for batch in row) for row in arrived]
    return np.array(counts), np.array(watts)


def _ordered_capex(standing: Standing) -> float:
    return sum(float(batch.capex or 0.0) for batch in standing.deliveries)


def _target(world: World, spec: RoadmapSpec, held: float) -> float | None:
    """H100-equivalents on the last day; None where the target is a power."""
    if spec.target_power is not None or spec.target_flop is not None:
        return None
    path, wanted = "roadmap.target_h100_equivalents", spec.target_h100_equivalents
    if spec.target_gpus is not None:
        device, path = spec.target_accelerator or "", "roadmap.target_gpus"
        name = "roadmap.target_accelerator"
        wanted = float(spec.target_gpus) * float(equivalents_per_device(world.catalog, device, name))
    if spec.target_tokens is not None:
        assert spec.token_rate is not None
        path, wanted = "roadmap.target_tokens", spec.target_tokens / spec.token_rate
    if wanted is None:
        return held if spec.objective == "cost" else None
    if wanted < held * (1.0 - 1e-12):
        start = "H100-equivalents online or ordered"
        raise InconsistentError(path, wanted, start, held, "be at least the second", "The target is met already.")
    return wanted


def _check_power(spec: RoadmapSpec, drawn: float) -> None:
    assert spec.target_power is not None
    if spec.target_power <= drawn:
        raise InconsistentError(
            *("roadmap.target_power", render(spec.target_power, "W"), "the power of machines online or ordered"),
            *(render(drawn, "W"), "be more than the second", "Raise the target, or start from less."),
        )


def _too_soon(spec: RoadmapSpec, facts: "_Facts") -> InputError:
    first = (date.fromisoformat(spec.start) + timedelta(seconds=facts.lead)).isoformat()
    hint = "Nothing that is bought arrives before: see roadmap.lead_time and roadmap.devices."
    return InputError("roadmap.by", spec.by, f"later than {first}, when first orders arrive", hint)


def _claims(
    world: World,
    spec: RoadmapSpec,
    periods: Sequence[Period],
    offered: Sequence[Generation],
    supply: roadmap.World,
    amounts: tuple[float | None, float, float],
) -> Floats | None:
    """What rivals and the plan want by period, if what is short is shared in proportion."""
    if spec.sharing == "share":
        return None
    target, held, drawn = amounts
    if target is None:
        assert spec.target_power is not None
        first, last = periods[0].begin, periods[-1].end
        made = [
            (float(supply.delivered_in(first, last, item.name)), float(item.facility_power or 0.0))
            for item in offered
            if item.name in supply.generations
        ]
        needed = sum(count * power for count, power in made) / max(sum(count for count, _ in made), 1e-9)
        target = held + (spec.target_power - drawn) / needed
    return claims_by_period(world, spec, periods, max(target - held, 0.0))


def _shares(
    offered: Sequence[Generation],
    supply: roadmap.World,
    periods: Sequence[Period],
    facts: _Facts,
    claims: Floats | None,
) -> Floats:
    """H100-equivalents of each generation that the buyer can get in each period, shape (G, T)."""
    ready = periods[0].begin + timedelta(seconds=facts.lead)
    parts = [
        float(portion(facts.share, facts.largest, claims, index, supply.delivered_in(period.begin, period.end)))
        for index, period in enumerate(periods)
    ]
    return np.array(
        [
            [
                part * float(_delivered(item, offered, supply, period, ready, facts))
                for part, period in zip(parts, periods, strict=True)
            ]
            for item in offered
        ]
    )


def _delivered(
    item: Generation,
    offered: Sequence[Generation],
    supply: roadmap.World,
    period: Period,
    ready: date,
    facts: _Facts,
) -> Any:
    """H100-equivalents of a generation that all buyers get in a period, from the day on which first orders arrive."""
    begin = max(period.begin, ready)
    if begin >= period.end:
        return 0.0
    if item.name in supply.generations:
        return supply.delivered_in(begin, period.end, item.name)
    makers = [maker for maker in offered if maker.vendor == item.vendor]
    launches = [maker.available for maker in makers]
    share = roadmap.ramped_shares(launches, facts.ramp, period.middle)[makers.index(item)]
    return float(share) * facts.vendors.get(item.vendor, 0.0) * supply.delivered_in(begin, period.end)


def _queue(place: Campus, periods: Sequence[Period], supply: roadmap.World, facts: _Facts, first: date) -> list[float]:
    """Facility power that can be energised at a place until the end of each period, in W."""
    if place.queue is None:
        return [facts.share * float(supply.power_between(first, period.end)) for period in periods]
    begin = date.fromisoformat(place.queue.first)
    steps = []
    for period in periods:
        passed = (period.end - begin).days / 365.25
        steps.append(place.block + place.queue.yearly * passed if passed >= 0.0 else 0.0)
    return [min(step, place.queue.limit) for step in steps]


def _lots(
    catalog: Catalog,
    offered: Sequence[Generation],
    equivalents: Floats,
    wanted: float,
    spec: RoadmapSpec,
    power: Floats,
) -> Floats:
    """Devices of a lot: whole racks, so many that a plan has a few hundred lots at least."""
    sizes = np.array([float(catalog.system(item.system).num_devices.value) for item in offered])
    amount = wanted / equivalents if spec.target_power is None else spec.target_power / power[:, 0]
    racks = np.maximum(amount / sizes / _LOTS, 1.0)
    lots: Floats = sizes * 10.0 ** np.floor(np.log10(racks))
    return lots


def _budgets(spec: RoadmapSpec, periods: Sequence[Period]) -> tuple[tuple[int, int, float], ...]:
    listed = []
    for limit in spec.budgets:
        times = [index for index, period in enumerate(periods) if period.middle.year == limit.year]
        if times:
            listed.append((times[0], times[-1] + 1, limit.amount))
    return tuple(listed)
