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
"""

from lindos.quantities import Count, PerSecond, Seconds, namespace


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
