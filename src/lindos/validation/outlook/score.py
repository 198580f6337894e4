"""Scores of forecasts from a day: the continuous ranked probability score, beside the announced date and the trend."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from zlib import crc32

import numpy as np

from lindos.catalog import Catalog
from lindos.roadmap.generations import Generation
from lindos.validation.outlook.knowledge import (
    LAST,
    WORLD,
    Announcement,
    Knowledge,
    Reading,
    known_on,
    read_announcements,
    read_readings,
)
from lindos.validation.outlook.sites import Floats, announced, drawn, trend
from lindos.validation.outlook.world import drawn_world

#: Days from which is forecast: the last of a month, so that what was said in it counts.
ORIGINS = (date(2024, 7, 31), date(2025, 1, 31), date(2025, 7, 31))
#: Days after the origin for which sites are forecast.
HORIZONS = (183, 365, 548)
_TAIL = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """One forecast beside what happened, in W or H100-equivalents.

    ``announced`` and ``trend`` are None where nothing was said, or nothing had been read; ``counted`` is what was last
    read by the day of the forecast.
    """

    origin: date
    name: str
    quantity: str
    day: date
    is_announced: bool
    truth: float
    score: float
    low: float
    middle: float
    high: float
    announced: float | None
    trend: float | None
    counted: float
    draws: Floats = field(repr=False, compare=False)

    @property
    def kind(self) -> str:
        """What is forecast: the world, a site with an announcement, or another site."""
        if self.name == WORLD:
            return WORLD
        return "sites, announced" if self.is_announced else "sites, nothing announced"

    @property
    def is_covered(self) -> bool:
        """Whether the truth lies between the 10th and the 90th percentile."""
        return self.low <= self.truth <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Forecasts of one kind from one day: sums of scores over the sum of what happened.

    ``announced`` and ``trend`` are None where there is none for any of the forecasts; each is set against the score of
    the same forecasts.
    """

    origin: date
    kind: str
    quantity: str
    count: int
    score: float
    announced: tuple[float, float] | None
    trend: tuple[float, float] | None
    coverage: float


def ranked_probability_score(draws: Floats, truth: float) -> float:
    r"""Continuous ranked probability score of draws: the mean error less half of the mean difference of two draws.

    Parameters
    ----------
    draws
        Draws of the forecast.
    truth
        What happened.

    Examples
    --------
    A forecast without spread has its error as a score:

    >>> ranked_probability_score(np.array([3.0, 3.0]), 5.0)
    2.0
    """
    ordered = np.sort(draws)
    count = len(ordered)
    ranks = 2.0 * np.arange(1, count + 1) - count - 1.0
    return float(np.mean(np.abs(ordered - truth)) - np.sum(ranks * ordered) / count**2)


def forecasts(
    catalog: Catalog,
    sampled: Catalog,
    generations: Sequence[Generation],
    *,
    readings: Sequence[Reading] | None = None,
    announcements: Sequence[Announcement] | None = None,
) -> tuple[Forecast, ...]:
    """Forecast sites and the world from every origin, and look at what happened.

    Parameters
    ----------
    catalog
        Readings of sites and of the world.
    sampled
        The same with draws.
    generations
        Devices of the sampled catalogue with a rate and the facility power of an H100-equivalent, oldest first.
    readings, announcements
        Those that are shipped by default.
    """
    seen = read_readings(catalog) if readings is None else tuple(readings)
    statements = read_announcements() if announcements is None else tuple(announcements)
    listed: list[Forecast] = []
    for origin in ORIGINS:
        knowledge = known_on(origin, seen, statements)
        listed += _of_sites(knowledge, seen)
        listed += _of_world(knowledge, seen, sampled, generations)
    return tuple(listed)


def _of_sites(knowledge: Knowledge, seen: Sequence[Reading]) -> Iterable[Forecast]:
    days = [day for days in HORIZONS if (day := knowledge.origin + timedelta(days=days)) <= LAST]
    for name, quantity in knowledge.targets:
        if name == WORLD:
            continue
        rows = known_on(LAST, seen, ()).readings_of(name, quantity)
        last = max((row.last_day for row in rows), default=LAST)
        rng = np.random.default_rng([knowledge.origin.toordinal(), crc32(f"{name} {quantity}".encode())])
        # What happened is known until the site was last read.
        for day in (day for day in days if day <= last):
            truth = max((row for row in rows if row.day <= day), key=lambda row: row.day, default=None)
            yield _forecast(
                (knowledge, name, quantity, day),
                drawn(knowledge, name, quantity, day, rng),
                0.0 if truth is None else truth.value,
                announced(knowledge, name, quantity, day),
                trend(knowledge, name, quantity, day),
            )


def _of_world(
    knowledge: Knowledge, seen: Sequence[Reading], sampled: Catalog, generations: Sequence[Generation]
) -> Iterable[Forecast]:
    later = [row for row in seen if row.name == WORLD and row.day > knowledge.origin]
    for row in sorted((row for row in later if row.quantity != "packaging"), key=lambda row: row.day):
        stock, power = drawn_world(knowledge, sampled, generations, row.day)
        outlooks = [item for item in knowledge.announced(WORLD, row.quantity) if item.end == row.day]
        is_read = bool(knowledge.readings_of(WORLD, row.quantity))
        yield _forecast(
            (knowledge, WORLD, row.quantity, row.day),
            stock if row.quantity == "h100_equivalents" else power,
            row.value,
            outlooks[-1].value if outlooks else None,
            trend(knowledge, WORLD, row.quantity, row.day) if is_read else None,
        )


def _forecast(
    target: tuple[Knowledge, str, str, date],
    draws: Floats,
    truth: float,
    statement: float | None,
    carried_on: float | None,
) -> Forecast:
    knowledge, name, quantity, day = target
    low, middle, high = percentiles(draws)
    readings = knowledge.readings_of(name, quantity)
    return Forecast(
        origin=knowledge.origin,
        name=name,
        quantity=quantity,
        day=day,
        is_announced=bool(knowledge.announced(name, quantity)),
        truth=truth,
        score=ranked_probability_score(draws, truth),
        low=low,
        middle=middle,
        high=high,
        announced=statement,
        trend=carried_on,
        counted=readings[-1].value if readings else 0.0,
        draws=draws,
    )


def percentiles(draws: Floats) -> tuple[float, float, float]:
    """Compute the ends of the 80 % range of draws, and their median between them.

    Parameters
    ----------
    draws
        Draws of a forecast.
    """
    low, middle, high = (float(value) for value in np.quantile(draws, (_TAIL, 0.5, 1.0 - _TAIL)))
    return low, middle, high


def scores(rows: Iterable[Forecast]) -> tuple[Scores, ...]:
    """Sum up forecasts by origin and kind: sites with an announcement, other sites, and the world.

    Parameters
    ----------
    rows
        Forecasts with what happened.
    """
    groups: dict[tuple[date, str, str], list[Forecast]] = {}
    for row in rows:
        groups.setdefault((row.origin, row.kind, row.quantity), []).append(row)
    return tuple(_scores(key, group) for key, group in sorted(groups.items()))


def _scores(key: tuple[date, str, str], group: Sequence[Forecast]) -> Scores:
    origin, kind, quantity = key
    rivals: Mapping[str, list[Forecast]] = {
        name: [row for row in group if getattr(row, name) is not None] for name in ("announced", "trend")
    }
    return Scores(
        origin=origin,
        kind=kind,
        quantity=quantity,
        count=len(group),
        score=_relative(group, [row.score for row in group]),
        announced=_against(rivals["announced"], "announced"),
        trend=_against(rivals["trend"], "trend"),
        coverage=float(np.mean([row.is_covered for row in group])),
    )


def _against(group: Sequence[Forecast], name: str) -> tuple[float, float] | None:
    """Score of a single number, which is its error, and that of the draws on the same forecasts."""
    if not group:
        return None
    errors = [abs(float(getattr(row, name)) - row.truth) for row in group]
    return _relative(group, errors), _relative(group, [row.score for row in group])


def _relative(group: Sequence[Forecast], values: Sequence[float]) -> float:
    return sum(values) / max(sum(row.truth for row in group), 1e-300)
