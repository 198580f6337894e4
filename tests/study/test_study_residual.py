"""The range of a step time is that of measured runs, and it reaches what follows from the step."""

import math

import pytest

from lindos.answers import Answer, answer
from lindos.catalog import load_catalog
from lindos.scenario.read import read_scenario, scenario_from
from lindos.step.interval import interval_facts

FACTS = interval_facts(load_catalog())
LOW, HIGH = float(FACTS.interval_low.value), float(FACTS.interval_high.value)


def on(system: str, model: str = "llama-3.1-8b") -> Answer:
    scenario, _ = read_scenario("one-node")
    data = scenario.model_dump(mode="json", exclude_none=True)
    data["cluster"]["pools"][0]["system"] = system
    data["job"]["model"] = model
    wanted = frozenset({"cluster", "step", "campaign", "site"})
    return answer(scenario_from(data), load_catalog(), sections=wanted)


def width(found: Answer, name: str) -> float:
    figure = found.figure(name)
    assert figure.low is not None
    assert figure.high is not None
    return math.log(figure.high / figure.low)


def test_a_step_like_those_measured_has_the_range_of_their_residuals() -> None:
    time = on("hgx-h100").figure("step.time")
    assert time.value is not None
    assert time.low == pytest.approx(LOW * time.value, rel=0.01)
    assert time.high == pytest.approx(HIGH * time.value, rel=0.01)


def test_energy_inherits_the_range() -> None:
    found = on("hgx-h100")
    assert width(found, "step.energy") >= 0.95 * width(found, "step.time")


def test_days_inherit_the_range() -> None:
    found = on("hgx-h100")
    assert width(found, "campaign.duration") >= 0.95 * width(found, "step.time")
    assert width(found, "step.mfu") == pytest.approx(width(found, "step.time"), rel=0.01)


def test_distance_widens_the_range_and_says_so() -> None:
    near, far = on("hgx-h100"), on("gaudi3-node")
    assert width(far, "step.time") > 1.3 * width(near, "step.time")
    assert any("no kernel of" in warning for warning in far.warnings)
    assert not any("no kernel of" in warning for warning in near.warnings)
