r"""Serving a transformer: memory, traffic and computation of a token, by roofline.

Reading a prompt (*prefill*) is limited by computation. Writing (*decode*) makes one token per sequence and step; each
step reads all weights that the batch touches and the key-value cache of every sequence, so memory bandwidth
limits it. Memory capacity limits the batch, or the speed that users are promised [1]_ [2]_.

References
----------
.. [1] R. Pope et al., "Efficiently Scaling Transformer Inference," MLSys 2023, arXiv:2211.05102.
.. [2] S. Williams, A. Waterman and D. Patterson, "Roofline," Commun. ACM, vol. 52, no. 4, pp. 65-76, 2009,
       doi:10.1145/1498765.1498785.
.. [3] DeepSeek-AI, "DeepSeek-V2," arXiv:2405.04434, 2024 (multi-head latent attention).
"""

from lindos.quantities import (
    Bytes,
    BytesPerSecond,
    BytesPerToken,
    Count,
    Flop,
    FlopPerSecond,
    FlopPerToken,
    Seconds,
    TokensPerSecond,
    namespace,
)


def gqa_cache_per_token(
    num_layers: Count, num_kv_heads: Count, head_dim: Count, number_size: BytesPerToken
) -> BytesPerToken:
    r"""Key-value cache of one token under grouped-query attention.

    .. math:: k = 2 L h d s

    Parameters
    ----------
    num_layers
        Layers with a cache for every token, :math:`L`.
    num_kv_heads
        Heads of keys, and as many of values, :math:`h`.
    head_dim
        Numbers per head, :math:`d`.
    number_size
        Bytes of one number for each token, :math:`s`.

    Returns
    -------
    BytesPerToken
        Multi-head and multi-query attention are the limits.

    Notes
    -----
    As in [1]_. Not modelled: block rounding of paged caches.

    Examples
    --------
    Llama 3 70B (80 layers, 8 heads of 128) in BF16, in KiB:

    >>> gqa_cache_per_token(80, 8, 128, 2) / 1024
    320.0
    """
    return 2 * num_layers * num_kv_heads * head_dim * number_size


def mla_cache_per_token(
    num_layers: Count, kv_lora_rank: Count, rope_head_dim: Count, number_size: BytesPerToken
) -> BytesPerToken:
    r"""Cache of one token under multi-head latent attention.

    .. math:: k = L (r + d_r) s

    Parameters
    ----------
    num_layers
        Layers, :math:`L`.
    kv_lora_rank
        Rank of the shared latent, :math:`r`.
    rope_head_dim
        Numbers of the key that carries positions, :math:`d_r`.
    number_size
        Bytes of one number for each token, :math:`s`.

    Returns
    -------
    BytesPerToken
        Independent of the number of heads.

    Notes
    -----
    As in [3]_. Not modelled: tensor parallelism repeats the latent on each rank.

    Examples
    --------
    DeepSeek-V3 (61 layers, 512 + 64) in BF16, in KiB:

    >>> round(mla_cache_per_token(61, 512, 64, 2) / 1024, 1)
    68.6
    """
    return num_layers * (kv_lora_rank + rope_head_dim) * number_size


def devices_per_replica(content: Bytes, usable_memory: Bytes) -> Count:
    r"""Fewest devices whose memory is large enough for a content: a power of two.

    .. math:: g = 2^{\max(0, \lceil \log_2 (c / m) \rceil)}

    Parameters
    ----------
    content
        Weights of the whole model and the cache of one sequence, :math:`c`.
    usable_memory
        Of one device, :math:`m`.

    Returns
    -------
    Count
        1, 2, 4, ...

    Notes
    -----
    A rule of practice, since heads and experts split by powers of two [1]_. The smallest replica has little room for
    caches; a larger one may serve more per device, which the caller checks.

    Examples
    --------
    DeepSeek-V3's 672 GB in 8 bits, on devices of 141 GB of which nine tenths are usable:

    >>> float(devices_per_replica(672e9, 0.9 * 141e9))
    8.0
    """
    xp = namespace(content, usable_memory)
    devices: Count = 2.0 ** xp.maximum(xp.ceil(xp.log2(content / usable_memory)), 0.0)
    return devices


def decode_step_time(
    batch: Count,
    weights_read: Bytes,
    cache_per_sequence: Bytes,
    memory_rate: BytesPerSecond,
    work_per_sequence: Flop,
    compute_rate: FlopPerSecond,
    latency: Seconds,
) -> Seconds:
    r"""Time in which every sequence of a batch gets one token.

    .. math:: t = t_0 + \max \left( \frac{w + B k}{\beta}, \frac{B f}{\rho} \right)

    Parameters
    ----------
    batch
        Sequences, :math:`B`.
    weights_read
        Weights that the step reads, :math:`w`.
    cache_per_sequence
        Cache that one sequence reads, :math:`k`.
    memory_rate
        Attained bandwidth of the replica, :math:`\beta`.
    work_per_sequence
        FLOP of one token, :math:`f`.
    compute_rate
        Attained rate of the replica, :math:`\rho`.
    latency
        Time of a step that does not depend on the batch, :math:`t_0`.

    Returns
    -------
    Seconds
        Of one step.

    Notes
    -----
    The roofline [2]_ of [1]_. Sampling is part of the attained rates.

    Examples
    --------
    >>> float(decode_step_time(200.0, 140e9, 2.5e9, 16e12, 140e9, 4e15, 0.01))
    0.05
    """
    xp = namespace(batch, weights_read, cache_per_sequence, memory_rate, work_per_sequence, compute_rate, latency)
    time: Seconds = latency + xp.maximum(
        (weights_read + batch * cache_per_sequence) / memory_rate, batch * work_per_sequence / compute_rate
    )
    return time


def prefill_rate(compute_rate: FlopPerSecond, flop_per_token: FlopPerToken) -> TokensPerSecond:
    r"""Prompt tokens per time where computation is the limit.

    .. math:: r = \rho / f

    Parameters
    ----------
    compute_rate
        Attained rate, :math:`\rho`.
    flop_per_token
        Forward FLOP of one token, :math:`f`.

    Returns
    -------
    TokensPerSecond
        Of the devices that the rate counts.

    Notes
    -----
    The compute side of [1]_. Not modelled: cached prefixes, which need no computation.

    Examples
    --------
    >>> prefill_rate(7e14, 1.4e11)
    5000.0
    """
    return compute_rate / flop_per_token
