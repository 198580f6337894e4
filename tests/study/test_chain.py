"""The chain computes a floor once, and again only if something that it was computed from changes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lindos.catalog import load_catalog
from lindos.errors import UnknownValueError
from lindos.scenario.read import read_scenario
from lindos.scenario.schema import CampaignSpec, Scenario, SiteSpec
from lindos.scenario.sections import SECTIONS
from lindos.study.chain import Chain
from lindos.study.cluster import CLUSTER
from lindos.study.floor import NUM_DRAWS, Floor, Gap, World
from lindos.study.plan import PLAN
from lindos.study.step import STEP
from lindos.views import view_of

CATALOG = load_catalog()
SCENARIO, _ = read_scenario("one-node")


def counting(floor: Floor[Any], calls: list[str]) -> Floor[Any]:
    """The same floor, noting each call."""

    def compute(world: World, *below: Any) -> Any:
        calls.append(world.kind)
        return floor.compute(world, *below)

    return replace(floor, compute=compute)


def test_a_result_is_computed_once_in_each_world_and_then_remembered() -> None:
    calls: list[str] = []
    floor, chain = counting(CLUSTER, calls), Chain()
    first = chain.study([floor], SCENARIO, CATALOG).outcome(floor)
    assert calls[:3] == ["point", "sampled", "varied"]
    assert set(calls[3:]) == {"enlarged"}
    calls.clear()
    second = chain.study([floor], SCENARIO, CATALOG).outcome(floor)
    assert not calls
    assert first is not None
    assert second is not None
    assert first.point is second.point


def test_a_field_that_a_floor_does_not_read_changes_nothing_and_is_not_seen() -> None:
    calls: list[str] = []
    floor, chain = counting(CLUSTER, calls), Chain()
    chain.study([floor], SCENARIO, CATALOG)
    calls.clear()
    chain.study([floor], SCENARIO.model_copy(update={"site": SiteSpec(pue=1.5)}), CATALOG)
    assert not calls
    chain.study([floor], SCENARIO.model_copy(update={"cluster": replace_gpus(SCENARIO, 16)}), CATALOG)
    assert calls[0] == "point"


def replace_gpus(scenario: Scenario, gpus: int) -> Any:
    assert scenario.cluster is not None
    (pool,) = scenario.cluster.pools
    return scenario.cluster.model_copy(update={"pools": [pool.model_copy(update={"gpus": gpus})]})


def test_a_floor_sees_only_the_fields_it_declares() -> None:
    seen: list[Scenario] = []

    def look(world: World) -> int:
        seen.append(world.scenario)
        return 1

    floor = Floor(name="look", question="?", compute=look, reads=("cluster",))
    Chain().study([floor], SCENARIO, CATALOG)
    assert seen[0].cluster == SCENARIO.cluster
    assert seen[0].job is None
    assert seen[0].site is None
    assert seen[0].campaign == CampaignSpec()


def test_a_result_that_changed_is_passed_on_to_those_that_need_it() -> None:
    below = Floor(name="below", question="?", compute=lambda world: world.scenario.site, reads=("site",))
    calls: list[str] = []
    above = counting(Floor(name="above", question="?", compute=lambda world, site: site.pue, needs=(below,)), calls)
    chain = Chain()
    for pue in (1.2, 1.3):
        study = chain.study([above], SCENARIO.model_copy(update={"site": SiteSpec(pue=pue)}), CATALOG)
        outcome = study.outcome(above)
        assert outcome is not None
        assert outcome.point == pue
    calls.clear()
    chain.study([above], SCENARIO.model_copy(update={"site": SiteSpec(pue=1.2)}), CATALOG)
    assert not calls, "an earlier result is remembered too"


def test_another_catalogue_counts_only_where_a_fact_that_was_read_differs(tmp_path: Path) -> None:
    calls: list[str] = []
    floor, chain = counting(CLUSTER, calls), Chain()
    chain.study([floor], SCENARIO, CATALOG)
    calls.clear()
    file = tmp_path / "mine.yaml"
    file.write_text("systems:\n  gb300-nvl72: {price: $5M}\n", encoding="utf-8")
    steps: list[str] = []
    step = counting(STEP, steps)
    chain.study([step], SCENARIO, CATALOG)
    steps.clear()
    chain.study([step], SCENARIO, load_catalog([file]))
    assert not steps, "the price of another rack leaves the step as it is"
    file.write_text("accelerators:\n  h100-sxm: {memory: 90 GB}\n", encoding="utf-8")
    study = chain.study([floor], SCENARIO, load_catalog([file]))
    outcome = study.outcome(floor)
    assert outcome is not None
    assert outcome.point.size.memory == 8 * 90e9


def test_a_fact_that_only_a_later_floor_reads_reaches_it_under_another_catalogue(tmp_path: Path) -> None:
    """The job holds the record of its software; only the step reads its numbers."""
    chain = Chain()
    before = chain.point(STEP, SCENARIO, CATALOG).time
    file = tmp_path / "mine.yaml"
    file.write_text("stacks:\n  megatron-core: {kernel_share: 0.5}\n", encoding="utf-8")
    assert chain.point(STEP, SCENARIO, load_catalog([file])).time > before
    assert chain.point(STEP, SCENARIO, CATALOG).time == before


def test_a_decision_is_taken_once_and_handed_to_all_worlds() -> None:
    seen: dict[str, Any] = {}
    decide = Floor(name="decide", question="?", compute=lambda world: object(), is_decision=True)

    def follow(world: World, decision: Any) -> int:
        seen[world.kind] = decision
        return 1

    Chain().study([Floor(name="follow", question="?", compute=follow, needs=(decide,))], SCENARIO, CATALOG)
    assert seen["point"] is seen["sampled"] is seen["varied"]


def test_an_unknown_value_leaves_a_gap_that_names_it_and_a_wish_is_none() -> None:
    def fail(world: World) -> int:
        raise UnknownValueError("systems.x.power")

    broken = Floor(name="broken", question="?", compute=fail, section="cluster")
    needing = Floor(name="needing", question="?", compute=lambda world, value: value, needs=(broken,))
    wishing = Floor(name="wishing", question="?", compute=lambda world, value: value, wants=(broken,))
    study = Chain().study([needing, wishing], SCENARIO, CATALOG)
    gap = study.outcomes["needing"]
    assert isinstance(gap, Gap)
    assert "systems.x.power" in str(gap.error)
    outcome = study.outcome(wishing)
    assert outcome is not None
    assert outcome.point is None


def test_the_point_alone_is_computed_without_draws() -> None:
    calls: list[str] = []
    floor = counting(CLUSTER, calls)
    assert Chain().point(floor, SCENARIO, CATALOG).size.num_devices == 8
    assert calls == ["point"]


def test_the_step_is_drawn_under_one_plan() -> None:
    outcome = Chain().study([STEP], SCENARIO, CATALOG).outcome(STEP)
    assert outcome is not None
    assert outcome.sampled.step.time.shape == (NUM_DRAWS,)  # type: ignore[union-attr]
    assert outcome.point.step.pools[0].plan == outcome.sampled.step.pools[0].plan


def test_floors_are_named_once_and_declare_what_they_read() -> None:
    fields = set(Scenario.model_fields)
    for name in SECTIONS:
        assert view_of(name).floor.name == name
        for floor in view_of(name).floors:
            assert set(floor.reads) <= fields
            assert floor.question.endswith("?")


@pytest.mark.parametrize("floor", [CLUSTER, PLAN, STEP], ids=lambda floor: floor.name)
def test_arguments_are_annotated_with_the_results_they_are(floor: Floor[Any]) -> None:
    """The chain passes results by position: each argument's type is what the floor below returns."""
    from typing import get_type_hints

    hints = get_type_hints(floor.compute)
    names = [name for name in hints if name not in ("world", "return")]
    assert [hints[name] for name in names] == [get_type_hints(below.compute)["return"] for below in floor.inputs]


def test_a_section_is_made_again_only_from_other_outcomes_or_other_fields() -> None:
    from lindos.views import Context

    chain = Chain()

    def sections(scenario: Scenario) -> dict[str, Any]:
        views = [view_of(name) for name in ("cluster", "step", "site")]
        study = chain.study([floor for view in views for floor in view.floors], scenario, CATALOG)
        return {view.floor.name: view.section(Context(scenario=scenario, catalog=CATALOG), study) for view in views}

    first = sections(SCENARIO)
    second = sections(SCENARIO.model_copy(update={"site": SiteSpec(pue=1.5)}))
    assert second["step"] is first["step"]
    assert second["cluster"] is first["cluster"]
    assert second["site"] is not first["site"]
    third = sections(SCENARIO.model_copy(update={"date": "2026-01-01"}))
    assert third["cluster"] == first["cluster"]
