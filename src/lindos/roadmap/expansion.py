"""The question of a capacity expansion as arrays: what can be bought when and where, at which price, to which end."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lindos.errors import InputError
from lindos.roadmap.calendar import YEAR, seconds_between
from lindos.roadmap.program import Floats

#: Periods shorter than this are joined with their neighbour.
_SHORTEST = 30
_QUARTER = 3


@dataclass(frozen=True, slots=True)
class Period:
    """A quarter of a year, or what of it lies between the first and the last day of a plan."""

    begin: date
    end: date

    @property
    def years(self) -> float:
        """Duration in years."""
        return float(seconds_between(self.begin, self.end)) / YEAR

    @property
    def middle(self) -> date:
        """Day in the middle."""
        return self.begin + (self.end - self.begin) / 2

    @property
    def name(self) -> str:
        """Quarter in which most of it lies: ``2026 Q1``.

        Examples
        --------
        >>> Period(date(2025, 12, 31), date(2026, 3, 31)).name
        '2026 Q1'
        """
        return f"{self.middle.year} Q{(self.middle.month - 1) // _QUARTER + 1}"


def quarters(first: date, last: date) -> tuple[Period, ...]:
    """Cut the time between two days into calendar quarters; a rest of less than a month joins its neighbour.

    Parameters
    ----------
    first, last
        First and last day.

    Examples
    --------
    >>> [period.name for period in quarters(date(2025, 7, 22), date(2026, 4, 10))]
    ['2025 Q3', '2025 Q4', '2026 Q1']
    """
    ends: list[date] = []
    year, month = first.year, (first.month - 1) // _QUARTER * _QUARTER + _QUARTER + 1
    while True:
        year, month = (year + 1, month - 12) if month > 12 else (year, month)
        end = date(year, month, 1) - timedelta(days=1)
        if (last - end).days < _SHORTEST:
            break
        if (end - first).days >= _SHORTEST:
            ends.append(end)
        month += _QUARTER
    days = (first, *ends, last)
    return tuple(Period(begin, end) for begin, end in pairwise(days))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Agreement:
    """A price for whoever commits to a number of devices over the whole plan.

    Parameters
    ----------
    name
        In words.
    generations
        Whether it covers each generation, shape (G,).
    devices
        Least number of devices of these generations together.
    discount
        Share off what is negotiable of their price, for all of them.
    """

    name: str
    generations: NDArray[np.bool_]
    devices: float
    discount: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expansion:
    """What a plan may do in T periods, with G generations at S sites, and what it is to reach.

    Parameters
    ----------
    periods
        Quarters, in order.
    generations, sites
        Names; ``vendors`` is the maker of each generation.
    vendors
        See above.
    equivalents
        H100-equivalents of a device, shape (G,).
    power
        Facility power of a device in W, shape (G, S).
    price
        Cost of a device with its share of network and storage in USD, shape (G, S, T), by period of delivery.
    running
        Energy and maintenance of a device in USD a year, shape (G, S).
    construction
        Building and plant in USD per W of facility power, shape (S, T), by period in which they are ready.
    supply
        Devices that this buyer can get in each period, shape (G, T); zero before launch and within the lead time.
    lot
        Devices of a lot, shape (G,); purchases are whole lots in the final plan.
    block
        Facility power of a block in W, shape (S,).
    is_block_whole
        Whether power and buildings come in whole blocks in the final plan, shape (S,).
    queue
        Facility power that can be energised until the end of each period in W, shape (S, T).
    standing_equivalents, standing_power
        H100-equivalents and W of machines that are online or ordered, at the end of each period, shape (T,).
    life
        Periods after which a device retires.
    discount
        Present value of a dollar of each period, shape (T,).
    missing_value
        Worth of an H100-equivalent that is missing from the target for a year, in USD, shape (T,); zero if compute
        before the date is worth nothing.
    target_equivalents, target_power, target_flop
        Stock on the last day; facility power on that day in W; H100-equivalent-years delivered until then. At least
        one is given, unless `reward` is.
    reward
        Worth of an H100-equivalent-year that is delivered, in USD, shape (T,): the plan then seeks the most compute.
    budget
        Capital until the last day in USD; infinite if nothing limits it.
    yearly_budgets
        First and last period (exclusive) and capital in USD of each limited time.
    income, debt_limit, interest
        Cash in USD that comes in at each period, shape (T,), the most debt in USD, shape (T,), and its interest a year;
        no cash is tracked if ``income`` is None.
    demand
        H100-equivalents that inference occupies in each period, shape (T,).
    rent_limit, rent_price
        H100-equivalents that can be rented, and USD per H100-equivalent and year, shape (T,).
    lease_limit, lease_price
        The same for own capacity that is leased to others.
    resale
        USD for a device that is sold before the end of its life, shape (G, T); None if none is sold.
    last_share
        Largest share of all purchases in the last year, in H100-equivalents.
    negotiable
        Part of the price that a discount applies to in USD a device, shape (G, S, T); None if nothing is negotiable.
    claims
        H100-equivalents that each rival, and in the last row this buyer, want in each period if what is short is shared
        in proportion, shape (R + 1, T); None if others do not count. `supply` holds it already.
    price_share
        Share of the negotiable price on the first day of sale that is asked in each period, shape (G, T): what `price`
        and `negotiable` hold already; None if prices stay.
    agreements
        Prices that can be agreed on; a device is bought under one of them at most.
    agreed
        Whether each agreement is made, shape (A,); None if that is to be decided.
    """

    periods: tuple[Period, ...]
    generations: tuple[str, ...]
    sites: tuple[str, ...]
    vendors: tuple[str, ...]
    equivalents: Floats
    power: Floats
    price: Floats
    running: Floats
    construction: Floats
    supply: Floats
    lot: Floats
    block: Floats
    is_block_whole: NDArray[np.bool_]
    queue: Floats
    standing_equivalents: Floats
    standing_power: Floats
    life: int
    discount: Floats
    missing_value: Floats
    target_equivalents: float | None = None
    target_power: float | None = None
    target_flop: float | None = None
    reward: Floats | None = None
    budget: float = float("inf")
    yearly_budgets: tuple[tuple[int, int, float], ...] = ()
    income: Floats | None = None
    debt_limit: Floats | None = None
    interest: float = 0.0
    demand: Floats | None = None
    rent_limit: Floats | None = None
    rent_price: Floats | None = None
    lease_limit: Floats | None = None
    lease_price: Floats | None = None
    resale: Floats | None = None
    last_share: float = 1.0
    negotiable: Floats | None = None
    claims: Floats | None = None
    price_share: Floats | None = None
    agreements: tuple[Agreement, ...] = ()
    agreed: Floats | None = None

    @property
    def durations(self) -> Floats:
        """Years of each period."""
        return np.array([period.years for period in self.periods])

    @property
    def is_allowed(self) -> NDArray[np.bool_]:
        """Whether at least a part of a lot can be had: shape (G, T)."""
        return np.asarray(self.supply > 0.0, bool)

    @property
    def last_year(self) -> NDArray[np.bool_]:
        """Flags of the periods that lie in the last year."""
        end = self.periods[-1].end
        return np.array([seconds_between(period.middle, end) < YEAR for period in self.periods])


def check(question: Expansion) -> None:
    """Refuse a question without an end.

    Parameters
    ----------
    question
        The question.

    Raises
    ------
    InputError
        If neither a target nor a reward is given.
    """
    targets = (question.target_equivalents, question.target_power, question.target_flop)
    if question.reward is None and all(target is None for target in targets):
        raise InputError("roadmap", None, "given a target", "Add target_h100_equivalents, target_gpus or target_power.")
