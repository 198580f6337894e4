"""From a question to the answer of a search: options weighed, the best one told in full."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lindos import planning
from lindos.answers import placement
from lindos.answers.answer import Answer
from lindos.answers.legacy import campaign_section
from lindos.answers.scenario import assemble
from lindos.answers.search import tables
from lindos.answers.search.largest import largest
from lindos.answers.search.question import Question
from lindos.answers.search.trial import Run, Trial
from lindos.answers.step import pools_named
from lindos.catalog import Catalog, load_catalog
from lindos.elements import Cell, Figure, Section, Table
from lindos.errors import InconsistentError, InfeasibleError
from lindos.formats import TRAINING
from lindos.planning import Choice
from lindos.scenario.configuration import configuration_notes
from lindos.scenario.read import scenario_from
from lindos.scenario.resolve import model_named
from lindos.study import old_step as step
from lindos.study.figures import figure
from lindos.study.world import worlds
from lindos.units import render

#: The word that asks for every precision a device has.
ANY = "any"


def answer_search(
    clusters: Sequence[str],
    gpus: str | None,
    fabric: str | None,
    job: Mapping[str, Any],
    asked: Question,
    catalogs: Sequence[Path] = (),
    *,
    recovery: str | None = None,
) -> Answer:
    """The best plans of a job on the best of ``clusters``, in command-line words.

    Parameters
    ----------
    clusters
        Systems, or built-in scenarios with a cluster.
    gpus
        GPUs to use at most; needed where a cluster is a system.
    fabric
        Scale-out network; each system's usual one if None.
    job
        Fields of a scenario's job; a ``precision`` of ``any`` tries all that the devices have.
    asked
        What is best, and what the run must keep to.
    catalogs
        The user's own catalogue files.
    recovery
        What a failure stops, as in a scenario.

    Raises
    ------
    InputError, InconsistentError
        If a word is wrong.
    InfeasibleError
        If no plan on any cluster keeps to the limits.
    """
    catalog = load_catalog(catalogs)
    found: list[tuple[Trial, Choice, Run]] = []
    failed: list[tuple[str, Exception]] = []
    for name in clusters:
        pools = pools_named(name, gpus, fabric, catalog)
        for precision in _precisions(str(job["precision"])):
            data = _scenario(name, pools, {**job, "precision": precision}, asked, recovery, catalog)
            both = worlds(scenario_from(data), catalog, Path())
            label = name if len(clusters) > 1 else ""
            label = f"{label} {precision}".strip() if job["precision"] == ANY else label
            if len(pools) > 1:
                _check_alone(name, clusters, asked, str(job["precision"]))
                return placement.answer_of(both)
            try:
                trial = Trial(both, asked, label)
                if asked.largest:
                    trial = largest(trial)
                choice = trial.best()
            except (InfeasibleError, InconsistentError) as error:
                failed.append((label or name, error))
                continue
            found.append((trial, choice, trial.run(choice)))
    if not found:
        raise _all_failed(failed)
    best = min(found, key=lambda one: _rank(asked, *one))
    return _told(best, found, failed, catalog)


def _check_alone(name: str, clusters: Sequence[str], asked: Question, word: str) -> None:
    """A job over several pools is placed to be fastest: nothing else is asked of it."""
    others = {
        "cluster": "given more than once" if len(clusters) > 1 else None,
        "minimise": asked.minimise if asked.minimise != "time" else None,
        "deadline": asked.deadline,
        "budget": asked.budget,
        "power": asked.power,
        "largest": "asked for" if asked.largest else None,
        "precision": ANY if word == ANY else None,
    }
    for field, value in others.items():
        if value is not None:
            hint = "Ask for one of its systems with --gpus instead, such as --cluster hgx-h100."
            raise InconsistentError(field, value, "cluster", f"{name} of several pools", "be left out", hint)


def _precisions(word: str) -> tuple[str, ...]:
    return TRAINING if word == ANY else (word,)


def _scenario(
    name: str,
    pools: list[dict[str, Any]],
    job: Mapping[str, Any],
    asked: Question,
    recovery: str | None,
    catalog: Catalog,
) -> dict[str, Any]:
    model = model_named(str(job["model"]), catalog, Path())
    published = model.training_tokens
    tokens = asked.tokens or (float(published.value) if published is not None and published.is_known else None)
    goal = {"goal": {"tokens": f"{tokens!r} tokens"}} if tokens else {}
    return {
        "name": "search",
        "title": f"Plans for {model.title} on {name}",
        "cluster": {"pools": pools},
        "job": {key: value for key, value in {**job, **goal}.items() if value is not None},
        "campaign": {} if recovery is None else {"recovery": recovery},
        "compare_top500": False,
    }


def _all_failed(failed: Sequence[tuple[str, Exception]]) -> Exception:
    if len(failed) == 1:
        return failed[0][1]
    told = "; ".join(f"{name}: {str(error).rstrip('.')}" for name, error in failed)
    return InfeasibleError("No option keeps to what was asked", told, "Change the limits, or ask for other options")


def _rank(asked: Question, trial: Trial, choice: Choice, run: Run) -> float:
    """What is smaller for the better option."""
    tokens = float(choice.estimate.tokens_per_second)
    devices = float(choice.plan.num_devices)
    if asked.minimise == "gpus":
        return devices
    if asked.minimise == "time":
        return 1 / tokens if run.duration is None else run.duration
    money = trial.site
    if isinstance(money, str):
        return float("inf")
    each = float(money.device_cost) if asked.minimise == "cost" else float(money.power.mean) / float(money.num_devices)
    return each * devices / tokens / (run.goodput or 1.0)


def _told(
    best: tuple[Trial, Choice, Run],
    found: Sequence[tuple[Trial, Choice, Run]],
    failed: Sequence[tuple[str, Exception]],
    catalog: Catalog,
) -> Answer:
    trial, choice, run = best
    trial.take(choice)
    several = (_options(found, failed, trial),) if len(found) + len(failed) > 1 else ()
    shown = [
        Section(
            name="search",
            title="The search",
            summary=_summary(trial, choice, run),
            headline=("search.num_plans", "search.num_weighed", "search.num_slower"),
            figures=tuple(_figures(choice)),
            tables=(
                *several,
                tables.plans(trial, choice),
                tables.front(trial, trial.easy),
                tables.sensitivity(trial, choice),
                tables.rejected(choice),
            ),
            notes=tuple(_notes(trial, choice)),
        )
    ]
    trial.take(choice)
    told = step.section(trial.worlds)
    # The plan stands among the best plans already.
    shown.append(replace(told, tables=tuple(table for table in told.tables if table.name != "step.plan")))
    if trial.has_goal:
        # The campaign is priced by the site, where that is known.
        trial.know_site()
        shown.append(campaign_section(trial.worlds))
    warnings = (*trial.worlds.warnings, *configuration_notes(trial.world.scenario))
    return assemble(trial.world.scenario, catalog, "search", shown, warnings)


def _figures(choice: Choice) -> list[Figure]:
    return [
        figure("search.num_plans", "Plans in the space", "1", choice.num_candidates, why="combinations of all axes"),
        figure("search.num_weighed", "Evaluated in full", "1", choice.num_weighed, why="plans that hold"),
        figure(
            "search.num_slower",
            "Set aside by bounds",
            "1",
            choice.num_slower,
            why="plans proved not to be among the best without evaluating each",
        ),
    ]


_BEST = {
    "time": "The fastest",
    "cost": "The cheapest",
    "energy": "The plan of least energy",
    "gpus": "The plan of fewest GPUs",
}


def _summary(trial: Trial, choice: Choice, run: Run) -> str:
    asked, model = trial.question, trial.world.job.model
    used = int(choice.plan.num_devices)
    best = _BEST[asked.minimise]
    if asked.minimise == "cost" and isinstance(trial.site, str):
        best = "The plan of least GPU time (its cost is unknown)"
    text = (
        f"{best} of {choice.num_candidates:,} plans for {model.title} uses {used:,} of "
        f"{trial.pool.num_devices:,} GPUs: {render(float(choice.estimate.tokens_per_second), 'token/s')}"
    )
    if run.duration is not None:
        text += f", {render(run.duration, 's')} to train on {render(trial.tokens or 0.0, 'token')}"
    if run.cost is not None:
        text += f" for {render(run.cost, 'USD')}"
    return f"{text}."


def _notes(trial: Trial, choice: Choice) -> list[str]:
    told = [
        "Every combination of the axes counts as a plan: degrees that divide heads, experts and batch, all numbers of "
        "stages, up to 16 virtual stages, micro-batches of powers of two up to 32, every recomputation, sharding and "
        "schedule. Tensor parallelism stays inside a scale-up domain and context parallelism leaves a GPU 4,096 "
        "tokens, unless fixed otherwise.",
    ]
    free = f"leaves {100 * choice.headroom:.2g} % of device memory free" if choice.headroom else "may fill all memory"
    job = trial.world.job
    told.append(
        f"Every plan here {free} (--memory-headroom)"
        + ("." if job.any_software else f" and keeps to what {job.stack.title} ships (--any-software).")
    )
    better = planning.beyond_software(trial.search, choice) if trial.question.minimise == "time" else None
    if better is not None:
        gain = 100 * (float(better.estimate.tokens_per_second) / float(choice.estimate.tokens_per_second) - 1)
        words = planning.layout_words(better.plan)
        told.append(f"A plan beyond what the software ships would be {gain:.2g} % faster ({words}).")
    if choice.idle_devices:
        told.append(f"{choice.idle_devices:,} GPUs stay idle or stand by as spares: no plan that uses them is better.")
    if trial.devices < trial.pool.num_devices:
        told.append(f"The power limit leaves {trial.devices:,} of the {trial.pool.num_devices:,} GPUs.")
    if trial.has_goal and trial.question.tokens is None:
        told.append(f"The run is that of the model's published {render(trial.tokens or 0.0, 'token')}.")
    if isinstance(trial.site, str):
        told.append(f"Money: {trial.site}")
    return told


def _options(found: Sequence[tuple[Trial, Choice, Run]], failed: Sequence[tuple[str, Exception]], best: Trial) -> Table:
    """The best plan of every option, the best option first."""
    asked = best.question
    body: list[tuple[Cell, ...]] = []
    for trial, choice, run in sorted(found, key=lambda one: _rank(asked, *one)):
        body.append(
            (
                trial.label,
                float(choice.plan.num_devices),
                float(choice.estimate.tokens_per_second),
                float(choice.estimate.mfu),
                run.duration,
                run.cost,
                run.energy,
                tables.layout(choice.plan),
            )
        )
    body += [(name, None, None, None, None, None, None, str(error)) for name, error in failed]
    return Table(
        name="search.options",
        title="Options, the best first",
        columns=("", "GPUs", "tokens trained on", "MFU", "time to train", "cost", "energy", "plan"),
        units=("", "1", "token/s", "%", "s", "USD", "J", ""),
        rows=tuple(body),
        key=True,
    )
