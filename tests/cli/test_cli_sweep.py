"""`lindos sweep`: a summary, one JSON document, a table that DuckDB reads, sentences for mistakes."""

import json
import sys
from pathlib import Path

import duckdb
import pytest

from lindos.cli import exit_code

GRID = """
scenario: one-node
ask: [step]
grid:
  job.global_batch_size: [64, 128]
  job.plan.tensor_parallel: [1, 3]
"""


@pytest.fixture
def grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "grid.yaml").write_text(GRID)
    return tmp_path


def test_a_person_reads_a_summary(grid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["sweep", "grid.yaml", "--workers", "1"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("4 scenarios of one-node\n2 ok, 0 infeasible, 2 wrong\n")
    for said in ("Step time", "The best of them", "Why scenarios failed", "2: ", "The same in all of them: "):
        assert said in captured.out
    assert captured.err.startswith("4 of 4 scenarios, ")
    assert len(captured.err.splitlines()) == 1


def test_the_query_of_the_summary_runs(grid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["sweep", "grid.yaml", "--workers", "1"]) == 0
    found = duckdb.sql(capsys.readouterr().out.splitlines()[-1])
    assert found.columns == ["scenario", "job.global_batch_size", "job.plan.tensor_parallel", "value", "unit"]
    assert [row[:3] for row in found.fetchall()] == [(0, 64.0, 1.0), (2, 128.0, 1.0)]


def test_json_follows_the_contract(grid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["sweep", "grid.yaml", "--workers", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert set(found) >= {"command", "version", "inputs", "results", "warnings"}
    assert found["command"] == "sweep"
    assert found["inputs"]["grid"]["job.global_batch_size"] == [64, 128]
    for result in found["results"].values():
        assert set(result) >= {"value", "unit", "low", "high", "why", "sources"}
    counts = {name: found["results"][f"sweep.{name}"]["value"] for name in ("scenarios", "ok", "wrong", "answered")}
    assert counts == {"scenarios": 4, "ok": 2, "wrong": 2, "answered": 4}
    time = found["results"]["step.time"]
    assert time["low"] < time["value"] < time["high"]
    assert time["best"]["values"]["job.global_batch_size"] == 64
    assert found["failures"][0]["scenarios"] == 2
    assert duckdb.sql(found["query"]).fetchall()


def test_results_are_not_mixed_by_accident(grid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["sweep", "grid.yaml", "--workers", "1"]) == 0
    before = (grid / "lindos-out/sweep-grid/results.parquet").read_bytes()
    assert exit_code(["sweep", "grid.yaml"]) == 2
    assert "Go on with --resume, or give another folder with --out." in capsys.readouterr().err
    assert exit_code(["sweep", "grid.yaml", "--resume"]) == 0
    assert "Nothing was left to answer." in capsys.readouterr().err
    assert (grid / "lindos-out/sweep-grid/results.parquet").read_bytes() == before


def test_a_terminal_shows_a_bar(
    grid: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert exit_code(["sweep", "grid.yaml", "--workers", "1"]) == 0
    captured = capsys.readouterr()
    assert "4/4" in captured.err
    assert "/s" in captured.err
    assert captured.out.startswith("4 scenarios")


MISTAKES = [
    (["missing.yaml"], "missing.yaml"),
    (["grid.yaml", "--engine", "spark"], "spark"),
    (["grid.yaml", "--workers", "0"], "workers"),
    (["grid.yaml", "--workers", "many"], "workers"),
    (["grid.yaml", "--workers", "100000"], "--workers is 100000, but must be at most"),
    (["grid.yaml", "--out", ""], "--out is '', but must be the path"),
    (["grid.yaml", "--address", "here:1"], "left out when the engine is local"),
    (["grid.yaml", "--catalog", "missing.yaml"], "missing.yaml"),
    (["grid.yaml", "--out", "grid.yaml"], "--out is 'grid.yaml'"),
    (["grid.yaml", "--out", "other", "--resume"], "is not a database"),
    ([], "GRID"),
]


@pytest.mark.parametrize(("options", "said"), MISTAKES, ids=lambda part: str(part)[:40])
def test_a_mistake_gets_a_sentence_and_writes_nothing(
    options: list[str], said: str, grid: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (grid / "other").mkdir()
    (grid / "other" / "journal.sqlite").write_text("not a journal, but a text that is long enough to be none" * 20)
    before = sorted(grid.rglob("*"))
    assert exit_code(["sweep", *options]) == 2
    captured = capsys.readouterr()
    assert said.lower() in captured.err.lower()
    assert captured.out == ""
    assert sorted(grid.rglob("*")) == before


def test_a_folder_of_another_format_is_refused(grid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import sqlite3

    (grid / "out").mkdir()
    file = sqlite3.connect(grid / "out" / "journal.sqlite")
    file.execute("PRAGMA user_version = 99")
    file.close()
    assert exit_code(["sweep", "grid.yaml", "--out", "out"]) == 2
    assert "a folder of this version of Lindos" in capsys.readouterr().err


def test_two_sweeps_do_not_share_a_folder(grid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from lindos.sweep import Journal

    with Journal(grid / "out", resume=False):
        assert exit_code(["sweep", "grid.yaml", "--out", "out"]) == 2
    assert "Another sweep is writing there" in capsys.readouterr().err
