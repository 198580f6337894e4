r"""Counts of a transformer for the table of its operators.

References
----------
.. [1] V. Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models," 2022, arXiv:2205.05198.
.. [2] DeepSeek-AI, "DeepSeek-V3 Technical Report," 2024, arXiv:2412.19437, section 2.1.2.
"""

from lindos.quantities import Count, namespace


def mean_causal_keys(sequence_length: Count, window: Count) -> Count:
    r"""Keys that a query attends to under a causal mask, averaged over a sequence.

    .. math:: \bar{k} = w - \frac{w^2}{2 s}, \quad w = \min(\text{window}, s)

    Parameters
    ----------
    sequence_length
        Tokens of the sequence, :math:`s`.
    window
        Keys a query may see; at least :math:`s` for attention without a window.

    Returns
    -------
    Count
        At most half the sequence length.

    Notes
    -----
    A definition. Without a window this is :math:`s / 2`: the convention that causal attention counts half of the full
    mask. The half key of the diagonal is left out.

    Examples
    --------
    >>> float(mean_causal_keys(8192, 8192)), float(mean_causal_keys(4096, 128))
    (4096.0, 126.0)
    """
    xp = namespace(sequence_length, window)
    seen = xp.minimum(window, sequence_length)
    keys: Count = seen - seen**2 / (2 * sequence_length)
    return keys


def distinct_targets(num_targets: Count, choices: Count) -> Count:
    r"""Expected number of different targets among independent, equally likely choices.

    .. math:: N \left(1 - \left(1 - \frac{1}{N}\right)^k\right)

    Parameters
    ----------
    num_targets
        Targets to choose from, :math:`N`.
    choices
        Number of choices, :math:`k`.

    Returns
    -------
    Count
        Expected number; at most :math:`N`.

    Notes
    -----
    By definition: each choice misses a target with probability :math:`1 - 1/N`. A token that goes
    to several experts on one node crosses the network once, if the dispatch forwards inside the node. Experts are drawn
    with replacement, which slightly undercounts.

    Examples
    --------
    Eight experts over 8 nodes are on about five different nodes:

    >>> round(float(distinct_targets(8, 8)), 2)
    5.25
    """
    return num_targets * (1 - (1 - 1 / num_targets) ** choices)
