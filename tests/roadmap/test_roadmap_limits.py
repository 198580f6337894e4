"""What limits a plan: prices of limits are derivatives, clashes are irreducible, and the least change makes a plan."""

from dataclasses import replace

import numpy as np
import pytest

from expansions import expansion
from lindos.roadmap import attainable_share, irreducible_set, limits, make_plan, prices, relaxations
from lindos.roadmap.assembly import BILLION, GIGAWATT, assemble
from lindos.roadmap.limits import loosened
from lindos.roadmap.solver import solve

QUESTION = expansion(years=4, num_generations=4, target_equivalents=5e6)


def impossible(**changes):  # type: ignore[no-untyped-def]
    """Return a question that supply and power do not allow, with its program."""
    question = replace(QUESTION, target_equivalents=40e6, **changes)
    plan, solution, program = make_plan(question)
    assert plan is None
    assert solution.status == "infeasible"
    return question, program


def test_a_price_is_what_a_small_step_saves() -> None:
    _, solution, program = make_plan(QUESTION, is_whole=False)
    listed = prices(QUESTION, program, solution)
    assert listed
    assert [price.saving for price in listed] == sorted((price.saving for price in listed), reverse=True)
    queue = next((price for price in listed if price.limit.startswith("power of s0")), None)
    supply = next(price for price in listed if price.limit.startswith("supply of"))
    name, year = supply.limit.removeprefix("supply of "), int(supply.step[-4:])
    more = QUESTION.supply.copy()
    times = [index for index, period in enumerate(QUESTION.periods) if period.middle.year == year]
    more[QUESTION.generations.index(name), times] *= 1.001
    saved = solution.objective - solve(assemble(replace(QUESTION, supply=more))).objective
    assert saved * BILLION * 100 == pytest.approx(supply.saving, rel=0.02)
    if queue is not None:
        first = next(i for i, period in enumerate(QUESTION.periods) if period.middle.year == int(queue.step[-7:-3]))
        wider = QUESTION.queue.copy()
        wider[0, first:] += 1e-3 * GIGAWATT
        saved = solution.objective - solve(assemble(replace(QUESTION, queue=wider))).objective
        assert saved * BILLION * 1e3 == pytest.approx(queue.saving, rel=0.02)


def test_limits_that_clash_are_irreducible() -> None:
    question, program = impossible()
    clash = irreducible_set(question, program)
    assert clash
    others = [limit for limit in limits(question, program) if limit.name not in {item.name for item in clash}]
    feasible = replace(program, cost=np.zeros(program.num_columns))
    assert not solve(loosened(feasible, others)).is_optimal
    for limit in clash:
        assert solve(loosened(feasible, [*others, limit])).is_optimal, limit.name


@pytest.mark.parametrize("budget", [float("inf"), 20e9])
def test_the_least_change_makes_a_plan_and_less_does_not(budget: float) -> None:
    question, program = impossible(budget=budget)
    rows = relaxations(question, program, irreducible_set(question, program))
    assert rows
    for row in rows:
        if row.kind == "target":
            for factor, exists in ((row.factor * (1 - 1e-6), True), (row.factor * 1.01, False)):
                lower = replace(question, target_equivalents=factor * 40e6)
                assert solve(assemble(lower)).is_optimal is exists
        if row.kind == "budget":
            for factor, exists in ((row.factor * (1 + 1e-6), True), (row.factor * 0.99, False)):
                assert solve(assemble(replace(question, budget=factor * budget))).is_optimal is exists


def test_the_most_that_is_possible_is_possible() -> None:
    question, _ = impossible()
    share = attainable_share(question)
    assert 0.0 < share < 1.0
    assert solve(assemble(replace(question, target_equivalents=share * 40e6 * (1 - 1e-6)))).is_optimal
    assert not solve(assemble(replace(question, target_equivalents=share * 40e6 * 1.001))).is_optimal
    assert attainable_share(QUESTION) == 1.0
    assert attainable_share(question, is_whole=True) <= share + 1e-9


def test_a_rule_of_the_last_year_can_be_what_excludes_a_target() -> None:
    late = QUESTION.supply.copy()
    late[:, ~QUESTION.last_year] *= 0.02
    question = replace(QUESTION, supply=late, target_equivalents=2e6, last_share=0.1)
    plan, solution, program = make_plan(question)
    assert plan is None
    assert solution.status == "infeasible"
    clash = irreducible_set(question, program)
    assert "last_year" in {limit.kind for limit in clash}
    factor = next(row.factor for row in relaxations(question, program, clash) if row.kind == "last_year")
    assert solve(assemble(replace(question, last_share=min(factor * 0.1, 1.0)))).is_optimal
    assert not solve(assemble(replace(question, last_share=0.95 * factor * 0.1))).is_optimal
