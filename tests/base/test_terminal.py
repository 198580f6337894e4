"""Text from data reaches a terminal as text, whatever the terminal."""

import ast
import io
import sys
from pathlib import Path

import pytest
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

import lindos
from lindos.terminal import LEAST_WIDTH, accept_any_encoding, console, printable

HOSTILE = "\x1b[2J\x1b]0;title\x07\x9b31m\u202ereversed\x00 [bold]not[/foo] :smile: \x7f"


def test_no_control_character_is_left() -> None:
    shown = printable(HOSTILE + "\n\t\ud800")
    assert not set(shown) & set("\x1b\x07\x9b\u202e\x00\x7f\ud800")
    assert shown.endswith("\n\t�")
    assert printable("naïve – 日本語 ≥ ×") == "naïve – 日本語 ≥ ×"


def test_a_console_shows_data_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    plain = console()
    grid = Table(title=HOSTILE)
    grid.add_column(HOSTILE)
    grid.add_row(HOSTILE)
    for piece in (HOSTILE, Text(HOSTILE), Padding(HOSTILE, 1), grid):
        plain.print(piece)
    out = capsys.readouterr().out
    assert not set(out) & set("\x1b\x07\x9b\u202e\x00\x7f")
    assert out.count("[bold]not[/foo] :smile:") >= 3


def test_rich_may_still_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    console().print(Text("\x1b[2J", style="bold"))
    assert out.getvalue().startswith("\x1b[1m")
    assert "\x1b[2J" not in out.getvalue()


@pytest.mark.parametrize("columns", ["0", "1", "3", "20"])
def test_a_terminal_too_narrow_is_taken_as_wider(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    console().print("12,345,678 GPUs")
    assert capsys.readouterr().out == "12,345,678 GPUs\n"
    assert console().width >= LEAST_WIDTH


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_every_encoding_is_written(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    accept_any_encoding()
    sys.stdout.write("5 – 7 µs, ≥ é \ud800")
    sys.stdout.flush()
    shown = raw.getvalue().decode(encoding)
    expected = {"ascii": "5 - 7 us, >= e? ?", "latin-1": "5 - 7 µs, >= é ?", "utf-8": "5 – 7 µs, ≥ é ?"}
    assert shown == expected[encoding]


def test_consoles_are_made_in_one_place() -> None:
    source = Path(lindos.__file__).parent
    made = [
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Console", "print")
    ]
    assert made == []
