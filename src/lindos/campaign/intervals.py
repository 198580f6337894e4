"""How often to save in each tier: Young and Daly for the failures that each tier is there for."""

from dataclasses import replace
from typing import Any

import numpy as np

from lindos.campaign.problem import Problem
from lindos.campaign.progress import NEVER, CheckpointTier, tier_for
from lindos.formulas import checkpoint
from lindos.quantities import Seconds


def with_best_intervals(problem: Problem, *, least: Seconds, fixed: tuple[Seconds | None, ...] = ()) -> Problem:
    """Set the interval of each tier that loses least by the closed form.

    Parameters
    ----------
    problem
        The intervals of its tiers are not read.
    least
        No interval is shorter: the time of a step.
    fixed
        The interval of each tier in seconds; None to choose the best.

    Notes
    -----
    A failure costs the work since the last checkpoint of the freshest tier that survives it. So each tier has its
    own balance: what its saves cost against the failures that reach it and no fresher one, which Daly's interval
    (:func:`lindos.formulas.checkpoint.daly_interval`) strikes for their mean time apart; silent corruption reaches
    the last one. In recovery by replica, only what stops all replicas needs a checkpoint. An interval is a whole
    multiple of that of the tier before, and never shorter than its checkpoint takes to write. A tier that no failure
    reaches is never saved to.
    """
    tiers: list[CheckpointTier] = []
    for index, tier in enumerate(problem.tiers):
        chosen = fixed[index] if fixed else None
        rate = _rate(problem, index)
        interval: Any = NEVER
        if chosen is not None:
            interval = chosen
        elif np.any(rate > 0):
            best = checkpoint.daly_interval(tier.blocking_time, 1 / np.maximum(rate, 1e-300))
            interval = np.maximum(np.maximum(best, tier.write_time), least)
        if tiers and np.all(np.asarray(tiers[-1].interval) < NEVER):
            before = tiers[-1].interval
            multiple = before * np.maximum(np.round(interval / before), 1.0)
            interval = np.where(np.asarray(interval) < NEVER, np.minimum(multiple, NEVER), NEVER)
        tiers.append(replace(tier, interval=interval))
    return replace(problem, tiers=tuple(tiers))


def _rate(problem: Problem, index: int) -> Any:
    """Failures per time that restart from one tier."""
    stopping = [cause for cause in problem.causes if problem.stops_all(cause)]
    reaching = [cause for cause in stopping if tier_for(cause.reach, problem.tiers) == index]
    if problem.corruption is not None and index == len(problem.tiers) - 1:
        reaching.append(problem.corruption)
    return sum((cause.rate for cause in reaching), start=0.0)
