"""No number that cannot be is shown: not infinite, not outside the range of its quantity, never told as unknown."""

import math
from typing import Any

import numpy as np
import pytest

from lindos.answers.scenario import assemble
from lindos.answers.soundness import check_figures, check_sections, span_of, user_paths
from lindos.catalog import load_catalog
from lindos.elements import Chart, Figure, Number, Section, Series, Table
from lindos.errors import InfeasibleError
from lindos.scenario.schema import Scenario
from lindos.study import ranges


def figure(value: float | None, name: str = "site.capex.total", unit: str = "USD", **parts: Any) -> Figure:
    return Figure(name=name, title="Capital cost", value=value, unit=unit, **parts)


@pytest.mark.parametrize(
    ("name", "unit", "value", "said"),
    [
        ("site.capex.total", "USD", math.inf, "it comes out as infinite, and can be at most"),
        ("site.capex.total", "USD", math.nan, "it comes out as no number, and can be"),
        ("site.capex.total", "USD", -3.84e9, "it comes out as -$3.84 billion, and can be at least $0"),
        ("step.mfu", "1", 3.77, "it comes out as 3.77, and can be at most 1"),
        ("step.hfu", "1", -0.1, "can be at least 0"),
        ("campaign.goodput", "1", 1.001, "can be at most 1"),
        ("step.exposed_data_parallel", "s", -8.2, "it comes out as -8.2 s, and can be at least 0 s"),
        ("step.time", "s", 1e145, "can be at most"),
        ("campaign.tokens", "token", 1e300, "can be at most"),
    ],
)
def test_a_number_that_cannot_be_is_named(name: str, unit: str, value: float, said: str) -> None:
    for place in ("value", "low", "high"):
        parts = {"value": None, place: value}
        with pytest.raises(InfeasibleError) as refused:
            check_figures([figure(1.0), figure(**parts, name=name, unit=unit)])
        assert said in str(refused.value)
        assert f"Capital cost ({name}) cannot be: " in str(refused.value)


def test_what_can_be_passes() -> None:
    check_figures([figure(0.0), figure(None), figure(1.0, "step.mfu", "1"), figure(1 + 1e-12, "campaign.goodput", "1")])
    check_figures([figure(1.45, "roadmap.peak_share_of_supply", "1"), figure(5e26, "campaign.training_flop", "FLOP")])
    check_figures([figure(-5.0, "site.cost_change")])
    assert span_of("campaign.tokens", "token").least == 0.0


def test_the_users_own_values_that_a_figure_rests_on_are_suspected() -> None:
    layers = [{"parameters": {"economics": {"storage_share": {"value": "125 %", "note": "mine"}, "years": 5}}}]
    paths = user_paths([*layers, {"systems": {"hgx-h100": {"price": "$1"}}}])
    assert paths == ["economics.storage_share", "economics.years", "systems.hgx-h100.price"]
    with pytest.raises(InfeasibleError, match=r"your own catalogue \(economics\.storage_share\), then the sizes"):
        check_figures([figure(-1.0, facts=("economics.storage_share", "other"))], paths)
    with pytest.raises(InfeasibleError, match=r"\(economics\.storage_share, economics\.years, systems"):
        check_figures([figure(-1.0)], paths)


def section(**parts: Any) -> Section:
    return Section(name="site", title="Site", summary="", **parts)


def table(cell: Any) -> Section:
    return section(tables=(Table(name="t", title="Costs", columns=("cost",), units=("USD",), rows=((cell,),)),))


def chart(**parts: Any) -> Section:
    series = Series(**{"name": "s", "x": (1.0,), "y": (1.0,)} | parts)
    return section(charts=(Chart(name="c", title="Costs", kind="lines", unit="USD", series=(series,)),))


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan, 1e46])
def test_tables_and_charts_hold_no_impossible_number(number: float) -> None:
    shown = [table(number), table(Number(value=number)), table(Number(value=1.0, high=number)), chart(y=(number,))]
    shown += [chart(x=(number,)), chart(low=(number,), high=(None,))]
    for one in shown:
        with pytest.raises(InfeasibleError, match="A number of 'Costs' cannot be"):
            check_sections([one])
    check_sections([table(None), table("text"), table(-1.0), chart(y=(None,)), chart(x=("a",))])


def test_an_answer_with_an_impossible_number_is_refused() -> None:
    scenario = Scenario(name="x", title="X")
    catalog = load_catalog()
    assemble(scenario, catalog, "run", [section(figures=(figure(1.0),))])
    with pytest.raises(InfeasibleError, match="Capital cost"):
        assemble(scenario, catalog, "run", [section(figures=(figure(math.inf),))])


def test_what_is_not_finite_is_not_made_unknown() -> None:
    module = ranges
    assert module.number(math.inf) == math.inf
    assert math.isnan(module.number(math.nan))
    assert module.number(None) is None
    assert all(math.isnan(end) for end in module.span(np.array([1.0, math.inf, 2.0])))
    assert module.span(1.0) == (None, None)
