"""Answer one scenario of a sweep, in the process of a worker."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lindos import __version__
from lindos.answers.answer import Answer
from lindos.answers.scenario import answer
from lindos.catalog import Catalog
from lindos.errors import LindosError
from lindos.scenario.paths import with_values
from lindos.scenario.read import scenario_from
from lindos.study.campaign import CampaignAsked
from lindos.study.chain import Chain
from lindos.sweep.design import Sweep

#: Status of a scenario: answered; impossible; its inputs contradict each other; Lindos or its process failed.
STATUSES = ("ok", "infeasible", "wrong", "crashed")


class Label(NamedTuple):
    """Name, title and unit of a figure; the same in every scenario that has it."""

    name: str
    title: str
    unit: str
    percent: bool
    headline: int  # position among the headline figures, from 1; 0 if it is none of them


@dataclass(frozen=True, slots=True)
class Outcome:
    """Figures of a scenario as the journal stores them: ``labels`` as JSON, ``numbers`` as value, low, high of each."""

    status: str
    reason: str | None = None
    labels: str = "[]"
    numbers: bytes = b""


@dataclass(frozen=True)
class Context:
    """Base scenario, catalogue and sections that all scenarios share; they are sent to each worker once."""

    base: Mapping[str, Any]
    folder: Path | None
    catalog: Catalog
    sections: tuple[str, ...]
    #: Remembers results that scenarios share, in the process of the worker.
    chain: Chain = field(default_factory=partial(Chain, traces_facts=False), compare=False, repr=False)

    def solve(self, overrides: Mapping[str, Any]) -> Outcome:
        """Answer the base with ``overrides``; an error becomes the reason of the outcome."""
        try:
            scenario = scenario_from(with_values(self.base, overrides))
            result = answer(
                scenario,
                self.catalog,
                folder=self.folder,
                command="sweep",
                sections=frozenset(self.sections),
                chain=self.chain,
                campaign=CampaignAsked(figures_only=True),
            )
        except LindosError as error:
            return Outcome({2: "wrong", 3: "infeasible"}.get(error.exit_code, "crashed"), str(error))
        except Exception as error:
            return Outcome("crashed", f"an error of Lindos: {type(error).__name__}: {error}")
        return self._outcome(result)

    def _outcome(self, result: Answer) -> Outcome:
        """Return the figures of the sections that the sweep asks for."""
        sections = [section for section in result.sections if section.name in self.sections]
        figures = [figure for section in sections for figure in section.figures]
        places = {
            name: place
            for place, name in enumerate((name for section in sections for name in section.headline), start=1)
        }
        labels = [
            Label(figure.name, figure.title, figure.unit, figure.percent, places.get(figure.name, 0))
            for figure in figures
        ]
        numbers = np.array([(figure.value, figure.low, figure.high) for figure in figures], dtype="<f8")
        reason = None if figures else " ".join(section.summary for section in sections) or "it has no figure"
        return Outcome("ok", reason, json.dumps(labels), numbers.tobytes())


def context_of(sweep: Sweep) -> Context:
    """Return what the scenarios of ``sweep`` share.

    Parameters
    ----------
    sweep
        The scenarios.
    """
    return Context(sweep.base, sweep.folder, sweep.catalog, sweep.sections)


class Keys:
    """Keys of outcomes: a hash of everything that an outcome depends on, the same in any sweep."""

    def __init__(self, sweep: Sweep) -> None:
        """Hash what the scenarios of ``sweep`` share."""
        self._folder = sweep.folder or Path()
        self._digests: dict[str, str] = {}
        shared = [__version__, sweep.base, sweep.sections, sweep.catalog.user_data]
        self._shared = hashlib.sha256(_text([shared, self._files(sweep.base)]))

    @property
    def shared(self) -> str:
        """Hash of what all scenarios of the sweep share."""
        return self._shared.hexdigest()[:40]

    def key(self, overrides: Mapping[str, Any]) -> str:
        """Return the key of the scenario with ``overrides``."""
        hashed = self._shared.copy()
        hashed.update(_text([overrides, self._files(overrides)]))
        return hashed.hexdigest()[:40]

    def _files(self, value: Any) -> list[str]:
        """Return the digests of the files that ``value`` names in any field: a key depends on their content."""
        digests = (self._digest(text) for text in _strings(value))
        return [digest for digest in digests if digest]

    def _digest(self, text: str) -> str:
        if text not in self._digests:
            self._digests[text] = _content(self._folder / text)
        return self._digests[text]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _strings(part)


def _content(path: Path) -> str:
    """Return the digest of a file, or of the configuration in a folder; empty if ``path`` is neither."""
    try:
        if path.is_dir():
            path = path / "config.json"
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return ""


def _text(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, default=str).encode()
