"""From results to figures: the value of one world, the range of the other, the sources of the ledger."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from lindos.catalog.facts import Fact
from lindos.elements import Figure, Series
from lindos.results import rows
from lindos.study.world import Pair

#: Share of the draws below the low and the high of a figure: 80 % lie between them.
LOW_PERCENTILE, HIGH_PERCENTILE = 10.0, 90.0


def span(sampled: Any) -> tuple[float | None, float | None]:
    """Low and high of the draws; None where the result does not depend on any uncertain fact."""
    draws = np.asarray(sampled, dtype=float)
    if draws.size < 2:
        return None, None
    if not np.all(np.isfinite(draws)):
        return math.nan, math.nan
    low, high = np.percentile(draws, (LOW_PERCENTILE, HIGH_PERCENTILE))
    # Draws that differ by rounding alone are one exact value.
    spread = high - low > 1e-9 * max(abs(low), abs(high))
    return (float(low), float(high)) if spread else (None, None)


def number(value: Any) -> float | None:
    """Get a plain float, or None where the value is unknown; one that is not finite is refused with the answer."""
    return None if value is None else float(np.asarray(value, dtype=float))


def sources_of(facts: Mapping[str, Fact[object]]) -> tuple[str, ...]:
    """Ids of the sources of ``facts``, each once, in order."""
    return tuple(dict.fromkeys(source for fact in facts.values() for source in fact.sources))


def figure(
    name: str,
    title: str,
    unit: str,
    point: Any,
    sampled: Any = None,
    *,
    why: str = "",
    sources: Iterable[str] = (),
    percent: bool = False,
) -> Figure:
    """One figure from a value and its draws."""
    low, high = (None, None) if sampled is None else span(sampled)
    value = number(point)
    if value is not None and low is not None and high is not None:
        # Most draws of several facts at once may lie on one side of the value: the range takes it in.
        low, high = min(low, value), max(high, value)
    return Figure(
        name=name,
        title=title,
        value=value,
        unit=unit,
        low=low,
        high=high,
        why=why,
        sources=tuple(sources),
        percent=percent,
    )


def unknown(known: Figure, why: str) -> Figure:
    """The same figure without a value, and why."""
    return replace(known, value=None, low=None, high=None, why=why)


def figures_of(
    prefix: str, pair: Pair[Any], titles: Mapping[str, str] | None = None, percent: Iterable[str] = ()
) -> list[Figure]:
    """Every number that a result declares, as figures named ``prefix.field``."""
    drawn = {row.name: row.value for row in rows(pair.sampled)}
    sources = sources_of(pair.facts)
    names = titles or {}
    return [
        figure(
            f"{prefix}.{row.name}",
            names.get(row.name, titled(row.name)),
            row.unit,
            row.value,
            drawn.get(row.name),
            why=row.why,
            sources=sources,
            percent=row.name in percent,
        )
        for row in rows(pair.point)
    ]


def titled(name: str) -> str:
    """``exposed_data_parallel`` as a person writes it."""
    text = name.replace("_", " ").replace(".", ": ")
    return text[:1].upper() + text[1:]


def parts_chart_series(labels: Iterable[str], parts: Iterable[Mapping[str, float]]) -> tuple[Series, ...]:
    """Series of a "parts" chart: one per part, over the labelled bars; parts that are zero everywhere are left out."""
    bars, columns = tuple(labels), list(parts)
    names = dict.fromkeys(name for column in columns for name in column)
    return tuple(
        Series(name=name, x=bars, y=tuple(column.get(name, 0.0) for column in columns))
        for name in names
        if any(column.get(name) for column in columns)
    )
