"""``lindos roadmap SCENARIO``: the path to the target."""

from pathlib import Path

import click

from lindos.cli.common import catalog_option, json_option, run_sections


@click.command()
@click.argument("scenario")
@catalog_option
@json_option
def command(scenario: str, catalogs: tuple[Path, ...], as_json: bool) -> None:
    """Show the path to the target for SCENARIO, a built-in name or a YAML file."""
    run_sections("roadmap", scenario, catalogs, as_json, frozenset({"roadmap"}))
