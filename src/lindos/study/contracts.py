"""What a roadmap states beside purchases: objective, rent and leases, inference, cash and debt, resale."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from lindos.catalog import Catalog
from lindos.roadmap import Expansion
from lindos.roadmap.program import Floats
from lindos.scenario.resolve import REFERENCE_DEVICE
from lindos.scenario.roadmap import CapacitySpec, RoadmapSpec
from lindos.units import YEAR

#: Worth of an H100-equivalent on the last day for a year in USD, where the most of them is sought: beyond any price.
_STOCK_WORTH = 1e6


def rule(catalog: Catalog, name: str, unit: str = "1") -> float:
    """Read a parameter that is a rule of the plan: it counts with its median, only what the plan meets is drawn.

    Parameters
    ----------
    catalog
        A catalogue, with draws or without.
    name
        Name of the parameter.
    unit
        Its unit.
    """
    return float(np.median(np.asarray(catalog.parameter(name, unit).value, dtype=float)))


def stated(question: Expansion, spec: RoadmapSpec, catalog: Catalog, launches: Sequence[date]) -> Expansion:
    """Add to a question what a roadmap states beside purchases.

    Parameters
    ----------
    question
        Purchases, places and target.
    spec
        The roadmap of the scenario.
    catalog
        Rent, cost of capital and the decline of prices, where the roadmap states none.
    launches
        First day of sale of each generation.
    """
    question = _declining(question, spec.price_decline, launches)
    for add in (_objective, _flop, _capacity, _occupied, _finance):
        question = add(question, spec, catalog)
    return question if spec.resale is None else _resale(question, spec.resale, catalog, launches)


def equivalents_per_saving(question: Expansion) -> float:
    """Compute the H100-equivalents on the last day that a dollar of the objective stands for, where most are sought.

    Parameters
    ----------
    question
        A question whose objective is the stock.
    """
    return 1.0 / (_STOCK_WORTH * float(question.discount[-1]))


def _objective(question: Expansion, spec: RoadmapSpec, catalog: Catalog) -> Expansion:
    if spec.objective == "cost":
        return question
    if spec.objective == "compute":
        return replace(question, reward=question.missing_value, missing_value=0.0 * question.missing_value)
    worth = np.zeros(len(question.periods))
    worth[-1] = _STOCK_WORTH / question.durations[-1]
    return replace(question, reward=worth, missing_value=0.0 * question.missing_value)


def _flop(question: Expansion, spec: RoadmapSpec, catalog: Catalog) -> Expansion:
    if spec.target_flop is None:
        return question
    assert spec.mfu is not None
    peak = catalog.accelerator(REFERENCE_DEVICE).counted_peak("fp8").value
    return replace(question, target_flop=spec.target_flop / (float(np.median(peak)) * spec.mfu * YEAR))


def _capacity(question: Expansion, spec: RoadmapSpec, catalog: Catalog) -> Expansion:
    changes: dict[str, Floats] = {}
    for name, capacity in (("rent", spec.rent), ("lease", spec.lease)):
        if capacity is not None:
            changes[f"{name}_limit"] = np.full(len(question.periods), capacity.limit)
            changes[f"{name}_price"] = np.full(len(question.periods), _yearly_price(capacity, catalog))
    return replace(question, **changes)  # type: ignore[arg-type]


def _yearly_price(capacity: CapacitySpec, catalog: Catalog) -> float:
    price = rule(catalog, "supply.rent_price", "USD/s") if capacity.price is None else capacity.price
    return price * YEAR


def _declining(question: Expansion, decline: float, launches: Sequence[date]) -> Expansion:
    """Let the price of nodes and racks fall from the first day of sale on; network stays as it is."""
    if not decline or question.negotiable is None:
        return question
    share = (1.0 - decline) ** _ages(question, launches)
    return replace(
        question,
        price=question.price - (1.0 - share[:, None]) * question.negotiable,
        negotiable=share[:, None] * question.negotiable,
        price_share=share,
    )


def _ages(question: Expansion, launches: Sequence[date]) -> Floats:
    """Years since the first day of sale in the middle of each period, shape (G, T); zero before it."""
    return np.array(
        [[max((period.middle - launch).days / 365.25, 0.0) for period in question.periods] for launch in launches]
    )


def _occupied(question: Expansion, spec: RoadmapSpec, catalog: Catalog) -> Expansion:
    if spec.inference is None:
        return question
    passed = np.cumsum(question.durations)
    return replace(question, demand=spec.inference.h100_equivalents * spec.inference.growth**passed)


def _finance(question: Expansion, spec: RoadmapSpec, catalog: Catalog) -> Expansion:
    terms = spec.finance
    if terms is None:
        return question
    income = (terms.income or 0.0) * question.durations
    income[0] += terms.cash or 0.0
    interest = rule(catalog, "economics.discount_rate") if terms.interest is None else terms.interest
    debt = np.full(len(question.periods), terms.debt or 0.0)
    return replace(question, income=income, debt_limit=debt, interest=interest)


def _resale(question: Expansion, share: float, catalog: Catalog, launches: Sequence[date]) -> Expansion:
    """A used device brings a share of what a new one of the same performance costs on the day."""
    decline = rule(catalog, "trends.performance_per_dollar_growth")
    ages = _ages(question, launches)
    return replace(question, resale=share * question.price.min(axis=1) * decline**-ages)
