"""Every shipped scenario is answered whole: finite numbers inside their ranges, with sources, and sane."""

import math
import re
from pathlib import Path
from typing import Any

import pytest

from blank_devices import blank_catalog
from lindos.answers import Answer, answer, run
from lindos.catalog import load_catalog
from lindos.catalog.overlay import with_values
from lindos.elements import Figure
from lindos.errors import InfeasibleError, InputError
from lindos.scenario.read import builtin_names, read_scenario, scenario_from
from lindos.scenario.sections import requested_sections
from lindos.study.floor import Floor, Outcome
from lindos.views.figures import Figures

ANSWERS: dict[str, Answer] = {}


def answered(name: str) -> Answer:
    if name not in ANSWERS:
        ANSWERS[name] = run(name)
    return ANSWERS[name]


def value(name: str, figure: str) -> float:
    found = {f.name: f.value for f in answered(name).figures}[figure]
    assert found is not None
    return found


@pytest.mark.parametrize("name", builtin_names())
def test_a_scenario_is_answered_whole(name: str) -> None:
    found = answered(name)
    scenario, _ = read_scenario(name)
    assert [section.name for section in found.sections] == requested_sections(scenario)
    for section in found.sections:
        assert section.summary
        assert not section.summary.startswith("Unknown")
        names = {figure.name for figure in section.figures}
        assert names or section.tables


@pytest.mark.parametrize("name", builtin_names())
def test_figures_are_finite_inside_their_ranges_and_sourced(name: str) -> None:
    found = answered(name)
    names = [figure.name for figure in found.figures]
    assert len(names) == len(set(names)), "a name stands twice"
    for figure in found.figures:
        if figure.value is None:
            continue
        assert math.isfinite(figure.value), figure.name
        if figure.low is not None:
            assert figure.high is not None
            assert figure.low < figure.high, figure.name
        assert set(figure.sources) <= {*found.sources, "user"}, figure.name
        assert figure.why, figure.name
    assert all(source.url.startswith(("http", "repo ")) for source in found.sources.values() if source.id != "user")


@pytest.mark.parametrize("name", builtin_names())
def test_values_lie_inside_their_own_range(name: str) -> None:
    spans = [f for f in answered(name).figures if f.value is not None and f.low is not None and f.high is not None]
    assert spans
    assert not [f.name for f in spans if not f.low <= f.value <= f.high]  # type: ignore[operator]


def failing(mtbf: str, recovery: str = "restart", **campaign: str) -> Answer:
    scenario, _ = read_scenario("llama3-405b")
    asked_for = {"device_mtbf": mtbf, "recovery": recovery, **campaign}
    data = scenario.model_dump(mode="json", exclude_none=True)
    data["campaign"] |= asked_for
    return answer(scenario_from(data), load_catalog(), sections=frozenset({"cluster", "step", "campaign", "site"}))


@pytest.mark.parametrize("recovery", ["restart", "replica"])
def test_worse_devices_never_finish_sooner_and_at_last_not_at_all(recovery: str) -> None:
    days = [failing(f"{hours} h", recovery).figure("campaign.duration").value for hours in (40_000, 8_000, 4_000, 1)]
    known = [one for one in days if one is not None]
    assert known == sorted(known)
    assert len(known) >= 2
    assert days[-1] is None


def test_a_run_that_never_ends_is_unknown_and_says_why() -> None:
    found = failing("1 h")
    assert any(warning.startswith("No run is sustained") for warning in found.warnings)
    for name in ("campaign.duration", "campaign.goodput", "campaign.time.total"):
        assert found.figure(name).value is None
        assert found.figure(name).why == "failures never let the run end"
    assert found.figure("campaign.tokens").value == pytest.approx(15.6e12)
    assert not [figure for figure in found.figures if figure.name == "campaign.run_cost"]


def test_spares_are_taken_from_the_cluster_and_too_few_are_named() -> None:
    scenario, _ = read_scenario("one-node")
    data = scenario.model_dump(mode="json", exclude_none=True) | {"campaign": {"spare_fraction": 0.25}}
    data["cluster"]["pools"][0]["gpus"] = 64
    found = answer(scenario_from(data), load_catalog())
    assert found.figure("step.num_devices").value == 48
    assert found.figure("campaign.spares_given").value == 16
    assert found.figure("cluster.num_devices").value == 64
    assert not any("Spares are short" in warning for warning in found.warnings)
    data["campaign"], data["job"]["goal"] = {}, {"tokens": "5T tokens"}
    short = answer(scenario_from(data), load_catalog())
    assert any("Spares are short: 0 stand by" in warning for warning in short.warnings)


def test_tokens_of_a_batch_above_the_critical_one_are_worth_less() -> None:
    extra = value("sovereign", "step.extra_tokens")
    worth = value("sovereign", "campaign.effective_tokens")
    assert worth == pytest.approx(value("sovereign", "campaign.tokens") / (1 + extra))


def test_a_range_takes_in_its_value() -> None:
    def added(point: float) -> Figure:
        floor: Floor[Any] = Floor(name="x", question="?", compute=lambda world: point)
        outcome = Outcome(floor=floor, point=point, sampled=[2.0, 3.0, 4.0], varied=None, columns=(), facts={})
        figures = Figures(outcome)
        figures.add("x", "X", "1", lambda number: number)
        return figures["x"]

    assert added(1.0).low == 1.0
    assert added(5.0).high == 5.0


@pytest.mark.parametrize("name", builtin_names())
def test_tables_are_rectangles(name: str) -> None:
    for section in answered(name).sections:
        for table in section.tables:
            assert len(table.columns) == len(table.units)
            assert all(len(row) == len(table.columns) for row in table.rows)
            assert table.rows


#: A number that was written already: ``260 ms (51 %)``, ``$44 billion``, ``1.38 GW to 1.41 GW``; not a date or a name.
WRITTEN = re.compile(r"[-~≥≤<>]?\s?\$?\d[\d,.]*(e[-+]?\d+)?x?( \S+)?( to [-$]?\d\S*( \S+)?)?( \([^)]*\))?")

#: A year, where no more is known of a day, or a quarter.
YEAR = re.compile(r"20\d\d( Q[1-4])?")


@pytest.mark.parametrize("name", builtin_names())
def test_no_cell_is_a_number_that_was_written_already(name: str) -> None:
    for table in (table for section in answered(name).sections for table in section.tables):
        for cell in (cell for row in table.rows for cell in row if isinstance(cell, str)):
            assert not WRITTEN.fullmatch(cell) or YEAR.fullmatch(cell), f"{table.name}: {cell}"


def test_what_is_known_of_published_sites_and_runs() -> None:
    assert value("colossus-1", "cluster.peak_bf16") == pytest.approx(273e18, rel=0.005)
    assert 348e6 <= value("colossus-1", "site.power.total") <= 498e6
    assert value("colossus-1", "cluster.h100_equivalents") == pytest.approx(275_796, rel=0.001)
    assert 1.15e9 <= value("colossus-2", "site.power.total") <= 1.55e9
    assert value("colossus-2", "site.capex.total") == pytest.approx(44e9, rel=0.25)
    assert 0.36 <= value("llama3-405b", "step.mfu") <= 0.46
    assert value("fifty-million", "cluster.peak_bf16") == pytest.approx(49.5e21, rel=0.01)


def test_the_unit_slip_of_fifty_exaflops_is_named() -> None:
    claims = next(section for section in answered("fifty-million").sections if section.name == "claims")
    row = next(row for row in claims.tables[0].rows if row[0] == "X4")
    assert "unit slip" in str(row[3])
    assert "989" in str(row[4])


def test_parts_of_the_site_add_up() -> None:
    name = "colossus-2"
    parts = ("systems", "switches", "optics", "storage", "construction")
    assert sum(value(name, f"site.capex.{part}") for part in parts) == pytest.approx(value(name, "site.capex.total"))


def test_answers_are_reproducible() -> None:
    again = run("one-node")
    assert again.figures == answered("one-node").figures


@pytest.mark.parametrize("name", builtin_names())
def test_the_inputs_of_an_answer_give_it_again(name: str) -> None:
    found = answered(name)
    again = answer(scenario_from(found.inputs), load_catalog())
    assert again.inputs == found.inputs
    assert [(f.name, f.value, f.sources) for f in again.figures] == [
        (f.name, f.value, f.sources) for f in found.figures
    ]


def test_sections_can_be_asked_alone() -> None:
    found = run("colossus-1", command="site", sections=frozenset({"cluster", "site"}))
    assert [section.name for section in found.sections] == ["cluster", "site"]


def test_a_section_that_the_scenario_does_not_ask_is_refused() -> None:
    with pytest.raises(InputError, match=r"inference is required for `lindos fleet`"):
        run("one-node", command="fleet", sections=frozenset({"fleet"}))


def test_an_unknown_price_leaves_the_power_known_and_the_cost_a_lower_bound(tmp_path: Path) -> None:
    scenario = scenario_from(
        {"name": "x", "title": "t", "cluster": {"pools": [{"system": "blank-rack", "gpus": 1440}]}, "site": {}}
    )
    known_power = with_values(blank_catalog(tmp_path), {"systems.blank-rack.power": "600 kW"})
    answered = answer(scenario, known_power)
    power, capex = (answered.figure(f"site.{name}.total") for name in ("power", "capex"))
    assert 1.0 < (power.value or 0) / (20 * 600e3) < 1.6
    assert (power.bound, capex.bound) == ("", "least")
    site = next(section for section in answered.sections if section.name == "site")
    assert "at least" in site.summary
    assert [row[0] for table in site.tables if table.name == "site.gaps" for row in table.rows] == [
        "systems.blank-rack.price",
    ]


def test_a_cluster_beyond_the_sites_power_is_refused() -> None:
    scenario = scenario_from(
        {
            "name": "x",
            "title": "t",
            "cluster": {"pools": [{"system": "hgx-h100", "gpus": 8000}]},
            "site": {"name": "generic-us", "power_limit": "5 MW"},
        }
    )
    with pytest.raises(InfeasibleError, match=r"may draw 5 MW"):
        answer(scenario, load_catalog())
