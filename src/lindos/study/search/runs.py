"""The whole run under a plan, by the closed form, on a cluster of any number of devices."""

from dataclasses import dataclass, replace

from lindos import campaign, planning
from lindos.campaign import Problem
from lindos.catalog import Catalog
from lindos.planning import PoolDecision
from lindos.problem.job import Job
from lindos.problem.plan import Plan
from lindos.scenario.schema import ClusterSpec, Scenario
from lindos.site import SiteEstimate
from lindos.step import Assumptions, cluster_step
from lindos.study import step as step_floor
from lindos.study.campaign.basis import Basis, basis_of
from lindos.study.campaign.problem import goal, problem_of, workload_of
from lindos.study.chain import Chain
from lindos.study.cluster import CLUSTER, ClusterResult
from lindos.study.floor import World
from lindos.study.plan import Plans
from lindos.study.reference import priced
from lindos.study.residual import residual

#: A plan of a search, the best or one of those after it.
Planned = planning.Choice | planning.Alternative


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The whole run under a plan, in seconds, USD and J; None if it is unknown or the run never ends."""

    devices: int = 0  # devices of the cluster: those at work, and spares
    duration: float | None = None
    cost: float | None = None
    energy: float | None = None
    goodput: float | None = None
    sustained: bool = True
    cost_is_least: bool = False  # whether a price is unknown, so that the cost is a lower bound
    energy_is_least: bool = False  # whether a power is unknown


class Runs:
    """Runs of a job under plans of one pool, on clusters of that pool's devices."""

    def __init__(
        self, scenario: Scenario, catalog: Catalog, job: Job, result: ClusterResult, assumptions: Assumptions
    ) -> None:
        """Store what all runs share; nothing is evaluated yet.

        Parameters
        ----------
        scenario
            The largest cluster, and the campaign.
        catalog
            The facts.
        job
            What is trained.
        result
            The largest cluster, resolved.
        assumptions
            Parameters of the catalogue.
        """
        self.scenario, self.catalog, self.job, self.assumptions = scenario, catalog, job, assumptions
        self.chain = Chain()
        self.largest = result
        self._clusters: dict[int, ClusterResult] = {int(result.cluster.num_devices): result}
        self._sites: dict[int, SiteEstimate] = {}
        self._bases: dict[tuple[Plan, int], Basis] = {}
        self._units: dict[tuple[Plan, int], int] = {}

    @property
    def has_goal(self) -> bool:
        """Whether the run has an end."""
        return self.scenario.job is not None and self.scenario.job.goal is not None

    def cluster(self, devices: int) -> ClusterResult:
        """Resolve a cluster of so many devices.

        Parameters
        ----------
        devices
            Number of devices.
        """
        if devices not in self._clusters:
            self._clusters[devices] = self.chain.point(CLUSTER, self.scenario_of(devices), self.catalog)
        return self._clusters[devices]

    def scenario_of(self, devices: int) -> Scenario:
        """Get the scenario of a cluster of so many devices.

        Parameters
        ----------
        devices
            Number of devices.
        """
        if self.scenario.cluster is None or devices == self.largest.cluster.num_devices:
            return self.scenario
        (pool,) = self.scenario.cluster.pools
        pool = pool.model_copy(update={"gpus": devices, "nodes": None, "racks": None})
        return self.scenario.model_copy(update={"cluster": ClusterSpec(pools=[pool])})

    def site(self, devices: int) -> SiteEstimate:
        """Price a cluster of so many devices.

        Parameters
        ----------
        devices
            Number of devices.
        """
        if devices not in self._sites:
            self._sites[devices] = priced(self.cluster(devices).cluster, self.scenario.site, self.catalog)
        return self._sites[devices]

    def run(self, planned: Planned, devices: int) -> Run:
        """Estimate the run under a plan on a cluster of so many devices.

        Parameters
        ----------
        planned
            The plan.
        devices
            Devices of the cluster; those that do not work stand by as spares.
        """
        if not self.has_goal:
            return Run(devices=devices)
        return self._run(self._basis(planned), int(planned.plan.num_devices), devices)

    def at_best(self, planned: Planned, working: int, devices: int) -> Run:
        """Estimate a run that no plan of at least so many working devices and at most this plan's speed can beat.

        Failures are those of the fewest devices, each takes no more out of service than what is repaired together, and
        no replica is larger than that.

        Parameters
        ----------
        planned
            Plan whose speed no other exceeds.
        working
            Fewest devices at work.
        devices
            Devices of the cluster.
        """
        basis = self._basis(planned)
        (part,) = basis.pools
        basis = replace(basis, pools=(replace(part, plan=Plan()),))
        unit = float(self._unit(basis, devices))
        return self._run(replace(basis, replica_devices=min(unit, basis.replica_devices)), working, devices)

    def unit(self, planned: Planned) -> int:
        """Get the devices that one failure takes out of service, the least number of spares that stand in.

        Parameters
        ----------
        planned
            The plan.
        """
        key = planned.plan, planned.global_batch_size
        if key not in self._units:
            self._units[key] = self._unit(self._basis(planned), int(planned.plan.num_devices))
        return self._units[key]

    def least_unit(self, planned: Planned) -> int:
        """Get the devices that are repaired together, whatever the plan."""
        basis = self._basis(planned)
        (part,) = basis.pools
        return self._unit(replace(basis, pools=(replace(part, plan=Plan()),)), int(planned.plan.num_devices))

    def spares_wanted(self, planned: Planned) -> int:
        """Get the spares with which nearly no failure waits for a repair.

        Parameters
        ----------
        planned
            The plan.
        """
        basis = self._basis(planned)
        estimate = campaign.estimate(self._problem(basis, int(planned.plan.num_devices)), workload_of(basis))
        return int(float(estimate.devices_in_repair))

    def decisions(self, planned: Planned, devices: int) -> tuple[PoolDecision, ...]:
        """Get a plan as the decision that the chain takes it from.

        Parameters
        ----------
        planned
            The plan.
        devices
            Devices of the cluster.
        """
        decision = PoolDecision(
            plan=planned.plan,
            global_batch_size=planned.global_batch_size,
            idle_devices=devices - int(planned.plan.num_devices),
            choice=planned if isinstance(planned, planning.Choice) else None,
        )
        return (decision,)

    def _unit(self, basis: Basis, working: int) -> int:
        causes = self._problem(basis, working).causes
        return max(1, *(int(cause.devices) for cause in causes))

    def _problem(self, basis: Basis, working: int, devices: int = 0) -> Problem:
        devices = max(devices, working)
        (part,) = basis.pools
        part = replace(part, num_devices=devices, idle_devices=devices - working)
        basis = replace(basis, cluster=self.cluster(devices).cluster, pools=(part,), num_devices=float(working))
        return problem_of(basis, goal(basis))

    def _run(self, basis: Basis, working: int, devices: int) -> Run:
        estimate = campaign.estimate(self._problem(basis, working, devices), workload_of(basis))
        if float(estimate.sustainable) < 1:
            return Run(devices=devices, sustained=False)
        duration, site = float(estimate.duration), self.site(devices)
        cost, energy = site.device_cost, site.power.mean
        return Run(
            devices=devices,
            duration=duration,
            goodput=float(estimate.goodput),
            cost=float(cost) * devices * duration if cost else None,
            energy=float(energy) / devices * working * duration if energy else None,
            cost_is_least=bool(site.gaps_of("device_cost")),
            energy_is_least=bool(site.power.gaps_of("mean")),
        )

    def _basis(self, planned: Planned) -> Basis:
        key = planned.plan, planned.global_batch_size
        if key not in self._bases:
            cluster = self.largest.cluster
            decisions = self.decisions(planned, int(cluster.num_devices))
            step = cluster_step(self.job, cluster, decisions, assumptions=self.assumptions)
            plans = Plans(pools=decisions, step=step, residual=residual(self.catalog, self.job, cluster, step))
            world = World(scenario=self.scenario, catalog=self.catalog, folder=None)
            self._bases[key] = basis_of(world, step_floor.compute(world, self.largest, self.job, plans))
        return self._bases[key]
