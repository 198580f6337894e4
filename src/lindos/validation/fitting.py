"""Least squares of parameters of the catalogue to measured steps, over many training sets at once.

A step is evaluated once for all training sets and all changes of parameters, as an array. The error of a run is that of
its source and software, and its own. So of the mean of a source's residuals only a share counts, by how far sources
spread, while differences inside a source count in full. Every parameter starts from a belief and stays near it unless
runs say otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from lindos.step import estimate
from lindos.validation.predict import Prepared
from lindos.validation.run import OneTime, Run, source_of

#: Errors beyond this logarithm count less than quadratically.
SOFT = 0.15
#: Usual residual of a run inside its source, and of a source as a whole, as logarithms.
WITHIN, BETWEEN = 0.08, 0.05
#: The same as `SOFT` for the common error of a source.
SOFT_BETWEEN = 0.04
#: What runs of models with experts decide; the rest is decided by dense ones.
EXPERT_FIELDS = (
    *("overlap_expert_parallel", "expert_time", "routing_time", "expert_overlap"),
    *("expert_load_imbalance", "exchange_share"),
)
_ITERATIONS = 8
#: Change of a parameter for a difference quotient, and the largest change of one iteration, over its spread.
_DIFFERENCE, _LARGEST = 1e-3, 0.5


class Free(NamedTuple):
    """A parameter to fit: its path in the catalogue, what is believed before, how strongly, and its bounds."""

    path: str
    start: float
    spread: float  # standard deviation of the belief
    low: float
    high: float


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """A run that is prepared for prediction, with its measured step time."""

    run: Run
    ready: Prepared
    measured: OneTime

    @property
    def source(self) -> str:
        """The publication or repository of the run."""
        return source_of(self.run)

    @property
    def stack(self) -> str:
        """Software profile."""
        return self.ready.job.stack.name

    @property
    def effect(self) -> tuple[str, str, str]:
        """What runs with one common error share: source, software, and whether models have experts."""
        return self.source, self.stack, self.ready.model_kind

    def reads(self, path: str) -> bool:
        """Tell whether the prediction may depend on a fact.

        Parameters
        ----------
        path
            Path of the fact in the catalogue.
        """
        if path == "training.expert_load_imbalance":
            return not self.ready.balanced
        if path.startswith("training."):
            return path not in self.ready.stated
        return bool(getattr(self.ready.job.stack, path.rpartition(".")[2]).path == path)

    def decides(self, path: str) -> bool:
        """Tell whether the run takes part in the choice of a fact.

        Parameters
        ----------
        path
            Path of the fact in the catalogue.
        """
        is_of_experts = path.rpartition(".")[2] in EXPERT_FIELDS
        return self.reads(path) and is_of_experts == bool(self.ready.job.model.num_experts)


def logs(sample: Sample, values: Mapping[str, Any]) -> np.ndarray:
    """Compute the logarithm of a predicted step time, for one or many values of facts.

    Parameters
    ----------
    sample
        The run.
    values
        Numbers or arrays of one length by paths of facts, in SI; other facts keep their values.
    """
    ready, stack, shared = sample.ready, sample.ready.job.stack, sample.ready.assumptions
    for path, value in values.items():
        name = path.rpartition(".")[2]
        if not sample.reads(path):
            continue
        if path.startswith("training."):
            shared = replace(shared, **{name: replace(getattr(shared, name), content=value)})
        else:
            stack = replace(stack, **{name: replace(getattr(stack, name), content=value)})
    batch = ready.sizes.global_batch_size
    job = replace(ready.job, stack=stack)
    step = estimate(job, ready.pool, ready.chosen.plan, global_batch_size=batch, assumptions=shared)
    predicted: np.ndarray = np.log(np.asarray(step.time, dtype=float))
    return predicted


def residual(sample: Sample, values: Mapping[str, float]) -> float:
    """Compute the logarithm of measured over predicted step time.

    Parameters
    ----------
    sample
        The run.
    values
        Values of facts by path, in SI; other facts keep theirs.
    """
    return float(np.log(sample.measured) - logs(sample, values))


def solve(free: Sequence[Free], train: Sequence[Sequence[Sample]]) -> list[dict[str, float]]:
    """Fit all parameters to every training set.

    Parameters
    ----------
    free
        Parameters.
    train
        Training sets.

    Returns
    -------
    list of dict
        Values by path in the catalogue, in SI, one dictionary for each training set.
    """
    members: dict[int, tuple[Sample, list[int]]] = {}
    for index, part in enumerate(train):
        for sample in part:
            members.setdefault(id(sample), (sample, []))[1].append(index)
    point = np.tile([parameter.start for parameter in free], (len(train), 1))
    for _ in range(_ITERATIONS):
        point = _improved(free, list(members.values()), point)
    paths = [parameter.path for parameter in free]
    return [dict(zip(paths, row.tolist(), strict=True)) for row in point]


def _improved(free: Sequence[Free], members: Sequence[tuple[Sample, list[int]]], point: np.ndarray) -> np.ndarray:
    """Take one step of Gauss and Newton for every training set."""
    start, spread, low, high = (np.array([parameter[index] for parameter in free]) for index in (1, 2, 3, 4))
    entries: list[dict[tuple[str, str, str], list[tuple[float, np.ndarray]]]] = [{} for _ in point]
    for sample, sets in members:
        residuals, slopes = _slopes(free, sample, point[sets], spread)
        for row, index in enumerate(sets):
            entries[index].setdefault(sample.effect, []).append((residuals[row], slopes[row]))
    steps = []
    for index, groups in enumerate(entries):
        normal, right = np.eye(len(free)), (start - point[index]) / spread
        for group in groups.values():
            matrix, vector = _normal(np.array([entry[0] for entry in group]), np.array([entry[1] for entry in group]))
            normal, right = normal + matrix, right + vector
        steps.append(np.clip(np.linalg.solve(normal, right), -_LARGEST, _LARGEST))
    improved: np.ndarray = np.clip(point + np.array(steps) * spread, low, high)
    return improved


def _normal(residuals: np.ndarray, slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Form the normal equations of runs with one common error, of which they keep a share.

    Sources spread with heavy tails: the further the common error lies, the wider the spread it is a draw of, so that a
    source that differs by what its rows do not state moves the parameters less. A run counts by its distance from its
    source.
    """
    common, weight, spread = 0.0, np.ones(len(residuals)), BETWEEN**2
    for _ in range(_ITERATIONS):
        weight = 1 / np.sqrt(1 + ((residuals - common) / SOFT) ** 2)
        spread = BETWEEN**2 * np.sqrt(1 + (common / SOFT_BETWEEN) ** 2)
        common = weight @ residuals / weight.sum() * spread / (spread + WITHIN**2 / weight.sum())
    total = weight.sum()
    removed = 1 - np.sqrt(WITHIN**2 / (WITHIN**2 + total * spread))
    residuals = residuals - removed * (weight @ residuals) / total
    slopes = slopes - removed * (weight @ slopes) / total
    return slopes.T @ (slopes * weight[:, None]) / WITHIN**2, slopes.T @ (residuals * weight) / WITHIN**2


def _slopes(
    free: Sequence[Free], sample: Sample, point: np.ndarray, spread: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Compute residuals at each point, and slopes of the predicted logarithm over the scaled parameters."""
    moving = [index for index, parameter in enumerate(free) if sample.decides(parameter.path)]
    moved = np.repeat(point[:, None, :], 1 + len(moving), axis=1)
    for column, index in enumerate(moving, start=1):
        change = _DIFFERENCE * spread[index]
        moved[:, column, index] += np.where(point[:, index] + change <= free[index].high, change, -change)
    flat = moved.reshape(-1, len(free))
    values = {parameter.path: flat[:, index] for index, parameter in enumerate(free) if sample.reads(parameter.path)}
    predicted = np.broadcast_to(logs(sample, values), (len(flat),)).reshape(moved.shape[:2])
    slopes = np.zeros((len(point), len(free)))
    for column, index in enumerate(moving, start=1):
        changes = moved[:, column, index] - point[:, index]
        slopes[:, index] = (predicted[:, column] - predicted[:, 0]) / changes * spread[index]
    return np.log(sample.measured) - predicted[:, 0], slopes


def common_error(residuals: Sequence[float], groups: Sequence[Any] = ()) -> float:
    """Estimate the error that the runs of a source have in common, shrunk towards none.

    Parameters
    ----------
    residuals
        Logarithms of measured over predicted time of the runs that are known.
    groups
        Model and accelerator of each run: runs of one pair share an error of their own, so that many of them say little
        of other pairs. Every run is a group where left out.
    """
    if not len(residuals):
        return 0.0
    members: dict[Any, list[float]] = {}
    for index, residual_log in enumerate(residuals):
        members.setdefault(groups[index] if len(groups) else index, []).append(residual_log)
    sizes = np.array([np.median(logs) for logs in members.values()])
    exact = 1 / np.array([_SPREAD_GROUPS**2 + WITHIN**2 / len(logs) for logs in members.values()])
    weight, mean = exact, 0.0
    for _ in range(_ITERATIONS):
        mean = float(weight @ sizes / weight.sum())
        weight = exact / np.sqrt(1 + ((sizes - mean) / _SPREAD_GROUPS) ** 2)
    return float(mean * _SPREAD_SOURCES**2 / (_SPREAD_SOURCES**2 + 1 / weight.sum()))


#: Spread of sources around what all share, and of pairs of model and accelerator around their source, as logarithms, as
#: runs left out show them.
_SPREAD_SOURCES, _SPREAD_GROUPS = 0.08, 0.12
