"""H100-equivalents and rates, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lindos.formulas import equivalents as eq

positive = st.floats(1e-3, 1e6)


def test_h100_equivalents_of_the_reference_are_its_count() -> None:
    assert eq.h100_equivalents(7.0, 1979e12, 1979e12) == 7.0


@given(positive, positive, positive)
def test_devices_for_equivalents_inverts_equivalents(count: float, peak: float, reference: float) -> None:
    equivalents = eq.h100_equivalents(count, peak, reference)
    assert eq.devices_for_equivalents(equivalents, peak, reference) == pytest.approx(count)


@given(positive, positive)
def test_rate_per_device_of_equal_devices_is_their_peak(count: float, peak: float) -> None:
    assert eq.rate_per_device(count * peak, count) == pytest.approx(peak)


def test_power_carries_equivalents() -> None:
    assert eq.equivalents_at_power(1000.0, 10.0, 4.0, 2.0) == 200.0
    assert eq.rate_per_watt(1400.0, 700.0) == 2.0


def test_arrays_agree_with_floats() -> None:
    counts = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(
        eq.h100_equivalents(counts, 5e15, 1979e12), [eq.h100_equivalents(float(c), 5e15, 1979e12) for c in counts]
    )
