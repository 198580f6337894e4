"""Predict what a benchmark of serving measures, all rows at once; no measured value is read."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np

from lindos.catalog import Catalog
from lindos.errors import LindosError
from lindos.fleet.closed_loop import Loop, Machine, Setup, closed_loop, offline
from lindos.fleet.machines import machine_of
from lindos.fleet.work import Work
from lindos.validation.refusal import NotPredictedError
from lindos.validation.run import OneRate, OneTime
from lindos.validation.serving.condition import Condition, condition_of
from lindos.validation.serving.mlperf import Benchmark, benchmark_of
from lindos.validation.serving.rows import ServingRun

#: InferenceX draws lengths evenly from 0.8 to 1.0 of what it states.
DRAWN_LENGTH = 0.9
_DRAWN = ("inferencex", "silicon_sample")
#: Most sequences of an engine of which nothing is stated, TensorRT-LLM's default.
MOST_SEQUENCES = 2048.0
#: Batches of an engine that keeps a limit on the time of a token.
_BATCHES = 2.0 ** np.arange(0.0, 11.51, 0.25)

Machines = Callable[[str, str], Machine]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingPrediction:
    """What a row should have measured; None where it is not of this kind, with the reason where there is nothing."""

    id: str
    token: OneTime | None = None
    first: OneTime | None = None
    first_mean: OneTime | None = None
    throughput: OneRate | None = None  # tokens written a second of a device
    condition: Condition | None = None
    setup: Setup | None = None
    loop: Loop | None = None
    category: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One setup, and one batch where a limit decides, of one row."""

    index: int
    condition: Condition
    setup: Setup
    prompt: float
    answer: float
    cached: float
    in_flight: float  # zero: offline
    most: float
    limit: float  # on the time of a token


def predict_serving(
    runs: Sequence[ServingRun], catalog: Catalog, machines: Machines | None = None
) -> list[ServingPrediction]:
    """Predict what runs measure.

    Parameters
    ----------
    runs
        Their conditions.
    catalog
        Models, devices, and profiles of software.
    machines
        From a device and a software to what an engine is made of; those of the catalogue where left out.

    Returns
    -------
    list of ServingPrediction
        One for each run, in order.
    """
    made = machines or _machines(catalog)
    predictions: list[ServingPrediction] = []
    groups: dict[tuple[Work, str, str], list[Candidate]] = defaultdict(list)
    for index, run in enumerate(runs):
        try:
            condition = condition_of(run, catalog)
            made(condition.accelerator, condition.software)
            for candidate in candidates(index, run, condition):
                kind = "offline" if not candidate.in_flight else "loop"
                groups[condition.work, condition.software, kind].append(candidate)
            predictions.append(ServingPrediction(id=run.id, condition=condition))
        except NotPredictedError as error:
            predictions.append(ServingPrediction(id=run.id, category=error.category, detail=error.detail))
        except LindosError as error:
            predictions.append(ServingPrediction(id=run.id, category="a device without a model", detail=str(error)))
    for (_, _, kind), members in groups.items():
        _choose(predictions, members, made, is_loop=kind == "loop")
    return predictions


def _machines(catalog: Catalog) -> Machines:
    @lru_cache(maxsize=256)
    def made(accelerator: str, software: str) -> Machine:
        return machine_of(catalog, catalog.accelerator(accelerator), software)

    return made


def candidates(index: int, run: ServingRun, condition: Condition) -> list[Candidate]:
    """List what a row may have run: a setup each, and a batch each where a limit on the time of a token decides.

    Parameters
    ----------
    index
        Place of the row.
    run
        The row's condition.
    condition
        The same in the words of the engine.

    Raises
    ------
    NotPredictedError
        If lengths or load are not stated.
    """
    benchmark = benchmark_of(run.model_name, run.mode)
    prompt, answer = _lengths(run, benchmark)
    if run.mode.lower().startswith("production"):
        raise NotPredictedError("a day of production, whose batches are not stated")
    in_flight = run.in_flight or 0.0
    is_offline = "offline" in run.mode.lower() or benchmark is not None
    if not in_flight and not is_offline:
        raise NotPredictedError("neither requests in flight nor a limit that decides them")
    made = []
    for setup in condition.setups:
        common = (index, condition, setup, prompt, answer, run.cache_hits)
        if benchmark is not None and benchmark.token_limit:
            made += [Candidate(*common, 0.0, float(batch), benchmark.token_limit) for batch in _BATCHES]
        elif benchmark is not None or not in_flight:
            made.append(Candidate(*common, 0.0, MOST_SEQUENCES, np.inf))
        elif is_offline:  # a static batch that is printed
            made.append(Candidate(*common, 0.0, in_flight / float(setup.engines * setup.grid.data), np.inf))
        else:
            made.append(Candidate(*common, in_flight, MOST_SEQUENCES, np.inf))
    return made


def _lengths(run: ServingRun, benchmark: Benchmark | None) -> tuple[float, float]:
    prompt = run.prompt or (benchmark.prompt if benchmark else None)
    answer = run.answer or (benchmark.answer if benchmark else None)
    if prompt is None or answer is None:
        raise NotPredictedError("lengths of prompts and answers are not stated")
    drawn = DRAWN_LENGTH if any(word in run.source.lower() for word in _DRAWN) else 1.0
    return max(prompt * drawn, 1.0), max(answer * drawn, 1.0)


def _choose(predictions: list[ServingPrediction], members: list[Candidate], made: Machines, *, is_loop: bool) -> None:
    """Compute all members at once, and keep for each row the one with the most throughput within its limit."""
    work = members[0].condition.work
    setup = joined([candidate.setup for candidate in members])
    machine = joined([made(c.condition.accelerator, c.condition.software) for c in members])
    numbers = {
        name: np.array([getattr(candidate, name) for candidate in members])
        for name in ("prompt", "answer", "cached", "in_flight", "most", "limit")
    }
    lengths = {name: numbers[name] for name in ("prompt", "answer", "cached")}
    if is_loop:
        loop = closed_loop(work, setup, machine, in_flight=numbers["in_flight"], **lengths)
    else:
        loop = offline(work, setup, machine, most=numbers["most"], **lengths)
    rate = np.asarray(loop.throughput) / np.asarray(setup.size)
    within = (np.asarray(loop.token) <= numbers["limit"]) | (numbers["most"] <= 1.0)
    best: dict[int, int] = {}
    for place, candidate in enumerate(members):
        champion = best.get(candidate.index)
        if within[place] and (champion is None or rate[place] > rate[champion]):
            best[candidate.index] = place
    for index, place in best.items():
        chosen = Loop(**{field.name: float(np.asarray(getattr(loop, field.name))[place]) for field in fields(Loop)})
        predictions[index] = ServingPrediction(
            id=predictions[index].id,
            token=float(chosen.token),
            first=float(chosen.first),
            first_mean=float(chosen.first_mean),
            throughput=float(rate[place]),
            condition=members[place].condition,
            setup=members[place].setup,
            loop=chosen,
        )


def joined(records: list[Any]) -> Any:
    """Join nested records into one whose numbers are arrays.

    Parameters
    ----------
    records
        Records of one class, at least one.
    """
    first = records[0]
    made: dict[str, Any] = {}
    for field in fields(first):
        values = [getattr(record, field.name) for record in records]
        made[field.name] = joined(values) if hasattr(values[0], "__dataclass_fields__") else np.array(values)
    return type(first)(**made)
