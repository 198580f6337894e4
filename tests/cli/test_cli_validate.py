"""`lindos validate`: a table, one JSON document, a line for every row, one run taken apart, sentences for mistakes."""

import csv
import json
import sys
from pathlib import Path

import pytest

from lindos.cli import exit_code

sys.path.insert(0, str(Path(__file__).parents[1] / "validation"))
from validation_rows import table


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    path = tmp_path / "runs.csv"
    path.write_bytes(table({}, {"precision": "fp3"}, {"n_experts": "8", "topk": "2", "expert_ffn": "14336"}))
    return path


def test_a_person_reads_a_table(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["validate", str(runs)]) == 0
    out = capsys.readouterr().out
    assert "Predicted against measured: 2 of 3 runs" in out
    assert "Accelerator" in out
    assert "Not predicted: 1" in out


def test_json_is_one_document(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["validate", str(runs), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rows"], found["predicted"]) == (3, 2)
    assert set(found["by"]["model_kind"]) == {"dense", "moe"}


def test_every_row_is_written(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "predicted.csv"
    assert exit_code(["validate", str(runs), "--out", str(out)]) == 0
    assert [line["id"] for line in csv.DictReader(out.read_text(encoding="utf-8").splitlines())] == [
        "test-000",
        "test-001",
        "test-002",
    ]
    assert "3 rows written" in capsys.readouterr().err


def test_one_run_is_taken_apart(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["validate", str(runs), "--explain", "test-000"]) == 0
    out = capsys.readouterr().out
    assert "where the time goes" in out
    assert "measured" in out
    assert exit_code(["validate", str(runs), "--explain", "test-001", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "not_predicted"


@pytest.mark.parametrize("data", [b"", table({"layers": "-1"}), b"id\n1\n", b"\xff\xfe\x00"])
def test_mistakes_get_a_sentence_and_write_nothing(
    data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "bad.csv", tmp_path / "out.csv"
    path.write_bytes(data)
    assert exit_code(["validate", str(path), "--out", str(out), "--json"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "bad.csv" in captured.err
    assert not out.exists()


def test_an_unknown_run_is_named(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["validate", str(runs), "--explain", "test-00"]) == 2
    assert "must be one of test-000, test-001, test-002" in capsys.readouterr().err


@pytest.mark.parametrize("begin", ["=cmd|'/C calc'!A0", "+1", "-1", "@SUM(A1)"])
def test_no_cell_is_a_formula(begin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "runs.csv").write_bytes(table({"id": begin, "model_name": begin, "hidden": ""}))
    assert exit_code(["validate", str(tmp_path / "runs.csv"), "--out", str(tmp_path / "out.csv")]) == 0
    with (tmp_path / "out.csv").open(newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert f"'{begin}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_markup_and_escapes_in_a_file_are_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "[/foo] [link=x]\x1b[2J"
    (tmp_path / "runs.csv").write_bytes(table({"id": f"{hostile}-1", "source": hostile}))
    assert exit_code(["validate", str(tmp_path / "runs.csv")]) == 0
    assert exit_code(["validate", str(tmp_path / "runs.csv"), "--explain", f"{hostile}-1"]) == 0
    out = capsys.readouterr().out
    assert out.count("[/foo] [link=x]") >= 2
    assert "\x1b" not in out


def test_a_log_hears_now_and_then_how_far_it_is(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lindos.cli.counting.LOG_EVERY", 0.0)
    assert exit_code(["validate", str(runs), "--json"]) == 0
    captured = capsys.readouterr()
    number = len(json.loads(captured.out)["by"]) and json.loads(captured.out)["rows"]
    lines = captured.err.splitlines()
    assert len(lines) == number
    assert lines[0].startswith(f"lindos: 1 of {number} runs, some ")
    assert lines[-1] == f"lindos: {number} of {number} runs, some 0 s to go"
