"""``lindos validate RUNS.csv``: predicted step times beside measured ones."""

import json
from pathlib import Path

import click

from lindos.cli.common import FilePath, catalog_option, json_option, note, out_option
from lindos.cli.counting import counting


@click.command()
@click.argument("file", required=False, type=FilePath())
@out_option("FILE", "Write every row's prediction as CSV.")
@click.option("--explain", metavar="ID", help="Show the parts of the step time of the run with that id instead.")
@catalog_option
@json_option
def command(
    file: Path | None, out: Path | None, explain: str | None, catalogs: tuple[Path, ...], as_json: bool
) -> None:
    """Compare predicted with measured step times of the runs of FILE; without FILE, of published runs."""
    from lindos.catalog import load_catalog
    from lindos.files import check_places, write_whole
    from lindos.validation import document, explain_run, explanation_document, predicted_csv, read_runs, validate

    if out is not None:
        check_places([out])
    rows, catalog = read_runs(file), load_catalog(catalogs)
    with counting(len(rows), "runs") as count:
        score = validate(rows, catalog, count)
    explanation = None if explain is None else explain_run(score, explain)
    if out is not None:
        write_whole({out: predicted_csv(score.results)})
        note(f"{len(score.results):,} rows written to {out}")
    if as_json:
        answer = document(score) if explanation is None else explanation_document(explanation)
        click.echo(json.dumps(answer, indent=1, allow_nan=False))
        return
    from lindos.report.validation import explanation_terminal, validation_terminal
    from lindos.terminal import console

    if explanation is None:
        validation_terminal(score, console())
    else:
        explanation_terminal(explanation, console())
