"""A report answers first: the verdict, six numbers, what binds; three digits; files of charts and tables."""

import io
import json
import re
import shutil
import subprocess
import zipfile
from importlib.resources import files

import pytest

import lindos
from lindos.answers.answer import Answer
from lindos.elements import Chart, Series, Verdict
from lindos.report import html, terminal
from lindos.report.charts import chart_data
from lindos.report.colours import PALETTE, colours_of
from lindos.report.text import value_of
from lindos.scenario.read import builtin_names
from plain_words import COMPUTED, assert_plain, digits, visible


@pytest.fixture(scope="module")
def answer() -> Answer:
    return lindos.run("one-node")


@pytest.fixture(scope="module")
def page(answer: Answer) -> str:
    return html(answer).decode()


def test_the_verdict_stands_before_everything_else(answer: Answer, page: str) -> None:
    assert answer.verdict is not None
    assert answer.verdict.sentence == (
        f"8 GPUs draw 13.7 kW and cost $449,000 to build; training on 100 billion tokens takes "
        f"{value_of(answer['campaign.duration'])} and costs "
        f"{value_of(answer['campaign.run_cost'])}."
    )
    first = page.index(answer.verdict.sentence.replace("'", "&#x27;"))
    assert first < page.index('class="cards"') < page.index("What binds") < page.index('<details class="section"')
    assert page.count('<div class="card">') == len(answer.verdict.figures) <= 6


def test_sections_are_folded_and_the_contents_name_them(answer: Answer, page: str) -> None:
    contents = re.search(r"(?s)<nav .*?</nav>", page)
    assert contents is not None
    for section in answer.sections:
        assert f'<details class="section" id="section-{section.name}">' in page
        assert f'<a href="#section-{section.name}">' in contents[0]


def test_a_number_cites_what_moves_it_most(answer: Answer, page: str) -> None:
    cites = answer["site.capex.total"].cites
    assert "price of hgx-h100" in [cite.words for cite in cites]
    assert {cite.fact for cite in cites} <= set(answer["site.capex.total"].facts)
    sources = list(answer.sources)
    for cite in cites:
        assert f'{cite.words} <a href="#source-{sources.index(cite.source) + 1}"' in page


def test_no_computed_number_has_more_than_four_digits(page: str, answer: Answer) -> None:
    text = visible(page)
    found = COMPUTED.findall(text)
    assert len(found) > 100
    assert [number for number in found if digits(number) > 4] == []
    file = io.StringIO()
    from rich.console import Console

    terminal(answer, Console(width=80, file=file))
    assert [number for number in COMPUTED.findall(file.getvalue()) if digits(number) > 4] == []


@pytest.mark.parametrize("name", ["chip-demand", "openai-100m", "llama3-405b"])
def test_every_scenario_has_a_verdict_of_its_own_figures(name: str) -> None:
    answer = lindos.run(name)
    assert name in builtin_names()
    assert isinstance(answer.verdict, Verdict)
    assert answer.verdict.sentence.endswith(".")
    assert answer.verdict.sentence.count(". ") == 0
    assert_plain([answer.verdict.sentence, *answer.verdict.limits])
    assert 1 <= len(answer.verdict.figures) <= 6
    assert all(answer[figure].value is not None for figure in answer.verdict.figures)


def test_a_missed_limit_comes_first() -> None:
    answer = lindos.run("one-node", changes={"site.budget": "$100k"}, sections=["cluster", "site"])
    assert answer.verdict is not None
    assert answer.verdict.sentence.startswith("It misses the budget: ")
    assert any(line.startswith("The budget: $349,000 too much") for line in answer.verdict.limits)
    assert lindos.run(
        "one-node", changes={"site.budget": "$1 million"}, sections=["cluster", "site"]
    ).verdict.sentence.startswith("It fits: ")  # type: ignore[union-attr]


def test_one_name_has_one_colour_and_no_two_names_of_a_chart_share_one(answer: Answer) -> None:
    charts = [chart for section in answer.sections for chart in section.charts]
    colours = colours_of(charts)
    for chart in charts:
        names = [series.name for series in chart.series]
        if len(names) <= len(PALETTE):
            assert len({colours[name] for name in names}) == len(set(names)), chart.name


def test_axes_have_titles_with_units_and_log_axes_say_so(answer: Answer) -> None:
    for section in answer.sections:
        for chart in section.charts:
            layout = chart_data(chart)["layout"]
            axes = [layout["xaxis"], layout["yaxis"]]
            numeric = [axis for axis in axes if axis.get("type") != "category"]
            assert all(axis["title"]["text"] for axis in numeric), chart.name
            assert all("logarithmic" in axis["title"]["text"] for axis in axes if axis.get("type") == "log"), chart.name


def test_bars_have_their_values_beside_them() -> None:
    series = Series(name="cost", x=("a", "b"), y=(2e9, 3e9))
    trace = chart_data(Chart(name="c", title="C", kind="bars", unit="USD", series=(series,)))["traces"][0]
    assert trace["text"] == ["$2 billion", "$3 billion"]
    parts = tuple(Series(name=name, x=("a",), y=(y,)) for name, y in (("large", 95.0), ("small", 5.0)))
    traces = chart_data(Chart(name="c", title="C", kind="parts", unit="W", series=parts))["traces"]
    assert [trace["text"] for trace in traces] == [["95 W"], [""]]


def test_a_stack_along_time_stands_upright_and_reaches_its_sum() -> None:
    quarters = tuple(f"2027 Q{index}" for index in range(1, 5))
    parts = tuple(Series(name=name, x=quarters, y=(3e9,) * 4) for name in ("old", "new", "newer"))
    data = chart_data(Chart(name="c", title="C", kind="stack", unit="W", series=parts))
    assert data["layout"]["barmode"] == "relative"
    assert {trace["orientation"] for trace in data["traces"]} == {"v"}
    # Gigawatts: the unit is chosen for the sum, and no value is written over a thin bar.
    assert data["traces"][0]["y"] == [3.0] * 4
    assert not any("text" in trace for trace in data["traces"])


def test_numbers_of_a_chart_follow_the_days_of_all_its_lines() -> None:
    answer = lindos.run("fifty-million", sections=["roadmap"])
    page = html(answer).decode("utf-8")
    begin = page.index('data-chart="roadmap.online"')
    days = re.findall(r"<tr><td>(\d{4}-\d{2}-\d{2})</td>", page[begin : page.index("</table>", begin)])
    assert len(days) > 20
    assert days == sorted(days)


@pytest.mark.skipif(shutil.which("node") is None, reason="the script of the page runs in Node.js")
def test_the_workbook_is_a_zip_of_sheets_with_numbers(tmp_path: object) -> None:
    script = files("lindos.report").joinpath("assets", "tables.js").read_text(encoding="utf-8")
    rows = [["part", "cost [USD]"], ["<a & b>", 1.5e9], ["=1+1", "unknown"]]
    names = ["A/b: a very long name of a table, indeed", "A b  a very long name of a table"]
    code = f"""globalThis.window = globalThis; {script}
    const rows = {json.dumps(rows)};
    const sheets = {json.dumps(names)}.map((name) => ({{ name, rows }}));
    window.lindosTables.workbook(sheets).arrayBuffer().then((buffer) => {{
      const zip = Buffer.from(buffer).toString("base64");
      process.stdout.write(JSON.stringify({{ zip, csv: window.lindosTables.csv(rows) }}));
    }});"""
    done = subprocess.run(["node", "-e", code], capture_output=True, text=True, check=True)
    made = json.loads(done.stdout)
    assert made["csv"] == "part,cost [USD]\r\n<a & b>,1500000000\r\n'=1+1,unknown\r\n"
    import base64
    from xml.etree import ElementTree

    with zipfile.ZipFile(io.BytesIO(base64.b64decode(made["zip"]))) as book:
        assert book.testzip() is None
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
        cells = [cell for cell in sheet.iter() if cell.tag.endswith("}c")]
        assert [cell.get("r") for cell in cells] == ["A1", "B1", "A2", "B2", "A3", "B3"]
        assert ["".join(cell.itertext()) for cell in cells] == [
            "part",
            "cost [USD]",
            "<a & b>",
            "1500000000",
            "=1+1",
            "unknown",
        ]
        names = re.findall(r'name="([^"]+)"', book.read("xl/workbook.xml").decode())
        assert len(set(names)) == 2
        assert max(map(len, names)) <= 31
