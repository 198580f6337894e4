"""Growth and decline, by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lindos.formulas import growth


@given(st.floats(1e-3, 1e6), st.floats(1.01, 10.0), st.floats(0.1, 20.0))
def test_growth_factor_inverts_extrapolation(start: float, factor: float, years: float) -> None:
    target = growth.extrapolated(start, factor, years, 1.0)
    assert growth.growth_factor(start, target, years, 1.0) == pytest.approx(factor)


def test_a_factor_of_3_28_a_year_doubles_in_seven_months() -> None:
    assert float(growth.doubling_time(3.281, 12.0)) == pytest.approx(7.0, abs=1e-2)


def test_price_after_two_years_at_half_a_year() -> None:
    assert growth.per_unit_of_gain(100.0, 2.0, 2.0, 1.0) == 25.0
