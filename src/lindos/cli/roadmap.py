"""``lindos roadmap SCENARIO``: the path to the target."""

from pathlib import Path

import click

from lindos.cli.common import ScenarioName, catalog_option, full_option, json_option, run_sections, set_option


@click.command()
@click.argument("scenario", type=ScenarioName())
@catalog_option
@set_option
@json_option
@full_option
def command(scenario: str, catalogs: tuple[Path, ...], changes: tuple[str, ...], as_json: bool, full: bool) -> None:
    """Show the path to the target for SCENARIO, a built-in name or a YAML file."""
    run_sections("roadmap", scenario, catalogs, changes, as_json, full)
