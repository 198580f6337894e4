"""JSON and Parquet: strict, complete, in order, and written all or none."""

import dataclasses
import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator

from lindos.errors import InputError
from lindos.report import json_document, results_schema, write
from lindos.scenario.folder import folder_for
from sample_answer import sample

ANSWER = sample()


def test_json_is_strict_and_complete() -> None:
    document = json_document(ANSWER)
    text = json.dumps(document, allow_nan=False)
    assert json.loads(text) == document
    assert not list(Draft202012Validator(results_schema()).iter_errors(document))
    assert list(document["results"]) == [figure.name for figure in ANSWER.figures]
    assert document["inputs"]["limit"] is None
    assert document["results"]["cluster.unpublished"]["value"] is None
    assert document["results"]["cluster.peak"] == {
        **document["results"]["cluster.peak"],
        "value": 2.8e21,
        "unit": "FLOP/s",
        "low": 2.6e21,
        "high": 2.9e21,
        "why": "sum over the pools of devices times their dense peak",
        "sources": [
            {"id": "datasheet", "title": "A data sheet", "url": "https://example.org/sheet.pdf", "grade": "press"},
            {"id": "press", "title": ANSWER.sources["press"].title, "url": "javascript:alert(1)", "grade": "press"},
        ],
    }
    assert document["results"]["cluster.odd"]["sources"][0] == {"id": "missing", "title": "", "url": "", "grade": ""}


def test_tables_in_json_keep_si_numbers() -> None:
    table = json_document(ANSWER)["tables"]["cluster.pools"]
    assert table["rows"][0][4] == {"value": 5.5e20, "unit": "FLOP/s"}
    assert table["rows"][2][5]["value"] is None


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none_becomes_null(odd: float) -> None:
    section = ANSWER.sections[0]
    figure = dataclasses.replace(section.figures[0], value=odd, low=odd, high=odd)
    answer = dataclasses.replace(ANSWER, sections=(dataclasses.replace(section, figures=(figure,), tables=()),))
    assert json_document(answer)["results"][figure.name]["value"] is None


def test_three_files_are_written(tmp_path: Path) -> None:
    paths = write(ANSWER, tmp_path / "deep" / "out")
    assert [path.name for path in paths] == ["report.html", "results.json", "results.parquet"]
    assert sorted(path.name for path in (tmp_path / "deep" / "out").iterdir()) == [path.name for path in paths]
    assert json.loads(paths[1].read_text(encoding="utf-8")) == json_document(ANSWER)


def test_parquet_is_long_and_tidy(tmp_path: Path) -> None:
    table = pq.read_table(write(ANSWER, tmp_path)[2])
    assert tuple(table.column_names) == (
        "scenario",
        "section",
        "name",
        "title",
        "value",
        "unit",
        "low",
        "high",
        "why",
        "sources",
        "period",
        "place",
        "item",
    )
    rows = table.to_pylist()
    assert [row["name"] for row in rows] == [figure.name for figure in ANSWER.figures]
    by_name = {row["name"]: row for row in rows}
    assert by_name["cluster.unpublished"]["value"] is None
    assert by_name["step.mfu"]["sources"] == ["datasheet"]
    assert by_name["step.mfu"] | {"value": 0.384, "scenario": "sample", "section": "step"} == by_name["step.mfu"]
    assert table.schema.metadata[b"lindos_version"] == ANSWER.version.encode()


def test_parquet_and_json_hold_the_same_numbers(tmp_path: Path) -> None:
    _, document, table = write(ANSWER, tmp_path)
    results = json.loads(document.read_text(encoding="utf-8"))["results"]
    rows = pq.read_table(table).to_pylist()
    keys = ("value", "low", "high", "unit", "why")
    assert [[row[key] for key in keys] for row in rows] == [[one[key] for key in keys] for one in results.values()]


def test_an_unwritable_folder_is_one_sentence(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("already here")
    with pytest.raises(InputError, match=r"^--out is '.*', but must be a place that can be written to\."):
        write(ANSWER, blocked)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_nothing_changes_when_one_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "results.parquet").mkdir()
    with pytest.raises(InputError, match="--out is"):
        write(ANSWER, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["results.parquet"]


def test_an_empty_answer_is_written_too(tmp_path: Path) -> None:
    empty = dataclasses.replace(ANSWER, sections=(), warnings=(), sources={})
    page, _, table = write(empty, tmp_path)
    assert pq.read_table(table).num_rows == 0
    assert "</html>" in page.read_text(encoding="utf-8")


HOSTILE = ["../../x.yaml", "..", "...yaml", "/etc/passwd", "a/b.yaml", "\x1b[2J.yaml", "x" * 400, "", ".", "a b.yaml"]


@pytest.mark.parametrize("path", HOSTILE)
def test_no_name_leaves_the_folder_of_results(path: str) -> None:
    folder = folder_for(path)
    assert folder.parent == Path("lindos-out")
    assert re.fullmatch(r"[\w.-]{1,100}", folder.name)
    assert folder.name.strip(".")


def test_every_file_has_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = ["one-node", "one-node.yaml", "mine.yaml", "mine.yml", "mine", "sub/mine.yaml", "../mine.yaml", "a b.yaml"]
    paths += ["a-b.yaml", "x" * 90 + "1.yaml", "x" * 90 + "2.yaml"]
    assert len({folder_for(path) for path in paths}) == len(paths)
    assert folder_for("one-node") == Path("lindos-out/one-node")
    assert folder_for("mine.yaml") == Path("lindos-out/mine")
    assert folder_for(str(tmp_path / "sub/mine.yaml")) == folder_for("sub/mine.yaml")
