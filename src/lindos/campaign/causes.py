"""Causes of failures: the units that fail, how often, the devices that a failure takes out, and its repair time."""

import math
from dataclasses import dataclass, replace

import numpy as np

from lindos.errors import InputError
from lindos.quantities import Count, Fraction, PerSecond, Seconds

#: Laws of the time from one failure of a unit to the next.
LAWS = ("exponential", "weibull", "lognormal")
#: Supported shapes. Beyond them a few units fail over and over at the start and the rest never fail.
SHAPES = {"weibull": (0.3, 20.0), "lognormal": (0.01, 3.0)}
#: Number of devices that stands for all devices of a job of any size.
ALL_DEVICES = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One kind of failure; its times may be arrays of draws, as in :class:`lindos.campaign.Problem`.

    Parameters
    ----------
    name
        Unique in its pool. It also names the stream of random numbers, so that the same failures happen whatever else
        changes.
    units
        Devices, nodes, racks, switches, ... that fail in this way; 1 for the job as a whole.
    mtbf
        Mean seconds from one failure of a unit to its next.
    devices
        Devices out of service until repaired; 0 if nothing is broken, as after a crash of software.
    blast
        Devices that stop at once; `devices` if None.
    repair_time
        Mean seconds until the devices can be used again, from an exponential law.
    detection_time
        Seconds from the failure until it is noticed.
    law, shape
        ``"exponential"``; ``"weibull"`` with the shape (below 1 infant mortality, above 1 wear); ``"lognormal"`` with
        the standard deviation of the logarithm.
    age
        Age of the units when they start, in seconds; for laws that depend on age.
    online
        Seconds from the start of the campaign until the units work; above 0 for hardware that joins later.
    most
        Failures after which a unit is drained for good; None if it always comes back.
    pool
        Index of the pool whose spares replace the devices.
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
        """Devices whose memory and local disks are lost; a failure that stops everything loses all of them."""
        return ALL_DEVICES if self.stopped >= ALL_DEVICES else self.devices

    @property
    def rate(self) -> PerSecond:
        """Failures of all units per second, in the long run."""
        return self.units / self.mtbf


def check_shape(path: str, law: str, shape: float) -> None:
    """Refuse a shape that its law cannot be simulated with.

    Parameters
    ----------
    path
        Path of the field, for the message.
    law
        Name of the law, one of :data:`LAWS`.
    shape
        Its shape, without unit.

    Raises
    ------
    InputError
        If the shape is outside the range of :data:`SHAPES`.
    """
    low, high = SHAPES.get(law, (0.0, math.inf))
    if not low <= shape <= high:
        raise InputError(path, shape, f"from {low:g} to {high:g} in a {law} law")


def lemons(causes: tuple[Cause, ...], share: Fraction, factor: float, drained_after: int) -> tuple[Cause, ...]:
    """Split units into sound ones and lemons that fail `factor` times as often, with the same mean rate.

    A lemon is drained for good after `drained_after` failures of any kind; from then on failures are rarer than before.

    Parameters
    ----------
    causes
        Causes of the same units.
    share
        Share of the units that are lemons.
    factor
        Failure rate of a lemon over that of a sound unit.
    drained_after
        Failures after which a lemon is taken out.

    Returns
    -------
    tuple of Cause
        The causes of the sound units, and one cause of the lemons.

    Examples
    --------
    >>> node = Cause(name="node", units=1000, mtbf=1e6, devices=8)
    >>> sound, lemon = lemons((node,), 0.01, 11.0, 3)
    >>> sound.units, lemon.units, round(sound.rate + lemon.rate, 9) == 1e-3, round(sound.mtbf / lemon.mtbf, 9)
    (990.0, 10.0, True, 11.0)
    """
    first = causes[0]
    num_lemons = float(round(float(first.units) * float(share)))
    slower = 1 + (factor - 1) * num_lemons / first.units
    sound = tuple(replace(cause, units=cause.units - num_lemons, mtbf=cause.mtbf * slower) for cause in causes)
    mtbf = 1 / sum(factor / cause.mtbf for cause in sound)
    return (*sound, replace(first, name="lemons", units=num_lemons, mtbf=mtbf, most=drained_after))


def cumulative_hazard(cause: Cause, age: Seconds) -> Count:
    """Compute the cumulative hazard of a unit at an age: the negative logarithm of its survival.

    It is the number of failures until then if each were repaired at once to the same age. Survival itself would be
    rounded to 0 for units far beyond their life.

    Parameters
    ----------
    cause
        Law, shape and mean time between failures.
    age
        Age of the unit, in seconds.

    Returns
    -------
    array
        Expected failures, without unit.
    """
    age = np.maximum(age, 0.0)
    if cause.law == "lognormal":
        from scipy.special import log_ndtr

        with np.errstate(divide="ignore"):
            late = (np.log(age) - np.log(cause.mtbf)) / cause.shape + cause.shape / 2
        expected: Count = -log_ndtr(-late)
        return expected
    return (age / _scale(cause)) ** cause.shape


def lifetime(cause: Cause, hazard: Count) -> Seconds:
    """Compute the age at which a unit reaches a cumulative hazard: the inverse of :func:`cumulative_hazard`.

    For a hazard drawn from the exponential law of mean 1, this is the life of a unit.

    Parameters
    ----------
    cause
        Law, shape and mean time between failures.
    hazard
        Cumulative hazard, without unit.

    Returns
    -------
    array
        Age in seconds.
    """
    if cause.law == "lognormal":
        from scipy.special import ndtri_exp

        life: Seconds = np.exp(-cause.shape * ndtri_exp(-np.asarray(hazard)) - cause.shape**2 / 2) * cause.mtbf
        return life
    return _scale(cause) * np.asarray(hazard) ** (1 / cause.shape)


def _scale(cause: Cause) -> Seconds:
    """Return the scale of the Weibull law whose mean is the mean time between failures."""
    return cause.mtbf / math.gamma(1 + 1 / cause.shape)
