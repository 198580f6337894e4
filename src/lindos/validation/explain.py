"""One run, taken apart: plan, what was filled in, where the step's time and the memory go, beside the measurement."""

from dataclasses import dataclass
from typing import Any

from lindos.errors import UnknownNameError
from lindos.results import rows
from lindos.scenario.resolve import described
from lindos.validation.run import OneSize, OneTime
from lindos.validation.score import Result, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A run's prediction in parts: seconds of a step and bytes of the fullest device, largest first."""

    result: Result
    statement: str
    plan: tuple[tuple[str, str | int], ...]
    filled: tuple[str, ...]
    time: tuple[tuple[str, OneTime], ...]
    memory: tuple[tuple[str, OneSize], ...]


def explain_run(scored: Score, name: str) -> Explanation:
    """Take the run called ``name`` apart; of a row without a prediction only the reason is there.

    Raises
    ------
    UnknownNameError
        If no run is called so.
    """
    result = next((one for one in scored.results if one.row.run.id == name), None)
    if result is None:
        raise UnknownNameError("--explain", name, [one.row.run.id for one in scored.results])
    found, run = result.prediction, result.row.run
    ready, needed = found.prepared, found.memory()
    if ready is None or found.step is None or needed is None:
        return Explanation(
            result=result, statement=f"{run.id}: no prediction: {found.detail}", plan=(), filled=(), time=(), memory=()
        )
    statement = (
        f"{run.id}: {ready.job.model.title}, {ready.job.model.num_layers} layers, on {ready.sizes.num_devices:,} "
        f"{run.accelerator} in {ready.job.precision}, {ready.sizes.global_batch_size:,} sequences of "
        f"{ready.sizes.sequence_length:,} tokens, {ready.job.stack.title}"
    )
    # Fields first: a result's totals are properties behind them.
    parts = {row.name: float(row.value) for row in rows(found.step) if row.unit == "s" and row.name != "time"}
    held = {row.name: float(row.value) for row in rows(needed) if row.name != "total"}
    return Explanation(
        result=result,
        statement=statement,
        plan=tuple(described(ready.chosen.plan).items()),
        filled=ready.filled,
        time=_sorted(parts),
        memory=_sorted(held),
    )


def _sorted(parts: dict[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(((name, value) for name, value in parts.items() if value > 0), key=lambda item: -item[1]))


def explanation_document(found: Explanation) -> dict[str, Any]:
    """An explanation as plain data: seconds and bytes."""
    result = found.result
    return {
        "id": result.row.run.id,
        "statement": found.statement,
        "status": result.status,
        "predicted_step_s": result.prediction.time,
        "low_s": None if result.low is None else float(result.low),
        "high_s": None if result.high is None else float(result.high),
        "measured_step_s": None if result.measured is None else float(result.measured),
        "plan": dict(found.plan),
        "filled_in": list(found.filled),
        "time_s": dict(found.time),
        "memory_bytes": dict(found.memory),
    }
