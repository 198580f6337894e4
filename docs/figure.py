"""The README's figure: Colossus 2 from parts beside what was published, as a small SVG for light and dark pages."""

from collections.abc import Iterator
from typing import NamedTuple

from lindos.answers import Answer, run
from lindos.catalog import load_catalog
from lindos.elements import Chart
from lindos.site import published
from lindos.units import render

_COLOURS = ("#2a7fc9", "#e69f00", "#009e73", "#d1659f", "#8c6bb1", "#999999")
#: Parts smaller than this share of the whole are drawn together.
_SMALL = 0.015
_WIDTH, _BAR, _ROW = 720, 24, 92
_STYLE = (
    "text{font-family:system-ui,sans-serif;fill:#777}.h{font-size:15px;font-weight:600}.s{font-size:11px}"
    ".m{stroke:#777;stroke-width:2;fill:none}"
)


class _Bar(NamedTuple):
    """One stacked bar: its chart, its total in the answer, and what was published for it."""

    chart: str
    figure: str
    title: str
    published: float | None


def svg(answer: Answer, bars: tuple[_Bar, ...]) -> str:
    """Stacked bars, one below the other, each with its range and what was published.

    Parameters
    ----------
    answer
        Answer with the charts.
    bars
        Bars to draw.
    """
    charts = {chart.name: chart for section in answer.sections for chart in section.charts}
    body = [line for row, bar in enumerate(bars) for line in _row(answer, charts[bar.chart], bar, 18 + row * _ROW)]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {len(bars) * _ROW}" role="img" '
        f'aria-label="Colossus 2: where the time of a step goes, facility power and capital cost, from parts">'
    )
    return "\n".join([head, f"<style>{_STYLE}</style>", *body, "</svg>", ""])


def _row(answer: Answer, chart: Chart, bar: _Bar, top: int) -> Iterator[str]:
    figure = answer.figure(bar.figure)
    low, high = figure.low or 0.0, figure.high or 0.0
    total = figure.value or sum(series.y[0] or 0.0 for series in chart.series)
    parts = _parts(chart, total)
    scale = (_WIDTH - 2) / max(high, bar.published or 0.0, total)
    published_text = f"; published {render(bar.published, figure.unit)}" if bar.published else ""
    middle = f"{render(figure.value or 0.0, figure.unit)} ({render(low, figure.unit)} to {render(high, figure.unit)})"
    yield f'<text x="0" y="{top}" class="h">{bar.title}: {middle}{published_text}</text>'
    left = legend = 0.0
    for colour, (name, value) in zip(_COLOURS, parts.items(), strict=False):
        yield f'<rect x="{left:.1f}" y="{top + 10}" width="{scale * value:.1f}" height="{_BAR}" fill="{colour}"/>'
        left += scale * value
        label = f"{name} {100 * value / total:.0f} %"
        yield f'<rect x="{legend:.0f}" y="{top + 48}" width="9" height="9" fill="{colour}"/>'
        yield f'<text x="{legend + 13:.0f}" y="{top + 56}" class="s">{label}</text>'
        legend += 26 + 5.9 * len(label)
    y = top + 10 + _BAR + 5
    ends = f"M{scale * low:.1f} {y - 3}v6m0 -3H{scale * high:.1f}m0 -3v6"
    yield f'<path class="m" d="{ends}"/>'
    if bar.published:
        yield f'<path class="m" stroke-dasharray="3 2" d="M{scale * bar.published:.1f} {top + 5}v{_BAR + 10}"/>'


def _parts(chart: Chart, total: float) -> dict[str, float]:
    """Parts of the chart's first bar, largest first; what else belongs to the whole together."""
    values = {series.name: series.y[0] or 0.0 for series in chart.series}
    large = {n: v for n, v in sorted(values.items(), key=lambda item: -item[1]) if v >= _SMALL * total}
    large = dict(list(large.items())[: len(_COLOURS) - 1])  # one colour is left for the others
    rest = total - sum(large.values())
    names = {name: name.removeprefix("exposed ") for name in large}
    parts = {names[name]: value for name, value in large.items()}
    return {**parts, "others": rest} if rest > 1e-9 * total else parts


def figure() -> str:
    """The figure, computed now."""
    site = load_catalog().site("colossus-2")
    answer = run("colossus-2")
    devices = float(answer.figure("cluster.num_devices").value or 0.0)
    power, capex = (published(site, fact, devices) for fact in (site.published_facility_power, site.published_capex))
    assert power is not None and capex is not None
    bars = (
        _Bar("step.time", "step.time", "A step on GB200, synchronised with GB300", None),
        _Bar("site.power", "site.power.total", "Facility power", power.value),
        _Bar("site.capex", "site.capex.total", "Capital cost", capex.value),
    )
    return svg(answer, bars)
