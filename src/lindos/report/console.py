"""An answer in the terminal: calm at 80 and at 120 columns, with and without colour."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lindos.report import text
from lindos.study.answer import Answer, Figure, Section, Table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as Grid

#: From this width on, the reason of a figure has its own column; below, it stands under the title.
_WIDE = 110
#: A text column is not squeezed below this, and above _LONG it is prose: then each row is shown as a record.
_NARROW, _LONG = 24, 40
_GAP = 2


def terminal(answer: Answer, console: "Console") -> None:
    """Print ``answer`` for a person: per section one sentence, its headline figures and tables; warnings last."""
    _line(console, answer.title, "bold")
    if answer.statement:
        _line(console, answer.statement)
    for section in answer.sections:
        _section(section, console)
    if any(text.span_of(figure) != text.NO_RANGE for figure in answer.figures):
        _line(console)
        _line(console, f"Ranges hold 80 % of the outcomes; {text.NO_RANGE} stands where no input is uncertain.", "dim")
    if answer.warnings:
        _line(console)
        _line(console, "Warnings", "bold yellow")
        for warning in answer.warnings:
            _item(console, "!", warning, "yellow")


def _section(section: Section, console: "Console") -> None:
    _line(console)
    _line(console, section.title, "bold cyan")
    _line(console, section.summary)
    first, others = text.headline(section)
    shown = first or others
    if shown:
        _line(console)
        _figures(shown, console)
    for table in section.tables:
        _line(console)
        _table(table, console)
    if section.notes:
        _line(console)
        for note in section.notes:
            _item(console, "·", note, "dim")


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


def _figures(figures: Sequence[Figure], console: "Console") -> None:
    from rich.text import Text

    wide = console.width >= _WIDE
    grid = _grid()
    grid.add_column(overflow="fold", max_width=None if not wide else 44)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(justify="left", no_wrap=True)
    if wide:
        grid.add_column(overflow="fold", style="dim")
    for figure in figures:
        value = Text(text.value_of(figure), "dim" if figure.value is None else "bold")
        span = Text(text.span_of(figure), "dim")
        title = Text(figure.title)
        if wide:
            grid.add_row(title, value, span, Text(figure.why))
            continue
        if figure.why:
            title.append(f"\n{figure.why}", "dim")
        grid.add_row(title, value, span)
    console.print(grid)


def _table(table: Table, console: "Console") -> None:
    _line(console, table.title, "bold")
    cells = [[text.cell(value, unit) for value, unit in zip(row, table.units, strict=True)] for row in table.rows]
    numeric = [text.is_number(unit, (row[at] for row in table.rows)) for at, unit in enumerate(table.units)]
    widths = [_widths(table.columns[at], [row[at] for row in cells], numeric[at]) for at in range(len(numeric))]
    if sum(least + _GAP for least, _ in widths) <= console.width:
        _block(table, cells, numeric, range(len(numeric)), console)
    elif any(most > _LONG for _, most in widths[1:]):
        _records(table, cells, console)
    else:
        for at, columns in enumerate(_folds([least for least, _ in widths], console.width)):
            if at:
                _line(console)
            _block(table, cells, numeric, columns, console)
    if table.note:
        _line(console, table.note, "dim")


def _widths(column: str, cells: Sequence[str], numeric: bool) -> tuple[int, int]:
    """The least and the most columns of the terminal that a column of the table can use."""
    most = max((len(cell) for cell in cells), default=0)
    words = max((len(word) for word in column.split()), default=0)
    return max(words, most if numeric else min(most, _NARROW)), max(most, words)


def _folds(least: Sequence[int], width: int) -> list[list[int]]:
    """Columns in groups that fit the width; the first column leads each of them."""
    groups: list[list[int]] = [[0]]
    for at in range(1, len(least)):
        used = sum(least[column] + _GAP for column in groups[-1])
        if len(groups[-1]) > 1 and used + least[at] + _GAP > width:
            groups.append([0])
        groups[-1].append(at)
    return groups


def _block(
    table: Table, cells: Sequence[Sequence[str]], numeric: Sequence[bool], columns: Sequence[int], console: "Console"
) -> None:
    from rich.text import Text

    grid = _grid(header=True)
    for at in columns:
        if numeric[at]:
            grid.add_column(Text(table.columns[at]), justify="right", no_wrap=True)
        else:
            grid.add_column(Text(table.columns[at]), overflow="fold")
    for row in cells:
        grid.add_row(*(Text(row[at]) for at in columns))
    console.print(grid)


def _records(table: Table, cells: Sequence[Sequence[str]], console: "Console") -> None:
    from rich.text import Text

    for row in cells:
        _line(console)
        _line(console, row[0], "bold")
        grid = _grid()
        grid.add_column(width=1)
        grid.add_column(style="dim", max_width=_NARROW, overflow="fold")
        grid.add_column(overflow="fold")
        for column, cell in zip(table.columns[1:], row[1:], strict=True):
            if cell:
                grid.add_row("", Text(column), Text(cell))
        console.print(grid)
