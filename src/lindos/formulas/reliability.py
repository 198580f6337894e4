r"""Failure rates of jobs that need many devices, and the spares that they need.

Failures of different devices are taken as independent and memoryless, so rates add: a job that needs :math:`n` devices
fails :math:`n` times as often as one device [1]_. Measured clusters agree with this law between about a thousand and a
hundred thousand devices; smaller jobs fail more often than it says, since causes that do not grow with size remain
[2]_.

References
----------
.. [1] Epoch AI, "Hardware failures won't limit AI scaling," 2024,
       https://epoch.ai/blog/hardware-failures-wont-limit-ai-scaling.
.. [2] A. Kokolis et al., "Revisiting Reliability in Large-Scale Machine Learning Research Clusters," HPCA 2025,
       arXiv:2410.21680.
.. [3] L. Kleinrock, "Queueing Systems, Volume 1: Theory," Wiley, 1975 (M/G/infinity).
.. [4] W. H. Press et al., "Numerical Recipes," 3rd ed., Cambridge University Press, 2007, section 6.2.
"""

from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lindos.quantities import Count, Fraction, PerSecond, Seconds, namespace

_Array: TypeAlias = NDArray[np.float64]
#: Counts below this are summed term by term; the others are integrated with this number of nodes.
_FEW, _NODES = 32, 24


def job_failure_rate(num_devices: Count, device_rate: PerSecond) -> PerSecond:
    r"""Failures per time of a job that stops when any of its devices fails.

    .. math:: \Lambda = n \lambda

    Parameters
    ----------
    num_devices
        Devices that must all work, :math:`n`.
    device_rate
        Failures per time of one, :math:`\lambda`.

    Returns
    -------
    PerSecond
        Rates of groups of unlike devices add.

    Notes
    -----
    The law of [1]_; its range of validity is measured in [2]_. Not modelled: common causes, such as a power dip in a
    whole row.

    Examples
    --------
    A hundred thousand devices at 50,000 hours each, as failures per hour:

    >>> round(job_failure_rate(100_000, 1 / (50_000 * 3600.0)) * 3600, 3)
    2.0
    """
    return num_devices * device_rate


def expected_failures(rate: PerSecond, duration: Seconds) -> Count:
    r"""Mean number of failures in a time.

    .. math:: m = \Lambda T

    Parameters
    ----------
    rate
        Failures per time, :math:`\Lambda`.
    duration
        Time, :math:`T`.

    Returns
    -------
    Count
        Mean of a Poisson law; its standard deviation is the square root.

    Notes
    -----
    The exponential law [1]_.

    Examples
    --------
    16,384 devices at 50,000 hours each, over 54 days:

    >>> round(expected_failures(16_384 / (50_000 * 3600.0), 54 * 86_400.0))
    425
    """
    return rate * duration


def spares_for_confidence(units_in_repair: Count, deviations: Count) -> Count:
    r"""Spare units that suffice for a mean number of units in repair.

    .. math:: s = \lceil m + z \sqrt{m} \rceil

    Parameters
    ----------
    units_in_repair
        Mean number in repair at one time: failures per time, times the time of one repair, :math:`m`.
    deviations
        Standard deviations of safety, :math:`z`; with 2.33 the spares suffice 99 % of the time.

    Returns
    -------
    Count
        Whole units.

    Notes
    -----
    With enough spares the number in repair is Poisson with mean :math:`m` for any law of repair times [3]_; the normal
    law approximates it. Not modelled: below a mean of about ten the true quantile is up to one unit larger.

    Examples
    --------
    >>> float(spares_for_confidence(100.0, 2.33))
    124.0
    """
    xp = namespace(units_in_repair, deviations)
    spares: Count = xp.ceil(units_in_repair + deviations * units_in_repair**0.5)
    return spares


def poisson_at_most(count: Count, mean: Count) -> Fraction:
    r"""Probability that a Poisson number is at most a count.

    .. math:: P(N \le k) = \sum_{i=0}^{k} \frac{m^i}{i!} e^{-m} = \frac{1}{k!} \int_m^\infty t^k e^{-t} \, dt

    Parameters
    ----------
    count
        Whole number, :math:`k`, or an array of them.
    mean
        Mean of the Poisson law, :math:`m`.

    Returns
    -------
    Fraction
        Correct to 13 digits after the point.

    Notes
    -----
    Small counts are summed, large ones integrated by Gauss and Legendre over the eight or so standard deviations that
    matter [4]_. SciPy has the same function, but loading it takes longer than a whole campaign by the closed form.

    Examples
    --------
    Ten spares for eight devices in repair on average:

    >>> round(float(poisson_at_most(10, 8.0)), 6)
    0.815886
    """
    xp = namespace(count, mean)
    whole, rate = xp.broadcast_arrays(xp.asarray(count, dtype=float), xp.asarray(mean, dtype=float))
    few = whole < _FEW
    share = _integrated(xp.maximum(whole, _FEW), rate, xp)
    # Plain arrays of large counts alone spare the sum; a traced array does not say what it holds.
    if isinstance(few, np.ndarray) and not np.any(few):
        return share
    most: Fraction = xp.where(few, _summed(whole, rate, xp), share)
    return most


def _summed(count: _Array, mean: _Array, xp: Any) -> _Array:
    """Sum the terms up to a small count; a mean of a thousand is as good as any larger one."""
    limited, terms = xp.minimum(mean, 1000.0)[..., None], xp.arange(_FEW)
    ratios = xp.where(terms == 0, 1.0, limited / xp.maximum(terms, 1))
    below = xp.sum(xp.cumprod(ratios, axis=-1), axis=-1, where=terms <= count[..., None])
    share: _Array = below * xp.exp(-xp.minimum(mean, 1000.0))
    return share


def _integrated(count: _Array, mean: _Array, xp: Any) -> _Array:
    """Integrate the density from the mean outwards, to where nothing is left on that side of its peak."""
    nodes, weights = _quadrature()
    deviation = count**0.5
    above = mean > count
    highest = xp.maximum(count + 11.5 * deviation, mean + 6 * deviation)
    lowest = xp.maximum(xp.minimum(count - 7.5 * deviation, mean - 5 * deviation), 0.0)
    half = (xp.where(above, highest, lowest) - mean) / 2
    from_peak = (mean - count)[..., None] + half[..., None] * (1 + nodes)
    peak = count[..., None]
    with np.errstate(divide="ignore"):  # the density of a mean of 0 is 0
        density = xp.exp(peak * xp.log1p(from_peak / peak) - from_peak)
    stirling = 1 / (12 * count) - 1 / (360 * count**3) + 1 / (1260 * count**5)
    area = half * xp.sum(weights * density, axis=-1) * xp.exp(-stirling) / xp.sqrt(2 * xp.pi * count)
    share: _Array = area + xp.where(above, 0.0, 1.0)
    return share


@cache
def _quadrature() -> tuple[_Array, _Array]:
    """Compute the nodes and weights of Gauss and Legendre between -1 and 1."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return nodes, weights
