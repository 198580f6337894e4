"""Failure rates and spares, by hand."""

import math

import pytest

from lindos.formulas import reliability as rel

HOUR = 3600.0


def test_a_hundred_thousand_devices_fail_twice_an_hour() -> None:
    rate = rel.job_failure_rate(100_000.0, 1 / (50_000 * HOUR))
    assert 1 / rate == pytest.approx(HOUR / 2)


def test_expected_failures_by_hand() -> None:
    assert rel.expected_failures(2 / HOUR, 24 * HOUR) == pytest.approx(48.0)


@pytest.mark.parametrize("mean", [10.0, 50.0, 400.0])
def test_spares_are_the_poisson_quantile(mean: float) -> None:
    exact, below = -1, 0.0
    while below < 0.99:
        exact += 1
        below += math.exp(exact * math.log(mean) - mean - math.lgamma(exact + 1))
    assert abs(float(rel.spares_for_confidence(mean, 2.326)) - exact) <= 1
