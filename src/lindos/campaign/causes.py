"""What fails: kinds of failures of equal units, how often, what each takes out, and how long until it is back."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lindos.errors import InputError
from lindos.quantities import Count, Fraction, PerSecond, Seconds

#: Laws of the time from one failure of a unit to the next.
LAWS = ("exponential", "weibull", "lognormal")
#: Shapes that are simulated: beyond, a few units fail without end at the start, and the others never.
SHAPES = {"weibull": (0.3, 20.0), "lognormal": (0.01, 3.0)}
#: Devices taken out by a failure that stops everything, whatever the size of the job.
EVERYTHING = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One kind of failure; its times may be arrays of draws, as in :class:`lindos.campaign.Problem`.

    Parameters
    ----------
    name
        Also names its stream of random numbers, so that the same failures strike whatever else changes: its own in its
        pool.
    units
        Devices, nodes, racks, switches, ... that fail in this way; 1 for the job as a whole.
    mtbf
        Mean time from one failure of a unit to its next.
    devices
        Devices out of service until repaired; 0 where nothing is broken, as after a crash of software.
    blast
        Devices that stop at once; as `devices` where left out.
    repair_time
        Mean of an exponential law, until the devices can be used again.
    detection_time
        From the failure until it is noticed.
    law, shape
        ``"exponential"``; ``"weibull"`` with the shape (below 1 infant mortality, above 1 wear); ``"lognormal"`` with
        the standard deviation of the logarithm.
    age
        Of the units when they start; for laws that know age.
    online
        When the units start to work: those of a batch that joins later.
    most
        Failures after which a unit is drained for good; None where it comes back each time.
    pool
        Index of the pool whose spares stand in.
    """

    name: str
    units: Count
    mtbf: Seconds
    devices: int
    repair_time: Seconds = 0.0
    detection_time: Seconds = 0.0
    blast: int | None = None
    law: str = "exponential"
    shape: float = 1.0
    age: Seconds = 0.0
    online: Seconds = 0.0
    most: int | None = None
    pool: int = 0

    @property
    def stopped(self) -> int:
        """Devices that stop at once."""
        return self.devices if self.blast is None else self.blast

    @property
    def reach(self) -> int:
        """Devices whose memory and disks are lost with it: what stops everything leaves none in memory."""
        return EVERYTHING if self.stopped >= EVERYTHING else self.devices

    @property
    def rate(self) -> PerSecond:
        """Failures per time of all units, in the long run."""
        return self.units / self.mtbf


def check_shape(path: str, law: str, shape: float) -> None:
    """Refuse a shape that its law cannot be simulated with; ``path`` names it."""
    low, high = SHAPES.get(law, (0.0, math.inf))
    if not low <= shape <= high:
        raise InputError(path, shape, f"from {low:g} to {high:g} in a {law} law")


def lemons(causes: tuple[Cause, ...], share: Fraction, factor: float, drained_after: int) -> tuple[Cause, ...]:
    """Split units into sound ones and a few that fail `factor` times as often in all `causes`, the mean rate unchanged.

    A lemon is drained for good after `drained_after` failures of any kind: then the whole fails less often than before.

    Parameters
    ----------
    causes
        Of the same units.
    share
        Of the units that are lemons.
    factor
        How many times as often they fail as the others.
    drained_after
        Failures after which one is taken out.

    Returns
    -------
    tuple of Cause
        The causes of the sound units, and one more, of the lemons.

    Examples
    --------
    >>> node = Cause(name="node", units=1000, mtbf=1e6, devices=8)
    >>> sound, lemon = lemons((node,), 0.01, 11.0, 3)
    >>> sound.units, lemon.units, round(sound.rate + lemon.rate, 9) == 1e-3, round(sound.mtbf / lemon.mtbf, 9)
    (990.0, 10.0, True, 11.0)
    """
    first = causes[0]
    few = float(round(float(first.units) * float(share)))
    slower = 1 + (factor - 1) * few / first.units
    sound = tuple(replace(one, units=one.units - few, mtbf=one.mtbf * slower) for one in causes)
    together = 1 / sum(factor / one.mtbf for one in sound)
    return (*sound, replace(first, name="lemons", units=few, mtbf=together, most=drained_after))


def cumulative_hazard(cause: Cause, age: Any) -> Any:
    """Failures that a unit would have met by `age` if each were repaired at once to the same age: -log of survival.

    Survival itself would be rounded to 0 for units far beyond their life.
    """
    age = np.maximum(age, 0.0)
    if cause.law == "lognormal":
        from scipy.special import log_ndtr

        with np.errstate(divide="ignore"):
            late = (np.log(age) - np.log(cause.mtbf)) / cause.shape + cause.shape / 2
        return -log_ndtr(-late)
    return (age / _scale(cause)) ** cause.shape


def lifetime(cause: Cause, hazard: Any) -> Any:
    """Age by which so much hazard has gathered: the inverse of :func:`cumulative_hazard`.

    Of a hazard drawn from the exponential law of mean 1 it is the life of a unit.
    """
    if cause.law == "lognormal":
        from scipy.special import ndtri_exp

        return np.exp(-cause.shape * ndtri_exp(-np.asarray(hazard)) - cause.shape**2 / 2) * cause.mtbf
    return _scale(cause) * np.asarray(hazard) ** (1 / cause.shape)


def _scale(cause: Cause) -> Any:
    """Scale of the Weibull law whose mean is the mean time between failures."""
    return cause.mtbf / math.gamma(1 + 1 / cause.shape)
