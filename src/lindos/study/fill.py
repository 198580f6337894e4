"""The size of a pool that fills the site: as many nodes or racks as its power limit and its budget allow."""

from collections.abc import Iterator
from dataclasses import dataclass

from lindos.catalog import Catalog
from lindos.errors import InconsistentError, InfeasibleError, InputError
from lindos.scenario.resolve import cluster_of, counted, site_of
from lindos.scenario.schema import ClusterSpec, PoolSpec, Scenario, SiteSpec
from lindos.study.reference import priced
from lindos.units import render

#: A billion GPUs, as for any pool.
_MOST_GPUS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit of the site: its field, its name in words, its value, and the unit of the value."""

    path: str
    noun: str
    value: float
    unit: str

    def text(self) -> str:
        """Write the limit: ``power limit of 100 MW``."""
        return f"{self.noun} of {render(self.value, self.unit)}"


def limits(scenario: Scenario, catalog: Catalog) -> list[Limit]:
    """List the limits of the site that bound a cluster: power, then money.

    Parameters
    ----------
    scenario, catalog
        The question and the facts.
    """
    spec = scenario.site or SiteSpec()
    power = site_of(spec, catalog).power_limit
    listed = (
        [Limit(path="site.power_limit", noun="power limit", value=float(power.value), unit="W")]
        if power.is_known
        else []
    )
    if spec.budget is not None:
        listed.append(Limit(path="site.budget", noun="budget", value=spec.budget, unit="USD"))
    return listed


def filled(scenario: Scenario, catalog: Catalog) -> Scenario:
    """Return the scenario with a number of GPUs where a pool says ``gpus: fill``.

    Facility power at full load counts against the power limit, and capital cost against the budget, with the
    catalogue's own values.

    Parameters
    ----------
    scenario, catalog
        The question and the facts.

    Raises
    ------
    InputError
        If the site has neither a power limit nor a budget.
    InconsistentError
        If several pools fill the site.
    InfeasibleError
        If not a single node or rack fits.
    """
    pools = scenario.cluster.pools if scenario.cluster else []
    places = [index for index, pool in enumerate(pools) if pool.fill]
    if not places:
        return scenario
    index = places[0]
    if len(places) > 1:
        paths = [f"cluster.pools.{place}.gpus" for place in places[:2]]
        raise InconsistentError(paths[0], "fill", paths[1], "fill", "be a number: only one pool can fill the site")
    bounds = limits(scenario, catalog)
    if not bounds:
        hint = "Write for example 'power_limit: 100 MW' or 'budget: $1.5 billion' under site."
        raise InputError(
            f"cluster.pools.{index}.gpus", "fill", "a number without site.power_limit and site.budget", hint
        )
    room = _Room(counted(scenario, catalog), catalog, index, tuple(bounds))
    return _sized(scenario, index, room.most() * room.unit)


def _sized(scenario: Scenario, index: int, gpus: int) -> Scenario:
    assert scenario.cluster is not None
    pools = list(scenario.cluster.pools)
    pools[index] = pools[index].model_copy(update={"gpus": gpus})
    return scenario.model_copy(update={"cluster": ClusterSpec(pools=pools)})


class _Room:
    """Sizes of one pool, in nodes or racks, that fit the site beside the other pools."""

    def __init__(self, scenario: Scenario, catalog: Catalog, index: int, bounds: tuple[Limit, ...]) -> None:
        assert scenario.cluster is not None
        self._scenario, self._catalog, self._index, self._bounds = scenario, catalog, index, bounds
        pool: PoolSpec = scenario.cluster.pools[index]
        self._system = catalog.system(pool.system, f"cluster.pools.{index}.system")
        self.unit = int(self._system.num_devices.value)

    def excess(self, units: int) -> Iterator[tuple[Limit, float]]:
        """Yield the limits that a number of units exceeds, each with what it comes to."""
        spec = _sized(self._scenario, self._index, units * self.unit).cluster
        assert spec is not None
        estimate = priced(cluster_of(spec, self._scenario.name, self._catalog), self._scenario.site, self._catalog)
        reached = {"W": estimate.power.total, "USD": estimate.capex.total}
        for limit in self._bounds:
            amount = reached[limit.unit]
            if amount is not None and float(amount) > limit.value:
                yield limit, float(amount)

    def most(self) -> int:
        """Return the largest number of units that fits: power and cost grow with every unit."""
        if excess := next(self.excess(1), None):
            limit, amount = excess
            raise InfeasibleError(
                f"Not one {self._system.unit} of {self._system.name} fits the site",
                f"it comes to {render(amount, limit.unit)}, beyond the {limit.text()}",
                f"Raise {limit.path}, or make other pools smaller",
            )
        least, most = 1, 2
        while not any(True for _ in self.excess(most)):
            least, most = most, 2 * most
            if most * self.unit > _MOST_GPUS:
                paths = " and ".join(limit.path for limit in self._bounds)
                raise InputError(paths, "no bound", "a limit that fewer than a billion GPUs reach")
        while most - least > 1:
            middle = (least + most) // 2
            least, most = (least, middle) if any(True for _ in self.excess(middle)) else (middle, most)
        return least
