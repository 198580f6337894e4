"""``lindos schema``: the JSON Schema of a scenario, for editors, or of results, for programs."""

import json

import click


@click.command()
@click.option(
    "--results",
    is_flag=True,
    help="The schema of results.json, and of --json of an answer, instead.",
)
@click.option(
    "--of",
    "document",
    type=click.Choice(["answer", "sweep", "catalog-list", "catalog-show", "catalog-show-config"]),
    help="The schema of what a command prints with --json; answer is that of --results.",
)
def command(results: bool, document: str | None) -> None:
    """Print the JSON Schema of a scenario file; point your editor's YAML support at it."""
    if results or document:
        from lindos.report import results_schema

        click.echo(json.dumps(results_schema(document or "answer"), indent=2))
        return
    from lindos.scenario.starter import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
