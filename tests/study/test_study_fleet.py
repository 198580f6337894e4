"""Fleets as a scenario asks them: ranges that can be used, and draws that cannot be served."""

from pathlib import Path
from typing import Any

import pytest

from lindos.answers import Answer, answer
from lindos.catalog import load_catalog
from lindos.errors import InfeasibleError
from lindos.scenario.read import scenario_from

CATALOG = load_catalog()


def placed(catalog: Any = CATALOG, **inference: Any) -> Answer:
    asked = {"model": "deepseek-v3", "input_tokens": "10B tokens/day", "output_tokens": "2B tokens/day", **inference}
    return answer(scenario_from({"name": "x", "title": "t", "inference": asked}), catalog)


def test_a_fleet_of_deepseek_has_a_range_that_can_be_used() -> None:
    devices = placed().figure("fleet.peak_devices")
    assert devices.value is not None
    assert devices.low is not None
    assert devices.high is not None
    assert 20 <= devices.value <= 100
    assert devices.high < 4 * devices.low


def test_the_answer_says_what_binds_and_what_a_simulation_found() -> None:
    section = placed().sections[0]
    assert any("what binds is" in note for note in section.notes)
    checks = next(table for table in section.tables if table.name == "fleet.checks")
    assert checks.rows[-1][-1] == "kept"
    assert checks.note


def test_a_faster_promise_costs_more(tmp_path: Path) -> None:
    bills = [placed(promised(tmp_path, speed)).figure("fleet.bill").value for speed in ("10 token/s", "60 token/s")]
    assert bills[0] is not None
    assert bills[1] is not None
    assert bills[1] > 1.2 * bills[0]


def promised(tmp_path: Path, speed: str) -> Any:
    own = tmp_path / "own.yaml"
    own.write_text(f"parameters: {{inference: {{output_speed: {{value: {speed}, source: user}}}}}}", encoding="utf-8")
    return load_catalog([own])


def test_draws_that_cannot_be_served_are_counted_and_not_priced(tmp_path: Path) -> None:
    found = placed(promised(tmp_path, "90 token/s"))
    share = found.figure("fleet.draws_served").value
    assert share is not None
    assert 0 < share < 1
    section = found.sections[0]
    percent = f"{100 * (1 - share):.2g} % of draws no engine"
    assert any(percent in warning for warning in section.warnings)
    devices = found.figure("fleet.peak_devices")
    assert devices.value is not None
    assert devices.high is not None
    assert devices.high < 20 * devices.value


def test_an_option_that_is_too_slow_has_no_bill(tmp_path: Path) -> None:
    table = placed(promised(tmp_path, "90 token/s")).sections[0].tables[0]
    slow = [row for row in table.rows if row[5] == "too slow"]
    assert slow
    assert all(row[6:10] == (None, None, None, None) for row in slow)


def test_a_promise_that_nobody_keeps_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InfeasibleError, match=r"promised 1,000 tokens/s .*; the fastest, \S+, writes \d+ tokens/s"):
        placed(promised(tmp_path, "1000 token/s"))


def test_sources_of_a_fleet_are_those_that_move_it() -> None:
    found = placed()
    facts = set(found.figure("fleet.peak_devices").facts)
    assert "parameters.serving_interval.error" in facts
    assert "parameters.serving_vllm.layer" in facts
    assert not [path for path in facts if "price" in path]
    assert [path for path in found.figure("fleet.bill").facts if "price" in path]


def test_own_rent_and_tokens_stand_side_by_side() -> None:
    table = next(table for table in placed().sections[0].tables if table.name == "fleet.terms")
    words = {row[1] for row in table.rows}
    assert {"on-demand", "owner cost", "by the token"} <= words
    bills = [float(str(row[3])) for row in table.rows]
    assert bills == sorted(bills)
    chosen = placed().figure("fleet.bill").value
    assert chosen is not None
    assert any(bill == pytest.approx(chosen) for bill in bills)
