"""What a roadmap states beside purchases: objective, rent, leases, inference, cash, debt, resale, targets."""

from typing import Any

import pytest

from lindos import Answer, InconsistentError, InfeasibleError, InputError, run
from lindos.catalog import load_catalog

YEAR = 365.25 * 86_400.0


def answer(**fields: Any) -> Answer:
    roadmap = {"start": "2026-07-01", "start_h100_equivalents": "200k", "by": "2029-12-31"}
    return run({"name": "years", "title": "t", "roadmap": {**roadmap, **fields}}, sections=["roadmap"])


def column(table: Any, title: str) -> list[float]:
    return [float(row[table.columns.index(title)]) for row in table.rows]


def test_each_objective_gets_the_most_of_what_it_seeks() -> None:
    answers = {name: answer(objective=name, budget="$20 billion") for name in ("compute", "stock")}
    stock = {name: found["roadmap.target_h100_equivalents"].value or 0.0 for name, found in answers.items()}
    delivered = {name: found["roadmap.delivered"].value or 0.0 for name, found in answers.items()}
    assert stock["stock"] > 1.1 * stock["compute"]
    assert delivered["compute"] > 1.1 * delivered["stock"]
    for found in answers.values():
        assert 0.98 * 20e9 < (found["roadmap.total_capex"].value or 0.0) <= 20e9
    # What limits it is told in what it seeks.
    assert answers["stock"].tables["roadmap.limits"].columns[-1] == "adds, H100e"
    assert answers["compute"].tables["roadmap.limits"].columns[-1] == "brings"


def test_more_money_buys_more_of_it() -> None:
    stocks = [answer(objective="stock", budget=f"${budget} billion") for budget in (10, 20, 40)]
    amounts = [found["roadmap.target_h100_equivalents"].value or 0.0 for found in stocks]
    assert amounts == sorted(amounts)
    assert amounts[2] > 1.5 * amounts[0]


def test_a_target_of_computation_is_delivered_beside_inference() -> None:
    peak = load_catalog().accelerator("h100-sxm").counted_peak("fp8").value
    needed = 5e28 / (peak * 0.35 * YEAR)
    plain = answer(target_flop="5e28 FLOP", mfu="35 %")
    assert plain["roadmap.delivered"].value == pytest.approx(needed, rel=5e-3)
    busy = answer(target_flop="5e28 FLOP", mfu="35 %", inference={"h100_equivalents": "150k"})
    assert busy["roadmap.delivered"].value == pytest.approx(needed + 150e3 * 3.5, rel=5e-3)
    assert (busy["roadmap.total_capex"].value or 0.0) > (plain["roadmap.total_capex"].value or 0.0)


def test_a_target_of_tokens_is_the_stock_that_serves_them() -> None:
    served = answer(target_tokens="172.8T tokens/day", token_rate="2000 tokens/s")
    assert served["roadmap.target_h100_equivalents"].value == pytest.approx(1e6, rel=5e-3)


def test_computation_that_cannot_be_delivered_is_explained() -> None:
    found = answer(target_flop="1e32 FLOP", mfu="35 %")
    clash = found.tables["roadmap.clash"]
    assert "compute to deliver" in {row[0] for row in clash.rows}


def test_cash_debt_and_inference_hold_in_every_quarter() -> None:
    found = answer(
        target_h100_equivalents="1.5M",
        inference={"h100_equivalents": "100k", "growth": 2},
        rent={"limit": "300k", "price": "$2.2/h"},
        lease={"limit": "100k", "price": "$0.8/h"},
        finance={"cash": "$4 billion", "income": "$6 billion", "debt": "$15 billion", "interest": "9 %"},
        resale="40 %",
    )
    table = found.tables["roadmap.contracts"]
    assert min(column(table, "left for training")) >= 0.0
    assert max(column(table, "debt")) <= 15e9 * (1.0 + 1e-6)
    assert min(column(table, "cash")) >= -1.0
    assert max(column(table, "rented")) <= 300e3 * (1.0 + 1e-9)
    # Whoever has cash does not owe: only interest costs.
    assert all(min(cash, debt) < 1e6 for cash, debt in zip(column(table, "cash"), column(table, "debt"), strict=True))
    assert found["roadmap.contract_income"].value == pytest.approx(sum(column(table, "leases and resale")))
    assert found["roadmap.contract_cost"].value == pytest.approx(sum(column(table, "rent and interest")))
    assert "roadmap.cash" in {chart.name for section in found.sections for chart in section.charts}


def test_a_plan_without_contracts_says_nothing_about_them() -> None:
    plain = answer(target_h100_equivalents="1M")
    assert "roadmap.contracts" not in plain.tables
    assert "roadmap.contract_cost" not in {figure.name for figure in plain.sections[0].figures}


@pytest.mark.parametrize(
    ("fields", "error", "sentence"),
    [
        ({"target_flop": "1e28 FLOP"}, InputError, r"roadmap\.mfu"),
        ({"target_tokens": "1T tokens/day"}, InputError, r"roadmap\.token_rate"),
        ({"objective": "stock", "target_power": "1 GW"}, InconsistentError, r"roadmap\.objective"),
        ({"objective": "speed", "budget": "$1 billion"}, InputError, r"roadmap\.objective"),
        ({"target_h100_equivalents": "1M", "inference": {"h100_equivalents": "900k"}}, InfeasibleError, "rent"),
    ],
)
def test_what_cannot_be_is_told(fields: dict[str, Any], error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        answer(**fields)


def test_capacity_that_can_be_rented_carries_inference_that_could_not_be() -> None:
    found = answer(
        target_h100_equivalents="1M", inference={"h100_equivalents": "900k"}, rent={"limit": "1M", "price": "$2/h"}
    )
    assert column(found.tables["roadmap.contracts"], "rented")[0] == pytest.approx(700e3)


def test_what_retires_in_a_draw_is_what_was_bought_in_it() -> None:
    found = answer(start_h100_equivalents="50k", target_h100_equivalents="1M", life="2 years")
    stock = found["roadmap.target_h100_equivalents"]
    assert stock.low is not None
    assert stock.high is not None
    # Rates of devices without a data sheet differ by a tenth or so: a stock is as uncertain as they are.
    assert 0.8e6 < stock.low <= (stock.value or 0.0) <= stock.high < 1.25e6
    growth = found["roadmap.required_growth"]
    assert growth.low is not None
    assert growth.low > 1.0


def test_a_target_that_cannot_be_reached_names_what_excludes_it_in_its_first_sentence() -> None:
    found = answer(target_h100_equivalents="300M", share_of_supply="5 %")
    summary = found.sections[0].summary
    clash = found.tables["roadmap.clash"]
    for row in clash.rows:
        assert str(row[0]).removeprefix("supply of ") in summary
    assert summary.startswith("The target cannot be reached, with the values of the catalogue: ")
    assert "exclude each other. Least change alone: " in summary


def test_a_maker_gets_its_share_of_the_packaging_in_every_draw() -> None:
    found = answer(start="2026-10-01", target_h100_equivalents="50M", devices=["mi455x"])
    most = found["roadmap.target_h100_equivalents"].value or 0.0
    middle = column(found.tables["roadmap.chances"], "half of the draws")[0]
    assert 0.5 * most < middle < 1.5 * most < 0.2 * 50e6


def test_prices_that_fall_with_time_cost_less_and_wait() -> None:
    wanted: dict[str, Any] = {"target_h100_equivalents": "2M", "share_of_supply": "4 %"}
    steady, falling = answer(**wanted), answer(**wanted, price_decline="15 %")
    assert (falling["roadmap.total_capex"].value or 0.0) < 0.95 * (steady["roadmap.total_capex"].value or 0.0)
    # Each order pays the price of its day: a generation costs less in a later quarter.
    prices: dict[str, list[float]] = {}
    for row in falling.tables["roadmap.purchases"].rows:
        prices.setdefault(str(row[2]), []).append(float(row[8]) / float(row[4]))  # type: ignore[arg-type]
    assert max(map(len, prices.values())) > 2
    for each in prices.values():
        assert each == sorted(each, reverse=True)
        assert len(each) == 1 or each[-1] < each[0]
    # What the program pays is what the plan costs in the point world.
    paid = sum(column(falling.tables["roadmap.agreements"], "paid together"))
    assert falling["roadmap.bought_capex"].value == pytest.approx(paid)
    spread = falling["roadmap.total_capex"]
    assert spread.low is not None and spread.high is not None
    assert spread.low < (spread.value or 0.0) < spread.high
