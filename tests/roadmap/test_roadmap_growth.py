"""Growth paths by hand, at their limits, and as arrays."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansions import doubling
from lindos.errors import InconsistentError, InputError
from lindos.results import rows
from lindos.roadmap import Generation, Growth, Trends, growth

TRENDS = Trends(
    record_growth=3.0,
    leading_growth=2.5,
    performance_per_dollar_growth=1.0,
    performance_per_watt_growth=1.0,
)
GENERATIONS = (
    Generation(
        name="old",
        title="Old",
        available=date(2025, 1, 1),
        h100_equivalents=2.5,
        system="old-rack",
        capex=30e3,
        facility_power=1e3,
    ),
    Generation(name="new", title="New", available=date(2028, 1, 1), h100_equivalents=10.0),
    Generation(name="later", title="Later", available=date(2029, 1, 1), h100_equivalents=None),
)


def path(**changes: Any) -> Growth:
    arguments: dict[str, Any] = {
        "start_h100_equivalents": 1e6,
        "start_power": 1e9,
        "target_h100_equivalents": 16e6,
        "start": "2026-01-01",
        "end": "2030-01-01",
        "trends": TRENDS,
        "world": doubling(),
        "generations": GENERATIONS,
    }
    return growth(**(arguments | changes))


def test_sixteen_times_in_four_years_is_a_doubling_each() -> None:
    result = path()
    assert float(result.required_growth) == pytest.approx(2.0)
    assert [float(year.h100_equivalents) for year in result.years] == pytest.approx([2e6, 4e6, 8e6, 16e6], rel=1e-3)
    assert float(result.pace) == pytest.approx(2 / 3)
    assert float(result.time_at_record_growth) == pytest.approx(np.log(16) / np.log(3) * 31_557_600)


def test_what_a_year_buys() -> None:
    first, _, third, last = path().years
    assert first.device == "old"
    assert float(first.num_devices) == pytest.approx(1e6 / 2.5, rel=2e-3)
    assert third.device == "new"
    assert float(third.num_devices) == pytest.approx(4e5, rel=2e-3)
    assert (last.device, last.num_devices) == ("later", None)


def test_constant_prices_and_power_add_up() -> None:
    result = path()
    assert float(result.total_capex) == pytest.approx(15e6 * 30e3)
    assert float(result.final_power) == pytest.approx(16e6 * 1e3)
    assert float(sum(year.capex for year in result.years)) == pytest.approx(float(result.total_capex))
    assert float(result.years[-1].cumulative_capex) == pytest.approx(float(result.total_capex))


def test_share_of_a_world_that_doubles_too() -> None:
    # The world grows from 16 to 32 million in the first year, the path from 1 to 2: a sixteenth, every year.
    assert [float(year.share_of_supply) for year in path().years] == pytest.approx([1 / 16] * 4, rel=1e-3)
    # Of the 8 million of the year before, 1, 2, 4 and 8 million are bought.
    flat = [float(year.share_of_flat_supply) for year in path().years]
    assert flat == pytest.approx([1 / 8, 1 / 4, 1 / 2, 1], rel=3e-3)
    assert float(path().peak_share_of_flat_supply) == pytest.approx(1, rel=3e-3)
    assert float(path(target_h100_equivalents=16e9).peak_share_of_supply) > 1


def test_falling_prices_and_power_cost_less() -> None:
    cheaper = path(trends=replace(TRENDS, performance_per_dollar_growth=1.3, performance_per_watt_growth=1.5))
    assert float(cheaper.total_capex) < 0.6 * float(path().total_capex)
    assert float(cheaper.final_power) < 0.6 * float(path().final_power)


def test_a_system_that_is_the_newest_costs_and_draws_what_it_does_on_every_day() -> None:
    falling = replace(TRENDS, performance_per_dollar_growth=1.3, performance_per_watt_growth=1.5)
    years = path(end="2029-01-01", trends=falling).years
    assert [year.priced_as for year in years] == ["old-rack"] * 3
    assert [year.is_on_trend for year in years] == [False, False, True]
    per_equivalent = [float(year.capex / year.bought) for year in years]
    # The middle of 2028 is three and a half years after the launch of the last system of known price.
    assert per_equivalent == pytest.approx([30e3, 30e3, 30e3 / 1.3**3.5], rel=1e-3)


def test_a_newer_system_of_known_price_counts_from_its_launch() -> None:
    newer = (GENERATIONS[0], replace(GENERATIONS[1], system="new-rack", capex=40e3, facility_power=500.0))
    years = path(end="2029-01-01", generations=newer).years
    assert [year.priced_as for year in years] == ["old-rack", "old-rack", "new-rack"]
    assert [float(year.capex / year.bought) for year in years] == pytest.approx([30e3, 30e3, 40e3])
    drawn = float(years[2].power) - float(years[1].power)
    assert drawn == pytest.approx(500.0 * float(years[2].bought))


def test_the_last_year_may_be_short() -> None:
    result = path(end="2029-07-01")
    assert [year.end for year in path(start="2028-02-29").years][:2] == ["2029-02-28", "2030-01-01"]
    assert [year.end for year in result.years][-2:] == ["2029-01-01", "2029-07-01"]
    assert float(result.years[-1].h100_equivalents) == pytest.approx(16e6)


def test_fifty_million_in_five_years() -> None:
    result = path(start_h100_equivalents=275_796.0, target_h100_equivalents=50e6, start="2025-07-22", end="2030-07-22")
    assert float(result.required_growth) == pytest.approx(2.83, abs=0.01)
    assert float(result.pace) == pytest.approx(2.83 / 3, abs=0.01)


@given(st.floats(1.01, 50.0))
def test_a_larger_target_never_costs_less(factor: float) -> None:
    assert float(path(target_h100_equivalents=16e6 * factor).total_capex) > float(path().total_capex)


def costing(price: Any) -> tuple[Generation, ...]:
    """Return the generations with another price of the old one."""
    return (replace(GENERATIONS[0], capex=price), *GENERATIONS[1:])


def test_arrays_give_what_floats_give() -> None:
    prices, gains = np.array([20e3, 30e3, 40e3]), np.array([1.1, 1.3, 1.5])
    many = path(generations=costing(prices), trends=replace(TRENDS, performance_per_dollar_growth=gains))
    for index in range(3):
        one = path(
            generations=costing(float(prices[index])),
            trends=replace(TRENDS, performance_per_dollar_growth=float(gains[index])),
        )
        for wide, single in zip(rows(many), rows(one), strict=True):
            assert np.broadcast_to(wide.value, 3)[index] == pytest.approx(float(single.value)), wide.name
        for row, other in zip(many.years, one.years, strict=True):
            assert np.broadcast_to(row.capex, 3)[index] == pytest.approx(float(other.capex))


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        (
            {"start_h100_equivalents": 0.0},
            InputError,
            "roadmap.start_h100_equivalents is 0.0, but must be a finite number above zero.",
        ),
        (
            {"target_h100_equivalents": 5e5},
            InconsistentError,
            "roadmap.target_h100_equivalents is 500000.0 and roadmap.start_h100_equivalents is 1000000.0, "
            "but the first must be at least the second. The target is met already.",
        ),
        (
            {"end": "2026-01-01"},
            InconsistentError,
            "roadmap.by is '2026-01-01' and roadmap.start is '2026-01-01', "
            "but the first must be later than the second.",
        ),
        (
            {"end": "2090-01-01"},
            InconsistentError,
            "roadmap.by is '2090-01-01' and roadmap.start is '2026-01-01', "
            "but the first must be at most 50 years after the second.",
        ),
        (
            {"start": "soon"},
            InputError,
            "roadmap.start is 'soon', but must be a date. Write for example '2030-07-22'.",
        ),
    ],
)
def test_errors_say_what_to_do(changes: dict[str, Any], error: type[Exception], sentence: str) -> None:
    with pytest.raises(error) as caught:
        path(**changes)
    assert str(caught.value) == sentence


def test_a_start_before_the_first_device_is_refused() -> None:
    with pytest.raises(InputError, match=r"roadmap.start is '1990-01-01', but must be 2025-01-01 or later, when Old"):
        path(start="1990-01-01")


def test_prices_fall_with_the_calendar_and_not_from_the_start() -> None:
    falling = replace(TRENDS, performance_per_dollar_growth=1.5)
    unpriced = (GENERATIONS[0], replace(GENERATIONS[1], available=date(2025, 6, 1)))
    early = path(start="2026-01-01", end="2029-01-01", trends=falling, generations=unpriced)
    late = path(start="2028-01-01", end="2031-01-01", trends=falling, generations=unpriced)
    assert float(late.total_capex) == pytest.approx(float(early.total_capex) / 1.5**2, rel=0.01)
