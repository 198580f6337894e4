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
@click.option(
    "--fit", "user_runs", type=FilePath(), metavar="RUNS", help="Fit a software profile to your own runs instead."
)
@click.option("--stack", metavar="NAME", help="Software profile that --fit starts from; that of the runs by default.")
@click.option("--template", "as_template", is_flag=True, help="Print a file of own runs to fill in.")
@click.option("--sites", "with_sites", is_flag=True, help="Published power of sites and supercomputers instead.")
@click.option("--serving", "with_serving", is_flag=True, help="Published measurements of serving instead.")
@catalog_option
@json_option
def command(
    file: Path | None,
    out: Path | None,
    explain: str | None,
    user_runs: Path | None,
    stack: str | None,
    as_template: bool,
    with_sites: bool,
    with_serving: bool,
    catalogs: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Compare predicted with measured step times of the runs of FILE; without FILE, of published runs.

    A file of measurements of serving (columns input_len, output_len, concurrency_or_mode) is known by its header: time
    of a token, time to the first and throughput are compared then, as with --serving.

    A file of sites (columns site, chips, pub_it_mw) or of TOP500 machines (Name, Computer, gpus, kw) is known by its
    header: IT power is compared then, as with --sites.
    """
    from lindos.catalog import load_catalog
    from lindos.files import check_places, write_whole
    from lindos.validation import document, explain_run, explanation_document, predicted_csv, read_runs, validate

    if out is not None:
        check_places([out])
    if as_template or user_runs is not None:
        _fit(user_runs, stack or "", out, catalogs, as_json)
        return
    if with_sites or (file is not None and _has_sites(file)):
        _sites(file, out, catalogs, as_json)
        return
    if with_serving or (file is not None and _has_serving(file)):
        _serving(file, out, explain, catalogs, as_json)
        return
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


def _fit(user_runs: Path | None, stack: str, out: Path | None, catalogs: tuple[Path, ...], as_json: bool) -> None:
    """Write the catalogue file that a user's own runs give, or the template of such a file."""
    from lindos.catalog import load_catalog
    from lindos.files import write_whole
    from lindos.validation import calibrate, catalogue_file, read_own_runs, template

    if user_runs is None:
        text = template()
    else:
        calibration = calibrate(read_own_runs(user_runs), load_catalog(catalogs), stack)
        text = catalogue_file(calibration)
        errors = f"{calibration.error_before:.1%} before, {calibration.error_after:.1%} after"
        ends = f"{calibration.low:.2f} to {calibration.high:.2f}"
        note(f"{calibration.runs:,} runs of {calibration.stack.name}: median error {errors}")
        note(f"80 % of runs take from {ends} of what is predicted")
        if as_json:
            values = {
                name: getattr(calibration, name)
                for name in ("runs", "factor", "low", "high", "error_before", "error_after")
            }
            click.echo(json.dumps({"stack": calibration.name, "base": calibration.stack.name, **values}, indent=1))
    if out is not None:
        write_whole({out: text.encode()})
        note(f"written to {out}")
    elif not as_json:
        click.echo(text, nl=False)


def _has_sites(file: Path) -> bool:
    """Tell whether a file is one of sites; one that cannot be read is left to the reader of runs."""
    from lindos.validation import is_site_file

    try:
        with file.open("rb") as stream:
            return is_site_file(stream.read(10_000))
    except OSError:
        return False


def _sites(file: Path | None, out: Path | None, catalogs: tuple[Path, ...], as_json: bool) -> None:
    """Compare predicted with published power."""
    from lindos.catalog import load_catalog
    from lindos.files import write_whole
    from lindos.validation import read_site_rows, site_document, sites_csv, validate_sites

    score = validate_sites(load_catalog(catalogs), read_site_rows(file))
    if out is not None:
        write_whole({out: sites_csv(score)})
        note(f"{len(score.predictions):,} rows written to {out}")
    if as_json:
        click.echo(json.dumps(site_document(score), indent=1, allow_nan=False))
        return
    from lindos.report.validation import sites_terminal
    from lindos.terminal import console

    sites_terminal(score, console())


def _has_serving(file: Path) -> bool:
    """Tell whether a file is one of serving; one that cannot be read is left to the reader of runs."""
    from lindos.validation.serving import is_serving_file

    try:
        with file.open("rb") as stream:
            return is_serving_file(stream.read(10_000))
    except OSError:
        return False


def _serving(
    file: Path | None, out: Path | None, explain: str | None, catalogs: tuple[Path, ...], as_json: bool
) -> None:
    """Compare predicted with measured serving."""
    from lindos.catalog import load_catalog
    from lindos.files import write_whole
    from lindos.report.serving import serving_explanation_document, serving_explanation_terminal, serving_terminal
    from lindos.terminal import console
    from lindos.validation.serving import (
        read_serving,
        serving_csv,
        serving_document,
        serving_explanation,
        validate_serving,
    )

    catalog = load_catalog(catalogs)
    score = validate_serving(read_serving(file), catalog)
    explanation = None if explain is None else serving_explanation(score, explain, catalog)
    if out is not None:
        write_whole({out: serving_csv(score)})
        note(f"{len(score.rows):,} rows written to {out}")
    if as_json:
        answer = serving_document(score) if explanation is None else serving_explanation_document(explanation)
        click.echo(json.dumps(answer, indent=1, allow_nan=False))
    elif explanation is None:
        serving_terminal(score, console())
    else:
        serving_explanation_terminal(explanation, console())
