"""One floor of a scenario: its campaign, site, fleet or roadmap, with the floors that it needs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from lindos.answers.answer import Answer
from lindos.answers.scenario import run
from lindos.catalog import Catalog
from lindos.scenario.schema import Scenario
from lindos.study.campaign import CampaignAsked
from lindos.views import sections_of

#: A built-in name, the path of a file, its content, or a scenario from :func:`lindos.load_scenario`.
ScenarioLike: TypeAlias = str | Path | Mapping[str, Any] | Scenario
#: The user's own catalogue files, or a catalogue from :func:`lindos.load_catalog`.
CatalogLike: TypeAlias = str | Path | Sequence[str | Path] | Catalog


def simulate_campaign(
    scenario: ScenarioLike,
    catalog: CatalogLike = (),
    *,
    changes: Mapping[str, Any] | None = None,
    seed: int = 0,
    tolerance: str | None = None,
    trials: int | None = None,
) -> Answer:
    """Simulate the time of a scenario's training run with failures.

    Parameters
    ----------
    scenario, catalog, changes
        As in :func:`lindos.run`.
    seed
        Seed of the random numbers.
    tolerance
        Allowed error of the percentiles of goodput: ``"0.5 %"``.
    trials
        Largest number of simulated histories.
    """
    wishes = CampaignAsked.read(tolerance, max_trials=trials, seed=seed)
    return run(
        scenario,
        catalog,
        changes=changes,
        sections=sections_of("campaign"),
        campaign=wishes,
        command="campaign",
    )


def price_site(
    scenario: ScenarioLike, catalog: CatalogLike = (), *, changes: Mapping[str, Any] | None = None
) -> Answer:
    """Estimate power and costs of the site of a scenario: capital, a year, a GPU-hour.

    Parameters
    ----------
    scenario, catalog, changes
        As in :func:`lindos.run`.
    """
    return run(scenario, catalog, changes=changes, sections=sections_of("site"), command="site")


def size_fleet(
    scenario: ScenarioLike, catalog: CatalogLike = (), *, changes: Mapping[str, Any] | None = None
) -> Answer:
    """Size the fleet that carries the inference of a scenario, and price it at cloud providers.

    Parameters
    ----------
    scenario, catalog, changes
        As in :func:`lindos.run`.
    """
    return run(scenario, catalog, changes=changes, sections=sections_of("fleet"), command="fleet")


def plan_roadmap(
    scenario: ScenarioLike, catalog: CatalogLike = (), *, changes: Mapping[str, Any] | None = None
) -> Answer:
    """Plan the purchases of a scenario from its start to its target.

    Parameters
    ----------
    scenario, catalog, changes
        As in :func:`lindos.run`.
    """
    return run(scenario, catalog, changes=changes, sections=sections_of("roadmap"), command="roadmap")
