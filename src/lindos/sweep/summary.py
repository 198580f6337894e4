"""Summarise a sweep: the number of scenarios of each status, and the spread of each headline figure."""

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from lindos.sweep.design import Sweep
from lindos.sweep.solve import STATUSES, Label
from lindos.sweep.store import Journal
from lindos.sweep.table import FinishedScenario, finished_scenarios

#: Figures of which more is better. Of money, time, power and energy less is better; other figures have no best value.
_RISING = (
    "step.mfu",
    "step.hfu",
    "step.tokens_per_second",
    "campaign.goodput",
    "campaign.job_mtbf",
    "campaign.effective_tokens",
)
_LESS_UNITS = ("s", "USD", "USD/s", "USD/token", "W", "J")
_LESS = ("step.extra_tokens", "step.cost_of_synchronising", "campaign.num_failures", "campaign.devices_in_repair")
_NEUTRAL = ("campaign.checkpoint_interval", "campaign.compute_optimal_tokens")
#: Number of reasons that are shown, the most frequent first.
_NUM_REASONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Least, median and largest value of a figure over the scenarios that have it, in SI."""

    label: Label
    number: int  # of scenarios
    least: float
    median: float
    most: float
    best: int | None  # index of the scenario; None where all are equal, or neither less nor more is better
    best_is_most: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Scenarios by status, the most frequent reasons of failed ones, and the headline figures of the answered ones."""

    statuses: Mapping[str, int]
    reasons: tuple[tuple[str, int], ...]
    spreads: tuple[Spread, ...]


@dataclass
class _Values:
    label: Label
    indexes: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[float]" = field(default_factory=lambda: array("d"))


def summary(sweep: Sweep, journal: Journal) -> Summary:
    """Summarise the finished scenarios of a sweep.

    Parameters
    ----------
    sweep
        The scenarios.
    journal
        Their outcomes.
    """
    statuses, reasons = Counter[str](), Counter[str]()
    figures: dict[str, _Values] = {}
    for scenario in finished_scenarios(sweep, journal):
        statuses[scenario.status] += 1
        if scenario.status == "ok":
            _note(scenario, figures)
        else:
            reasons[scenario.reason or ""] += 1
    return Summary(
        statuses={status: statuses[status] for status in STATUSES},
        reasons=tuple(reasons.most_common(_NUM_REASONS)),
        spreads=tuple(
            _spread(figure)
            for figure in sorted(figures.values(), key=lambda figure: figure.label.headline)
            if len(figure.values)
        ),
    )


def _note(scenario: FinishedScenario, figures: dict[str, _Values]) -> None:
    for label, (value, _, _) in zip(scenario.labels, scenario.numbers, strict=True):
        if label.headline:
            figure = figures.setdefault(label.name, _Values(label))
            if not np.isnan(value):
                figure.indexes.append(scenario.index)
                figure.values.append(value)


def _spread(figure: _Values) -> Spread:
    values = np.asarray(figure.values)
    sign = None if values.min() == values.max() else _best(figure.label)
    return Spread(
        label=figure.label,
        number=len(values),
        least=float(values.min()),
        median=float(np.median(values)),
        most=float(values.max()),
        best=None if sign is None else figure.indexes[int(np.argmax(sign * values))],
        best_is_most=sign == 1.0,
    )


def _best(label: Label) -> float | None:
    """Return 1 if more is better, -1 if less is better, None if neither."""
    if label.name in _RISING:
        return 1.0
    if label.name in _NEUTRAL:
        return None
    return -1.0 if label.unit in _LESS_UNITS or label.name in _LESS else None
