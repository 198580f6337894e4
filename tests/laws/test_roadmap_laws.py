"""Laws of years: plans buy early where compute is worth something, and the world obeys what is published of it."""

from datetime import date

import numpy as np
import pytest

from lindos.catalog import load_catalog
from lindos.roadmap import PlanResult
from lindos.scenario.read import builtin_names, read_scenario
from lindos.scenario.schema import Scenario
from lindos.study.chain import Chain
from lindos.study.roadmap import ROADMAP
from lindos.study.supply import SUPPLY

CATALOG, CHAIN = load_catalog(), Chain()
SCENARIOS = {name: read_scenario(name)[0] for name in builtin_names()}
ROADMAPS = [name for name, item in SCENARIOS.items() if item.roadmap is not None]
PLANS = [name for name in ROADMAPS if not SCENARIOS[name].roadmap.programmes]  # type: ignore[union-attr]


def plan_of(scenario: Scenario) -> PlanResult:
    plan = CHAIN.point(ROADMAP, scenario, CATALOG).plan
    assert plan is not None
    return plan


def test_every_kind_of_roadmap_is_here() -> None:
    assert {"fifty-million", "openai-100m", "meta-hyperion", "sovereign"} <= set(PLANS)
    assert "chip-demand" in ROADMAPS


@pytest.mark.parametrize("name", PLANS)
def test_no_plan_buys_more_than_half_of_its_compute_in_its_last_year(name: str) -> None:
    assert float(plan_of(SCENARIOS[name]).last_year_share) <= 0.5 + 1e-6


def test_a_plan_for_which_compute_before_is_worth_nothing_buys_at_the_end() -> None:
    scenario = SCENARIOS["fifty-million"]
    assert scenario.roadmap is not None
    spec = scenario.roadmap.model_copy(update={"compute_value": 0.0, "last_year_share": 1.0})
    assert float(plan_of(scenario.model_copy(update={"roadmap": spec})).last_year_share) > 0.6


@pytest.mark.parametrize("name", ROADMAPS)
def test_no_year_of_the_world_exceeds_what_is_published(name: str) -> None:
    """In no draw either: each draw's deliveries keep to that draw's power and spending."""
    rows = CATALOG.records("supply").values()
    world = CHAIN.point(SUPPLY, SCENARIOS[name], CATALOG)
    capex = {int(row.date[:4]): float(row.yearly_capex.value) for row in rows if row.yearly_capex.is_known}
    later = [year for year in world.years if year.year > 2025]
    assert later
    for year in later:
        added = float(world.power_between(date(year.year - 1, 12, 31), date(year.year, 12, 31)))
        assert float(year.power) <= added * (1 + 1e-9), year.year
        assert float(year.capex) <= capex.get(year.year, max(capex.values())) * (1 + 1e-9), year.year


def test_no_draw_of_the_world_exceeds_its_own_power_and_money() -> None:
    outcome = CHAIN.study([SUPPLY], SCENARIOS["chip-demand"], CATALOG).outcome(SUPPLY)
    assert outcome is not None
    world = outcome.sampled
    for year in (year for year in world.years if year.year > 2025):
        delivered = np.asarray(year.delivered)
        assert delivered.shape == (512,)
        assert np.all(delivered > 0.0)
        for bound in year.bounds.values():
            assert np.all(delivered <= np.asarray(bound) * (1 + 1e-9)), year.year
