"""``lindos fleet SCENARIO``: the inference fleet at cloud providers."""

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
    """Show the inference fleet at cloud providers for SCENARIO, a built-in name or a YAML file."""
    run_sections("fleet", scenario, catalogs, changes, as_json, full)
