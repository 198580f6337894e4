"""Plans in two stages: never worse than the deterministic one in the mean, never better than foresight."""

from dataclasses import replace

import numpy as np
import pytest

from expansions import expansion
from lindos import run
from lindos.roadmap import Expansion, merged, two_stage

EARLY = np.arange(12) < 5
PRICE = 15e3


def draws_of(base: Expansion, count: int, seed: int = 0) -> list[Expansion]:
    rng = np.random.default_rng(seed)
    listed = []
    for _ in range(count):
        price, supply, power, queue = rng.uniform(0.5, 1.7, 4)
        drawn = replace(
            base,
            price=price * base.price,
            supply=supply * base.supply,
            power=power * base.power,
            queue=queue * base.queue,
        )
        listed.append(merged(base, drawn, EARLY))
    return listed


@pytest.mark.parametrize("seed", range(4))
def test_planning_for_all_draws_is_worth_something_and_knowing_them_more(seed: int) -> None:
    base = expansion(seed=seed, last_share=1.0)
    stages = two_stage(base, draws_of(base, 8, seed), EARLY, PRICE)
    scale = stages.foresight.expected_cost
    assert stages.value >= -1e-6 * scale
    assert stages.value_of_information >= -1e-6 * scale
    assert stages.stochastic.costs.shape == stages.stochastic.reached.shape == (8,)
    assert np.all(stages.stochastic.costs >= stages.foresight.costs - 1e-6 * scale)


def test_draws_that_are_all_the_same_leave_nothing_to_plan_for() -> None:
    base = expansion(last_share=1.0)
    stages = two_stage(base, [merged(base, base, EARLY)] * 3, EARLY, PRICE)
    assert stages.value == pytest.approx(0.0, abs=1e-5 * stages.foresight.expected_cost)
    assert stages.value_of_information == pytest.approx(0.0, abs=1e-5 * stages.foresight.expected_cost)


def test_first_orders_are_the_best_of_all_that_could_be_ordered() -> None:
    """One device at one place: every amount that could be ordered first is tried."""
    base = expansion(num_sites=1, num_generations=1, last_share=1.0, target_equivalents=2e6)
    ceiling = 0.5 * base.supply * np.where(EARLY, 0.2, 1.0)
    base = replace(base, supply=ceiling, missing_value=0.0 * base.missing_value)
    cheap = merged(base, replace(base, price=0.6 * base.price), EARLY)
    scarce = merged(base, replace(base, price=3.0 * base.price, supply=0.4 * base.supply), EARLY)
    stages = two_stage(base, [cheap, scarce], EARLY, 60e3)
    ordered = float(stages.stochastic.bought[0, 0].sum())
    most = float(base.supply[0, EARLY].sum())

    def expected(amount: float) -> float:
        share = amount / most
        supply = np.where(EARLY, share * base.supply, base.supply)
        fixed = [replace(draw, supply=np.where(EARLY, supply, draw.supply)) for draw in (cheap, scarce)]
        return two_stage(replace(base, supply=supply), fixed, EARLY, 60e3).foresight.expected_cost

    # Less supply early can only cost more than the best orders, and as much as was ordered is enough.
    tried = [expected(amount) for amount in np.linspace(0.0, most, 9)]
    assert stages.stochastic.expected_cost >= min(tried) * (1.0 - 1e-6)
    assert expected(ordered) <= stages.stochastic.expected_cost * (1.0 + 1e-6)
    assert ordered > 0.0


def test_a_scenario_names_the_day_on_which_draws_are_known() -> None:
    roadmap = {
        "start": "2026-07-01",
        "start_h100_equivalents": "200k",
        "target_h100_equivalents": "5M",
        "by": "2029-12-31",
    }
    scenario = {"name": "years", "title": "t", "roadmap": {**roadmap, "recourse": {"day": "2027-12-31", "draws": 6}}}
    table = run(scenario).tables["roadmap.stages"]
    above = [row[-2] for row in table.rows]
    assert above[2] == 0.0
    assert 0.0 <= above[0] <= above[1]
    scenario["roadmap"]["recourse"]["day"] = "2030-01-01"  # type: ignore[index]
    outside = run(scenario)
    assert "roadmap.stages" not in outside.tables
    assert any("roadmap.recourse" in warning for warning in outside.warnings)
