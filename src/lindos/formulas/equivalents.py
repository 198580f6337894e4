r"""Counting unlike accelerators in one unit: rates of a fleet, H100-equivalents, and growth between two dates.

An *H100-equivalent* is a dense peak rate divided by that of one H100 in the same precision [1]_. The precision belongs
to the number: in 8-bit one GB200 counts about 2.5, in 4-bit the same device counts more. Lindos counts in 8-bit dense
unless it says otherwise, and shows BF16 dense beside it.

References
----------
.. [1] Epoch AI, "Machine Learning Hardware," documentation of the data set, https://epoch.ai/data/machine-learning-hardware.
.. [2] K. F. Pilz, J. Sanders, R. Rahman and L. Heim, "Trends in AI Supercomputers," arXiv:2504.16026, 2025.
"""

from lindos.quantities import Count, FlopPerJoule, FlopPerSecond, Fraction, Seconds, Watts


def fleet_rate(num_devices: Count, peak: FlopPerSecond) -> FlopPerSecond:
    r"""Peak rate of equal devices together.

    .. math:: R = n \, p

    Parameters
    ----------
    num_devices
        Devices, :math:`n`.
    peak
        Dense peak rate of one, :math:`p`, in one precision.

    Returns
    -------
    FlopPerSecond
        In the precision of ``peak``.

    Notes
    -----
    A definition. Not modelled: what a job reaches of it; see the step for that.

    Examples
    --------
    Fifty million H100 in dense BF16, in ZFLOP/s:

    >>> round(fleet_rate(50e6, 989.4e12) / 1e21, 2)
    49.47
    """
    return num_devices * peak


def h100_equivalents(num_devices: Count, peak: FlopPerSecond, reference_peak: FlopPerSecond) -> Count:
    r"""Devices of the reference type that have the same dense peak rate.

    .. math:: e = n \, p / p_\mathrm{ref}

    Parameters
    ----------
    num_devices
        Devices, :math:`n`.
    peak
        Dense peak rate of one, :math:`p`.
    reference_peak
        That of one H100 in the same precision, :math:`p_\mathrm{ref}`.

    Returns
    -------
    Count
        H100-equivalents in the precision that both rates are given in.

    Notes
    -----
    The convention of [1]_. Not modelled: memory, network, and what software reaches of either peak.

    Examples
    --------
    One million GB200 with 5 PFLOP/s each, against 1,979 TFLOP/s of an H100, both in dense 8-bit:

    >>> round(h100_equivalents(1e6, 5e15, 1979e12))
    2526529
    """
    return num_devices * peak / reference_peak


def devices_for_equivalents(equivalents: Count, peak: FlopPerSecond, reference_peak: FlopPerSecond) -> Count:
    r"""Devices that make up a number of H100-equivalents; the inverse of :func:`h100_equivalents`.

    .. math:: n = e \, p_\mathrm{ref} / p

    Parameters
    ----------
    equivalents
        H100-equivalents wanted, :math:`e`.
    peak
        Dense peak rate of one device, :math:`p`.
    reference_peak
        That of one H100 in the same precision, :math:`p_\mathrm{ref}`.

    Returns
    -------
    Count
        Not rounded to whole devices.

    Notes
    -----
    The convention of [1]_.

    Examples
    --------
    Fifty million H100-equivalents as GB200, in millions:

    >>> round(devices_for_equivalents(50e6, 5e15, 1979e12) / 1e6, 2)
    19.79
    """
    return equivalents * reference_peak / peak


def devices_for_rate(peak_rate: FlopPerSecond, peak: FlopPerSecond) -> Count:
    r"""Devices whose peaks add up to a rate.

    .. math:: n = R / p

    Parameters
    ----------
    peak_rate
        Peak rate of the fleet, :math:`R`.
    peak
        Dense peak rate of one device in the same precision, :math:`p`.

    Returns
    -------
    Count
        Not rounded to whole devices.

    Notes
    -----
    A definition.

    Examples
    --------
    50 EFLOP/s in dense BF16 need no more than about fifty thousand H100:

    >>> round(devices_for_rate(50e18, 989.4e12))
    50536
    """
    return peak_rate / peak


def rate_per_device(peak_rate: FlopPerSecond, num_devices: Count) -> FlopPerSecond:
    r"""Peak rate that each device must have for a fleet to reach a rate.

    .. math:: p = R / n

    Parameters
    ----------
    peak_rate
        Peak rate of the fleet, :math:`R`.
    num_devices
        Devices, :math:`n`.

    Returns
    -------
    FlopPerSecond
        Of one device.

    Notes
    -----
    A definition.

    Examples
    --------
    49.47 ZFLOP/s from 650,000 devices, in PFLOP/s each:

    >>> round(rate_per_device(49.47e21, 650e3) / 1e15, 1)
    76.1
    """
    return peak_rate / num_devices


def rate_per_watt(peak_rate: FlopPerSecond, power: Watts) -> FlopPerJoule:
    r"""Peak rate per watt drawn, which is computation per energy.

    .. math:: \eta = R / P

    Parameters
    ----------
    peak_rate
        Peak rate, :math:`R`.
    power
        Power drawn, :math:`P`: of the chips or of the facility, as the caller says.

    Returns
    -------
    FlopPerJoule
        One FLOP/s per watt is one FLOP per joule.

    Notes
    -----
    A definition. Not modelled: idle power, and work below the peak rate.

    Examples
    --------
    An H100 at its 700 W, in TFLOP/s per watt:

    >>> round(rate_per_watt(989.4e12, 700.0) / 1e12, 3)
    1.413
    """
    return peak_rate / power


def equivalents_at_power(
    power: Watts, device_power: Watts, peak: FlopPerSecond, reference_peak: FlopPerSecond
) -> Count:
    r"""H100-equivalents that a power carries.

    .. math:: e = \frac{P}{P_1} \frac{p}{p_\mathrm{ref}}

    Parameters
    ----------
    power
        Power of the site, :math:`P`.
    device_power
        Power of the site that goes with each device, :math:`P_1`, on the same boundary (chips, IT or facility).
    peak
        Dense peak rate of one device, :math:`p`.
    reference_peak
        That of one H100 in the same precision, :math:`p_\mathrm{ref}`.

    Returns
    -------
    Count
        H100-equivalents in the precision of the two rates.

    Notes
    -----
    The convention of [1]_ for the ratio of rates.

    Examples
    --------
    One gigawatt of GB200 at 2.5 kW of facility power each, in millions of H100-equivalents:

    >>> round(equivalents_at_power(1e9, 2500.0, 5e15, 1979e12) / 1e6, 2)
    1.01
    """
    return power / device_power * (peak / reference_peak)


def growth_factor(start: Count, target: Count, duration: Seconds, period: Seconds) -> Fraction:
    r"""Constant growth per period that leads from one amount to another.

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
    A definition; the trends that it is compared with are fitted in this form [2]_.

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
    The form in which [2]_ fits its trends. Not modelled: limits of power, supply and money.

    Examples
    --------
    Five years at 2.5 times a year:

    >>> round(extrapolated(1.0, 2.5, 5 * 31_557_600.0, 31_557_600.0), 1)
    97.7
    """
    return start * growth ** (duration / period)
