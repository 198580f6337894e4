"""One floor of a scenario: its campaign, site, fleet or roadmap, with what it needs below."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from lindos.answers.answer import Answer
from lindos.answers.scenario import run
from lindos.catalog import Catalog
from lindos.scenario.schema import Scenario
from lindos.study.campaign import CampaignAsked
from lindos.views import sections_of

#: A built-in name, the path of a file, its content, or a scenario that was read before.
ScenarioLike: TypeAlias = str | Path | Mapping[str, Any] | Scenario
#: Catalogue files of one's own, or a catalogue that was loaded before.
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
    """Simulate how long the run of a scenario really takes once things fail.

    Parameters
    ----------
    scenario, catalog, changes
        As in :func:`lindos.run`.
    seed
        Of the random numbers.
    tolerance
        How well the percentiles of goodput are to be known: ``"0.5 %"``.
    trials
        Simulated histories at most.
    """
    asked = CampaignAsked.read(tolerance, max_trials=trials, seed=seed)
    return run(
        scenario,
        catalog,
        changes=changes,
        sections=sections_of("campaign"),
        campaign=asked,
        command="campaign",
    )


def price_site(
    scenario: ScenarioLike, catalog: CatalogLike = (), *, changes: Mapping[str, Any] | None = None
) -> Answer:
    """Estimate what the site of a scenario draws and costs: power, capital, a year, a GPU-hour.

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
    """Plan the purchases of a scenario from what is there to what is wanted.

    Parameters
    ----------
    scenario, catalog, changes
        As in :func:`lindos.run`.
    """
    return run(scenario, catalog, changes=changes, sections=sections_of("roadmap"), command="roadmap")
