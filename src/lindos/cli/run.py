"""``lindos run SCENARIO``: all sections of a scenario, and a report."""

import shlex
from pathlib import Path

import click

from lindos.cli.common import (
    ScenarioName,
    as_decoder_option,
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
@click.argument("scenario", type=ScenarioName())
@out_option("DIR", "Folder for report.html, results.json and results.parquet [lindos-out/SCENARIO].")
@catalog_option
@set_option
@as_decoder_option
@json_option
@full_option
def command(
    scenario: str,
    out: Path | None,
    catalogs: tuple[Path, ...],
    changes: tuple[str, ...],
    model_as: str | None,
    as_json: bool,
    full: bool,
) -> None:
    """Answer all sections of SCENARIO: a built-in name such as colossus-2, or a YAML file.

    Built-in: chip-demand, colossus-1, colossus-2, fifty-million, llama3-405b, meta-hyperion, meta-prometheus,
    one-node, openai-100m, sovereign, stargate-abilene.
    """
    from lindos.answers import run
    from lindos.cli.patience import Patience
    from lindos.files import check_places
    from lindos.report import files_in, write
    from lindos.scenario.folder import folder_for

    if model_as is not None:
        changes = (*changes, f"job.model_as={model_as}")
    folder = out or folder_for(scenario)
    check_places(files_in(folder))
    with Patience() as patience:
        answer = run(scenario, catalogs, changes=changed_values(changes), command="run", begins=patience.begins)
    options = [word for catalog in catalogs for word in ("--catalog", str(catalog))]
    options += [word for change in changes for word in ("--set", change)]
    options += ["--out", str(out)] if out else []
    paths = write(answer, folder, command=shlex.join(["lindos", "run", scenario, *options]))
    show(answer, as_json, brief=not full)
    note(f"Report: {paths[0]}")
    note(f"Results: {', '.join(str(path) for path in paths[1:])}")
