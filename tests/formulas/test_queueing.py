"""Queues with one server: closed forms, and the recursion that they describe."""

import numpy as np
import pytest

from lindos.fleet.queue import waits
from lindos.formulas.queueing import mean_wait, split_gap_cv, wait_quantile

RNG = np.random.default_rng(20_260_101)
NUMBER = 400_000


@pytest.mark.parametrize(
    ("service_cv", "draw"),
    [
        (1.0, lambda n: RNG.exponential(1.0, n)),  # M/M/1
        (0.0, lambda n: np.ones(n)),  # M/D/1
        (0.5, lambda n: RNG.gamma(4.0, 0.25, n)),  # M/G/1
    ],
)
def test_waits_of_poisson_arrivals_are_those_of_pollaczek_and_khinchin(service_cv: float, draw: object) -> None:
    arrivals = np.cumsum(RNG.exponential(1 / 0.7, NUMBER))
    waited = waits(arrivals, draw(NUMBER))  # type: ignore[operator]
    assert np.mean(waited) == pytest.approx(mean_wait(0.7, 1.0, service_cv), rel=0.05)


def test_the_tail_of_an_exponential_queue_is_exponential() -> None:
    arrivals = np.cumsum(RNG.exponential(1 / 0.6, NUMBER))
    waited = waits(arrivals, RNG.exponential(1.0, NUMBER))
    for share in (0.5, 0.9, 0.99):
        expected = float(wait_quantile(0.6, mean_wait(0.6, 1.0, 1.0), share))
        assert np.quantile(waited, share) == pytest.approx(expected, rel=0.06, abs=0.02)


def test_an_idle_server_keeps_nobody_waiting() -> None:
    assert float(wait_quantile(0.2, mean_wait(0.2, 1.0, 1.0), 0.5)) == 0
    assert waits(np.array([0.0, 10.0]), np.array([1.0, 1.0])).tolist() == [0.0, 0.0]


def test_the_recursion_is_lindley_s() -> None:
    arrivals, services = np.cumsum(RNG.exponential(1.0, 500)), RNG.exponential(0.9, 500)
    waited = [0.0]
    for step in range(499):
        waited.append(max(0.0, waited[-1] + services[step] - (arrivals[step + 1] - arrivals[step])))
    assert waits(arrivals, services) == pytest.approx(waited, abs=1e-9)


@pytest.mark.parametrize("parts", [1, 4, 16])
def test_a_bursty_stream_that_is_split_at_random_is_more_even(parts: int) -> None:
    """Gamma gaps of twice their mean in spread, each request sent to one of the servers at random."""
    rng = np.random.default_rng(5)
    times = np.cumsum(rng.gamma(0.25, 4.0, 400_000))
    gaps = np.diff(times[rng.integers(parts, size=times.size) == 0])
    assert np.std(gaps) / np.mean(gaps) == pytest.approx(split_gap_cv(2.0, float(parts)), rel=0.05)
