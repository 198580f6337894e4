"""The three files of a report: a page to read, a document and a table for machines."""

from pathlib import Path

from lindos.answers.answer import Answer
from lindos.files import write_whole
from lindos.report.document import json_document, json_text
from lindos.report.page import html
from lindos.report.tidy import parquet


def files_in(folder: Path) -> tuple[Path, Path, Path]:
    """Name the three files of a report.

    Parameters
    ----------
    folder
        Folder of the report.

    Returns
    -------
    tuple of Path
        Page, document and table.
    """
    return folder / "report.html", folder / "results.json", folder / "results.parquet"


def write(answer: Answer, directory: Path, *, command: str = "") -> tuple[Path, Path, Path]:
    """Write ``report.html``, ``results.json`` and ``results.parquet`` into a folder: all three or none.

    Parameters
    ----------
    answer
        The answer to report.
    directory
        The folder; it is made where it is missing.
    command
        The command that makes the same report, quoted for a shell.

    Raises
    ------
    InputError
        If the folder or a file in it cannot be written.
    """
    page, results, table = files_in(directory)
    document = json_text(json_document(answer)) + "\n"
    contents = {
        page: html(answer, command=command),
        results: document.encode(errors="replace"),
        table: parquet(answer),
    }
    write_whole(contents)
    return page, results, table
