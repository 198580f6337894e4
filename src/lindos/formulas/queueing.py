r"""Waiting in a queue with one server: means and tails.

References
----------
.. [1] L. Kleinrock, "Queueing Systems, Volume 1: Theory," Wiley, 1975, section 5.6 (Pollaczek and Khinchin).
.. [2] J. F. C. Kingman, "The single server queue in heavy traffic," Math. Proc. Cambridge Philos. Soc., vol. 57, 1961.
.. [3] W. Whitt, "The queueing network analyzer," Bell System Technical Journal, vol. 62, 1983, section 4.4 (splitting).
"""

from lindos.quantities import Count, Fraction, Seconds, namespace


def mean_wait(busy: Fraction, service: Seconds, service_cv: Count, gap_cv: Count = 1.0) -> Seconds:
    r"""Mean wait before service in a queue with one server.

    .. math:: w = \frac{\rho}{1 - \rho} \cdot \frac{c_a^2 + c_s^2}{2} \cdot s

    Parameters
    ----------
    busy
        Share of its time in which the server is busy, :math:`\rho`; below one.
    service
        Mean time of a service, :math:`s`.
    service_cv
        Standard deviation of a service over its mean, :math:`c_s`: 0 for even services, 1 for exponential ones.
    gap_cv
        The same of the gaps between arrivals, :math:`c_a`: 1 for a Poisson process.

    Returns
    -------
    Seconds
        Exact for Poisson arrivals [1]_.

    Notes
    -----
    For other arrivals an upper bound in heavy traffic, and an approximation elsewhere [2]_. Not modelled: gaps that
    depend on each other, as in sessions.

    Examples
    --------
    A server that is busy half of its time, with services of a second: exponential (M/M/1) and even (M/D/1).

    >>> mean_wait(0.5, 1.0, 1.0), mean_wait(0.5, 1.0, 0.0)
    (1.0, 0.5)
    """
    return busy / (1 - busy) * (gap_cv**2 + service_cv**2) / 2 * service


def split_gap_cv(gap_cv: Count, parts: Count) -> Count:
    r"""Irregularity of the arrivals at one of several servers among which a stream is split at random.

    .. math:: c_i^2 = 1 + \frac{c^2 - 1}{m}

    Parameters
    ----------
    gap_cv
        Standard deviation of the gaps of the whole stream over their mean, :math:`c`.
    parts
        Servers, :math:`m`, at least one.

    Returns
    -------
    Count
        The same at one server [3]_: of many servers each sees a Poisson process.

    Notes
    -----
    Not modelled: gaps that depend on each other, and requests that stay with a server because of its cache.

    Examples
    --------
    >>> split_gap_cv(3.0, 1.0), split_gap_cv(3.0, 8.0)
    (3.0, 1.4142135623730951)
    """
    return (1.0 + (gap_cv**2 - 1.0) / parts) ** 0.5


def wait_quantile(busy: Fraction, wait: Seconds, share: Fraction) -> Seconds:
    r"""Wait that a share of arrivals does not exceed.

    .. math:: w_q = \frac{w}{\rho} \max\left(0, \ln \frac{\rho}{1 - q}\right)

    Parameters
    ----------
    busy
        Share of its time in which the server is busy, :math:`\rho`.
    wait
        Mean wait, :math:`w` (:func:`mean_wait`).
    share
        Share of arrivals, :math:`q`.

    Returns
    -------
    Seconds
        Zero where a larger share finds the server idle.

    Notes
    -----
    Exact for exponential services [1]_; for others the tail is exponential far out, and this its approximation.

    Examples
    --------
    M/M/1, busy half of the time with services of a second: the 99th percentile.

    >>> round(float(wait_quantile(0.5, 1.0, 0.99)), 3)
    7.824
    """
    xp = namespace(busy, wait)
    tail = xp.log(xp.maximum(busy / (1 - share), 1.0))
    waited: Seconds = wait / xp.maximum(busy, 1e-12) * tail
    return waited
