r"""The batch size beyond which more devices help less, and the extra tokens that a large batch needs.

References
----------
.. [1] S. McCandlish, J. Kaplan, D. Amodei et al., "An Empirical Model of Large-Batch Training," 2018, arXiv:1812.06162.
.. [2] H. Zhang et al., "How Does Critical Batch Size Scale in Pre-training?" ICLR 2025, arXiv:2410.21676.
"""

from lindos.quantities import Fraction, Tokens


def critical_batch_size(
    training_tokens: Tokens, reference_tokens: Tokens, reference_batch: Tokens, exponent: Fraction
) -> Tokens:
    r"""Batch, in tokens, beyond which a larger one costs more than a stated share of extra tokens.

    .. math:: B_{crit} = B_0 \left( \frac{D}{D_0} \right)^a

    Parameters
    ----------
    training_tokens
        All tokens of the run, :math:`D`.
    reference_tokens, reference_batch
        Tokens of a run and its critical batch, at which the law is anchored, :math:`D_0` and :math:`B_0`.
    exponent
        Power of the law, :math:`a`.

    Returns
    -------
    Tokens
        Of one optimiser step.

    Notes
    -----
    It grows with the tokens of the run and hardly with the size of the model [2]_. Such laws are fitted on models of up
    to about a billion parameters and used far beyond them.

    Examples
    --------
    A law anchored at 2 million tokens for 100 billion, for 10 trillion, in millions:

    >>> round(float(critical_batch_size(1e13, 1e11, 2e6, 0.5) / 1e6), 1)
    20.0
    """
    return reference_batch * (training_tokens / reference_tokens) ** exponent


def extra_tokens_factor(batch: Tokens, critical_batch: Tokens, overhead: Fraction) -> Fraction:
    r"""Tokens needed for the same loss, as a multiple of the tokens that a very small batch needs.

    .. math:: 1 + \epsilon \frac{B}{B_{crit}}

    Parameters
    ----------
    batch
        Tokens of one optimiser step, :math:`B`.
    critical_batch
        Batch that needs :math:`1 + \epsilon` as many tokens, :math:`B_{crit}`.
    overhead
        Extra tokens that define the critical batch, :math:`\epsilon`: 1 in [1]_, 0.2 in [2]_.

    Returns
    -------
    Fraction
        One for a very small batch.

    Notes
    -----
    From the trade of steps against examples, :math:`(S / S_{min} - 1)(E / E_{min} - 1) = 1` [1]_, which makes extra
    tokens proportional to the batch.

    Examples
    --------
    Half of the batch that doubles the tokens:

    >>> extra_tokens_factor(16e6, 32e6, 1.0)
    1.5
    """
    return 1 + overhead * batch / critical_batch
