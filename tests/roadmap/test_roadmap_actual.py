"""A plan beside what was seen of the operator's sites."""

import pytest

from lindos.answers import run
from lindos.errors import InconsistentError, InputError

SITES = ["colossus-1", "colossus-2"]


def test_the_plan_of_july_2025_stands_beside_what_was_seen() -> None:
    section = run("fifty-million", sections=["roadmap"]).sections[0]
    table = next(table for table in section.tables if table.name == "roadmap.actual")
    days = [row[0] for row in table.rows]
    assert days == sorted(set(days))  # one row a day, whatever number of sites was seen on it
    assert days[0] >= "2025-07-22"
    last = table.rows[-1]
    # 275,796 of Colossus 1 and 1,112,000 of Colossus 2.
    assert last[0] == "2026-06-15"
    assert last[1] == pytest.approx(1_387_796)
    assert last[3] == pytest.approx(last[1] / last[2])  # type: ignore[operator]
    chart = next(chart for chart in section.charts if chart.name == "roadmap.online")
    assert "seen" in {series.name for series in chart.series}


def test_a_roadmap_without_sites_has_no_such_table() -> None:
    section = run("fifty-million", sections=["roadmap"], changes={"roadmap.actual_sites": []}).sections[0]
    assert "roadmap.actual" not in {table.name for table in section.tables}


def test_a_plan_from_another_day_starts_from_what_was_seen_by_then() -> None:
    changes = {"roadmap.start": "2026-06-30", "roadmap.start_cluster": None, "roadmap.recourse": None}
    answer = run("fifty-million", sections=["roadmap"], changes=changes | {"roadmap.start_sites": SITES})
    assert answer["roadmap.start_h100_equivalents"].value == pytest.approx(1_387_796)
    # The power of Colossus 1 was read with its chips; that of Colossus 2 was not, and is that of racks of today.
    power = answer["roadmap.start_power"]
    assert power.value is not None and 498e6 + 1_112_000 * 600 < power.value < 498e6 + 1_112_000 * 1400
    assert answer.tables["roadmap.purchases"].rows[0][0] >= "2026 Q4"  # type: ignore[operator]
    assert "colossus-1, colossus-2, as last seen" in str(answer.tables["roadmap.holdings"].rows[0][0])
    # A day earlier than the last reading has the reading before.
    earlier = answer.change({"roadmap.start": "2026-06-01"})
    assert earlier["roadmap.start_h100_equivalents"].value == pytest.approx(275_796 + 556_000)


def test_a_site_of_which_nothing_was_seen_is_refused() -> None:
    changes = {"roadmap.start_cluster": None, "roadmap.start_sites": ["colossus-2"]}
    with pytest.raises(InputError, match=r"roadmap\.start_sites\.0 is 'colossus-2', but must be a site of which"):
        run("fifty-million", sections=["roadmap"], changes=changes)
    with pytest.raises(InconsistentError, match="be given alone"):
        run("fifty-million", sections=["roadmap"], changes={"roadmap.start_sites": SITES})
