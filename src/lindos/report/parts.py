"""Pieces of the page: tables, chart boxes, links to sources. Everything that comes from data is escaped here."""

import re
from collections.abc import Iterable, Sequence
from html import escape

from lindos.catalog.facts import Source
from lindos.report import text
from lindos.report.charts import colours, limits
from lindos.study.answer import Answer, Chart, Figure, Table

#: Source links shown behind a figure before the rest folds away.
_LINKS = 3
#: Text of a table up to this long (a date, a name) stays on one line.
_SHORT = 18
#: Text longer than this gets a wide column.
_LONG = 40


def anchor(name: str) -> str:
    """Give the id of a section in the page, of letters, digits, dots and dashes only.

    >>> anchor("a b<c>")
    'section-a-b-c-'
    """
    return "section-" + re.sub(r"[^A-Za-z0-9.-]+", "-", name)


def figures_table(figures: Sequence[Figure], answer: Answer) -> str:
    """A row a figure: title, value, interval, reason and sources."""
    numbers = {id: at for at, id in enumerate(answer.sources, start=1)}
    rows = "".join(_figure(figure, answer, numbers) for figure in figures)
    return (
        '<div class="scroll"><table class="figures"><thead><tr><th>Figure</th><th class="number">Value</th>'
        f"<th>Low – high</th><th>Why</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _figure(figure: Figure, answer: Answer, numbers: dict[str, int]) -> str:
    unknown = " unknown" if text.value_of(figure) == text.UNKNOWN else ""
    return (
        f'<tr><th scope="row" title="{escape(figure.name)}">{escape(figure.title)}</th>'
        f'<td class="number{unknown}">{escape(text.value_of(figure))}</td>'
        f'<td class="span">{escape(text.span_of(figure))}</td>'
        f'<td class="why">{escape(figure.why)}{_links(figure.sources, answer, numbers)}</td></tr>'
    )


def _links(ids: Iterable[str], answer: Answer, numbers: dict[str, int]) -> str:
    links = [_link(id, answer, numbers) for id in ids]
    if not links:
        return ""
    if len(links) <= _LINKS + 1:
        return f' <sup class="refs">{" ".join(links)}</sup>'
    rest = " ".join(links[_LINKS:])
    more = f'<details class="refs"><summary>+{len(links) - _LINKS}</summary>{rest}</details>'
    return f' <sup class="refs">{" ".join(links[:_LINKS])} {more}</sup>'


def _link(id: str, answer: Answer, numbers: dict[str, int]) -> str:
    if id not in numbers:
        return escape(id)
    return f'<a href="#source-{numbers[id]}" title="{escape(answer.sources[id].title)}">{numbers[id]}</a>'


def source_item(number: int, id: str, source: Source) -> str:
    """One entry of the list of sources; only a web address becomes a link."""
    title = escape(source.title or id)
    if re.match(r"https?://[^\s]+$", source.url, re.IGNORECASE):
        title = f'<a href="{escape(source.url)}" rel="noreferrer noopener">{title}</a>'
    elif source.url:
        title = f"{title}, {escape(source.url)}"
    facts = ", ".join(escape(fact) for fact in (source.kind, source.date) if fact)
    return (
        f'<li id="source-{number}" value="{number}">{title}' + (f" <small>{facts}</small>" if facts else "") + "</li>"
    )


def table_box(table: Table) -> str:
    """A table in a box that scrolls by itself."""
    numeric = [text.is_number(unit, (row[at] for row in table.rows)) for at, unit in enumerate(table.units)]
    kinds = [' class="number"' if one else "" for one in numeric]
    head = "".join(f"<th{kind}>{escape(name)}</th>" for kind, name in zip(kinds, table.columns, strict=True))
    rows = "".join(
        "<tr>"
        + "".join(
            _cell(text.cell(value, unit), number) for number, value, unit in zip(numeric, row, table.units, strict=True)
        )
        + "</tr>"
        for row in table.rows
    )
    return (
        f'<h3>{escape(table.title)}</h3><div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>" + (f'<p class="note">{escape(table.note)}</p>' if table.note else "")
    )


def _cell(content: str, numeric: bool) -> str:
    kind = "number" if numeric else "short" if len(content) <= _SHORT else "long" if len(content) > _LONG else ""
    if content == text.UNKNOWN:
        kind += " unknown"
    return f'<td class="{kind.strip()}">{escape(content)}</td>' if kind else f"<td>{escape(content)}</td>"


def chart_box(chart: Chart) -> str:
    """Where the script draws a chart, with its legend, and its numbers for those who cannot see it."""
    names = colours(chart)
    legend = "".join(
        f'<button type="button" aria-pressed="true"><i style="background:{colour}"></i>{escape(name)}</button>'
        for name, colour in names
        if len(names) > 1
    )
    legend += "".join(f'<span class="limit"><i></i>{escape(limit)}</span>' for limit in limits(chart))
    return (
        f'<figure class="chart"><figcaption>{escape(chart.title)}</figcaption>'
        + (f'<div class="legend">{legend}</div>' if legend else "")
        + f'<div class="plot" data-chart="{escape(chart.name)}" role="img" aria-label="{escape(chart.title)}"></div>'
        + (f'<p class="note">{escape(chart.note)}</p>' if chart.note else "")
        + f"<details><summary>Numbers</summary>{_numbers(chart)}</details></figure>"
    )


def _numbers(chart: Chart) -> str:
    names = "".join(f'<th class="number">{escape(series.name)}</th>' for series in chart.series)
    points = [dict(zip(series.x, series.y, strict=True)) for series in chart.series]
    rows = "".join(
        f"<tr><td>{escape(text.cell(x, ''))}</td>"
        + "".join(
            f'<td class="number">{escape(text.number(at[x], chart.unit)) if x in at else ""}</td>' for at in points
        )
        + "</tr>"
        for x in dict.fromkeys(x for series in chart.series for x in series.x)
    )
    return (
        f'<div class="scroll"><table><thead><tr><th>{escape(chart.x_title)}</th>{names}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
