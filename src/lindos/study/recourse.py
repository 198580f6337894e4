"""Terms of a plan in two stages: what is ordered before the draws are known, and what a missed target costs."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from lindos.catalog import Catalog
from lindos.roadmap import Expansion, Period
from lindos.roadmap.program import Floats
from lindos.scenario.roadmap import RoadmapSpec
from lindos.study.contracts import rule
from lindos.units import YEAR


def ordered_before(periods: Sequence[Period], spec: RoadmapSpec, catalog: Catalog) -> Floats:
    """Flag the periods whose deliveries are ordered before the draws are known, shape (T,).

    Parameters
    ----------
    periods
        Periods of the plan.
    spec
        The roadmap, with a day on which they are known.
    catalog
        Time from an order to machines on line.
    """
    assert spec.recourse is not None
    lead = rule(catalog, "supply.lead_time", "s") if spec.lead_time is None else spec.lead_time
    arrived = date.fromisoformat(spec.recourse.day) + timedelta(seconds=lead)
    return np.array([1.0 if period.end <= arrived else 0.0 for period in periods])


def shortfall_price(question: Expansion, catalog: Catalog) -> float:
    """Compute the present value of renting an H100-equivalent from the last day for as long as machines live, in USD.

    Parameters
    ----------
    question
        The question, whose last day counts.
    catalog
        Rent, its decline, the cost of capital and the life of machines.
    """
    passed = (question.periods[-1].end - question.periods[0].begin).days / 365.25
    rent = rule(catalog, "supply.rent_price", "USD/s") * YEAR
    decline = rule(catalog, "trends.performance_per_dollar_growth", "1")
    discount = 1.0 + rule(catalog, "economics.discount_rate", "1")
    years = passed + np.arange(round(rule(catalog, "economics.it_life", "s") / YEAR)) + 0.5
    return float(np.sum(rent * decline**-years * discount**-years))
