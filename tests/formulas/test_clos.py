"""Switch counts of known networks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lindos.formulas.clos import clos_levels, clos_link_ends, clos_switches


@pytest.mark.parametrize(
    ("endpoints", "radix", "levels"), [(64, 64, 1), (65, 64, 2), (2048, 64, 2), (2049, 64, 3), (65_536, 64, 3)]
)
def test_levels_of_full_networks(endpoints: float, radix: float, levels: float) -> None:
    assert clos_levels(endpoints, radix) == levels


def test_a_fat_tree_has_three_and_five_switch_ports_per_endpoint() -> None:
    assert clos_switches(1.0, 64.0, 2.0, 1.0) * 64 == pytest.approx(3.0)
    assert clos_switches(1.0, 64.0, 3.0, 1.0) * 64 == pytest.approx(5.0)


@given(st.floats(2, 1e8), st.sampled_from([32.0, 64.0, 128.0, 144.0]), st.floats(1.0, 8.0))
def test_oversubscription_never_adds_switches(endpoints: float, radix: float, oversubscription: float) -> None:
    levels = clos_levels(endpoints, radix)
    assert clos_switches(endpoints, radix, levels, oversubscription) <= clos_switches(endpoints, radix, levels, 1.0)
    assert clos_link_ends(endpoints, levels, oversubscription) >= 2 * endpoints
