"""Text to SI and back."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lindos.errors import UnitError
from lindos.units import parse, render


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("450 GB/s", "B/s", 450e9),
        ("400 Gb/s", "B/s", 50e9),
        ("80 GiB", "B", 80 * 2**30),
        ("80 GB", "B", 80e9),
        ("550k", "1", 550e3),
        ("550k GPUs", "1", 550e3),
        ("16,384", "1", 16384.0),
        ("50M H100e", "1", 50e6),
        ("30 %", "1", 0.3),
        ("1.2 GW", "W", 1.2e9),
        ("90 days", "s", 90 * 86400.0),
        ("3 years", "s", 3 * 365.25 * 86400.0),
        ("6 us", "s", 6e-6),
        ("$31.7k", "USD", 31700.0),
        ("$2 billion", "USD", 2e9),
        ("$1.5 trillion", "USD", 1.5e12),
        ("$0.07/kWh", "USD/J", 0.07 / 3.6e6),
        ("$67.4/MWh", "USD/J", 67.4 / 3.6e9),
        ("$2.5/h", "USD/s", 2.5 / 3600.0),
        ("$10.2M/MW", "USD/W", 10.2),
        ("15.6T tokens", "token", 15.6e12),
        ("5T tokens/day", "token/s", 5e12 / 86400.0),
        ("$3/Mtoken", "USD/token", 3e-6),
        ("989.4 TFLOP/s", "FLOP/s", 989.4e12),
        ("49.5 ZFLOPS", "FLOP/s", 49.5e21),
        ("300 MWh", "J", 300e6 * 3600.0),
        ("0.002 /day", "1/s", 0.002 / 86400.0),
    ],
)
def test_text_is_read_into_si(text: str, unit: str, value: float) -> None:
    assert parse(text, unit) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("90", "s"),
        (90, "s"),
        ("3 GB", "s"),
        ("3 GB/s", "B"),
        ("5 GW", "1"),
        ("nan", "1"),
        ("inf s", "s"),
        ("1e999", "1"),
        ("", "1"),
        (True, "1"),
        (None, "1"),
        ([], "1"),
        (10**400, "1"),
        ("0.07/kWh", "USD/J"),
        ("$0.07", "USD/J"),
        ("3 parsecs", "s"),
    ],
)
def test_wrong_units_get_a_sentence(text: object, unit: str) -> None:
    with pytest.raises(UnitError, match=r"^a\.b is .*, but must be .*"):
        parse(text, unit, "a.b")


def test_the_sentence_shows_how_to_fix_it() -> None:
    with pytest.raises(UnitError) as caught:
        parse("450", "B/s", "fabric.bandwidth")
    assert str(caught.value) == (
        "fabric.bandwidth is 450, but must be a bandwidth with its unit. Write for example '450 GB/s'."
    )


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (450e9, "B/s", "450 GB/s"),
        (1.2e9, "W", "1.2 GW"),
        (0.0, "W", "0 W"),
        (7_776_000.0, "s", "90 days"),
        (0.0123, "s", "12.3 ms"),
        (44e9, "USD", "$44 billion"),
        (31_700.0, "USD", "$31,700"),
        (-2e6, "USD", "-$2 million"),
        (550_000, "1", "550,000"),
        (405e9, "1", "405 billion"),
        (15.6e12, "token", "15.6 trillion tokens"),
        (0.07 / 3.6e6, "USD/J", "$0.07/kWh"),
        (2.5 / 3600, "USD/s", "$2.5/h"),
        (49.5e21, "FLOP/s", "49.5 ZFLOP/s"),
        (math.nan, "W", "unknown"),
    ],
)
def test_si_is_written_as_a_reader_expects(value: float, unit: str, text: str) -> None:
    assert render(value, unit) == text


@given(
    st.floats(min_value=1e-6, max_value=1e24, allow_nan=False),
    st.sampled_from(["B", "B/s", "FLOP", "FLOP/s", "W", "J", "s", "USD", "USD/s", "USD/J", "USD/W", "token", "1"]),
)
def test_what_is_written_can_be_read_again(value: float, unit: str) -> None:
    assert parse(render(value, unit, 12), unit) == pytest.approx(value, rel=1e-6, abs=1e-12)


@given(st.text(max_size=30), st.sampled_from(["s", "B/s", "USD", "1", "token/s"]))
def test_no_text_breaks_the_reader(text: str, unit: str) -> None:
    try:
        value = parse(text, unit)
    except UnitError:
        return
    assert math.isfinite(value)
