"""Price agreements: decided with the plan, paid in every world, and beside what other buyers want."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from expansions import expansion
from lindos import InputError, run
from lindos.roadmap import Agreement, Expansion, Plan, make_plan
from lindos.study.rivals import portion


def priced(*agreements: Agreement, seed: int = 0) -> Expansion:
    question = expansion(years=3, num_sites=2, num_generations=3, seed=seed, last_share=1.0)
    return replace(question, negotiable=0.6 * question.price, agreements=agreements)


def agreement(devices: float, discount: float, *generations: int) -> Agreement:
    flags = np.isin(np.arange(3), generations or (0, 1, 2))
    return Agreement(name=f"{discount} from {devices}", generations=flags, devices=devices, discount=discount)


def plan_of(question: Expansion, *, is_whole: bool = False) -> Plan:
    plan, _, _ = make_plan(question, is_whole=is_whole)
    assert plan is not None
    return plan


OFFERS = (
    agreement(150e3, 0.05),
    agreement(450e3, 0.15),
    agreement(200e3, 0.1, 1),
    agreement(5e6, 0.6),
)


@pytest.mark.parametrize("seed", range(4))
def test_the_agreements_that_are_made_are_the_best_of_all_choices(seed: int) -> None:
    question = priced(*OFFERS, seed=seed)
    plan = plan_of(question)
    best = np.inf
    for choice in itertools.product((0.0, 1.0), repeat=len(OFFERS)):
        decided, _, _ = make_plan(replace(question, agreed=np.array(choice)), is_whole=False)
        best = min(best, decided.objective if decided else np.inf)
    assert plan.objective == pytest.approx(best, rel=1e-6)
    # Sixty per cent off five million devices is worth nothing to who needs a fifth of them.
    assert plan.question.agreed is not None
    assert plan.question.agreed[-1] == 0.0


def test_what_is_agreed_is_taken_off_in_whole_lots() -> None:
    question = priced(agreement(100e3, 0.2, 2))
    plan = plan_of(question, is_whole=True)
    assert plan.discounts == pytest.approx((0.0, 0.0, 0.2))
    assert plan.bought[2].sum() >= 100e3
    spent = np.einsum("gst,gst->t", plan.bought, question.price) + np.einsum(
        "st,st->t", plan.built, question.construction
    )
    saved = 0.2 * 0.6 * np.einsum("st,st->t", plan.bought[2], question.price[2])
    assert plan.capex == pytest.approx(spent - saved, rel=1e-9)
    assert plan.objective <= plan_of(priced(), is_whole=True).objective


@pytest.mark.parametrize("devices", (0.0, 1e5, 3e5, 6e5))
def test_a_higher_discount_or_a_lower_commitment_never_costs_more(devices: float) -> None:
    costs = [plan_of(priced(agreement(devices, discount))).objective for discount in (0.0, 0.1, 0.3)]
    assert costs[0] >= costs[1] * (1.0 - 1e-7) >= costs[2] * (1.0 - 2e-7)
    easier = plan_of(priced(agreement(0.5 * devices, 0.3))).objective
    assert easier <= costs[2] * (1.0 + 1e-7)


def _years(**fields: object) -> dict[str, object]:
    roadmap = {"start": "2026-07-01", "start_h100_equivalents": "200k", "target_h100_equivalents": "2M"}
    return {"name": "years", "title": "t", "roadmap": {**roadmap, "by": "2029-12-31", **fields}}


def test_a_scenario_states_prices_by_volume_and_generation() -> None:
    tiers = [
        {"devices": ["rubin-vr200"], "gpus": "20k", "discount": "5 %"},
        {"devices": ["rubin-vr200"], "gpus": "60k", "discount": "12 %"},
        {"gpus": "20M", "discount": "50 %"},
    ]
    agreed = run(_years(agreements=tiers))
    table = agreed.tables["roadmap.agreements"]
    assert "off rubin-vr200 from" in table.note
    discounts = {row[0]: row[3] for row in table.rows}
    assert discounts["rubin-vr200"] in (0.05, 0.12)
    assert not any(share for name, share in discounts.items() if name != "rubin-vr200")
    # At list prices both tables of totals start from the same sum.
    totals = agreed.tables["roadmap.discounts"]
    paid = agreed["roadmap.total_capex"].value
    whole = next(row for row in totals.rows if row[0] == "off all that is bought")
    assert whole[2] > paid


def test_a_device_that_is_not_on_offer_is_refused() -> None:
    with pytest.raises(InputError, match="On offer are"):
        run(_years(agreements=[{"devices": ["tpu-v5p"], "gpus": "20k", "discount": "5 %"}]))


def test_programmes_of_the_same_buyer_are_no_rivals() -> None:
    rows = {}
    for buyer in ("OpenAI", "Meta"):
        answer = run(_years(buyer=buyer, rivals="chip-demand"))
        table = answer.tables["roadmap.rivals"]
        rows[buyer] = {row[0]: row for row in table.rows}
    assert "OpenAI" not in {row[4] for row in rows["OpenAI"].values()}
    assert rows["Meta"]["2027"][4] == "OpenAI hundred million GPUs"
    for row in rows["Meta"].values():
        assert row[1] - row[2] - row[3] == pytest.approx(row[5])
    with pytest.raises(InputError, match=r"roadmap\.rivals"):
        run(_years(rivals="one-node"))


@pytest.mark.parametrize(
    ("others", "own", "delivered", "part"),
    [
        ((30.0,), 10.0, 40.0, 0.25),  # exactly enough
        ((30.0,), 10.0, 50.0, 0.3),  # more than enough is left
        ((30.0,), 10.0, 20.0, 6.0 / 26.0),  # short: both are cut, the buyer to its most first
        ((60.0, 5.0), 5.0, 20.0, 0.25),  # one rival gets no more than the most
        ((), 5.0, 2.0, 0.3),
    ],
)
def test_each_gets_the_same_share_of_what_it_wants(
    others: tuple[float, ...], own: float, delivered: float, part: float
) -> None:
    claims = np.array([*([want] for want in others), [own]])
    largest = 0.5 if len(others) == 2 else 1.0
    assert float(portion(0.3, largest, claims, 0, delivered)) == pytest.approx(min(part, 0.3))
    assert portion(0.3, largest, None, 0, delivered) == 0.3
    many = portion(0.3, largest, claims, 0, np.array([delivered, 1e3]))
    assert np.asarray(many) == pytest.approx([min(part, 0.3), 0.3])


def test_a_plan_beside_rivals_gets_no_more_than_alone() -> None:
    alone = run(_years(rivals="chip-demand", target_h100_equivalents="12M"))
    beside = alone.change({"roadmap.sharing": "proportion"})
    assert (beside["roadmap.delivered"].value or 0.0) < 0.99 * (alone["roadmap.delivered"].value or 0.0)
    for kind in ("roadmap.total_capex", "roadmap.target_h100_equivalents"):
        assert beside[kind].value is not None
    bought = {name: answer.tables["roadmap.rivals"].rows[1] for name, answer in (("alone", alone), ("beside", beside))}
    year, delivered, amount, *_ = bought["beside"]
    assert year == "2027"
    assert isinstance(delivered, float) and isinstance(amount, float)
    assert amount / delivered < 0.25
    shares = [answer["roadmap.probability"].value or 0.0 for answer in (beside, alone)]
    assert shares == sorted(shares)


def test_sharing_needs_rivals_and_an_amount() -> None:
    with pytest.raises(InputError, match=r"roadmap\.rivals"):
        run(_years(sharing="proportion"))
    with pytest.raises(InputError, match=r"roadmap\.sharing"):
        fields = {"target_h100_equivalents": None, "target_flop": "1e28 FLOP", "mfu": "35 %", "rivals": "chip-demand"}
        run(_years(**fields, sharing="proportion"))
