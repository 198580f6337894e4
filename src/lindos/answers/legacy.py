"""Floors that are not links of the chain yet: they read results from a shared world."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lindos.catalog import Catalog
from lindos.elements import Section
from lindos.errors import UnknownValueError
from lindos.scenario.schema import Scenario
from lindos.study import campaign
from lindos.study.campaign import CampaignAsked
from lindos.study.chain import Study
from lindos.study.cluster import CLUSTER
from lindos.study.plan import ALTERNATIVES, PLAN
from lindos.study.site import SITE
from lindos.study.step import STEP, StepResult
from lindos.study.world import Worlds, worlds

SECTIONS: Mapping[str, Callable[[Worlds], Section | None]] = {"campaign": campaign.section}
_TITLES = {"campaign": "The whole run"}


@dataclass(frozen=True, slots=True)
class Legacy:
    """Sections by name, and warnings."""

    sections: dict[str, Section]
    warnings: tuple[str, ...]


def sections(
    names: Sequence[str],
    study: Study,
    scenario: Scenario,
    catalog: Catalog,
    folder: Path | None,
    simulation: CampaignAsked,
) -> Legacy:
    """Answer the floors of ``names`` that are not links of the chain."""
    wanted = [name for name in names if name in SECTIONS]
    shared = worlds(scenario, catalog, folder)
    shared.decisions["campaign.asked"] = simulation
    _fill(shared, study)
    made: dict[str, Section] = {}
    for name in sorted(wanted, key=lambda name: name == "campaign"):
        section = _section(shared, name)
        if section is not None:
            made[name] = section
    return Legacy(made, tuple(shared.warnings))


def _fill(shared: Worlds, study: Study) -> None:
    """Put the results of the chain where the older floors look for them."""
    cluster = study.outcome(CLUSTER)
    step = study.outcome(STEP)
    site = study.outcome(SITE)
    # A cost that is only a lower bound prices no run.
    if site is not None and not site.point.estimate.gaps:
        shared.point.results["site"], shared.sampled.results["site"] = site.point.estimate, site.sampled.estimate
    plans, alternatives = study.outcome(PLAN), study.outcome(ALTERNATIVES)
    if cluster is not None:
        shared.point.results["cluster"], shared.sampled.results["cluster"] = cluster.point.size, cluster.sampled.size
    if step is not None:
        shared.point.results["step"], shared.sampled.results["step"] = _step(step.point), _step(step.sampled)
    if plans is not None:
        shared.decisions["step.plans"] = plans.point.pools
    if alternatives is not None:
        shared.decisions["step.without"] = dict(alternatives.point.without)


def _step(result: StepResult) -> Any:
    return SimpleNamespace(
        found=result.step,
        time=result.time,
        tokens=result.tokens,
        num_devices=result.num_devices,
        replica_devices=result.replica_devices,
    )


def _section(shared: Worlds, name: str) -> Section | None:
    if name == "campaign" and "step" not in shared.point.results:
        return None
    try:
        return SECTIONS[name](shared)
    except UnknownValueError as error:
        title = _TITLES.get(name, name.capitalize())
        return Section(name=name, title=title, summary=f"Unknown: {error}")
