"""Every shipped scenario is answered whole: finite numbers inside their ranges, with sources, and sane."""

import math

import pytest

from lindos.catalog import load_catalog
from lindos.errors import InfeasibleError, InputError
from lindos.scenario.read import builtin_names, read_scenario, scenario_from
from lindos.study import Answer, answer, answer_file
from lindos.study.answers import asked

ANSWERS: dict[str, Answer] = {}


def answered(name: str) -> Answer:
    if name not in ANSWERS:
        ANSWERS[name] = answer_file(name)
    return ANSWERS[name]


def value(name: str, figure: str) -> float:
    found = {f.name: f.value for f in answered(name).figures}[figure]
    assert found is not None
    return found


@pytest.mark.parametrize("name", builtin_names())
def test_a_scenario_is_answered_whole(name: str) -> None:
    found = answered(name)
    scenario, _ = read_scenario(name)
    assert [section.name for section in found.sections] == asked(scenario)
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
def test_most_values_lie_inside_their_own_range(name: str) -> None:
    """Where a minimum or a ceiling decides, a value may lie outside; as a rule it must not."""
    spans = [f for f in answered(name).figures if f.value is not None and f.low is not None and f.high is not None]
    inside = [f for f in spans if f.low <= f.value <= f.high]  # type: ignore[operator]
    assert len(inside) >= 0.9 * len(spans), [f.name for f in spans if f not in inside]


@pytest.mark.parametrize("name", builtin_names())
def test_tables_are_rectangles(name: str) -> None:
    for section in answered(name).sections:
        for table in section.tables:
            assert len(table.columns) == len(table.units)
            assert all(len(row) == len(table.columns) for row in table.rows)
            assert table.rows


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
    again = answer_file("one-node")
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
    found = answer_file("colossus-1", command="site", sections=frozenset({"cluster", "site"}))
    assert [section.name for section in found.sections] == ["cluster", "site"]


def test_a_section_that_the_scenario_does_not_ask_is_refused() -> None:
    with pytest.raises(InputError, match=r"inference is empty, but must be given for `lindos fleet`"):
        answer_file("one-node", command="fleet", sections=frozenset({"fleet"}))


def test_an_unknown_price_leaves_the_power_known() -> None:
    scenario = scenario_from(
        {"name": "x", "title": "t", "cluster": {"pools": [{"system": "rubin-ultra-nvl576", "gpus": 1440}]}, "site": {}}
    )
    found = answer(scenario, load_catalog())
    figures = {figure.name: figure for figure in found.figures}
    site = next(section for section in found.sections if section.name == "site")
    assert figures.get("site.capex.total") is None or figures["site.capex.total"].value is None
    assert "unknown" in site.summary.lower()


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
