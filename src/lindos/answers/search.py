"""The best plans of a job: all options in comparison, and the full answer of the best option."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from lindos.answers.answer import Answer
from lindos.answers.scenario import assemble, question_of
from lindos.answers.step import pools_named
from lindos.catalog import Catalog, load_catalog
from lindos.catalog.facts import reading
from lindos.elements import Section
from lindos.errors import InconsistentError, InfeasibleError, InputError
from lindos.formats import TRAINING
from lindos.scenario.configuration import configuration_notes
from lindos.scenario.read import scenario_from
from lindos.scenario.resolve import counted, model_named
from lindos.scenario.schema import Scenario
from lindos.scenario.sections import SECTIONS
from lindos.study.campaign import CampaignAsked
from lindos.study.chain import Chain
from lindos.study.cluster import CLUSTER
from lindos.study.fill import filled
from lindos.study.job import JOB
from lindos.study.plan import ALTERNATIVES, PLAN, PLAN_SETTING
from lindos.study.search import Option, Question, largest, placements
from lindos.study.step import STEP
from lindos.views import Context, view_of
from lindos.views.placements import placement_view
from lindos.views.search import Result, rank, view

#: Word for every precision that a device has.
ANY_PRECISION = "any"


def answer_search(
    clusters: Sequence[str],
    gpus: str | None,
    fabric: str | None,
    job: Mapping[str, Any],
    question: Question,
    catalogs: Sequence[Path] = (),
    *,
    recovery: str | None = None,
) -> Answer:
    """Find the best plans of a job on the best of several clusters, in command-line words.

    Parameters
    ----------
    clusters
        Systems, or built-in scenarios with a cluster.
    gpus
        Largest number of GPUs; required if a cluster is a system.
    fabric
        Scale-out network; each system's usual one if None.
    job
        Fields of a scenario's job; the ``precision`` ``any`` tries all precisions of the devices.
    question
        Objective, and limits of the run.
    catalogs
        The user's own catalogue files.
    recovery
        Effect of a failure, as in a scenario.

    Raises
    ------
    InputError, InconsistentError
        If a word is wrong.
    InfeasibleError
        If no plan on any cluster keeps to the limits.
    """
    catalog = load_catalog(catalogs)
    options: list[tuple[str, Scenario]] = []
    for name in clusters:
        pools = pools_named(name, gpus, fabric, catalog)
        for precision in _precisions(str(job["precision"])):
            data = _scenario(name, pools, {**job, "precision": precision}, question, recovery, catalog)
            scenario = counted(scenario_from(data), catalog)
            label = name if len(clusters) > 1 or job["precision"] != ANY_PRECISION else ""
            label = f"{label} {precision}".strip() if job["precision"] == ANY_PRECISION else label
            if len(pools) > 1:
                _check_alone(name, len(clusters), question, str(job["precision"]))
                return _with_unread(catalog, partial(_placement_answer, scenario, catalog))
            options.append((label, scenario))
    return _with_unread(catalog, partial(_best_of, options, question, catalog))


def search_scenario(
    scenario: str | Path | Mapping[str, Any] | Scenario,
    question: Question,
    catalogs: Sequence[Path] = (),
    changes: Mapping[str, Any] | None = None,
) -> Answer:
    """Find the best plans of the job of a scenario on its cluster; what it fixes stays fixed.

    Parameters
    ----------
    scenario
        A built-in name, the path of a YAML file, its content as a mapping, or a loaded scenario.
    question
        Objective, and limits of the run; a deadline and a power limit that it leaves open are those of the scenario.
    catalogs
        The user's own catalogue files.
    changes
        Other values by dotted path, as in :func:`lindos.answers.run`.

    Raises
    ------
    InputError, InconsistentError
        If the scenario is wrong, or has no cluster or job.
    InfeasibleError
        If no plan keeps to the limits.
    """
    asked = question_of(scenario, catalogs, lambda _: None)
    stated, catalog = asked.scenario(changes or {}), asked.facts(changes or {})
    for field in ("cluster", "job"):
        if getattr(stated, field) is None:
            raise InputError(field, None, "given for `lindos search`", f"Add {field} to the scenario.")
    assert stated.job is not None
    job, site = stated.job, stated.site
    if asked.folder is not None and job.model.endswith(".json"):
        job = job.model_copy(update={"model": str(asked.folder / job.model)})
    if question.tokens is not None:
        raise InputError("--tokens", question.tokens, "left out beside a scenario", "Write --set job.goal.tokens=...")
    others: dict[str, Any] = {"job": job, "inference": None, "roadmap": None, "claims": [], "compare_top500": False}
    settled = counted(filled(stated.model_copy(update=others), catalog), catalog)
    limited = replace(
        question,
        deadline=question.deadline or (job.goal.deadline if job.goal is not None else None),
        power=question.power or (site.power_limit if site is not None else None),
    )
    assert settled.cluster is not None
    if len(settled.cluster.pools) > 1:
        _check_alone(stated.name, 1, question, job.precision)
        return _with_unread(catalog, partial(_placement_answer, settled, catalog))
    return _with_unread(catalog, partial(_best_of, [("", settled)], limited, catalog))


def _with_unread(catalog: Catalog, search: Callable[[], Answer]) -> Answer:
    """Search, and say which values of the user's own catalogue files nothing has read."""
    with reading() as paths:
        answer = search()
    return replace(answer, warnings=(*catalog.unread(paths), *answer.warnings))


def _best_of(options: Sequence[tuple[str, Scenario]], question: Question, catalog: Catalog) -> Answer:
    """Search every option, and answer with the best; each has a label, which is shown if there are several."""
    results: list[Result] = []
    failures: dict[str, Exception] = {}
    for label, scenario in options:
        try:
            option = Option(scenario, catalog, question, label if len(options) > 1 else "")
            if question.largest:
                option = largest(option)
            choice = option.best()
        except (InfeasibleError, InconsistentError) as error:
            failures[label] = error
            continue
        results.append(Result(option=option, choice=choice, run=option.run(choice)))
    if not results:
        raise _all_failed(failures)
    results.sort(key=lambda result: rank(question, result))
    return _answer(results, failures, catalog)


def _check_alone(name: str, num_clusters: int, question: Question, word: str) -> None:
    """Refuse other questions about a job over several pools, whose placements are compared by speed alone."""
    extra = {
        "cluster": "given more than once" if num_clusters > 1 else None,
        "minimise": question.minimise if question.minimise != "time" else None,
        "deadline": question.deadline,
        "budget": question.budget,
        "power": question.power,
        "largest": "asked for" if question.largest else None,
        "precision": ANY_PRECISION if word == ANY_PRECISION else None,
    }
    for field, value in extra.items():
        if value is not None:
            hint = "Ask for one of its systems with --gpus instead, such as --cluster hgx-h100."
            raise InconsistentError(field, value, "cluster", f"{name} of several pools", "be left out", hint)


def _precisions(word: str) -> tuple[str, ...]:
    return TRAINING if word == ANY_PRECISION else (word,)


def _scenario(
    name: str,
    pools: list[dict[str, Any]],
    job: Mapping[str, Any],
    question: Question,
    recovery: str | None,
    catalog: Catalog,
) -> dict[str, Any]:
    model = model_named(str(job["model"]), catalog, Path(), model_as=job.get("model_as"))
    published = model.training_tokens
    tokens = question.tokens or (float(published.value) if published is not None and published.is_known else None)
    goal = {"goal": {"tokens": f"{tokens!r} tokens"}} if tokens else {}
    return {
        "name": "search",
        "title": f"Plans for {model.title} on {name}",
        "cluster": {"pools": pools},
        "job": {key: value for key, value in {**job, **goal}.items() if value is not None},
        "campaign": {} if recovery is None else {"recovery": recovery},
        "compare_top500": False,
    }


def _all_failed(failures: Mapping[str, Exception]) -> Exception:
    if len(failures) == 1:
        return next(iter(failures.values()))
    sentences = "; ".join(f"{name}: {str(error).rstrip('.')}" for name, error in failures.items())
    return InfeasibleError(
        "No option keeps to what was asked", sentences, "Change the limits, or ask for other options"
    )


def _answer(results: Sequence[Result], failures: Mapping[str, Exception], catalog: Catalog) -> Answer:
    """Put the search, the step under the best plan and the campaign together."""
    best = results[0]
    option = best.option
    settings = {
        PLAN_SETTING: option.decisions(best.choice),
        "campaign": CampaignAsked(),
        **option.model_setting,
    }
    sections = [view(results, failures)]
    names = ("step", "campaign") if option.has_goal else ("step",)
    scenario = option.scenario_of(best.choice)
    for section in _sections(scenario, catalog, names, settings):
        # The table of the best plans has this plan already.
        tables = tuple(table for table in section.tables if table.name != "step.plan")
        sections.append(replace(section, tables=tables))
    return assemble(option.scenario, catalog, "search", sections, configuration_notes(option.scenario))


def _sections(scenario: Scenario, catalog: Catalog, names: Sequence[str], settings: Mapping[str, Any]) -> list[Section]:
    views = [view_of(name) for name in SECTIONS if name in names]
    floors = [floor for floor_view in views for floor in floor_view.floors if floor is not ALTERNATIVES]
    study = Chain().study(floors, scenario, catalog, settings=settings)
    context = Context(scenario=scenario, catalog=catalog)
    made = [floor_view.section(context, study) for floor_view in views]
    return [section for section in made if section is not None]


def _placement_answer(scenario: Scenario, catalog: Catalog) -> Answer:
    """Show the ways to place a job over several pools, and its step over all of them."""
    study = Chain().study((CLUSTER, JOB, PLAN, ALTERNATIVES, STEP), scenario, catalog)
    job = study.outcome(JOB)
    assert job is not None
    search_section = placement_view(placements(study, scenario), job.point.model.title)
    context = Context(scenario=scenario, catalog=catalog)
    step = view_of("step").section(context, study)
    sections = [search_section] if step is None else [search_section, step]
    return assemble(scenario, catalog, "search", sections, configuration_notes(scenario))
