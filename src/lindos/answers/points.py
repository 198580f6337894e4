"""Figures of a scenario without ranges and sources, for questions that ask it many times."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lindos.answers.scenario import answer
from lindos.catalog import Catalog
from lindos.elements import Figure
from lindos.errors import InputError, UnknownNameError
from lindos.scenario.schema import Scenario
from lindos.scenario.sections import SECTIONS, requested_sections
from lindos.study.campaign import CampaignAsked
from lindos.study.chain import Chain


class Points:
    """Evaluates figures with the catalogue's own values; what two questions share is computed once.

    Parameters
    ----------
    folder
        Folder of files that the scenario names.
    begins
        Function that is called with each question before it is computed.
    settings
        Settings of floors, by name.
    """

    def __init__(
        self, folder: Path | None, begins: Callable[[str], object], settings: Mapping[str, Any] | None = None
    ) -> None:
        """Start without results."""
        self._folder, self._settings = folder, settings
        self._chain = Chain(traces_facts=False, has_ranges=False, begins=begins)

    def figure(self, scenario: Scenario, catalog: Catalog, name: str) -> Figure:
        """Compute one figure, with the sections that it needs and no others.

        Parameters
        ----------
        scenario, catalog
            The question and the facts.
        name
            Dotted name of the figure, such as ``"site.device_cost"``.

        Raises
        ------
        UnknownNameError
            If the answer has no such figure.
        InputError, InconsistentError, InfeasibleError
            If the scenario is wrong or impossible.
        """
        section = name.partition(".")[0]
        asked = requested_sections(scenario)
        if section not in SECTIONS:
            raise UnknownNameError("figure", name, [f"{part}.…" for part in asked])
        if section not in asked:
            needed = ", ".join(SECTIONS[section])
            raise InputError(
                "figure", name, f"of a section that the scenario asks: {', '.join(asked)}", f"{section} needs {needed}."
            )
        figures: dict[str, Figure] = {}
        # Figures of the closed form and the first simulation come at once; those of further simulations take longer.
        for quick in (True, False):
            made = answer(
                scenario,
                catalog,
                folder=self._folder,
                sections=frozenset({section}),
                campaign=CampaignAsked(figures_only=quick),
                chain=self._chain,
                settings=self._settings,
            )
            figures = {figure.name: figure for figure in made.figures}
            if name in figures:
                return figures[name]
        raise UnknownNameError("figure", name, figures)
