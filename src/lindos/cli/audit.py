"""``lindos audit FILE``: claims and articles against the physics."""

from pathlib import Path

import click

from lindos.cli.common import catalog_option, json_option, note, show


@click.command()
@click.argument("file", required=False)
@click.option("--date", metavar="D", help="Day of the text, such as 2025-07-22 [today].")
@click.option("--out", metavar="DIR", help="Folder for report.html, results.json and results.parquet [none].")
@catalog_option
@json_option
def command(file: str | None, date: str | None, out: str | None, catalogs: tuple[Path, ...], as_json: bool) -> None:
    """Check every number of FILE, a text in German or English, or the claims of FILE.yaml.

    Without FILE, the claims of the catalogue are checked; - reads a text from standard input.
    """
    from lindos.answers import audit_claims

    answer = audit_claims(file, catalogs, date)
    paths: tuple[Path, ...] = ()
    if out:
        from lindos.report import write

        paths = write(answer, Path(out))
    show(answer, as_json)
    if paths:
        note(f"Report: {paths[0]}")
