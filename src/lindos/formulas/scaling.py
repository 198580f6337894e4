r"""The loss that training compute reaches: the parametric scaling law and its compute-optimal model.

The law gives the loss of a dense transformer of :math:`N` parameters after :math:`D` tokens as
:math:`L = E + A N^{-\alpha} + B D^{-\beta}` [1]_. Training costs about six FLOP per parameter and token, so a budget
fixes the product :math:`N D`, and the law says how to divide it. The published coefficients of [1]_ and the refit of
its data [2]_ differ by enough to matter at the frontier; the catalogue has both. Both were fitted below
:math:`10^{22}` FLOP, so every use at the frontier is an extrapolation by four orders of magnitude or more.

References
----------
.. [1] J. Hoffmann et al., "Training Compute-Optimal Large Language Models," arXiv:2203.15556, 2022 (approach 3).
.. [2] T. Besiroglu, E. Erdil, M. Barnett and J. You, "Chinchilla Scaling: A replication attempt,"
       arXiv:2404.10102, 2024.
.. [3] J. Kaplan et al., "Scaling Laws for Neural Language Models," arXiv:2001.08361, 2020 (six FLOP).
"""

from lindos.quantities import Count, Flop, FlopPerToken, Fraction, Tokens


def training_flop(num_active_params: Count, tokens: Tokens, flop_per_param_token: FlopPerToken) -> Flop:
    r"""Computation of a training run, attention left out.

    .. math:: C = c N D

    Parameters
    ----------
    num_active_params
        Parameters that each token uses, :math:`N`.
    tokens
        Tokens trained on, :math:`D`.
    flop_per_param_token
        Six: two forward and four backward, :math:`c`.

    Returns
    -------
    Flop
        Model FLOPs.

    Notes
    -----
    The rule of [3]_. Not modelled: attention over the context, recomputation, embeddings.

    Examples
    --------
    405 billion parameters on 15.6 trillion tokens:

    >>> f"{training_flop(405e9, 15.6e12, 6.0):.2e}"
    '3.79e+25'
    """
    return flop_per_param_token * num_active_params * tokens


def tokens_from_flop(budget: Flop, flop_per_token: FlopPerToken) -> Tokens:
    r"""Tokens that a budget of training computation suffices for.

    .. math:: D = C / f

    Parameters
    ----------
    budget
        Computation to spend, :math:`C`.
    flop_per_token
        Training FLOP of one token, :math:`f`.

    Returns
    -------
    Tokens
        Processed, whether new or repeated.

    Notes
    -----
    A definition.

    Examples
    --------
    1e24 FLOP at 6e11 FLOP per token, in trillions:

    >>> round(tokens_from_flop(1e24, 6e11) / 1e12, 2)
    1.67
    """
    return budget / flop_per_token


def loss(
    num_params: Count,
    num_tokens: Count,
    irreducible: Fraction,
    params_coefficient: Fraction,
    params_exponent: Fraction,
    tokens_coefficient: Fraction,
    tokens_exponent: Fraction,
) -> Fraction:
    r"""Cross-entropy of a dense transformer, in nats per token.

    .. math:: L = E + A N^{-\alpha} + B D^{-\beta}

    Parameters
    ----------
    num_params
        Parameters, :math:`N`.
    num_tokens
        Tokens trained on, as a pure number, :math:`D`.
    irreducible
        Lower limit of the loss of any model, :math:`E`.
    params_coefficient
        :math:`A`.
    params_exponent
        :math:`\alpha`.
    tokens_coefficient
        :math:`B`.
    tokens_exponent
        :math:`\beta`.

    Returns
    -------
    Fraction
        On the data of the fit; other data shift it.

    Notes
    -----
    Approach 3 of [1]_. Not modelled: repeated data, mixtures of experts, better data.

    Examples
    --------
    Chinchilla itself, 70 billion parameters on 1.4 trillion tokens, with the coefficients of [1]_:

    >>> round(loss(70e9, 1.4e12, 1.69, 406.4, 0.34, 410.7, 0.28), 2)
    1.94
    """
    return (
        irreducible
        + params_coefficient * num_params**-params_exponent
        + tokens_coefficient * (num_tokens**-tokens_exponent)
    )


def optimal_params(
    params_times_tokens: Count,
    params_coefficient: Fraction,
    params_exponent: Fraction,
    tokens_coefficient: Fraction,
    tokens_exponent: Fraction,
) -> Count:
    r"""Parameters that reach the lowest loss for a fixed product of parameters and tokens.

    .. math:: N = \left( \frac{\alpha A}{\beta B} \right)^{1/(\alpha+\beta)} (N D)^{\beta/(\alpha+\beta)}

    Parameters
    ----------
    params_times_tokens
        Budget over six FLOP: :math:`N D`, as a pure number.
    params_coefficient
        :math:`A`.
    params_exponent
        :math:`\alpha`.
    tokens_coefficient
        :math:`B`.
    tokens_exponent
        :math:`\beta`.

    Returns
    -------
    Count
        Of a dense model.

    Notes
    -----
    Equation (4) of [1]_: the loss differentiated along the budget. Not modelled: the cost of serving the model, which
    makes real models smaller and their runs longer.

    Examples
    --------
    The budget of Chinchilla with the coefficients of [2]_, in billions of parameters:

    >>> round(optimal_params(5.76e23 / 6, 482.01, 0.3478, 2085.43, 0.3658) / 1e9)
    72
    """
    total = params_exponent + tokens_exponent
    scale = (params_exponent * params_coefficient / (tokens_exponent * tokens_coefficient)) ** (1 / total)
    return scale * params_times_tokens ** (tokens_exponent / total)


def optimal_tokens(
    num_params: Count,
    params_coefficient: Count,
    params_exponent: Fraction,
    tokens_coefficient: Count,
    tokens_exponent: Fraction,
) -> Count:
    r"""Tokens that train a model of a given size compute-optimally.

    .. math:: D = \left(\frac{\beta B}{\alpha A}\, N^\alpha\right)^{1/\beta}

    Parameters
    ----------
    num_params
        Parameters :math:`N`.
    params_coefficient, params_exponent
        :math:`A` and :math:`\alpha` of the fit.
    tokens_coefficient, tokens_exponent
        :math:`B` and :math:`\beta`.

    Returns
    -------
    Count
        Tokens :math:`D`, as a pure number.

    Notes
    -----
    The inverse of :func:`optimal_params`: equation 4 of [1]_ solved for tokens.

    Examples
    --------
    The model of 1e24 parameter-tokens gets its own tokens back:

    >>> fit = (482.01, 0.3478, 2085.43, 0.3658)
    >>> size = optimal_params(1e24, *fit)
    >>> round(float(size * optimal_tokens(size, *fit) / 1e24), 9)
    1.0
    """
    ratio = tokens_exponent * tokens_coefficient / (params_exponent * params_coefficient)
    tokens: Count = (ratio * num_params**params_exponent) ** (1 / tokens_exponent)
    return tokens
