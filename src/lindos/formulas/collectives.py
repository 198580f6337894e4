r"""Time of collective communication on homogeneous links.

Every function uses the alpha-beta model of [1]_: a step costs a fixed latency :math:`\alpha` plus its bytes over the
bandwidth :math:`\beta`. Bandwidth is per device and *per direction*; data sheets often quote the sum of both. The
message is the buffer of one member: after a gather, before a scatter, or all that it sends in an all-to-all.

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

    Parameters
    ----------
    message
        Bytes to send, :math:`m`.
    bandwidth
        Of the link in one direction, :math:`\beta`.
    latency
        Fixed cost of the transfer, :math:`\alpha`.

    Returns
    -------
    Seconds
        Until the last byte has arrived.

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
    r"""Extra time of a transfer that is pipelined through its stages in chunks.

    .. math:: t = 2 \sqrt{\tau T}

    Parameters
    ----------
    transfer
        Time of the bytes at full bandwidth, :math:`T`.
    chunk_cost
        Fixed cost of one chunk, :math:`\tau`.

    Returns
    -------
    Seconds
        On top of the time of the bytes.

    Notes
    -----
    With :math:`c` chunks the extra time is :math:`c \tau` for their fixed cost and :math:`T / c` for the first chunk to
    fill the pipeline. The sum is least at :math:`c = \sqrt{T / \tau}`, as for the pipelined trees of [2]_. So the
    attained bandwidth still grows with the message where latency no longer matters.

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
    r"""Time of an all-gather over a ring; a reduce-scatter takes as long.

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

    Returns
    -------
    Seconds
        Zero for a group of one.

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

    Parameters
    ----------
    message
        The gathered buffer :math:`m`; each member brings :math:`m / n`.
    group_size
        Members :math:`n \geq 1`.
    bandwidth
        Of one link in one direction, :math:`\beta`.
    latency
        Fixed cost of one step, :math:`\alpha`.

    Returns
    -------
    Seconds
        Zero for a group of one.

    Notes
    -----
    The ring's bytes in logarithmically many steps [1]_, rounded up where the size is no power of two. Not modelled:
    distant partners share links, which neighbours in a ring do not.

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
    r"""Time of an all-reduce over a ring.

    .. math:: t = 2 (n - 1) \left( \alpha + \frac{m}{n \beta} \right)

    Parameters
    ----------
    message
        Buffer of each member, :math:`m`.
    group_size
        Members :math:`n \geq 1`.
    bandwidth
        Of one link in one direction, :math:`\beta`.
    latency
        Fixed cost of one step, :math:`\alpha`.

    Returns
    -------
    Seconds
        Zero for a group of one.

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


def in_switch_all_reduce_time(
    message: Bytes, group_size: Count, bandwidth: BytesPerSecond, latency: Seconds
) -> Seconds:
    r"""Time of an all-reduce inside the switch, which adds the buffers up and sends the sum to all.

    .. math:: t = 2 \alpha + m / \beta \quad (n > 1)

    Parameters
    ----------
    message
        Buffer of each member, :math:`m`.
    group_size
        Members :math:`n \geq 1`.
    bandwidth
        Of the link of one member to the switch in one direction, :math:`\beta`.
    latency
        Fixed cost of one way to or from the switch, :math:`\alpha`.

    Returns
    -------
    Seconds
        Zero for a group of one.

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
    has_partners = xp.minimum(group_size - 1.0, 1.0)
    time: Seconds = has_partners * (2 * latency + message / bandwidth)
    return time


def all_to_all_time(message: Bytes, group_size: Count, bandwidth: BytesPerSecond, latency: Seconds) -> Seconds:
    r"""Time of an all-to-all: every member sends a different piece to each other member.

    .. math:: t = \alpha + \frac{n - 1}{n} \frac{m}{\beta} \quad (n > 1)

    Parameters
    ----------
    message
        Bytes that one member sends in total, including the piece for itself, :math:`m`.
    group_size
        Members :math:`n \geq 1`.
    bandwidth
        Of one member's link in one direction, :math:`\beta`.
    latency
        Fixed cost of the exchange, :math:`\alpha`.

    Returns
    -------
    Seconds
        Zero for a group of one.

    Notes
    -----
    All pieces are sent at the same time, so the latency counts once; a pairwise exchange would pay it :math:`n - 1`
    times [1]_. Pieces are equal; the caller accounts for load imbalance. A group of one takes no time.

    Examples
    --------
    256 MB over 64 members, 50 GB/s, in ms:

    >>> round(float(all_to_all_time(256e6, 64, 50e9, 0.0) * 1e3), 2)
    5.04
    """
    xp = namespace(group_size)
    has_partners = xp.minimum(group_size - 1.0, 1.0)
    time: Seconds = has_partners * latency + message * (group_size - 1) / (group_size * bandwidth)
    return time


def exposed_time(communication: Seconds, compute: Seconds, overlap: Fraction) -> Seconds:
    r"""Communication that compute does not hide.

    .. math:: t = t_{comm} - \min(\phi\, t_{comm}, t_{compute})

    Parameters
    ----------
    communication
        Time of the transfer alone, :math:`t_{comm}`.
    compute
        Time of the compute that may hide it, :math:`t_{compute}`.
    overlap
        Share of the transfer that software lets run beside compute, :math:`\phi`.

    Returns
    -------
    Seconds
        Zero where everything is hidden.

    Notes
    -----
    A definition. Not modelled: processors and memory bandwidth that the transfer itself uses; compute beside it runs at
    full speed.

    Examples
    --------
    >>> exposed_time(1.0, 0.5, 0.9), exposed_time(1.0, 2.0, 0.75)
    (np.float64(0.5), np.float64(0.25))
    """
    xp = namespace(communication, compute, overlap)
    hidden: Seconds = xp.minimum(overlap * communication, compute)
    return communication - hidden


def visible_time(communication: Seconds, compute: Seconds, overlap: Fraction, contention: Fraction) -> Seconds:
    r"""Time that communication adds to a step: its exposed part, and the compute that its hidden part slows.

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

    Returns
    -------
    Seconds
        At least :func:`exposed_time`.

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
