"""How often to save in each tier: Young and Daly for the failures that each tier is there for."""

from dataclasses import replace
from typing import Any

import numpy as np

from lindos.campaign.course import Course
from lindos.campaign.progress import NEVER, CheckpointTier, tier_for
from lindos.formulas import checkpoint
from lindos.quantities import Seconds


def with_best_intervals(course: Course, *, least: Seconds, given: tuple[Any, ...] = ()) -> Course:
    """The campaign with the interval of each tier that loses least by the closed form.

    Parameters
    ----------
    course
        The intervals of its tiers are not read.
    least
        No interval is shorter: the time of a step.
    given
        For each tier its interval where it is fixed, None where the best is asked.

    Notes
    -----
    A failure costs the work since the last checkpoint of the freshest tier that survives it. So each tier has its
    own balance: what its saves cost against the failures that reach it and no fresher one, which Daly's interval
    (:func:`lindos.formulas.checkpoint.daly_interval`) strikes for their mean time apart; silent corruption reaches
    the last one. In recovery by replica, only what stops all replicas needs a checkpoint. An interval is a whole
    multiple of that of the tier before, and never shorter than its checkpoint takes to write. A tier that no failure
    reaches is never saved to.
    """
    found: list[CheckpointTier] = []
    for index, tier in enumerate(course.tiers):
        fixed = given[index] if given else None
        rate = _rate(course, index)
        interval: Any = NEVER
        if fixed is not None:
            interval = fixed
        elif np.any(rate > 0):
            best = checkpoint.daly_interval(tier.blocking_time, 1 / np.maximum(rate, 1e-300))
            interval = np.maximum(np.maximum(best, tier.write_time), least)
        if found and np.all(np.asarray(found[-1].interval) < NEVER):
            before = found[-1].interval
            multiple = before * np.maximum(np.round(interval / before), 1.0)
            interval = np.where(np.asarray(interval) < NEVER, np.minimum(multiple, NEVER), NEVER)
        found.append(replace(tier, interval=interval))
    return replace(course, tiers=tuple(found))


def _rate(course: Course, index: int) -> Any:
    """Failures per time that restart from one tier."""
    reaching = [one for one in course.causes if course.stops_all(one) and tier_for(one.reach, course.tiers) == index]
    if course.corruption is not None and index == len(course.tiers) - 1:
        reaching.append(course.corruption)
    return sum((cause.rate for cause in reaching), start=0.0)
