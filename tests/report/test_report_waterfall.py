"""A waterfall: bars between two totals, each beginning where the one before ends."""

from lindos.elements import Chart, Series
from lindos.report.charts import ADDED, REMOVED, chart_data


def test_bars_begin_where_the_bars_before_them_end() -> None:
    series = Series(name="cost", x=("before", "price", "power", "after"), y=(10e9, 4e9, -1e9, 13e9))
    chart = chart_data(Chart(name="c", title="Cost", kind="waterfall", unit="USD", series=(series,)))
    (trace,) = chart["traces"]
    assert trace["base"] == [0, 10, 14, 0]
    assert trace["x"] == [10, 4, -1, 13]
    assert trace["marker"]["color"][1:3] == [ADDED, REMOVED]
    assert trace["text"] == ["$10 billion", "+$4 billion", "−$1 billion", "$13 billion"]
    assert chart["layout"]["xaxis"]["title"]["text"] == "money, $ billion"
