"""Charts as plotly traces and layouts; the page's script adds the colours of its theme."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from html import escape
from itertools import accumulate, pairwise
from textwrap import wrap
from typing import Any

from lindos.elements import Chart, Series
from lindos.report.colours import PALETTE, colour_of
from lindos.report.scale import Scale, scale
from lindos.report.text import number, signed, span

#: Colours of what adds to a figure and of what takes off it.
ADDED, REMOVED = PALETTE[1], PALETTE[2]
_ISO_DATE = re.compile(r"^\d{4}-\d{2}(-\d{2})?$")
_LABEL_WIDTH, _LONG_LABEL = 22, 14
#: Numbers along x that differ by this factor get a logarithmic axis.
_MANY_TIMES = 100
#: Line styles of several limits, by plotly's name and by CSS's.
_DASHES = {"dash": "dashed", "dot": "dotted", "solid": "solid"}
#: Numbers of labels on a logarithmic axis; a horizontal axis has room for fewer.
_MIN_TICKS, _MAX_TICKS, _MAX_TICKS_ALONG = 2, 8, 5
#: Share of a stack from which a part has its value inside; bars of a chart that have their values beside them, at most.
_LABELLED, _MOST_LABELS = 0.12, 16
#: What an axis shows, by its unit.
_QUANTITIES = {
    "W": "power",
    "s": "time",
    "B": "memory",
    "J": "energy",
    "B/s": "bandwidth",
    "FLOP/s": "speed",
    "FLOP": "computation",
    "USD": "money",
    "USD/s": "cost",
    "USD/J": "price",
    "USD/token": "price",
    "%": "share",
    "1": "number",
    "token": "tokens",
    "token/s": "speed",
    "1/s": "rate",
}
#: Kinds of charts whose bars of one place stand on each other.
_STACKED = ("parts", "stack")
#: How bars of one place share it, by kind of chart; side by side otherwise.
_MODES = {**dict.fromkeys(_STACKED, "relative"), "timeline": "overlay", "waterfall": "overlay"}
_AXIS = {"automargin": True, "separatethousands": True, "exponentformat": "none"}


def chart_data(chart: Chart, palette: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return a chart as plotly traces and a layout.

    Parameters
    ----------
    chart
        The chart as data.
    palette
        Colours by name of the series; the usual ones in order if None.

    Returns
    -------
    dict
        ``{traces, layout, series, height}``: ``series`` lists the indices of the traces of each series,
        ``height`` is in pixels.
    """
    chart = _of_one_point(_scaled_along(chart))
    scaling = scale(chart.unit, _extent(chart))
    across = _horizontal(chart)
    draw = {"lines": _line, "timeline": _stretches, "waterfall": _steps}.get(chart.kind, _bars)
    traces: list[dict[str, Any]] = []
    owners: list[list[int]] = []
    for index, series in enumerate(chart.series):
        made = draw(series, chart, scaling, colour_of(series.name, index, palette or {}))
        owners.append(list(range(len(traces), len(traces) + len(made))))
        traces += made
    return {
        "traces": traces,
        "layout": _layout(chart, scaling, across),
        "series": owners,
        "height": _height(chart) if across else 340,
    }


def colours(chart: Chart, palette: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """Get the name and colour of each series, for the legend.

    Parameters
    ----------
    chart
        The chart as data.
    palette
        Colours by name of the series.
    """
    return [(series.name, colour_of(series.name, index, palette or {})) for index, series in enumerate(chart.series)]


def limits(chart: Chart) -> list[tuple[str, str]]:
    """Get the limits drawn as lines, as text and CSS line style.

    The legend shows them, since a phone would cut them off inside the chart.

    Parameters
    ----------
    chart
        The chart as data.
    """
    styles = tuple(_DASHES.values())
    return [
        (f"{name}: {number(value, chart.unit)}", styles[index % len(styles)])
        for index, (name, value) in enumerate(chart.reference)
    ]


def _scaled_along(chart: Chart) -> Chart:
    """Write numbers along x in a readable unit, which is named in the title of the axis."""
    numbers = [x for x in _categories(chart) if isinstance(x, (int, float))]
    if not chart.x_unit or not numbers:
        return chart
    scaling = scale(chart.x_unit, numbers)
    series = tuple(
        replace(line, x=tuple(x if isinstance(x, str) else x * scaling.factor for x in line.x)) for line in chart.series
    )
    title = f"{chart.x_title}, {scaling.label}" if scaling.label else chart.x_title
    return replace(chart, series=series, x_title=title, x_unit="")


def _of_one_point(chart: Chart) -> Chart:
    """Draw a line of a single point as a bar."""
    is_single = chart.kind == "lines" and len(_categories(chart)) == 1
    return replace(chart, kind="bars", log=False) if is_single else chart


def _categories(chart: Chart) -> list[float | str]:
    return list(dict.fromkeys(x for series in chart.series for x in series.x))


def _horizontal(chart: Chart) -> bool:
    names = [str(x) for x in _categories(chart)]
    return chart.kind in ("parts", "timeline", "waterfall") or (
        chart.kind == "bars" and (len(names) == 1 or any(len(name) > _LONG_LABEL for name in names))
    )


def _height(chart: Chart) -> int:
    if chart.kind == "timeline":
        return 100 + 26 * len(_categories(chart))
    bars = 1 if chart.kind == "parts" else max(1, len(chart.series))
    return 100 + len(_categories(chart)) * max(46, 22 * bars)


def _extent(chart: Chart) -> list[float | None]:
    """Every number on the value axis; for stacked parts, the height of each stack."""
    lines: list[float | None] = [value for _, value in chart.reference]
    if chart.kind in _STACKED:
        totals: dict[float | str, float] = {}
        for series in chart.series:
            for x, y in zip(series.x, series.y, strict=True):
                totals[x] = totals.get(x, 0.0) + (y or 0.0)
        return [*totals.values(), *lines]
    if chart.kind == "waterfall":
        return [end for level in levels(chart) for end in level]
    if chart.kind == "timeline":
        return [begin + y for series in chart.series for begin, y in _stretches_of(series)]
    return [value for series in chart.series for value in (*series.y, *series.high)] + lines


def _stretches_of(series: Series) -> list[tuple[float, float]]:
    """Beginning and length of each stretch of a timeline."""
    return [(begin or 0.0, length or 0.0) for begin, length in zip(series.low, series.y, strict=True)]


def _drawn(values: Sequence[float | None], scaling: Scale, log: bool) -> list[float | None]:
    """Scale to the chart's unit; values that a chart cannot draw become gaps."""
    return [
        None if value is None or not math.isfinite(value) or (log and value <= 0) else value * scaling.factor
        for value in values
    ]


def _labels(values: Sequence[float | str]) -> list[float | str]:
    """Escape labels, which plotly reads as markup, and wrap long ones."""
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


def _bars(series: Series, chart: Chart, scaling: Scale, colour: str) -> list[dict[str, Any]]:
    return [_bar(series, chart, scaling, colour)]


def _stretches(series: Series, chart: Chart, scaling: Scale, colour: str) -> list[dict[str, Any]]:
    """Stretches of time in rows; each begins where its state begins."""
    name = escape(series.name, quote=False)
    return [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "x": [length * scaling.factor for _, length in _stretches_of(series)],
            "base": [begin * scaling.factor for begin, _ in _stretches_of(series)],
            "y": _labels(series.x),
            "customdata": [number(length, chart.unit) for _, length in _stretches_of(series)],
            "hovertemplate": f"%{{customdata}}<extra>{name}</extra>",
            "marker": {"color": colour, "line": {"width": 0}},
        }
    ]


def levels(chart: Chart) -> list[tuple[float, float]]:
    """Return the beginning and the end of each bar of a waterfall.

    >>> series = Series(name="cost", x=("a", "price", "b"), y=(10.0, 2.0, 12.0))
    >>> levels(Chart(name="c", title="Cost", kind="waterfall", unit="USD", series=(series,)))
    [(0.0, 10.0), (10.0, 12.0), (0.0, 12.0)]

    Parameters
    ----------
    chart
        A chart of kind ``"waterfall"``.
    """
    values = [value or 0.0 for value in chart.series[0].y]
    return [(0.0, values[0]), *pairwise(accumulate(values[:-1])), (0.0, values[-1])]


def _steps(series: Series, chart: Chart, scaling: Scale, colour: str) -> list[dict[str, Any]]:
    """Bars of a waterfall: totals in one colour, what adds in another, what takes off in a third."""
    ends = [(low * scaling.factor, high * scaling.factor) for low, high in levels(chart)]
    name = escape(series.name, quote=False)
    last = len(ends) - 1
    colours = [
        colour if index in (0, last) else ADDED if end > begin else REMOVED for index, (begin, end) in enumerate(ends)
    ]
    texts = [
        number(value, chart.unit) if index in (0, last) else signed(value, chart.unit)
        for index, value in enumerate(series.y)
    ]
    return [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "x": [end - begin for begin, end in ends],
            "base": [begin for begin, _ in ends],
            "y": _labels(series.x),
            "customdata": texts,
            "text": texts,
            "textposition": "outside",
            "cliponaxis": False,
            "hovertemplate": f"%{{customdata}}<extra>{name}</extra>",
            "marker": {"color": colours},
        }
    ]


def _bar(series: Series, chart: Chart, scaling: Scale, colour: str) -> dict[str, Any]:
    across = _horizontal(chart)
    values = _drawn(series.y, scaling, chart.log and chart.kind not in _STACKED)
    names = _labels([str(x) for x in series.x])
    error: dict[str, Any] = {}
    if chart.kind == "bars" and series.low:
        error = {"error_x" if across else "error_y": _error(values, series, scaling)}
    return {
        "type": "bar",
        "orientation": "h" if across else "v",
        "name": escape(series.name, quote=False),
        "x": values if across else names,
        "y": names if across else values,
        "customdata": _hover(series, chart.unit),
        "hovertemplate": f"%{{customdata}}<extra>{escape(series.name, quote=False)}</extra>",
        "marker": {"color": colour},
        **_value_labels(series, chart, across),
        **error,
    }


def _value_labels(series: Series, chart: Chart, across: bool) -> dict[str, Any]:
    """Write values on bars: beside a bar with room around it, inside a part of a stack that is long enough."""
    texts = [number(y, chart.unit) if y else "" for y in series.y]
    if chart.kind == "parts":
        totals: dict[float | str, float] = {}
        for part in chart.series:
            for x, y in zip(part.x, part.y, strict=True):
                totals[x] = totals.get(x, 0.0) + (y or 0.0)
        shares = [(y or 0.0) / (totals[x] or 1.0) for x, y in zip(series.x, series.y, strict=True)]
        texts = [label if share >= _LABELLED else "" for label, share in zip(texts, shares, strict=True)]
        return {"text": texts, "textposition": "inside", "insidetextanchor": "middle", "textangle": 0}
    if chart.kind == "stack" or len(series.x) * len(chart.series) > _MOST_LABELS:
        return {}
    if series.low:  # the range is drawn at the other end
        return {"text": texts, "textposition": "inside", "insidetextanchor": "start", "textangle": 0}
    return {"text": texts, "textposition": "outside" if across else "auto", "cliponaxis": False}


def _error(values: Sequence[float | None], series: Series, scaling: Scale) -> dict[str, Any]:
    def distances(ends: Sequence[float | None], sign: float) -> list[float]:
        pairs = zip(ends, values, strict=True)
        return [0.0 if e is None or v is None else max(0.0, sign * (e * scaling.factor - v)) for e, v in pairs]

    return {
        "type": "data",
        "symmetric": False,
        "array": distances(series.high, 1.0),
        "arrayminus": distances(series.low, -1.0),
        "thickness": 1.2,
        "width": 3,
    }


def _line(series: Series, chart: Chart, scaling: Scale, colour: str) -> list[dict[str, Any]]:
    x = list(series.x) if _axis_type(chart) != "category" else _labels(series.x)
    name = escape(series.name, quote=False)
    line = {
        "type": "scatter",
        "mode": "lines+markers" if len(x) <= 24 else "lines",
        "name": name,
        "x": x,
        "y": _drawn(series.y, scaling, chart.log),
        "customdata": _hover(series, chart.unit),
        "hovertemplate": f"%{{customdata}}<extra>{name}</extra>",
        "line": {"color": colour, "width": 2.2},
        "marker": {"color": colour, "size": 6},
    }
    low, high = _drawn(series.low, scaling, chart.log), _drawn(series.high, scaling, chart.log)
    indices = [index for index in range(len(low)) if low[index] is not None and high[index] is not None]
    if not indices:
        return [line]
    band = {
        "type": "scatter",
        "mode": "lines",
        "x": [x[index] for index in indices] + [x[index] for index in reversed(indices)],
        "y": [low[index] for index in indices] + [high[index] for index in reversed(indices)],
        "fill": "toself",
        "fillcolor": _transparent(colour),
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    return [band, line]


def _transparent(colour: str) -> str:
    red, green, blue = (int(colour[index : index + 2], 16) for index in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.2)"


def _axis_type(chart: Chart) -> str:
    values = _categories(chart)
    numbers = [value for value in values if isinstance(value, (int, float))]
    if numbers and len(numbers) == len(values) and chart.kind == "lines":
        return "log" if min(numbers) > 0 and max(numbers) >= _MANY_TIMES * min(numbers) else "linear"
    dates = all(isinstance(value, str) and _ISO_DATE.match(value) for value in values)
    return "date" if dates and chart.kind == "lines" else "category"


def _layout(chart: Chart, scaling: Scale, across: bool) -> dict[str, Any]:
    log = chart.log and chart.kind not in _STACKED
    lines = _drawn([value for _, value in chart.reference], scaling, log)
    value_axis: dict[str, Any] = {"title": {"text": _value_title(chart, scaling, log)}, **_AXIS}
    if log:
        values = [*_extent(chart), *(low for series in chart.series for low in series.low)]
        value_axis |= _log_axis([value for value in _drawn(values, scaling, log) if value is not None])
    else:
        # Leave a margin beyond a limit, or the edge of the chart hides it.
        include = [1.03 * x for x in lines if x is not None]
        value_axis |= {"rangemode": "tozero", "autorangeoptions": {"include": include}}
    # Beside horizontal bars, a rotated title would overlap the names.
    name_axis: dict[str, Any] = {"title": {"text": "" if across else escape(chart.x_title, quote=False)}, **_AXIS}
    name_axis |= {"type": _axis_type(chart)}
    if name_axis["type"] == "log" and not across:
        name_axis["title"]["text"] += _LOG
    elif name_axis["type"] == "date" and not chart.x_title:
        name_axis["title"]["text"] = "date"
    if name_axis["type"] == "log":
        name_axis |= _log_axis([x for x in _categories(chart) if isinstance(x, (int, float))], _MAX_TICKS_ALONG)
    elif name_axis["type"] == "category":
        name_axis |= {"showgrid": False} | _months(chart)
    if across:
        name_axis["autorange"] = "reversed"
    if chart.kind == "timeline":
        # Keep the order of rows, with whichever state a row begins.
        name_axis |= {"categoryorder": "array", "categoryarray": _rows(chart)}
    return {
        "xaxis": value_axis if across else name_axis,
        "yaxis": name_axis if across else value_axis,
        "barmode": _MODES.get(chart.kind, "group"),
        "bargap": 0.35,
        "shapes": _references(lines, across),
    }


_LOG = " (logarithmic)"


def _value_title(chart: Chart, scaling: Scale, log: bool) -> str:
    """Write what the value axis shows, its unit, and whether it is logarithmic."""
    parts = [_QUANTITIES.get(chart.unit, ""), scaling.label]
    return ", ".join(part for part in parts if part) + (_LOG if log else "")


def _rows(chart: Chart) -> list[float | str]:
    """Rows of a timeline, sorted by the number at the end of their name."""
    return _labels(sorted(_categories(chart), key=lambda name: int(str(name).rsplit(" ", 1)[-1])))


def _references(lines: Sequence[float | None], across: bool) -> list[dict[str, Any]]:
    paper_axis, value_axis = ("y", "x") if across else ("x", "y")
    return [
        {
            "type": "line",
            f"{paper_axis}ref": "paper",
            f"{paper_axis}0": 0,
            f"{paper_axis}1": 1,
            f"{value_axis}0": limit,
            f"{value_axis}1": limit,
            "line": {"dash": tuple(_DASHES)[index % len(_DASHES)], "width": 1.4},
        }
        for index, limit in enumerate(lines)
        if limit is not None
    ]


def _log_axis(values: Sequence[float], most: int = _MAX_TICKS) -> dict[str, Any]:
    """Ticks at 1-2-5 over a short range and at decades over a long one, with a margin: plotly's own choice is poor."""
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
    candidates = [step * 10.0**decade for decade in decades for step in steps]
    return [tick for tick in candidates if first <= math.log10(tick) <= last]


def _months(chart: Chart) -> dict[str, Any]:
    """Write dates under bars as month over year: full dates would have to be rotated."""
    names = [str(name) for name in _categories(chart)]
    if not all(_ISO_DATE.match(name) for name in names) or _horizontal(chart):
        return {}
    days = [date.fromisoformat(name if len(name) == 10 else f"{name}-01") for name in names]
    return {"tickmode": "array", "tickvals": names, "ticktext": [f"{day:%b}<br>{day.year}" for day in days]}
