"""Who else buys in the years of a plan: announced programmes of other buyers beside its own purchases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from lindos.quantities import Count, Fraction
from lindos.roadmap.calendar import day, share_between
from lindos.roadmap.evaluation import PlanResult
from lindos.roadmap.path import total
from lindos.roadmap.sharing import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class RivalYear:
    """One calendar year of a plan, in H100-equivalents, 8-bit dense.

    Parameters
    ----------
    year
        Calendar year; the first and the last may be parts of one.
    delivered
        What all suppliers deliver.
    bought
        What the plan buys.
    wanted
        What the announced programmes of other buyers take if each buys evenly until its day.
    largest
        The programme that takes most of it; empty if there is none.
    """

    year: int
    delivered: Count
    bought: Count
    wanted: Count
    largest: str

    @property
    def left(self) -> Count:
        """What remains for buyers that have announced nothing; below zero the announced ones outbid each other."""
        return self.delivered - self.bought - self.wanted

    @property
    def left_share(self) -> Fraction:
        """The same over what is delivered."""
        return self.left / self.delivered


def rivalry(plan: PlanResult, programmes: Sequence[Wanted], start: str) -> tuple[RivalYear, ...]:
    """Add up by calendar year what others want beside a plan.

    Parameters
    ----------
    plan
        The plan.
    programmes
        Programmes of other buyers, in H100-equivalents.
    start
        Day on which these begin to buy, ISO.
    """
    first = day(start, "roadmap.rivals")
    begins = [date.fromisoformat(text) for text in (plan.start, *(quarter.end for quarter in plan.quarters))]
    rows = list(zip(plan.quarters, begins, begins[1:], strict=False))
    listed = []
    for year in dict.fromkeys(int(quarter.name[:4]) for quarter in plan.quarters):
        parts = [(quarter, begin, end) for quarter, begin, end in rows if int(quarter.name[:4]) == year]
        amounts = [
            programme.h100_equivalents
            * sum(share_between(first, day(programme.end, "by"), begin, end) for _, begin, end in parts)
            for programme in programmes
        ]
        sizes = [float(np.median(np.asarray(amount, dtype=float))) for amount in amounts]
        largest = programmes[int(np.argmax(sizes))].name if sizes and max(sizes) > 0.0 else ""
        listed.append(
            RivalYear(
                year=year,
                delivered=total(quarter.world_added for quarter, _, _ in parts),
                bought=total(quarter.added for quarter, _, _ in parts),
                wanted=total(amounts),
                largest=largest,
            )
        )
    return tuple(listed)
