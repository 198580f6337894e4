"""Failure rates and spares, by hand."""

import math

import numpy as np
import pytest
from scipy import special

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


@pytest.mark.parametrize("count", [0, 1, 7, 31, 32, 33, 200, 5_000, 300_000])
@pytest.mark.parametrize("deviations", [-30.0, -5.0, -1.0, 0.0, 0.3, 2.0, 6.0, 40.0])
def test_the_poisson_law_is_that_of_scipy(count: int, deviations: float) -> None:
    mean = max(count + deviations * math.sqrt(count + 1), 0.0)
    exact = float(special.pdtr(count, mean))
    tolerance = 1e-13 if count < 10_000 else 2e-11  # of SciPy
    assert float(rel.poisson_at_most(count, mean)) == pytest.approx(exact, abs=tolerance)


def test_the_poisson_law_of_large_numbers_is_the_sum_of_its_terms() -> None:
    mean, count = 250_000.0, 250_400
    steps = np.arange(1, 20_000)
    below = 1 + np.cumprod((count - steps + 1) / mean).sum()
    above = np.cumprod(mean / (count + steps)).sum()
    assert float(rel.poisson_at_most(count, mean)) == pytest.approx(float(below / (below + above)), abs=1e-13)
