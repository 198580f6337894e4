"""The command line: one file per command, loaded when it is called, so that ``lindos --help`` starts at once."""

import atexit
import gc
import os
import sys
import warnings
from importlib import import_module
from typing import Any

import click

from lindos.terminal import accept_any_encoding

#: Every command with its one-line help; its function is ``command`` in the module of the same name.
COMMANDS = {
    "run": "Answer all sections of a scenario; write report.html, results.json and results.parquet.",
    "step": "Time, memory, MFU and breakdown of one training step.",
    "search": "The best plans on a cluster, or the best cluster: exhaustive, at any scale.",
    "campaign": "Days to train a scenario's model with failures: goodput, checkpoints, spares.",
    "fleet": "GPUs at cloud providers that carry a scenario's inference traffic, and their bill.",
    "site": "Power, energy, capex, opex and cost per GPU-hour of a scenario's site.",
    "roadmap": "The path from today to a scenario's target: GPUs, gigawatts and dollars per year.",
    "compare": "Scenarios beside each other, or one under other values: what differs, and what moved it.",
    "solve": "The value of one input at which a figure is as wanted: how much, how many, by when.",
    "audit": "Check claims about compute, power and money against the physics.",
    "validate": "Compare predicted with measured step times of published training runs, or of your own.",
    "sweep": "Answer many scenarios: a grid or a sample over any of their fields; resumable, on one machine or many.",
    "catalog": "Hardware, models, sites and prices of the catalogue, with sources.",
    "schema": "Print the JSON Schema of a scenario file.",
    "init": "Write a commented scenario to start from.",
}


class Commands(click.Group):
    """Group that knows its commands by name and imports one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the names in the order of the floors."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"lindos.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that ``args`` begin with; an unknown name is a usage error."""
        if args and args[0] not in COMMANDS:
            import difflib

            closest = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {closest[0]}?" if closest else ""
            raise click.UsageError(f"command is {args[0]!r}, but must be one of {', '.join(COMMANDS)}.{hint}")
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None:
            _refuse_repeats(command, rest)
        return name, command, rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named, in a process set up for it."""
        from lindos.cli.heap import share_one_heap

        share_one_heap()
        return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _refuse_repeats(command: click.Command, args: list[str]) -> None:
    """Refuse a single-valued option that is given twice: click would take the last value without a word."""
    single = {
        name
        for option in command.params
        if isinstance(option, click.Option) and not (option.multiple or option.is_flag or option.count)
        for name in option.opts
    }
    values: dict[str, str] = {}
    words = iter(args)
    for word in words:
        if word == "--":
            return
        name, joined, value = word.partition("=")
        if name not in single:
            continue
        value = value if joined else next(words, "")
        if name in values:
            raise click.UsageError(f"{name} is {values[name]!r} and {value!r}, but takes one value.")
        values[name] = value


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from lindos import __version__

        click.echo(f"lindos {__version__}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Print the version."
)
def group() -> None:
    """Plan, simulate and price AI superclusters, from one eight-GPU node to fifty million H100-equivalents.

    Start with: lindos run colossus-2
    """


def main(args: list[str] | None = None) -> None:
    """Run the command line; a user's mistake prints one sentence and exits 2 (wrong input) or 3 (infeasible).

    Parameters
    ----------
    args
        Words of the command line; those of the process if None.
    """
    from lindos.cli.ending import stopped_by_signals

    # Imports and the catalogue make many objects that live as long as the process: to look for garbage among them after
    # every few hundred new ones takes a tenth of a short command.
    gc.set_threshold(300_000, 10, 10)
    # The interpreter looks for garbage once more as it ends, though all memory goes back with the process.
    atexit.register(gc.freeze)
    # Pydantic looks for plugins in every package that is installed; no answer may depend on one.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # NumPy's linear algebra starts a thread for every core, though Lindos solves nothing with it that is worth one;
    # they take a tenth of a short command.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    accept_any_encoding()
    # Every number of an answer is checked before it is shown; NumPy's warnings would only confuse a user.
    warnings.simplefilter("ignore", RuntimeWarning)
    with stopped_by_signals():
        code = exit_code(args)
    sys.exit(code)


def exit_code(args: list[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    args
        Words of the command line; those of the process if None.
    """
    from lindos.cli.ending import Stopped, ended

    try:
        result: Any = group.main(args=args, prog_name="lindos", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except SystemExit:  # click exits like this if the reader of the output has gone
        return ended(BrokenPipeError())
    except (Exception, KeyboardInterrupt, Stopped) as error:
        return ended(error)
