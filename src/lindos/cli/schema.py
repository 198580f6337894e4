"""``lindos schema``: the JSON Schema of a scenario, for editors."""

import json

import click


@click.command()
def command() -> None:
    """Print the JSON Schema of a scenario file; point your editor's YAML support at it."""
    from lindos.scenario.starter import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
