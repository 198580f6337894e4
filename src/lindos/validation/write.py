"""Write predictions as a CSV file: one line for every row of the file of runs."""

import csv
import io
from collections.abc import Sequence

from lindos.validation.score import Result

#: Spreadsheets run a cell as a formula if it begins with one of these.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
HEADER = ("id", "measured_step_s", "predicted_step_s", "low_s", "high_s", "status", "reason")


def predicted_csv(results: Sequence[Result]) -> bytes:
    """Write results as CSV under `HEADER`.

    Parameters
    ----------
    results
        Every row with its prediction and its measurement; times are written in seconds, empty where unknown.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for result in results:
        times = (result.measured, result.prediction.time, result.low, result.high)
        cells = ["" if time is None else f"{float(time):.6g}" for time in times]
        writer.writerow([_guarded(result.row.run.id), *cells, result.status, _guarded(result.prediction.reason)])
    return text.getvalue().encode()


def _guarded(text: str) -> str:
    """Text that no spreadsheet runs as a formula: text that begins like a formula gets an apostrophe in front."""
    return f"'{text}" if text.startswith(_FORMULA) else text
