r"""Means and spreads of few measurements, drawn towards what many others showed.

References
----------
.. [1] A. Gelman et al., "Bayesian Data Analysis," 3rd ed., CRC Press, 2013, sections 2.6, 3.3 and 5.4.
"""

from lindos.quantities import Count, Fraction, namespace


def shrunk_variance(spread: Fraction, freedom: Count, deviations: Fraction, number: Count) -> Fraction:
    r"""Variance of one more measurement around the mean of its group, with a belief about it.

    .. math:: s^2 = \frac{\nu \sigma^2 + D}{\nu + \max(n - 1, 0)}

    Parameters
    ----------
    spread
        Usual spread inside a group, :math:`\sigma`.
    freedom
        Measurements that the belief is worth, :math:`\nu`.
    deviations
        Sum of the squared deviations from the mean of the group, :math:`D`.
    number
        Measurements, :math:`n`.

    Returns
    -------
    Fraction
        Of errors that are shares, squared.

    Notes
    -----
    The scale of the posterior under a scaled inverse chi-squared prior [1]_.

    Examples
    --------
    >>> round(float(shrunk_variance(0.1, 3.0, 0.08, 5.0)), 4)
    0.0157
    """
    xp = namespace(number)
    variance: Fraction = (freedom * spread**2 + deviations) / (freedom + xp.maximum(number - 1.0, 0.0))
    return variance


def mean_variance(variance: Fraction, number: Count, group_spread: Fraction) -> Fraction:
    r"""Variance of the mean of a group, known from its measurements and from the means of other groups.

    .. math:: v = \left(\frac{1}{\tau^2} + \frac{n}{s^2}\right)^{-1}

    Parameters
    ----------
    variance
        Of one measurement, :math:`s^2`.
    number
        Measurements, :math:`n`.
    group_spread
        Spread of the means of groups, :math:`\tau`.

    Returns
    -------
    Fraction
        Of errors that are shares, squared.

    Notes
    -----
    Normal measurements around a normal mean [1]_.

    Examples
    --------
    >>> round(float(mean_variance(0.01, 5.0, 0.16)), 5)
    0.00186
    """
    return 1.0 / (1.0 / group_spread**2 + number / variance)


def shrunk_mean(mean: Fraction, variance: Fraction, number: Count, group_spread: Fraction) -> Fraction:
    r"""Mean of a group, drawn towards zero by the spread of the means of other groups.

    .. math:: \mu = v \, \frac{n \bar{x}}{s^2}, \qquad v = \left(\frac{1}{\tau^2} + \frac{n}{s^2}\right)^{-1}

    Parameters
    ----------
    mean
        Mean of the measurements, :math:`\bar{x}`.
    variance
        Of one measurement, :math:`s^2`.
    number
        Measurements, :math:`n`.
    group_spread
        Spread of the means of groups, :math:`\tau`.

    Returns
    -------
    Fraction
        :math:`\mu`, a share as the measurements are.

    Notes
    -----
    Normal measurements around a normal mean [1]_.

    Examples
    --------
    Five measurements move the mean by most of the way, one by less:

    >>> round(float(shrunk_mean(0.1, 0.01, 5.0, 0.16)), 4), round(float(shrunk_mean(0.1, 0.01, 1.0, 0.16)), 4)
    (0.0928, 0.0719)
    """
    return number * mean / variance * mean_variance(variance, number, group_spread)
