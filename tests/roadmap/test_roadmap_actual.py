"""A plan beside what was seen of the operator's sites."""

import pytest

from lindos.answers import run


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
