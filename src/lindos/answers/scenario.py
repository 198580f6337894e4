"""The answer to a scenario: all of its sections, or some."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lindos import __version__
from lindos.answers.answer import Answer
from lindos.answers.basis import basis_warnings
from lindos.answers.soundness import check_sections, user_paths
from lindos.catalog import Catalog, load_catalog
from lindos.catalog.facts import reading
from lindos.catalog.overlay import with_values as with_facts
from lindos.elements import Decision, Section
from lindos.errors import InputError, UnknownNameError
from lindos.scenario.changes import blame_changes, changed, divided
from lindos.scenario.configuration import configuration_notes
from lindos.scenario.read import read_plain, read_scenario, scenario_from, with_base
from lindos.scenario.resolve import counted
from lindos.scenario.schema import Scenario
from lindos.scenario.sections import SECTIONS, requested_sections
from lindos.scenario.unread import unread
from lindos.study.campaign import CampaignAsked
from lindos.study.chain import Chain, Study
from lindos.study.fill import filled
from lindos.study.floor import NUM_DRAWS, Floor, Outcome
from lindos.views import Context, View, view_of
from lindos.views.figures import sources_of
from lindos.views.verdict import verdict

#: Warning of every answer.
RANGES = (
    f"Ranges are the 10th to 90th percentile over {NUM_DRAWS} samples of the catalogue's uncertain values; that of the "
    "step time, and what follows from it, is calibrated on measured runs. The error of the other models is not in them."
)


def run(
    scenario: str | Path | Mapping[str, Any] | Scenario,
    catalog: str | Path | Sequence[str | Path] | Catalog = (),
    *,
    changes: Mapping[str, Any] | None = None,
    sections: Iterable[str] | None = None,
    campaign: CampaignAsked | None = None,
    command: str = "run",
    begins: Callable[[str], object] = lambda question: None,
) -> Answer:
    """Answer a scenario: all of its sections, or some.

    Parameters
    ----------
    scenario
        ``colossus-2``, the path of a YAML file, its content as a mapping, or a loaded scenario.
    catalog
        Your own catalogue files, whose later ones take precedence, or a loaded catalogue.
    changes
        Other values by dotted path of the scenario, ``{"site.electricity_price": "$0.05/kWh"}``, or of the catalogue,
        ``{"catalog.systems.gb300-nvl72.price": "$3.5M"}``.
    sections
        Names of sections to answer; all that the scenario asks if None.
    campaign
        Precision and seed of the simulation of the campaign.
    command
        Name of the command that asks; the answer records it.
    begins
        Function that is called with each question before it is computed.

    Raises
    ------
    InputError, InconsistentError
        If the scenario is wrong.
    InfeasibleError
        If the scenario is impossible.

    Examples
    --------
    >>> answer = run("one-node", sections=["cluster"])
    >>> answer["cluster.num_devices"].value
    8.0
    """
    question = question_of(scenario, catalog, begins)
    wanted = None if sections is None else frozenset(sections)
    return question.ask(changes or {}, sections=wanted, campaign=campaign, command=command)


def load_scenario(scenario: str | Path) -> Scenario:
    """Read and check a built-in scenario or a YAML file.

    Parameters
    ----------
    scenario
        ``colossus-2``, or the path of a file.

    Raises
    ------
    InputError
        With every wrong field of the file, each with its line.
    """
    return read_scenario(str(scenario))[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A scenario as it was written, its catalogue, and the chain with its results."""

    data: Mapping[str, Any]
    lines: Mapping[str, int]
    folder: Path | None
    catalog: Catalog
    chain: Chain

    def ask(
        self,
        changes: Mapping[str, Any],
        *,
        sections: frozenset[str] | None,
        campaign: CampaignAsked | None,
        command: str,
    ) -> Answer:
        """Answer the scenario with other values.

        Parameters
        ----------
        changes
            New values by dotted path of the scenario, or of the catalogue after ``catalog.``.
        sections, campaign, command
            As in :func:`run`.
        """
        scenario, catalog = self.scenario(changes), self.facts(changes)
        _check_sections(scenario, sections, command)
        unchanged = answer(
            scenario,
            catalog,
            folder=self.folder,
            command=command,
            sections=sections,
            campaign=campaign,
            chain=self.chain,
        )

        def ask_again(more_changes: Mapping[str, Any]) -> Answer:
            return self.ask({**changes, **more_changes}, sections=sections, campaign=campaign, command=command)

        overlays = {"catalog_values": list(catalog.user_data)} if catalog.user_data else {}
        return replace(unchanged, inputs={**unchanged.inputs, **overlays}, ask_again=ask_again)

    def scenario(self, changes: Mapping[str, Any]) -> Scenario:
        """Read the scenario with other values; an error in one of them names the change and no line of the file.

        Parameters
        ----------
        changes
            New values by dotted path; those of the catalogue are left aside.
        """
        values, _ = divided(changes)
        try:
            return scenario_from(changed(self.data, values) if values else self.data, self.lines)
        except InputError as error:
            blame_changes(error, values)
            raise

    def facts(self, changes: Mapping[str, Any]) -> Catalog:
        """Return the catalogue with other values.

        Parameters
        ----------
        changes
            New values by dotted path; only those of the catalogue are read.
        """
        _, facts = divided(changes)
        return with_facts(self.catalog, facts) if facts else self.catalog


def question_of(
    scenario: str | Path | Mapping[str, Any] | Scenario,
    catalog: str | Path | Sequence[str | Path] | Catalog,
    begins: Callable[[str], object],
) -> Question:
    """Read a scenario and its catalogue.

    Parameters
    ----------
    scenario, catalog, begins
        As in :func:`run`.
    """
    data: Any
    lines: Mapping[str, int] = {}
    folder: Path | None = Path()
    if isinstance(scenario, Scenario):
        data = scenario.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    elif isinstance(scenario, Mapping):
        data = with_base(scenario)
    else:
        data, lines, folder = read_plain(str(scenario))
    user_file = data.get("catalog") if isinstance(data, Mapping) else None
    if isinstance(catalog, Catalog):
        facts = catalog
    else:
        files = [catalog] if isinstance(catalog, (str, Path)) else list(catalog)
        first = [folder / user_file] if folder is not None and isinstance(user_file, str) else []
        facts = load_catalog([*first, *(Path(file) for file in files)])
    return Question(data=data, lines=lines, folder=folder, catalog=facts, chain=Chain(begins=begins))


def _check_sections(scenario: Scenario, sections: frozenset[str] | None, command: str) -> None:
    """Refuse a question if the scenario asks none of its sections."""
    if sections is None:
        return
    for name in sections - SECTIONS.keys():
        raise UnknownNameError("sections", name, SECTIONS)
    if not set(requested_sections(scenario)) & ((sections - {"cluster", "step"}) or sections):
        needed = {"campaign": "job.goal", "fleet": "inference", "site": "cluster"}.get(command, command)
        raise InputError(needed, None, f"given for `lindos {command}`", f"Add {needed} to the scenario.")


def answer(
    scenario: Scenario,
    catalog: Catalog,
    *,
    folder: Path | None = None,
    command: str = "run",
    sections: frozenset[str] | None = None,
    campaign: CampaignAsked | None = None,
    settings: Mapping[str, Any] | None = None,
    chain: Chain | None = None,
) -> Answer:
    """Answer a scenario under a catalogue.

    Parameters
    ----------
    scenario, catalog, folder
        The question, the facts, and the folder of files that the scenario names.
    command, sections, campaign
        As in :func:`run`.
    settings
        Settings of floors, by name.
    chain
        Chain with the results of earlier questions; a new one if None.
    """
    names = [name for name in requested_sections(scenario) if sections is None or name in sections]
    made: dict[str, Section] = {}
    with reading() as paths:
        settled = counted(filled(scenario, catalog), catalog)
        views = [view_of(name) for name in names]
        context = Context(scenario=settled, catalog=catalog)
        wishes = {"campaign": campaign or CampaignAsked(), **(settings or {})}
        study = (chain or Chain()).study(_floors(views, settled), settled, catalog, folder, wishes)
        for view in views:
            section = view.section(context, study)
            if section is not None:
                made[view.floor.name] = section
    chosen = [made[name] for name in names if name in made]
    converted = tuple(conversion.sentence() for conversion in (*scenario.conversions, *catalog.conversions))
    idle = (*unread(scenario, catalog), *catalog.unread(paths))
    warnings = (*converted, *idle, *configuration_notes(scenario, folder))
    return assemble(scenario, catalog, command, chosen, warnings, decisions=_decisions(study))


def _decisions(study: Study) -> list[Decision]:
    """List what the outcomes follow from, each decision once, with its facts and their sources."""
    outcomes = (outcome for outcome in study.outcomes.values() if isinstance(outcome, Outcome))
    taken = {decision.name: decision for outcome in outcomes for decision in outcome.decisions}
    return [
        Decision(
            name=name,
            decides=decision.decides,
            facts=tuple(fact.path for fact in decision.facts),
            sources=sources_of(decision.facts),
        )
        for name, decision in taken.items()
    ]


def _floors(views: Iterable[View], scenario: Scenario) -> list[Floor[Any]]:
    return [floor for view in views for floor in view.floors if floor.is_asked(scenario)]


def assemble(
    scenario: Scenario,
    catalog: Catalog,
    command: str,
    sections: Sequence[Section],
    warnings: Iterable[str] = (),
    inputs: Mapping[str, Any] | None = None,
    decisions: Iterable[Decision] = (),
) -> Answer:
    """Combine sections into an answer, with the sources of their figures.

    Parameters
    ----------
    scenario, catalog
        The question and the facts.
    command
        Name of the command that asks.
    sections
        Sections in the order of the answer.
    warnings
        Sentences besides those of the sections.
    inputs
        Inputs as plain data; those of the scenario if None.
    decisions
        Decisions that figures follow from; those that no figure cites are left out.

    Raises
    ------
    InfeasibleError
        If a number is not finite, or impossible for its quantity.
    """
    check_sections(sections, user_paths(catalog.user_data))
    figures = [figure for section in sections for figure in section.figures]
    cited = {name for figure in figures for name in figure.decided_by}
    taken = {decision.name: decision for decision in decisions if decision.name in cited}
    ids = [source for figure in figures for source in figure.sources]
    weighed = (source for decision in taken.values() for source in decision.sources)
    ids = list(dict.fromkeys([*ids, *scenario.sources, *weighed]))
    listed = set(catalog.names("sources"))
    basis = basis_warnings((figure for section in sections for figure in section.figures), catalog)
    warned = (*(warning for section in sections for warning in section.warnings), *warnings, *basis, RANGES)
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
        sources={name: catalog.source(name) for name in ids if name in listed},
        decisions=taken,
        verdict=verdict(scenario, sections),
    )
