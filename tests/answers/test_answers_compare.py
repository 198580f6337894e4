"""Scenarios beside each other: values are those of the answers, and moves add up to the difference."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import lindos
from lindos.answers.answer import Answer
from lindos.answers.compare import compare_scenarios
from lindos.answers.differences import differences, inputs_of
from lindos.catalog import load_catalog
from lindos.elements import Number
from lindos.errors import InfeasibleError, InputError, UnknownNameError
from lindos.scenario.read import read_scenario, scenario_from
from lindos.scenario.sections import SECTIONS

SITE = {
    "name": "small",
    "title": "Small",
    "cluster": {"pools": [{"system": "hgx-h100", "gpus": 64}]},
    "site": {"name": "generic-us"},
    "compare_top500": False,
}
CHANGES = {"site.pue": "1.4", "site.electricity_price": "$0.20/kWh", "cluster.pools.0.gpus": "128"}


def moves(answer: Answer, figure: str, letter: str = "b") -> dict[str, float]:
    """Rows of the table of moves: path to effect."""
    table = answer.tables[f"moved.{letter}.{figure}"]
    cells = [(str(row[0]), row[1]) for row in table.rows]
    return {label: float(cell.value or 0.0) for label, cell in cells if isinstance(cell, Number)}


def adds_up(rows: Mapping[str, float]) -> bool:
    *parts, total = rows.values()
    return sum(parts) == pytest.approx(total, rel=1e-9, abs=1e-9 * max(map(abs, rows.values())))


def test_moves_add_up_and_each_is_the_change_of_one_input_alone() -> None:
    answer = compare_scenarios([SITE], changes=[CHANGES], figures=["site.device_cost", "site.year.total"])
    for name in ("site.device_cost", "site.year.total"):
        rows, base = moves(answer, name), lindos.price_site(SITE)[name].value
        assert base is not None
        assert adds_up(rows)
        for path, value in CHANGES.items():
            alone = lindos.price_site(SITE, changes={path: value})[name].value
            assert alone is not None
            assert rows[path] == pytest.approx(alone - base, rel=1e-9)
        changed = lindos.price_site(SITE, changes=CHANGES)[name].value
        assert changed is not None
        assert rows["difference"] == pytest.approx(changed - base, rel=1e-9)
        assert answer[f"b.{name}"].value == changed
        assert answer[f"a.{name}"].value == base


def test_the_interaction_is_what_the_inputs_do_together() -> None:
    """Energy is power times price: more of both costs more than the two changes alone."""
    answer = compare_scenarios([SITE], changes=[CHANGES], figures=["site.year.energy"])
    rows = moves(answer, "site.year.energy")
    base = lindos.price_site(SITE)["site.year.energy"].value
    assert base is not None
    price, pue, gpus = (
        1 + rows[path] / base for path in ("site.electricity_price", "site.pue", "cluster.pools.0.gpus")
    )
    assert rows["difference"] == pytest.approx(base * (price * pue * gpus - 1), rel=1e-6)
    assert rows["all of them together, beyond that"] > 0


def test_two_sites_of_the_catalogue(tmp_path: Path) -> None:
    scenarios = [
        {"extends": name, "job": None, "inference": None, "roadmap": None, "claims": []}
        for name in ("colossus-1", "colossus-2")
    ]
    answer = compare_scenarios(scenarios, figures=["site.capex.total", "site.power.total"], labels=["one", "two"])
    for name in ("site.capex.total", "site.power.total"):
        assert adds_up(moves(answer, name))
        assert answer[f"b.{name}"].value == lindos.price_site("colossus-2")[name].value
    assert answer.title == "one against two"
    assert "cluster.pools.0.system" in moves(answer, "site.capex.total")


def test_a_fact_and_a_whole_catalogue_are_inputs(tmp_path: Path) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text(
        "systems:\n  hgx-h100: {price: '$200k'}\nparameters:\n  economics: {it_life: '4 years'}\n", encoding="utf-8"
    )
    by_file = compare_scenarios([SITE], catalogs=[file], figures=["site.device_cost"])
    rows = moves(by_file, "site.device_cost")
    assert set(rows) == {
        "catalog.systems.hgx-h100.price",
        "catalog.parameters.economics.it_life",
        "all of them together, beyond that",
        "difference",
    }
    assert adds_up(rows)
    values = {"catalog.systems.hgx-h100.price": "$200k", "catalog.parameters.economics.it_life": "4 years"}
    by_value = compare_scenarios([SITE], changes=[values], figures=["site.device_cost"])
    assert moves(by_value, "site.device_cost") == pytest.approx(rows)
    assert rows["catalog.systems.hgx-h100.price"] == pytest.approx(
        float(
            lindos.price_site(SITE, changes={"catalog.systems.hgx-h100.price": "$200k"})["site.device_cost"].value or 0
        )
        - float(lindos.price_site(SITE)["site.device_cost"].value or 0)
    )


def test_an_input_that_cannot_change_alone_counts_with_the_rest() -> None:
    """More power than the limit that only the other change lifts."""
    tight = {**SITE, "site": {"power_limit": "120 kW"}}
    answer = compare_scenarios(
        [tight], changes=[{"cluster.pools.0.gpus": "128", "site.power_limit": "1 MW"}], figures=["site.capex.total"]
    )
    rows = moves(answer, "site.capex.total")
    assert "cluster.pools.0.gpus" not in rows
    assert rows["all of them together, beyond that"] == pytest.approx(rows["difference"], rel=1e-9)
    notes = [note for section in answer.sections for note in section.notes]
    assert any("cluster.pools.0.gpus alone has no answer" in note for note in notes)


def test_an_impossible_candidate_has_its_reason() -> None:
    answer = compare_scenarios([SITE], changes=[{"site.power_limit": "1 kW"}])
    assert any("has no answer" in warning and "site.power_limit" in warning for warning in answer.warnings)
    with pytest.raises(InfeasibleError):
        compare_scenarios([{**SITE, "site": {"power_limit": "1 kW"}}], changes=[{"site.years": "3"}])


@pytest.mark.parametrize(
    ("scenarios", "options", "message"),
    [
        ([SITE], {}, "two to 4"),
        ([SITE] * 5, {}, "two to 4"),
        ([SITE, SITE], {"changes": [{}, {}]}, "one mapping that counts in all"),
    ],
)
def test_what_cannot_be_compared_is_said(scenarios: list[Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        compare_scenarios(scenarios, **options)


def test_an_unknown_figure_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"site\.capex\.total"):
        compare_scenarios([SITE], changes=[CHANGES], figures=["site.capex.totl"])


def test_equal_scenarios_have_no_differences_however_they_are_written() -> None:
    catalog = load_catalog()
    written = {
        **SITE,
        "site": {"name": "generic-us", "volume_discount": "0 %", "years": "5 years"},
        "notes": ["Words."],
    }
    first, second = (inputs_of(scenario_from(data), catalog) for data in (SITE, written))
    assert differences(first, second) == []


def test_changes_that_exclude_each_other_are_one_input() -> None:
    catalog = load_catalog()
    other = {**SITE, "cluster": {"pools": [{"system": "hgx-h100", "nodes": 8}]}}
    (difference,) = differences(inputs_of(scenario_from(SITE), catalog), inputs_of(scenario_from(other), catalog))
    assert difference.path == "cluster.pools.0"
    assert difference.applied(inputs_of(scenario_from(SITE), catalog)) == inputs_of(scenario_from(other), catalog)


def test_all_differences_applied_make_the_second_scenario() -> None:
    catalog = load_catalog()
    first, second = (inputs_of(read_scenario(name)[0], catalog) for name in ("colossus-1", "colossus-2"))
    made = first
    for difference in differences(first, second):
        made = difference.applied(made)
    assert differences(made, second) == []


def test_figures_are_found_by_the_section_that_begins_their_name() -> None:
    answer = lindos.run("one-node")
    for section in answer.sections:
        assert section.name in SECTIONS
        assert all(figure.name.partition(".")[0] == section.name for figure in section.figures)
