"""What commands share: the catalogue option, and printing an answer as text or as one JSON document."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lindos.terminal import printable

if TYPE_CHECKING:
    from lindos.answers.answer import Answer

F = TypeVar("F", bound=Callable[..., Any])


class FilePath(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions only
    """The path of a file to read; whether there is one is found where it is read, in one sentence for all commands."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Make ``value`` a path."""
        return Path(value)


class _Place(click.ParamType):  # type: ignore[type-arg]
    """The path of a folder or file to write; an empty one is refused, for it would be the current folder."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Make ``value`` a path."""
        from lindos.errors import InputError

        if isinstance(value, str) and not value.strip():
            name = param.opts[0] if param else "--out"
            raise InputError(name, value, "the path of a place to write to", "Leave it out for the usual one.")
        return Path(value)


def catalog_option(function: F) -> F:
    """``--catalog FILE``: the user's own prices, hardware, models and rates over the shipped ones."""
    return click.option(
        "--catalog",
        "catalogs",
        multiple=True,
        type=FilePath(),
        metavar="FILE",
        help="Your own catalogue file over the shipped one; may be given more than once.",
    )(function)


def out_option(metavar: str, help: str) -> Callable[[F], F]:
    """``--out``: where files go; ``metavar`` says whether it is a folder or a file."""
    return click.option("--out", type=_Place(), metavar=metavar, help=help)


def json_option(function: F) -> F:
    """``--json``: one JSON document on standard output, nothing else there."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(function)


def show(answer: "Answer", as_json: bool, *, brief: bool = False) -> None:
    """Print ``answer`` for a person, in ``brief`` where a report holds the rest, or as JSON."""
    if as_json:
        from lindos.report import json_document

        click.echo(json.dumps(json_document(answer), indent=1, allow_nan=False))
        return
    from lindos.report import terminal
    from lindos.terminal import console

    terminal(answer, console(), brief=brief)


def note(text: str) -> None:
    """Progress, on standard error."""
    click.echo(printable(text), err=True)


def run_sections(
    command: str,
    scenario: str,
    catalogs: tuple[Path, ...],
    changes: tuple[str, ...],
    as_json: bool,
) -> None:
    """Answer the section of a scenario that ``command`` is named after, with those that it needs, and print them."""
    from lindos.answers import run
    from lindos.views import sections_of

    sections = sections_of(command)
    answer = run(scenario, catalogs, changes=changed_values(changes), command=command, sections=sections)
    show(answer, as_json)


def set_option(function: F) -> F:
    """``--set PATH=VALUE``: another value of one field of the scenario, or of the catalogue."""
    return click.option(
        "--set",
        "changes",
        multiple=True,
        metavar="PATH=VALUE",
        help="Another value of a field, such as site.pue=1.2 or catalog.systems.hgx-h100.price=$200k; repeatable.",
    )(function)


def changed_values(changes: tuple[str, ...]) -> dict[str, str]:
    """Read ``PATH=VALUE`` words: values by path.

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
