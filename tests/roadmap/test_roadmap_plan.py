"""Plans: they equal an enumeration on small questions, balance, and move the right way."""

import itertools
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expansions import expansion
from lindos.errors import InputError
from lindos.roadmap import Expansion, Plan, make_plan
from lindos.roadmap.assembly import assemble
from lindos.roadmap.expansion import quarters
from lindos.roadmap.solver import Solver, solve

CLOSE = 1e-9


def plan_of(question: Expansion, *, is_whole: bool = False) -> Plan:
    plan, _, _ = make_plan(question, is_whole=is_whole)
    assert plan is not None
    return plan


def reached(question: Expansion) -> float:
    """Return the most H100-equivalent-years that a question without a target can have."""
    free = replace(question, target_equivalents=None, reward=np.ones(len(question.periods)), last_share=1.0)
    costless = replace(free, discount=np.ones(len(question.periods)), reward=1e9 * np.ones(len(question.periods)))
    return plan_of(costless).delivered


questions = st.builds(
    expansion,
    years=st.integers(1, 4),
    num_sites=st.integers(1, 3),
    num_generations=st.integers(1, 4),
    seed=st.integers(0, 50),
    target_equivalents=st.floats(0.6e6, 0.9e6),
    last_share=st.just(1.0),
)


@settings(max_examples=12, deadline=None)
@given(questions, st.booleans())
def test_devices_power_and_money_balance(question: Expansion, is_whole: bool) -> None:
    plan, _, _ = make_plan(question, is_whole=is_whole, gap=0.01)
    if plan is None:
        return
    before = np.concatenate((np.zeros((*plan.stock.shape[:2], 1)), plan.stock[..., :-1]), axis=2)
    scale = max(plan.stock.max(), 1.0)
    assert np.abs(plan.stock - before - plan.bought + plan.sold).max() <= CLOSE * scale
    built = np.cumsum(plan.built, axis=1)
    assert np.abs(plan.energised - built).max() <= CLOSE * max(built.max(), 1.0)
    online = np.einsum("gst,g->t", plan.stock, question.equivalents) + question.standing_equivalents
    assert plan.online == pytest.approx(online, rel=CLOSE)
    money = np.einsum("gst,gst->t", plan.bought, question.price)
    money = money + np.einsum("st,st->t", plan.built, question.construction)
    assert np.abs(plan.capex - money).max() <= CLOSE * max(money.max(), 1.0)
    # What is bought can be had, and what works has power.
    assert np.all(plan.bought.sum(axis=1) <= question.supply + 1e-6 * question.lot[:, None])
    assert np.all(plan.drawn <= plan.energised + 1e-6 * question.block[:, None])
    assert np.all(plan.energised <= question.queue + 1e-6 * question.block[:, None])


@settings(max_examples=15, deadline=None)
@given(questions, st.floats(0.3, 5.0))
def test_prices_times_a_factor_cost_that_factor(question: Expansion, factor: float) -> None:
    plan = plan_of(question)
    scaled = replace(
        question,
        price=factor * question.price,
        running=factor * question.running,
        construction=factor * question.construction,
        missing_value=factor * question.missing_value,
    )
    assert plan_of(scaled).objective == pytest.approx(factor * plan.objective, rel=1e-7)
    doubled = plan_of(replace(question, missing_value=0.0 * question.missing_value))
    twice = replace(question, price=2 * question.price, running=2 * question.running)
    twice = replace(twice, construction=2 * question.construction, missing_value=0.0 * question.missing_value)
    assert plan_of(twice).net_present_cost == pytest.approx(2 * doubled.net_present_cost, rel=1e-7)


@settings(max_examples=15, deadline=None)
@given(questions, st.floats(1.0, 3.0), st.floats(1.0, 3.0))
def test_more_supply_or_power_never_costs_more(question: Expansion, supply: float, power: float) -> None:
    base = plan_of(question).objective
    assert plan_of(replace(question, supply=supply * question.supply)).objective <= base * (1 + 1e-9)
    assert plan_of(replace(question, queue=power * question.queue)).objective <= base * (1 + 1e-9)


@settings(max_examples=15, deadline=None)
@given(questions, st.floats(1e9, 2e10), st.floats(1.0, 3.0))
def test_more_money_never_buys_less_compute(question: Expansion, budget: float, factor: float) -> None:
    less, more = (reached(replace(question, budget=amount)) for amount in (budget, factor * budget))
    assert more >= less * (1 - 1e-9)


def small(**changes: Any) -> Expansion:
    """Return a question of three periods, two generations and one site, with lots so large that few plans exist."""
    question = expansion(years=1, num_sites=1, num_generations=2, target_equivalents=0.42e6, last_share=1.0)
    periods = question.periods[:3]
    cut = {
        name: getattr(question, name)[..., :3]
        for name in ("price", "construction", "queue", "standing_equivalents", "standing_power", "discount")
    }
    fields = {
        "periods": periods,
        **cut,
        "missing_value": question.missing_value[:3],
        "supply": np.array([[30e3, 30e3, 30e3], [0.0, 15e3, 15e3]]),
        "lot": np.array([10e3, 5e3]),
    }
    return replace(question, **(fields | changes))


def enumerated(question: Expansion) -> float:
    """Return the least objective by trying every plan of whole lots, blocks as they are needed."""
    best = float("inf")
    limits = np.floor(question.supply / question.lot[:, None] + 1e-9).astype(int)
    for counts in itertools.product(*(range(limit + 1) for limit in limits.ravel())):
        bought = np.array(counts, float).reshape(limits.shape) * question.lot[:, None]
        stock = np.cumsum(bought, axis=1)
        online = question.standing_equivalents + question.equivalents @ stock
        drawn = question.power[:, 0] @ stock
        energised = np.ceil(drawn / question.block[0] - 1e-9) * question.block[0]
        if online[-1] < question.target_equivalents - 1e-6 or np.any(energised > question.queue[0]):  # type: ignore[operator]
            continue
        added = np.diff(energised, prepend=0.0)
        capex = (bought * question.price[:, 0]).sum(axis=0) + added * question.construction[0]
        running = question.running[:, 0] @ (stock - 0.5 * bought) * question.durations
        missing = np.maximum(question.target_equivalents - online, 0.0)  # type: ignore[operator]
        worth = missing * question.missing_value * question.durations
        best = min(best, float(question.discount @ (capex + running + worth)))
    return best


@pytest.mark.parametrize("value", [0.0, 5e3, 12e3, 60e3])
@pytest.mark.parametrize("power", [0.15e9, 2e9])
def test_a_plan_is_the_best_of_all_plans(value: float, power: float) -> None:
    question = small(queue=np.full((1, 3), power))
    question = replace(question, missing_value=np.full(3, value))
    best = enumerated(question)
    plan, _, _ = make_plan(question, gap=0.0)
    if not np.isfinite(best):
        assert plan is None
        return
    assert plan is not None
    assert plan.objective == pytest.approx(best, rel=1e-6)
    assert plan.bound <= plan.objective * (1 + 1e-9)


def test_compute_that_is_worth_something_is_not_bought_in_the_last_year() -> None:
    question = expansion(years=5, num_generations=4, target_equivalents=3e6)
    plan, _, _ = make_plan(question, gap=0.02)
    assert plan is not None
    assert plan.last_share <= 0.5 + 1e-9
    idle = replace(question, missing_value=0.0 * question.missing_value, last_share=1.0)
    assert plan_of(idle).last_share > 0.9


def test_devices_retire_after_their_life_and_are_bought_again() -> None:
    question = expansion(years=4, num_generations=1, life=6, target_equivalents=1.2e6, last_share=1.0)
    plan = plan_of(replace(question, missing_value=5.0 * question.missing_value))
    spans = [plan.bought[..., max(0, time - 5) : time + 1] for time in range(len(question.periods))]
    window = np.array([span.sum(axis=2) for span in spans])
    assert np.all(np.moveaxis(plan.stock, 2, 0) <= window + 1e-6)
    assert plan.sold.sum() > 0
    assert plan.online[-1] >= 1.2e6 * (1 - 1e-9)


def test_old_devices_that_can_be_sold_make_room_for_new_ones() -> None:
    crowded = expansion(years=4, num_generations=3, num_sites=1, target_equivalents=0.6e6, last_share=1.0)
    crowded = replace(crowded, queue=np.full(crowded.queue.shape, 0.2e9), missing_value=5.0 * crowded.missing_value)
    kept = plan_of(crowded)
    sold = plan_of(replace(crowded, resale=np.full(crowded.supply.shape, 1e3)))
    assert sold.sold.sum() > 0
    assert sold.objective < kept.objective
    assert sold.running.sum() < kept.running.sum() + 1e3 * sold.sold.sum()


def test_cash_and_debt_balance() -> None:
    question = expansion(years=3, target_equivalents=0.9e6, last_share=1.0)
    income = np.full(len(question.periods), 2e9)
    financed = replace(question, income=income, debt_limit=np.full(len(income), 20e9), interest=0.08)
    plan = plan_of(financed)
    owed = np.concatenate(([0.0], plan.debt[:-1]))
    held = np.concatenate(([0.0], plan.cash[:-1]))
    interest = 0.08 * owed * question.durations
    flow = held + income + plan.debt - owed - interest - plan.capex - plan.running
    assert plan.cash == pytest.approx(flow, abs=1e-9 * plan.capex.sum() + 1.0)
    assert np.all(plan.debt <= 20e9 * (1 + 1e-9))
    poor = replace(financed, income=0.01 * income, debt_limit=np.zeros(len(income)))
    assert make_plan(poor, is_whole=False)[0] is None


def test_rent_and_leases_count_and_are_paid() -> None:
    question = expansion(years=2, target_equivalents=0.5e6, last_share=1.0)
    wanted = np.full(len(question.periods), 0.4e6)
    short = replace(question, demand=wanted)
    assert make_plan(short, is_whole=False)[0] is None  # nothing can be had in the first half-year
    rent = replace(short, rent_limit=np.full(len(wanted), 0.2e6), rent_price=np.full(len(wanted), 20e3))
    plan = plan_of(rent)
    assert plan.rented[0] == pytest.approx(0.1e6, rel=1e-6)
    assert np.all(plan.online + plan.rented - plan.leased >= wanted * (1 - 1e-9))
    leased = replace(question, lease_limit=np.full(len(wanted), 0.1e6), lease_price=np.full(len(wanted), 50e3))
    assert plan_of(leased).objective < plan_of(question).objective


def test_a_budget_of_a_year_is_kept() -> None:
    question = expansion(years=3, target_equivalents=1.2e6, last_share=1.0)
    question = replace(question, missing_value=5.0 * question.missing_value)
    free = plan_of(question)
    limit = 0.6 * float(free.capex[:4].sum())
    assert limit > 0
    plan = plan_of(replace(question, yearly_budgets=((0, 4, limit),)))
    assert plan.capex[:4].sum() <= limit * (1 + 1e-9)
    assert plan.objective > free.objective


def test_compute_to_deliver_is_a_target() -> None:
    question = expansion(years=3, target_equivalents=None, target_flop=2.4e6, last_share=1.0)
    assert plan_of(question).delivered == pytest.approx(2.4e6, rel=1e-7)


def test_a_question_without_an_end_is_refused() -> None:
    with pytest.raises(InputError, match="roadmap is required a target"):
        assemble(expansion(target_equivalents=None))


def test_a_hot_start_finds_the_same_optimum() -> None:
    question, solver = expansion(years=4, num_generations=4, target_equivalents=3e6), Solver()
    solver.solve(assemble(question))
    for factor in (0.9, 1.1, 1.3):
        program = assemble(replace(question, price=factor * question.price, supply=factor * question.supply))
        hot, cold = solver.solve(program, is_hot=True), solve(program)
        assert hot.status == cold.status
        if cold.is_optimal:
            assert hot.objective == pytest.approx(cold.objective, rel=1e-9)


def test_quarters_cover_the_time_once() -> None:
    periods = quarters(date(2025, 7, 22), date(2030, 7, 22))
    assert len(periods) == 20
    assert [periods[0].begin, periods[-1].end] == [date(2025, 7, 22), date(2030, 7, 22)]
    assert all(first.end == second.begin for first, second in itertools.pairwise(periods))
    assert sum(period.years for period in periods) == pytest.approx(5.0, abs=2e-3)
