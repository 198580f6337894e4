"""Measured runs, prepared for predictions with other parameters, and their folds."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lindos.catalog import load_catalog
from lindos.errors import LindosError
from lindos.step import estimate, load_assumptions
from lindos.validation import Row, read_runs
from lindos.validation.flops import measured_time
from lindos.validation.predict import Prepared, prepare
from lindos.validation.refusal import NotPredictedError
from lindos.validation.run import source_of

#: Fields that a row must state to be part of the fit.
PLANNED = (
    *("num_layers", "hidden_size", "num_attention_heads", "sequence_length", "precision", "num_devices"),
    *("tensor_parallel", "pipeline_parallel", "data_parallel", "micro_batch_size", "global_batch_size"),
)


@dataclass(frozen=True)
class Sample:
    """One run with its measured step time in seconds."""

    row: Row
    ready: Prepared
    stack: str
    measured: float
    planned: bool

    @property
    def group(self) -> tuple[str, str]:
        """Runs of one model on one accelerator."""
        return (self.row.run.model_name, self.row.run.accelerator)

    @property
    def source(self) -> str:
        """The publication or repository of the run."""
        return source_of(self.row.run)

    def reads(self, path: str) -> bool:
        """Tell whether the prediction may depend on a fact of the catalogue.

        Parameters
        ----------
        path
            Path of the fact.
        """
        return path.startswith(("training.", f"stacks.{self.stack}."))


def samples() -> list[Sample]:
    """Prepare every shipped run with a measured time; ``planned`` marks runs whose row states all that a fit needs."""
    catalog = load_catalog()
    assumptions = load_assumptions(catalog)
    runs = []
    for row in read_runs():
        try:
            ready = prepare(row.run, catalog, assumptions)
        except (NotPredictedError, LindosError):
            continue
        measured, _ = measured_time(row.measurement, ready)
        if measured is None:
            continue
        stated = all(getattr(row.run, name) for name in PLANNED)
        planned = stated and not row.run.accelerator.startswith("TPU")
        runs.append(Sample(row, ready, ready.job.stack.name, float(measured), planned))
    return runs


def logs(sample: Sample, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Compute the logarithms of predicted step times, one for each set of values.

    Parameters
    ----------
    sample
        The run.
    values
        Arrays of values of catalogue facts by path; other facts keep theirs.
    """
    ready = sample.ready
    job, assumptions = ready.job, ready.assumptions
    prefix = f"stacks.{sample.stack}."
    stack: dict[str, Any] = {}
    shared: dict[str, Any] = {}
    for path, value in values.items():
        if path.startswith(prefix):
            name = path.removeprefix(prefix)
            stack[name] = replace(getattr(job.stack, name), content=value)
        elif path.startswith("training."):
            name = path.removeprefix("training.")
            shared[name] = replace(getattr(assumptions, name), content=value)
    if stack:
        job = replace(job, stack=replace(job.stack, **stack))
    if shared:
        assumptions = replace(assumptions, **shared)
    batch = ready.sizes.global_batch_size
    step = estimate(job, ready.pool, ready.chosen.plan, global_batch_size=batch, assumptions=assumptions)
    return np.log(np.asarray(step.time, dtype=float))


def residual(sample: Sample, values: Mapping[str, float]) -> float:
    """Compute the logarithm of measured over predicted step time.

    Parameters
    ----------
    sample
        The run.
    values
        Values of catalogue facts by path; other facts keep theirs.
    """
    predicted = logs(sample, {path: np.array([value]) for path, value in values.items()})
    return math.log(sample.measured) - float(predicted.ravel()[0])


def folds(runs: Sequence[Sample], number: int = 5) -> list[list[Sample]]:
    """Divide runs into folds of about equal size, deterministically; a group is in one fold.

    Parameters
    ----------
    runs
        Runs to divide.
    number
        Number of folds.
    """
    groups: dict[tuple[str, str], list[Sample]] = {}
    for sample in runs:
        groups.setdefault(sample.group, []).append(sample)
    parts: list[list[Sample]] = [[] for _ in range(number)]
    for _, members in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        min(parts, key=len).extend(members)
    return parts


def all_but(parts: Iterable[list[Sample]], left_out: int) -> list[Sample]:
    """Join all folds but one.

    Parameters
    ----------
    parts
        The folds.
    left_out
        Index of the fold to leave out.
    """
    return [sample for index, part in enumerate(parts) if index != left_out for sample in part]
