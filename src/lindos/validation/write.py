"""Predictions as a CSV file: one line for every row of the file of runs."""

import csv
import io
from collections.abc import Sequence

from lindos.validation.score import Result

HEADER = ("id", "measured_step_s", "predicted_step_s", "low_s", "high_s", "status", "reason")


def predicted_csv(results: Sequence[Result]) -> bytes:
    """Lines of ``results`` under `HEADER`, times in seconds, empty where there is none."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for one in results:
        times = (one.measured, one.prediction.time, one.low, one.high)
        shown = ["" if time is None else f"{float(time):.6g}" for time in times]
        writer.writerow([one.row.run.id, *shown, one.status, one.prediction.reason])
    return text.getvalue().encode()
