r"""Levels, switches and links of a folded-Clos network.

References
----------
.. [1] M. Al-Fares, A. Loukissas and A. Vahdat, "A Scalable, Commodity Data Center Network Architecture," SIGCOMM 2008,
       doi:10.1145/1402958.1402967.
.. [2] C. Clos, "A study of non-blocking switching networks," Bell System Technical Journal, vol. 32, 1953.
"""

from lindos.quantities import Count, namespace


def clos_levels(num_endpoints: Count, radix: Count) -> Count:
    r"""Levels of switches that connect a number of endpoints.

    .. math:: L = \left\lceil \frac{\log (N / 2)}{\log (k / 2)} \right\rceil, \quad N \leq 2 (k/2)^L

    Parameters
    ----------
    num_endpoints
        Ports to connect, :math:`N`.
    radix
        Ports of a switch, :math:`k > 2`.

    Returns
    -------
    Count
        At least one [1]_.

    Examples
    --------
    100,000 endpoints on 64-port switches take four levels; two suffice for 2,048, three for 65,536:

    >>> [float(clos_levels(n, 64.0)) for n in (64.0, 2048.0, 65_536.0, 100_000.0)]
    [1.0, 2.0, 3.0, 4.0]
    """
    xp = namespace(num_endpoints, radix)
    half = xp.maximum(radix / 2.0, 1.5)
    exact = xp.log(xp.maximum(num_endpoints, 2.0) / 2.0) / xp.log(half)
    # The tolerance keeps rounding errors from adding a level to a network that is exactly full.
    levels: Count = xp.maximum(xp.ceil(exact - 1e-9), 1.0)
    return levels


def clos_switches(num_endpoints: Count, radix: Count, levels: Count, oversubscription: Count) -> Count:
    r"""Switches of a folded Clos.

    .. math:: S = \frac{N}{k} \left( 1 + \frac{2 (L - 1)}{s} \right)

    With :math:`s = 1` this is the :math:`(2L - 1)/k` switches per endpoint of a fat tree [1]_. Oversubscription reduces
    the switches of all levels above the first.

    Parameters
    ----------
    num_endpoints
        Ports to connect, :math:`N`.
    radix
        Ports of a switch, :math:`k`.
    levels
        Levels of switches, :math:`L`.
    oversubscription
        Bandwidth into the first level over that out of it, :math:`s \geq 1`.

    Returns
    -------
    Count
        Not rounded to whole switches.

    Notes
    -----
    Not modelled: the first level of an oversubscribed network could connect more endpoints.

    Examples
    --------
    Two and three levels of 64-port switches, per endpoint:

    >>> clos_switches(1.0, 64.0, 2.0, 1.0), clos_switches(1.0, 64.0, 3.0, 1.0)
    (0.046875, 0.078125)
    """
    return num_endpoints / radix * (1.0 + 2.0 * (levels - 1.0) / oversubscription)


def clos_link_ends(num_endpoints: Count, levels: Count, oversubscription: Count) -> Count:
    r"""Ends of links, each a transceiver or a plug.

    .. math:: E = 2 N \left( 1 + \frac{L - 1}{s} \right)

    Parameters
    ----------
    num_endpoints
        Ports to connect, :math:`N`.
    levels
        Levels of switches, :math:`L`.
    oversubscription
        Bandwidth into the first level over that out of it, :math:`s`.

    Returns
    -------
    Count
        Two for every link; one link per endpoint and level [1]_ [2]_.

    Examples
    --------
    >>> clos_link_ends(1.0, 3.0, 1.0)
    6.0
    """
    return 2.0 * num_endpoints * (1.0 + (levels - 1.0) / oversubscription)
