"""Options that commands share, and printing an answer as text or as one JSON document."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from lindos.terminal import printable

if TYPE_CHECKING:
    from lindos.answers.answer import Answer

F = TypeVar("F", bound=Callable[..., Any])


class FilePath(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions only
    """The path of a file to read; the code that reads it reports a missing file, with one sentence for all commands."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return ``value`` as a path."""
        return Path(value)


class ScenarioName(click.ParamType):  # type: ignore[type-arg]
    """A built-in scenario or the path of a file; a shell completes both."""

    name = "scenario"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return ``value`` as text."""
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """List the built-in scenarios that begin like this, then let the shell list files."""
        from importlib.resources import files

        # The names of the files, because reading scenarios would load what a key press cannot wait for.
        entries = files("lindos").joinpath("scenario", "builtin").iterdir()
        names = sorted(entry.name.removesuffix(".yaml") for entry in entries if entry.name.endswith(".yaml"))
        items = [CompletionItem(name) for name in names if name.startswith(incomplete)]
        return items or [CompletionItem(incomplete, type="file")]


class _Place(click.ParamType):  # type: ignore[type-arg]
    """The path of a folder or file to write; an empty path is refused, because it means the current folder."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return ``value`` as a path."""
        from lindos.errors import InputError

        if isinstance(value, str) and not value.strip():
            name = param.opts[0] if param else "--out"
            raise InputError(name, value, "the path of a place to write to", "Leave it out for the usual one.")
        return Path(value)


def catalog_option(function: F) -> F:
    """Add ``--catalog FILE``: prices, hardware, models and rates that replace those of the catalogue.

    Parameters
    ----------
    function
        Click command, which receives ``catalogs``.
    """
    return click.option(
        "--catalog",
        "catalogs",
        multiple=True,
        type=FilePath(),
        metavar="FILE",
        help="A catalogue file of your own, whose entries replace the shipped ones; repeatable.",
    )(function)


def out_option(metavar: str, help: str) -> Callable[[F], F]:
    """Make the option ``--out``, the place of written files.

    Parameters
    ----------
    metavar
        ``DIR`` or ``FILE``.
    help
        Help of the option.
    """
    return click.option("--out", type=_Place(), metavar=metavar, help=help)


def as_decoder_option(function: F) -> F:
    """Add ``--as-gated-decoder``: read a ``config.json`` by hand.

    Parameters
    ----------
    function
        Click command, which receives ``model_as``.
    """
    text = "Read a config.json as a gated decoder with softmax attention, whatever else it has."
    return click.option("--as-gated-decoder", "model_as", flag_value="gated-decoder", default=None, help=text)(function)


def json_option(function: F) -> F:
    """Add ``--json``: print one JSON document, and nothing else, on standard output.

    Parameters
    ----------
    function
        Click command, which receives ``as_json``.
    """
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(function)


def full_option(function: F) -> F:
    """Add ``--full``: print all figures, tables, notes and warnings.

    Parameters
    ----------
    function
        Click command, which receives ``full``.
    """
    return click.option("--full", is_flag=True, help="Print all figures, tables, notes and warnings.")(function)


def show(answer: "Answer", as_json: bool, *, brief: bool = False) -> None:
    """Print an answer for a person or as JSON.

    Parameters
    ----------
    answer
        Answer of a command.
    as_json
        Whether to print one JSON document.
    brief
        Whether to print what matters most, and no more.
    """
    if as_json:
        from lindos.report import json_document, json_text

        click.echo(json_text(json_document(answer), ascii_only=True))
        return
    from lindos.report import terminal
    from lindos.terminal import console

    terminal(answer, console(), brief=brief)


def note(text: str) -> None:
    """Print a line of progress on standard error.

    Parameters
    ----------
    text
        The line.
    """
    click.echo(printable(text), err=True)


def run_sections(
    command: str,
    scenario: str,
    catalogs: tuple[Path, ...],
    changes: tuple[str, ...],
    as_json: bool,
    full: bool,
) -> None:
    """Answer the section of a command, with the sections that it needs, and print them.

    Parameters
    ----------
    command
        Name of the command, and of its section.
    scenario
        Built-in name, or path of a YAML file.
    catalogs
        Catalogue files of the user.
    changes
        Words of ``--set``.
    as_json
        Whether to print one JSON document.
    full
        Whether to print all figures, tables, notes and warnings.
    """
    from lindos.answers import run
    from lindos.cli.patience import Patience
    from lindos.views import sections_of

    sections = sections_of(command)
    with Patience() as patience:
        answer = run(
            scenario,
            catalogs,
            changes=changed_values(changes),
            command=command,
            sections=sections,
            begins=patience.begins,
        )
    show(_of_section(answer, command) if not (full or as_json) else answer, as_json, brief=not full)


def _of_section(answer: "Answer", name: str) -> "Answer":
    """Return an answer with one section alone: the others were needed for it, and nobody asked for them."""
    from dataclasses import replace

    sections = tuple(section for section in answer.sections if section.name == name)
    warnings = tuple(
        warning
        for warning in answer.warnings
        if not any(warning in section.warnings for section in answer.sections if section.name != name)
    )
    return replace(answer, sections=sections or answer.sections, warnings=warnings, verdict=None, statement="")


def set_option(function: F) -> F:
    """Add ``--set PATH=VALUE``: another value of one field of the scenario, or of the catalogue.

    Parameters
    ----------
    function
        Click command, which receives ``changes``.
    """
    return click.option(
        "--set",
        "changes",
        multiple=True,
        metavar="PATH=VALUE",
        help="Another value of a field, such as site.pue=1.2 or catalog.systems.hgx-h100.price=$200k; repeatable.",
    )(function)


def changed_values(changes: tuple[str, ...]) -> dict[str, str]:
    """Read the words of ``--set``, ``PATH=VALUE``, into values by path.

    Parameters
    ----------
    changes
        Words of the command line.

    Raises
    ------
    InputError
        If a word has no path or no value, or a path is given twice.
    """
    from lindos.errors import InputError

    values: dict[str, str] = {}
    for word in changes:
        path, equals, value = word.partition("=")
        if not path or not equals or not value:
            raise InputError("--set", word, "PATH=VALUE", "Write for example --set site.pue=1.2.")
        if path in values:
            raise InputError("--set", word, f"the only value of {path}", "Give each path once.")
        values[path] = value
    return values


def check_beside_scenario(scenario: str | None, changes: tuple[str, ...], options: Mapping[str, Any]) -> None:
    """Refuse options that a scenario has as fields, ``--set`` without a scenario, and a missing model or cluster.

    Parameters
    ----------
    scenario
        Built-in name, or path of a YAML file; None if the options name model and cluster.
    changes
        Words of ``--set``.
    options
        Values of the options that describe model, cluster, job and plan, by name; None if they are not given.

    Raises
    ------
    InputError
        If an option is superfluous or missing.
    """
    from lindos.errors import InputError

    if scenario is not None:
        for name, value in options.items():
            if value is not None:
                hint = "Write another value of a field with --set, such as --set job.model=llama-3.1-70b."
                raise InputError(f"--{name.replace('_', '-')}", value, "left out beside a scenario", hint)
        return
    if changes:
        raise InputError("--set", changes[0], "left out without a scenario", "Use the option of the value.")
    for name in ("model", "cluster"):
        if options[name] is None:
            raise InputError(f"--{name}", None, "given without a scenario", "Or name a scenario.")
