"""A scenario, whole or some sections of it, to an answer."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lindos import __version__
from lindos.answers import legacy
from lindos.answers.answer import Answer
from lindos.answers.soundness import check_sections, own_paths
from lindos.catalog import Catalog, load_catalog
from lindos.catalog.facts import reading
from lindos.elements import Section
from lindos.errors import InputError
from lindos.scenario.configuration import configuration_notes
from lindos.scenario.read import read_scenario
from lindos.scenario.resolve import counted
from lindos.scenario.schema import Scenario
from lindos.scenario.unread import unread
from lindos.study.campaign import CampaignAsked
from lindos.study.chain import Chain
from lindos.study.floor import NUM_DRAWS
from lindos.views import FLOORS, Context, View

#: Said with every answer.
RANGES = (
    f"Ranges are the 10th to 90th percentile over {NUM_DRAWS} samples of the catalogue's uncertain values; that of the "
    "step time, and what follows from it, is calibrated on measured runs. The error of the other models is not in them."
)


def answer_file(
    name_or_path: str,
    catalogs: Sequence[Path] = (),
    *,
    command: str = "run",
    sections: frozenset[str] | None = None,
    campaign: CampaignAsked | None = None,
) -> Answer:
    """Answer a built-in scenario or a file, all of it or some ``sections``.

    Parameters
    ----------
    name_or_path
        ``colossus-2``, or the path of a YAML file.
    catalogs
        The user's own catalogue files, later ones on top.
    command
        Name of the command that asks, kept in the answer.
    sections
        Names of sections to answer; all that the scenario asks where left out.
    campaign
        How well the simulation of the campaign is to be known.

    Raises
    ------
    InputError, InconsistentError
        If the scenario is wrong.
    InfeasibleError
        If it cannot hold together.
    """
    scenario, folder = read_scenario(name_or_path)
    own = [folder / scenario.catalog] if folder is not None and scenario.catalog else []
    catalog = load_catalog([*own, *catalogs])
    if sections is not None and not set(asked(scenario)) & (sections - {"cluster", "step"}):
        needed = {"campaign": "job.goal", "fleet": "inference", "site": "cluster"}.get(command, command)
        raise InputError(needed, None, f"given for `lindos {command}`", f"Add {needed} to the scenario.")
    return answer(scenario, catalog, folder=folder, command=command, sections=sections, campaign=campaign)


def answer(
    scenario: Scenario,
    catalog: Catalog,
    *,
    folder: Path | None = None,
    command: str = "run",
    sections: frozenset[str] | None = None,
    campaign: CampaignAsked | None = None,
    chain: Chain | None = None,
) -> Answer:
    """Answer a scenario under a catalogue.

    Parameters
    ----------
    scenario, catalog, folder
        The question, the facts, and the folder of files that the scenario names.
    command, sections, campaign
        As in :func:`answer_file`.
    chain
        Remembers results of earlier questions; a new one where left out.
    """
    names = [name for name in asked(scenario) if sections is None or name in sections]
    made: dict[str, Section] = {}
    with reading() as paths:
        settled = counted(scenario, catalog)
        views = [view for view in FLOORS if view.floor.name in names]
        context = Context(scenario=settled, catalog=catalog)
        study = (chain or Chain()).study(_floors(views, settled), settled, catalog, folder)
        for view in views:
            section = view.section(context, study)
            if section is not None:
                made[view.floor.name] = section
        old = legacy.sections(names, study, settled, catalog, folder, campaign or CampaignAsked())
    made |= old.sections
    shown = [made[name] for name in names if name in made]
    said = (*unread(scenario, catalog), *catalog.unread(paths), *configuration_notes(scenario, folder))
    return assemble(scenario, catalog, command, shown, (*old.warnings, *said))


def _floors(views: Iterable[View], scenario: Scenario) -> list[Any]:
    return [floor for view in views for floor in view.floors if floor.is_asked(scenario)]


#: Sections in the order in which they are shown.
SECTION_NAMES = ("cluster", "step", "campaign", "site", "fleet", "roadmap", "claims", "comparison")


def asked(scenario: Scenario) -> list[str]:
    """Get the names of the sections that a scenario asks, in the order in which they are shown."""
    there = {
        "cluster": scenario.cluster is not None,
        "step": scenario.job is not None,
        "campaign": scenario.job is not None and scenario.job.goal is not None,
        "site": scenario.cluster is not None,
        "fleet": scenario.inference is not None,
        "roadmap": scenario.roadmap is not None,
        "claims": bool(scenario.claims),
        "comparison": scenario.cluster is not None and scenario.compare_top500,
    }
    return [name for name, is_there in there.items() if is_there]


def assemble(
    scenario: Scenario,
    catalog: Catalog,
    command: str,
    sections: Sequence[Section],
    warnings: Iterable[str] = (),
    inputs: Mapping[str, Any] | None = None,
) -> Answer:
    """Put sections together as an answer, with the sources that their figures rest on.

    Raises
    ------
    InfeasibleError
        If a number is not finite, or none that its quantity can have.
    """
    check_sections(sections, own_paths(catalog.own))
    ids = [source for section in sections for figure in section.figures for source in figure.sources]
    ids = list(dict.fromkeys([*ids, *scenario.sources]))
    known = set(catalog.names("sources"))
    warned = (*(warning for section in sections for warning in section.warnings), *warnings, RANGES)
    dumped = scenario.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return Answer(
        command=command,
        version=__version__,
        name=scenario.name,
        title=scenario.title,
        statement=scenario.statement or "",
        inputs=dumped if inputs is None else inputs,
        sections=tuple(sections),
        warnings=tuple(dict.fromkeys(warned)),
        sources={name: catalog.source(name) for name in ids if name in known},
    )
