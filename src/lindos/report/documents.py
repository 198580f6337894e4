"""The JSON documents besides that of an answer: sweeps and the catalogue, each with its schema."""

from typing import Any, NotRequired

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from lindos.errors import UnknownNameError
from lindos.report.document import Document, SourceEntry


class BestEntry(TypedDict):
    """The scenario that is best in a figure, with the values of its swept fields."""

    scenario: int
    values: dict[str, float | str | None]


class SpreadEntry(TypedDict):
    """A number of a sweep; of a figure, the median, least and most over the scenarios that have it."""

    value: float
    unit: str
    low: float | None
    high: float | None
    why: str
    sources: list[str]
    scenarios: NotRequired[int]
    best: NotRequired[BestEntry | None]


class FailureEntry(TypedDict):
    """A reason why scenarios failed, and how many did."""

    reason: str
    scenarios: int


class RangeEntry(TypedDict):
    """The range that a sample is drawn from; ``scale`` is log or linear."""

    low: float
    high: float
    scale: str


class SampleEntry(TypedDict):
    """A stratified sample over ranges of fields."""

    count: int
    seed: int
    fields: dict[str, RangeEntry]


class SweepInputs(TypedDict):
    """A sweep as it was asked."""

    sweep: str
    scenario: str
    base: dict[str, Any]
    ask: list[str]
    grid: dict[str, list[float | str | None]]
    sample: SampleEntry | None
    engine: str
    workers: int


class SweepFiles(TypedDict):
    """Files that a sweep has written."""

    results: str


class SweepDocument(TypedDict):
    """The document of ``lindos sweep --json``."""

    command: str
    version: str
    inputs: SweepInputs
    results: dict[str, SpreadEntry]
    failures: list[FailureEntry]
    files: SweepFiles
    query: str
    warnings: list[str]


class CatalogEntry(TypedDict):
    """One record of ``lindos catalog list --json``."""

    kind: str
    name: str
    title: str


class FactEntry(TypedDict):
    """One value of a record: as text, and in SI with its range as text; null and "unknown" where it is unknown."""

    field: str
    text: str
    value: float | str | None
    unit: str
    low: str | None
    high: str | None
    estimate: bool
    note: str
    sources: list[SourceEntry]


class LayersEntry(TypedDict):
    """Layers of a model by kind; those of multi-token prediction are not in the total."""

    total: int
    dense: int
    experts: int
    full_attention: int
    windowed_attention: int
    recurrent: int
    recurrent_kinds: str
    without_feed_forward: int
    multi_token_prediction: int


class RecordDocument(TypedDict):
    """The document of ``lindos catalog show NAME --json``; models that Lindos can compute have their size."""

    kind: str
    name: str
    values: list[FactEntry]
    parameters: NotRequired[float]
    active_parameters: NotRequired[float]
    layers: NotRequired[LayersEntry]


class ConfigurationDocument(TypedDict):
    """The document of ``lindos catalog show CONFIG.json --json``: the model as it is read."""

    kind: str
    name: str
    file: str
    model_type: str
    shape: dict[str, Any]
    not_understood: list[str]
    ignored: list[str]
    defaults: dict[str, Any]
    left_out: list[str]
    notes: list[str]
    parameters: NotRequired[float]
    active_parameters: NotRequired[float]
    layers: NotRequired[LayersEntry]


#: What commands print with ``--json``; all that are not named here print an answer.
DOCUMENTS: dict[str, Any] = {
    "answer": Document,
    "sweep": SweepDocument,
    "catalog-list": list[CatalogEntry],
    "catalog-show": RecordDocument,
    "catalog-show-config": ConfigurationDocument,
}


def results_schema(document: str = "answer") -> dict[str, Any]:
    """Get the JSON Schema of a document that a command prints with ``--json``.

    Parameters
    ----------
    document
        One of `DOCUMENTS`.

    Raises
    ------
    UnknownNameError
        If there is no such document.
    """
    if document not in DOCUMENTS:
        raise UnknownNameError("document", document, DOCUMENTS)
    schema = TypeAdapter(DOCUMENTS[document]).json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        if part.get("type") == "object":
            part["additionalProperties"] = False
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": f"Lindos results: {document}"}
