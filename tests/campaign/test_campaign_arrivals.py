"""When failures strike: as many as the law says, early or late as its shape says, the same from the same seed."""

from dataclasses import replace

import numpy as np
import pytest

from campaign_problems import DAY, HOUR, device
from lindos.campaign import Cause, lemons
from lindos.campaign.arrivals import arrivals, columns, stream
from lindos.campaign.causes import cumulative_hazard, lifetime

ROWS = 400


def times_of(cause: Cause, horizon: float, rows: int = ROWS, seed: int = 0) -> np.ndarray:
    return arrivals(cause, np.full((rows, 1), horizon), rows, stream(seed, 0, cause.name))


def counts(cause: Cause, horizon: float) -> np.ndarray:
    return (times_of(cause, horizon) < horizon).sum(axis=1)


def test_failures_at_a_constant_rate_are_poisson() -> None:
    found = counts(device(), 20 * DAY)  # 1,024 x 480 h / 20,000 h
    assert found.mean() == pytest.approx(24.576, abs=4 * (24.576 / ROWS) ** 0.5)
    assert found.var() == pytest.approx(24.576, rel=0.3)


@pytest.mark.parametrize(("law", "shape"), [("weibull", 0.6), ("weibull", 2.5), ("lognormal", 0.8)])
def test_in_the_long_run_every_law_keeps_its_mean_time(law: str, shape: float) -> None:
    cause = device(units=20, mtbf=100 * HOUR, law=law, shape=shape)
    horizon = 20_000 * HOUR  # two hundred lives of each unit
    found = counts(cause, horizon).mean() / (20 * 200)
    assert found == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(("law", "shape"), [("weibull", 0.6), ("weibull", 3.0), ("lognormal", 0.8)])
def test_first_failures_follow_the_law(law: str, shape: float) -> None:
    cause = device(units=1, mtbf=100 * HOUR, law=law, shape=shape)
    first = np.sort(times_of(cause, 1e9, rows=4000)[:, 0])
    # Kolmogorov: with 4,000 draws the two curves part by more than 0.026 once in a hundred.
    gap = np.abs(-np.expm1(-cumulative_hazard(cause, first)) - np.arange(1, 4001) / 4000).max()
    assert gap < 0.026


@pytest.mark.parametrize(("law", "shape"), [("exponential", 1.0), ("weibull", 0.6), ("lognormal", 1.2)])
def test_a_life_is_the_inverse_of_its_law(law: str, shape: float) -> None:
    cause = device(law=law, shape=shape)
    hazard = np.array([1e-9, 0.01, 0.3, 0.7, 2.0, 7.0, 80.0])
    assert cumulative_hazard(cause, lifetime(cause, hazard)) == pytest.approx(hazard)
    assert float(cumulative_hazard(cause, np.array(0.0))) == 0.0


def test_infant_mortality_strikes_early_and_wear_late() -> None:
    def early(shape: float, age: float = 0.0) -> float:
        cause = device(law="weibull", shape=shape, mtbf=5_000 * HOUR, age=age)
        found = times_of(cause, 100 * DAY)
        return float((found < 50 * DAY).sum() / (found < 100 * DAY).sum())

    assert early(0.5) > 0.6 > 0.52 > early(1.0) > 0.48 > 0.4 > early(3.0)
    # Grown old already, wear strikes at once.
    assert counts(device(law="weibull", shape=3.0, age=4_000 * HOUR), 20 * DAY).mean() < 30
    old = counts(device(law="weibull", shape=3.0, mtbf=5_000 * HOUR, age=4_000 * HOUR), 20 * DAY).mean()
    new = counts(device(law="weibull", shape=3.0, mtbf=5_000 * HOUR), 20 * DAY).mean()
    assert old > 20 * new


@pytest.mark.parametrize("law", ["exponential", "weibull", "lognormal"])
def test_the_same_seed_gives_the_same_failures(law: str) -> None:
    cause = device(law=law, shape=0.8)
    assert np.array_equal(times_of(cause, 20 * DAY), times_of(cause, 20 * DAY))
    assert not np.array_equal(times_of(cause, 20 * DAY, seed=1)[:, 0], times_of(cause, 20 * DAY)[:, 0])


@pytest.mark.parametrize("law", ["exponential", "weibull", "lognormal"])
def test_alternatives_meet_the_same_failures_at_other_times(law: str) -> None:
    cause = device(mtbf=2_000 * HOUR, law=law, shape=0.8)
    short, long = times_of(cause, 5 * DAY), times_of(cause, 20 * DAY)
    known = short < 5 * DAY
    assert short[known] == pytest.approx(long[:, : short.shape[1]][known], rel=1e-12)
    better = times_of(replace(cause, mtbf=4_000 * HOUR), 20 * DAY)
    some = better < 20 * DAY
    longest = times_of(cause, 10 * DAY)
    assert better[some] == pytest.approx(2 * longest[:, : better.shape[1]][some], rel=1e-12)


@pytest.mark.parametrize("law", ["exponential", "weibull", "lognormal"])
@pytest.mark.parametrize("most", [None, 2])
@pytest.mark.parametrize("age", [0.0, 900 * HOUR])
def test_what_lasts_for_ever_never_fails(law: str, most: int | None, age: float) -> None:
    assert counts(device(units=50, mtbf=float("inf"), law=law, most=most, age=age), 20 * DAY).max() == 0


def test_lemons_keep_the_rate_until_they_are_drained() -> None:
    sound, lemon = lemons((device(),), 0.02, 30.0, 3)
    assert float(sound.rate + lemon.rate) == pytest.approx(float(device().rate))
    assert lemon.units == 20
    assert float(sound.mtbf / lemon.mtbf) == pytest.approx(30.0)
    found = counts(lemon, 1e12)
    assert np.all(found == 60)  # every lemon three times, and no more


def test_lemons_fail_of_all_causes_and_are_drained_of_all() -> None:
    causes = (device(name="gpu"), device(name="host", mtbf=90_000 * HOUR))
    *sound, lemon = lemons(causes, 0.02, 30.0, 3)
    assert [one.name for one in (*sound, lemon)] == ["gpu", "host", "lemons"]
    before = sum(float(one.rate) for one in causes)
    assert sum(float(one.rate) for one in (*sound, lemon)) == pytest.approx(before)
    assert float(lemon.rate) / 20 == pytest.approx(30 * sum(float(one.rate) for one in sound) / 1004)
    assert np.all(counts(lemon, 1e12) == 60)
    assert [one.units for one in lemons(causes, 1.0, 30.0, 3)] == [0, 0, 1024]


def test_a_lemon_fails_time_after_time() -> None:
    found = times_of(device(units=1, mtbf=100 * HOUR, most=3), 1e12, rows=2000)
    # Means 1, 2 and 3 lives; the last one deviates by the root of three lives.
    assert found.mean(axis=0) / (100 * HOUR) == pytest.approx([1.0, 2.0, 3.0], abs=4 * (3 / 2000) ** 0.5)


def test_a_batch_that_joins_fails_only_then() -> None:
    found = times_of(device(online=10 * DAY), 20 * DAY)
    assert found[found < 20 * DAY].min() > 10 * DAY
    assert (found < 20 * DAY).sum(axis=1).mean() == pytest.approx(12.3, abs=1.0)


def test_each_replica_may_have_its_own_mean_time() -> None:
    mtbf = np.array([[10_000 * HOUR], [80_000 * HOUR]])
    for cause in (device(mtbf=mtbf), device(mtbf=mtbf, law="weibull", shape=0.9), device(mtbf=mtbf / 1e4, most=4)):
        found = arrivals(replace(cause, units=500), np.full((2, 1), 90 * DAY), 2, stream(0, 0, "x"))
        many, few = (found < 90 * DAY).sum(axis=1)
        assert many > 3 * few or (cause.most and found[1, 0] > found[0, 0])


def test_no_units_never_fail() -> None:
    assert np.all(times_of(device(units=0), DAY) == DAY)
    assert np.all(times_of(device(units=0, most=2), DAY) == DAY)


@pytest.mark.parametrize("law", ["weibull", "lognormal"])
def test_wear_has_the_share_of_failures_that_its_age_implies(law: str) -> None:
    cause = device(units=500, mtbf=1_000 * HOUR, law=law, shape=2.0 if law == "weibull" else 0.6, age=900 * HOUR)
    young, old = (float(cumulative_hazard(cause, hours * HOUR)) for hours in (900.0, 900.0 + 48.0))
    share = -np.expm1(young - old)
    # In two days hardly any unit fails twice.
    assert counts(cause, 2 * DAY).mean() == pytest.approx(500 * share, rel=0.05)


def test_streams_of_other_purposes_and_tiles_are_others() -> None:
    drawn = [float(stream(*key).random()) for key in ((0, 0, "a"), (0, 0, "b"), (0, 1, "a"), (1, 0, "a"), (0, 0, "a"))]
    assert len(set(drawn)) == 4
    assert drawn[0] == drawn[-1]


def test_more_columns_leave_the_first_as_they_are() -> None:
    few, many = (columns(stream(0, 0, "x").standard_exponential, count, 5) for count in (3, 9))
    assert np.array_equal(few, many[:, :3])


@pytest.mark.parametrize(
    ("law", "shape", "age"), [("weibull", 3.0, 4.5), ("weibull", 5.0, 3.0), ("lognormal", 0.3, 20.0)]
)
def test_units_far_beyond_their_life_fail_soon(law: str, shape: float, age: float) -> None:
    cause = device(units=100, mtbf=1_000 * HOUR, law=law, shape=shape, age=age * 1_000 * HOUR)
    # Weibull: the hazard at this age is above 1/40 h; lognormal: above 1/600 h.
    assert counts(cause, 30 * DAY).mean() > 60


def test_units_that_are_drained_know_their_age() -> None:
    old = device(units=500, mtbf=1_000 * HOUR, law="weibull", shape=3.0, age=900 * HOUR)
    drained = counts(replace(old, most=1), 5 * DAY).mean()
    assert drained == pytest.approx(counts(old, 5 * DAY).mean(), rel=0.1)


def test_memory_follows_the_failures_and_not_the_number_after_which_a_unit_is_drained() -> None:
    few = replace(device(units=4, mtbf=200 * HOUR), most=50)
    many = replace(few, most=10**9)
    horizon = 20 * DAY  # 2.4 failures a unit
    assert np.array_equal(times_of(few, horizon, rows=8), times_of(many, horizon, rows=8))
