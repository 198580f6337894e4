r"""Time of collective communication on homogeneous links.

Every function uses the alpha-beta model of [1]_: a step costs a fixed latency :math:`\alpha` plus its bytes over the
bandwidth :math:`\beta`. Bandwidth is per device and *per direction*; data sheets often quote the sum of both. The
message is what one member holds when all is gathered, before all is scattered, or sends to all others together.

Not modelled anywhere here: contention between groups, link failures, and the reduction arithmetic.

References
----------
.. [1] R. Thakur, R. Rabenseifner and W. Gropp, "Optimization of Collective Communication Operations in MPICH,"
       Int. J. High Perform. Comput. Appl., vol. 19, no. 1, pp. 49-66, 2005, doi:10.1177/1094342005051521.
.. [2] P. Sanders, J. Speck and J. L. Traeff, "Two-tree algorithms for full bandwidth broadcast, reduction and scan,"
       Parallel Computing, vol. 35, no. 12, pp. 581-594, 2009, doi:10.1016/j.parco.2009.09.001.
.. [3] B. Klenk, N. Jiang, G. Thorson and L. Dennison, "An In-Network Architecture for Accelerating Shared-Memory
       Multiprocessor Collectives," ISCA 2020, doi:10.1109/ISCA45697.2020.00085.
.. [4] DeepSeek-AI, "DeepSeek-V3 Technical Report," 2024, arXiv:2412.19437, section 3.2.2.
"""

from lindos.quantities import Bytes, BytesPerSecond, Count, Fraction, Seconds, namespace


def point_to_point_time(message: Bytes, bandwidth: BytesPerSecond, latency: Seconds) -> Seconds:
    r"""Time to send a message to one neighbour.

    .. math:: t = \alpha + m / \beta

    Notes
    -----
    The model of [1]_ itself.

    Examples
    --------
    64 MB over 50 GB/s and 5 microseconds, in ms:

    >>> round(float(point_to_point_time(64e6, 50e9, 5e-6) * 1e3), 3)
    1.285
    """
    return latency + message / bandwidth


def chunking_time(transfer: Seconds, chunk_cost: Seconds) -> Seconds:
    r"""What it adds to a transfer that it is cut into chunks, so that its stages work at the same time.

    .. math:: t = 2 \sqrt{\tau T}

    Parameters
    ----------
    transfer
        Time of the bytes at full bandwidth, :math:`T`.
    chunk_cost
        Fixed cost of one chunk, :math:`\tau`.

    Notes
    -----
    Of :math:`c` chunks each costs :math:`\tau`, and the first passes a stage of :math:`T / c` more than the others:
    the sum is least at :math:`c = \sqrt{T / \tau}`, as for the pipelined trees of [2]_. So bandwidth grows with the
    message long after latency has ceased to matter.

    Examples
    --------
    64 MB at 370 GB/s, chunks of 6 microseconds, in microseconds:

    >>> round(float(chunking_time(64e6 / 370e9, 6e-6) * 1e6), 1)
    64.4
    """
    xp = namespace(transfer, chunk_cost)
    time: Seconds = 2 * xp.sqrt(transfer * chunk_cost)
    return time


def ring_all_gather_time(message: Bytes, group_size: Count, bandwidth: BytesPerSecond, latency: Seconds) -> Seconds:
    r"""Time until every member of a ring holds the pieces of all; a reduce-scatter takes as long.

    .. math:: t = (n - 1) \left( \alpha + \frac{m}{n \beta} \right)

    Parameters
    ----------
    message
        The gathered buffer :math:`m`; each member brings :math:`m / n`.
    group_size
        Members :math:`n \geq 1`; a group of one takes no time.
    bandwidth
        Of one link in one direction, :math:`\beta`.
    latency
        Fixed cost of one step, :math:`\alpha`.

    Notes
    -----
    The bandwidth term is optimal [1]_; the latency grows with the group, so the recursive form wins for small pieces.

    Examples
    --------
    1 GB over the 8 GPUs of a DGX H100, 450 GB/s per direction, in ms:

    >>> round(float(ring_all_gather_time(1e9, 8, 450e9, 0.0) * 1e3), 3)
    1.944
    """
    return (group_size - 1) * (latency + message / (group_size * bandwidth))


def recursive_all_gather_time(
    message: Bytes, group_size: Count, bandwidth: BytesPerSecond, latency: Seconds
) -> Seconds:
    r"""Time of an all-gather by recursive doubling; a reduce-scatter by recursive halving takes as long.

    .. math:: t = \lceil \log_2 n \rceil \alpha + \frac{n - 1}{n} \frac{m}{\beta}

    Notes
    -----
    Same bytes as the ring in logarithmically many steps [1]_; for other sizes than powers of two the steps are rounded
    up. Distant partners share links that a ring does not share, which is not modelled.

    Examples
    --------
    >>> round(float(recursive_all_gather_time(1e9, 8, 450e9, 1e-6) * 1e3), 3)
    1.947
    """
    xp = namespace(group_size)
    steps = xp.ceil(xp.log2(group_size))
    time: Seconds = steps * latency + message * (group_size - 1) / (group_size * bandwidth)
    return time


def ring_all_reduce_time(message: Bytes, group_size: Count, bandwidth: BytesPerSecond, latency: Seconds) -> Seconds:
    r"""Time until every member of a ring holds the sum of all buffers.

    .. math:: t = 2 (n - 1) \left( \alpha + \frac{m}{n \beta} \right)

    Notes
    -----
    A reduce-scatter and an all-gather of :math:`n - 1` steps each [1]_.

    Examples
    --------
    1 GB over the 8 GPUs of a DGX H100, 450 GB/s per direction, in ms:

    >>> round(float(ring_all_reduce_time(1e9, 8, 450e9, 0.0) * 1e3), 3)
    3.889
    """
    return 2 * ring_all_gather_time(message, group_size, bandwidth, latency)


def tree_all_reduce_time(message: Bytes, group_size: Count, bandwidth: BytesPerSecond, latency: Seconds) -> Seconds:
    r"""Time of an all-reduce over a double binary tree, pipelined.

    .. math:: t = 2 \left( \lceil \log_2 n \rceil \alpha + \frac{m}{\beta} \right) \quad (n > 1)

    Notes
    -----
    Reduce up and broadcast down; two trees that share no inner node use the full bandwidth in both directions [2]_. The
    pipeline's own fill, one piece per level, is left out. A group of one takes no time.

    Examples
    --------
    1 MB over 1,024 members, 50 GB/s, 5 microseconds, in ms; a ring would take 10 ms for its latency alone:

    >>> round(float(tree_all_reduce_time(1e6, 1024, 50e9, 5e-6) * 1e3), 3)
    0.14
    """
    xp = namespace(group_size)
    several = xp.minimum(group_size - 1.0, 1.0)
    time: Seconds = 2 * (xp.ceil(xp.log2(group_size)) * latency + several * message / bandwidth)
    return time


def in_switch_all_reduce_time(
    message: Bytes, group_size: Count, bandwidth: BytesPerSecond, latency: Seconds
) -> Seconds:
    r"""Time of an all-reduce that the switch adds up and sends back to all.

    .. math:: t = 2 \alpha + m / \beta \quad (n > 1)

    Notes
    -----
    Each member sends its buffer once while it receives the sum [3]_: half of a ring's bytes. A group of one takes no
    time.

    Examples
    --------
    >>> round(float(in_switch_all_reduce_time(1e9, 8, 450e9, 0.0) * 1e3), 3)
    2.222
    """
    xp = namespace(group_size)
    several = xp.minimum(group_size - 1.0, 1.0)
    time: Seconds = several * (2 * latency + message / bandwidth)
    return time


def hierarchical_all_reduce_time(
    message: Bytes,
    inner_size: Count,
    outer_size: Count,
    inner_bandwidth: BytesPerSecond,
    outer_bandwidth: BytesPerSecond,
    inner_latency: Seconds,
    outer_latency: Seconds,
) -> Seconds:
    r"""Time of an all-reduce over two tiers: reduce-scatter inside, all-reduce across, all-gather inside.

    .. math:: t = 2\, t_{gather}(m, n_1) + t_{reduce}(m / n_1, n_2)

    Notes
    -----
    Each of the :math:`n_1` members of a node reduces its own piece with its peers in the other nodes, so all network
    ports work at once. Each stage is a ring of [1]_, and the stages are added up; an implementation that pipelines them
    is faster.

    Examples
    --------
    1 GB over 16 nodes of 8 GPUs, 450 and 50 GB/s, in ms:

    >>> round(float(hierarchical_all_reduce_time(1e9, 8, 16, 450e9, 50e9, 0.0, 0.0) * 1e3), 3)
    8.576
    """
    inside = ring_all_gather_time(message, inner_size, inner_bandwidth, inner_latency)
    across = ring_all_reduce_time(message / inner_size, outer_size, outer_bandwidth, outer_latency)
    return 2 * inside + across


def all_to_all_time(message: Bytes, group_size: Count, bandwidth: BytesPerSecond, latency: Seconds) -> Seconds:
    r"""Time until every member has sent a different piece to each other member.

    .. math:: t = \alpha + \frac{n - 1}{n} \frac{m}{\beta} \quad (n > 1)

    Notes
    -----
    The message is all that one member sends, its own piece included. All pieces are under way at once, so the latency
    counts once; partners met one by one would pay it :math:`n - 1` times [1]_. Pieces are equal; a busy member is the
    caller's load imbalance. A group of one takes no time.

    Examples
    --------
    256 MB over 64 members, 50 GB/s, in ms:

    >>> round(float(all_to_all_time(256e6, 64, 50e9, 0.0) * 1e3), 2)
    5.04
    """
    xp = namespace(group_size)
    several = xp.minimum(group_size - 1.0, 1.0)
    time: Seconds = several * latency + message * (group_size - 1) / (group_size * bandwidth)
    return time


def exposed_time(communication: Seconds, compute: Seconds, overlap: Fraction) -> Seconds:
    r"""Communication left visible when a fraction of it may hide behind compute.

    .. math:: t = t_{comm} - \min(\phi\, t_{comm}, t_{compute})

    Notes
    -----
    A definition. Compute that runs beside communication is taken to run at its full speed: processors and memory
    bandwidth that the transfer itself uses are not modelled.

    Examples
    --------
    >>> exposed_time(1.0, 0.5, 0.9), exposed_time(1.0, 2.0, 0.75)
    (np.float64(0.5), np.float64(0.25))
    """
    xp = namespace(communication, compute, overlap)
    hidden: Seconds = xp.minimum(overlap * communication, compute)
    return communication - hidden


def visible_time(communication: Seconds, compute: Seconds, overlap: Fraction, contention: Fraction) -> Seconds:
    r"""Time that communication adds to a step: what is exposed, and compute that it slows while it hides.

    .. math:: t = t_{exposed} + \kappa (t_{comm} - t_{exposed})

    Parameters
    ----------
    communication
        Time of the transfer alone, :math:`t_{comm}`.
    compute
        Time of the compute that may hide it.
    overlap
        Share of the transfer that software lets run beside compute.
    contention
        Share of processors that a transfer keeps from compute, :math:`\kappa`.

    Notes
    -----
    20 of the 132 processors of an H800 serve communication in [4]_. Memory bandwidth that both use is not modelled.

    Examples
    --------
    >>> round(float(visible_time(1.0, 2.0, 0.75, 0.15)), 4)
    0.3625
    """
    exposed = exposed_time(communication, compute, overlap)
    return exposed + contention * (communication - exposed)
