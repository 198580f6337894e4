"""What commands share: the catalogue option, and printing an answer as text or as one JSON document."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from lindos.answers.answer import Answer

F = TypeVar("F", bound=Callable[..., Any])


def catalog_option(function: F) -> F:
    """``--catalog FILE``: the user's own prices, hardware, models and rates over the shipped ones."""
    return click.option(
        "--catalog",
        "catalogs",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Your own catalogue file over the shipped one; may be given more than once.",
    )(function)


def json_option(function: F) -> F:
    """``--json``: one JSON document on standard output, nothing else there."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(function)


def show(answer: "Answer", as_json: bool, *, brief: bool = False) -> None:
    """Print ``answer`` for a person, in ``brief`` where a report holds the rest, or as JSON."""
    if as_json:
        from lindos.report import json_document

        click.echo(json.dumps(json_document(answer), indent=1, allow_nan=False))
        return
    from rich.console import Console

    from lindos.report import terminal

    terminal(answer, Console(), brief=brief)


def note(text: str) -> None:
    """Progress, on standard error."""
    click.echo(text, err=True)


def run_sections(
    command: str, scenario: str, catalogs: tuple[Path, ...], as_json: bool, sections: frozenset[str] | None
) -> None:
    """Answer the ``sections`` of a scenario and print them."""
    from lindos.answers import answer_file

    show(answer_file(scenario, catalogs, command=command, sections=sections), as_json)
