"""What a range comes from: shares of its variance by uncertain fact."""

import numpy as np
import pytest

import lindos
from lindos.catalog import Fact
from lindos.catalog.sampling import sampled_fact
from lindos.elements import Figure
from lindos.report import json_document
from lindos.report.text import why_of
from lindos.study.floor import NUM_DRAWS
from lindos.views.drivers import drivers

LARGE = Fact(path="parameters.a.large", content=2.0, low=1.0, high=9.0, unit="s")
SMALL = Fact(path="parameters.a.small", content=2.0, low=1.9, high=2.1, unit="s")
EXACT = Fact(path="parameters.a.exact", content=2.0, unit="s")
FACTS = (SMALL, LARGE, EXACT)


def draws(fact: Fact[float]) -> np.ndarray:  # type: ignore[type-arg]
    return np.asarray(sampled_fact(fact, NUM_DRAWS, 0).content, dtype=float)


def test_a_number_that_is_a_fact_comes_from_it_alone() -> None:
    (driver,) = drivers(draws(LARGE) ** 3, FACTS)
    assert (driver.fact, driver.low, driver.high, driver.unit) == (LARGE.path, 1.0, 9.0, "s")
    assert driver.share == pytest.approx(1.0, abs=0.01)


def test_the_wider_fact_has_the_larger_share_and_shares_are_parts_of_a_whole() -> None:
    named = drivers(draws(LARGE) + 10 * draws(SMALL), FACTS)
    assert [driver.fact for driver in named] == [LARGE.path, SMALL.path]
    assert named[0].share > named[1].share > 0.05
    assert sum(driver.share for driver in named) <= 1.0


def test_noise_and_exact_numbers_come_from_nothing() -> None:
    noise = np.random.default_rng(1).standard_normal(NUM_DRAWS)
    assert drivers(noise, FACTS) == ()
    assert drivers(2.0, FACTS) == drivers(None, FACTS) == drivers(draws(LARGE), (EXACT,)) == ()


def test_a_wide_range_says_what_it_comes_from_and_a_narrow_one_does_not() -> None:
    found = lindos.run("one-node", sections=["cluster", "step", "campaign"])
    wide = found["campaign.job_mtbf"]
    assert [driver.fact for driver in wide.drivers] == ["parameters.reliability.hopper.device_mtbf"]
    assert "Of the range comes from: 100 % reliability.hopper.device_mtbf (" in why_of(wide)
    assert why_of(found["campaign.duration"]) == found["campaign.duration"].why
    assert why_of(Figure(name="a", title="A", value=1.0, unit="1", why="w")) == "w"
    listed = json_document(found)["results"]["campaign.job_mtbf"]["drivers"]
    assert listed[0]["fact"] == wide.drivers[0].fact
    assert {driver.fact for figure in found.figures for driver in figure.drivers} <= {
        fact for figure in found.figures for fact in figure.facts
    }
