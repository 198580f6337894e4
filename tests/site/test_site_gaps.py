"""What nobody has published leaves a gap: totals are lower bounds, and all gaps are listed at once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blank_devices import blank_catalog
from lindos import site
from lindos.answers import answer
from lindos.catalog import load_catalog
from lindos.catalog.gaps import Gap, Gaps, known_sum, require
from lindos.catalog.overlay import with_values
from lindos.errors import UnknownValueError
from lindos.problem.cluster import Cluster
from lindos.scenario.read import scenario_from
from lindos.scenario.resolve import pool_from_system

CATALOG = load_catalog()
A100 = {
    "name": "a100",
    "title": "a100",
    "cluster": {"pools": [{"system": "dgx-a100", "gpus": 256}]},
    "site": {"name": "generic-us"},
    "compare_top500": False,
}
BLANK = "systems.blank-rack"


def cluster(system: str, gpus: int, catalog: Any = CATALOG, **changes: Any) -> Cluster:
    pool = pool_from_system(catalog, system, gpus)
    record = replace(pool.system, **{name: replace(getattr(pool.system, name), content=None) for name in changes})
    return Cluster(name="x", pools=(replace(pool, system=record),))


def estimate(of: Cluster, catalog: Any = CATALOG) -> site.SiteEstimate:
    return site.estimate(of, catalog.site("generic-us"), site.costs(catalog))


def test_a_site_of_a100_has_power_and_money_of_published_nodes_and_an_estimated_network() -> None:
    found = answer(scenario_from(A100), CATALOG)
    assert found.figure("cluster.num_devices").value == 256
    assert found.figure("cluster.board_power").value == 256 * 400
    assert found.figure("cluster.h100_equivalents").value == pytest.approx(256 * 624 / 1979)
    power, capex = (found.figure(f"site.{part}.total") for part in ("power", "capex"))
    assert 1.0 < (power.value or 0) / (32 * 6_500 * 1.03 * 1.3) < 1.1
    assert (capex.value or 0) > 32 * 200e3
    assert (power.bound, capex.bound) == ("", "")
    assert found.figure("site.capex.switches").value is not None


def test_a_site_of_a_rack_that_no_prior_reaches_answers_all_that_is_known(tmp_path: Path) -> None:
    pools = {"pools": [{"system": "blank-rack", "gpus": 144}]}
    found = answer(scenario_from({**A100, "cluster": pools}), blank_catalog(tmp_path))
    power, capex = (found.figure(f"site.{part}.total") for part in ("power", "capex"))
    assert (power.bound, capex.bound) == ("least", "least")
    section = next(section for section in found.sections if section.name == "site")
    assert section.summary.startswith("at least ")
    gaps = next(table for table in section.tables if table.name == "site.gaps")
    assert [row[0] for row in gaps.rows] == [f"{BLANK}.power", f"{BLANK}.price"]
    assert gaps.rows[0][2] == "systems: {blank-rack: {power: ... W}}"
    assert all(path in section.warnings[0] for path in (f"{BLANK}.power", f"{BLANK}.price"))


def test_gaps_that_are_given_fill_the_totals(tmp_path: Path) -> None:
    scenario = scenario_from({**A100, "cluster": {"pools": [{"system": "blank-rack", "gpus": 144}]}})
    blank = blank_catalog(tmp_path)
    filled = with_values(blank, {f"{BLANK}.power": "150 kW", f"{BLANK}.price": "3 MUSD"})
    before, after = (answer(scenario, catalog) for catalog in (blank, filled))
    for name in ("site.power.total", "site.capex.total"):
        assert after.figure(name).bound == ""
        assert (after.figure(name).value or 0) > (before.figure(name).value or 0)
    assert not [table for section in after.sections for table in section.tables if table.name == "site.gaps"]


def test_one_node_needs_no_network_and_has_no_gap() -> None:
    """Nothing of a network that is not there is needed."""
    found = estimate(cluster("dgx-a100", 8))
    assert found.gaps == ()
    assert found.power.switches == 0.0


def test_devices_bound_a_system_whose_own_power_is_unknown() -> None:
    found = estimate(cluster("hgx-h100", 8, power=None))
    assert found.power.systems == 8 * 700
    assert [gap.path for gap in found.power.gaps_of("systems")] == ["systems.hgx-h100.power"]
    whole = estimate(cluster("hgx-h100", 8))
    for name in ("total", "mean", "it_power"):
        assert getattr(found.power, name) < getattr(whole.power, name)


def test_a_lower_bound_never_exceeds_what_is_known() -> None:
    fabric = CATALOG.fabric("quantum-2-400g")
    pool = pool_from_system(CATALOG, "hgx-h100", 1024)
    whole = estimate(Cluster(name="x", pools=(pool,)))
    for field in ("switch_power", "optic_power", "switch_price", "optic_price"):
        blind = replace(fabric, **{field: replace(getattr(fabric, field), content=None)})
        part = estimate(Cluster(name="x", pools=(replace(pool, fabric=blind),)))
        assert [gap.path for gap in part.gaps] == [f"fabrics.quantum-2-400g.{field}"]
        for read in (lambda e: e.power.total, lambda e: e.capex.total, lambda e: e.device_cost):
            assert read(part) <= read(whole)
        assert part.capex.total < whole.capex.total


def test_unknown_prices_leave_the_power_whole() -> None:
    found = estimate(cluster("gb200-nvl72", 720, price=None))
    assert found.gaps_of("power.total") == ()
    assert [gap.path for gap in found.gaps_of("capex.total")] == ["systems.gb200-nvl72.price"]
    assert found.gaps_of("year.energy") == ()


def test_an_unknown_price_of_electricity_leaves_the_rest_of_the_year() -> None:
    place = CATALOG.site("generic-us")
    blind = replace(place, electricity_price=replace(place.electricity_price, content=None))
    found = site.estimate(cluster("hgx-h100", 8), blind, site.costs(CATALOG))
    assert found.year.energy is None
    assert found.year.opex == found.year.maintenance
    assert [gap.path for gap in found.gaps_of("year.total")] == ["sites.generic-us.electricity_price"]


def test_gaps_work_on_draws() -> None:
    sampled = CATALOG.sampled(64)
    found = estimate(cluster("gb200-nvl72", 720, sampled, price=None), sampled)
    assert np.shape(found.power.total) == (64,)
    assert np.shape(found.capex.total) == (64,)


def test_a_cost_that_is_a_lower_bound_prices_a_run_from_below() -> None:
    bound, whole = estimate(cluster("gb200-nvl72", 720, price=None)), estimate(cluster("gb200-nvl72", 720))
    # The devices of a rack are priced alone, to the dollar.
    assert 0 < site.run_cost(bound, 1.0) < 1.001 * site.run_cost(whole, 1.0)
    assert site.run_energy(bound, 720, 1.0) == site.run_energy(whole, 720, 1.0)


def test_all_unknown_facts_of_a_term_are_noted_at_once() -> None:
    fabric = CATALOG.fabric("nvlink5")
    gaps = Gaps()
    assert gaps.term("x", lambda a, b: a + b, fabric.switch_power, fabric.optic_power) is None
    assert [gap.path for gap in gaps.of_parts()] == ["fabrics.nvlink5.switch_power", "fabrics.nvlink5.optic_power"]
    assert known_sum([1.0, None, 2.0]) == 3.0
    assert known_sum([None]) is None
    with pytest.raises(UnknownValueError, match=r"a is unknown.*also unknown: b"):
        require((Gap("a"), Gap("b")))
