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
    forecasts,
    known_on,
    ranked_probability_score,
    read_announcements,
    read_readings,
    scores,
)
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
