"""An answer as one JSON document: strictly valid, in the answer's own order."""

import math
from collections.abc import Mapping
from typing import Any

from lindos.answers.answer import Answer
from lindos.elements import Figure, Table


def json_document(answer: Answer) -> dict[str, Any]:
    """Give ``answer`` as data that any strict JSON writer takes; an unknown number is null."""
    return {
        "command": answer.command,
        "version": answer.version,
        "inputs": plain(answer.inputs),
        "results": {figure.name: _figure(figure, answer) for figure in answer.figures},
        "tables": {table.name: _table(table) for section in answer.sections for table in section.tables},
        "warnings": list(answer.warnings),
        **plain(answer.extra),
    }


def plain(value: Any) -> Any:
    """Reduce ``value`` to what JSON and YAML know: an unknown number is None, anything else strange its text."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value)


def _figure(figure: Figure, answer: Answer) -> dict[str, Any]:
    return {
        "value": plain(figure.value),
        "unit": figure.unit,
        "low": plain(figure.low),
        "high": plain(figure.high),
        "why": figure.why,
        "sources": [_source(id, answer) for id in figure.sources],
    }


def _source(id: str, answer: Answer) -> dict[str, str]:
    source = answer.sources.get(id)
    return {"id": id, "title": source.title if source else "", "url": source.url if source else ""}


def _table(table: Table) -> dict[str, Any]:
    return {
        "title": table.title,
        "columns": list(table.columns),
        "units": list(table.units),
        "rows": plain(table.rows),
    }
