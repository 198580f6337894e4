"""Power and energy."""

import pytest

from lindos.formulas.power import energy, facility_power, mean_power, overhead_power


def test_overhead_and_it_make_the_facility() -> None:
    assert 100e6 + overhead_power(100e6, 1.37) == pytest.approx(facility_power(100e6, 1.37))


def test_a_site_without_losses_draws_its_it() -> None:
    assert facility_power(5.0, 1.0) == 5.0


def test_energy_of_a_day_at_half_duty() -> None:
    assert energy(mean_power(1e3, 0.5), 86_400.0) == pytest.approx(0.5 * 24 * 3.6e6)
