"""How often to save in each tier: Young and Daly for the failures that each tier is there for."""

from dataclasses import replace
from typing import Any

import numpy as np

from lindos.campaign.causes import Cause
from lindos.campaign.progress import NEVER, CheckpointTier, tier_for
from lindos.formulas import checkpoint
from lindos.quantities import Count, Seconds


def with_best_intervals(
    tiers: tuple[CheckpointTier, ...],
    causes: tuple[Cause, ...],
    *,
    num_devices: Count,
    recovery: str,
    least: Seconds,
    given: tuple[Any, ...] = (),
) -> tuple[CheckpointTier, ...]:
    """The tiers, each with the interval that loses least by the closed form.

    Parameters
    ----------
    tiers
        From the freshest to the one that survives everything; their own intervals are not read.
    causes
        What fails.
    num_devices
        Of the job: in recovery by replica, only what stops all of them needs a checkpoint.
    recovery
        ``"restart"`` or ``"replica"``.
    least
        No interval is shorter: the time of a step.
    given
        Intervals that are fixed, None where the best is asked.

    Notes
    -----
    A failure costs the work since the last checkpoint of the freshest tier that survives it. So each tier has its
    own balance: what its saves cost against the failures that reach it and no fresher one, which Daly's interval
    (:func:`lindos.formulas.checkpoint.daly_interval`) strikes for their mean time apart. An interval is a whole
    multiple of that of the tier before, and never shorter than its checkpoint takes to write. A tier that no failure
    reaches is never saved to.
    """
    found: list[CheckpointTier] = []
    for index, tier in enumerate(tiers):
        fixed = given[index] if given else None
        rate: Any = sum(
            cause.rate
            for cause in causes
            if (recovery == "restart" or cause.stopped >= num_devices) and tier_for(cause.reach, tiers) == index
        )
        interval: Any = NEVER
        if fixed is not None:
            interval = fixed
        elif np.any(rate > 0):
            best = checkpoint.daly_interval(tier.blocking_time, 1 / np.maximum(rate, 1e-300))
            interval = np.maximum(np.maximum(best, tier.write_time), least)
        if found and np.all(np.asarray(found[-1].interval) < NEVER):
            before = found[-1].interval
            interval = np.minimum(before * np.maximum(np.round(interval / before), 1.0), NEVER)
        found.append(replace(tier, interval=interval))
    return tuple(found)
