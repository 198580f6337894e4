"""Plans of others beside ours: each large difference has a reason, and the numbers are those of the sources."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))

import compared


def test_each_large_difference_has_a_reason() -> None:
    rows = compared.rows()
    assert compared.unexplained(rows) == []
    assert sum(row.is_large for row in rows) >= 15
    without = tuple(replace(row, reason="") for row in rows)
    assert len(compared.unexplained(without)) == sum(row.is_large or row.ours is None for row in rows)


def test_a_number_in_a_stated_range_is_no_difference() -> None:
    row = next(row for row in compared.rows() if row.value is None and row.low is not None)
    assert row.low is not None and row.high is not None
    assert replace(row, ours=row.low).ratio == 1.0
    assert replace(row, ours=2.0 * row.high).ratio == pytest.approx(0.5)
    assert replace(row, ours=0.5 * row.low).ratio == pytest.approx(2.0)


def test_both_sides_count_the_same() -> None:
    rows = {(row.who, row.what, row.quantity): row for row in compared.rows()}
    plan = {quantity: row for (who, _, quantity), row in rows.items() if who == "Pilz et al."}
    assert plan["power"].ours == pytest.approx(
        (plan["h100_equivalents"].ours or 0.0) * (plan["power_per_equivalent"].ours or 0.0)
    )
    assert rows["McKinsey", "added for AI until 2030", "power"].ours == pytest.approx(156e9 - 29.6e9, rel=1e-3)
