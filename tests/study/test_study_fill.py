"""``gpus: fill``: as many nodes or racks as the limits of the site allow, and one more would exceed them."""

from typing import Any

import pytest

import lindos
from lindos.errors import InconsistentError, InfeasibleError, InputError

LIMITS = [{"power_limit": "2 MW"}, {"budget": "$40 million"}, {"power_limit": "2 MW", "budget": "EUR 20 million"}]


def scenario(site: dict[str, Any], pools: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "name": "full",
        "title": "Full",
        "cluster": {"pools": pools or [{"system": "hgx-h100", "gpus": "fill"}]},
        "site": site,
        "compare_top500": False,
    }


@pytest.mark.parametrize("site", LIMITS, ids=["power", "money", "both"])
def test_it_fits_and_one_more_node_does_not(site: dict[str, Any]) -> None:
    answer = lindos.price_site(scenario(site))
    gpus = int(answer["cluster.num_devices"].value or 0)
    assert gpus % 8 == 0
    margins = [figure.value for figure in answer if figure.name in ("site.power_margin", "site.budget_margin")]
    assert len(margins) == len(site)
    assert all(margin is not None and margin >= 0 for margin in margins)
    more = scenario({**site, "power_limit": "1 GW"}, [{"system": "hgx-h100", "gpus": gpus + 8}])
    bigger = lindos.price_site(more)
    limit = 2e6 if "power_limit" in site else float("inf")
    over_power = float(bigger["site.power.total"].value or 0) > limit
    over_budget = "budget" in site and float(bigger["site.budget_margin"].value or 0) < 0
    assert over_power or over_budget
    assert f"{gpus:,} GPUs of hgx-h100 fit" in next(s.summary for s in answer.sections if s.name == "site")


def test_other_pools_take_their_share() -> None:
    alone = lindos.price_site(scenario(LIMITS[0]))["cluster.num_devices"].value
    pools = [{"system": "hgx-h100", "nodes": 50}, {"system": "hgx-h100", "gpus": "fill", "label": "rest"}]
    beside = lindos.price_site(scenario(LIMITS[0], pools))["cluster.num_devices"].value
    assert alone is not None
    assert beside == pytest.approx(alone, abs=16)


def test_the_word_is_kept_so_that_other_values_fill_anew() -> None:
    answer = lindos.price_site(scenario(LIMITS[0]))
    larger = answer.change({"site.power_limit": "4 MW"})
    assert float(larger["cluster.num_devices"].value or 0) > 1.8 * float(answer["cluster.num_devices"].value or 0)
    assert answer.inputs["cluster"]["pools"] == [{"system": "hgx-h100", "fill": True}]


@pytest.mark.parametrize(
    ("site", "pools", "kind", "message"),
    [
        ({}, None, InputError, "a number without site.power_limit and site.budget"),
        ({"budget": "$1000"}, None, InfeasibleError, "Not one node"),
        (LIMITS[0], [{"system": "hgx-h100", "gpus": "fill"}] * 2, InconsistentError, "only one pool"),
        (LIMITS[0], [{"system": "hgx-h100", "gpus": "fill", "nodes": 2}], InconsistentError, "be given alone"),
    ],
)
def test_what_cannot_be_filled_is_said(site: Any, pools: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        lindos.price_site(scenario(site, pools))


def test_a_budget_that_does_not_suffice_is_said_in_numbers() -> None:
    answer = lindos.price_site(scenario({"budget": "$1 million"}, [{"system": "hgx-h100", "gpus": 64}]))
    summary = next(section.summary for section in answer.sections if section.name == "site")
    assert "The budget of $1 million does not hold: $" in summary
    assert float(answer["site.budget_margin"].value or 0) < 0


def test_a_deadline_is_held_against_the_time_to_train() -> None:
    late = lindos.simulate_campaign("one-node", changes={"job.goal.deadline": "10 days"}, trials=8)
    assert "The deadline of 10 days does not hold: " in next(s.summary for s in late.sections if s.name == "campaign")
    assert float(late["campaign.deadline_margin"].value or 0) < 0
