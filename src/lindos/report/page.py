"""An answer as one HTML file that needs nothing else: no network, no other file."""

import base64
import hashlib
import json
import shlex
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from typing import Any

from lindos.answers.answer import Answer
from lindos.elements import Figure, Section
from lindos.report import parts
from lindos.report.charts import chart_data
from lindos.report.document import plain
from lindos.report.text import headline, span_of, value_of

#: Nothing may be loaded or sent, whatever the data contains. Plotly sets styles on elements.
_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; img-src data: blob:; "
    "script-src"
)
_CARDS = 16


def html(answer: Answer, *, command: str = "") -> bytes:
    """Return an answer as one self-contained page in UTF-8: light and dark, wide and narrow, on screen and on paper.

    Parameters
    ----------
    answer
        The answer.
    command
        The command that makes the same page, quoted for a shell.
    """
    from plotly.offline import get_plotlyjs

    charts = {chart.name: chart_data(chart) for section in answer.sections for chart in section.charts}
    # Bytes, because a text of megabytes with one wide character in it takes twice or four times the memory.
    scripts = [get_plotlyjs().encode()] * bool(charts) + [_asset("report.js").encode()]
    body = "\n".join(
        part
        for part in (
            _header(answer),
            _cards(answer.sections),
            _warnings(answer.warnings),
            *(_section(section, answer) for section in answer.sections),
            _inputs(answer),
            _decisions(answer),
            _sources(answer),
            _command_box(answer, command),
        )
        if part
    )
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(scripts)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(answer.title)} – Lindos</title>\n<style>\n{_asset('report.css')}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n{_chart_data(charts)}"
    )
    elements = [piece for script in scripts for piece in (b"<script>", script, b"</script>\n")]
    return b"".join((head.encode(errors="replace"), *elements, b"</body>\n</html>\n"))


def _asset(name: str) -> str:
    return files("lindos.report").joinpath("assets", name).read_text(encoding="utf-8")


def _policy(scripts: Iterable[bytes]) -> str:
    """Content security policy of the page, which lets these scripts run and no others."""
    digests = (base64.b64encode(hashlib.sha256(script).digest()).decode() for script in scripts)
    return " ".join([_POLICY, *(f"'sha256-{digest}'" for digest in digests)])


def _chart_data(charts: dict[str, Any]) -> str:
    """Write the charts as data that cannot close the script element around it."""
    if not charts:
        return ""
    data = json.dumps(charts, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character, code in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        data = data.replace(character, code)
    return f'<script type="application/json" id="chart-data">{data}</script>\n'


def _header(answer: Answer) -> str:
    date = answer.inputs.get("date")
    facts = " · ".join(escape(fact) for fact in (str(date) if date else "", f"Lindos {answer.version}") if fact)
    links = "".join(
        f'<a href="#{parts.anchor(section.name)}">{escape(section.title)}</a>' for section in answer.sections
    )
    return (
        f'<header>\n<div class="top"><p class="facts">{facts}</p>'
        '<button type="button" id="theme" title="Light or dark">Dark</button></div>\n'
        f"<h1>{escape(answer.title)}</h1>\n"
        + (f'<p class="statement">{escape(answer.statement)}</p>\n' if answer.statement else "")
        + (f"<nav>{links}</nav>\n" if len(answer.sections) > 1 else "")
        + "</header>"
    )


def _cards(sections: Iterable[Section]) -> str:
    """The first known headline figures of every section, as many of each as there is room for."""
    headlines = [
        (section, [figure for figure in headline(section)[0] if figure.value is not None]) for section in sections
    ]
    headlines = [(section, figures) for section, figures in headlines if figures]
    if not headlines:
        return ""
    cards_per_section = max(1, _CARDS // len(headlines))
    cards = "".join(_card(section, figure) for section, figures in headlines for figure in figures[:cards_per_section])
    return f'<div class="cards">{cards}</div>'


def _card(section: Section, figure: Figure) -> str:
    span = span_of(figure)
    return (
        f'<a class="card" href="#{parts.anchor(section.name)}"><span class="name">{escape(figure.title)}</span>'
        f'<span class="value">{escape(value_of(figure))}</span>'
        f'<span class="span">{escape(span) if span != "—" else "&nbsp;"}</span></a>'
    )


def _warnings(warnings: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(warning)}</li>" for warning in warnings)
    return f'<aside class="warnings"><h2>Warnings</h2><ul>{items}</ul></aside>' if items else ""


def _section(section: Section, answer: Answer) -> str:
    first, rest = headline(section)
    notes = "".join(f"<li>{escape(note)}</li>" for note in section.notes)
    pieces = [
        f'<section id="{parts.anchor(section.name)}">\n<h2>{escape(section.title)}</h2>',
        f'<p class="summary">{escape(section.summary)}</p>' if section.summary else "",
        *(parts.passage_box(passage) for passage in section.passages),
        parts.figures_table(first, answer) if first else "",
        f'<div class="charts">{"".join(parts.chart_box(chart) for chart in section.charts)}</div>'
        if section.charts
        else "",
        *(parts.table_box(table) for table in section.tables),
        _rest(rest, answer, bool(first)),
        f'<ul class="notes">{notes}</ul>' if notes else "",
        "</section>",
    ]
    return "\n".join(piece for piece in pieces if piece)


def _rest(figures: tuple[Figure, ...], answer: Answer, is_rest: bool) -> str:
    if not figures:
        return ""
    count = f"{len(figures)} {'more ' if is_rest else ''}figure{'s' if len(figures) != 1 else ''}"
    return f"<details><summary>{count}</summary>{parts.figures_table(figures, answer)}</details>"


def _inputs(answer: Answer) -> str:
    import yaml

    text = yaml.safe_dump(plain(answer.inputs), sort_keys=False, allow_unicode=True, width=100)
    return (
        '<section id="inputs"><h2>Inputs</h2>'
        f"<details><summary>The scenario as it was read</summary><pre>{escape(text)}</pre></details></section>"
    )


def _decisions(answer: Answer) -> str:
    """Return what figures follow from: decisions with the sources of the facts that were weighed."""
    if not answer.decisions:
        return ""
    items = "".join(
        parts.decision_item(decision, _sections_of(answer, decision.name), answer)
        for decision in answer.decisions.values()
    )
    return f'<section id="decisions"><h2>Decisions</h2><ul>{items}</ul></section>'


def _sections_of(answer: Answer, decision: str) -> list[str]:
    return [
        section.title for section in answer.sections if any(decision in figure.decided_by for figure in section.figures)
    ]


def _sources(answer: Answer) -> str:
    if not answer.sources:
        return ""
    items = "".join(
        parts.source_item(index, id, source) for index, (id, source) in enumerate(answer.sources.items(), start=1)
    )
    return f'<section id="sources"><h2>Sources</h2><ol class="sources">{items}</ol></section>'


def _command_box(answer: Answer, command: str) -> str:
    quoted = escape(command or shlex.join(["lindos", answer.command, answer.name]))
    return (
        '<section id="again"><h2>Run it again</h2>'
        f"<pre>{quoted}</pre><p>Paths are those from the folder in which it ran. Made with Lindos "
        f"{escape(answer.version)}. The interval beside a value contains 80 % of the outcomes when every uncertain "
        "input is drawn from its range; a dash means that none of the digits shown is uncertain.</p></section>"
    )
