"""Many programmes against supply, by hand."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from lindos.errors import InconsistentError, InputError
from lindos.roadmap import Programme, Trends, demand

TRENDS = Trends(
    world_h100_equivalents=16e6,
    world_growth=2.0,
    record_growth=3.0,
    leading_growth=2.5,
    trend_end=date(2100, 1, 1),
    performance_per_dollar_growth=1.3,
    performance_per_watt_growth=1.3,
)
BOTH = (
    Programme(name="quick", h100_equivalents=4e6, end="2027-01-01"),
    Programme(name="slow", h100_equivalents=20e6, end="2030-01-01"),
)


def test_programmes_are_spread_over_their_years() -> None:
    result = demand(programmes=BOTH, start="2026-01-01", trends=TRENDS)
    wanted = [float(year.demand) for year in result.years]
    assert wanted == pytest.approx([9e6, 5e6, 5e6, 5e6], rel=3e-3)
    assert float(result.total_demand) == pytest.approx(24e6)


def test_supply_doubles_or_keeps_pace() -> None:
    result = demand(programmes=BOTH, start="2026-01-01", trends=TRENDS)
    assert [float(year.supply) for year in result.years] == pytest.approx([16e6, 32e6, 64e6, 128e6], rel=3e-3)
    assert [float(year.flat_supply) for year in result.years] == pytest.approx([8e6] * 4, rel=3e-3)
    assert float(result.world_stock) == 16e6
    assert float(result.peak_share_of_supply) == pytest.approx(9 / 16, rel=3e-3)
    assert float(result.years[0].share_of_flat_supply) == pytest.approx(9 / 8, rel=3e-3)
    assert "2 programmes want 24 million H100-equivalents" in result.statement


def test_supply_levels_off_where_its_trend_ends() -> None:
    level = demand(programmes=BOTH, start="2026-01-01", trends=replace(TRENDS, trend_end=date(2028, 1, 1)))
    assert [float(year.supply) for year in level.years] == pytest.approx([16e6, 32e6, 32e6, 32e6], rel=5e-3)


def test_arrays_give_what_floats_give() -> None:
    growth = np.array([1.5, 2.0, 4.0])
    many = demand(programmes=BOTH, start="2026-01-01", trends=replace(TRENDS, world_growth=growth))
    for index in range(3):
        one = demand(programmes=BOTH, start="2026-01-01", trends=replace(TRENDS, world_growth=float(growth[index])))
        assert np.asarray(many.share_of_supply)[index] == pytest.approx(float(one.share_of_supply))


def test_errors_say_what_to_do() -> None:
    with pytest.raises(InputError, match=r"roadmap.programmes is empty, but must be at least one programme"):
        demand(programmes=(), start="2026-01-01", trends=TRENDS)
    with pytest.raises(InconsistentError) as late:
        demand(programmes=BOTH, start="2028-01-01", trends=TRENDS)
    assert str(late.value) == (
        "roadmap.programmes.quick.by is '2027-01-01' and roadmap.start is '2028-01-01', "
        "but the first must be later than the second."
    )
