"""An answer as text, as one page, as JSON and as a table; all take the answer as data and compute nothing."""

from lindos.report.console import terminal
from lindos.report.document import json_document, json_text
from lindos.report.documents import DOCUMENTS, results_schema
from lindos.report.files import files_in, write
from lindos.report.page import html

__all__ = ["DOCUMENTS", "files_in", "html", "json_document", "json_text", "results_schema", "terminal", "write"]
