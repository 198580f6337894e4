"""Numerals of German and English prose: spans, values and what is no amount."""

import datetime

import pytest

from lindos.catalog import load_catalog
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import read_text

CATALOG = load_catalog()
DAY = datetime.date(2025, 11, 20)
GERMAN = "Das ist der Satz, in dem die Zahl steht: "
ENGLISH = "This is the sentence in which the number stands: "


def numerals(text: str) -> list[Numeral]:
    return read_text(text, CATALOG, DAY).numerals


@pytest.mark.parametrize(
    ("text", "printed", "values", "unit"),
    [
        (GERMAN + "230.000 GPUs", "230.000", (230_000.0,), "1"),
        (GERMAN + "1.379 Megawatt", "1.379 Megawatt", (1.379e9,), "W"),
        (GERMAN + "3,191 Milliarden Dollar", "3,191 Milliarden Dollar", (3.191e9,), "USD"),
        (GERMAN + "2 Billionen US-Dollar", "2 Billionen US-Dollar", (2e12,), "USD"),
        (GERMAN + "zwischen 1, 5 und 2 Billionen US-Dollar", "1, 5 und 2 Billionen US-Dollar", (1.5e12, 2e12), "USD"),
        (GERMAN + "um das Zwanzigfache", "Zwanzigfache", (20.0,), "factor"),
        (GERMAN + "um 300 Prozent mehr", "300 Prozent", (3.0,), "fraction"),
        (GERMAN + "zwei Drittel davon", "zwei Drittel", (0.6667,), "fraction"),
        (GERMAN + "einen vollen Exaflop", "einen vollen Exaflop", (1e18,), "FLOP/s"),
        (GERMAN + "eine halbe Million Chips", "eine halbe Million", (5e5,), "1"),
        (GERMAN + "im Original „44 billion“", "44 billion", (44e9,), "1"),
        (ENGLISH + "$44 to $58 billion", "$44 to $58 billion", (44e9, 58e9), "USD"),
        (ENGLISH + "a third of a zettaflop", "a third of a zettaflop", (3.333e20,), "FLOP/s"),
        (ENGLISH + "3.8 × 10^25 operations", "3.8 × 10^25", (3.8e25,), "FLOP"),
        (ENGLISH + "a fifth of it", "a fifth", (0.2,), "fraction"),
        (ENGLISH + "half a million chips", "half a million", (5e5,), "1"),
        (ENGLISH + "1,379 megawatts", "1,379 megawatts", (1.379e9,), "W"),
        (ENGLISH + "between four and five times as much", "four and five times", (4.0, 5.0), "factor"),
        (ENGLISH + "tens of billions of dollars", "tens of billions of dollars", (20e9, 99e9), "USD"),
        (ENGLISH + "4.2 terawatt-hours a year", "4.2 terawatt-hours", (4.2e12 * 3600,), "J"),
    ],
)
def test_a_numeral_is_read(text: str, printed: str, values: tuple[float, ...], unit: str) -> None:
    matching = [n for n in numerals(text) if n.text == printed]
    assert len(matching) == 1, [n.text for n in numerals(text)]
    assert matching[0].values == pytest.approx(values)
    assert matching[0].unit == unit


@pytest.mark.parametrize(
    ("text", "printed", "kind"),
    [
        (ENGLISH + "the GB200 NVL72 came", "NVL72", "name"),
        (ENGLISH + "Llama 3.1 and GPT-4", "Llama 3.1", "name"),
        (GERMAN + "in FP64 und BF16", "FP64", "name"),
        (GERMAN + "mit doppelter Genauigkeit", "doppelter", "term"),
        (GERMAN + "am 22. Juli 2025", "22. Juli 2025", "date"),
        (ENGLISH + "on July 22 it said", "July 22", "date"),
        (GERMAN + "um 7:45 Uhr", "7:45 Uhr", "time"),
        (ENGLISH + "see https://t.co/q7Kd20aB1c here", "https://t.co/q7Kd20aB1c", "link"),
        (GERMAN + "Tel. 069 90009-417", "069 90009-417", "phone"),
        (ENGLISH + "built in 2024 and later", "2024", "year"),
    ],
)
def test_what_has_digits_and_is_no_amount(text: str, printed: str, kind: str) -> None:
    matching = [n for n in numerals(text) if n.text == printed]
    assert [n.kind for n in matching] == [kind], [(n.text, n.kind) for n in numerals(text)]


def test_every_numeral_stands_where_it_says() -> None:
    text = (
        "Nach 3,5 Jahren kosteten 20.000 Chips 1,2 Mrd. Euro, 60.000 Euro je Chip; im Juni waren es 55 Prozent.\n" * 3
    )
    for numeral in numerals(text):
        assert text[numeral.start : numeral.end] == numeral.text


def test_a_day_without_year_is_the_nearest_to_the_article() -> None:
    (numeral,) = [n for n in numerals(GERMAN + "bis zum 26. Oktober") if n.kind == "date"]
    assert numeral.date == "2025-10-26"
