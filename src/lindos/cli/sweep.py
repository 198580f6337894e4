"""``lindos sweep GRID.yaml``: many scenarios."""

import json
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lindos.cli.common import FilePath, catalog_option, changed_values, json_option, note, out_option, set_option

if TYPE_CHECKING:
    from lindos.sweep import Engine, Finished, Progress, Summary, Sweep


@click.command()
@click.argument("grid", type=FilePath())
@out_option("DIR", "Folder of results [lindos-out/sweep-GRID].")
@click.option(
    "--engine",
    default="local",
    show_default=True,
    type=click.Choice(["local", "ray"]),
    help="Processes of this machine, or a Ray cluster (extra ray).",
)
@click.option("--workers", type=click.IntRange(1, 100_000), metavar="N", help="Processes; one per core by default.")
@click.option("--address", metavar="A", help="Ray cluster to join, HOST:PORT; RAY_ADDRESS or this machine by default.")
@click.option("--resume", is_flag=True, help="Keep what an interrupted run has finished, and answer the rest.")
@catalog_option
@set_option
@json_option
def command(
    grid: Path,
    out: Path | None,
    engine: str,
    workers: int | None,
    address: str | None,
    resume: bool,
    catalogs: tuple[Path, ...],
    changes: tuple[str, ...],
    as_json: bool,
) -> int:
    """Answer every scenario of GRID, a YAML file with a base scenario and the fields that vary.

    Writes results.parquet, one row for each figure of each scenario.
    """
    from lindos.scenario.folder import folder_for
    from lindos.sweep import Journal, answer_all, read_sweep, summary

    sweep = read_sweep(grid, catalogs, changed_values(changes))
    folder = out or folder_for(str(grid), prefix="sweep-")
    # Ray prints messages of its workers; standard output is for the answer.
    with (
        redirect_stdout(sys.stderr),
        closing(_engine(sweep, engine, workers, address)) as place,
        Journal(folder, resume=resume) as journal,
    ):
        with _progress(len(sweep)) as report:
            finished = answer_all(sweep, place, journal, folder, report)
        overview = summary(sweep, journal) if finished.stopped_by is None else None
        num_damaged = journal.num_damaged
    _note_end(finished, num_damaged)
    if overview is None:
        options = _options(engine, workers, address, catalogs, changes)
        return _stopped(finished, folder, ["lindos", "sweep", str(grid), "--out", str(folder), *options, "--resume"])
    _print(sweep, finished, overview, as_json)
    return 0


def _engine(sweep: "Sweep", name: str, workers: int | None, address: str | None) -> "Engine":
    from lindos.errors import InputError
    from lindos.sweep import LocalEngine, RayEngine, context_of, local_workers

    if name == "ray":
        return RayEngine(context_of(sweep), workers, address, most=len(sweep))
    if address is not None:
        raise InputError("--address", address, "left out when the engine is local", "Add --engine ray.")
    return LocalEngine(context_of(sweep), local_workers(workers, len(sweep)))


@contextmanager
def _progress(total: int) -> "Iterator[Callable[[Progress], object]]":
    """Show a bar on standard error if it is a terminal."""
    if not sys.stderr.isatty():
        yield lambda progress: None
        return
    from rich import progress as bars

    from lindos.terminal import console

    columns = (bars.BarColumn(), bars.MofNCompleteColumn(), bars.TextColumn("{task.fields[rate]}", markup=False))
    with bars.Progress(*columns, bars.TimeRemainingColumn(), console=console(stderr=True)) as bar:
        task = bar.add_task("scenarios", total=total, rate="")
        yield lambda progress: bar.update(task, completed=progress.done, rate=f"{progress.rate:.3g}/s")


def _note_end(finished: "Finished", num_damaged: int) -> None:
    """Print the progress of the sweep if no bar has shown it, and damage of its journal."""
    progress = finished.progress
    if num_damaged:
        note(f"{num_damaged:,} outcomes of the journal were damaged, and have been answered again.")
    if finished.stopped_by is not None or sys.stderr.isatty():
        return
    if progress.answered:
        note(f"{progress.done:,} of {progress.total:,} scenarios, {progress.rate:.3g} per second")
    else:
        note("Nothing was left to answer.")


def _options(
    engine: str, workers: int | None, address: str | None, catalogs: tuple[Path, ...], changes: tuple[str, ...]
) -> list[str]:
    """Return the options of this run, as words of a command line."""
    options = [word for catalog in catalogs for word in ("--catalog", str(catalog))]
    options += [word for change in changes for word in ("--set", change)]
    for name, value in (("engine", engine if engine != "local" else None), ("workers", workers), ("address", address)):
        options += [] if value is None else [f"--{name}", str(value)]
    return options


def _stopped(finished: "Finished", folder: Path, words: list[str]) -> int:
    done, total = finished.progress.done, finished.progress.total
    note(f"lindos: stopped; {done:,} of {total:,} scenarios are kept in {folder}.")
    if not finished.is_table_whole:
        note(f"There was no time to write all of them into {finished.table.name}; a resumed run writes the rest.")
    note(f"Go on with: {shlex.join(words)}")
    return 128 + (finished.stopped_by or 0)


def _print(sweep: "Sweep", finished: "Finished", overview: "Summary", as_json: bool) -> None:
    from lindos.report.sweep import sweep_document, sweep_terminal
    from lindos.terminal import console

    if as_json:
        click.echo(json.dumps(sweep_document(sweep, finished, overview), indent=1, allow_nan=False))
    else:
        sweep_terminal(sweep, finished, overview, console())
