"""Programmes that share what the world delivers, under stated rules: when each is complete."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from lindos.quantities import Count, Fraction
from lindos.roadmap.calendar import seconds_between
from lindos.roadmap.program import Floats
from lindos.roadmap.supply import World

#: Share of a programme that counts as all of it: a rest of less than this is rounding.
_ALL = 1.0 - 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One buyer's plan in H100-equivalents, 8-bit dense."""

    name: str
    h100_equivalents: Count
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One programme under one rule.

    Parameters
    ----------
    rule
        How deliveries are shared, in words.
    name, end
        The programme, and the day on which it is to be complete.
    delivered
        Share of it that is delivered on that day.
    complete
        Quarter in which it is complete; empty if it is not within the years of the model.
    """

    rule: str
    name: str
    end: str
    delivered: Fraction
    complete: str

    @property
    def is_in_time(self) -> bool:
        """Whether all of it is delivered on its day."""
        return bool(self.delivered >= _ALL)


def shared(programmes: Sequence[Wanted], first: date, world: World, largest_share: Fraction) -> tuple[Share, ...]:
    """Share deliveries among programmes, quarter by quarter.

    Parameters
    ----------
    programmes
        Amounts and days; each wants what it lacks evenly over the time that it has left.
    first
        Day on which they start.
    world
        Deliveries of the world.
    largest_share
        Most of a quarter's deliveries that one programme gets.

    Notes
    -----
    Buyers outside the list get what the programmes leave: a programme is never later than this says for their sake.
    Amounts count with their medians.
    """
    rules: Mapping[str, Callable[[Floats, Floats, float], Floats]] = {
        "in proportion": _in_proportion,
        "by date": _in_order,
    }
    return tuple(
        row for rule, share in rules.items() for row in _by_rule(programmes, first, world, largest_share, rule, share)
    )


def _by_rule(
    programmes: Sequence[Wanted],
    first: date,
    world: World,
    largest_share: Fraction,
    rule: str,
    share: Callable[[Floats, Floats, float], Floats],
) -> list[Share]:
    sizes = np.array([_median(plan.h100_equivalents) for plan in programmes])
    ends = [date.fromisoformat(plan.end) for plan in programmes]
    got, complete, in_time = np.zeros(len(sizes)), [""] * len(sizes), np.zeros(len(sizes))
    for period in world.periods:
        if period.end <= first:
            continue
        begin = max(period.begin, first)
        supply = _median(world.delivered_in(begin, period.end))
        left = np.array([max(seconds_between(begin, end), 1.0) for end in ends])
        pace = np.minimum(seconds_between(begin, period.end) / left, 1.0)
        wanted = np.minimum((sizes - got) * pace, _median(largest_share) * supply)
        added = share(wanted, left, supply)
        for index, end in enumerate(ends):
            if begin < end <= period.end:
                passed = seconds_between(begin, end) / seconds_between(begin, period.end)
                # What is due within the quarter counts as far as it has come by then.
                in_time[index] = (got[index] + added[index] * (1.0 if pace[index] >= 1.0 else passed)) / sizes[index]
        got = got + added
        for index, is_complete in enumerate(got >= _ALL * sizes):
            if is_complete:
                complete[index] = complete[index] or period.name
    return [
        Share(
            rule=rule,
            name=plan.name,
            end=plan.end,
            delivered=min(float(in_time[index]), 1.0),
            complete=complete[index],
        )
        for index, plan in enumerate(programmes)
    ]


def _in_proportion(wanted: Floats, left: Floats, supply: float) -> Floats:
    total = float(wanted.sum())
    return wanted if total <= supply else wanted * (supply / total)


def _in_order(wanted: Floats, left: Floats, supply: float) -> Floats:
    order = np.argsort(left, kind="stable")
    ahead = np.concatenate(([0.0], np.cumsum(wanted[order])[:-1]))
    amounts = np.zeros(len(wanted))
    amounts[order] = np.clip(supply - ahead, 0.0, wanted[order])
    return amounts


def _median(value: object) -> float:
    return float(np.median(np.asarray(value, dtype=float)))
