"""The simulated scheduler: conservation, Little's law, known queues, blocks, and speed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lindos.catalog import load_catalog
from lindos.fleet import work_of
from lindos.fleet.estimate import grid_of
from lindos.fleet.machines import machine_of
from lindos.fleet.open_loop import Limits, Traffic, busiest
from lindos.fleet.result import Layout
from lindos.fleet.simulate import Pace, Requests, arrivals, lengths, pace_of, simulate
from lindos.formulas.queueing import mean_wait
from pace import cpu_seconds, stretched

CATALOG = load_catalog()


def even(step: float, most: int = 256, prompt: float = 0.0, blocks: float = 1e6, chunk: float = 8192.0) -> Pace:
    """An engine whose steps take the same time whatever is in them."""
    return Pace(
        step=np.concatenate([[0.0], np.full(most, step)]),
        per_token=0.0,
        prompt=prompt,
        chunk=chunk,
        blocks=blocks,
        arrival=0.0,
    )


def poisson(rate: float, number: int, answer: np.ndarray, prompt: float = 1.0) -> Requests:
    rng = np.random.default_rng(7)
    return Requests(arrivals(rate, number, 1.0, rng), np.full(number, prompt), answer, np.zeros(number))


def test_a_lone_request_takes_its_steps() -> None:
    served = simulate(even(0.01), Requests(*(np.array([v]) for v in (0.0, 1.0, 100.0, 0.0))))
    assert served.end[0] == pytest.approx(1.0)
    assert served.first[0] == pytest.approx(0.01)
    assert served.token[0] == pytest.approx(0.01)


@pytest.mark.parametrize(("cv", "name"), [(1.0, "M/M/1"), (0.0, "M/D/1"), (0.5, "M/G/1")])
def test_an_engine_of_one_sequence_is_a_queue_with_one_server(cv: float, name: str) -> None:
    rng = np.random.default_rng(3)
    steps, number = 400.0, 30_000
    answer = {
        "M/M/1": np.maximum(np.round(rng.exponential(steps, number)), 1),
        "M/D/1": np.full(number, steps),
        "M/G/1": np.maximum(np.round(rng.gamma(4.0, steps / 4, number)), 1),
    }[name]
    pace, busy = even(1.0 / steps, most=1), 0.6
    served = simulate(pace, poisson(busy, number, answer))
    wait = served.first - 1 / steps
    assert np.mean(wait) == pytest.approx(mean_wait(busy, 1.0, cv), rel=0.12)


@settings(max_examples=30, deadline=None)
@given(rate=st.floats(0.5, 40.0), prompt=st.floats(1, 4000), answer=st.integers(1, 400), engines=st.integers(1, 4))
def test_every_request_is_served_once_and_little_s_law_holds(
    rate: float, prompt: float, answer: int, engines: int
) -> None:
    number = 300
    requests = poisson(rate, number, np.full(number, float(answer)), round(prompt))
    served = simulate(even(0.01, prompt=1e-6), requests, engines)
    assert np.all(served.end >= requests.arrival)
    assert np.all(served.first > 0)
    assert np.all(served.end - requests.arrival >= served.first - 1e-9)
    span = served.end.max() - requests.arrival.min()
    assert served.in_system * span == pytest.approx(np.sum(served.end - requests.arrival))


def test_where_blocks_run_out_the_youngest_is_put_back_and_still_served() -> None:
    requests = Requests(np.zeros(8), np.full(8, 64.0), np.full(8, 400.0), np.zeros(8))
    served = simulate(even(0.01, blocks=100.0, prompt=1e-6), requests)
    assert served.preempted > 0
    assert np.all(served.end > 0)
    roomy = simulate(even(0.01, blocks=1e6, prompt=1e-6), requests)
    assert roomy.preempted == 0
    assert roomy.end.max() < served.end.max()


def test_a_request_that_no_engine_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="more blocks of cache than an engine has"):
        simulate(even(0.01, blocks=4.0), Requests(*(np.array([v]) for v in (0.0, 100.0, 100.0, 0.0))))


def test_gaps_and_lengths_have_the_stated_spread() -> None:
    rng = np.random.default_rng(5)
    gaps = np.diff(arrivals(10.0, 200_000, 2.0, rng))
    assert np.mean(gaps) == pytest.approx(0.1, rel=0.03)
    assert np.std(gaps) / np.mean(gaps) == pytest.approx(2.0, rel=0.05)
    drawn = lengths(1000.0, 1.0, 200_000, rng, 1e6)
    assert np.mean(drawn) == pytest.approx(1000, rel=0.03)
    assert np.std(drawn) / np.mean(drawn) == pytest.approx(1.0, rel=0.06)


def test_the_closed_form_and_the_simulation_agree_on_an_engine() -> None:
    work = work_of(CATALOG.model("deepseek-v3"), "fp8")
    machine = machine_of(CATALOG, CATALOG.accelerator("h200-sxm"), "vllm")
    grid, rng = grid_of(Layout(1.0, 16.0)), np.random.default_rng(11)
    limits = Limits(token=0.05, token_p99=0.2, first=5.0, first_p99=5.0)
    load, serves = busiest(work, grid, machine, Traffic(prompt=2000.0, answer=800.0), limits)
    assert serves == 1
    number = 2_500
    requests = Requests(
        arrivals(float(load.rate), number, 1.0, rng),
        lengths(2000.0, 1.0, number, rng, 30_000.0),
        lengths(800.0, 1.0, number, rng, 8_000.0),
        np.zeros(number),
    )
    served = simulate(pace_of(work, grid, machine, 2000.0, 2400.0), requests)
    assert np.median(served.token[250:]) == pytest.approx(float(load.token), rel=0.12)
    assert np.quantile(served.first[250:], 0.99) == pytest.approx(float(load.first_p99), rel=0.6)


def test_a_hundred_thousand_requests_take_seconds() -> None:
    rng, number = np.random.default_rng(1), 20_000
    pace = Pace(
        step=np.concatenate([[0.0], 0.008 + 4e-5 * np.arange(1.0, 1025.0)]),
        per_token=2e-9,
        prompt=2e-5,
        chunk=8192.0,
        blocks=60_000.0,
        arrival=0.02,
    )
    requests = Requests(
        arrivals(200.0, number, 1.0, rng),
        lengths(1000.0, 1.0, number, rng, 16_000.0),
        lengths(200.0, 1.0, number, rng, 4_000.0),
        np.zeros(number),
    )
    assert cpu_seconds(lambda: simulate(pace, requests, 8)) < stretched(2.0)
