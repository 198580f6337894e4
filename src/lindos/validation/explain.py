"""Explain the prediction of one run: its plan, filled-in values, the parts of time and memory, its measurement."""

from dataclasses import dataclass
from typing import Any

from lindos.errors import UnknownNameError
from lindos.results import rows
from lindos.scenario.resolve import described
from lindos.validation.run import OneSize, OneTime
from lindos.validation.score import Result, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The prediction of a run in parts: seconds of a step, and bytes of the fullest device, largest first."""

    result: Result
    statement: str
    plan: tuple[tuple[str, str | int], ...]
    filled: tuple[str, ...]
    time: tuple[tuple[str, OneTime], ...]
    memory: tuple[tuple[str, OneSize], ...]


def explain_run(scored: Score, name: str) -> Explanation:
    """Explain the prediction of one run; a row without a prediction gets only the reason.

    Parameters
    ----------
    scored
        The scored file.
    name
        Id of the run in the file.

    Raises
    ------
    UnknownNameError
        If no run has that id.
    """
    result = next((candidate for candidate in scored.results if candidate.row.run.id == name), None)
    if result is None:
        raise UnknownNameError("--explain", name, [candidate.row.run.id for candidate in scored.results])
    prediction, run = result.prediction, result.row.run
    ready, needed = prediction.prepared, prediction.memory()
    if ready is None or prediction.step is None or needed is None:
        return Explanation(
            result=result,
            statement=f"{run.id}: no prediction: {prediction.detail}",
            plan=(),
            filled=(),
            time=(),
            memory=(),
        )
    statement = (
        f"{run.id}: {ready.job.model.title}, {ready.job.model.num_layers} layers, on {ready.sizes.num_devices:,} "
        f"{run.accelerator} in {ready.job.precision}, {ready.sizes.global_batch_size:,} sequences of "
        f"{ready.sizes.sequence_length:,} tokens, {ready.job.stack.title}"
    )
    # Rows of a result are its parts and its totals: leave out the totals.
    parts = {row.name: float(row.value) for row in rows(prediction.step) if row.unit == "s" and row.name != "time"}
    sizes = {row.name: float(row.value) for row in rows(needed) if row.name != "total"}
    return Explanation(
        result=result,
        statement=statement,
        plan=tuple(described(ready.chosen.plan).items()),
        filled=ready.filled,
        time=_sorted(parts),
        memory=_sorted(sizes),
    )


def _sorted(parts: dict[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(((name, value) for name, value in parts.items() if value > 0), key=lambda item: -item[1]))


def explanation_document(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation as plain data, in seconds and bytes.

    Parameters
    ----------
    explanation
        The explanation of a run.
    """
    result = explanation.result
    return {
        "id": result.row.run.id,
        "statement": explanation.statement,
        "status": result.status,
        "predicted_step_s": result.prediction.time,
        "low_s": None if result.low is None else float(result.low),
        "high_s": None if result.high is None else float(result.high),
        "measured_step_s": None if result.measured is None else float(result.measured),
        "plan": dict(explanation.plan),
        "filled_in": list(explanation.filled),
        "time_s": dict(explanation.time),
        "memory_bytes": dict(explanation.memory),
    }
