"""``lindos solve SCENARIO``: the value of one input at which a figure is as wanted."""

from pathlib import Path

import click

from lindos.cli.common import ScenarioName, catalog_option, changed_values, full_option, json_option, set_option, show


@click.command()
@click.argument("scenario", type=ScenarioName())
@click.option("--vary", required=True, metavar="PATH", help="A number or a day, such as site.electricity_price.")
@click.option("--until", required=True, metavar="FIGURE=VALUE", help="Wanted value, such as site.device_cost=$2/h.")
@click.option("--from", "low", metavar="VALUE", help="Lowest value to try; a hundredth of the current one by default.")
@click.option("--to", "high", metavar="VALUE", help="Highest value to try; a hundred times the current one by default.")
@catalog_option
@set_option
@json_option
@full_option
def command(
    scenario: str,
    vary: str,
    until: str,
    low: str | None,
    high: str | None,
    catalogs: tuple[Path, ...],
    changes: tuple[str, ...],
    as_json: bool,
    full: bool,
) -> None:
    """Find the value of one input of SCENARIO at which a figure is as wanted: how much must it rise or fall, by when?

    \b
    lindos solve colossus-2 --vary site.electricity_price --until site.device_cost=$2.30/h
    lindos solve llama3-405b --vary cluster.pools.0.gpus --until "campaign.duration=60 days"
    lindos solve fifty-million --vary roadmap.by --until roadmap.required_growth=2.5
    lindos solve one-node --vary catalog.systems.hgx-h100.price --until site.device_cost=$1.20/h
    """
    from lindos.answers import solve_scenario
    from lindos.cli.patience import Patience

    with Patience() as patience:
        answer = solve_scenario(
            scenario,
            vary,
            until,
            catalogs,
            low=low,
            high=high,
            changes=changed_values(changes),
            begins=patience.begins,
        )
    show(answer, as_json, brief=not full)
