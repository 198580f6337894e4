"""Checkpoint intervals and the exact means under failures, by hand and against a simulation."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lindos.formulas import checkpoint as cp

times = st.floats(1.0, 1e5)


def test_young_by_hand() -> None:
    assert cp.young_interval(50.0, 10_000.0) == 1000.0


def test_daly_by_hand() -> None:
    # C = 50, M = 10,000: C/2M = 0.0025, root 0.05; 1000 (1 + 0.05/3 + 0.0025/9) - 50
    assert float(cp.daly_interval(50.0, 10_000.0)) == pytest.approx(1000 * (1 + 0.05 / 3 + 0.0025 / 9) - 50)


def test_daly_interval_is_the_mtbf_where_a_save_takes_over_twice_the_mtbf() -> None:
    assert float(cp.daly_interval(300.0, 100.0)) == 100.0


def test_nothing_is_lost_where_nothing_fails() -> None:
    assert float(cp.goodput(900.0, 100.0, 600.0, 1e18)) == pytest.approx(0.9)
    assert float(cp.lost_time(1000.0, 1e18)) == pytest.approx(0.0, abs=1e-9)


def test_lost_time_is_continuous_where_its_series_begins() -> None:
    below, above = (float(cp.lost_time(ratio * 1e6, 1e6)) for ratio in (0.99999e-4, 1.00001e-4))
    assert below == pytest.approx(above, rel=1e-3)


@given(times, times, times, st.floats(10.0, 1e6))
def test_parts_are_the_equation_of_daly(interval: float, save: float, recovery: float, mtbf: float) -> None:
    segment = interval + save
    assume(segment / mtbf < 100 and recovery / mtbf < 100)
    parts = segment + cp.lost_time(segment, mtbf) + cp.recovery_time_per_segment(segment, recovery, mtbf)
    whole = mtbf * np.exp(recovery / mtbf) * np.expm1(segment / mtbf)
    assert float(parts) == pytest.approx(float(whole), rel=1e-6)


@given(times, times, times, st.floats(100.0, 1e6), st.floats(1.0, 10.0))
def test_goodput_rises_with_reliability(
    interval: float, save: float, recovery: float, mtbf: float, better: float
) -> None:
    assume((interval + save) / mtbf < 100 and recovery / mtbf < 100)
    worse = float(cp.goodput(interval, save, recovery, mtbf))
    assert float(cp.goodput(interval, save, recovery, mtbf * better)) >= worse * (1 - 1e-9)
    assert 0 <= worse <= 1


@pytest.mark.parametrize(("save", "mtbf", "recovery"), [(10.0, 10_000.0, 600.0), (60.0, 3_000.0, 300.0)])
def test_daly_is_the_best_of_many_intervals(save: float, mtbf: float, recovery: float) -> None:
    grid = np.geomspace(save / 10, 10 * mtbf, 4001)
    best = np.max(cp.goodput(grid, save, recovery, mtbf))
    assert float(cp.goodput(cp.daly_interval(save, mtbf), save, recovery, mtbf)) > 0.9995 * best


def test_goodput_is_that_of_a_simulation() -> None:
    interval, save, recovery, mtbf = 900.0, 100.0, 400.0, 2_500.0
    random = np.random.default_rng(1)
    clock, segments = 0.0, 4000
    for _ in range(segments):
        while (lifetime := random.exponential(mtbf)) < interval + save:
            clock += lifetime
            while (again := random.exponential(mtbf)) < recovery:
                clock += again
            clock += recovery
        clock += interval + save
    simulated = segments * interval / clock
    assert float(cp.goodput(interval, save, recovery, mtbf)) == pytest.approx(simulated, rel=0.02)
