"""An answer in the terminal: calm at 80 and at 120 columns, with and without colour."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from lindos.answers.answer import Answer
from lindos.elements import Figure, Passage, Section, Table, Verdict
from lindos.report import text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as Grid

#: From this width on, the reason of a figure has its own column; below it, it follows under the title.
_WIDE = 110
#: Text is comfortable to read in this many columns. Text longer than _LONG is prose: its rows are printed as records
#: where comfortable columns do not fit.
_NARROW, _LONG = 24, 40
_GAP = 2


def terminal(answer: Answer, console: "Console", *, brief: bool = False) -> None:
    """Print an answer for a person: the verdict first, then the sections, warnings last.

    Parameters
    ----------
    answer
        The answer.
    console
        Where to print.
    brief
        Whether to leave out the reasons of figures, notes, general warnings, and all but the key tables. With a
        verdict, sections are then left out too: it has the numbers that matter.
    """
    _line(console, answer.title, "bold")
    if answer.statement and not (brief and answer.verdict):
        _line(console, answer.statement)
    if answer.verdict:
        _verdict(answer, answer.verdict, console)
    for section in answer.sections if not (brief and answer.verdict) else ():
        _section(section, console, brief)
    warnings = _warnings(answer) if brief else answer.warnings
    if warnings:
        _line(console)
        _line(console, "Warnings", "bold yellow")
        for warning in warnings:
            _item(console, "!", warning, "yellow")
    if brief:
        _line(console)
        _line(console, "All figures, tables and warnings: --full.", "dim")


def _warnings(answer: Answer) -> tuple[str, ...]:
    """List the warnings without the one that every answer has."""
    from lindos.answers.scenario import RANGES

    return tuple(warning for warning in answer.warnings if warning != RANGES)


def _verdict(answer: Answer, verdict: Verdict, console: "Console") -> None:
    """Print the answer in a sentence, the numbers that matter, what binds, what ranges come from, and the plan."""
    _line(console)
    _line(console, verdict.sentence, "bold")
    figures = [answer.figure(name) for name in verdict.figures]
    if figures:
        _line(console)
        _figures(figures, console, brief=True)
    _list(console, "What binds", verdict.limits)
    origins = ((figure.title, text.origin_of(figure)) for figure in figures)
    _list(console, "Where the ranges come from", [f"{title}: {origin}" for title, origin in origins if origin])
    _list(console, "The plan", text.plan_lines(answer.tables))


def _list(console: "Console", title: str, lines: Sequence[str]) -> None:
    if lines:
        _line(console)
        _line(console, title, "bold cyan")
        for line in lines:
            _item(console, "·", line, "")


def _section(section: Section, console: "Console", brief: bool) -> None:
    _line(console)
    _line(console, section.title, "bold cyan")
    _line(console, section.summary)
    for passage in section.passages if not brief else ():
        _line(console)
        _passage(passage, console)
    first, rest = text.headline(section)
    figures = first or (() if section.tables else rest)
    if figures:
        _line(console)
        _figures(figures, console, brief)
    for table in section.tables:
        if table.key or not brief:
            _line(console)
            print_table(table, console)
    if section.notes and not brief:
        _line(console)
        for note in section.notes:
            _item(console, "·", note, "dim")


#: Style of a mark, and the sign after it, for terminals without colour.
_MARKS = {"wrong": ("bold red", "[!]"), "consistent": ("green", ""), "unchecked": ("", ""), "unread": ("yellow", "[?]")}


def _passage(passage: Passage, console: "Console") -> None:
    """A text with its marks; wrong and unread numbers get a sign after them."""
    from rich.text import Text

    content, position = Text(), 0
    for mark in passage.marks:
        style, sign = _MARKS.get(mark.verdict, ("", ""))
        content.append(passage.text[position : mark.start])
        content.append(passage.text[mark.start : mark.end] + sign, style)
        position = mark.end
    content.append(passage.text[position:].rstrip())
    console.print(content)


def _line(console: "Console", content: str = "", style: str = "") -> None:
    from rich.text import Text

    console.print(Text(content, style=style), soft_wrap=False)


def _item(console: "Console", mark: str, content: str, style: str) -> None:
    from rich.text import Text

    grid = _grid(gap=1)
    grid.add_column(width=1)
    grid.add_column(overflow="fold")
    grid.add_row(Text(mark, style), Text(content, style))
    console.print(grid)


def _grid(header: bool = False, gap: int = _GAP) -> "Grid":
    from rich import box
    from rich.table import Table as Grid

    grid = Grid(box=box.SIMPLE_HEAD if header else None, show_header=header, pad_edge=False, show_edge=False)
    grid.padding = (0, gap, 0, 0)
    return grid


def _figures(figures: Sequence[Figure], console: "Console", brief: bool) -> None:
    """Values and ranges below each other; the reason beside them where there is room, else on the next line."""
    from rich.padding import Padding
    from rich.text import Text

    wide = console.width >= _WIDE and not brief
    title, value, span = _figure_widths(figures, console.width, wide)
    for figure in figures:
        grid = _grid()
        grid.add_column(width=title, overflow="fold")
        grid.add_column(width=value, overflow="fold", justify="right")
        if wide:
            grid.add_column(width=span, overflow="fold")
            grid.add_column(overflow="fold")
        else:
            grid.add_column(max_width=span, overflow="fold")
        content = Text(text.value_of(figure), "dim" if figure.value is None else "bold")
        row = (Text(figure.title), content, Text(text.span_of(figure), "dim"), Text(text.why_of(figure), "dim"))
        grid.add_row(*(row if wide else row[:3]))
        console.print(grid)
        if figure.why and not wide and not brief:
            console.print(Padding(Text(text.why_of(figure), "dim"), (0, 0, 0, _GAP)))


def _figure_widths(figures: Sequence[Figure], width: int, wide: bool) -> tuple[int, int, int]:
    """Widths of title, value and range; in a narrow terminal the range is wrapped before the title."""
    title = max(len(figure.title) for figure in figures)
    value = max(len(text.value_of(figure)) for figure in figures)
    span = max(len(text.span_of(figure)) for figure in figures)
    if wide:
        return min(title, width // 3), value, min(span, width // 4)
    room = max(0, width - value - 2 * _GAP)
    span = min(span, max(room - min(title, _NARROW), room // 3, 1))
    return max(1, min(title, room - span)), value, span


def print_table(table: Table, console: "Console") -> None:
    """Print a table in columns where they fit, folded or as records where they do not.

    Parameters
    ----------
    table
        The table.
    console
        Where to print.
    """
    _line(console, table.title, "bold")
    columns = _columns(table)
    if _total([column.easy for column in columns]) <= console.width:
        _block(columns, console)
    elif any(column.most > _LONG for column in columns[1:]):
        _records(columns, console)
    else:
        for index, group in enumerate(_folds(columns, console.width)):
            if index:
                _line(console)
            _block(group, console)
    if table.note:
        _line(console, table.note, "dim")


class _Column(NamedTuple):
    """One column as text, with its least, its largest and a comfortable width in the terminal's columns."""

    name: str
    cells: Sequence[str]
    is_number: bool
    least: int
    most: int
    easy: int


def _columns(table: Table) -> list[_Column]:
    columns = []
    for index, (name, unit) in enumerate(zip(table.columns, table.units, strict=True)):
        values = [row[index] for row in table.rows]
        cells = [text.cell(value, unit) for value in values]
        is_number = text.is_number(unit, values)
        longest = max((len(cell) for cell in cells), default=0)
        # Numbers are never broken, and text only between words.
        word = longest if is_number else _word(cells)
        least = max(_word([name]), word)
        most = max(least, longest, min(len(name), _NARROW))
        columns.append(_Column(name, cells, is_number, least, most, max(least, min(longest, _NARROW))))
    return columns


def _word(cells: Sequence[str]) -> int:
    return min(_NARROW, max((len(word) for cell in cells for word in cell.split()), default=1))


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _folds(columns: Sequence[_Column], width: int) -> list[list[_Column]]:
    """Columns in groups that fit the width; the first column leads each of them."""
    groups = [[columns[0]]]
    for column in columns[1:]:
        widths = [member.easy for member in (*groups[-1], column)]
        if len(groups[-1]) > 1 and _total(widths) > width:
            groups.append([columns[0]])
        groups[-1].append(column)
    return groups


def _widths(columns: Sequence[_Column], width: int) -> list[int]:
    """Give every column its least width, then distribute the rest, first to the columns that need little more."""
    easy = [column.easy for column in columns]
    widths = easy if _total(easy) <= width else [column.least for column in columns]
    order = sorted(range(len(columns)), key=lambda index: columns[index].most - widths[index])
    for done, index in enumerate(order):
        share = max(0, width - _total(widths)) // (len(order) - done)
        widths[index] += min(columns[index].most - widths[index], share)
    return widths


def _block(columns: Sequence[_Column], console: "Console") -> None:
    from rich.text import Text

    # The rule under the header adds one space between columns.
    grid = _grid(header=True, gap=_GAP - 1)
    for column, width in zip(columns, _widths(columns, console.width), strict=True):
        grid.add_column(
            Text(column.name), justify="right" if column.is_number else "left", width=width, overflow="fold"
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        grid.add_row(*(Text(cell) for cell in row))
    console.print(grid)


def _records(columns: Sequence[_Column], console: "Console") -> None:
    """Print rows that are too wide for columns as records, one below the other."""
    from rich.text import Text

    first, *rest = columns
    for index, title in enumerate(first.cells):
        if index:
            _line(console)
        _line(console, title, "bold")
        grid = _grid()
        grid.add_column(width=1)
        grid.add_column(style="dim", max_width=_NARROW, overflow="fold")
        grid.add_column(overflow="fold")
        for column in rest:
            if column.cells[index]:
                grid.add_row("", Text(column.name), Text(column.cells[index]))
        console.print(grid)
