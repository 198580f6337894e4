r"""The waits of a whole sequence of arrivals at one server, by Lindley's recursion [1]_.

References
----------
.. [1] D. V. Lindley, "The theory of queues with a single server," Math. Proc. Cambridge Philos. Soc., vol. 48, 1952.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Times: TypeAlias = NDArray[np.float64]


def waits(arrivals: Times, services: Times) -> Times:
    """Compute the wait of every arrival at one server that serves in order.

    Parameters
    ----------
    arrivals
        Times of arrival in seconds, in order.
    services
        Time of each service, in seconds.

    Returns
    -------
    array
        Wait of each before its service, in seconds: a running sum less its running minimum.

    Examples
    --------
    >>> waits(np.array([0.0, 1.0, 5.0]), np.array([3.0, 3.0, 1.0])).tolist()
    [0.0, 2.0, 1.0]
    """
    steps = np.concatenate([[0.0], services[:-1] - np.diff(arrivals)])
    walk = np.cumsum(steps)
    waited: Times = walk - np.minimum.accumulate(walk)
    return waited
