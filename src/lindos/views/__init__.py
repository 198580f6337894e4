"""The sections of an answer: one file per floor, which is imported when a scenario asks for it."""

from importlib import import_module
from typing import Any

from lindos.scenario.sections import SECTIONS
from lindos.study.floor import Floor
from lindos.views.view import Context, View


def view_of(section: str) -> View:
    """Import the view of a section: ``VIEW`` of the module of its name.

    Parameters
    ----------
    section
        One of :data:`lindos.scenario.sections.SECTIONS`.
    """
    view: View = import_module(f"lindos.views.{section}").VIEW
    return view


def sections_of(name: str) -> tuple[str, ...]:
    """List the names of a section and of the sections whose results it needs, in the order of an answer.

    >>> sections_of("campaign"), sections_of("fleet")
    (('cluster', 'step', 'campaign'), ('fleet',))

    Parameters
    ----------
    name
        Name of the section's floor.
    """
    needed: set[str] = set()

    def add(floor: Floor[Any]) -> None:
        needed.add(floor.name)
        for required in floor.needs:
            add(required)

    add(view_of(name).floor)
    return tuple(section for section in SECTIONS if section in needed)


__all__ = ["Context", "View", "sections_of", "view_of"]
