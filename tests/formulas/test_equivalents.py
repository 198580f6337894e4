"""Fleet rates, H100-equivalents and growth, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lindos.formulas import equivalents as eq

YEAR = 365.25 * 86_400.0
positive = st.floats(1e-3, 1e6)


def test_fifty_million_h100_are_49_zettaflops_not_50_exaflops() -> None:
    assert eq.fleet_rate(50e6, 989.4e12) == pytest.approx(49.47e21)


def test_h100_equivalents_of_the_reference_are_its_count() -> None:
    assert eq.h100_equivalents(7.0, 1979e12, 1979e12) == 7.0


@given(positive, positive, positive)
def test_devices_for_equivalents_inverts_equivalents(count: float, peak: float, reference: float) -> None:
    there = eq.h100_equivalents(count, peak, reference)
    assert eq.devices_for_equivalents(there, peak, reference) == pytest.approx(count)


@given(positive, positive)
def test_devices_for_rate_inverts_fleet_rate(count: float, peak: float) -> None:
    assert eq.devices_for_rate(eq.fleet_rate(count, peak), peak) == pytest.approx(count)
    assert eq.rate_per_device(eq.fleet_rate(count, peak), count) == pytest.approx(peak)


def test_power_carries_equivalents() -> None:
    assert eq.equivalents_at_power(1000.0, 10.0, 4.0, 2.0) == 200.0
    assert eq.rate_per_watt(1400.0, 700.0) == 2.0


@given(positive, st.floats(1.01, 10.0), st.floats(0.1, 20.0))
def test_growth_factor_inverts_extrapolation(start: float, growth: float, years: float) -> None:
    target = eq.extrapolated(start, growth, years * YEAR, YEAR)
    assert eq.growth_factor(start, target, years * YEAR, YEAR) == pytest.approx(growth)


def test_arrays_agree_with_floats() -> None:
    counts = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(
        eq.h100_equivalents(counts, 5e15, 1979e12), [eq.h100_equivalents(float(c), 5e15, 1979e12) for c in counts]
    )
