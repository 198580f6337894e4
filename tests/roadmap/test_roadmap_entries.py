"""A plan as rows for machines: they add up to the plan, and each row has quarter, place, generation and range."""

from collections import defaultdict
from typing import Any

import pytest

from lindos import Answer, run
from lindos.elements import Number


@pytest.fixture(scope="module")
def answer() -> Answer:
    return run("fifty-million", sections=["roadmap"])


def summed(rows: list[dict[str, Any]], name: str) -> dict[str, float]:
    totals: dict[str, float] = defaultdict(float)
    for row in rows:
        if row["name"] == name:
            totals[row["period"]] += row["value"]
    return totals


def test_the_table_for_machines_holds_the_plan(answer: Answer) -> None:
    rows = answer.to_arrow().to_pylist()
    plan = answer.tables["roadmap.plan"]
    quarters = [str(row[0]) for row in plan.rows]
    assert {row["period"] for row in rows if row["period"]} == set(quarters)
    devices = summed(rows, "roadmap.order.devices")
    kinds = [index for index, name in enumerate(plan.columns) if name.endswith(" bought")]
    for row in plan.rows:
        assert devices[str(row[0])] == pytest.approx(sum(float(row[index]) for index in kinds))  # type: ignore[arg-type]
    spent = answer["roadmap.total_capex"].value or 0.0
    assert sum(summed(rows, "roadmap.plan.capex").values()) == pytest.approx(spent)
    machines = answer["roadmap.bought_capex"].value or 0.0
    assert sum(summed(rows, "roadmap.order.capex").values()) == pytest.approx(machines)
    bought = answer["roadmap.bought_h100_equivalents"].value or 0.0
    assert sum(summed(rows, "roadmap.order.h100_equivalents").values()) == pytest.approx(bought)
    last = answer["roadmap.bought_power"].value or 0.0
    assert summed(rows, "roadmap.site.power")[quarters[-1]] == pytest.approx(last)


def test_each_order_has_quarter_place_generation_and_ranges(answer: Answer) -> None:
    orders = [row for row in answer.to_arrow().to_pylist() if row["name"].startswith("roadmap.order.")]
    assert len(orders) > 60
    for row in orders:
        assert row["period"] and row["place"] and row["item"] and row["unit"]
        if row["name"] in ("roadmap.order.power", "roadmap.order.capex"):
            assert row["low"] < row["high"]
    assert all(row["period"] is None for row in answer.to_arrow().to_pylist() if row["name"] == "roadmap.total_capex")


def test_purchases_by_place_have_power_and_price_with_ranges(answer: Answer) -> None:
    table = answer.tables["roadmap.purchases"]
    assert table.columns[-4:] == ("power", "its range", "price", "its range")
    for row in table.rows:
        for amount, cell in ((row[-4], row[-3]), (row[-2], row[-1])):
            assert isinstance(amount, float) and isinstance(cell, Number)
            assert cell.low is not None and cell.high is not None
            assert cell.low < amount < cell.high
