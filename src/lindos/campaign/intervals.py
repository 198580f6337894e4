"""Intervals between checkpoints by the formulas of Young and Daly, for the failures that restart from each tier."""

from dataclasses import replace

import numpy as np

from lindos.campaign.problem import Problem
from lindos.campaign.progress import ENDLESS, CheckpointTier, tier_for
from lindos.formulas import checkpoint
from lindos.quantities import PerSecond, Seconds


def with_best_intervals(problem: Problem, *, least: Seconds, fixed: tuple[Seconds | None, ...] = ()) -> Problem:
    """Set the interval of each tier to the one that loses least by the closed form.

    Parameters
    ----------
    problem
        The campaign; the intervals of its tiers are replaced.
    least
        Smallest interval in seconds: the time of a step.
    fixed
        The interval of each tier in seconds; None to choose the best.

    Notes
    -----
    A failure costs the work since the last checkpoint of the freshest tier that survives it. So the interval of each
    tier balances the cost of its saves against the failures that restart from it. Daly's interval
    (:func:`lindos.formulas.checkpoint.daly_interval`) for the mean time between those failures is the best balance;
    silent corruption restarts from the last tier. In recovery by replica, only a failure that stops all replicas needs
    a checkpoint. An interval is a whole multiple of the interval of the tier before, and at least the time to write a
    checkpoint. A tier that no failure restarts from is never saved to.
    """
    tiers: list[CheckpointTier] = []
    for index, tier in enumerate(problem.tiers):
        chosen = fixed[index] if fixed else None
        rate = _rate(problem, index)
        interval: Seconds = ENDLESS
        if chosen is not None:
            interval = chosen
        elif np.any(rate > 0):
            best = checkpoint.daly_interval(tier.blocking_time, 1 / np.maximum(rate, 1e-300))
            interval = np.maximum(np.maximum(best, tier.write_time), least)
        if tiers and np.all(np.asarray(tiers[-1].interval) < ENDLESS):
            finer = tiers[-1].interval
            multiple = finer * np.maximum(np.round(interval / finer), 1.0)
            interval = np.where(np.asarray(interval) < ENDLESS, np.minimum(multiple, ENDLESS), ENDLESS)
        tiers.append(replace(tier, interval=interval))
    return replace(problem, tiers=tuple(tiers))


def _rate(problem: Problem, index: int) -> PerSecond:
    """Return the failures per second that restart from one tier."""
    stopping = [cause for cause in problem.causes if problem.stops_all(cause)]
    reaching = [cause for cause in stopping if tier_for(cause.reach, problem.tiers) == index]
    if problem.corruption is not None and index == len(problem.tiers) - 1:
        reaching.append(problem.corruption)
    return sum((cause.rate for cause in reaching), start=0.0)
