r"""Pipeline bubbles: the time that a device idles in one step because stages wait for each other.

A stage takes :math:`t_F` for the forward pass of a micro-batch, :math:`t_B` for the gradient of its input and
:math:`t_W` for the gradient of its weights. There are :math:`p` equal stages. Where stages differ, the caller passes
the times of the slowest.

References
----------
.. [1] D. Narayanan et al., "Efficient Large-Scale Language Model Training on GPU Clusters Using Megatron-LM," SC 2021,
       arXiv:2104.04473.
.. [2] P. Qi, X. Wan, G. Huang and M. Lin, "Zero Bubble Pipeline Parallelism," ICLR 2024, arXiv:2401.10241.
.. [3] DeepSeek-AI, "DeepSeek-V3 Technical Report," 2024, arXiv:2412.19437, section 3.2.1.
"""

from lindos.quantities import Count, Seconds, namespace


def one_f_one_b_bubble_time(
    forward: Seconds, backward: Seconds, pipeline_parallel: Count, virtual_stages: Count
) -> Seconds:
    r"""Idle time of one-forward-one-backward; interleaved where a device has several chunks of layers.

    .. math:: t = \frac{p - 1}{v} (t_F + t_{BW})

    Parameters
    ----------
    forward
        Forward pass of one micro-batch over all layers of a device, :math:`t_F`.
    backward
        The whole backward pass, inputs and weights, :math:`t_{BW} = t_B + t_W`.
    pipeline_parallel
        Stages :math:`p`.
    virtual_stages
        Chunks of layers per device, :math:`v`; 1 is the plain schedule.

    Returns
    -------
    Seconds
        Of one step; zero for one stage.

    Notes
    -----
    Equations 1 and 2 of [1]_. The bubble does not depend on the number of micro-batches; the interleaved form assumes
    that this number is a multiple of :math:`p`.

    Examples
    --------
    16 stages, 0.1 s forward and 0.2 s backward, 8 chunks a device:

    >>> round(float(one_f_one_b_bubble_time(0.1, 0.2, 16, 8)), 4)
    0.5625
    """
    return (pipeline_parallel - 1) / virtual_stages * (forward + backward)


def zero_bubble_time(
    forward: Seconds, backward_input: Seconds, backward_weight: Seconds, pipeline_parallel: Count
) -> Seconds:
    r"""Idle time of the schedule ZB-H1, which fills the end of the pipeline with weight gradients.

    .. math:: t = (p - 1) \max(t_F + t_B - t_W, 0)

    Parameters
    ----------
    forward
        Forward pass of one micro-batch over all layers of a device, :math:`t_F`.
    backward_input
        Its gradient of the inputs, :math:`t_B`.
    backward_weight
        Its gradient of the weights, :math:`t_W`.
    pipeline_parallel
        Stages :math:`p`.

    Returns
    -------
    Seconds
        Of one step; zero for one stage.

    Notes
    -----
    It needs the activation memory of 1F1B [2]_. Not modelled: variants with more memory and a smaller bubble.

    Examples
    --------
    >>> round(float(zero_bubble_time(0.1, 0.1, 0.1, 16)), 4)
    1.5
    """
    xp = namespace(forward, backward_input, backward_weight, pipeline_parallel)
    idle = forward + backward_input - backward_weight
    time: Seconds = (pipeline_parallel - 1) * xp.maximum(idle, 0 * idle)
    return time


def dual_pipe_bubble_time(
    forward: Seconds, backward_input: Seconds, backward_weight: Seconds, pipeline_parallel: Count
) -> Seconds:
    r"""Idle time of DualPipe, which feeds micro-batches from both ends.

    .. math:: t = \max\left(\frac{p}{2} - 1, 0\right) \max(t_{F\&BW} + t_{BW} - 3 t_W, 0)

    Parameters
    ----------
    forward
        Forward pass of one micro-batch over all layers of a device, :math:`t_F`.
    backward_input
        Its gradient of the inputs, :math:`t_B`.
    backward_weight
        Its gradient of the weights, :math:`t_W`.
    pipeline_parallel
        Stages :math:`p`.

    Returns
    -------
    Seconds
        Of one step; zero for one or two stages.

    Notes
    -----
    Table 2 of [3]_, where :math:`t_{BW} = t_B + t_W` and :math:`t_{F\&BW}` is the time of a forward and a backward
    chunk that overlap. Here it is their sum, :math:`t_F + t_{BW}`, since the communication that they hide is counted
    elsewhere. Each device keeps two copies of the weights.

    Examples
    --------
    >>> round(float(dual_pipe_bubble_time(0.1, 0.1, 0.1, 16)), 4)
    1.4
    """
    xp = namespace(forward, backward_input, backward_weight, pipeline_parallel)
    idle = forward + 2 * backward_input - backward_weight
    time: Seconds = xp.maximum(pipeline_parallel / 2 - 1, 0.0) * xp.maximum(idle, 0 * idle)
    return time


def layers_on_slowest_stage(num_layers: Count, pipeline_parallel: Count, virtual_stages: Count) -> Count:
    r"""Layers of the fullest device, where the layers may not divide evenly.

    .. math:: v \left\lceil \frac{L}{p v} \right\rceil

    Parameters
    ----------
    num_layers
        Layers of the model, :math:`L`.
    pipeline_parallel
        Stages :math:`p`.
    virtual_stages
        Chunks of layers per device, :math:`v`.

    Returns
    -------
    Count
        Of one device, all its chunks together.

    Notes
    -----
    A definition. Chunks are filled one after the other, as frameworks split layers: of 126 layers over 16 stages, two
    stages get one layer less.

    Examples
    --------
    >>> float(layers_on_slowest_stage(126, 16, 1)), float(layers_on_slowest_stage(126, 16, 4))
    (8.0, 8.0)
    """
    xp = namespace(num_layers, pipeline_parallel, virtual_stages)
    layers: Count = virtual_stages * xp.ceil(num_layers / (pipeline_parallel * virtual_stages))
    return layers
