"""``lindos campaign SCENARIO``: the days a campaign really takes once things fail."""

from pathlib import Path

import click

from lindos.cli.common import catalog_option, json_option, run_sections


@click.command()
@click.argument("scenario")
@catalog_option
@json_option
def command(scenario: str, catalogs: tuple[Path, ...], as_json: bool) -> None:
    """Show the days a campaign really takes once things fail for SCENARIO, a built-in name or a YAML file."""
    run_sections("campaign", scenario, catalogs, as_json, frozenset({"cluster", "step", "campaign"}))
