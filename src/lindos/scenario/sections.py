"""Sections of an answer, and the fields of a scenario that ask for them."""

from collections.abc import Mapping
from operator import attrgetter

from lindos.scenario.schema import Scenario

#: Every section, in the order of an answer, with the fields that must all be there for it to be asked.
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "cluster": ("cluster",),
    "step": ("cluster", "job"),
    "campaign": ("cluster", "job", "job.goal"),
    "site": ("cluster",),
    "fleet": ("inference",),
    "roadmap": ("roadmap",),
    "claims": ("claims",),
    "comparison": ("cluster", "compare_top500"),
}


def asks(scenario: Scenario, section: str) -> bool:
    """Tell whether a scenario asks for a section.

    Parameters
    ----------
    scenario
        The question.
    section
        Name of the section; a name that is none is never asked for.
    """
    return section in SECTIONS and all(attrgetter(field)(scenario) for field in SECTIONS[section])


def requested_sections(scenario: Scenario) -> list[str]:
    """List the sections that a scenario asks for, in the order of an answer.

    Parameters
    ----------
    scenario
        The question.
    """
    return [section for section in SECTIONS if asks(scenario, section)]
