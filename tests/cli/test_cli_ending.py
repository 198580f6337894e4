"""A command that is stopped, or whose output goes nowhere, ends with a sentence, an exit code and no litter."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lindos.cli import exit_code

#: Runs the command line; the signal comes while the files of a report are being written.
STOPPED = """
import os, sys
from lindos import files
plain = files._write_new
def write(path, content):
    plain(path, content)
    os.kill(os.getpid(), {number})
    os.kill(os.getpid(), {number})
files._write_new = write
from lindos.__main__ import main
main()
"""
#: Runs one command that prints a line outside of ASCII.
PRINTS = """
import click, sys
from lindos import cli
from lindos.terminal import console
@click.command()
def show():
    console().print("5 – 7 µs")
cli.Commands.get_command = lambda self, ctx, name: show
cli.main(["run"])
"""


def lindos(code: str, *arguments: str, **options: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", code, *arguments]
    kept = {"capture_output": True, "text": True, "timeout": 120, "check": False} | options
    return subprocess.run(command, **kept)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_ends_a_run_without_litter(name: str, tmp_path: Path) -> None:
    number = getattr(signal, name)
    done = lindos(STOPPED.format(number=int(number)), "init", str(tmp_path / "scenario.yaml"))
    said = "stopped." if name == "SIGINT" else f"stopped by {name}."
    assert (done.returncode, done.stderr.strip()) == (128 + number, f"lindos: {said}")
    assert not list(tmp_path.iterdir())


def test_a_signal_that_the_caller_ignores_stays_ignored(tmp_path: Path) -> None:
    code = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{STOPPED.format(number=int(signal.SIGHUP))}"
    assert lindos(code, "init", str(tmp_path / "scenario.yaml")).returncode == 0


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_an_output_of_any_encoding_is_written(encoding: str) -> None:
    done = lindos(PRINTS, env={**os.environ, "PYTHONIOENCODING": encoding}, encoding=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("5 - 7 ")


def test_a_full_disk_behind_the_output_is_a_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        done = lindos(PRINTS, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (
        1,
        "lindos: output cannot be written. The system says: No space left on device.\n",
    )


@pytest.mark.parametrize("code", [PRINTS, PRINTS.replace("console().print", "click.echo")])
def test_a_reader_that_has_read_enough_is_no_error(code: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = lindos(code, capture_output=False, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_interrupt_while_modules_load_has_no_traceback() -> None:
    code = "import builtins, sys\nload = builtins.__import__\n"
    code += "def stop(name, *rest):\n    if name.startswith('click'): raise KeyboardInterrupt\n"
    code += "    return load(name, *rest)\n"
    done = lindos(f"{code}from lindos.__main__ import main\nbuiltins.__import__ = stop\nmain()")
    assert (done.returncode, done.stderr) == (130, "lindos: stopped.\n")


@pytest.mark.parametrize("command", [["run", "one-node"], ["sweep", "grid.yaml"], ["validate"]])
def test_an_empty_place_is_refused(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code([*command, "--out", ""]) == 2
    assert "--out is '', but must be the path of a place to write to" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_refused_before_the_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setattr("lindos.answers.run", lambda *a, **k: pytest.fail("the scenario was answered"))
    monkeypatch.setattr("lindos.validation.validate", lambda *a, **k: pytest.fail("the runs were predicted"))
    assert exit_code(["run", "one-node", "--out", str(tmp_path / "file")]) == 2
    assert exit_code(["validate", "--out", str(tmp_path / "file" / "x.csv")]) == 2
    assert capsys.readouterr().err.count("a place that can be written to") == 2
