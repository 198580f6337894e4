"""What a sweep found: how many scenarios of each status, and the spread of each headline figure."""

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from lindos.sweep.design import Sweep
from lindos.sweep.solve import STATUSES, Label
from lindos.sweep.store import Journal
from lindos.sweep.table import Kept, kept

#: Figures of which more is better; of money, time, power and energy less is, and of the others neither.
_MORE = (
    "step.mfu",
    "step.hfu",
    "step.tokens_per_second",
    "campaign.goodput",
    "campaign.job_mtbf",
    "campaign.effective_tokens",
)
_LESS_UNITS = ("s", "USD", "USD/s", "USD/token", "W", "J")
_LESS = ("step.extra_tokens", "step.cost_of_synchronising", "campaign.num_failures", "campaign.spares_needed")
_NEITHER = ("campaign.checkpoint_interval", "campaign.compute_optimal_tokens")
#: Reasons that are shown, the commonest first; others are counted together.
_NUM_REASONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """One figure over the scenarios that have it; in SI."""

    label: Label
    number: int  # of scenarios
    least: float
    median: float
    most: float
    best: int | None  # index of the scenario; None where all are equal, or neither less nor more is better
    best_is_most: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Scenarios by status, the commonest reasons of those that failed, and the headline figures of the others."""

    statuses: Mapping[str, int]
    reasons: tuple[tuple[str, int], ...]
    spreads: tuple[Spread, ...]


@dataclass
class _Found:
    label: Label
    indexes: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[float]" = field(default_factory=lambda: array("d"))


def summary(sweep: Sweep, journal: Journal) -> Summary:
    """What the finished scenarios of ``sweep`` show."""
    statuses, reasons = Counter[str](), Counter[str]()
    found: dict[str, _Found] = {}
    for one in kept(sweep, journal):
        statuses[one.status] += 1
        if one.status == "ok":
            _note(one, found)
        else:
            reasons[one.reason or ""] += 1
    return Summary(
        statuses={status: statuses[status] for status in STATUSES},
        reasons=tuple(reasons.most_common(_NUM_REASONS)),
        spreads=tuple(
            _spread(figure)
            for figure in sorted(found.values(), key=lambda figure: figure.label.headline)
            if len(figure.values)
        ),
    )


def _note(one: Kept, found: dict[str, _Found]) -> None:
    for label, (value, _, _) in zip(one.labels, one.numbers, strict=True):
        if label.headline:
            figure = found.setdefault(label.name, _Found(label))
            if not np.isnan(value):
                figure.indexes.append(one.index)
                figure.values.append(value)


def _spread(found: _Found) -> Spread:
    values = np.asarray(found.values)
    at = None if values.min() == values.max() else _best(found.label)
    return Spread(
        label=found.label,
        number=len(values),
        least=float(values.min()),
        median=float(np.median(values)),
        most=float(values.max()),
        best=None if at is None else found.indexes[int(np.argmax(at * values))],
        best_is_most=at == 1.0,
    )


def _best(label: Label) -> float | None:
    """1 where more is better, -1 where less is, None where neither."""
    if label.name in _MORE:
        return 1.0
    if label.name in _NEITHER:
        return None
    return -1.0 if label.unit in _LESS_UNITS or label.name in _LESS else None
