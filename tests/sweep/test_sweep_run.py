"""A sweep on this machine: its numbers are those of a run, and nothing is lost or repeated when processes die."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
import yaml

from lindos.answers import answer
from lindos.errors import InputError
from lindos.scenario.paths import with_values
from lindos.scenario.read import scenario_from
from lindos.sweep import (
    Context,
    Journal,
    LocalEngine,
    Outcome,
    Sweep,
    answer_all,
    context_of,
    run,
    run_sweep,
    summary,
)
from sweep_helpers import SMALL, answered, attempts, many, noted, sweep_of

LINDOS = [sys.executable, "-c", "from lindos.cli import main; main()"]


def rows(folder: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = parquet.read_table(folder / "results.parquet").to_pylist()
    return found


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sweep, Path]:
    """A small sweep, answered without interruption by two processes."""
    folder = tmp_path_factory.mktemp("small")
    sweep = sweep_of(folder)
    finished = answered(sweep, LocalEngine(context_of(sweep), 2), folder / "out")
    assert (finished.progress.answered, finished.progress.reused) == (6, 0)
    return sweep, folder / "out"


def test_numbers_are_those_of_a_run(small: tuple[Sweep, Path]) -> None:
    sweep, folder = small
    table = rows(folder)
    for index in range(len(sweep)):
        whole = answer(scenario_from(with_values(sweep.base, sweep.overrides(index))), sweep.catalog)
        step = next(section for section in whole.sections if section.name == "step")
        expected = [(one.name, one.value, one.unit, one.low, one.high) for one in step.figures]
        mine = [row for row in table if row["scenario"] == index]
        assert [tuple(row[key] for key in ("name", "value", "unit", "low", "high")) for row in mine] == expected
        assert {row["job.global_batch_size"] for row in mine} == {sweep.cells(index)["job.global_batch_size"]}


def test_a_campaign_alone_is_priced_as_in_a_run(tmp_path: Path) -> None:
    sweep = sweep_of(tmp_path, "scenario: one-node\nask: [campaign]\ngrid: {site.pue: [1.2]}\n")
    outcome = context_of(sweep).solve(sweep.overrides(0))
    names = [label[0] for label in json.loads(outcome.labels)]
    assert "campaign.run_cost" in names
    assert all(name.startswith("campaign.") for name in names)


def test_what_fails_is_a_row_with_its_reason(tmp_path: Path) -> None:
    grid = "cluster.pools.0.system: [hgx-h100, hgx-h10], site.power_limit: [1 MW, 1 kW], job.goal.duration: [null, 9 d]"
    sweep = sweep_of(tmp_path, f"scenario: one-node\nask: [site]\ngrid: {{{grid}}}\n")
    answered(sweep, LocalEngine(context_of(sweep), 1), tmp_path / "out")
    failed = [row for row in rows(tmp_path / "out") if row["name"] is None]
    assert [row["status"] for row in failed] == ["wrong", "infeasible", "wrong", "wrong", "wrong", "wrong", "wrong"]
    assert "exactly one of tokens" in str(failed[0]["reason"])
    assert "may draw 1 kW" in str(failed[1]["reason"])
    assert "must be one of hgx-h100, " in str(failed[3]["reason"])
    assert {row["value"] for row in failed} == {None}
    assert failed[1]["site.power_limit"] == 1000.0
    with Journal(tmp_path / "out", resume=True) as journal:
        assert dict(summary(sweep, journal).statuses) == {"ok": 1, "infeasible": 1, "wrong": 6, "crashed": 0}


def test_an_error_of_ours_is_a_row_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("lindos.sweep.solve.answer", lambda *arguments, **options: 1 / 0)
    outcome = context_of(sweep_of(tmp_path)).solve({})
    assert (outcome.status, outcome.reason) == ("crashed", "an error of Lindos: ZeroDivisionError: division by zero")


def test_equal_scenarios_are_answered_once(tmp_path: Path) -> None:
    sweep = sweep_of(tmp_path, "scenario: one-node\nask: [cluster]\ngrid: {cluster.pools.0.gpus: [8, 16, 8]}\n")
    finished = answered(sweep, LocalEngine(context_of(sweep), 2), tmp_path / "out")
    assert (finished.progress.answered, finished.progress.reused) == (2, 1)
    assert {row["scenario"] for row in rows(tmp_path / "out")} == {0, 1, 2}


def test_a_killed_worker_costs_nothing(tmp_path: Path) -> None:
    sweep, log = many(tmp_path, 20), tmp_path / "log"
    killed: list[int] = []

    def kill_once(progress: run.Progress) -> None:
        if progress.answered == 5:
            killed.append(int(log.read_text().splitlines()[-1].split()[0]))
            os.kill(killed[0], signal.SIGKILL)

    finished = answered(sweep, LocalEngine(noted(sweep, log), 2), tmp_path / "out", report=kill_once)
    assert killed
    assert finished.progress.answered == 20
    assert {row["reason"] for row in rows(tmp_path / "out")} == {"noted"}
    assert sorted(set(attempts(log))) == list(range(1, 21))
    assert len(attempts(log)) <= 22, "more was repeated than the worker had in hand"


def test_a_scenario_that_kills_twice_is_answered(tmp_path: Path) -> None:
    sweep, log = many(tmp_path, 6), tmp_path / "log"
    answered(sweep, LocalEngine(noted(sweep, log, deadly=3, times=2), 2), tmp_path / "out")
    assert [row["status"] for row in rows(tmp_path / "out")] == ["ok"] * 6
    assert sorted(attempts(log)) == [1, 2, 3, 3, 3, 4, 5, 6]


def test_a_scenario_that_kills_three_workers_is_a_row(tmp_path: Path) -> None:
    sweep, log = many(tmp_path, 6), tmp_path / "log"
    answered(sweep, LocalEngine(noted(sweep, log, deadly=3, times=9), 2), tmp_path / "out")
    found = rows(tmp_path / "out")
    assert [row["status"] for row in found] == ["ok", "ok", "crashed", "ok", "ok", "ok"]
    assert found[2]["reason"] == "the process that answered it died 3 times"
    assert attempts(log).count(3) == 3


class Unable(Context):
    def __setstate__(self, state: object) -> None:
        raise OSError("no room")


def test_workers_that_never_start_are_a_sentence(tmp_path: Path) -> None:
    sweep = sweep_of(tmp_path)
    engine = LocalEngine(Unable(**vars(context_of(sweep))), 2)
    with pytest.raises(InputError, match=r"--engine is 'local', but must be an engine whose processes start"):
        answered(sweep, engine, tmp_path / "out")
    assert not multiprocessing.active_children()


def test_no_more_than_two_scenarios_a_worker_are_in_hand(tmp_path: Path) -> None:
    sweep, log = many(tmp_path, 30), tmp_path / "log"
    with Journal(tmp_path, resume=False) as journal:
        state = run._Run(sweep, journal, tmp_path)
        crew = run.Crew(LocalEngine(noted(sweep, log), 2), state.tasks(lambda: False))
        for task, _ in crew.outcomes():
            assert len(state.busy) <= 4
            state.busy.discard(task.key)


def test_tables_are_written_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "TABLE_EVERY", 0.0)
    monkeypatch.setattr(run, "_TABLE_SHARE", 0.0)
    sweep, seen = many(tmp_path, 4), []
    engine = LocalEngine(noted(sweep, tmp_path / "log"), 1)
    answered(sweep, engine, tmp_path / "out", report=lambda progress: seen.append(len(rows(tmp_path / "out"))))
    assert seen == [1, 2, 3, 4]


def test_a_grown_grid_keeps_what_was_answered(tmp_path: Path) -> None:
    log = tmp_path / "log"
    for number, new in ((3, 3), (5, 2)):
        sweep = many(tmp_path, number)
        finished = answered(sweep, LocalEngine(noted(sweep, log), 1), tmp_path / "out", resume=True)
        assert finished.progress.answered == new
    assert len(rows(tmp_path / "out")) == 5


def test_results_depend_on_base_sections_and_catalogue(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("systems: {hgx-h100: {price: $200k}}\n")
    from lindos.sweep import read_sweep
    from lindos.sweep.solve import Keys

    texts = (SMALL, SMALL.replace("[step]", "[site]"), SMALL.replace("one-node", "llama3-405b"))
    sweeps = [sweep_of(tmp_path, text, f"{at}.yaml") for at, text in enumerate(texts)]
    sweeps.append(read_sweep(tmp_path / "0.yaml", [tmp_path / "mine.yaml"]))
    assert len({Keys(sweep).key(sweep.overrides(0)) for sweep in sweeps}) == 4
    again = sweep_of(tmp_path, SMALL, "again.yaml")
    assert Keys(again).key(again.overrides(3)) == Keys(sweeps[0]).key(sweeps[0].overrides(3))


def test_a_model_in_a_file_counts_by_what_it_holds(tmp_path: Path) -> None:
    from lindos.sweep.solve import Keys

    (tmp_path / "base.yaml").write_text(
        "name: b\ntitle: B\ncluster: {pools: [{system: hgx-h100, gpus: 8}]}\njob: {model: config.json}\n"
    )
    keys = set()
    for content in ("{}", "{ }"):
        (tmp_path / "config.json").write_text(content)
        sweep = sweep_of(tmp_path, "scenario: base.yaml\ngrid: {cluster.pools.0.gpus: [8]}\n")
        keys.add(Keys(sweep).key(sweep.overrides(0)))
    assert len(keys) == 2


@pytest.mark.parametrize(
    "grid",
    [
        "job: [{model: models/mine.json}]",
        "job.model: [models/mine.json]",
        "job.model: [models]",
        "inference: [{model: models/mine.json, input_tokens: 1B tokens/day, output_tokens: 1B tokens/day}]",
        "cluster.pools.0.gpus: [8, 16]",
    ],
)
def test_every_file_that_a_scenario_names_counts(grid: str, tmp_path: Path) -> None:
    from lindos.sweep.solve import Keys

    (tmp_path / "models").mkdir()
    sweep = sweep_of(tmp_path, SMALL)
    base = {**sweep.base, "job": {"model": "models/mine.json"}}
    keys = set()
    for content in ("{}", "{ }"):
        for name in ("mine.json", "config.json"):
            (tmp_path / "models" / name).write_text(content)
        path, _, values = grid.partition(": ")
        changed = replace(sweep, base=base, folder=tmp_path)
        keys.add(Keys(changed).key({path: yaml.safe_load(values)[0]}))
    assert len(keys) == 2


def damage(folder: Path, statement: str) -> None:
    file = sqlite3.connect(folder / "journal.sqlite")
    assert file.execute(statement).rowcount > 0
    file.commit()
    file.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE outcome SET numbers = zeroblob(length(numbers))",
        "UPDATE outcome SET numbers = x'00'",
        "UPDATE outcome SET status = 'fine'",
        "UPDATE outcome SET reason = 7",
        "UPDATE outcome SET shape = 99",
        "UPDATE shape SET labels = '{'",
        "DELETE FROM shape",
    ],
)
def test_damaged_outcomes_are_answered_again(statement: str, small: tuple[Sweep, Path], tmp_path: Path) -> None:
    sweep, folder = small
    shutil.copytree(folder, tmp_path / "out")
    damage(tmp_path / "out", statement)
    with Journal(tmp_path / "out", resume=True) as journal:
        finished = answer_all(sweep, LocalEngine(context_of(sweep), 1), journal, tmp_path / "out")
        # Labels that were lost come back with the first outcome, and with them what rests on them.
        assert journal.num_damaged == (2 if statement.startswith("DELETE") else 6)
        assert summary(sweep, journal).statuses["ok"] == 6
    assert finished.progress.answered == journal.num_damaged
    assert rows(tmp_path / "out") == rows(folder)


def test_a_journal_behind_a_link_is_refused(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "precious.sqlite").execute("CREATE TABLE mine (x)").connection.close()
    before = (tmp_path / "precious.sqlite").read_bytes()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "journal.sqlite").symlink_to(tmp_path / "precious.sqlite")
    with pytest.raises(InputError, match="a folder whose journal is a plain file"):
        Journal(tmp_path / "out", resume=True)
    assert (tmp_path / "precious.sqlite").read_bytes() == before
    (tmp_path / "out" / "journal.sqlite").unlink()
    shutil.copy(tmp_path / "precious.sqlite", tmp_path / "out" / "journal.sqlite")
    with pytest.raises(InputError, match="a database of another program"):
        Journal(tmp_path / "out", resume=True)
    assert (tmp_path / "out" / "journal.sqlite").read_bytes() == before


@pytest.mark.parametrize("folder", ["long" * 40, None])
def test_workers_start_without_a_short_temporary_folder(
    folder: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if folder is None:
        monkeypatch.setattr(tempfile, "gettempdir", lambda: (_ for _ in ()).throw(FileNotFoundError(2, "none")))
    else:
        (tmp_path / folder).mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / folder))
    sweep = many(tmp_path, 1)
    finished = answered(sweep, LocalEngine(noted(sweep, tmp_path / "log"), 1), tmp_path / "out")
    assert finished.progress.answered == 1


class Refusing(LocalEngine):
    def start(self) -> tuple[Any, Any]:
        raise ConnectionRefusedError(111, "Connection refused")


def test_a_process_that_cannot_be_started_is_a_sentence(tmp_path: Path) -> None:
    sweep = many(tmp_path, 2)
    with pytest.raises(InputError, match=r"an engine whose processes start\. Python says: Connection refused"):
        answered(sweep, Refusing(context_of(sweep), 2), tmp_path / "out")


def test_a_stop_writes_no_more_than_was_reached_and_ends_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = many(tmp_path, 30_000)
    engine = LocalEngine(noted(sweep, tmp_path / "log"), 2)

    def stop(progress: run.Progress) -> None:
        if progress.answered == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    asked: list[int] = []
    plain = Sweep.overrides
    finished = answered(sweep, engine, tmp_path / "out", report=stop)
    assert (finished.stopped_by, finished.is_table_whole) == (signal.SIGTERM, True)
    assert len(rows(tmp_path / "out")) == finished.progress.answered
    # What an earlier run has reached is in the table though this one stops before it.
    monkeypatch.setattr(Sweep, "overrides", lambda self, index: asked.append(index) or plain(self, index))
    with Journal(tmp_path / "out", resume=True) as journal:
        again = answer_all(sweep, engine, journal, tmp_path / "out", report=lambda progress: os.kill(os.getpid(), 15))
    assert again.stopped_by == signal.SIGTERM
    assert len(rows(tmp_path / "out")) == finished.progress.answered + again.progress.answered
    assert max(asked) < 100
    monkeypatch.setattr(run, "TABLE_AT_STOP", -1.0)
    before = rows(tmp_path / "out")
    with Journal(tmp_path / "out", resume=True) as journal:
        last = answer_all(sweep, engine, journal, tmp_path / "out", report=lambda progress: os.kill(os.getpid(), 15))
    assert (last.is_table_whole, rows(tmp_path / "out")) == (False, before)


GRID = "scenario: one-node\nask: [step]\ngrid: {job.global_batch_size: %s}\n"


def start(folder: Path, *options: str) -> "subprocess.Popen[str]":
    command = [*LINDOS, "sweep", "grid.yaml", "--workers", "2", "--out", "out", *options]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def wait_for_results(folder: Path, process: "subprocess.Popen[str]") -> None:
    """Until the journal has grown beyond its empty tables."""
    journal = folder / "out" / "journal.sqlite-wal"
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        if journal.exists() and journal.stat().st_size > 60_000:
            return
        time.sleep(0.01)
    process.kill()
    pytest.fail(f"no result in 30 s: {process.communicate()}")


def kept(folder: Path) -> int:
    with Journal(folder / "out", resume=True) as journal:
        return len(journal)


def gone(group: int) -> bool:
    """Whether every process of a group has ended."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def test_killed_at_any_moment_it_goes_on_to_the_same_table(tmp_path: Path) -> None:
    number = 120
    (tmp_path / "grid.yaml").write_text(GRID % [8 * at for at in range(1, number + 1)])
    rng = random.Random(0)
    for _ in range(3):
        process = start(tmp_path, "--resume")
        wait_for_results(tmp_path, process)
        time.sleep(rng.random() * 0.4)
        process.kill()
        process.communicate()
        end = time.monotonic() + 10
        while not gone(process.pid) and time.monotonic() < end:
            time.sleep(0.02)
        assert gone(process.pid), "workers outlive their parent"
    before = kept(tmp_path)
    assert 0 < before < number
    process = start(tmp_path, "--resume", "--json")
    out, _ = process.communicate(timeout=60)
    assert json.loads(out)["results"]["sweep.answered"]["value"] == number - before
    sweep = sweep_of(tmp_path, (tmp_path / "grid.yaml").read_text(), "grid.yaml")
    answered(sweep, LocalEngine(context_of(sweep), 2), tmp_path / "whole")
    assert (tmp_path / "out/results.parquet").read_bytes() == (tmp_path / "whole/results.parquet").read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_by_a_signal_it_says_how_to_go_on(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "grid.yaml").write_text(GRID % [8 * at for at in range(1, 2000)])
    process = start(tmp_path)
    wait_for_results(tmp_path, process)
    # A terminal and a batch system send it to every process of the group, and some to the first of them again.
    os.killpg(process.pid, number)
    process.send_signal(number)
    out, error = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert out == ""
    assert "Traceback" not in error
    assert "Go on with: lindos sweep grid.yaml --out out --workers 2 --resume\n" in error
    assert f"{kept(tmp_path):,} of 1,999 scenarios are kept in out" in error
    assert len({row["scenario"] for row in rows(tmp_path / "out")}) == kept(tmp_path)


def test_outcomes_are_small(small: tuple[Sweep, Path]) -> None:
    assert (small[1] / "journal.sqlite").stat().st_size < 100_000
    assert Outcome("ok").numbers == b""


def test_one_call_answers_a_sweep(tmp_path: Path, small: tuple[Sweep, Path]) -> None:
    (tmp_path / "small.yaml").write_text(SMALL)
    result = run_sweep(tmp_path / "small.yaml", tmp_path / "out", workers=1)
    assert result.summary.statuses["ok"] == 6
    assert result.table == tmp_path / "out" / "results.parquet"
    assert result.to_arrow().to_pylist() == rows(small[1])
    assert repr(result) == f"<SweepResult small: 6 ok; {result.table}>"
    with pytest.raises(InputError, match="without results of a sweep"):
        run_sweep(tmp_path / "small.yaml", tmp_path / "out", workers=1)
    assert run_sweep(tmp_path / "small.yaml", tmp_path / "out", workers=1, resume=True).finished.progress.reused == 6


@pytest.mark.parametrize("workers", [0, -1, 10**6])
def test_a_number_of_workers_that_cannot_be_is_a_sentence(workers: int, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL)
    with pytest.raises(InputError, match="--workers"):
        run_sweep(tmp_path / "small.yaml", tmp_path / "out", workers=workers)
    assert not (tmp_path / "out").exists()
