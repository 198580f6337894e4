"""Predictions as a CSV file: one line for every row of the file of runs."""

import csv
import io
from collections.abc import Sequence

from lindos.validation.score import Result

#: A cell that begins so is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
HEADER = ("id", "measured_step_s", "predicted_step_s", "low_s", "high_s", "status", "reason")


def predicted_csv(results: Sequence[Result]) -> bytes:
    """Lines of ``results`` under `HEADER`, times in seconds, empty where there is none."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for one in results:
        times = (one.measured, one.prediction.time, one.low, one.high)
        shown = ["" if time is None else f"{float(time):.6g}" for time in times]
        writer.writerow([_guarded(one.row.run.id), *shown, one.status, _guarded(one.prediction.reason)])
    return text.getvalue().encode()


def _guarded(text: str) -> str:
    """Text that no spreadsheet runs as a formula: one that begins like one gets an apostrophe before it."""
    return f"'{text}" if text.startswith(_FORMULA) else text
