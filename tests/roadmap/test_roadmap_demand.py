"""Many programmes against supply, by hand."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from expansions import doubling
from lindos import run
from lindos.catalog import load_catalog
from lindos.elements import Number
from lindos.errors import InconsistentError, InputError
from lindos.roadmap import Demand, Programme, Trends, demand, generations
from lindos.study.supply import LINE

TRENDS = Trends(
    record_growth=3.0,
    leading_growth=2.5,
    performance_per_dollar_growth=1.3,
    performance_per_watt_growth=1.3,
)
BOTH = (
    Programme(name="quick", h100_equivalents=4e6, end="2027-01-01"),
    Programme(name="slow", h100_equivalents=20e6, end="2030-01-01"),
)


def test_programmes_are_spread_over_their_years() -> None:
    result = demand(programmes=BOTH, start="2026-01-01", trends=TRENDS, world=doubling())
    wanted = [float(year.demand) for year in result.years]
    assert wanted == pytest.approx([9e6, 5e6, 5e6, 5e6], rel=3e-3)
    assert float(result.total_demand) == pytest.approx(24e6)


def test_supply_doubles_or_keeps_pace() -> None:
    result = demand(programmes=BOTH, start="2026-01-01", trends=TRENDS, world=doubling())
    assert [float(year.supply) for year in result.years] == pytest.approx([16e6, 32e6, 64e6, 128e6], rel=3e-3)
    assert [float(year.flat_supply) for year in result.years] == pytest.approx([8e6] * 4, rel=3e-3)
    assert float(result.world_stock) == pytest.approx(16e6, rel=1e-3)
    assert float(result.peak_share_of_supply) == pytest.approx(9 / 16, rel=3e-3)
    assert float(result.years[0].share_of_flat_supply) == pytest.approx(9 / 8, rel=3e-3)
    assert "2 programmes want 24 million H100-equivalents" in result.statement


def test_arrays_give_what_floats_give() -> None:
    sizes = np.array([2e6, 4e6, 8e6])

    def wanted(size: Any) -> Demand:
        plan = Programme(name="x", h100_equivalents=size, end="2029-01-01")
        return demand(programmes=[plan], start="2026-01-01", trends=TRENDS, world=doubling())

    many = wanted(sizes)
    for index in range(3):
        single = wanted(float(sizes[index]))
        assert np.asarray(many.share_of_supply)[index] == pytest.approx(float(single.share_of_supply))


def test_what_is_short_is_shared_in_proportion_or_by_date() -> None:
    scarce = doubling(stock=8e6)
    result = demand(programmes=BOTH, start="2026-01-01", trends=TRENDS, world=scarce, largest_share=1.0)
    shares = {(row.rule, row.name): row for row in result.shares}
    assert shares["by date", "quick"].is_in_time
    assert shares["by date", "quick"].complete == "2027 Q1"
    assert all(shares["by date", name].delivered >= 0.9 for name in ("quick", "slow"))
    poor = demand(programmes=BOTH, start="2026-01-01", trends=TRENDS, world=doubling(stock=4e6), largest_share=0.5)
    rows = {(row.rule, row.name): row for row in poor.shares}
    # 4 million are delivered in its year, half of them to the quick one at most, and it wants 4: the last quarter
    # counts as a whole.
    assert 0.45 < rows["by date", "quick"].delivered < 0.75
    assert rows["in proportion", "quick"].delivered <= rows["by date", "quick"].delivered + 1e-9


def test_nobody_gets_more_than_is_delivered() -> None:
    world = doubling(stock=1e6)
    result = demand(programmes=BOTH, start="2026-01-01", trends=TRENDS, world=world, largest_share=1.0)
    rows = zip(result.shares[:2], BOTH, strict=True)
    got = sum(row.delivered * float(plan.h100_equivalents or 0) for row, plan in rows)
    assert got <= float(world.delivered_in(date(2026, 1, 1), date(2030, 1, 1))) * (1 + 1e-9)


def test_errors_say_what_to_do() -> None:
    with pytest.raises(InputError, match=r"roadmap.programmes is empty, but must be at least one programme"):
        demand(programmes=(), start="2026-01-01", trends=TRENDS, world=doubling())
    with pytest.raises(InconsistentError) as late:
        demand(programmes=BOTH, start="2028-01-01", trends=TRENDS, world=doubling())
    assert str(late.value) == (
        "roadmap.programmes.quick.by is '2027-01-01' and roadmap.start is '2028-01-01', "
        "but the first must be later than the second."
    )


def test_what_is_wanted_has_devices_power_and_money_by_quarter() -> None:
    answer = run("chip-demand", sections=["roadmap"])
    rows = [row for row in answer.to_arrow().to_pylist() if row["period"]]
    by_name: dict[str, float] = {}
    for row in rows:
        by_name[row["name"]] = by_name.get(row["name"], 0.0) + row["value"]
    for name, figure in (("wanted", "total_demand"), ("power", "total_power"), ("capex", "total_capex")):
        assert by_name[f"roadmap.demand.{name}"] == pytest.approx(answer[f"roadmap.{figure}"].value or 0.0)
    table = answer.tables["roadmap.quarters"]
    assert table.rows[0][0] == "2026 Q1"
    assert len(table.rows) == 32
    # Devices of a quarter carry what is wanted in it.
    peaks = {item.name: float(item.h100_equivalents or 0.0) for item in generations(load_catalog(), LINE)}
    row = table.rows[0]
    names = [name for name in table.columns if name in peaks]
    carried = sum(float(row[table.columns.index(name)]) * peaks[name] for name in names)  # type: ignore[arg-type]
    assert carried == pytest.approx(float(row[table.columns.index("H100e wanted")]))  # type: ignore[arg-type]
    for row in table.rows:
        for index in (index for index, title in enumerate(table.columns) if title == "its range"):
            cell = row[index]
            assert isinstance(cell, Number)
            assert cell.low is not None and cell.high is not None and cell.low < cell.high
