"""``lindos sweep GRID.yaml``: many scenarios."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lindos.cli.common import catalog_option, json_option, note

if TYPE_CHECKING:
    from lindos.sweep import Engine, Finished, Progress, Sweep


@click.command()
@click.argument("grid", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder of results [lindos-out/sweep-GRID]."
)
@click.option(
    "--engine",
    default="local",
    show_default=True,
    type=click.Choice(["local", "ray"]),
    help="Processes of this machine, or a Ray cluster (extra ray).",
)
@click.option(
    "--workers", type=click.IntRange(1, 100_000), metavar="N", help="Processes; one for each core if left out."
)
@click.option("--address", metavar="A", help="Ray cluster to join, HOST:PORT; RAY_ADDRESS or this machine's otherwise.")
@click.option("--resume", is_flag=True, help="Keep what an interrupted run has finished, and answer the rest.")
@catalog_option
@json_option
def command(
    grid: Path,
    out: Path | None,
    engine: str,
    workers: int | None,
    address: str | None,
    resume: bool,
    catalogs: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Answer every scenario of GRID, a YAML file with a base scenario and the fields that vary.

    Writes results.parquet, one row for each figure of each scenario.
    """
    from lindos.sweep import Journal, read_sweep, run_sweep, summary

    sweep = read_sweep(grid, catalogs)
    folder = out or Path("lindos-out") / f"sweep-{sweep.name}"
    # Ray prints what happens to its workers; standard output is for the answer.
    with (
        redirect_stdout(sys.stderr),
        closing(_engine(sweep, engine, workers, address)) as place,
        Journal(folder, resume=resume) as journal,
    ):
        with _progress(len(sweep)) as report:
            finished = run_sweep(sweep, place, journal, folder, report)
        found = summary(sweep, journal) if finished.stopped_by is None else None
    if found is None:
        return _stopped(finished, grid, folder)
    _print(sweep, finished, found, as_json)
    return 0


def _engine(sweep: "Sweep", name: str, workers: int | None, address: str | None) -> "Engine":
    from lindos.errors import InputError
    from lindos.sweep import LocalEngine, RayEngine, context_of, cores

    if name == "ray":
        return RayEngine(context_of(sweep), workers, address, most=len(sweep))
    if address is not None:
        raise InputError("--address", address, "left out where the engine is local", "Add --engine ray.")
    return LocalEngine(context_of(sweep), min(workers or cores(), len(sweep)))


@contextmanager
def _progress(total: int) -> "Iterator[Callable[[Progress], object]]":
    """A bar on standard error; where that is no terminal, one line at the end."""
    if not sys.stderr.isatty():
        last: list[Progress] = []
        yield lambda progress: last.__setitem__(slice(None), [progress])
        note(_line(last[0]) if last else "Nothing was left to answer.")
        return
    from rich import progress as bars
    from rich.console import Console

    columns = (bars.BarColumn(), bars.MofNCompleteColumn(), bars.TextColumn("{task.fields[rate]}"))
    with bars.Progress(*columns, bars.TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("scenarios", total=total, rate="")
        yield lambda progress: bar.update(task, completed=progress.done, rate=f"{progress.rate:.3g}/s")


def _line(progress: "Progress") -> str:
    return f"{progress.done:,} of {progress.total:,} scenarios, {progress.rate:.3g} per second"


def _stopped(finished: "Finished", grid: Path, folder: Path) -> int:
    done, total = finished.progress.done, finished.progress.total
    note(f"lindos: stopped; {done:,} of {total:,} scenarios are kept in {folder}.")
    note(f"Go on with: lindos sweep {grid} --out {folder} --resume, and the options you gave.")
    return 128 + (finished.stopped_by or 0)


def _print(sweep: "Sweep", finished: "Finished", found: Any, as_json: bool) -> None:
    from lindos.report.sweep import sweep_document, sweep_terminal

    if as_json:
        click.echo(json.dumps(sweep_document(sweep, finished, found), indent=1, allow_nan=False))
        return
    from rich.console import Console

    sweep_terminal(sweep, finished, found, Console())
