r"""Time of one kernel: a roofline with the losses of tiles, waves and shallow products.

References
----------
.. [1] S. Williams, A. Waterman and D. Patterson, "Roofline: an insightful visual performance model for multicore
       architectures," Commun. ACM, vol. 52, no. 4, 2009, doi:10.1145/1498765.1498785.
.. [2] NVIDIA, "Matrix Multiplication Background User's Guide," sections on tile and wave quantization,
       https://docs.nvidia.com/deeplearning/performance/dl-performance-matrix-multiplication/index.html.
"""

from lindos.quantities import Bytes, BytesPerSecond, Count, Flop, FlopPerSecond, Fraction, Seconds, namespace


def roofline_time(
    work: Flop, data: Bytes, compute_rate: FlopPerSecond, memory_rate: BytesPerSecond, latency: Seconds
) -> Seconds:
    r"""Time of a kernel that computes and moves data at the same time.

    .. math:: t = \max\left(\frac{F}{R}, \frac{D}{M}\right) + \alpha

    Notes
    -----
    The rates are attainable ones, not peaks [1]_. Not modelled: caches, and kernels whose phases do not overlap.

    Examples
    --------
    A BF16 product of 8,192 x 8,192 x 8,192 at 700 TFLOP/s, in ms:

    >>> round(float(roofline_time(2 * 8192**3, 3 * 2 * 8192**2, 700e12, 3e12, 3e-6) * 1e3), 3)
    1.574
    """
    xp = namespace(work, data, compute_rate, memory_rate, latency)
    time: Seconds = xp.maximum(work / compute_rate, data / memory_rate) + latency
    return time


def matmul_efficiency(
    rows: Count,
    columns: Count,
    depth: Count,
    num_matrices: Count,
    tile_rows: Count,
    tile_columns: Count,
    num_processors: Count,
    fill_depth: Count,
) -> Fraction:
    r"""Share of a large product's rate that one product, or a group of equal ones, reaches.

    .. math::

        \eta = \frac{mn}{\lceil m/a \rceil a \lceil n/b \rceil b} \cdot
               \frac{w}{\lceil w \rceil} \cdot \frac{k}{k + k_0},
        \quad w = \frac{g \lceil m/a \rceil \lceil n/b \rceil}{P}

    Parameters
    ----------
    rows, columns, depth
        Of one product, :math:`m \times n` over :math:`k`.
    num_matrices
        Products in one launch, :math:`g`.
    tile_rows, tile_columns
        Of the output tile that one processor computes, :math:`a \times b`.
    num_processors
        Streaming multiprocessors or their like, :math:`P`.
    fill_depth
        Depth whose time it takes to fill a tile's pipeline and write its result, :math:`k_0`.

    Notes
    -----
    Partly filled tiles and a partly filled last wave cost as much as full ones [2]_. Libraries choose among many tile
    shapes and may split the depth; one shape stands for all, so small products come out slower than the best kernel.

    Examples
    --------
    4,096 x 4,096 x 4,096 on the 132 processors of an H100, tiles of 128 x 256:

    >>> round(float(matmul_efficiency(4096, 4096, 4096, 1, 128, 256, 132, 128)), 3)
    0.94
    """
    xp = namespace(rows, columns, depth, num_matrices, tile_rows, tile_columns, num_processors, fill_depth)
    down, across = xp.ceil(rows / tile_rows), xp.ceil(columns / tile_columns)
    waves = num_matrices * down * across / num_processors
    filled = rows * columns / (down * tile_rows * across * tile_columns)
    efficiency: Fraction = filled * waves / xp.ceil(waves) * depth / (depth + fill_depth)
    return efficiency


def wave_efficiency(tiles: Count, num_processors: Count) -> Fraction:
    r"""Share of processors that work, averaged over the waves of a kernel.

    .. math:: \eta = w / \lceil w \rceil, \quad w = \frac{\text{tiles}}{P}

    Notes
    -----
    The wave quantisation of [2]_: the last wave takes as long as a full one.

    Examples
    --------
    140 tiles on 132 processors need two waves:

    >>> round(float(wave_efficiency(140, 132)), 3)
    0.53
    """
    xp = namespace(tiles, num_processors)
    waves = tiles / num_processors
    efficiency: Fraction = waves / xp.ceil(waves)
    return efficiency
