"""The three files of a report: a page to read, a document and a table for machines."""

import json
from pathlib import Path

from lindos.answers.answer import Answer
from lindos.files import write_whole
from lindos.report.document import json_document
from lindos.report.page import html
from lindos.report.tidy import parquet


def write(answer: Answer, directory: Path) -> tuple[Path, Path, Path]:
    """Write ``report.html``, ``results.json`` and ``results.parquet`` into ``directory``: all three or none.

    Raises
    ------
    InputError
        If the folder or a file in it cannot be written.
    """
    document = json.dumps(json_document(answer), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    contents = {
        directory / "report.html": html(answer).encode(),
        directory / "results.json": document.encode(),
        directory / "results.parquet": parquet(answer),
    }
    write_whole(contents)
    page, results, table = contents
    return page, results, table
