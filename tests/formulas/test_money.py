"""Annuities against the sum they stand for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lindos.formulas.money import annuity, capital_recovery_factor, present_value


@given(st.floats(0.0, 0.5), st.integers(1, 40))
def test_payments_are_worth_the_purchase(rate: float, years: int) -> None:
    payment = float(annuity(1e6, rate, float(years)))
    worth = sum(payment / (1 + rate) ** year for year in range(1, years + 1))
    assert worth == pytest.approx(1e6, rel=1e-6)
    assert float(present_value(payment, rate, float(years))) == pytest.approx(1e6, rel=1e-9)


def test_without_interest_it_is_a_straight_line() -> None:
    assert capital_recovery_factor(0.0, 5.0) == pytest.approx(0.2)
