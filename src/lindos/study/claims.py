"""Power and cost of the devices and clusters that statements name: the values that they are checked against."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lindos import claims
from lindos.catalog import Catalog
from lindos.claims import Claim, ClusterFacts, Context, Discounted, Span, Verdict
from lindos.claims.amounts import groups_of
from lindos.claims.context import are_equal
from lindos.errors import InconsistentError, InputErrors, UnknownNameError
from lindos.problem.cluster import Cluster
from lindos.scenario.schema import Scenario
from lindos.site import SiteEstimate
from lindos.study.cluster import CLUSTER, ClusterResult
from lindos.study.floor import Floor, Outcome, World
from lindos.study.ranges import number, span_around
from lindos.study.reference import DeviceCost, built, device_cost, negotiable_of, settled
from lindos.study.site import SITE, SiteResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """Statements to check, by id, and the settled scenarios whose clusters they name."""

    claims: Mapping[str, Claim]
    clusters: Mapping[str, Scenario]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterTotals:
    """A named cluster at its site."""

    title: str
    cluster: Cluster
    site: SiteEstimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsResult:
    """Statements with the data for their check."""

    claimed: Claimed
    devices: Mapping[str, DeviceCost]
    clusters: Mapping[str, ClusterTotals]


def choose(world: World) -> Claimed:
    """Choose the statements: those of the settings, else those that the scenario names.

    Parameters
    ----------
    world
        Scenario, catalogue and settings.

    Raises
    ------
    UnknownNameError
        If the catalogue does not have one of the statements.
    InconsistentError
        If the devices of a statement are not those of the cluster that it names.
    """
    stated: Mapping[str, Claim] | None = world.settings.get("claims")
    if stated is None:
        shipped = claims.load(world.catalog)
        wanted = world.scenario.claims
        errors = [
            UnknownNameError(f"claims.{index}", name, shipped)
            for index, name in enumerate(wanted)
            if name not in shipped
        ]
        if errors:
            raise errors[0] if len(errors) == 1 else InputErrors(errors)
        stated = {name: shipped[name] for name in wanted}
    names = claims.clusters_of(stated.values())
    clusters = {name: settled(name, world.catalog, "cluster") for name in names}
    for claim in stated.values():
        _check_devices(claim, {name: built(clusters[name], world.catalog).cluster for name in names}, world.catalog)
    return Claimed(claims=stated, clusters=clusters)


def _check_devices(claim: Claim, clusters: Mapping[str, Cluster], catalog: Catalog) -> None:
    for index, check in enumerate(claim.checks):
        name = getattr(check, "cluster", None)
        if name and not _same_devices(check, clusters[name], catalog):
            path = f"{claim.id}.checks.{index}"
            devices = ", ".join(f"{count:,} {device}" for device, count in _devices(clusters[name]).items())
            raise InconsistentError(
                *(f"{path}.devices", "other devices", f"{path}.cluster", f"{name} of {devices}"),
                *("be those of the second", "Leave out the cluster, or count its devices."),
            )


def _same_devices(check: Any, cluster: Cluster, catalog: Catalog) -> bool:
    """Tell whether a check names the devices of a cluster."""
    counted: dict[str, float] = {}
    for group in groups_of(check.devices, Context(catalog=catalog)):
        counted[group.accelerator.name] = counted.get(group.accelerator.name, 0.0) + group.count.value
    return are_equal(counted, _devices(cluster))


def _devices(cluster: Cluster) -> dict[str, int]:
    counts: dict[str, int] = {}
    for pool in cluster.pools:
        counts[pool.accelerator.name] = counts.get(pool.accelerator.name, 0) + pool.num_devices
    return counts


def compute(world: World, claimed: Claimed, cluster: ClusterResult | None, site: SiteResult | None) -> ClaimsResult:
    """Estimate power and cost of every device and cluster that the statements name.

    A statement about the scenario's own cluster is checked against the figures of the report, on the scenario's terms.

    Parameters
    ----------
    world
        Scenario and catalogue.
    claimed
        Statements and clusters.
    cluster, site
        Cluster and site of the scenario; None if it has none.
    """
    clusters: dict[str, ClusterTotals] = {}
    for name, scenario in claimed.clusters.items():
        published = built(scenario, world.catalog)
        totals = ClusterTotals(title=published.title, cluster=published.cluster, site=published.site)
        if (
            name == world.scenario.name
            and cluster
            and site
            and _devices(cluster.cluster) == _devices(published.cluster)
        ):
            totals = ClusterTotals(title=published.title, cluster=cluster.cluster, site=site.estimate)
        clusters[name] = totals
    names = claims.accelerators_of(claimed.claims.values(), world.catalog)
    return ClaimsResult(
        claimed=claimed, devices={name: device_cost(world.catalog, name) for name in names}, clusters=clusters
    )


def verdicts(outcome: Outcome[ClaimsResult], catalog: Catalog) -> tuple[Verdict, ...]:
    """Check every statement.

    Parameters
    ----------
    outcome
        Statements, and the values that they are checked against.
    catalog
        Facts of devices.
    """
    point, sampled = outcome.point, outcome.sampled
    context = _context(catalog, point.devices, sampled.devices, _clusters(point, sampled))
    return tuple(claims.check(claim, context) for claim in point.claimed.claims.values())


def discounts(outcome: Outcome[ClaimsResult], catalog: Catalog) -> tuple[Discounted, ...]:
    """Compute the totals by discount of every statement about a discount.

    Parameters
    ----------
    outcome
        Statements, and the costs of devices.
    catalog
        Facts of devices.
    """
    point, sampled = outcome.point, outcome.sampled
    context = _context(catalog, point.devices, sampled.devices, _clusters(point, sampled))
    return tuple(row for claim in point.claimed.claims.values() for row in claims.discounted(claim, context))


def context_for(devices: Iterable[str], catalog: Catalog, sampled: Catalog) -> Context:
    """Collect the values for statements about devices, without a scenario.

    Parameters
    ----------
    devices
        Names of accelerators.
    catalog
        Catalogue with its own values.
    sampled
        The same catalogue with draws.
    """
    names = list(dict.fromkeys(devices))
    point = {name: device_cost(catalog, name) for name in names}
    return _context(catalog, point, {name: device_cost(sampled, name) for name in names}, {})


def _context(
    catalog: Catalog,
    point: Mapping[str, DeviceCost],
    sampled: Mapping[str, DeviceCost],
    clusters: Mapping[str, ClusterFacts],
) -> Context:
    power = {name: _span(cost.facility_power, sampled[name].facility_power) for name, cost in point.items()}
    money = {name: _span(cost.capex, sampled[name].capex) for name, cost in point.items()}
    negotiable = {name: _span(cost.negotiable, sampled[name].negotiable) for name, cost in point.items()}
    return Context(
        catalog=catalog,
        negotiable={name: span for name, span in negotiable.items() if span is not None},
        facility_power={name: span for name, span in power.items() if span is not None},
        unit_cost={name: span for name, span in money.items() if span is not None},
        clusters=clusters,
    )


def _clusters(point: ClaimsResult, sampled: ClaimsResult) -> dict[str, ClusterFacts]:
    return {
        name: ClusterFacts(
            title=totals.title,
            devices=_devices(totals.cluster),
            facility_power=_span(totals.site.power.total, sampled.clusters[name].site.power.total),
            power_is_bound=bool(totals.site.gaps_of("power.total")),
            capex=_span(totals.site.capex.total, sampled.clusters[name].site.capex.total),
            capex_is_bound=bool(totals.site.gaps_of("capex.total")),
            negotiable=_negotiable(totals.site, sampled.clusters[name].site),
        )
        for name, totals in point.clusters.items()
    }


def _negotiable(point: SiteEstimate, drawn: SiteEstimate) -> Span | None:
    if point.gaps_of("capex.total"):
        return None
    return _span(negotiable_of(point), negotiable_of(drawn))


def _span(point: object, drawn: object) -> Span | None:
    value = number(point)
    if value is None:
        return None
    low, high = span_around(value, drawn)
    return Span(value, value if low is None else low, value if high is None else high)


CLAIMED = Floor(
    name="claimed",
    question="Which statements are checked?",
    compute=choose,
    reads=("claims",),
    section="claims",
    is_decision=True,
    setting="claims",
)
CLAIMS = Floor(
    name="claims",
    question="What was claimed, and what holds?",
    compute=compute,
    needs=(CLAIMED,),
    wants=(CLUSTER, SITE),
)
