"""What fits in memory and what does not: runs that ran, and configurations that ran out of memory."""

from collections.abc import Sequence
from dataclasses import dataclass

from lindos.validation.predict import Prediction
from lindos.validation.run import OUT_OF_MEMORY, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Fits:
    """Counts of configurations that the model of memory accepted or refused."""

    ran: int
    ran_refused: int
    failed: int  # that ran out of memory
    failed_caught: int


def count_fits(results: Sequence[tuple[Row, Prediction]]) -> Fits:
    """Count the rows that the model of memory judges rightly and wrongly.

    Parameters
    ----------
    results
        Rows with their predictions; a row without a plan to judge counts nowhere.
    """
    judged = [
        (row.measurement.metric == OUT_OF_MEMORY, prediction.prepared.chosen.fits)
        for row, prediction in results
        if prediction.prepared is not None
    ]
    return Fits(
        ran=sum(not failed for failed, _ in judged),
        ran_refused=sum(not failed and not fits for failed, fits in judged),
        failed=sum(failed for failed, _ in judged),
        failed_caught=sum(failed and not fits for failed, fits in judged),
    )
