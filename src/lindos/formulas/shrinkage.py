r"""Means and spreads of few measurements, drawn towards what many others showed.

References
----------
.. [1] A. Gelman et al., "Bayesian Data Analysis," 3rd ed., CRC Press, 2013, sections 2.6, 3.3 and 5.4.
"""

from lindos.quantities import Count, Real, namespace


def shrunk_variance(spread: Real, freedom: Count, deviations: Real, number: Count) -> Real:
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
    Real
        In squared units of the spread.

    Notes
    -----
    The scale of the posterior under a scaled inverse chi-squared prior [1]_.

    Examples
    --------
    >>> round(float(shrunk_variance(0.1, 3.0, 0.08, 5.0)), 4)
    0.0157
    """
    xp = namespace(number)
    variance: Real = (freedom * spread**2 + deviations) / (freedom + xp.maximum(number - 1.0, 0.0))
    return variance


def shrunk_mean(mean: Real, variance: Real, number: Count, group_spread: Real) -> tuple[Real, Real]:
    r"""Mean of a group, drawn towards zero by the spread of the means of other groups, and its variance.

    .. math:: v = \left(\frac{1}{\tau^2} + \frac{n}{s^2}\right)^{-1}, \qquad \mu = v \, \frac{n \bar{x}}{s^2}

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
    tuple of Real
        :math:`\mu` and :math:`v`.

    Notes
    -----
    Normal measurements around a normal mean [1]_.

    Examples
    --------
    Five measurements move the mean by most of the way, one by less:

    >>> round(float(shrunk_mean(0.1, 0.01, 5.0, 0.16)[0]), 4), round(float(shrunk_mean(0.1, 0.01, 1.0, 0.16)[0]), 4)
    (0.0928, 0.0719)
    """
    certainty = 1.0 / group_spread**2 + number / variance
    return number * mean / variance / certainty, 1.0 / certainty
