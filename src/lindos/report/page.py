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
from lindos.report.colours import colours_of
from lindos.report.document import plain
from lindos.report.text import headline, origin_of, plan_lines, span_of, value_of

#: Nothing may be loaded or sent, whatever the data contains. Plotly sets styles on elements.
_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; img-src data: blob:; "
    "script-src"
)
#: Cards of an answer without a verdict.
_CARDS = 6


def html(answer: Answer, *, command: str = "") -> bytes:
    """Return an answer as one self-contained page in UTF-8: light and dark, wide and narrow, on screen and on paper.

    The first screen answers: the verdict, the numbers that matter, what binds, what the ranges come from. Sections are
    folded below it; paper gets the summary and the sections that are open.

    Parameters
    ----------
    answer
        The answer.
    command
        The command that makes the same page, quoted for a shell.
    """
    from plotly.offline import get_plotlyjs

    palette = colours_of(chart for section in answer.sections for chart in section.charts)
    charts = {chart.name: chart_data(chart, palette) for section in answer.sections for chart in section.charts}
    # Bytes, because a text of megabytes with one wide character in it takes twice or four times the memory.
    scripts = [get_plotlyjs().encode()] * bool(charts) + [_asset("tables.js").encode(), _asset("report.js").encode()]
    body = "\n".join(
        part
        for part in (
            _header(answer),
            _contents(answer),
            "<main>",
            _summary(answer),
            *(_section(section, answer, palette) for section in answer.sections),
            _general(answer),
            _inputs(answer),
            _decisions(answer),
            _sources(answer),
            _command_box(answer, command),
            "</main>",
        )
        if part
    )
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(scripts)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(answer.title)} – Lindos</title>\n<style>\n{_asset('report.css')}</style>\n</head>\n"
        f"<body>\n{body}\n{_chart_data(charts)}"
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
    return (
        f'<header>\n<div class="top"><p class="facts">{facts}</p>'
        '<span class="tools"><button type="button" id="unfold">Open all</button>'
        '<button type="button" id="workbook">Tables (XLSX)</button>'
        '<button type="button" id="theme" title="Light or dark">Dark</button></span></div>\n'
        f"<h1>{escape(answer.title)}</h1>\n"
        + (f'<p class="lead">{escape(answer.verdict.sentence)}</p>\n' if answer.verdict else "")
        + (f'<p class="statement">{escape(answer.statement)}</p>\n' if answer.statement else "")
        + "</header>"
    )


def _contents(answer: Answer) -> str:
    """Return the contents, which stay in view: a link opens its section."""
    links = [(parts.anchor(section.name), section.title) for section in answer.sections]
    links += [("sources", "Sources")] if answer.sources else []
    items = "".join(f'<a href="#{anchor}">{escape(title)}</a>' for anchor, title in links)
    return f'<nav aria-label="Contents"><a href="#summary">Summary</a>{items}</nav>'


def _summary(answer: Answer) -> str:
    """Return the first screen: numbers that matter, what binds, what ranges come from, warnings, the plan."""
    warned = tuple(dict.fromkeys(warning for section in answer.sections for warning in section.warnings))
    figures = _numbers(answer)
    lists = [
        _list("What binds", answer.verdict.limits) if answer.verdict else "",
        _origins(figures),
    ]
    pieces = [
        '<section id="summary" class="summary-box" aria-label="Summary">',
        f'<div class="cards">{"".join(_card(answer, *pair) for pair in figures)}</div>' if figures else "",
        _warnings("Warnings", warned),
        f'<div class="lists">{"".join(lists)}</div>' if any(lists) else "",
        _plan(answer),
        "</section>",
    ]
    return "\n".join(piece for piece in pieces if piece)


def _plan(answer: Answer) -> str:
    """Return the parallel plan, folded: one line for each pool."""
    lines = plan_lines(answer.tables) if answer.verdict else []
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f'<details class="plan"><summary>The parallel plan</summary><ul>{items}</ul></details>' if items else ""


def _general(answer: Answer) -> str:
    """Return the warnings that belong to no section: on inputs, and on all numbers."""
    warned = {warning for section in answer.sections for warning in section.warnings}
    return _warnings("On all numbers", [warning for warning in answer.warnings if warning not in warned])


def _numbers(answer: Answer) -> list[tuple[Section, Figure]]:
    """List the numbers of the verdict; without one, the first known headline figures of the sections."""
    if answer.verdict:
        owners = {figure.name: section for section in answer.sections for figure in section.figures}
        return [(owners[name], answer.figure(name)) for name in answer.verdict.figures]
    known = [
        [(section, figure) for figure in headline(section)[0] if figure.value is not None]
        for section in answer.sections
    ]
    ranked = [pairs[rank] for rank in range(_CARDS) for pairs in known if rank < len(pairs)]
    return ranked[:_CARDS]


def _card(answer: Answer, section: Section, figure: Figure) -> str:
    span = span_of(figure)
    return (
        f'<div class="card"><a class="name" href="#{parts.anchor(section.name)}">{escape(figure.title)}</a>'
        f'<span class="value">{escape(value_of(figure))}</span>'
        f'<span class="span">{escape(span) if span != "—" else "&nbsp;"}</span>'
        f"{parts.cited(figure, answer)}</div>"
    )


def _list(title: str, lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<div><h2>{escape(title)}</h2><ul>{items}</ul></div>" if items else ""


def _origins(figures: Iterable[tuple[Section, Figure]]) -> str:
    """Return the share of the variance of each number by uncertain input, as text beside a bar of shares."""
    rows = ""
    for _, figure in figures:
        origin = origin_of(figure)
        if origin:
            bars = "".join(
                f'<i style="width:{100 * driver.share:.1f}%" class="share{index}"></i>'
                for index, driver in enumerate(figure.drivers)
            )
            shares = f'<span class="shares" aria-hidden="true">{bars}</span>'
            rows += f"<li>{shares}{escape(figure.title)}: {escape(origin)}</li>"
    if not rows:
        return ""
    return f'<div><h2>Where the ranges come from</h2><ul class="origins">{rows}</ul></div>'


def _warnings(title: str, warnings: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(warning)}</li>" for warning in warnings)
    return f'<div class="warnings" role="note"><h2>{title}</h2><ul>{items}</ul></div>' if items else ""


def _section(section: Section, answer: Answer, palette: dict[str, str]) -> str:
    first, rest = headline(section)
    notes = "".join(f"<li>{escape(note)}</li>" for note in section.notes)
    summary = f'<p class="summary">{escape(section.summary)}</p>' if section.summary else ""
    opened = " open" if answer.verdict is None else ""
    pieces = [
        f'<details class="section" id="{parts.anchor(section.name)}"{opened}>',
        f"<summary><h2>{escape(section.title)}</h2>{summary}</summary>",
        *(parts.passage_box(passage) for passage in section.passages),
        parts.figures_table(first, answer, section.title) if first else "",
        f'<div class="charts">{"".join(parts.chart_box(chart, palette) for chart in section.charts)}</div>'
        if section.charts
        else "",
        *(parts.table_box(table) for table in section.tables),
        _rest(section, rest, answer, bool(first)),
        f'<ul class="notes">{notes}</ul>' if notes else "",
        "</details>",
    ]
    return "\n".join(piece for piece in pieces if piece)


def _rest(section: Section, figures: tuple[Figure, ...], answer: Answer, is_rest: bool) -> str:
    if not figures:
        return ""
    count = f"{len(figures)} {'more ' if is_rest else ''}figure{'s' if len(figures) != 1 else ''}"
    table = parts.figures_table(figures, answer, f"{section.title}, {count}")
    return f"<details><summary>{count}</summary>{table}</details>"


def _inputs(answer: Answer) -> str:
    import yaml

    text = yaml.safe_dump(plain(answer.inputs), sort_keys=False, allow_unicode=True, width=100)
    return (
        '<details class="section" id="inputs"><summary><h2>Inputs</h2></summary>'
        f'<p>The scenario as it was read.</p><pre tabindex="0">{escape(text)}</pre></details>'
    )


def _decisions(answer: Answer) -> str:
    """Return what figures follow from: decisions with the sources of the facts that were weighed."""
    if not answer.decisions:
        return ""
    items = "".join(
        parts.decision_item(decision, _sections_of(answer, decision.name), answer)
        for decision in answer.decisions.values()
    )
    return f'<details class="section" id="decisions"><summary><h2>Decisions</h2></summary><ul>{items}</ul></details>'


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
    return (
        f'<details class="section" id="sources"><summary><h2>Sources</h2></summary>'
        f'<ol class="sources">{items}</ol></details>'
    )


def _command_box(answer: Answer, command: str) -> str:
    quoted = escape(command or shlex.join(["lindos", answer.command, answer.name]))
    return (
        '<details class="section" id="again"><summary><h2>Run it again</h2></summary>'
        f"<pre>{quoted}</pre><p>Paths are those from the folder in which it ran. Made with Lindos "
        f"{escape(answer.version)}. The interval beside a value contains 80 % of the outcomes when every uncertain "
        "input is drawn from its range; a dash means that none of the digits shown is uncertain.</p></details>"
    )
