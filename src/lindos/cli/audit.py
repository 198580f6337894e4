"""``lindos audit FILE``: claims against the physics."""

from pathlib import Path

import click

from lindos.cli.common import catalog_option, json_option, show


@click.command()
@click.argument("file", required=False)
@catalog_option
@json_option
def command(file: str | None, catalogs: tuple[Path, ...], as_json: bool) -> None:
    """Check the claims of FILE (YAML); without FILE, those of the catalogue."""
    from lindos.answers import audit_file

    show(audit_file(file, catalogs), as_json)
