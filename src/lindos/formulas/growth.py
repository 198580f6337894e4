r"""Growth, decline and doubling: the arithmetic of trends.

Trends are quoted as two amounts at two dates, a factor per year, a time to double, or a decline per year; these
functions convert between them.

References
----------
.. [1] K. F. Pilz, J. Sanders, R. Rahman and L. Heim, "Trends in AI Supercomputers," arXiv:2504.16026, 2025.
"""

import math

from lindos.quantities import Count, Fraction, Seconds, Usd, namespace


def growth_factor(start: Count, target: Count, duration: Seconds, period: Seconds) -> Fraction:
    r"""Constant factor per period that leads from one amount to another.

    .. math:: g = \left( \frac{b}{a} \right)^{T_p / T}

    Parameters
    ----------
    start
        Amount at the beginning, :math:`a`.
    target
        Amount at the end, :math:`b`.
    duration
        Time between the two, :math:`T`.
    period
        Period that the factor counts for, :math:`T_p`; one year gives growth per year.

    Returns
    -------
    Fraction
        2.0 is a doubling in each period.

    Notes
    -----
    A definition; published trends are fitted in this form [1]_.

    Examples
    --------
    From 275,796 to fifty million in five years, per year:

    >>> round(growth_factor(275_796.0, 50e6, 5 * 31_557_600.0, 31_557_600.0), 2)
    2.83
    """
    return (target / start) ** (period / duration)


def extrapolated(start: Count, growth: Fraction, duration: Seconds, period: Seconds) -> Count:
    r"""Amount after a time of constant growth per period.

    .. math:: b = a \, g^{T / T_p}

    Parameters
    ----------
    start
        Amount at the beginning, :math:`a`.
    growth
        Factor per period, :math:`g`.
    duration
        Time to go, :math:`T`.
    period
        Period that the factor counts for, :math:`T_p`.

    Returns
    -------
    Count
        Amount at the end.

    Notes
    -----
    The form in which [1]_ fits its trends. Not modelled: limits of power, supply and money.

    Examples
    --------
    Five years at 2.5 times a year:

    >>> round(extrapolated(1.0, 2.5, 5 * 31_557_600.0, 31_557_600.0), 1)
    97.7
    """
    return start * growth ** (duration / period)


def doubling_time(growth: Fraction, period: Seconds) -> Seconds:
    r"""Time to double at a constant factor per period.

    .. math:: T_2 = T_p \frac{\ln 2}{\ln g}

    Parameters
    ----------
    growth
        Factor per period, :math:`g > 1`.
    period
        Period that the factor counts for, :math:`T_p`.

    Returns
    -------
    Seconds
        Negative where the amount shrinks: the time to halve, with a minus.

    Notes
    -----
    A definition; leading AI supercomputers doubled in nine months [1]_. Constant amounts (:math:`g = 1`) never double.

    Examples
    --------
    2.5 times a year, in months:

    >>> round(float(doubling_time(2.5, 12.0)), 1)
    9.1
    """
    xp = namespace(growth, period)
    time: Seconds = period * (math.log(2) / xp.log(growth))
    return time


def per_unit_of_gain(start: Usd, gain: Fraction, duration: Seconds, period: Seconds) -> Usd:
    r"""Price of a fixed performance while performance per price grows.

    .. math:: p = p_0 \, g^{-T / T_p}

    Parameters
    ----------
    start
        Price at the beginning, :math:`p_0`.
    gain
        Factor of performance per price in each period, :math:`g`.
    duration
        Time, :math:`T`.
    period
        Period that the factor counts for, :math:`T_p`.

    Returns
    -------
    Usd
        In the money of the beginning.

    Notes
    -----
    The form of the published trends of performance per dollar [1]_. Works for power per performance as well.

    Examples
    --------
    1.3 times the performance per dollar each year, after five years, as a share of the start:

    >>> round(per_unit_of_gain(1.0, 1.3, 5.0, 1.0), 3)
    0.269
    """
    return start * gain ** (-duration / period)
