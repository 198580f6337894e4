"""``lindos campaign SCENARIO``: the days that a campaign takes with failures."""

from pathlib import Path

import click

from lindos.cli.common import ScenarioName, catalog_option, changed_values, full_option, json_option, set_option, show


@click.command()
@click.argument("scenario", type=ScenarioName())
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the random numbers.")
@click.option("--tolerance", metavar="SHARE", help="Allowed error of P10, P50 and P90 of goodput: 0.5 %.")
@click.option("--trials", type=click.IntRange(8, 1_000_000), help="Largest number of simulated trials of the run.")
@click.option("--replicas", type=click.IntRange(8, 1_000_000), hidden=True)
@catalog_option
@set_option
@json_option
@full_option
def command(
    scenario: str,
    seed: int,
    tolerance: str | None,
    trials: int | None,
    replicas: int | None,
    catalogs: tuple[Path, ...],
    changes: tuple[str, ...],
    as_json: bool,
    full: bool,
) -> None:
    """Show the days that the campaign of SCENARIO, a built-in name or a YAML file, takes with failures.

    The run is simulated many times over, until P10, P50 and P90 of its goodput are known to the tolerance.
    """
    from lindos.answers import run
    from lindos.study.campaign import CampaignAsked
    from lindos.views import sections_of

    if replicas is not None:
        click.echo("--replicas is now --trials: a replica is data-parallel, a simulated history is a trial.", err=True)
    with _Progress() as progress:
        wishes = CampaignAsked.read(tolerance, max_trials=trials or replicas, seed=seed, report=progress.show)
        answer = run(
            scenario,
            catalogs,
            changes=changed_values(changes),
            command="campaign",
            sections=sections_of("campaign"),
            campaign=wishes,
        )
    show(answer, as_json, brief=not full)


class _Progress:
    """A bar on standard error that fills as the error shrinks to the tolerance; only on a terminal."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        from lindos.terminal import console as plain_console

        console = plain_console(stderr=True)
        self._bar = Progress(
            *(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[reached]}")),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, object] = {}

    def __enter__(self) -> "_Progress":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, name: str, done: int, reached: float, wanted: float) -> None:
        """Show the progress of one kind of trials.

        Parameters
        ----------
        name
            Kind of trials.
        done
            Number of simulated trials.
        reached, wanted
            Error of the percentiles of goodput and its tolerance, as fractions.
        """
        if name not in self._tasks:
            self._tasks[name] = self._bar.add_task(name, total=1.0, reached="")
        self._bar.update(
            self._tasks[name],  # type: ignore[arg-type]
            completed=min(1.0, (wanted / reached) ** 2 if reached > 0 else 1.0),
            reached=f"{done:,} trials, goodput known to {100 * reached:.2g} points",
        )
