"""Scenarios beside each other, and what moved a figure from the first to another."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lindos import __version__
from lindos.answers.answer import Answer
from lindos.answers.differences import Difference, Inputs, differences, inputs_of
from lindos.answers.points import Points
from lindos.answers.scenario import Question, question_of
from lindos.answers.soundness import check_sections
from lindos.catalog import Catalog
from lindos.elements import Figure, Section
from lindos.errors import InfeasibleError, InputError, LindosError, UnknownNameError
from lindos.scenario.extending import paths_from
from lindos.scenario.read import scenario_from
from lindos.scenario.schema import Scenario
from lindos.views.compared import Move, Moves, Variant, compared, differs, inputs_table, moved

#: Scenarios that are compared, at most.
MOST = 4
_LETTERS = "abcd"
#: Characters of a label that is made from values, at most.
_LONGEST_LABEL = 24
#: Figures whose moves are shown unless others are named, at most.
_MOST_MOVED = 2
#: Figures that people compare first.
_FIRST = (
    *("campaign.duration", "campaign.run_cost", "site.capex.total", "site.device_cost", "step.time"),
    *("roadmap.total_capex", "roadmap.total_demand", "site.power.total"),
)
_Plan = tuple[str, Question, Mapping[str, Any]]
ScenarioLike = str | Path | Mapping[str, Any] | Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One of the compared scenarios: its label, question, changes and answer."""

    label: str
    question: Question
    changes: Mapping[str, Any]
    answer: Answer | None
    error: LindosError | None = None

    def inputs(self, folder: Path | None) -> Inputs:
        """Return the inputs of its answer, with paths of files from a folder.

        Parameters
        ----------
        folder
            Folder that paths start from.
        """
        inputs = inputs_of(self.question.scenario(self.changes), self.question.facts(self.changes))
        return Inputs(data=paths_from(inputs.data, self.question.folder, folder), facts=inputs.facts)


def compare_scenarios(
    scenarios: Sequence[ScenarioLike],
    catalog: str | Path | Sequence[str | Path] | Catalog = (),
    *,
    changes: Sequence[Mapping[str, Any]] = (),
    catalogs: Sequence[str | Path | Sequence[str | Path] | Catalog] = (),
    labels: Sequence[str] = (),
    figures: Iterable[str] = (),
    begins: Callable[[str], object] = lambda question: None,
) -> Answer:
    """Put two to four scenarios beside each other, and show what moved a figure between them.

    Parameters
    ----------
    scenarios
        Scenarios as :func:`lindos.run` takes them; or one, which is compared with itself under ``changes`` or
        ``catalogs``.
    catalog
        Catalogue of all of them, as in :func:`lindos.run`.
    changes
        With one scenario, the values of each further candidate: ``[{"site.pue": 1.1}, {"site.pue": 1.3}]``. With
        several, at most one mapping, whose values count in all.
    catalogs
        With one scenario, the catalogue of each further candidate.
    labels
        Names of the candidates, in order; made from scenarios and changes if empty.
    figures
        Names of the figures whose moves are shown; the first ones that differ if there are none.
    begins
        Function that is called with each question before it is computed.

    Raises
    ------
    InputError
        If there are fewer than two or more than four candidates, or one is wrong.
    InfeasibleError
        If none of them is possible.

    Examples
    --------
    >>> answer = compare_scenarios(["one-node"], changes=[{"site.electricity_price": "$0.20/kWh"}])
    >>> answer["b.site.year.opex"].value > answer["a.site.year.opex"].value
    True
    """
    plans = _plans(scenarios, catalog, changes, catalogs, begins)
    names = list(labels) or _unique(label for label, _, _ in plans)
    candidates = [
        _candidate(label, question, values) for label, (_, question, values) in zip(names, plans, strict=True)
    ]
    if all(candidate.answer is None for candidate in candidates):
        raise next(candidate.error for candidate in candidates if candidate.error)
    sections = _sections(candidates, list(dict.fromkeys(figures)), begins)
    check_sections(sections)
    return _assembled(candidates, sections)


def _plans(
    scenarios: Sequence[ScenarioLike],
    catalog: str | Path | Sequence[str | Path] | Catalog,
    changes: Sequence[Mapping[str, Any]],
    catalogs: Sequence[str | Path | Sequence[str | Path] | Catalog],
    begins: Callable[[str], object],
) -> list[_Plan]:
    """List label, question and changes of each candidate."""
    if len(scenarios) == 1:
        scenario = scenarios[0]
        question = question_of(scenario, catalog, begins)
        plans: list[_Plan] = [(_label(scenario), question, {})]
        plans += [(_changes_label(values, index), question, values) for index, values in enumerate(changes, start=1)]
        plans += [(_catalog_label(facts), question_of(scenario, facts, begins), {}) for facts in catalogs]
    else:
        if len(changes) > 1 or catalogs:
            hint = "Compare one scenario with its changes, or several scenarios with each other."
            raise InputError("changes", len(changes), "one mapping that counts in all of several scenarios", hint)
        values = changes[0] if changes else {}
        plans = [(_label(scenario), question_of(scenario, catalog, begins), values) for scenario in scenarios]
    if not 2 <= len(plans) <= MOST:
        hint = "Name two to four scenarios, or one and a --set for each further one."
        raise InputError("scenarios", len(plans), f"two to {MOST} to compare", hint)
    return plans


def _label(scenario: ScenarioLike) -> str:
    if isinstance(scenario, Scenario):
        return scenario.name
    if isinstance(scenario, Mapping):
        return str(scenario.get("name") or "scenario")
    return Path(scenario).stem if str(scenario).endswith((".yaml", ".yml")) else str(scenario)


def _changes_label(values: Mapping[str, Any], index: int) -> str:
    """Name a candidate by its values; by a number if they are too long for the head of a column."""
    label = ", ".join(f"{path.rpartition('.')[2]}={value}" for path, value in values.items()) or "unchanged"
    return label if len(label) <= _LONGEST_LABEL else f"change {index}"


def _catalog_label(catalog: str | Path | Sequence[str | Path] | Catalog) -> str:
    if isinstance(catalog, Catalog):
        return "another catalogue"
    files = [catalog] if isinstance(catalog, (str, Path)) else list(catalog)
    return f"with {', '.join(Path(file).name for file in files)}"


def _unique(labels: Iterable[str]) -> list[str]:
    """Number equal labels."""
    unique: list[str] = []
    for label in labels:
        namesakes = sum(earlier == label or earlier.startswith(f"{label} (") for earlier in unique)
        unique.append(f"{label} ({namesakes + 1})" if namesakes else label)
    return unique


def _candidate(label: str, question: Question, values: Mapping[str, Any]) -> Candidate:
    """Answer one scenario; an impossible one has a reason instead of an answer."""
    answer, error = None, None
    try:
        answer = question.ask(values, sections=None, campaign=None, command="compare")
    except InfeasibleError as infeasible:
        error = infeasible
    return Candidate(label=label, question=question, changes=values, answer=answer, error=error)


def _sections(
    candidates: Sequence[Candidate], figures: Sequence[str], begins: Callable[[str], object]
) -> list[Section]:
    variants = [
        Variant(
            letter=letter,
            label=candidate.label,
            sections=() if candidate.answer is None else candidate.answer.sections,
            error=str(candidate.error or ""),
        )
        for letter, candidate in zip(_LETTERS, candidates, strict=False)
    ]
    names = _names(variants, figures)
    first, folder = candidates[0], candidates[0].question.folder
    inputs = first.inputs(folder)
    points = Points(folder, begins)
    tables, moves = [], []
    for candidate, variant in zip(candidates[1:], variants[1:], strict=True):
        changed = differences(inputs, candidate.inputs(folder))
        tables.append(inputs_table((first.label, candidate.label), [(d.path, d.old, d.new) for d in changed]))
        for name in _moved_names(variants[0], variant, names, figures):
            base = variants[0].figure(name)
            assert base is not None
            values = _moves(points, inputs, candidate.inputs(folder), changed, name)
            moves.append(moved(Moves(figure=base, labels=(first.label, candidate.label), **values), variant.letter))
    return [compared(variants, names, _first(variants, figures), tables), *moves]


def _names(variants: Sequence[Variant], figures: Sequence[str]) -> list[str]:
    """List the figures to show: the named ones, those that people compare first, then all headlines."""
    sections = [section for variant in variants for section in variant.sections]
    present = {figure.name for section in sections for figure in section.figures}
    for name in figures:
        if name not in present:
            raise UnknownNameError("figure", name, present)
    headlines = (name for section in sections for name in section.headline)
    return [name for name in dict.fromkeys((*figures, *_FIRST, *headlines)) if name in present]


def _first(variants: Sequence[Variant], figures: Sequence[str]) -> set[str]:
    """List the figures that matter most: the named ones, those that people compare, the first of every section."""
    sections = (section for variant in variants for section in variant.sections)
    return {*figures, *_FIRST, *(name for section in sections for name in section.headline[:2])}


def _moved_names(first: Variant, second: Variant, names: Sequence[str], figures: Sequence[str]) -> list[str]:
    """List the figures whose moves are shown: both scenarios have them, and they differ."""
    pairs = {name: (first.figure(name), second.figure(name)) for name in (figures or names)}
    differing = [name for name, (old, new) in pairs.items() if _move(old, new)]
    if figures:
        return differing
    # Those of a campaign take a search and a simulation for each changed input.
    return sorted(differing, key=lambda name: name.startswith("campaign."))[:_MOST_MOVED]


def _move(old: Figure | None, new: Figure | None) -> bool:
    """Tell whether a figure is known in two scenarios, and differs."""
    if old is None or new is None or old.value is None or new.value is None:
        return False
    return differs([old.value, new.value])


def _moves(points: Points, inputs: Inputs, end: Inputs, changed: Sequence[Difference], name: str) -> dict[str, Any]:
    """Compute the figure at both ends, and under each changed input alone."""

    def value(changes: Inputs) -> float | None:
        return points.figure(scenario_from(changes.data), changes.catalog(), name).value

    start = value(inputs)
    moves = []
    for difference in changed:
        effect, error = None, ""
        try:
            reached = value(difference.applied(inputs))
            effect = None if reached is None or start is None else reached - start
            error = "" if effect is not None else "the figure is unknown"
        except LindosError as wrong:
            error = str(wrong)
        moves.append(Move(path=difference.path, old=difference.old, new=difference.new, effect=effect, error=error))
    return {"start": start, "end": value(end), "moves": tuple(moves)}


def _assembled(candidates: Sequence[Candidate], sections: Sequence[Section]) -> Answer:
    """Put the sections into one answer, with the warnings and sources of all candidates."""
    answers = [candidate.answer for candidate in candidates if candidate.answer is not None]
    common = [text for text in answers[0].warnings if all(text in answer.warnings for answer in answers)]
    single = [
        f"{candidate.label}: {text}"
        for candidate in candidates
        if candidate.answer is not None
        for text in candidate.answer.warnings
        if text not in common
    ]
    cited = {source for section in sections for figure in section.figures for source in figure.sources}
    labels = [candidate.label for candidate in candidates]
    return Answer(
        command="compare",
        version=__version__,
        name="compare",
        title=f"{labels[0]} against {', '.join(labels[1:])}",
        statement="",
        inputs={
            letter: {"label": candidate.label, **(dict(candidate.answer.inputs) if candidate.answer else {})}
            for letter, candidate in zip(_LETTERS, candidates, strict=False)
        },
        sections=tuple(sections),
        warnings=(*(warning for section in sections for warning in section.warnings), *single, *common),
        sources={name: source for answer in answers for name, source in answer.sources.items() if name in cited},
        decisions={name: decision for answer in answers for name, decision in answer.decisions.items()},
    )
