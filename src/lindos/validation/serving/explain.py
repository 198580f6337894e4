"""Explain the prediction of one row of serving: its engines, its batch, and where the time of a step goes."""

from dataclasses import dataclass

from lindos.catalog import Catalog
from lindos.errors import UnknownNameError
from lindos.fleet.engine import Batch, step_time
from lindos.fleet.machines import machine_of
from lindos.validation.run import OneTime
from lindos.validation.serving.score import Scored, ServingScore


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingExplanation:
    """A row in words: what runs, and the parts of the time of a step, largest first."""

    scored: Scored
    statement: str
    plan: tuple[tuple[str, str], ...]
    filled: tuple[str, ...]
    step: tuple[tuple[str, OneTime], ...]


def serving_explanation(score: ServingScore, name: str, catalog: Catalog) -> ServingExplanation:
    """Explain the prediction of one row; a row without a prediction gets only the reason.

    Parameters
    ----------
    score
        The scored file.
    name
        Id of the row.
    catalog
        The facts of the score.

    Raises
    ------
    UnknownNameError
        If no row has that id.
    """
    scored = next((candidate for candidate in score.rows if candidate.row.run.id == name), None)
    if scored is None:
        raise UnknownNameError("--explain", name, [candidate.row.run.id for candidate in score.rows])
    prediction, run = scored.prediction, scored.row.run
    condition, setup, loop = prediction.condition, prediction.setup, prediction.loop
    if condition is None or setup is None or loop is None:
        reason = f"{prediction.category}: {prediction.detail}".strip(": ")
        return ServingExplanation(
            scored=scored, statement=f"{run.id}: no prediction: {reason}", plan=(), filled=(), step=()
        )
    machine = machine_of(catalog, catalog.accelerator(condition.accelerator), condition.software)
    prompt, answer = run.prompt or 0.0, run.answer or 0.0
    batch = Batch(sequences=loop.sequences / setup.engines, context=prompt + answer / 2)
    parts = step_time(condition.work, setup.grid, batch, machine.rates, machine.kernels, machine.software)
    named = {
        name: float(getattr(parts, name))
        for name in ("products", "experts", "cores", "exchanges", "software")
        if float(getattr(parts, name)) > 0
    }
    grid = setup.grid
    plan = [("engines", f"{setup.engines:g}")]
    plan += [
        (axis, f"{float(getattr(grid, axis)):g}") for axis in ("tensor", "data", "expert", "expert_tensor", "pipeline")
    ]
    if setup.apart:
        plan.append(("engines for prompts", f"{setup.prompt_engines:g} of {float(setup.prompt_grid.size):g} devices"))
    plan.append(("sequences of an engine", f"{loop.sequences / setup.engines:.4g} of {loop.most / setup.engines:.4g}"))
    statement = (
        f"{run.id}: {condition.work.name} in {condition.work.precision} on {run.num_devices:,} {run.accelerator} under "
        f"{condition.software}, {run.mode}, prompts of {prompt:,.0f} and answers of {answer:,.0f} tokens"
    )
    return ServingExplanation(
        scored=scored,
        statement=statement,
        plan=tuple(plan),
        filled=condition.filled,
        step=tuple(sorted(named.items(), key=lambda item: -item[1])),
    )
