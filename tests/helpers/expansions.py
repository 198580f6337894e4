"""Small capacity expansions for tests: every number by hand, or drawn."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from lindos.roadmap import World, WorldYear
from lindos.roadmap.expansion import Expansion, quarters


def expansion(
    *,
    years: int = 3,
    num_sites: int = 2,
    num_generations: int = 3,
    seed: int = 0,
    **changes: Any,
) -> Expansion:
    """Return a question with generations that follow each other, and campuses that grow.

    Parameters
    ----------
    years
        Length of the plan.
    num_sites, num_generations
        Its size.
    seed
        Seed of the small differences between sites.
    changes
        Fields to replace.
    """
    rng = np.random.default_rng(seed)
    periods = quarters(date(2026, 1, 1), date(2026 + years, 1, 1))
    num_periods = len(periods)
    ages = np.arange(num_generations)
    times = np.arange(num_periods)
    launches = (num_periods * 0.7 * ages / max(num_generations - 1, 1)).astype(int)
    equivalents = 2.5 * 2.3**ages
    ramps = np.clip((times[None] - launches[:, None] + 1) / 4, 0, 1)
    newer = np.vstack([ramps[1:], np.zeros(num_periods)])
    middles = np.cumsum([period.years for period in periods]) - 0.125
    supply = 0.25 * np.clip(ramps - newer, 0, 1) * 6e6 * 1.12**times / equivalents[:, None]
    supply[:, :2] = 0
    factors = equivalents / 1.5**ages
    terms = rng.uniform(0.95, 1.05, num_sites)
    pace = rng.uniform(0.6, 1.2, (num_sites, 1))
    question = Expansion(
        periods=periods,
        generations=tuple(f"g{age}" for age in ages),
        sites=tuple(f"s{index}" for index in range(num_sites)),
        vendors=("maker",) * num_generations,
        equivalents=equivalents,
        power=1000.0 * factors[:, None] * terms,
        price=20e3 * factors[:, None, None] * np.ones((1, num_sites, num_periods)),
        running=800.0 * factors[:, None] * terms,
        construction=np.full((num_sites, num_periods), 12.0),
        supply=supply,
        lot=np.full(num_generations, 7_200.0),
        block=np.full(num_sites, 100e6),
        is_block_whole=np.ones(num_sites, bool),
        queue=np.cumsum(np.full((num_sites, num_periods), 1.5e9 / num_sites) * pace, axis=1),
        standing_equivalents=np.full(num_periods, 300e3),
        standing_power=np.full(num_periods, 0.4e9),
        life=20,
        discount=1.1**-middles,
        missing_value=12e3 * 1.3**-middles,
        target_equivalents=4e6,
        last_share=0.5,
    )
    return replace(question, **changes)


def doubling(stock: float = 16e6, factor: float = 2.0) -> World:
    """Return a world whose stock on the first day of 2026 grows by a factor every year, before and after.

    Parameters
    ----------
    stock
        H100-equivalents on that day.
    factor
        Growth a year.
    """
    origin = date(2026, 1, 1)

    def amount(day: date) -> float:
        return float(stock * factor ** ((day - origin).days / 365.25))

    periods = quarters(date(2018, 1, 1), date(2050, 1, 1))
    delivered = tuple(amount(period.end) - amount(period.begin) for period in periods)
    return World(
        periods=periods,
        generations=("old",),
        mix=((1.0,),) * len(periods),
        delivered=delivered,
        start=amount(periods[0].begin),
        years=(WorldYear(year=2026, delivered=stock, power=1e9, capex=1e9, bounds={"packaging": stock}),),
        power_added=(1e9,) * len(periods),
    )
