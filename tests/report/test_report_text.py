"""Numbers as text."""

import pytest

from lindos.elements import Figure, Number
from lindos.report.text import cell, headline, is_number, number, span, span_of
from sample_answer import sample


@pytest.mark.parametrize(
    ("low", "high", "unit", "shown"),
    [
        (1.1e9, 1.4e9, "W", "1.1 – 1.4 GW"),
        (9e8, 1.4e9, "W", "900 MW – 1.4 GW"),
        (3.9e10, 5.2e10, "USD", "$39 – $52 billion"),
        (0.31, 0.44, "%", "31 – 44 %"),
        (9.19e8, 1.05e9, "token/s", "919 million – 1.05 billion tokens/s"),
        (1_000.0, 2_000.0, "1", "1,000 – 2,000"),
        (1.0, None, "s", "≥ 1 s"),
        (None, 1.0, "s", "≤ 1 s"),
        (None, None, "s", "—"),
        (float("nan"), float("nan"), "s", "—"),
    ],
)
def test_intervals(low: float | None, high: float | None, unit: str, shown: str) -> None:
    assert span(low, high, unit) == shown


def test_a_certain_figure_has_a_dash() -> None:
    assert span_of(Figure(name="a", title="A", value=8.0, unit="1", low=8.0, high=8.0)) == "—"


def test_an_interval_too_small_to_show_is_a_dash() -> None:
    assert span_of(Figure(name="a", title="A", value=1.39e6, unit="1", low=1.3901e6, high=1.3899e6)) == "—"
    assert (
        span_of(Figure(name="a", title="A", value=1.39e6, unit="1", low=1.38e6, high=1.3899e6)) == "1.38 – 1.39 million"
    )
    assert span_of(Figure(name="a", title="A", value=None, unit="1")) == "—"


def test_cells() -> None:
    assert cell("a", "") == "a"
    assert cell("as text", "W") == "as text"
    assert cell(None, "W") == cell(None, "") == "unknown"
    assert cell(3.0, "") == "3"
    assert number(0.07, "%") == "7 %"


def test_columns_of_numbers() -> None:
    assert is_number("W") and is_number("", (None, 2.0))
    assert not is_number("", ("a", None))


def test_a_column_with_a_number_is_one_of_numbers() -> None:
    assert is_number("", (Number(value=0.26, unit="s", share=0.51), None, "none"))
    assert is_number("", ("never ends", 3.0))
    assert not is_number("", ("2025-10-19", "2026-02-17"))
    assert not is_number("", ("", None))


def test_headline_keeps_the_order_asked_for() -> None:
    section = sample().sections[1]
    first, others = headline(section)
    assert tuple(figure.name for figure in first) == section.headline
    assert set(first) | set(others) == set(section.figures)
    assert len(first) + len(others) == len(section.figures)
