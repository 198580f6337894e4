"""``lindos campaign SCENARIO``: the days a campaign really takes once things fail."""

from pathlib import Path

import click

from lindos.cli.common import catalog_option, changed_values, json_option, set_option, show


@click.command()
@click.argument("scenario")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the random numbers.")
@click.option("--tolerance", metavar="SHARE", help="How well P10, P50 and P90 of goodput are to be known: 0.5 %.")
@click.option("--trials", type=click.IntRange(8, 1_000_000), help="Largest number of simulated trials of the run.")
@click.option("--replicas", type=click.IntRange(8, 1_000_000), hidden=True)
@catalog_option
@set_option
@json_option
def command(
    scenario: str,
    seed: int,
    tolerance: str | None,
    trials: int | None,
    replicas: int | None,
    catalogs: tuple[Path, ...],
    changes: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show the days a campaign really takes once things fail for SCENARIO, a built-in name or a YAML file.

    The run is simulated many times over, until P10, P50 and P90 of its goodput are known to the tolerance.
    """
    from lindos.answers import run
    from lindos.study.campaign import CampaignAsked
    from lindos.views import sections_of

    if replicas is not None:
        click.echo("--replicas is now --trials: a replica is data-parallel, a simulated history is a trial.", err=True)
    with _Progress() as progress:
        asked = CampaignAsked.read(tolerance, max_trials=trials or replicas, seed=seed, report=progress.show)
        answer = run(
            scenario,
            catalogs,
            changes=changed_values(changes),
            command="campaign",
            sections=sections_of("campaign"),
            campaign=asked,
        )
    show(answer, as_json)


class _Progress:
    """A bar on standard error that fills as the answer gets as sure as asked; nothing where nobody watches."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        from lindos.terminal import console as plain_console

        console = plain_console(stderr=True)
        self._shown = Progress(
            *(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[reached]}")),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, object] = {}

    def __enter__(self) -> "_Progress":
        self._shown.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.stop()

    def show(self, name: str, done: int, reached: float, wanted: float) -> None:
        """Show that `done` trials of one kind are simulated, and their percentiles known to `reached`."""
        if name not in self._tasks:
            self._tasks[name] = self._shown.add_task(name, total=1.0, reached="")
        self._shown.update(
            self._tasks[name],  # type: ignore[arg-type]
            completed=min(1.0, (wanted / reached) ** 2 if reached > 0 else 1.0),
            reached=f"{done:,} trials, goodput known to {100 * reached:.2g} points",
        )
