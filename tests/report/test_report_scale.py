"""A chart's unit is the one in which lindos.units writes the same number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lindos.report.scale import scale
from lindos.units import render

UNITS = (
    "s",
    "B",
    "B/s",
    "FLOP",
    "FLOP/s",
    "W",
    "J",
    "USD",
    "USD/s",
    "USD/J",
    "USD/W",
    "USD/token",
    "token",
    "1",
    "1/s",
)
WORDS = {"h": "hours", "min": "minutes"}


@given(
    unit=st.sampled_from([unit for unit in UNITS if not unit.startswith("USD")]),
    mantissa=st.floats(1.0, 9.9),
    exponent=st.integers(-3, 17),
)
def test_value_and_unit_are_those_of_a_table(unit: str, mantissa: float, exponent: int) -> None:
    value = mantissa * 10.0**exponent
    factor, label = scale(unit, [value, value / 7, None])
    head, _, word = render(value, unit, digits=9).partition(" ")
    assert float(head.replace(",", "")) == pytest.approx(value * factor, rel=1e-7)
    assert label == WORDS.get(word, word)


@pytest.mark.parametrize(
    ("unit", "value", "shown", "label"),
    [
        ("USD", 4.4e10, 44.0, "$ billion"),
        ("USD", 950.0, 950.0, "$"),
        ("USD/s", 2.5 / 3600, 2.5, "$/h"),
        ("USD/J", 0.07 / 3.6e6, 0.07, "$/kWh"),
        ("USD/token", 3e-6, 3.0, "$/Mtoken"),
        ("%", 0.384, 38.4, "%"),
        ("s", 0.004, 4.0, "ms"),
        ("FLOP", 5e26, 5.0, "1e26 FLOP"),
        ("1", 4.66e15, 4.66, "quadrillion"),
        ("token", 4.66e15, 4.66, "quadrillion tokens"),
        ("USD", 2e15, 2_000.0, "$ trillion"),
    ],
)
def test_worked_examples(unit: str, value: float, shown: float, label: str) -> None:
    found = scale(unit, [value])
    assert value * found.factor == pytest.approx(shown)
    assert found.label == label


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("values", [[], [None], [0.0], [float("nan")]])
def test_nothing_to_scale_still_has_a_unit(unit: str, values: list[float | None]) -> None:
    assert scale(unit, values).factor > 0
