r"""Counts of unlike accelerators in one unit: H100-equivalents, and rates per device and per watt.

An *H100-equivalent* is a dense peak rate divided by that of one H100 in the same precision [1]_. The precision belongs
to the number: in 8-bit one GB200 counts about 2.5, in 4-bit the same device counts more. Lindos counts in 8-bit dense
unless it says otherwise, and shows BF16 dense beside it.

References
----------
.. [1] Epoch AI, "Machine Learning Hardware," documentation of the data set, https://epoch.ai/data/machine-learning-hardware.
"""

from lindos.quantities import Count, FlopPerJoule, FlopPerSecond, Watts


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
    r"""Devices that amount to a number of H100-equivalents; the inverse of :func:`h100_equivalents`.

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
        Power drawn by the chips or by the facility, :math:`P`.

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
    r"""H100-equivalents that a power supplies.

    .. math:: e = \frac{P}{P_1} \frac{p}{p_\mathrm{ref}}

    Parameters
    ----------
    power
        Power of the site, :math:`P`.
    device_power
        Power of the site per device, :math:`P_1`, on the same boundary (chips, IT or facility).
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
