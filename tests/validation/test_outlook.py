"""Backtest of years: nothing later than the origin is read, and scores are what they say."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from lindos import roadmap
from lindos.catalog import Catalog, load_catalog
from lindos.scenario.schema import SiteSpec
from lindos.study.offers import priced
from lindos.study.reference import NUM_DEVICES, SITE
from lindos.study.supply import LINE
from lindos.validation.outlook import (
    ORIGINS,
    Reading,
    calibrated,
    forecasts,
    known_on,
    outlook_error,
    ranked_probability_score,
    read_announcements,
    read_readings,
    scores,
    stretches,
)
from lindos.validation.outlook.calibration import distance, stretched
from lindos.validation.outlook.sites import announced, drawn, trend

CATALOG = load_catalog()
READINGS, ANNOUNCEMENTS = read_readings(CATALOG), read_announcements()


@pytest.fixture(scope="module")
def generations() -> list[roadmap.Generation]:
    sampled = CATALOG.sampled()
    listed = [priced(sampled, item, SiteSpec(name=SITE), NUM_DEVICES) for item in roadmap.generations(sampled, LINE)]
    return [item for item in listed if item.is_priced]


@pytest.mark.parametrize("origin", ORIGINS)
def test_nothing_dated_later_can_be_read(origin: date) -> None:
    knowledge = known_on(origin, READINGS, ANNOUNCEMENTS)
    assert knowledge.readings
    assert max(row.day for row in knowledge.readings) <= origin
    assert max(row.published for row in knowledge.announcements) <= origin
    # Something did happen later, and something was known before.
    assert any(row.day > origin for row in READINGS)
    assert len(knowledge.readings) < len(READINGS)


def test_forecasts_do_not_move_with_what_came_later(generations: list[roadmap.Generation]) -> None:
    origin = ORIGINS[0]

    def tripled(row: Reading) -> Reading:
        return replace(row, value=3.0 * row.value) if row.day > origin else row

    said = [replace(row, value=3.0 * row.value) if row.published > origin else row for row in ANNOUNCEMENTS]
    sampled: Catalog = CATALOG.sampled()
    before = forecasts(CATALOG, sampled, generations)
    after = forecasts(CATALOG, sampled, generations, readings=[*map(tripled, READINGS)], announcements=said)
    pairs = [(a, b) for a, b in zip(before, after, strict=True) if a.origin == origin]
    assert pairs
    for first, second in pairs:
        assert (first.name, first.day) == (second.name, second.day)
        assert (first.low, first.middle, first.high) == (second.low, second.middle, second.high)
        assert (first.announced, first.trend) == (second.announced, second.trend)
    assert any(first.truth != second.truth for first, second in pairs)


def test_the_score_is_that_of_its_definition() -> None:
    rng = np.random.default_rng(0)
    draws, truth = rng.normal(3.0, 2.0, 400), 4.0
    errors = np.mean(np.abs(draws - truth))
    differences = np.mean(np.abs(draws[:, None] - draws[None, :]))
    assert ranked_probability_score(draws, truth) == pytest.approx(errors - 0.5 * differences)
    # A forecast that is sharper about the truth scores better, one that is sharp about something else worse.
    assert ranked_probability_score(truth + 0.1 * rng.normal(size=400), truth) < 0.1
    assert ranked_probability_score(truth + 5.0 + 0.1 * rng.normal(size=400), truth) > 4.0


def test_an_announcement_is_taken_at_its_word_or_comes_late() -> None:
    knowledge = known_on(ORIGINS[0], READINGS, ANNOUNCEMENTS)
    name, quantity = "stargate-abilene", "facility_power"
    assert announced(knowledge, name, quantity, date(2025, 12, 30)) == 0.0
    assert announced(knowledge, name, quantity, date(2025, 12, 31)) == 200e6
    rng = np.random.default_rng(0)
    soon, late = (drawn(knowledge, name, quantity, day, rng) for day in (date(2025, 1, 31), date(2028, 1, 31)))
    assert np.median(soon) < np.median(late) == pytest.approx(200e6, rel=0.03)
    # Half of it is there when half of the time has passed, in the middle of the draws.
    half = ORIGINS[0] + timedelta(days=(date(2025, 12, 31) - ORIGINS[0]).days // 2)
    assert np.median(drawn(knowledge, name, quantity, half, rng)) == pytest.approx(100e6, rel=0.05)


def test_the_trend_is_the_growth_of_the_last_readings() -> None:
    days = (date(2023, 7, 31), date(2024, 7, 31))
    rows = [
        Reading(name="x", day=day, quantity="facility_power", value=value, last_day=day)
        for day, value in zip(days, (1e8, 2e8), strict=True)
    ]
    knowledge = known_on(ORIGINS[0], rows, ())
    assert trend(knowledge, "x", "facility_power", date(2025, 7, 31)) == pytest.approx(4e8, rel=3e-3)
    assert trend(knowledge, "y", "facility_power", date(2025, 7, 31)) == 0.0


def test_scores_sum_up_every_forecast_once(generations: list[roadmap.Generation]) -> None:
    rows = forecasts(CATALOG, CATALOG.sampled(), generations)
    summed = scores(rows)
    assert sum(row.count for row in summed) == len(rows)
    assert {row.origin for row in summed} == set(ORIGINS)
    assert {"world", "sites, announced", "sites, nothing announced"} == {row.kind for row in summed}
    for row in rows:
        assert row.day > row.origin
        assert 0.0 <= row.score < 1e12


def test_ranges_are_calibrated_on_the_other_days_alone(generations: list[roadmap.Generation]) -> None:
    rows = forecasts(CATALOG, CATALOG.sampled(), generations)
    wide = calibrated(rows)
    held = [sum(row.is_covered for row in column) / len(rows) for column in (rows, wide)]
    assert held[0] < 0.5 < 0.75 < held[1] < 0.9
    for before, after in zip(rows, wide, strict=True):
        assert (after.middle, after.truth) == (pytest.approx(before.middle, rel=1e-4), before.truth)
        assert after.low <= before.low * (1 + 1e-9) and after.high >= before.high * (1 - 1e-9)
    # What happened after one day does not move the range from that day.
    origin = ORIGINS[0]
    moved = [replace(row, truth=5.0 * row.truth) if row.origin == origin else row for row in rows]
    for before, after in zip(wide, calibrated(moved), strict=True):
        assert before.origin != origin or (before.low, before.high) == (after.low, after.high)
    # Four fifths of what a stretch is fitted to lie within it, and no lesser one would do.
    for fit in stretches(rows):
        rest = [row for row in rows if row.kind == fit.kind and row.origin != fit.origin]
        assert fit.count == len(rest)
        within = sum(distance(row) <= fit.factor for row in rest)
        assert within >= 0.8 * len(rest) > sum(distance(row) < fit.factor for row in rest) - 1


def test_a_stretched_range_reaches_nothing_and_not_less() -> None:
    draws = np.array([0.0, 1.0, 4.0, 9.0, 16.0])
    assert stretched(draws, 3.0).tolist() == [0.0, 0.0, 4.0, 25.0, 64.0]
    assert stretched(draws, 1.0) == pytest.approx(draws)


def test_the_range_of_the_world_is_that_of_its_backtest(generations: list[roadmap.Generation]) -> None:
    sampled = CATALOG.sampled()
    low, high = outlook_error(forecasts(CATALOG, sampled, generations))
    drawn_errors = np.asarray(CATALOG.sampled(20_000).parameter("supply.outlook_error", "1").value)
    assert np.quantile(drawn_errors, (0.1, 0.9)) == pytest.approx([low, high], rel=0.05)


def test_the_rate_of_a_generation_without_a_data_sheet_is_as_uncertain_as_it_was() -> None:
    launches = [CATALOG.accelerator(name) for name in ("h100-sxm", "gb200", "rubin-vr200", "rubin-ultra-vr300")]
    listed = {item.name: item for item in roadmap.generations(CATALOG, [item.name for item in launches])}
    point = float(CATALOG.parameter("supply.performance_growth", "1").value)
    errors = []
    for before, after in zip(list(listed.values()), list(listed.values())[1:], strict=False):
        years = (after.available - before.available).days / 365.25
        growth = (float(after.h100_equivalents or 0.0) / float(before.h100_equivalents or 1.0)) ** (1 / years)
        errors.append(abs(np.log(growth / point)))
    drawn_growths = np.asarray(CATALOG.sampled(20_000).parameter("supply.performance_growth", "1").value)
    ends = [point * np.exp(-max(errors)), point * np.exp(max(errors))]
    assert np.quantile(drawn_growths, (0.1, 0.9)) == pytest.approx(ends, rel=0.05)
