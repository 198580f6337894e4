"""Power and money from parts: worked by hand, parts and totals, arrays, and published totals as a comparison."""

from dataclasses import replace
from operator import attrgetter
from typing import Any

import numpy as np
import pytest

import lindos
from lindos import site
from lindos.catalog import load_catalog
from lindos.errors import InconsistentError, InfeasibleError
from lindos.formulas.clos import clos_link_ends, clos_switches
from lindos.scenario.read import read_scenario
from lindos.scenario.resolve import cluster_of, counted, site_of
from lindos.scenario.schema import SiteSpec

CATALOG = load_catalog()


def built_in(name: str, catalog=CATALOG):
    scenario = counted(read_scenario(name)[0], CATALOG)
    return cluster_of(scenario.cluster, name, catalog), site_of(scenario.site, catalog)


def test_one_node_by_hand() -> None:
    cluster, place = built_in("one-node")
    costs = site.costs(CATALOG)
    found = site.estimate(cluster, place, costs)
    assert found.power.systems == 10_200.0
    assert found.power.switches == 0.0
    assert found.power.it_power == pytest.approx(10_200.0 * (1 + costs.storage_power_share))
    assert found.power.total == pytest.approx(found.power.it_power * 1.3)
    assert found.power.mean == pytest.approx(found.power.it_mean * 1.15)
    assert found.capex.systems == 310_000.0
    assert found.capex.construction == pytest.approx(found.power.it_power * 11.7 * 1.085)
    # Eight boards of 700 W, and what a node draws above them under heavy load.
    energy = (8 * 700 * 1.31 + found.power.storage) * 1.15 * 365.25 * 86_400
    assert found.power.yearly_energy == pytest.approx(energy)
    assert found.capex.storage == pytest.approx(0.0125 * found.capex.total)


@pytest.mark.parametrize("name", ["one-node", "colossus-1", "colossus-2", "stargate-abilene"])
def test_parts_make_the_totals(name: str) -> None:
    found = site.estimate(*built_in(name), site.costs(CATALOG))
    assert found.power.total == pytest.approx(found.power.it_power * found.power.design_pue)
    assert found.power.mean == pytest.approx(found.power.it_mean * found.power.pue)
    assert found.power.mean < found.power.total
    assert found.capex.total == pytest.approx(found.capex.it + found.capex.construction)
    assert found.year.total == pytest.approx(found.year.opex + found.year.it + found.year.construction)
    assert found.capex.total + found.years * found.year.opex == pytest.approx(found.total_cost_of_ownership)
    assert found.capex.total < found.present_value < found.total_cost_of_ownership


def test_shares_of_the_network_in_power_and_cost_agree_with_published_ones() -> None:
    found = site.estimate(*built_in("colossus-2"), site.costs(CATALOG))
    power = (found.power.switches + found.power.optics + found.power.storage) / found.power.it_power
    published = CATALOG.parameter("network.published_share_of_it_power", "1")
    assert published.low <= power <= published.high
    money = (found.capex.switches + found.capex.optics) / found.capex.total
    assert money == pytest.approx(CATALOG.parameter("network.published_share_of_capex", "1").value, rel=0.25)


@pytest.mark.parametrize(("pool", "device"), [(0, "h100"), (2, "gb200")])
def test_power_of_a_device_beside_an_outside_model(pool: int, device: str) -> None:
    """That model multiplies board power by 1.54 for the server; a node of eight is rated at 1.82 times its boards."""
    cluster, place = built_in("colossus-1")
    one = replace(cluster, pools=(cluster.pools[pool],))
    ours = site.site_power(one, place, site.costs(CATALOG)).total / one.num_devices
    outside = CATALOG.parameter(f"comparison.facility_power_per_{device}", "W").value
    assert 0.95 * outside < ours < 1.4 * outside


@pytest.mark.parametrize(("name", "low", "high"), [("colossus-1", 348e6, 498e6), ("colossus-2", 1.15e9, 1.55e9)])
def test_facility_power_built_from_parts_meets_what_was_published(name: str, low: float, high: float) -> None:
    cluster, place = built_in(name)
    assert low <= site.estimate(cluster, place, site.costs(CATALOG)).power.total <= high


@pytest.mark.parametrize(
    ("quantity", "field"),
    [
        ("power.it_power", "published_it_power"),
        ("power.total", "published_facility_power"),
        ("capex.total", "published_capex"),
    ],
)
def test_colossus_2_built_from_parts_is_within_a_quarter_of_what_was_published_for_as_many(
    quantity: str, field: str
) -> None:
    cluster, place = built_in("colossus-2")
    found = attrgetter(quantity)(site.estimate(cluster, place, site.costs(CATALOG)))
    beside = site.published(place, getattr(place, field), cluster.num_devices)
    assert beside is not None and beside.factor == pytest.approx(550 / 440)
    assert found == pytest.approx(beside.value, rel=0.25)


def test_a_count_that_is_the_same_is_not_scaled() -> None:
    cluster, place = built_in("colossus-1")
    beside = site.published(place, place.published_it_power, cluster.num_devices)
    assert beside is not None and beside.factor == 1.0
    assert beside.value == place.published_it_power.value
    assert "by the company" in site.provenance(place)
    assert "2025-12" in site.provenance(place)


@pytest.mark.parametrize("location", CATALOG.names("locations"))
def test_a_site_in_any_country_answers(location: str) -> None:
    place = site_of(SiteSpec(location=location), CATALOG)
    cluster, _ = built_in("one-node")
    found = site.estimate(cluster, place, site.costs(CATALOG))
    assert found.power.total > found.power.mean > found.power.it_mean
    assert (found.year.energy is None) == (not place.electricity_price.is_known)
    if place.market_construction_cost.is_known:
        watts = found.power.it_power * place.market_construction_cost.value
        assert found.capex.construction == pytest.approx(watts * 1.085)


def test_the_figure_of_a_building_includes_that_it_is_dense() -> None:
    cluster, place = built_in("one-node")
    stated = replace(place.construction_cost, content=9.0)
    found = site.estimate(cluster, replace(place, construction_cost=stated), site.costs(CATALOG))
    assert found.capex.construction == pytest.approx(found.power.it_power * 9.0)


def test_a_german_site_of_24_000_b200_fits_into_100_megawatts() -> None:
    question = {
        "name": "hall",
        "title": "t",
        "cluster": {"pools": [{"system": "dgx-b200", "gpus": "24,000"}]},
        "site": {"location": "Deutschland", "power_limit": "100 MW", "electricity_price": "€0.18/kWh"},
    }
    answer = lindos.run(question, sections=["site"])
    assert 50e6 < float(answer["site.power.total"].value or 0.0) < 75e6
    assert "tt_markets_2025" in answer["site.capex.total"].sources
    question["site"]["power_limit"] = "40 MW"  # type: ignore[index]
    with pytest.raises(InfeasibleError):
        lindos.run(question, sections=["site"])


def test_the_terms_of_a_user_precede_those_of_the_country() -> None:
    place = site_of(SiteSpec(location="uae", pue="1.1"), CATALOG)
    assert place.pue.value == 1.1
    usual = site_of(SiteSpec(location="uae"), CATALOG)
    overhead = usual.design_pue.value - usual.pue.value
    assert place.design_pue.value == pytest.approx(1.1 + overhead)  # moved as far as pue
    assert site_of(SiteSpec(location="uae", pue="1"), CATALOG).design_pue.value >= 1
    assert site_of(SiteSpec(location="uae", pue="1.1", design_pue="1.4"), CATALOG).design_pue.value == 1.4
    assert site_of(SiteSpec(location="us", name="colossus-2"), CATALOG).name == "colossus-2"
    with pytest.raises(InconsistentError):
        site_of(SiteSpec(location="germany", name="colossus-2"), CATALOG)


def test_no_published_total_is_read() -> None:
    from lindos.catalog.facts import ledger

    cluster, place = built_in("colossus-2")
    with ledger() as facts:
        site.estimate(cluster, place, site.costs(CATALOG))
    assert facts
    assert not [path for path in facts if "published" in path or "comparison" in path]


@pytest.mark.parametrize(("levels", "published"), [(2.0, "two_tiers"), (3.0, "three_tiers")])
def test_price_of_a_network_port_agrees_with_a_published_cost_sheet(levels: float, published: str) -> None:
    fabric = CATALOG.fabric("quantum-2-400g")
    switches = clos_switches(1.0, fabric.switch_ports.value, levels, 1.0) * fabric.switch_price.value
    optics = clos_link_ends(1.0, levels, 1.0) * fabric.optic_price.value
    sheet = CATALOG.parameter(f"network.published_cost_per_gpu_{published}", "USD").value
    assert switches + optics == pytest.approx(sheet, rel=0.15)


def test_draws_give_arrays_around_the_value() -> None:
    cluster, place = built_in("colossus-2")
    value = site.estimate(cluster, place, site.costs(CATALOG))
    sampled = CATALOG.sampled(400, 1)
    drawn = site.estimate(*built_in("colossus-2", sampled), site.costs(sampled))
    for of in (lambda e: e.power.total, lambda e: e.capex.total, lambda e: e.device_cost):
        low, high = np.percentile(of(drawn), (1, 99))
        assert of(drawn).shape == (400,)
        assert low < of(value) < high


def test_a_discount_lowers_only_systems_and_what_follows_from_them() -> None:
    cluster, place = built_in("colossus-1")
    costs = site.costs(CATALOG)
    full, less = (site.estimate(cluster, place, costs, volume_discount=d) for d in (0.0, 0.2))
    assert less.capex.systems == pytest.approx(0.8 * full.capex.systems)
    assert less.capex.construction == full.capex.construction
    assert less.power == full.power


def test_a_cluster_larger_than_the_sites_power_is_refused() -> None:
    cluster, place = built_in("colossus-1")
    small = replace(place, power_limit=replace(place.power_limit, content=300e6))
    found = site.estimate(cluster, small, site.costs(CATALOG))
    with pytest.raises(InfeasibleError, match=r"may draw 300 MW.*Use at most about \d+,\d+ of the 230,000 GPUs"):
        site.check_power(cluster, small, found.power)
    site.check_power(cluster, place, found.power)


def test_batches_come_online_in_order_and_end_at_the_whole() -> None:
    cluster, place = built_in("colossus-2")
    stages = site.timeline(cluster, place, site.costs(CATALOG))
    assert [stage.num_devices for stage in stages] == [110_000, 330_000, 550_000]
    assert stages[-1].capex == pytest.approx(site.estimate(cluster, place, site.costs(CATALOG)).capex.total)


def test_a_run_costs_its_device_hours() -> None:
    cluster, place = built_in("one-node")
    found = site.estimate(cluster, place, site.costs(CATALOG))
    year = 365.25 * 86_400
    assert site.run_cost(found, 8 * year) == pytest.approx(found.year.total)
    assert site.run_cost(found, 8 * year, utilisation=0.5) == pytest.approx(2 * found.year.total)
    assert site.run_energy(found, 8, year) == pytest.approx(found.power.yearly_energy)


def test_a_pue_that_is_the_usual_one_changes_no_power_and_a_higher_one_adds_some() -> None:
    question: dict[str, Any] = {
        "name": "hall",
        "title": "Hall",
        "cluster": {"pools": [{"system": "hgx-h100", "gpus": 1024}]},
        "site": {"name": "generic-us"},
    }
    usual = lindos.run(question, sections=["site"])
    pue = usual["site.power.pue"].value
    assert pue is not None
    totals = []
    for value in (pue, pue + 0.05, pue + 0.2):
        question["site"]["pue"] = value
        totals.append(lindos.run(question, sections=["site"])["site.power.total"].value or 0.0)
    assert totals[0] == pytest.approx(usual["site.power.total"].value, rel=1e-9)
    assert totals[0] < totals[1] < totals[2]
