"""Growth and decline, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lindos.formulas import growth


@given(st.floats(1e-3, 1e6), st.floats(1.01, 10.0), st.floats(0.1, 20.0))
def test_growth_factor_inverts_extrapolation(start: float, factor: float, years: float) -> None:
    target = growth.extrapolated(start, factor, years, 1.0)
    assert growth.growth_factor(start, target, years, 1.0) == pytest.approx(factor)


@given(st.floats(1.1, 10.0))
def test_doubling_time_inverts_growth(factor: float) -> None:
    assert growth.growth_from_doubling(float(growth.doubling_time(factor, 1.0)), 1.0) == pytest.approx(factor)


def test_seven_months_double_3_28_times_a_year() -> None:
    assert growth.growth_from_doubling(7.0, 12.0) == pytest.approx(3.281, abs=1e-3)


def test_price_after_two_years_at_half_a_year() -> None:
    assert float(growth.declined(100.0, 0.5, 2.0, 1.0)) == 25.0
    assert growth.per_unit_of_gain(100.0, 2.0, 2.0, 1.0) == 25.0


def test_learning_curve_by_hand() -> None:
    assert float(growth.learning_curve(100.0, 8.0, 1.0, 0.1)) == pytest.approx(72.9)


@given(st.floats(0.1, 10.0), st.floats(1.001, 50.0))
def test_average_of_growth_is_the_integral(start: float, factor: float) -> None:
    times = np.linspace(0, 1, 20_001)
    integral = np.trapezoid(start * factor**times, times)
    assert float(growth.average_of_growth(start, start * factor)) == pytest.approx(integral, rel=1e-4)


def test_average_of_no_growth_is_the_amount() -> None:
    assert float(growth.average_of_growth(7.0, 7.0)) == 7.0
