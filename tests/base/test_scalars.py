"""What a user wrote is read in one way, or refused with every reading it has."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lindos.bounds import Bounds
from lindos.errors import CountError, InputError, NumeralError, UnitError
from lindos.scalars import flag, numeral, thousands
from lindos.units import parse, parse_whole
from pace import stretched


@pytest.mark.parametrize(
    ("text", "unit", "readings"),
    [
        ("$0,07/kWh", "USD/J", ["'$0.07/kWh'", "'$7/kWh'"]),
        ("1,5T", "1", ["'1.5T'", "'15T'"]),
        ("1,25", "1", ["'1.25'", "'125'"]),
        ("1,5 GW", "W", ["'1.5 GW'", "'15 GW'"]),
        ("1,00", "1", ["'1'", "'100'"]),
        ("0,500", "1", ["'0.5'", "'500'"]),
        ("1.250,00", "1", ["'1250'", "'1.25'"]),
        ("-1.250,50 USD", "USD", ["'-1250.5 USD'"]),
        ("1.000.000", "1", ["'1,000,000'"]),
        ("12,34,567", "1", ["'1234567'"]),
        ("0100", "1", ["'100'", "'64'"]),
        ("07", "1", ["'7'"]),
        ("08.5 GB", "B", ["'8.5 GB'"]),
    ],
)
def test_a_number_with_two_readings_is_refused_with_them(text: str, unit: str, readings: list[str]) -> None:
    with pytest.raises(NumeralError) as caught:
        parse(text, unit, "a.b")
    for reading in readings:
        assert reading in caught.value.hint
        assert parse(reading.strip("'"), unit) is not None  # what is proposed can be read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,000", 1e3),
        ("230,000", 230e3),
        ("1,234,567.5", 1234567.5),
        ("1_000_000", 1e6),
        (".5", 0.5),
        ("5.", 5.0),
        ("+3", 3.0),
        ("-3", -3.0),
        ("\N{MINUS SIGN}3", -3.0),
        ("~1e3", 1e3),
        ("0", 0.0),
        ("0.07", 0.07),
        ("00.07"[1:], 0.07),
        ("20x", 20.0),
    ],
)
def test_numbers_with_one_reading(text: str, value: float) -> None:
    assert parse(text, "1") == value


SIGNS_AND_BASES = ("--64", "-+64", "- -64", "1:30:00", "2:1", "0x40", "0b11", "٣", "²", "e5", "1e", "$")
GROUPS = ("1,2,", ",5", "1.2.3", "1__000", "10_00", "64 64", "1 000", "1'000")
LONG = ("9" * 1000, "1" * 100 + "x", " " * 300 + "x", "9" * 1000 + "\n")


@pytest.mark.parametrize("text", [*SIGNS_AND_BASES, *GROUPS, *LONG])
def test_what_is_no_number_gets_a_sentence(text: str) -> None:
    with pytest.raises(UnitError, match=r"^a\.b is .*but must be"):
        parse(text, "1", "a.b")


@pytest.mark.parametrize("text", [" " * 100_000 + "x", "1" + " " * 100_000 + "x", "9" * 100_000, "1," * 50_000 + "x"])
def test_reading_takes_no_longer_than_its_length(text: str) -> None:
    begin = time.process_time()
    with pytest.raises(UnitError):
        parse(text, "s")
    elapsed = time.process_time() - begin
    assert elapsed < stretched(0.1)


@pytest.mark.parametrize(
    ("text", "counted", "said"),
    [
        ("2 racks", "GPU", "It counts racks. A pool takes 'racks: 2'"),
        ("16 nodes", "GPU", "It counts nodes."),
        ("100 H100e", "GPU", "It counts H100-equivalents."),
        ("100 GPUs", "H100-equivalent", "It counts GPUs."),
        ("8 GPUs", "", "It counts GPUs."),
        ("2 racks", None, "It counts racks."),
    ],
)
def test_a_count_of_something_else_is_refused(text: str, counted: str | None, said: str) -> None:
    with pytest.raises(CountError) as caught:
        parse(text, "1", "a.b", counted)
    assert said in str(caught.value)


def test_a_whole_number_may_not_have_a_point_that_groups() -> None:
    assert (thousands("1.000"), thousands("1.50"), thousands("0.500")) == ("1,000", "", "")
    for text, fix in (("1.000", "Write '1' or '1,000'."), ("16.384", "Write '16,384'.")):
        with pytest.raises(NumeralError) as caught:
            parse_whole(text, "gpus")
        assert fix in str(caught.value)
    assert parse_whole("16.384k") == 16_384
    with pytest.raises(UnitError, match="a whole number"):
        parse_whole("6400 %")


def test_only_true_and_false_are_flags() -> None:
    assert [flag(value) for value in (True, False, "true", "FALSE")] == [True, False, True, False]
    assert [flag(value) for value in ("yes", "on", "1", 1, 0, None, "y", "tRue", [])] == [None] * 9


def test_numbers_of_json_and_python_are_themselves() -> None:
    assert (parse(0.5, "1"), parse_whole(64), parse_whole(64.0)) == (0.5, 64, 64)
    for value in (True, float("nan"), 10**400, 10**5000):
        with pytest.raises(UnitError, match=r"^a\.b is .*but must be"):
            parse(value, "1", "a.b")


@given(st.text(alphabet="0123456789.,_-+~$ eE:", max_size=14))
def test_what_is_read_is_what_stands_there(text: str) -> None:
    try:
        number = numeral(text, "a")
    except InputError as error:
        assert str(error).startswith("a is ")
        return
    if number is not None:
        digits = number.digits.replace("_", "").replace(",", "")
        assert float(digits) == pytest.approx(abs(number.value)) or "e" in text.lower()


def test_bounds_name_the_one_that_is_broken() -> None:
    bounds = Bounds("1 min", "30 years")
    assert bounds.wrong(30.0, "s") == "at least 1 min"
    assert bounds.wrong(1e300, "s") == "at most 30 years"
    assert (bounds.wrong(60.0, "s"), bounds.sentence()) == ("", "at least 1 min and at most 30 years")
    assert Bounds(1, 8, is_whole=True).wrong(2.5, "1") == "a whole number of at least 1"
    assert (Bounds(0.0, 1.0).wrong(-1.0, "1"), Bounds(1.01, 20.0).wrong(1.0, "1")) == ("zero or more", "at least 1.01")


@pytest.mark.parametrize("text", ["220.000", "1.250 MW", "15.000B", "$1.500", "-50.000"])
def test_a_point_before_three_digits_that_end_in_zero_is_refused_with_both_readings(text: str) -> None:
    """A reader of German takes it for thousands, and decimals are seldom written with a zero at their end."""
    with pytest.raises(NumeralError, match=r"where a point stands before the decimals, and .* where it groups digits"):
        numeral(text, "price")


@pytest.mark.parametrize(("text", "value"), [("1.125", 1.125), ("0.250", 0.25), ("1234.500", 1234.5), ("1.50", 1.5)])
def test_a_point_before_other_decimals_is_read(text: str, value: float) -> None:
    found = numeral(text, "pue")
    assert found is not None
    assert found.value == value
