"""Notes on a model that comes from a ``config.json``."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lindos.scenario.schema import Scenario

if TYPE_CHECKING:
    from lindos.catalog.huggingface import Reading


def configuration_notes(scenario: Scenario, folder: Path | None = None) -> tuple[str, ...]:
    """List the defaults, the keys that were not understood and the extra layers of each configuration.

    Parameters
    ----------
    scenario
        Its ``job.model`` and ``inference.model`` may be paths.
    folder
        Folder that relative paths start from; the current one if None.
    """
    models = {
        "job.model": scenario.job.model if scenario.job else "",
        "inference.model": scenario.inference.model if scenario.inference else "",
    }
    files = {path: (folder or Path()) / name for path, name in models.items() if name.endswith(".json")}
    by_hand = {"job.model"} if scenario.job and scenario.job.model_as else set()
    return tuple(f"{path}: {note}" for path, file in files.items() for note in _notes_on(file, path in by_hand))


def _notes_on(file: Path, as_gated_decoder: bool) -> Iterator[str]:
    from lindos.catalog.huggingface import read_config

    return _notes(read_config(file, as_gated_decoder=as_gated_decoder))


def _notes(reading: "Reading") -> Iterator[str]:
    if reading.defaults:
        filled = ", ".join(f"{key} {value}" for key, value in reading.defaults.items())
        yield f"the file leaves these to the library's defaults: {filled}."
    if reading.not_understood:
        yield f"these keys of the file are not understood and were left aside: {', '.join(reading.not_understood)}."
    yield from reading.notes
