"""The page: complete, escaped, and needing nothing but itself."""

import base64
import dataclasses
import hashlib
import json
import re
from html import escape
from html.parser import HTMLParser

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lindos.elements import Chart, Series
from lindos.report import html
from lindos.report.charts import chart_data, limits
from lindos.report.parts import chart_box, table_box
from lindos.report.text import number
from sample_answer import MARKUP, SCRIPT, sample

ANSWER = sample()
CHARTS = [chart for section in ANSWER.sections for chart in section.charts]


@pytest.fixture(scope="module")
def page() -> str:
    return html(ANSWER).decode()


class Reader(HTMLParser):
    """Collects the elements, their attributes and the text outside scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text: list[str] = []
        self._raw = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._raw = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        if tag == self._raw:
            self._raw = ""

    def handle_data(self, data: str) -> None:
        if self._raw == "script":
            self.scripts.append(data)
        elif not self._raw:
            self.text.append(data)


@pytest.fixture(scope="module")
def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def test_nothing_is_loaded_from_elsewhere(read: Reader, page: str) -> None:
    loading = [(tag, name) for tag, names in read.tags for name in names if name in ("src", "srcset", "data", "action")]
    assert loading == []
    assert not any(tag in ("link", "iframe", "object", "embed", "base", "form", "img") for tag, _ in read.tags)
    assert "default-src 'none'" in page
    css = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in css and "@import" not in css


def test_only_web_addresses_and_anchors_become_links(read: Reader) -> None:
    links = [names["href"] or "" for tag, names in read.tags if tag == "a"]
    assert all(re.match(r"(https?://|#)", link) for link in links)
    assert "https://example.org/1?a=1&b=2" in links
    ids = {names.get("id") for _, names in read.tags}
    assert all(link[1:] in ids for link in links if link.startswith("#"))
    assert "javascript:alert(1)" in "".join(read.text)


def test_every_figure_table_chart_and_warning_is_shown(page: str) -> None:
    for section in ANSWER.sections:
        titles = [section.title, *section.notes]
        titles += [one.title for one in (*section.figures, *section.tables, *section.charts)]
        for title in titles:
            assert escape(title) in page
    for warning in ANSWER.warnings:
        assert escape(warning) in page
    assert f"<pre>lindos run {ANSWER.name}</pre>" in page
    assert len(ANSWER.sources) == page.count('<li id="source-') == 50


def test_data_cannot_add_elements(read: Reader, page: str) -> None:
    # Four scripts of our own or fewer: chart data, plotly, ours.
    assert [tag for tag, _ in read.tags].count("script") == 4
    assert not any("alert('x')" in script for script in read.scripts if not script.startswith("{"))
    assert "<b>not bold</b>" not in page
    assert MARKUP in "".join(read.text)
    assert not any(name.startswith("on") for _, names in read.tags for name in names)


def test_chart_data_reads_back(read: Reader) -> None:
    data = json.loads(next(script for script in read.scripts if script.startswith('{"step.time"')))
    assert list(data) == [chart.name for chart in CHARTS]
    assert SCRIPT.replace("<", "&lt;").replace(">", "&gt;") in data["site.delay"]["traces"][0]["name"]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_plotly_knows_every_attribute(chart) -> None:
    data = chart_data(chart)
    figure = go.Figure(data=data["traces"], layout=data["layout"])
    assert len(figure.data) == len(data["traces"])
    assert sorted(at for one in data["series"] for at in one) == list(range(len(data["traces"])))


def test_a_chart_says_the_same_as_a_table(page: str) -> None:
    memory = next(chart for chart in CHARTS if chart.name == "step.memory")
    data = chart_data(memory)
    trace = data["traces"][0]
    assert trace["x"] == pytest.approx([62.0, 60.0, 62.0])
    assert data["layout"]["xaxis"]["title"]["text"] == "memory, GB"
    assert trace["customdata"] == ["62 GB", "60 GB", "62 GB"]
    assert all(f">{text}</td>" in page for text in trace["customdata"])
    assert data["layout"]["shapes"][0]["x0"] == pytest.approx(186.0)
    assert "memory of the device: 186 GB" in page


def test_each_limit_has_a_line_of_its_own() -> None:
    chart = next(chart for chart in CHARTS if chart.name == "site.limits")
    layout = chart_data(chart)["layout"]
    assert [shape["line"]["dash"] for shape in layout["shapes"]] == ["dash", "dot"]
    assert [shape["x0"] for shape in layout["shapes"]] == pytest.approx([199.0, 298.0])
    assert layout["xaxis"]["autorangeoptions"]["include"][1] > 298.0
    assert [style for _, style in limits(chart)] == ["dashed", "dotted"]


def test_a_line_of_one_point_is_a_bar() -> None:
    data = chart_data(next(chart for chart in CHARTS if chart.name == "site.once"))
    (trace,) = data["traces"]
    assert (trace["type"], trace["orientation"], trace["y"]) == ("bar", "h", ["2026-06-30"])
    assert trace["x"] == pytest.approx([1.39])
    assert data["layout"]["yaxis"]["type"] == "category"
    assert "type" not in data["layout"]["xaxis"]


def test_dates_under_bars_are_months() -> None:
    axis = chart_data(next(chart for chart in CHARTS if chart.name == "site.supply"))["layout"]["xaxis"]
    assert axis["tickvals"][0] == "2026-07-22"
    assert axis["ticktext"][0] == "Jul<br>2026"


@given(low=st.floats(1e-9, 1e15), factor=st.floats(1.0, 1e12))
def test_a_log_axis_has_labels_in_its_range(low: float, factor: float) -> None:
    chart = Chart(
        name="a",
        title="A",
        kind="lines",
        unit="W",
        log=True,
        series=(Series(name="b", x=("2026-01-01", "2027-01-01"), y=(low, low * factor)),),
    )
    data = chart_data(chart)
    axis = data["layout"]["yaxis"]
    first, last = (10.0**end for end in axis["range"])
    assert first <= min(data["traces"][0]["y"]) and max(data["traces"][0]["y"]) <= last
    assert 2 <= len(axis["tickvals"]) <= 8
    assert all(first * 0.999 <= tick <= last * 1.001 for tick in axis["tickvals"])


def test_unknown_points_are_gaps() -> None:
    online = next(chart for chart in CHARTS if chart.name == "site.online")
    traces = chart_data(online)["traces"]
    assert [trace["y"][3] is None for trace in traces if trace.get("name") == "at the pace of the record"] == [True]
    assert number(None, "1") == "unknown"


def test_a_log_axis_holds_lines_bands_and_limits() -> None:
    online = next(chart for chart in CHARTS if chart.name == "site.online")
    low, high = chart_data(online)["layout"]["yaxis"]["range"]
    assert 10**low < 0.4 and 10**high > 4e5 * 3.4**5 / 1e6


def test_numbers_stand_right_and_unknown_ones_are_marked() -> None:
    box = table_box(ANSWER.sections[0].tables[0])
    assert '<td class="number" data-column="H100-equivalents, BF16" data-value="271000.0">271,000</td>' in box
    assert '<td class="number unknown" data-column="power">unknown</td>' in box
    assert '<td class="short" data-column="online">2025-10-19</td>' in box


def test_elements_are_closed_in_order(page: str) -> None:
    opened: list[str] = []
    for end, tag in re.findall(r"<(/?)([a-z][a-z0-9]*)\b[^<>]*>", re.sub(r"(?s)<(script|style)[ >].*?</\1>", "", page)):
        if end:
            assert opened.pop() == tag
        elif tag not in ("meta", "br", "input"):
            opened.append(tag)
    assert opened == []


def test_a_phone_reads_prose_row_by_row() -> None:
    arithmetic = table_box(ANSWER.sections[-1].tables[0])
    assert '<table class="prose">' in arithmetic
    assert 'data-column="computed"' in arithmetic
    years = table_box(next(table for table in ANSWER.sections[2].tables))
    assert '<table class="dense">' in years
    assert "data-column" not in years


def test_an_answer_without_charts_needs_no_library() -> None:
    sections = tuple(dataclasses.replace(section, charts=()) for section in ANSWER.sections)
    assert len(html(dataclasses.replace(ANSWER, sections=sections))) < 100_000


def test_the_page_is_the_same_twice(page: str) -> None:
    assert html(sample()).decode() == page


def test_a_timeline_lays_stretches_at_their_beginning_in_rows() -> None:
    chart = Chart(
        name="x.timeline",
        title="One replica",
        kind="timeline",
        unit="s",
        series=(
            Series(
                name="steps",
                x=("day 2", "day 1", "day 10", "day 1"),
                y=(50.0, 30.0, 86_400.0, 20.0),
                low=(0.0, 0.0, 0.0, 40.0),
            ),
            Series(name="recovery", x=("day 1",), y=(10.0,), low=(30.0,)),
        ),
    )
    drawn = chart_data(chart)
    steps, recovery = drawn["traces"]
    assert drawn["layout"]["barmode"] == "overlay"
    assert drawn["layout"]["yaxis"]["categoryarray"] == ["day 1", "day 2", "day 10"]
    factor = steps["x"][2] / 86_400.0
    assert steps["base"] == pytest.approx([0.0, 0.0, 0.0, 40 * factor])
    assert recovery["base"] == pytest.approx([30 * factor])
    go.Figure(drawn["traces"], drawn["layout"])
    # Its numbers are sums of each row.
    assert "50 s" in chart_box(chart).split("day 1<")[1].split("</tr>")[0]


def test_only_the_scripts_of_the_page_may_run_and_nothing_is_sent(read: Reader, page: str) -> None:
    policy = next(attributes["content"] for _, attributes in read.tags if "http-equiv" in attributes)
    rules = dict(rule.strip().partition(" ")[::2] for rule in str(policy).split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert rules["script-src"].split() == [f"'sha256-{digest}'" for digest in digests]
    assert len(digests) == 3


def test_it_says_how_to_make_it_again() -> None:
    box = b"<pre>lindos run &#x27;my files/x.yaml&#x27;</pre>"
    assert box in html(ANSWER, command="lindos run 'my files/x.yaml'")


def test_the_figures_below_the_headline_are_counted_as_more() -> None:
    assert re.search(r"<summary>\d+ more figures?</summary>", html(sample()).decode())
