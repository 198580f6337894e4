"""Power and price of systems that nobody publishes: labelled, wide, by one rule, and near what is published."""

from dataclasses import replace
from pathlib import Path

import pytest

from blank_devices import blank_catalog
from lindos.answers import answer
from lindos.catalog import load_catalog
from lindos.catalog.overlay import with_values
from lindos.catalog.priors import complete_fabrics, complete_systems, is_prior, year_of
from lindos.catalog.records import System
from lindos.cli import exit_code
from lindos.scenario.read import scenario_from

CATALOG = load_catalog()
FIELDS = ("power", "price")
SYSTEMS = {name: CATALOG.system(name) for name in CATALOG.names("systems")}
PUBLISHED = [
    (name, field)
    for name, system in SYSTEMS.items()
    for field in FIELDS
    if not is_prior(getattr(system, field)) and CATALOG.accelerator(system.accelerator).launch_date.is_known
]


def without(name: str, field: str) -> System:
    """The system with a prior in place of what is published."""
    system = SYSTEMS[name]
    blind = replace(getattr(system, field), content=None, low=None, high=None, sources=(), estimate=False, note="")
    systems = {**SYSTEMS, name: replace(system, **{field: blind})}
    devices = CATALOG.records("accelerators")
    return complete_systems(systems, devices, lambda device: CATALOG.record_id("accelerators", device))[name]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_site_of_any_system_has_megawatts_and_dollars_with_a_range(system: str) -> None:
    pools = {"pools": [{"system": system, "gpus": 1000}]}
    data = {"name": "x", "title": "x", "cluster": pools, "site": {}, "compare_top500": False}
    found = answer(scenario_from(data), CATALOG, sections=frozenset({"cluster", "site"}))
    for name in ("site.power.it_power", "site.power.total", "site.capex.total"):
        figure = found.figure(name)
        assert figure.bound == "", name
        assert figure.value is not None
        assert figure.low is not None
        assert figure.high is not None
        assert figure.low < figure.value < figure.high, name


def test_the_command_says_that_a_figure_rests_on_a_prior(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("name: x\ntitle: x\ncluster: {pools: [{system: amd-helios, gpus: 1000}]}\nsite: {}\n")
    assert exit_code(["site", str(path)]) == 0
    assert "systems.amd-helios.power" in " ".join(capsys.readouterr().out.split())


def test_a_prior_says_so_and_is_wide() -> None:
    priors = [getattr(system, field) for system in SYSTEMS.values() for field in FIELDS]
    priors = [fact for fact in priors if is_prior(fact)]
    assert len(priors) > 20
    for fact in priors:
        assert fact.sources, fact.path
        assert fact.note.startswith("prior"), fact.path
        assert fact.low <= fact.content / 1.34, fact.path
        assert fact.high >= fact.content * 1.34, fact.path


def test_the_rule_meets_most_of_what_is_published() -> None:
    inside = []
    for name, field in PUBLISHED:
        prior, truth = getattr(without(name, field), field), getattr(SYSTEMS[name], field).content
        assert 0.4 < prior.content / truth < 2.5, f"{name}.{field}"
        inside.append(prior.low <= truth <= prior.high)
    assert len(inside) > 25
    assert 0.8 <= sum(inside) / len(inside) < 1.0


def test_a_prior_follows_the_values_that_it_is_computed_from() -> None:
    hotter = with_values(CATALOG, {"accelerators.mi300x.board_power": "1.5 kW"})
    before, after = (catalog.system("mi300x-node").power.content for catalog in (CATALOG, hotter))
    assert after == pytest.approx(2 * before, rel=0.05)


def test_what_a_user_states_is_no_prior() -> None:
    stated = with_values(CATALOG, {"systems.mi300x-node.power": "11 kW"}).system("mi300x-node").power
    assert (stated.content, stated.low, is_prior(stated)) == (11_000, None, False)


def test_what_a_user_states_as_unknown_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "systems: {mi300x-node: {power: {value: null, note: mine}}}\nfabrics: {QM9700: {switch_power: null}}"
    )
    catalog = load_catalog([path])
    assert not catalog.system("mi300x-node").power.is_known
    assert is_prior(catalog.system("mi300x-node").price)
    assert not catalog.fabric("quantum-2-400g").switch_power.is_known


def test_a_device_without_date_or_rate_has_no_prior(tmp_path: Path) -> None:
    rack = blank_catalog(tmp_path).system("blank-rack")
    assert not rack.power.is_known
    assert not rack.price.is_known


def test_a_switch_without_figures_has_those_of_the_others_per_bit() -> None:
    fabrics = CATALOG.records("fabrics")
    blind = replace(fabrics["quantum-2-400g"].switch_power, content=None, low=None, high=None, note="")
    records = {**fabrics, "quantum-2-400g": replace(fabrics["quantum-2-400g"], switch_power=blind)}
    prior = complete_fabrics(records)["quantum-2-400g"].switch_power
    assert is_prior(prior)
    assert prior.low < fabrics["quantum-2-400g"].switch_power.content < prior.high
    assert not fabrics["nvlink5"].switch_power.is_known


def test_dates_of_every_form_have_a_year() -> None:
    assert [year_of(date) for date in ("2025", "2025-Q1", "2026-H1", "2025-01-31", "soon")] == [
        *(2025.5, 2025.125, 2026.25, 2025.0),
        None,
    ]
