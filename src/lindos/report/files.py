"""The three files of a report: a page to read, a document and a table for machines."""

import hashlib
import json
import os
import re
from pathlib import Path

from lindos.answers.answer import Answer
from lindos.files import write_whole
from lindos.report.document import json_document
from lindos.report.page import html
from lindos.report.tidy import parquet
from lindos.scenario.read import builtin_names

#: Folder of results by default.
_RESULTS = Path("lindos-out")
_LONGEST_NAME = 80


def folder_for(scenario: str, prefix: str = "") -> Path:
    """Name the folder for the results of a built-in scenario or of a file; different files get different folders.

    It is one folder of letters, digits, dots and dashes below ``lindos-out``, whatever the path of the file. Only files
    of the current folder get a folder of their plain name.

    Parameters
    ----------
    scenario
        Name of a built-in scenario, or path of a file.
    prefix
        Text before the name of the folder.

    Examples
    --------
    >>> folder_for("colossus-2"), folder_for("mine.yaml", prefix="sweep-")
    (PosixPath('lindos-out/colossus-2'), PosixPath('lindos-out/sweep-mine'))
    """
    path = Path(scenario)
    if scenario in builtin_names():
        return _RESULTS / f"{prefix}{scenario}"
    name = re.sub(r"[^\w.-]+", "-", path.stem)[:_LONGEST_NAME].strip(".") or "scenario"
    if path.name != scenario or name != path.stem or path.suffix != ".yaml" or name in builtin_names():
        place = os.path.abspath(scenario)  # noqa: PTH100  # links stay, `..` does not
        name += "-" + hashlib.sha256(place.encode(errors="surrogatepass")).hexdigest()[:6]
    return _RESULTS / f"{prefix}{name}"


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
    document = json.dumps(json_document(answer), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    contents = {
        page: html(answer, command=command).encode(errors="replace"),
        results: document.encode(errors="replace"),
        table: parquet(answer),
    }
    write_whole(contents)
    return page, results, table
