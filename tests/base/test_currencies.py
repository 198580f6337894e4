"""Money in other currencies: every spelling, the rate of the day, and one sentence where there is none."""

from pathlib import Path

import pytest

import lindos
from lindos.catalog import load_catalog
from lindos.currencies import exchange, rates
from lindos.errors import UnitError
from lindos.units import parse

CLUSTER = {"pools": [{"system": "dgx-b200", "gpus": "800"}]}


def scenario(**changes: object) -> dict[str, object]:
    return {
        "name": "x",
        "title": "t",
        "date": "2026-05-08",
        "cluster": CLUSTER,
        "site": {"electricity_price": "€0.18/kWh"},
        **changes,
    }


@pytest.mark.parametrize(
    "text", ["€0.18/kWh", "0.18 EUR/kWh", "EUR 0.18/kWh", "0.18 €/kWh", "180 €/MWh", "0.18 euro/kWh", "0.18EUR/kWh"]
)
def test_spellings_of_one_price(text: str) -> None:
    assert parse(text, "USD/J") * 3.6e6 == pytest.approx(0.18 * 1.1761)


@pytest.mark.parametrize(
    ("text", "dollars"),
    [
        ("€1.2bn", 1.2e9 * 1.1761),
        ("2 MEUR", 2e6 * 1.1761),
        ("£2 billion", 2e9 * 1.1761 / 0.8641),
        ("JPY 100bn", 1e11 * 1.1761 / 184.37),
        ("₩1.5T", 1.5e12 * 1.1761 / 1725.08),
        ("₹10bn", 1e10 * 1.1761 / 111.1285),
        ("CNY 1bn", 1e9 * 1.1761 / 7.9989),
        ("RMB 1bn", 1e9 * 1.1761 / 7.9989),
        ("AED 1bn", 1e9 / 3.6725),
        ("SAR 1bn", 1e9 / 3.75),
    ],
)
def test_every_currency(text: str, dollars: float) -> None:
    assert parse(text, "USD") == pytest.approx(dollars, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0.1 CHF/kWh", "USD, AED, CNY, EUR, GBP, INR, JPY, KRW, SAR"),
        ("¥20/kWh", "the yen and the yuan"),
        ("€0,18/kWh", "Write '€0.18/kWh'"),
        ("€0.18", "with its unit"),
        ("k€5/kWh", "with its unit"),
    ],
)
def test_what_cannot_be_read_says_so_in_the_words_of_the_user(text: str, words: str) -> None:
    with pytest.raises(UnitError) as caught:
        parse(text, "USD/J", "site.electricity_price")
    assert words in str(caught.value)
    assert repr(text) in str(caught.value)


def test_dollars_and_other_units_are_not_touched() -> None:
    assert parse("2 MUSD", "USD") == 2e6
    assert parse("10 USD/h", "USD/s") == pytest.approx(10 / 3600)
    assert parse("550k GPUs", "1") == 550e3


def test_the_rate_is_that_of_the_nearest_day() -> None:
    with exchange("2024-07-01") as conversions:
        assert parse("€1", "USD") == pytest.approx(1.0705)
    assert [conversion.rate.day for conversion in conversions] == ["2024-06-28"]
    with exchange("2025-12-31"):
        assert parse("€1", "USD") == pytest.approx(1.1761)
    with exchange("2010-01-01"), pytest.raises(UnitError, match="a rate near 2010-01-01"):
        parse("€1", "USD")
    with exchange("2010-01-01"):
        assert parse("AED 3.6725", "USD") == pytest.approx(1.0)


def test_every_rate_names_its_source() -> None:
    assert set(rates()) == {"AED", "CNY", "EUR", "GBP", "INR", "JPY", "KRW", "SAR"}
    assert all(rate.source and rate.day for items in rates().values() for rate in items)


def test_an_answer_says_what_it_converted_at_which_rate() -> None:
    answer = lindos.run(scenario(), sections=["site"])
    dollars = lindos.run(scenario(site={"electricity_price": "$0.211698/kWh"}), sections=["site"])
    assert answer["site.year.energy"].value == pytest.approx(dollars["site.year.energy"].value)
    assert any("€0.18/kWh" in text and "2026-05-08" in text and "1.176" in text for text in answer.warnings)
    assert not any("is read at" in text for text in dollars.warnings)


def test_a_rate_of_the_scenario_precedes_and_an_idle_one_is_said() -> None:
    answer = lindos.run(scenario(exchange_rates={"EUR": "1.2", "GBP": "1.3"}), sections=["site"])
    usual = lindos.run(scenario(), sections=["site"])
    ratio = float(answer["site.year.energy"].value or 0) / float(usual["site.year.energy"].value or 1)
    assert ratio == pytest.approx(1.2 / 1.1761)
    assert any(text.startswith("exchange_rates.GBP") for text in answer.warnings)


def test_a_price_of_a_catalogue_file_is_converted_and_said(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("systems:\n  dgx-b200:\n    price: €400k\n", encoding="utf-8")
    catalog = load_catalog([file])
    assert catalog.system("dgx-b200").price.value == pytest.approx(400e3 * 1.1761)
    answer = lindos.run(scenario(site={}), catalog, sections=["site"])
    assert any("€400k" in text for text in answer.warnings)
