"""An answer: the sections of one question, their sources, and what is needed to ask it again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lindos.catalog.facts import Source
from lindos.elements import Figure, Section, figure_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Everything one scenario asked for, with what is needed to run it again."""

    command: str
    version: str
    name: str
    title: str
    statement: str
    inputs: Mapping[str, Any]
    sections: tuple[Section, ...]
    warnings: tuple[str, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)  # what the document holds beside figures and tables

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures of all sections, in order."""
        return tuple(figure for section in self.sections for figure in section.figures)

    def figure(self, name: str) -> Figure:
        """Get the figure of that name, such as ``"site.power.total"``.

        Raises
        ------
        UnknownNameError
            If the answer has none of that name.
        """
        return figure_of(self.sections, name)
