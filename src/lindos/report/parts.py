"""Pieces of the page: tables, chart boxes, links to sources. All text from data is escaped here."""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from lindos.answers.answer import Answer
from lindos.catalog.facts import Source
from lindos.catalog.grades import grade_text
from lindos.elements import Cell, Chart, Decision, Figure, Number, Passage, Series, Table
from lindos.report import text
from lindos.report.charts import colours, limits

#: Number of source links shown with a figure before the others are folded.
_LINKS = 3
#: A column of text up to this long (a date, a name) stays on one line.
_SHORT = 18
#: Longer text than this is prose: it gets a wide column, and on a phone each row becomes a block.
_LONG = 40
#: Tables up to the first number of columns are narrow, so that the eye follows a row; from the second on, dense.
_NARROW, _DENSE = 3, 8
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def anchor(name: str) -> str:
    """Return the id of a section in the page, of letters, digits, dots and dashes only.

    Parameters
    ----------
    name
        Name of the section.

    Examples
    --------
    >>> anchor("a b<c>")
    'section-a-b-c-'
    """
    return "section-" + re.sub(r"[^A-Za-z0-9.-]+", "-", name)


def figures_table(figures: Sequence[Figure], answer: Answer, title: str = "") -> str:
    """Return figures as a table with a row each: title, value, interval, reason and sources.

    Parameters
    ----------
    figures
        The figures.
    answer
        The answer that they belong to, with its sources.
    title
        Title of the section, for readers who cannot see it.
    """
    numbers = {id: index for index, id in enumerate(answer.sources, start=1)}
    rows = "".join(_figure(figure, answer, numbers) for figure in figures)
    return (
        _scroll(f"Figures: {title}") + '<table class="figures"><thead><tr><th>Figure</th><th class="number">Value</th>'
        f"<th>Low – high</th><th>Why</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _scroll(label: str) -> str:
    """Open a box that scrolls by itself, also by keyboard."""
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}">'


def _figure(figure: Figure, answer: Answer, numbers: dict[str, int]) -> str:
    unknown = " unknown" if text.value_of(figure) == text.UNKNOWN else ""
    return (
        f'<tr><th scope="row" title="{escape(figure.name)}">{escape(figure.title)}</th>'
        f'<td class="number{unknown}">{escape(text.value_of(figure))}</td>'
        f'<td class="span">{escape(text.span_of(figure))}</td>'
        f'<td class="why">{escape(text.why_of(figure))}{_links(figure.sources, answer, numbers)}</td></tr>'
    )


def _links(ids: Iterable[str], answer: Answer, numbers: dict[str, int]) -> str:
    links = [_link(id, answer, numbers) for id in ids]
    if not links:
        return ""
    if len(links) <= _LINKS + 1:
        return f' <sup class="refs">{" ".join(links)}</sup>'
    rest = " ".join(links[_LINKS:])
    details = f'<details class="refs"><summary>+{len(links) - _LINKS}</summary>{rest}</details>'
    return f' <sup class="refs">{" ".join(links[:_LINKS])} {details}</sup>'


def _link(id: str, answer: Answer, numbers: dict[str, int]) -> str:
    if id not in numbers:
        return escape(id)
    return f'<a href="#source-{numbers[id]}" title="{escape(answer.sources[id].title)}">{numbers[id]}</a>'


def cited(figure: Figure, answer: Answer) -> str:
    """Return what a figure rests on most, each fact with the number of its source: "rack price [3]".

    Parameters
    ----------
    figure
        The figure.
    answer
        The answer that it belongs to, with its sources.
    """
    numbers = {id: index for index, id in enumerate(answer.sources, start=1)}
    items = [
        escape(cite.words)
        + (
            f' <a href="#source-{numbers[cite.source]}" title="{escape(answer.sources[cite.source].title)}">'
            f"[{numbers[cite.source]}]</a>"
            if cite.source in numbers
            else ""
        )
        for cite in figure.cites
    ]
    return f'<span class="cites">{", ".join(items)}</span>' if items else ""


def decision_item(decision: Decision, sections: Sequence[str], answer: Answer) -> str:
    """Return one decision: what it decides, the sections that follow from it, and the sources of what was weighed.

    Parameters
    ----------
    decision
        The decision.
    sections
        Titles of the sections.
    answer
        The answer that it belongs to, with its sources.
    """
    numbers = {id: index for index, id in enumerate(answer.sources, start=1)}
    followed = ", ".join(escape(section) for section in sections)
    title = escape(decision.decides[:1].upper() + decision.decides[1:])
    return (
        f"<li>{title}: {len(decision.facts):,} facts were weighed. Figures of these sections follow from it: "
        f"{followed}."
        f"{_links(decision.sources, answer, numbers)}</li>"
    )


def source_item(number: int, id: str, source: Source) -> str:
    """Return one entry of the list of sources; only a web address becomes a link.

    Parameters
    ----------
    number
        Number of the entry, from one.
    id
        Id of the source.
    source
        The source.
    """
    title = escape(source.title or id)
    if re.match(r"https?://[^\s]+$", source.url, re.IGNORECASE):
        title = f'<a href="{escape(source.url)}" rel="noreferrer noopener">{title}</a>'
    elif source.url:
        title = f"{title}, {escape(source.url)}"
    facts = ", ".join(escape(fact) for fact in (source.kind, source.date, grade_text(source)) if fact)
    return (
        f'<li id="source-{number}" value="{number}">{title}' + (f" <small>{facts}</small>" if facts else "") + "</li>"
    )


def table_box(table: Table) -> str:
    """Return a table in a box that scrolls independently of the page.

    Parameters
    ----------
    table
        The table.
    """
    cells = [[text.cell(value, unit) for value, unit in zip(row, table.units, strict=True)] for row in table.rows]
    raw = [[_raw(value, unit) for value, unit in zip(row, table.units, strict=True)] for row in table.rows]
    kinds = [
        _kind(text.is_number(unit, (row[index] for row in table.rows)), [row[index] for row in cells])
        for index, unit in enumerate(table.units)
    ]
    is_prose = "long" in kinds
    names = [f' data-column="{escape(name)}"' if is_prose else "" for name in table.columns]
    shape = " ".join(["prose"] * is_prose + ["dense"] * (len(kinds) >= _DENSE))
    head = "".join(
        f'<th class="{kind}"{_unit(unit)}>{escape(name)}</th>' if name else f'<td class="{kind}"></td>'
        for kind, name, unit in zip(kinds, table.columns, table.units, strict=True)
    )
    body = "".join(
        f"<tr>{''.join(_cell(*cell_parts) for cell_parts in zip(row, kinds, names, values, strict=True))}</tr>"
        for row, values in zip(cells, raw, strict=True)
    )
    box = "scroll few" if len(kinds) <= _NARROW and not is_prose else "scroll"
    return (
        f'<div class="table" data-title="{escape(table.title)}"><h3>{escape(table.title)}</h3>'
        f"{_tools(table.name, '', ('csv', 'xlsx'))}"
        f'<div class="{box}" tabindex="0" role="region" aria-label="{escape(table.title)}">'
        f'<table class="{shape}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        + (f'<p class="note">{escape(table.note)}</p>' if table.note else "")
        + "</div>"
    )


def _tools(name: str, title: str, formats: Sequence[str]) -> str:
    """Return the buttons that save a chart or a table as a file."""
    file = re.sub(r"[^A-Za-z0-9.-]+", "-", name)
    buttons = "".join(
        f'<button type="button" data-save="{kind}" data-name="{file}" data-title="{escape(title)}" '
        f'aria-label="Save as {kind.upper()}">{kind.upper()}</button>'
        for kind in formats
    )
    return f'<span class="save">{buttons}</span>'


def _raw(value: Cell, unit: str) -> str:
    """Return the number of a cell in the unit of its column, for files; empty for text and other units."""
    if isinstance(value, Number):
        return "" if value.value is None or value.unit not in ("", unit) or value.suffix else repr(float(value.value))
    return repr(float(value)) if isinstance(value, (int, float)) else ""


def _unit(unit: str) -> str:
    """Return the unit of a column, for files; a fraction has none."""
    return f' data-unit="{escape(unit)}"' if unit not in ("", "1", "%") else ""


def _kind(numeric: bool, cells: Sequence[str]) -> str:
    """Layout of a column, by its longest cell."""
    longest = max((len(cell) for cell in cells), default=0)
    return "number" if numeric else "short" if longest <= _SHORT else "long" if longest > _LONG else "text"


def _cell(content: str, kind: str, name: str, raw: str) -> str:
    """One cell; in a table of prose it carries the name of its column, for narrow screens without a header."""
    unknown = " unknown" if content == text.UNKNOWN else ""
    value = f' data-value="{raw}"' if raw else ""
    return f'<td class="{kind}{unknown}"{name}{value}>{escape(content)}</td>'


#: What a mark in a passage means, in the order of the legend.
VERDICTS = {"wrong": "does not hold", "consistent": "holds", "unchecked": "not checked", "unread": "not understood"}


def passage_box(passage: Passage) -> str:
    """Return a text with its marks; each has its verdict as a word and its note, besides a colour.

    Parameters
    ----------
    passage
        The text with its marks.
    """
    pieces, position = [], 0
    for mark in passage.marks:
        pieces.append(escape(passage.text[position : mark.start]))
        label = VERDICTS.get(mark.verdict, mark.verdict)
        note = f"{label}: {mark.note}" if mark.note else label
        pieces.append(
            f'<mark class="{escape(mark.verdict)}" tabindex="0" title="{escape(note)}">'
            f"{escape(passage.text[mark.start : mark.end])}</mark>"
        )
        position = mark.end
    pieces.append(escape(passage.text[position:]))
    present = [verdict for verdict in VERDICTS if any(mark.verdict == verdict for mark in passage.marks)]
    legend = " ".join(f'<mark class="{verdict}">{VERDICTS[verdict]}</mark>' for verdict in present)
    body = "".join(f"<p>{line}</p>" for line in "".join(pieces).split("\n") if line.strip())
    return f'<p class="verdicts">{legend}</p><div class="passage">{body}</div>'


def chart_box(chart: Chart, palette: Mapping[str, str] | None = None) -> str:
    """Return the place of a chart, with its legend, and a table of its numbers for readers who cannot see it.

    Parameters
    ----------
    chart
        The chart; the script of the page draws it.
    palette
        Colours by name of the series.
    """
    names = colours(chart, palette)
    legend = "".join(
        f'<button type="button" aria-pressed="true"><i style="background:{colour}"></i>{escape(name)}</button>'
        for name, colour in names
        if len(names) > 1
    )
    legend += "".join(
        f'<span class="limit"><i style="border-top-style:{style}"></i>{escape(limit)}</span>'
        for limit, style in limits(chart)
    )
    return (
        f'<figure class="chart"><figcaption>{escape(chart.title)}</figcaption>'
        + _tools(chart.name, chart.title, ("png", "svg"))
        + (f'<div class="legend">{legend}</div>' if legend else "")
        + f'<div class="plot" data-chart="{escape(chart.name)}" role="img" aria-label="{escape(chart.title)}"></div>'
        + (f'<p class="note">{escape(chart.note)}</p>' if chart.note else "")
        + f"<details><summary>Numbers</summary>{_numbers(chart)}</details></figure>"
    )


def _points(series: Series) -> dict[float | str, float | None]:
    """Value at each x; stretches of a timeline that share a row add up."""
    totals: dict[float | str, float | None] = {}
    for x, y in zip(series.x, series.y, strict=True):
        totals[x] = y if y is None or totals.get(x) is None else (totals[x] or 0.0) + y
    return totals


def _along(chart: Chart) -> list[float | str]:
    """Every x of a chart once; days in their order, whatever series they are from."""
    places = list(dict.fromkeys(x for series in chart.series for x in series.x))
    is_time = all(isinstance(x, str) and _DAY.fullmatch(x) for x in places)
    return sorted(places, key=str) if is_time else places


def _numbers(chart: Chart) -> str:
    names = "".join(f'<th class="number">{escape(series.name)}</th>' for series in chart.series)
    points = [_points(series) for series in chart.series]
    rows = "".join(
        f"<tr><td>{escape(text.cell(x, chart.x_unit))}</td>"
        + "".join(
            f'<td class="number">{escape(text.number(points_by_x[x], chart.unit)) if x in points_by_x else ""}</td>'
            for points_by_x in points
        )
        + "</tr>"
        for x in _along(chart)
    )
    return (
        _scroll(f"Numbers: {chart.title}")
        + f"<table><thead><tr><th>{escape(chart.x_title) or 'of'}</th>{names}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )
