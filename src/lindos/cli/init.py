"""``lindos init``: a commented scenario to start from."""

import shlex
from pathlib import Path

import click

from lindos.cli.common import FilePath, note


@click.command()
@click.argument("file", default="scenario.yaml", type=FilePath())
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def command(file: Path, force: bool) -> None:
    """Write a commented scenario to FILE [scenario.yaml], ready for `lindos run`."""
    from lindos.scenario.starter import write_starter

    write_starter(file, force=force)
    note(f"Wrote {file}. Edit it, then: {shlex.join(['lindos', 'run', str(file)])}")
