"""The verdict of years: whether the target can be reached, and what binds the plan rather than an aside."""

from datetime import date, timedelta

import pytest

from lindos import Answer, run
from lindos.elements import Number


@pytest.fixture(scope="module")
def fifty_million() -> Answer:
    return run("fifty-million", sections=["cluster", "site", "roadmap"])


def test_what_binds_is_of_the_plan(fifty_million: Answer) -> None:
    verdict = fifty_million.verdict
    assert verdict is not None
    rows = [row for row in fifty_million.tables["roadmap.limits"].rows if not str(row[0]).startswith("target")]
    assert verdict.limits[0].startswith(f"Of the plan, the {rows[0][0]}: {rows[0][1]} would save ")
    assert len(verdict.limits) == 2
    assert not any(word in " ".join(verdict.limits) for word in ("a step", "the capital cost", "is systems"))


def test_the_chance_of_the_target_stands_in_the_verdict(fifty_million: Answer) -> None:
    assert fifty_million.verdict is not None
    share = fifty_million.tables["roadmap.chances"].rows[0][1]
    assert isinstance(share, float)
    assert f"it can be reached by its day in {100 * share:.2g} % of the draws" in fifty_million.verdict.sentence
    figure = fifty_million["roadmap.probability"]
    assert figure.value == share
    assert figure.low is not None and figure.high is not None
    assert share - 0.07 < figure.low < share < figure.high < share + 0.07
    assert figure.name in fifty_million.verdict.figures


def test_a_target_out_of_reach_says_what_excludes_it() -> None:
    answer = run("openai-100m", sections=["roadmap"])
    assert answer.verdict is not None
    assert "the target cannot be reached: " in answer.verdict.sentence
    first = answer.verdict.limits[0]
    assert first.startswith("The target is out of reach: supply of ")
    factors = {str(row[0]): row[1].value for row in answer.tables["roadmap.clash"].rows if isinstance(row[1], Number)}
    nearest = min((name for name in factors if not name.startswith("target")), key=lambda name: factors[name] or 0.0)
    assert first.endswith(f"times the {nearest} would be enough.")


def test_a_target_out_of_reach_has_a_day_by_which_it_is_not() -> None:
    spec = {"start": "2026-07-01", "start_h100_equivalents": "200k", "by": "2028-12-31"}
    spec["target_h100_equivalents"] = "20M"
    answer = run({"name": "years", "title": "t", "roadmap": spec}, sections=["roadmap"])
    note = answer.tables["roadmap.clash"].note
    day = note.rpartition("could be reached by ")[2].rstrip(".")
    assert "2029-01-01" < day < "2032-12-31"
    assert f"It could be reached by {day}." in answer.sections[0].summary
    assert "roadmap.clash" not in answer.change({"roadmap.by": day}).tables
    earlier = answer.change({"roadmap.by": str(date.fromisoformat(day) - timedelta(days=92))})
    assert "roadmap.clash" in earlier.tables


def test_a_target_in_watts_has_a_chance_too() -> None:
    answer = run("sovereign", sections=["roadmap"])
    table = answer.tables["roadmap.chances"]
    assert table.units[2:] == ("W", "W", "W")
    assert table.rows[0][3] == pytest.approx(1.4e9, rel=1e-3)
    # A share of what is made that is too small for it is no plan in most of the draws.
    scarce = answer.change({"roadmap.share_of_supply": "1.2 %"})
    share = scarce.tables["roadmap.chances"].rows[0][1]
    assert isinstance(share, float)
    assert share < 0.7


def test_many_programmes_are_bound_by_what_bounds_the_world() -> None:
    answer = run("chip-demand", sections=["roadmap"])
    assert answer.verdict is not None
    bound = {int(str(row[0])): str(row[-1]) for row in answer.tables["roadmap.world"].rows}
    assert answer.verdict.limits[0].startswith(f"What the world delivers is bound by {bound[2026]} from 2026 to ")
    late = [str(row[0]) for row in answer.tables["roadmap.sharing"].rows if float(row[2]) < 1 - 1e-9]  # type: ignore[arg-type]
    assert answer.verdict.limits[1].endswith(f"{', '.join(late)}.")


def test_constant_growth_delivers_the_mean_of_its_path(fifty_million: Answer) -> None:
    plan, cheapest, trend = (row[5] for row in fifty_million.tables["roadmap.compared"].rows)
    assert isinstance(plan, float) and isinstance(cheapest, float) and isinstance(trend, float)
    # An exponential from 276 thousand to 50 million in five years has 9.56 million in the mean.
    assert trend == pytest.approx(47.8e6, rel=0.01)
    assert cheapest < plan
