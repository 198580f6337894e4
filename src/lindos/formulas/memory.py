r"""Memory of a training step on one device.

References
----------
.. [1] S. Rajbhandari, J. Rasley, O. Ruwase and Y. He, "ZeRO: Memory Optimizations Toward Training Trillion Parameter
       Models," SC20, 2020, arXiv:1910.02054.
.. [2] V. Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models," MLSys 2023,
       arXiv:2205.05198.
.. [3] D. Narayanan et al., "Efficient Large-Scale Language Model Training on GPU Clusters Using Megatron-LM," SC21,
       2021, arXiv:2104.04473.
.. [4] J. Ren et al., "ZeRO-Offload: Democratizing Billion-Scale Model Training," USENIX ATC 2021, arXiv:2101.06840.
"""

from lindos.quantities import Bytes, BytesPerSecond, BytesPerToken, Count, Fraction, Seconds, Tokens, namespace


def sharded_bytes(num_params: Count, bytes_per_param: Bytes, shards: Count) -> Bytes:
    r"""Bytes per rank of a state that a group of ranks shards.

    .. math:: m = \frac{b \, n}{s}

    Parameters
    ----------
    num_params
        Parameters whose state it is, :math:`n`.
    bytes_per_param
        Bytes of each, :math:`b`: 2 for BF16 weights, 12 for an FP32 master copy and two Adam moments [1]_.
    shards
        Ranks that split it, :math:`s \geq 1`.

    Returns
    -------
    Bytes
        On one rank.

    Examples
    --------
    Optimizer states of 7.5 billion parameters over 64 ranks, in GB [1]_:

    >>> round(sharded_bytes(7.5e9, 12.0, 64.0) / 1e9, 3)
    1.406
    """
    return num_params * bytes_per_param / shards


def activation_bytes(per_token: BytesPerToken, tokens: Tokens, layers: Count, in_flight: Count) -> Bytes:
    r"""Activations that a pipeline stage keeps for its backward passes.

    .. math:: m = a \, T \, \ell \, c

    Parameters
    ----------
    per_token
        Activations of one token in one layer, :math:`a`, from the operator table; :math:`34 h` in the layer of [2]_
        without attention scores.
    tokens
        Of a micro-batch, on this rank, :math:`T`.
    layers
        On the device, :math:`\ell`.
    in_flight
        Micro-batches kept at a time, :math:`c`.

    Returns
    -------
    Bytes
        Of one device.

    Examples
    --------
    >>> activation_bytes(34.0 * 12_288, 2048.0, 6.0, 8.0) / 1e9
    41.070624768
    """
    return per_token * tokens * layers * in_flight


def micro_batches_in_flight(
    num_micro_batches: Count, pipeline_parallel: Count, virtual_stages: Count, stage: Count
) -> Count:
    r"""Micro-batches whose activations a pipeline stage keeps under one-forward-one-backward.

    .. math:: c = \begin{cases} \min(m, \; p - r) & v = 1 \\
              \min\left(m, \; \frac{2 (p - r - 1) + (v - 1) p + 1}{v}\right) & v > 1 \end{cases}

    On the first stage that is :math:`p` without interleaving, and :math:`p \left(1 + \frac{p - 1}{p v}\right)` with it
    [2]_ [3]_.

    Parameters
    ----------
    num_micro_batches
        Of the step, :math:`m`.
    pipeline_parallel
        Stages, :math:`p`.
    virtual_stages
        Chunks of layers a device, :math:`v`.
    stage
        Index of the stage, :math:`r`: 0 is the first, :math:`p - 1` the last.

    Returns
    -------
    Count
        In passes over all layers of the device; one where there is no pipeline.

    Examples
    --------
    >>> [float(micro_batches_in_flight(64.0, 8.0, v, 0.0)) for v in (1.0, 2.0, 4.0)]
    [8.0, 11.5, 9.75]
    >>> [float(micro_batches_in_flight(64.0, 8.0, v, 7.0)) for v in (1.0, 2.0, 4.0)]
    [1.0, 4.5, 6.25]
    """
    xp = namespace(num_micro_batches, pipeline_parallel, virtual_stages, stage)
    plain = xp.maximum(pipeline_parallel - stage, 1.0)
    chunks = 2 * xp.maximum(pipeline_parallel - stage - 1, 0.0) + (virtual_stages - 1) * pipeline_parallel + 1
    in_flight: Count = xp.minimum(num_micro_batches, xp.where(virtual_stages > 1, chunks / virtual_stages, plain))
    return in_flight


def fragmented_bytes(dynamic: Bytes, fragmentation: Fraction) -> Bytes:
    r"""Bytes lost between blocks of memory that is allocated and freed.

    .. math:: m = f \, d

    Parameters
    ----------
    dynamic
        Memory that is allocated and freed in a step, :math:`d`.
    fragmentation
        Share of it that is lost, :math:`f`.

    Returns
    -------
    Bytes
        On top of the memory itself.

    Notes
    -----
    A definition.

    Examples
    --------
    >>> fragmented_bytes(40e9, 0.05)
    2000000000.0
    """
    return dynamic * fragmentation


def host_optimizer_time(
    num_params: Count, bandwidth: BytesPerSecond, state_bytes: Bytes = 12.0, gradient_bytes: Bytes = 4.0
) -> Seconds:
    r"""Time that the processors of a host take to update the parameters whose states it keeps.

    .. math:: t = \frac{(g + 2 b) n}{M_h}

    Parameters
    ----------
    num_params
        Parameters of one device, :math:`n`.
    bandwidth
        Of the host's memory, as far as the update reaches it, for one device, :math:`M_h`.
    state_bytes
        Of the states of a parameter, with its master weight, :math:`b`.
    gradient_bytes
        Of a gradient as the host reads it, :math:`g`.

    Returns
    -------
    Seconds
        Of one step.

    Notes
    -----
    Adam [4]_ reads the gradient in FP32, master weight and two moments, and writes the last three: 28 bytes with states
    in FP32; arithmetic is hidden behind them. Weights in BF16 are written to the device.

    Examples
    --------
    1 billion parameters at 50 GB/s:

    >>> host_optimizer_time(1e9, 50e9)
    0.56
    """
    return num_params * (gradient_bytes + 2.0 * state_bytes) / bandwidth
