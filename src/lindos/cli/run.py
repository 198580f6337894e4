"""``lindos run SCENARIO``: the main job."""

from pathlib import Path

import click

from lindos.cli.common import catalog_option, json_option, note, show


@click.command()
@click.argument("scenario")
@click.option(
    "--out",
    metavar="DIR",
    help="Folder for report.html, results.json and results.parquet [lindos-out/SCENARIO].",
)
@catalog_option
@json_option
def command(scenario: str, out: str | None, catalogs: tuple[Path, ...], as_json: bool) -> None:
    """Answer everything SCENARIO asks: a built-in name such as colossus-2, or a YAML file.

    Built-in: chip-demand, colossus-1, colossus-2, fifty-million, llama3-405b, meta-hyperion, meta-prometheus,
    one-node, openai-100m, sovereign, stargate-abilene.
    """
    from lindos.answers import answer_file
    from lindos.report import write

    answer = answer_file(scenario, catalogs, command="run")
    folder = Path(out or f"lindos-out/{answer.name}")
    paths = write(answer, folder)
    show(answer, as_json, brief=True)
    note(f"Report: {paths[0]}")
    note(f"Results: {', '.join(str(path) for path in paths[1:])}")
