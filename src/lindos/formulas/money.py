r"""Money over time: the yearly cost of a purchase, the present value of a stream of costs.

References
----------
.. [1] R. A. Brealey, S. C. Myers and F. Allen, Principles of Corporate Finance, 13th ed., McGraw-Hill, 2020, ch. 2.
"""

from lindos.quantities import Count, Fraction, Seconds, Usd, UsdPerSecond, namespace


def capital_recovery_factor(discount_rate: Fraction, num_years: Count) -> Fraction:
    r"""Share of a purchase to pay at the end of each year so that its present value is the purchase.

    .. math:: f = \frac{r}{1 - (1 + r)^{-n}}

    Parameters
    ----------
    discount_rate
        Cost of capital per year, :math:`r \geq 0`.
    num_years
        Life, :math:`n > 0`.

    Returns
    -------
    Fraction
        Tends to :math:`1/n` as the rate tends to zero [1]_.

    Examples
    --------
    Five years at 10 %:

    >>> round(float(capital_recovery_factor(0.10, 5.0)), 4)
    0.2638
    """
    xp = namespace(discount_rate, num_years)
    small = discount_rate < 1e-9
    rate = xp.where(small, 1.0, discount_rate)
    factor: Fraction = xp.where(small, 1.0 / num_years, rate / (1.0 - (1.0 + rate) ** (-num_years)))
    return factor


def annuity(price: Usd, discount_rate: Fraction, num_years: Count) -> Usd:
    r"""Yearly payment that pays for a purchase over its life.

    .. math:: a = p \, \frac{r}{1 - (1 + r)^{-n}}

    Parameters
    ----------
    price
        Paid today, :math:`p`.
    discount_rate
        Cost of capital per year, :math:`r`.
    num_years
        Life, :math:`n`.

    Returns
    -------
    Usd
        Due at the end of each year [1]_. No residual value.

    Examples
    --------
    >>> round(float(annuity(1e6, 0.10, 5.0)))
    263797
    """
    return price * capital_recovery_factor(discount_rate, num_years)


def present_value(yearly: Usd, discount_rate: Fraction, num_years: Count) -> Usd:
    r"""Present value of equal payments at the end of each year.

    .. math:: v = a \, \frac{1 - (1 + r)^{-n}}{r}

    Parameters
    ----------
    yearly
        Each payment, :math:`a`.
    discount_rate
        Cost of capital per year, :math:`r`.
    num_years
        Number of payments, :math:`n`.

    Returns
    -------
    Usd
        Inverse of :func:`annuity` [1]_.

    Examples
    --------
    >>> round(float(present_value(263_797.0, 0.10, 5.0)), -2)
    1000000.0
    """
    return yearly / capital_recovery_factor(discount_rate, num_years)


def device_time_cost(yearly_cost: Usd, year: Seconds, num_devices: Count, utilisation: Fraction) -> UsdPerSecond:
    r"""Cost of one device for one second in which it works.

    .. math:: c = \frac{a}{n \, u \, t_\mathrm{year}}

    Parameters
    ----------
    yearly_cost
        All costs of a year, :math:`a`.
    year
        Length of the year.
    num_devices
        Devices that share it, :math:`n`.
    utilisation
        Share of the time in which they work, :math:`u`.

    Returns
    -------
    UsdPerSecond
        Price of a device for the time that it is in use.

    Notes
    -----
    A definition.

    Examples
    --------
    $8,766 a year for one device that always works is one dollar an hour:

    >>> round(device_time_cost(8766.0, 365.25 * 86400.0, 1.0, 1.0) * 3600.0, 6)
    1.0
    """
    return yearly_cost / (num_devices * utilisation * year)


def discounted_total(total: Usd, negotiable: Usd, discount: Fraction) -> Usd:
    r"""Total of a purchase when a share is taken off the part of it that is negotiable.

    .. math:: c' = c - d \, n

    Parameters
    ----------
    total
        Total at list prices, :math:`c`.
    negotiable
        Part of it that the discount applies to, :math:`n`.
    discount
        Share taken off, :math:`d`.

    Returns
    -------
    Usd
        The lower total.

    Notes
    -----
    A definition.

    Examples
    --------
    A tenth off machines that are six of ten billion:

    >>> discounted_total(10e9, 6e9, 0.1) / 1e9
    9.4
    """
    return total - discount * negotiable


def discount_between(total: Usd, goal: Usd, negotiable: Usd) -> Fraction:
    r"""Discount on the negotiable part of a purchase that takes its total to a lower one.

    .. math:: d = \frac{c - c'}{n}

    Parameters
    ----------
    total
        Total at list prices, :math:`c`.
    goal
        Total that is wanted, :math:`c'`.
    negotiable
        Part of the total that the discount applies to, :math:`n > 0`.

    Returns
    -------
    Fraction
        Inverse of :func:`discounted_total`; above one no discount is enough.

    Notes
    -----
    A definition.

    Examples
    --------
    A quarter of a total of which half is negotiable is half of that half:

    >>> discount_between(2.0e12, 1.5e12, 1.0e12)
    0.5
    """
    return (total - goal) / negotiable
