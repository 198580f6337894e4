"""Critical batch size: the global batch above which training needs noticeably more tokens."""

from dataclasses import dataclass
from typing import Annotated

from lindos.formulas.batch import critical_batch_size, extra_tokens_factor
from lindos.quantities import Fraction, Tokens
from lindos.results import Why
from lindos.step.assumptions import Assumptions, load_assumptions


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLimit:
    """Extra tokens of a global batch over small batches, by a published law far outside the runs of its fit."""

    batch: Annotated[Tokens, Why("Tokens of one optimiser step")]
    critical: Annotated[Tokens, Why("Batch whose extra tokens reach the stated overhead")]
    overhead: Annotated[Fraction, Why("Extra tokens that define the critical batch")]

    @property
    def tokens_factor(self) -> Fraction:
        """Tokens needed for the same loss, as a multiple of what small batches need."""
        return extra_tokens_factor(self.batch, self.critical, self.overhead)

    @property
    def share_of_critical(self) -> Fraction:
        """Batch over critical batch; above 1 the batch is flagged."""
        return self.batch / self.critical


def critical_batch_tokens(training_tokens: Tokens, assumptions: Assumptions | None = None) -> Tokens:
    """Compute the critical batch of a run.

    Parameters
    ----------
    training_tokens
        Tokens of the whole run.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.

    Returns
    -------
    Tokens
        Tokens of one optimiser step.
    """
    assumptions = assumptions or load_assumptions()
    return critical_batch_size(
        training_tokens,
        assumptions.critical_batch_reference_tokens.value,
        assumptions.critical_batch.value,
        assumptions.critical_batch_exponent.value,
    )


def batch_limit(batch: Tokens, training_tokens: Tokens, assumptions: Assumptions | None = None) -> BatchLimit:
    """Compare a batch with the critical batch of its run.

    Parameters
    ----------
    batch
        Tokens of one optimiser step.
    training_tokens
        Tokens of the whole run.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.
    """
    assumptions = assumptions or load_assumptions()
    return BatchLimit(
        batch=batch,
        critical=critical_batch_tokens(training_tokens, assumptions),
        overhead=assumptions.critical_batch_overhead.value,
    )
