"""The world's deliveries obey its wafers, watts and dollars, and meet what was counted."""

from datetime import date

import numpy as np
import pytest

from lindos.catalog import load_catalog
from lindos.roadmap import backtest, generations, ramped_shares, trends
from lindos.scenario.read import read_scenario
from lindos.scenario.schema import SiteSpec
from lindos.study.chain import Chain
from lindos.study.offers import priced
from lindos.study.reference import NUM_DEVICES, SITE
from lindos.study.supply import LINE, SUPPLY

CATALOG = load_catalog()
SCENARIO, _ = read_scenario("chip-demand")
WORLD = Chain().point(SUPPLY, SCENARIO, CATALOG)
#: Power and money of the world that no later year may exceed, by year.
ROWS = {int(row.date[:4]): row for row in CATALOG.records("supply").values() if row.date.endswith("12-31")}


def test_the_stock_meets_every_published_count() -> None:
    counted = [row for row in CATALOG.records("supply").values() if row.h100_equivalents.is_known]
    checked = [row for row in counted if not row.name.endswith("first-count")]
    assert {row.date[:4] for row in checked} == {"2022", "2023", "2024", "2025"}
    for row in checked:
        stock = float(WORLD.stock(date.fromisoformat(row.date)))
        assert stock == pytest.approx(float(row.h100_equivalents.value), rel=0.1), row.name


def test_no_later_year_spends_more_than_is_published() -> None:
    later = [year for year in WORLD.years if year.year > 2025]
    assert len(later) >= 6
    for year in later:
        row = ROWS.get(year.year)
        if row is not None and row.yearly_capex.is_known:
            assert float(year.capex) <= float(row.yearly_capex.value) * (1 + 1e-9), year.year


def test_no_later_year_draws_more_than_is_added() -> None:
    for year in WORLD.years:
        if year.year > 2025:
            added = float(WORLD.power_between(date(year.year - 1, 12, 31), date(year.year, 12, 31)))
            assert float(year.power) <= added * (1 + 1e-9), year.year
    rows = [row for row in ROWS.values() if row.facility_power.is_known]
    known = {date.fromisoformat(row.date): float(row.facility_power.value) for row in rows}
    first = min(known)
    for day, standing in known.items():
        assert known[first] + float(WORLD.power_between(first, day)) == pytest.approx(standing, rel=1e-3)


def test_each_year_delivers_the_least_that_its_inputs_allow() -> None:
    for year in WORLD.years:
        if year.year > 2025:
            assert set(year.bounds) == {"packaging", "memory", "logic", "power", "money"}
            assert float(year.delivered) == pytest.approx(min(float(bound) for bound in year.bounds.values()))
        rows = zip(WORLD.periods, WORLD.delivered, strict=True)
        quarters = [float(amount) for period, amount in rows if period.middle.year == year.year]
        assert sum(quarters) == pytest.approx(float(year.delivered))


def test_the_mix_adds_up_and_the_newer_displaces_the_older() -> None:
    for mix in WORLD.mix:
        assert sum(map(float, mix)) == pytest.approx(1.0)
    launches = [date(2025, 1, 1), date(2026, 1, 1)]
    assert ramped_shares(launches, 365.25 * 86_400.0, date(2025, 7, 2)) == pytest.approx([0.4983, 0.0], abs=1e-3)
    assert sum(ramped_shares(launches, 365.25 * 86_400.0, date(2026, 7, 2))) == pytest.approx(1.0, abs=1e-3)
    assert ramped_shares(launches, 365.25 * 86_400.0, date(2027, 7, 2)) == pytest.approx([0.0, 1.0])


def test_draws_give_what_single_numbers_give() -> None:
    study = Chain().study([SUPPLY], SCENARIO, CATALOG)
    outcome = study.outcome(SUPPLY)
    assert outcome is not None
    for point, draws in zip(outcome.point.years, outcome.sampled.years, strict=True):
        low, high = np.percentile(np.asarray(draws.delivered), (5, 95))
        assert low * 0.8 <= float(point.delivered) <= high * 1.2


def test_the_prior_would_have_forecast_the_last_generations() -> None:
    terms = SiteSpec(name=SITE)
    known = [priced(CATALOG, item, terms, NUM_DEVICES) for item in generations(CATALOG, LINE)]
    pairs = (("h100-sxm", "gb200"), ("gb200", "rubin-vr200"), ("rubin-vr200", "rubin-ultra-vr300"))
    for row in backtest(known, CATALOG, trends(CATALOG), pairs):
        assert 1 / 1.6 < float(row.h100_equivalents) / float(row.announced_equivalents) < 1.6, row.name
        assert 1 / 1.3 < float(row.power) / float(row.announced_power) < 1.3, row.name
        assert 1 / 1.35 < float(row.price) / float(row.announced_price) < 1.35, row.name
