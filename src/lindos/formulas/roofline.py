r"""Time of one kernel: a roofline with the losses of tiles, waves and shallow products.

References
----------
.. [1] S. Williams, A. Waterman and D. Patterson, "Roofline: an insightful visual performance model for multicore
       architectures," Commun. ACM, vol. 52, no. 4, 2009, doi:10.1145/1498765.1498785.
.. [2] NVIDIA, "Matrix Multiplication Background User's Guide," sections on tile and wave quantization,
       https://docs.nvidia.com/deeplearning/performance/dl-performance-matrix-multiplication/index.html.
.. [3] J. Shah et al., "FlashAttention-3: Fast and Accurate Attention with Asynchrony and Low-precision," 2024,
       arXiv:2407.08608.
"""

from lindos.quantities import Bytes, BytesPerSecond, Count, Flop, FlopPerSecond, Fraction, Seconds, namespace

#: Depth, summed over the tiles of a processor, over which the higher clock of short products fades.
_BURST_DEPTH = 1e5


def roofline_time(
    work: Flop, data: Bytes, compute_rate: FlopPerSecond, memory_rate: BytesPerSecond, latency: Seconds
) -> Seconds:
    r"""Time of a kernel that computes and moves data at the same time.

    .. math:: t = \left(\left(\frac{F}{R}\right)^4 + \left(\frac{D}{M}\right)^4\right)^{1/4} + \alpha

    Parameters
    ----------
    work
        FLOP of the kernel, :math:`F`.
    data
        Bytes that it moves to and from memory, :math:`D`.
    compute_rate
        Attainable rate of computation, :math:`R`.
    memory_rate
        Attainable bandwidth of memory, :math:`M`.
    latency
        Fixed cost of a launch, :math:`\alpha`.

    Returns
    -------
    Seconds
        At least the longer of the two sides.

    Notes
    -----
    The rates are attainable ones, not peaks. The sharp corner of [1]_ is rounded: a kernel limited by both sides alike
    cannot hide one completely behind the other. The fourth power fits measured products better than the second power
    or the maximum. Not modelled: caches.

    Examples
    --------
    A BF16 product of 8,192 x 8,192 x 8,192 at 700 TFLOP/s, in ms:

    >>> round(float(roofline_time(2 * 8192**3, 3 * 2 * 8192**2, 700e12, 3e12, 3e-6) * 1e3), 3)
    1.574
    """
    xp = namespace(work, data, compute_rate, memory_rate, latency)
    compute, memory = work / compute_rate, data / memory_rate
    compute, memory = compute * compute, memory * memory
    time: Seconds = xp.sqrt(xp.sqrt(compute * compute + memory * memory)) + latency
    return time


def shared_waves(
    rows: Count,
    columns: Count,
    num_matrices: Count,
    tile_rows: Count,
    tile_columns: Count,
    num_processors: Count,
    partial_wave: Count,
) -> Count:
    r"""Waves of tiles that a product costs where the library distributes the last wave over all processors.

    .. math::

        \varphi = \sqrt{w^2 + \delta^2}, \quad
        w = \frac{g}{P} \left\lceil \frac{m}{a} \right\rceil \left\lceil \frac{n}{c} \right\rceil

    Parameters
    ----------
    rows, columns
        Of one product, :math:`m \times n`.
    num_matrices
        Products in one launch, :math:`g`.
    tile_rows, tile_columns
        Of the output tile that one processor computes, :math:`a \times c`.
    num_processors
        Streaming multiprocessors or their like, :math:`P`.
    partial_wave
        Waves that the smallest product costs, :math:`\delta`.

    Returns
    -------
    Count
        In waves of one tile per processor; not rounded.

    Notes
    -----
    Partly filled tiles cost as much as full ones [2]_. Many tile shapes and persistent kernels smooth the steps between
    waves; the remaining loss is that a small product cannot use all processors.

    Examples
    --------
    1,024 x 4,096 on the 132 processors of an H100, tiles of 128 x 256:

    >>> round(float(shared_waves(1024, 4096, 1, 128, 256, 132, 0.13)), 3)
    0.978
    """
    xp = namespace(rows, columns, num_matrices, tile_rows, tile_columns, num_processors, partial_wave)
    waves = num_matrices / num_processors * xp.ceil(rows / tile_rows) * xp.ceil(columns / tile_columns)
    shared: Count = xp.sqrt(waves * waves + partial_wave * partial_wave)
    return shared


def split_waves(
    rows: Count,
    columns: Count,
    depth: Count,
    num_matrices: Count,
    tile_rows: Count,
    tile_columns: Count,
    num_processors: Count,
    split_depth: Count,
    half_tile_loss: Fraction,
) -> Count:
    r"""Waves of tiles that a product costs where waves are whole, but tiles may be halved and the depth split.

    .. math::

        \varphi = \min_{s \leq 3} \left(\min\left(\frac{\lceil s w_1 \rceil}{s},
        (1 + l) \frac{\lceil 2 s w_2 \rceil}{2 s}\right) + (s - 1) \frac{\kappa w}{k}\right), \quad
        w_i = \frac{g}{i P} \left\lceil \frac{m}{a} \right\rceil \left\lceil \frac{i n}{c} \right\rceil

    Parameters
    ----------
    depth
        Of one product, :math:`k`; the others as in :func:`shared_waves`, and :math:`w = g m n / (P a c)`.
    split_depth
        Depth that costs the same time as adding one partial result, :math:`\kappa`, where the depth is split into
        :math:`s` parts.
    half_tile_loss
        Extra time of half a tile, as a share of half the time of a whole tile, :math:`l`.

    Returns
    -------
    Count
        In waves of one tile per processor; fractions come from half tiles and split products.

    Notes
    -----
    Partly filled tiles and a partly filled last wave cost as much as full ones [2]_; the library takes the fastest of
    six kernels. Not modelled: wrong choices of its heuristics, which scatter neighbouring shapes by some per cent.

    Examples
    --------
    1,024 x 4,096 over 4,096 on the 108 processors of an A100: 128 tiles would take two waves; with the depth split in
    two they take 1.5, plus the time to add the partial results:

    >>> round(float(split_waves(1024, 4096, 4096, 1, 128, 256, 108, 740, 0.24)), 3)
    1.714
    """
    xp = namespace(rows, columns, depth, num_matrices, num_processors, split_depth, half_tile_loss)
    down = num_matrices / num_processors * xp.ceil(rows / tile_rows)
    tiles = down * xp.ceil(columns / tile_columns)
    half_tiles = down * xp.ceil(2 * columns / tile_columns)
    split = split_depth * num_matrices * rows * columns / (num_processors * tile_rows * tile_columns * depth)
    waves: Count = xp.minimum(xp.ceil(tiles), xp.ceil(half_tiles) / 2 * (1 + half_tile_loss))
    for parts in (2, 3):
        half = xp.ceil(parts * half_tiles) / (2 * parts) * (1 + half_tile_loss)
        waves = xp.minimum(waves, xp.minimum(xp.ceil(parts * tiles) / parts, half) + (parts - 1) * split)
    return waves


def matmul_efficiency(
    rows: Count,
    columns: Count,
    depth: Count,
    num_matrices: Count,
    waves: Count,
    tile_rows: Count,
    tile_columns: Count,
    num_processors: Count,
    fill_depth: Count,
    burst: Fraction,
) -> Fraction:
    r"""Rate of one product, or a group of equal products, over the rate of an endless product.

    .. math::

        \eta = \frac{g\,m\,n\,k}{P\,a\,c\,u} \cdot \frac{1 + b}{1 + b\, u / (u + 10^5)},
        \quad u = \varphi (k + k_0)

    Parameters
    ----------
    rows, columns, depth
        Of one product, :math:`m \times n` over :math:`k`.
    num_matrices
        Products in one launch, :math:`g`.
    waves
        Waves of tiles that they take, :math:`\varphi`, from :func:`shared_waves` or :func:`split_waves`.
    tile_rows, tile_columns
        Of the output tile that one processor computes, :math:`a \times c`.
    num_processors
        Streaming multiprocessors or their like, :math:`P`.
    fill_depth
        Depth that costs the same time as filling a tile's pipeline and writing its result, :math:`k_0`.
    burst
        Speed-up of a product so short that power does not limit the clock, :math:`b`; it fades over a depth of
        :math:`10^5`, summed over the tiles of a processor, which is about a millisecond.

    Returns
    -------
    Fraction
        Above one where a short product outruns the endless one.

    Notes
    -----
    Tile and wave quantisation as in [2]_; the fading clock is a fit to measured kernels.

    Examples
    --------
    4,096 x 4,096 x 4,096 on the 132 processors of an H100, tiles of 128 x 256, faster than an endless product:

    >>> round(float(matmul_efficiency(4096, 4096, 4096, 1, 3.88, 128, 256, 132, 140, 0.1)), 3)
    1.049
    """
    busy = waves * (depth + fill_depth)
    useful = num_matrices / (num_processors * tile_rows * tile_columns) * rows * columns * depth
    efficiency: Fraction = useful * (1 + burst) / (busy * (1 + burst * busy / (busy + _BURST_DEPTH)))
    return efficiency


def attention_efficiency(
    queries: Count,
    keys: Count,
    num_heads: Count,
    head_dim: Count,
    waves: Count,
    tile_rows: Count,
    num_processors: Count,
    fill_keys: Count,
    softmax_dim: Count,
) -> Fraction:
    r"""Rate of fused attention over its rate for endless sequences with heads of 128.

    .. math::

        \eta = \frac{q h}{P\,a\,\varphi} \cdot \frac{k}{k + k_0} \cdot \frac{d\,(128 + d_0)}{128\,(d + d_0)}

    Parameters
    ----------
    queries
        Of all sequences, :math:`q`.
    keys
        Mean number of keys that a query sees, :math:`k`.
    num_heads, head_dim
        Query heads :math:`h` and the dimension of each, :math:`d`; the mean of keys and values where they differ.
    waves
        Waves of blocks of queries, :math:`\varphi`, from :func:`shared_waves`.
    tile_rows
        Queries of a block, :math:`a`.
    num_processors
        Streaming multiprocessors or their like, :math:`P`.
    fill_keys
        Keys that cost the same time as starting and finishing a block, :math:`k_0`.
    softmax_dim
        Head dimension for which the products take as long as the exponentials of the scores, :math:`d_0`.

    Returns
    -------
    Fraction
        One for endless sequences with heads of 128.

    Notes
    -----
    The work of softmax grows with queries and keys but not with the head dimension, and only a part of it hides behind
    products [3]_; so wide heads run faster.

    Examples
    --------
    Two sequences of 4,096 with 32 heads of 128 on the 132 processors of an H100, causal:

    >>> round(float(attention_efficiency(8192, 2048, 32, 128, 15.5, 128, 132, 200, 37)), 3)
    0.912
    """
    per_block = queries * num_heads / (waves * tile_rows * num_processors)
    filled = keys / (keys + fill_keys)
    efficiency: Fraction = per_block * filled * head_dim / (head_dim + softmax_dim) * (1 + softmax_dim / 128)
    return efficiency
