"""The terminal: nothing lost, nothing interpreted, nothing wider than it is."""

import dataclasses
import io
from typing import Any

import pytest
from rich.console import Console

from lindos.answers.answer import Answer
from lindos.elements import Figure, Section
from lindos.report import terminal
from lindos.report.text import headline, value_of
from sample_answer import MARKUP, sample

ANSWER = sample()


def printed(width: int, answer: Answer = ANSWER, **options: Any) -> str:
    file = io.StringIO()
    terminal(answer, Console(width=width, file=file, **options))
    return file.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(len(line) for line in printed(width).splitlines()) <= width


@pytest.mark.parametrize("width", [80, 120])
def test_headlines_tables_notes_and_warnings_are_there(width: int) -> None:
    text = printed(width)
    flat = " ".join(text.split())
    for section in ANSWER.sections:
        assert section.title in text
        assert section.summary in flat
        for figure in headline(section)[0]:
            assert figure.title in text
            assert value_of(figure) in text
        for table in section.tables:
            assert table.title in text
    assert "Outside the validated range above 24,576 devices." in text
    assert text.index("Warnings") > text.index(ANSWER.sections[-1].title)


def test_every_row_of_a_table_is_shown() -> None:
    text = printed(80)
    assert all(text.count(f"{2026 + year}-07-22") == 2 for year in range(6))  # folded: the first column twice
    assert "56.8 %" in text and "97.2 million" in text


def test_markup_in_the_data_stays_text() -> None:
    assert MARKUP in " ".join(printed(200).split())


def test_piped_and_colourless_output_has_no_codes() -> None:
    assert "\x1b" not in printed(80)
    assert "\x1b" in printed(80, force_terminal=True)
    assert "\x1b[3" not in printed(80, force_terminal=True, no_color=True)


def test_reasons_have_their_own_column_where_there_is_room() -> None:
    reason = "as the scenario states"
    line = next(line for line in printed(120).splitlines() if line.startswith("GPUs"))
    assert reason in line
    narrow = printed(80).splitlines()
    assert narrow[next(at for at, line in enumerate(narrow) if line.startswith("GPUs")) + 1].strip() == reason


def test_numbers_align_right() -> None:
    rows = [line for line in printed(200).splitlines() if line[:5].strip() and "Blackwell Ultra" in line]
    ends = {
        line.index(text) + len(text)
        for line, text in zip(rows, ("400,000", "1.2 million", "3.6 million"), strict=False)
    }
    assert len(ends) == 1


def test_a_long_range_does_not_squeeze_the_title() -> None:
    figure = Figure(name="a", title="Tokens trained on", value=1e9, unit="token/s", low=9.19e8, high=1.05e9, why="why")
    section = Section(name="a", title="A", summary="A.", headline=("a",), figures=(figure,))
    text = printed(80, answer=dataclasses.replace(ANSWER, sections=(section,)))
    assert "Tokens trained on" in text and "1 billion tokens/s" in text
    assert "\n  why" in text


def test_names_in_a_folded_table_stay_on_their_line() -> None:
    lines = printed(80).splitlines()
    assert sum(line.startswith("GB200 first batch ") for line in lines) == 2
    assert sum(" Blackwell Ultra " in line for line in lines) == 6


def test_a_table_that_fits_is_not_folded() -> None:
    lines = printed(120).splitlines()
    assert sum(line.startswith("2026-07-22") for line in lines) == 1
    assert sum("56.8 %" in line and "2031-07-22" in line and "Blackwell Ultra" in line for line in lines) == 1
