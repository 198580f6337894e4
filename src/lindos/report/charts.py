"""Charts as plotly traces and layouts; the page's script adds the colours of its theme."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from html import escape
from textwrap import wrap
from typing import Any

from lindos.elements import Chart, Series
from lindos.report.scale import Scale, scale
from lindos.report.text import number, span

#: Told apart with colour-blind eyes, on white and on near-black (after Okabe and Ito; lifted where too dark).
PALETTE = (
    *("#2b7fc4", "#e69f00", "#12a27b", "#d1699f", "#5fb5e5", "#d9622b"),
    *("#8d7fd9", "#a3a02f", "#8a8f98", "#b0764f", "#7cb342", "#b03a5b"),
)
_ISO_DATE = re.compile(r"^\d{4}-\d{2}(-\d{2})?$")
_LABEL_WIDTH, _LONG_LABEL = 22, 14
#: Numbers along x that differ by this factor stand on a logarithmic axis.
_MANY_TIMES = 100
#: Lines of several limits are told apart, in the chart and in its legend.
_DASHES = {"dash": "dashed", "dot": "dotted", "solid": "solid"}
#: A logarithmic axis has about this many labels; beside each other there is room for fewer.
_MIN_TICKS, _MAX_TICKS, _MAX_TICKS_ALONG = 2, 8, 5
_AXIS = {"automargin": True, "separatethousands": True, "exponentformat": "none"}


def chart_data(chart: Chart) -> dict[str, Any]:
    """Give ``chart`` as ``{traces, layout, series, height}``; every series owns the traces in ``series``."""
    chart = _of_one_point(chart)
    shown = scale(chart.unit, _extent(chart))
    across = _horizontal(chart)
    draw = {"lines": _line, "timeline": _stretches}.get(chart.kind, _bars)
    traces: list[dict[str, Any]] = []
    owners: list[list[int]] = []
    for at, series in enumerate(chart.series):
        made = draw(series, chart, shown, PALETTE[at % len(PALETTE)])
        owners.append(list(range(len(traces), len(traces) + len(made))))
        traces += made
    return {
        "traces": traces,
        "layout": _layout(chart, shown, across),
        "series": owners,
        "height": _height(chart) if across else 340,
    }


def colours(chart: Chart) -> list[tuple[str, str]]:
    """Name and colour of each series, for the legend."""
    return [(series.name, PALETTE[at % len(PALETTE)]) for at, series in enumerate(chart.series)]


def limits(chart: Chart) -> list[tuple[str, str]]:
    """The limits drawn as lines, as text and CSS line style for the legend: inside the chart a phone would cut them."""
    styles = tuple(_DASHES.values())
    return [
        (f"{name}: {number(value, chart.unit)}", styles[at % len(styles)])
        for at, (name, value) in enumerate(chart.reference)
    ]


def _of_one_point(chart: Chart) -> Chart:
    """A line of one point has no course to show: draw a bar."""
    alone = chart.kind == "lines" and len(_categories(chart)) == 1
    return replace(chart, kind="bars", log=False) if alone else chart


def _categories(chart: Chart) -> list[float | str]:
    return list(dict.fromkeys(x for series in chart.series for x in series.x))


def _horizontal(chart: Chart) -> bool:
    names = [str(x) for x in _categories(chart)]
    return chart.kind in ("parts", "timeline") or (
        chart.kind == "bars" and (len(names) == 1 or any(len(name) > _LONG_LABEL for name in names))
    )


def _height(chart: Chart) -> int:
    if chart.kind == "timeline":
        return 100 + 26 * len(_categories(chart))
    bars = 1 if chart.kind == "parts" else max(1, len(chart.series))
    return 100 + len(_categories(chart)) * max(46, 22 * bars)


def _extent(chart: Chart) -> list[float | None]:
    """Every number on the value axis; of stacked parts the sums, which are what is drawn."""
    lines: list[float | None] = [value for _, value in chart.reference]
    if chart.kind == "parts":
        totals: dict[float | str, float] = {}
        for series in chart.series:
            for x, y in zip(series.x, series.y, strict=True):
                totals[x] = totals.get(x, 0.0) + (y or 0.0)
        return [*totals.values(), *lines]
    if chart.kind == "timeline":
        return [begin + y for series in chart.series for begin, y in _stretches_of(series)]
    return [value for series in chart.series for value in (*series.y, *series.high)] + lines


def _stretches_of(series: Series) -> list[tuple[float, float]]:
    """Beginning and length of each stretch of a timeline."""
    return [(begin or 0.0, length or 0.0) for begin, length in zip(series.low, series.y, strict=True)]


def _drawn(values: Sequence[float | None], shown: Scale, log: bool) -> list[float | None]:
    """Scale to the chart's unit; what a chart cannot draw is a gap."""
    return [
        None if value is None or not math.isfinite(value) or (log and value <= 0) else value * shown.factor
        for value in values
    ]


def _labels(values: Sequence[float | str]) -> list[float | str]:
    """Plotly reads labels as markup: escape them, and fold long ones."""
    return [
        "<br>".join(escape(line, quote=False) for line in wrap(value, _LABEL_WIDTH))
        if isinstance(value, str)
        else value
        for value in values
    ]


def _hover(series: Series, unit: str) -> list[str]:
    spans = (
        [f" ({span(low, high, unit)})" for low, high in zip(series.low, series.high, strict=True)]
        if series.low
        else [""] * len(series.y)
    )
    return [number(y, unit) + (tail if tail != " (—)" else "") for y, tail in zip(series.y, spans, strict=True)]


def _bars(series: Series, chart: Chart, shown: Scale, colour: str) -> list[dict[str, Any]]:
    return [_bar(series, chart, shown, colour)]


def _stretches(series: Series, chart: Chart, shown: Scale, colour: str) -> list[dict[str, Any]]:
    """Stretches of time in rows: each lies at its beginning."""
    name = escape(series.name, quote=False)
    return [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "x": [length * shown.factor for _, length in _stretches_of(series)],
            "base": [begin * shown.factor for begin, _ in _stretches_of(series)],
            "y": _labels(series.x),
            "customdata": [number(length, chart.unit) for _, length in _stretches_of(series)],
            "hovertemplate": f"%{{customdata}}<extra>{name}</extra>",
            "marker": {"color": colour, "line": {"width": 0}},
        }
    ]


def _bar(series: Series, chart: Chart, shown: Scale, colour: str) -> dict[str, Any]:
    across = _horizontal(chart)
    values, names = _drawn(series.y, shown, chart.log and chart.kind != "parts"), _labels([str(x) for x in series.x])
    error: dict[str, Any] = {}
    if chart.kind == "bars" and series.low:
        error = {"error_x" if across else "error_y": _error(values, series, shown)}
    return {
        "type": "bar",
        "orientation": "h" if across else "v",
        "name": escape(series.name, quote=False),
        "x": values if across else names,
        "y": names if across else values,
        "customdata": _hover(series, chart.unit),
        "hovertemplate": f"%{{customdata}}<extra>{escape(series.name, quote=False)}</extra>",
        "marker": {"color": colour},
        **error,
    }


def _error(values: Sequence[float | None], series: Series, shown: Scale) -> dict[str, Any]:
    def away(ends: Sequence[float | None], sign: float) -> list[float]:
        pairs = zip(ends, values, strict=True)
        return [0.0 if e is None or v is None else max(0.0, sign * (e * shown.factor - v)) for e, v in pairs]

    return {
        "type": "data",
        "symmetric": False,
        "array": away(series.high, 1.0),
        "arrayminus": away(series.low, -1.0),
        "thickness": 1.2,
        "width": 3,
    }


def _line(series: Series, chart: Chart, shown: Scale, colour: str) -> list[dict[str, Any]]:
    x = list(series.x) if _axis_type(chart) != "category" else _labels(series.x)
    name = escape(series.name, quote=False)
    line = {
        "type": "scatter",
        "mode": "lines+markers" if len(x) <= 24 else "lines",
        "name": name,
        "x": x,
        "y": _drawn(series.y, shown, chart.log),
        "customdata": _hover(series, chart.unit),
        "hovertemplate": f"%{{customdata}}<extra>{name}</extra>",
        "line": {"color": colour, "width": 2.2},
        "marker": {"color": colour, "size": 6},
    }
    low, high = _drawn(series.low, shown, chart.log), _drawn(series.high, shown, chart.log)
    known = [at for at in range(len(low)) if low[at] is not None and high[at] is not None]
    if not known:
        return [line]
    band = {
        "type": "scatter",
        "mode": "lines",
        "x": [x[at] for at in known] + [x[at] for at in reversed(known)],
        "y": [low[at] for at in known] + [high[at] for at in reversed(known)],
        "fill": "toself",
        "fillcolor": _transparent(colour),
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    return [band, line]


def _transparent(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.2)"


def _axis_type(chart: Chart) -> str:
    values = _categories(chart)
    numbers = [value for value in values if isinstance(value, (int, float))]
    if numbers and len(numbers) == len(values) and chart.kind == "lines":
        return "log" if min(numbers) > 0 and max(numbers) >= _MANY_TIMES * min(numbers) else "linear"
    dates = all(isinstance(value, str) and _ISO_DATE.match(value) for value in values)
    return "date" if dates and chart.kind == "lines" else "category"


def _layout(chart: Chart, shown: Scale, across: bool) -> dict[str, Any]:
    log = chart.log and chart.kind != "parts"
    lines = _drawn([value for _, value in chart.reference], shown, log)
    value_axis: dict[str, Any] = {"title": {"text": shown.label}, **_AXIS}
    if log:
        values = [*_extent(chart), *(low for series in chart.series for low in series.low)]
        value_axis |= _log_axis([value for value in _drawn(values, shown, log) if value is not None])
    else:
        # A little air beyond a limit, or the edge of the chart hides it.
        include = [1.03 * x for x in lines if x is not None]
        value_axis |= {"rangemode": "tozero", "autorangeoptions": {"include": include}}
    # Beside bars that lie, a turned title would stand in the way of the names.
    name_axis: dict[str, Any] = {"title": {"text": "" if across else escape(chart.x_title, quote=False)}, **_AXIS}
    name_axis |= {"type": _axis_type(chart)}
    if name_axis["type"] == "log":
        name_axis |= _log_axis([x for x in _categories(chart) if isinstance(x, (int, float))], _MAX_TICKS_ALONG)
    elif name_axis["type"] == "category":
        name_axis |= {"showgrid": False} | _months(chart)
    if across:
        name_axis["autorange"] = "reversed"
    if chart.kind == "timeline":
        # Rows in their own order, whichever state a row begins with.
        name_axis |= {"categoryorder": "array", "categoryarray": _rows(chart)}
    return {
        "xaxis": value_axis if across else name_axis,
        "yaxis": name_axis if across else value_axis,
        "barmode": {"parts": "relative", "timeline": "overlay"}.get(chart.kind, "group"),
        "bargap": 0.35,
        "shapes": _references(lines, across),
    }


def _rows(chart: Chart) -> list[float | str]:
    """Rows of a timeline by the number at their end."""
    return _labels(sorted(_categories(chart), key=lambda name: int(str(name).rsplit(" ", 1)[-1])))


def _references(lines: Sequence[float | None], across: bool) -> list[dict[str, Any]]:
    along, over = ("y", "x") if across else ("x", "y")
    return [
        {
            "type": "line",
            f"{along}ref": "paper",
            f"{along}0": 0,
            f"{along}1": 1,
            f"{over}0": limit,
            f"{over}1": limit,
            "line": {"dash": tuple(_DASHES)[at % len(_DASHES)], "width": 1.4},
        }
        for at, limit in enumerate(lines)
        if limit is not None
    ]


def _log_axis(values: Sequence[float], most: int = _MAX_TICKS) -> dict[str, Any]:
    """Ticks at 1-2-5 over a short range, at decades over a long one, and some air: plotly finds none of them well."""
    if not values:
        return {}
    low, high = math.log10(min(values)), math.log10(max(values))
    air = max(0.05, 0.04 * (high - low))
    first, last = low - air, high + air
    ticks = _ticks(first, last, (1, 2, 5))
    if len(ticks) > most:
        ticks = _ticks(first, last, (1,))
        ticks = ticks[:: math.ceil(len(ticks) / most)]
    elif len(ticks) < _MIN_TICKS:
        ticks = _ticks(first - 0.5, last + 0.5, (1, 2, 5))
        first, last = math.log10(ticks[0]), math.log10(ticks[-1])
    return {
        "type": "log",
        "range": [first, last],
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [number(tick, "1") for tick in ticks],
    }


def _ticks(first: float, last: float, steps: Sequence[int]) -> list[float]:
    """Numbers of ``steps`` times a power of ten whose logarithms lie from ``first`` to ``last``."""
    decades = range(math.floor(first), math.ceil(last) + 1)
    found = [step * 10.0**decade for decade in decades for step in steps]
    return [tick for tick in found if first <= math.log10(tick) <= last]


def _months(chart: Chart) -> dict[str, Any]:
    """Under bars a date is written as month over year: in full it would have to be turned."""
    names = [str(name) for name in _categories(chart)]
    if not all(_ISO_DATE.match(name) for name in names) or _horizontal(chart):
        return {}
    days = [date.fromisoformat(name if len(name) == 10 else f"{name}-01") for name in names]
    return {"tickmode": "array", "tickvals": names, "ticktext": [f"{day:%b}<br>{day.year}" for day in days]}
