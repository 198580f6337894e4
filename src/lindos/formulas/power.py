r"""Power and energy of a site: from nameplates to the meter.

References
----------
.. [1] The Green Grid, "PUE: A Comprehensive Examination of the Metric," White Paper 49, 2012.
"""

from lindos.quantities import Fraction, Joules, Seconds, Watts


def facility_power(it_power: Watts, pue: Fraction) -> Watts:
    r"""Power at the meter of a site.

    .. math:: P_\mathrm{facility} = \mathrm{PUE} \cdot P_\mathrm{IT}

    Parameters
    ----------
    it_power
        Power of servers, network and storage.
    pue
        Power usage effectiveness, at least one [1]_.

    Returns
    -------
    Watts
        What grid and generators must deliver.

    Notes
    -----
    Not modelled: losses that do not grow with the load, weather.

    Examples
    --------
    100 MW of IT at a PUE of 1.3, in MW:

    >>> facility_power(100e6, 1.3) / 1e6
    130.0
    """
    return it_power * pue


def overhead_power(it_power: Watts, pue: Fraction) -> Watts:
    r"""Power of cooling and distribution, which a site draws beyond its IT.

    .. math:: P_\mathrm{overhead} = (\mathrm{PUE} - 1) \, P_\mathrm{IT}

    Parameters
    ----------
    it_power
        Power of servers, network and storage.
    pue
        Power usage effectiveness [1]_.

    Returns
    -------
    Watts
        Zero at a PUE of one.

    Examples
    --------
    >>> overhead_power(100e6, 1.25) / 1e6
    25.0
    """
    return it_power * (pue - 1.0)


def mean_power(nameplate: Watts, duty: Fraction) -> Watts:
    r"""Mean draw of equipment that runs at a share of its nameplate.

    .. math:: \bar P = d \, P

    Parameters
    ----------
    nameplate
        Rated power, :math:`P`.
    duty
        Mean draw over rated power while working, :math:`d`; a definition, measured.

    Returns
    -------
    Watts
        Below the nameplate for a duty below one.

    Notes
    -----
    A definition.

    Examples
    --------
    >>> mean_power(10_200.0, 0.8)
    8160.0
    """
    return nameplate * duty


def energy(power: Watts, duration: Seconds) -> Joules:
    r"""Energy of a constant power.

    .. math:: E = P \, t

    Parameters
    ----------
    power
        Mean power over the time.
    duration
        Length of the time.

    Returns
    -------
    Joules
        One kilowatt-hour is 3.6e6 of them.

    Notes
    -----
    A definition.

    Examples
    --------
    One kilowatt for one hour:

    >>> energy(1e3, 3600.0)
    3600000.0
    """
    return power * duration
