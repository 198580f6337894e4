"""``lindos compare A B [C D]``: scenarios beside each other, and what moved a figure."""

import shlex
from pathlib import Path
from typing import Any

import click

from lindos.cli.common import (
    ScenarioName,
    catalog_option,
    changed_values,
    full_option,
    json_option,
    note,
    out_option,
    set_option,
    show,
)


@click.command()
@click.argument("scenarios", nargs=-1, required=True, metavar="SCENARIO...", type=ScenarioName())
@click.option(
    "--figure",
    "figures",
    multiple=True,
    metavar="NAME",
    help="A figure whose moves are shown, such as site.device_cost; repeatable. The first that differ by default.",
)
@out_option("DIR", "Folder for report.html, results.json and results.parquet; none is written by default.")
@catalog_option
@set_option
@json_option
@full_option
def command(
    scenarios: tuple[str, ...],
    figures: tuple[str, ...],
    out: Path | None,
    catalogs: tuple[Path, ...],
    changes: tuple[str, ...],
    as_json: bool,
    full: bool,
) -> None:
    """Put two to four scenarios beside each other: built-in names or YAML files.

    With one SCENARIO every --set is one more to compare (several values of one: "a=1; b=2"), and without --set every
    --catalog. With several, --set and --catalog count in all.

    \b
    lindos compare colossus-1 colossus-2
    lindos compare colossus-2 --set site.pue=1.1 --set "site.pue=1.1; site.electricity_price=$0.04/kWh"
    lindos compare colossus-2 --catalog my-prices.yaml --figure site.capex.total
    """
    from lindos.answers import compare_scenarios
    from lindos.cli.patience import Patience
    from lindos.files import check_places
    from lindos.report import files_in, write

    if out is not None:
        check_places(files_in(out))
    alone = len(scenarios) == 1
    candidates: dict[str, Any] = {"changes": _values(changes, alone), "catalog": catalogs}
    if alone and catalogs and not changes:
        candidates = {"catalogs": catalogs}
    with Patience() as patience:
        answer = compare_scenarios(scenarios, figures=figures, begins=patience.begins, **candidates)
    if out is not None:
        words = [*scenarios, *(word for name in figures for word in ("--figure", name))]
        words += [word for catalog in catalogs for word in ("--catalog", str(catalog))]
        words += [word for change in changes for word in ("--set", change)]
        paths = write(answer, out, command=shlex.join(["lindos", "compare", *words, "--out", str(out)]))
    show(answer, as_json, brief=not full)
    if out is not None:
        note(f"Report: {paths[0]}")


def _values(changes: tuple[str, ...], alone: bool) -> list[dict[str, str]]:
    """Read the words of ``--set``: with one scenario each is a candidate, else all of them count in all."""
    if not alone:
        return [changed_values(changes)] if changes else []
    return [changed_values(tuple(part.strip() for part in change.split(";") if part.strip())) for change in changes]
