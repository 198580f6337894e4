"""``solve`` agrees with a bisection by hand, and says how many solutions there are."""

from typing import Any

import pytest

import lindos
from lindos.answers.solve import solve_scenario
from lindos.errors import InfeasibleError, InputError, LindosError, UnitError

SITE = {
    "name": "small",
    "title": "Small",
    "cluster": {"pools": [{"system": "hgx-h100", "gpus": 64}]},
    "site": {"name": "generic-us"},
    "compare_top500": False,
}


def bisected(path: str, unit: str, figure: str, target: float, low: float, high: float) -> float:
    """The value of a field at which a figure is as wanted, by hand."""

    base = lindos.price_site(SITE)

    def value(x: float) -> float:
        number = base.change({path: f"{x!r} {unit}".strip()})[figure].value
        assert number is not None
        return number - target

    rises = value(high) > value(low)
    for _ in range(28):
        middle = (low + high) / 2
        low, high = (low, middle) if (value(middle) > 0) == rises else (middle, high)
    return (low + high) / 2


@pytest.mark.parametrize(
    ("path", "unit", "until", "target", "low", "high"),
    [
        ("site.electricity_price", "USD/J", "site.device_cost=$2/h", 2 / 3600, 0.0, 2e-6),
        ("site.pue", "", "site.power.total=140 kW", 140e3, 1.0, 3.0),
        ("catalog.systems.hgx-h100.price", "USD", "site.capex.total=$3 million", 3e6, 1e4, 1e6),
    ],
)
def test_the_solution_is_that_of_a_bisection_by_hand(
    path: str, unit: str, until: str, target: float, low: float, high: float
) -> None:
    answer = solve_scenario(SITE, path, until)
    figure = until.partition("=")[0]
    assert answer["solved.1"].value == pytest.approx(bisected(path, unit, figure, target, low, high), rel=1e-7)
    assert answer[figure].value == pytest.approx(target, rel=1e-6)
    assert "solved.2" not in {shown.name for shown in answer.figures}


def test_a_whole_number_has_its_neighbours_by_hand() -> None:
    def cost(gpus: int) -> float:
        return float(lindos.price_site(SITE, changes={"cluster.pools.0.gpus": gpus})["site.capex.total"].value or 0)

    least, most = 8, 4096  # cost below and above
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (middle, most) if cost(middle) < 5e6 else (least, middle)
    answer = solve_scenario(SITE, "cluster.pools.0.gpus", "site.capex.total=$5 million")
    (row,) = answer.tables["solved.neighbours"].rows
    assert (row[0], row[2]) == (str(least), str(most))
    assert (row[1], row[3]) == (cost(least), cost(most))
    assert answer.sections[0].summary.startswith("Capital cost passes $5 million between ")


def test_a_day_is_solved_for() -> None:
    answer = solve_scenario(
        "fifty-million",
        "roadmap.by",
        "roadmap.required_growth=2.5",
        changes={"cluster": None, "job": None, "claims": [], "roadmap.campuses": []},
    )
    assert "roadmap.by must be 2031-" in answer.sections[0].summary
    # A plan of quarters begins and ends with one, so that growth moves in steps of days.
    assert answer["roadmap.required_growth"].value == pytest.approx(2.5, rel=1e-2)


def test_a_change_says_how_far_it_is() -> None:
    base = lindos.price_site(SITE)["site.year.energy"].value
    assert base is not None
    answer = solve_scenario(SITE, "site.electricity_price", f"site.year.energy={base / 2!r} USD")
    assert "must fall by 50 %, from $0.08/kWh to $0.04/kWh" in answer.sections[0].summary


def test_no_solution_says_what_there_is() -> None:
    with pytest.raises(InfeasibleError, match=r"lies between .* and .*\. Nearest is \$0/kWh"):
        solve_scenario(SITE, "site.electricity_price", "site.device_cost=$0.10/h")


def test_every_solution_is_given() -> None:
    """Any PUE gives the same capital cost per GPU apart from steps: the number of GPUs moves it up and down."""
    low = lindos.price_site(SITE, changes={"cluster.pools.0.gpus": 3_000})["site.capex_per_device"].value
    assert low is not None
    answer = solve_scenario(
        SITE, "cluster.pools.0.gpus", f"site.capex_per_device={low * 1.002!r} USD", low="8", high="20,000"
    )
    assert len(answer.tables["solved.neighbours"].rows) > 1
    assert "values of cluster.pools.0.gpus do it" in answer.sections[0].summary


@pytest.mark.parametrize(
    ("vary", "until", "options", "message"),
    [
        ("site.pu", "site.device_cost=$2/h", {}, "Did you mean pue"),
        ("site.name", "site.device_cost=$2/h", {}, "a field with a number or a date"),
        ("site.pue", "site.device_cost", {}, "FIGURE=VALUE"),
        ("site.pue", "site.device_cost=2", {}, "--until is 2"),
        ("site.pue", "site.device_csot=$2/h", {}, "Did you mean site.device_cost"),
        ("site.pue", "step.time=1 s", {}, "step needs cluster, job"),
        ("site.pue", "site.device_cost=$2/h", {"low": "2", "high": "1.5"}, "--from"),
        ("site.pue", "site.device_cost=$2/h", {"low": "9"}, "--from"),
        ("catalog.systems.hgx-h100.prise", "site.device_cost=$2/h", {}, "a number of the catalogue"),
        ("catalog.parameters.economics.it_lif", "site.device_cost=$2/h", {}, "Did you mean economics.it_life"),
    ],
)
def test_what_cannot_be_solved_is_one_sentence(vary: str, until: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        solve_scenario(SITE, vary, until, **options)


def test_a_range_without_any_answer_gives_the_reason() -> None:
    with pytest.raises(LindosError, match=r"site\.power_limit"):
        solve_scenario({**SITE, "site": {"power_limit": "1 kW"}}, "site.years", "site.device_cost=$2/h")


def test_a_value_in_a_wrong_unit_is_told_before_the_range_is_computed() -> None:
    asked: list[str] = []
    with pytest.raises(UnitError, match="--until"):
        solve_scenario("one-node", "site.electricity_price", "site.device_cost=3 GW", begins=asked.append)
    # One value of the input gives the unit: each floor is asked once.
    assert len(asked) == len(set(asked))
