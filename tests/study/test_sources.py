"""A figure cites the facts that entered it and no others: perturb a fact, and exactly the figures that cite it move."""

import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from lindos.answers import Answer, run
from lindos.catalog import Catalog, Fact, load_catalog
from lindos.catalog.sampling import VARIATION, is_structure, size_of
from lindos.elements import Figure
from lindos.scenario.read import builtin_names, read_scenario
from lindos.scenario.resolve import counted
from lindos.scenario.schema import Scenario
from lindos.scenario.sections import requested_sections
from lindos.study.chain import Chain
from lindos.study.plan import PLAN, PLAN_SETTING
from lindos.study.purchases import PURCHASES, PURCHASES_SETTING
from lindos.views import Context, view_of

CATALOG = load_catalog()
PERTURBATION = 1e-5
#: Facts of each scenario that are perturbed, chosen by a seed.
NUM_FACTS = 3


#: A simulated number rests on the failures that were drawn. However little a fact changes, they may fall otherwise, so
#: a number that does not cite the fact is held against a change that is larger than such chance.
LARGE_PERTURBATION = 0.2
#: Counts of a handful of whole engines, which follow what they cite in the mean: their root of it may add none.
FEW = {"fleet.spare_devices"}
#: Share by which a simulated number may move with the failures that were drawn.
CHANCE = 0.1


def is_simulated(key: str) -> bool:
    return key.startswith("campaign.") and not key.startswith("campaign.closed_form.")


def figures_of(scenario: Scenario, catalog: Catalog, chain: Chain) -> dict[str, Figure]:
    """Every figure of the floors of the chain, under the plans that the catalogue as it is leads to."""
    views = [view_of(name) for name in requested_sections(scenario)]
    floors = [floor for view in views for floor in view.floors if floor.is_asked(scenario)]
    decided = chain.study([PLAN], scenario, CATALOG).outcome(PLAN) if PLAN.is_asked(scenario) else None
    settings = {PLAN_SETTING: decided.point.pools} if decided else {}
    bought = chain.study([PURCHASES], scenario, CATALOG).outcome(PURCHASES) if PURCHASES.is_asked(scenario) else None
    settings |= {PURCHASES_SETTING: bought.point} if bought else {}
    study = chain.study(floors, scenario, catalog, settings=settings)
    sections = [view.section(Context(scenario=scenario, catalog=catalog), study) for view in views]
    return {figure.name: figure for section in sections if section for figure in section.figures}


@cache
def answered(name: str) -> tuple[Scenario, Chain, dict[str, Figure]]:
    scenario = counted(read_scenario(name)[0], CATALOG)
    chain = Chain()
    return scenario, chain, figures_of(scenario, CATALOG, chain)


def perturbed(path: str, share: float = PERTURBATION) -> Callable[[Fact[Any]], Fact[Any]]:
    def change(fact: Fact[Any]) -> Fact[Any]:
        if fact.path != path:
            return fact
        more = share * size_of(fact)
        ends = {end: value + more for end in ("low", "high") if (value := getattr(fact, end)) is not None}
        return replace(fact, content=(fact.content or 0.0) + more, **ends)

    return change


def moved(before: Figure, after: Figure, least: float, ends: tuple[str, ...] = ("value", "low", "high")) -> bool:
    """Whether a figure or an end of its range moved by more than a share of it."""
    pairs = [(getattr(before, end), getattr(after, end)) for end in ends]
    return any(
        (a is None) != (b is None) or (a is not None and abs(b - a) > least * max(abs(a), abs(b))) for a, b in pairs
    )


@pytest.mark.parametrize("name", builtin_names())
def test_exactly_the_figures_that_cite_a_fact_move_with_it(name: str) -> None:
    scenario, chain, before = answered(name)
    cited = sorted({path for figure in before.values() for path in figure.facts})
    paths = [path for path in cited if not is_structure(path)]
    for path in random.Random(name).sample(paths, min(NUM_FACTS, len(paths))):
        after = figures_of(scenario, CATALOG.changed(("perturbed", path), perturbed(path)), chain)
        assert set(after) == set(before)
        citing = {key for key, figure in before.items() if path in figure.facts}
        surely = {key for key in before if moved(before[key], after[key], 1e-12, ("value",))}
        at_all = {key for key in before if moved(before[key], after[key], 0.0)}
        still = citing - at_all
        silent = {key for key in surely - citing if not is_simulated(key)}
        assert not silent, f"{path} moves figures that do not cite it: {sorted(silent)}"
        simulated = surely - citing - silent
        if simulated:
            change = perturbed(path, LARGE_PERTURBATION)
            after = figures_of(scenario, CATALOG.changed(("perturbed more", path), change), chain)
            silent = {key for key in simulated if moved(before[key], after[key], CHANCE, ("value",))}
            assert not silent, f"{path} moves simulated figures that do not cite it: {sorted(silent)}"
        exact = {key for key in still if not is_simulated(key)}
        if exact:
            # A number of whole parts moves in steps: it is held against the change that showed which facts it rests on.
            change = perturbed(path, VARIATION)
            after = figures_of(scenario, CATALOG.changed(("perturbed as in the varied world", path), change), chain)
            exact = {key for key in exact if not moved(before[key], after[key], 0.0)}
        if exact:
            # A whole engine, or a spare beside it, takes more than that to be added.
            change = perturbed(path, LARGE_PERTURBATION)
            after = figures_of(scenario, CATALOG.changed(("perturbed more", path), change), chain)
            exact = {key for key in exact - FEW if not moved(before[key], after[key], 0.0)}
        assert not exact, f"{path} is cited by figures that it does not move: {sorted(exact)}"
        # A count of failures that were drawn does not move with every change of the number that is expected.
        counted_events = {key for key in still if is_simulated(key)}
        assert not counted_events or any(is_simulated(key) for key in at_all), f"{path} moves nothing of the campaign"


def test_what_the_user_wrote_has_no_source() -> None:
    for name in builtin_names():
        scenario, _, figures = answered(name)
        if scenario.cluster is not None:
            assert figures["cluster.num_devices"].sources == ()


def test_figures_of_a_floor_cite_different_sources() -> None:
    _, _, figures = answered("colossus-2")
    lists = {figure.sources for figure in figures.values()}
    assert len(lists) > 12
    for floor in ("cluster", "step"):
        assert len({figure.sources for key, figure in figures.items() if key.startswith(f"{floor}.")}) > 2


def test_a_fact_that_decides_how_many_parts_something_has_is_cited_where_it_counts() -> None:
    _, _, figures = answered("colossus-1")
    structure = {path for figure in figures.values() for path in figure.facts if is_structure(path)}
    assert any(path.endswith("scale_up_size") for path in structure)
    assert not any(is_structure(path) for path in figures["cluster.peak_fp8"].facts)


UNSTATED = {
    "name": "x",
    "title": "t",
    "cluster": {"pools": [{"system": "hgx-h100", "gpus": 512}]},
    "job": {"model": "llama-3.1-8b", "goal": {"tokens": "1T tokens"}},
    "compare_top500": False,
}


def decided(changes: dict[str, str]) -> Answer:
    return run(UNSTATED, changes=changes, sections=["cluster", "step", "site"])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("parameters.training.critical_batch", "400k tokens"),
        ("systems.hgx-h100.nic_bandwidth", "25 Gb/s"),
    ],
)
def test_a_fact_that_changes_a_decision_is_among_those_it_was_taken_with(path: str, value: str) -> None:
    """The batch follows from the critical batch and the plan from the network, though no figure of them cites these."""
    before, after = decided({}), decided({f"catalog.{path}": value})
    weighed = {path for decision in before.decisions.values() for path in decision.facts}
    for figure in before.figures:
        now = after.figure(figure.name)
        if moved(figure, now, 1e-9):
            assert path in figure.facts or (path in weighed and figure.decided_by == ("plan",)), figure.name
    assert before.figure("step.time").value != after.figure("step.time").value
    assert path in weighed


def test_figures_that_follow_from_no_decision_name_none() -> None:
    found = decided({})
    followers = {figure.name.partition(".")[0] for figure in found.figures if figure.decided_by}
    assert followers == {"step"}
    assert found.figure("step.critical_batch").decided_by == ()
    assert set(found.decisions) == {"plan"}
    assert set(found.decisions["plan"].sources) <= set(found.sources)
