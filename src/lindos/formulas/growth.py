r"""Growth, decline and doubling: the arithmetic of trends.

Trends are quoted as two amounts at two dates, a factor per year, a time to double, or a decline per year; these
functions convert between them.

References
----------
.. [1] K. F. Pilz, J. Sanders, R. Rahman and L. Heim, "Trends in AI Supercomputers," arXiv:2504.16026, 2025.
.. [2] T. P. Wright, "Factors Affecting the Cost of Airplanes," J. Aeronaut. Sci., vol. 3, no. 4, pp. 122-128, 1936,
       doi:10.2514/8.155.
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


def growth_from_doubling(doubling_time: Seconds, period: Seconds) -> Fraction:
    r"""Factor per period of something that doubles in a given time.

    .. math:: g = 2^{T_p / T_2}

    Parameters
    ----------
    doubling_time
        Time to double, :math:`T_2`.
    period
        Period that the factor counts for, :math:`T_p`.

    Returns
    -------
    Fraction
        2.0 is a doubling in each period.

    Notes
    -----
    A definition.

    Examples
    --------
    Doubling in seven months, per year:

    >>> round(growth_from_doubling(7.0, 12.0), 2)
    3.28
    """
    factor: Fraction = 2.0
    return factor ** (period / doubling_time)


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


def declined(start: Usd, decline: Fraction, duration: Seconds, period: Seconds) -> Usd:
    r"""Price after a time of constant relative decline.

    .. math:: p = p_0 (1 - d)^{T / T_p}

    Parameters
    ----------
    start
        Price at the beginning, :math:`p_0`.
    decline
        Share lost per period, :math:`d < 1`.
    duration
        Time, :math:`T`.
    period
        Period that the decline counts for, :math:`T_p`.

    Returns
    -------
    Usd
        In the money of the beginning.

    Notes
    -----
    The form in which price trends are fitted [1]_. Not modelled: shortages, during which prices rise.

    Examples
    --------
    30 % a year for five years, as a share of the start:

    >>> round(float(declined(1.0, 0.3, 5.0, 1.0)), 3)
    0.168
    """
    # The absolute value changes nothing for d < 1, and keeps a decline above 1 from becoming a complex number.
    xp = namespace(start, decline, duration, period)
    price: Usd = start * xp.abs(1 - decline) ** (duration / period)
    return price


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


def learning_curve(start: Usd, cumulative: Count, cumulative_start: Count, learning_rate: Fraction) -> Usd:
    r"""Price of a unit, falling with the number of units ever made.

    .. math:: p = p_0 \left( \frac{Q}{Q_0} \right)^{\log_2 (1 - r)}

    Parameters
    ----------
    start
        Price at the beginning, :math:`p_0`.
    cumulative
        Units ever made, :math:`Q`.
    cumulative_start
        Units made at the beginning, :math:`Q_0`.
    learning_rate
        Share of the price lost at each doubling of units, :math:`r < 1`.

    Returns
    -------
    Usd
        In the money of the beginning.

    Notes
    -----
    Wright's law [2]_. Not modelled: causes other than volume.

    Examples
    --------
    20 % per doubling, after two doublings:

    >>> round(float(learning_curve(1.0, 4.0, 1.0, 0.2)), 2)
    0.64
    """
    xp = namespace(start, cumulative, cumulative_start, learning_rate)
    exponent = xp.log(abs(1 - learning_rate)) / math.log(2)
    price: Usd = start * (cumulative / cumulative_start) ** exponent
    return price


def average_of_growth(start: Count, end: Count) -> Count:
    r"""Mean amount over a period in which it grew at a constant rate.

    .. math:: \bar{a} = \frac{b - a}{\ln (b / a)}

    Parameters
    ----------
    start
        Amount at the beginning, :math:`a > 0`.
    end
        Amount at the end, :math:`b > 0`.

    Returns
    -------
    Count
        Equal to both where nothing grows.

    Notes
    -----
    The logarithmic mean: the integral of the growth :math:`a \, g^t` that [1]_ fits. It gives yearly energy from the
    power at two dates.

    Examples
    --------
    >>> round(float(average_of_growth(1.0, 3.0)), 3)
    1.82
    """
    xp = namespace(start, end)
    ratio = end / start
    # Near a ratio of one the fraction is 0/0; the mean of the two amounts is exact there to second order.
    is_constant = xp.abs(ratio - 1) < 1e-6
    safe = xp.where(is_constant, 2.0, ratio)
    mean: Count = xp.where(is_constant, (start + end) / 2, start * (safe - 1) / xp.log(safe))
    return mean
