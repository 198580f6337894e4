r"""Work of recurrent layers that are computed in chunks: state-space layers, linear attention, delta rule.

Within a chunk of :math:`C` tokens a recurrence is a small causal attention without softmax; between chunks a state of
key dimension by value dimension is passed on.

References
----------
.. [1] T. Dao and A. Gu, "Transformers are SSMs," ICML 2024, arXiv:2405.21060, section 6: the chunked form of Mamba-2.
.. [2] Z. Qin et al., "Lightning Attention-2," 2024, arXiv:2401.04658: the same for linear attention with decay.
.. [3] S. Yang, J. Kautz, A. Hatamizadeh, "Gated Delta Networks," ICLR 2025, arXiv:2412.06464, section 3.3: the form of
       the delta rule in which :math:`(I + A)^{-1}` of a chunk replaces its steps one by one.
"""

from lindos.quantities import Bytes, Count


def chunked_scan_flop(
    chunk_size: Count, key_dim: Count, value_dim: Count, num_heads: Count, num_groups: Count
) -> Count:
    r"""FLOP per token of a linear recurrence in chunks, forward.

    .. math:: C d_k g + h (C d_v + 4 d_k d_v)

    Parameters
    ----------
    chunk_size
        Tokens of a chunk, :math:`C`.
    key_dim
        Dimension of keys and queries, :math:`d_k`: the state size of Mamba-2.
    value_dim
        Dimension of values, :math:`d_v`: the head dimension of Mamba-2.
    num_heads
        Heads with values of their own, :math:`h`.
    num_groups
        Groups of heads with keys and queries of their own, :math:`g`, which share scores.

    Returns
    -------
    Count
        FLOP of one token in one layer.

    Notes
    -----
    Scores and weighted sums inside a chunk (:math:`2 d` for each of :math:`C/2` earlier tokens), the sum that a chunk
    adds to the state, and the product of queries and state (:math:`2 d_k d_v` each) [1]_, [2]_.

    Examples
    --------
    A layer of Nemotron 3 Nano: 64 heads of 64, 8 groups, states of 128, chunks of 128 tokens.

    >>> chunked_scan_flop(128, 128, 64, 64, 8)
    2752512
    """
    return chunk_size * key_dim * num_groups + num_heads * (chunk_size * value_dim + 4 * key_dim * value_dim)


def chunked_delta_flop(chunk_size: Count, key_dim: Count, value_dim: Count, num_heads: Count) -> Count:
    r"""FLOP per token of the gated delta rule in chunks, forward.

    .. math:: h \left(C d_k + C d_v + 4 d_k d_v + C d_k + \frac{C^2}{3} + C (d_k + d_v) + 2 d_k d_v\right)

    Parameters
    ----------
    chunk_size
        Tokens of a chunk, :math:`C`.
    key_dim, value_dim
        Dimensions of a head, :math:`d_k` and :math:`d_v`.
    num_heads
        Heads with values of their own, :math:`h`.

    Returns
    -------
    Count
        FLOP of one token in one layer.

    Notes
    -----
    Beside what every recurrence in chunks needs: products of keys, the inverse of a triangular matrix, its products
    with keys and values, and the product of keys and state [3]_.

    Examples
    --------
    A layer of Qwen3-Next: 32 value heads of 128, chunks of 64 tokens.

    >>> round(chunked_delta_flop(64, 128, 128, 32))
    4500139
    """
    plain = chunked_scan_flop(chunk_size, key_dim, value_dim, 1, 1)
    triangular = chunk_size * key_dim + chunk_size**2 / 3 + chunk_size * (key_dim + value_dim)
    return num_heads * (plain + triangular + 2 * key_dim * value_dim)


def recurrent_state(num_heads: Count, key_dim: Count, value_dim: Count, number_size: Bytes) -> Bytes:
    r"""Bytes that a recurrence stores for one sequence in place of a cache: it does not grow with the sequence.

    .. math:: h d_k d_v b

    Parameters
    ----------
    num_heads
        Heads, :math:`h`.
    key_dim, value_dim
        Dimensions of a head, :math:`d_k` and :math:`d_v`.
    number_size
        Bytes of a number, :math:`b`; states are usually stored in FP32.

    Returns
    -------
    Bytes
        Bytes of one layer.

    Notes
    -----
    By definition; the last tokens of the convolution before the recurrence are left out.

    Examples
    --------
    Nemotron 3 Nano stores 2.1 MB for each Mamba-2 layer, as much as its attention needs for 2,048 tokens in BF16.

    >>> recurrent_state(64, 128, 64, 4)
    2097152
    """
    return num_heads * key_dim * value_dim * number_size
