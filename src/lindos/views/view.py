"""The view of a floor: its title, the outcomes that it shows, and the function that makes its section."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from lindos.catalog import Catalog
from lindos.elements import Section
from lindos.scenario.schema import Scenario
from lindos.study.chain import Study, part_of
from lindos.study.floor import Floor, Gap, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Data of a view besides the outcomes: labels of the scenario and titles of the catalogue."""

    scenario: Scenario
    catalog: Catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One section of an answer.

    Parameters
    ----------
    floor
        The floor whose question the section answers; the section has its name.
    title
        Title of the section.
    show
        Function of the context, the outcome of ``floor``, and the outcomes of ``supplements`` (None if unknown).
    supplements
        Other floors that the section shows.
    """

    floor: Floor[Any]
    title: str
    show: Callable[..., Section | None]
    supplements: tuple[Floor[Any], ...] = ()

    @property
    def floors(self) -> tuple[Floor[Any], ...]:
        """All floors that the section shows."""
        return (self.floor, *self.supplements)

    def section(self, context: Context, study: Study) -> Section | None:
        """Make the section; if the floor has no result it names the unknown value.

        A section is remembered for the same outcomes and the same fields of the scenario.

        Parameters
        ----------
        context
            The scenario and the catalogue.
        study
            The outcomes.
        """
        outcome = study.outcomes.get(self.floor.name)
        if isinstance(outcome, Gap):
            return Section(name=self.floor.name, title=self.title, summary=f"Unknown: {outcome.error}")
        if not isinstance(outcome, Outcome):
            return None
        outcomes = [study.outcome(floor) for floor in self.floors]
        fields = {field for floor in self.floors for field in floor.reads} | {"date"}
        scenario = part_of(context.scenario, fields)
        made_from = (outcomes, scenario, id(context.catalog))
        made = study.sections.get(self.floor.name)
        if made is None or made[0] != made_from:
            made = (made_from, self.show(replace(context, scenario=scenario), *outcomes))
            study.sections[self.floor.name] = made
        section: Section | None = made[1]
        return section
