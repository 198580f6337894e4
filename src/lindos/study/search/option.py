"""Option of a search: one model in one precision on one cluster, with duration, cost and energy of each plan."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from lindos import campaign, planning
from lindos import site as site_room
from lindos.catalog import Catalog
from lindos.catalog.gaps import require
from lindos.catalog.model import Model
from lindos.errors import InfeasibleError, InputError, UnknownValueError
from lindos.planning import Choice, Limits, PoolDecision, Search
from lindos.problem.cluster import Cluster
from lindos.quantities import Tokens
from lindos.scenario.peaks import check_peaks
from lindos.scenario.resolve import check_precision
from lindos.scenario.schema import ClusterSpec, GoalSpec, Scenario
from lindos.site import SiteEstimate
from lindos.step import cluster_step
from lindos.study import step as step_floor
from lindos.study.campaign.basis import basis_of
from lindos.study.campaign.problem import goal, problem_of, workload_of
from lindos.study.chain import Chain
from lindos.study.cluster import CLUSTER, ClusterResult
from lindos.study.floor import World
from lindos.study.job import JOB, MODEL_SETTING, training_tokens
from lindos.study.plan import Plans, request
from lindos.study.reference import priced
from lindos.study.residual import residual
from lindos.study.search.question import Question
from lindos.units import render

#: Largest number of rounds in which the goodput of a plan sets the limits of the next search.
_ROUNDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The whole run under a plan, in seconds, USD and J; None if it is unknown or the run never ends."""

    duration: float | None = None
    cost: float | None = None
    energy: float | None = None
    goodput: float | None = None
    sustained: bool = True


class Option:
    """One option of a search: a single pool of equal devices.

    Parameters
    ----------
    scenario
        The cluster, the job and its goal.
    catalog
        The facts.
    question
        Objective, and limits of the run.
    label
        Name of the option among several.
    model
        Model to train instead of that of the scenario.
    """

    def __init__(
        self, scenario: Scenario, catalog: Catalog, question: Question, label: str, model: Model | None = None
    ) -> None:
        """Make the search; nothing is evaluated yet."""
        self.scenario, self.catalog, self.question, self.label = scenario, catalog, question, label
        self.chain = Chain()
        self.model_setting = {MODEL_SETTING: model}
        self.cluster_result = self.chain.point(CLUSTER, scenario, catalog)
        self.cluster = self.cluster_result.cluster
        self.job = self.chain.point(JOB, scenario, catalog, settings=self.model_setting)
        check_precision(self.job, self.cluster)
        check_peaks(self.job, self.cluster, catalog)
        self.pool = self.cluster.pools[0]
        wanted = request(self.world, self.job, self.cluster)
        batch = planning.Batch(size=wanted.global_batch_size, is_free=wanted.batch_is_free)
        self.search = Search(self.job, self.pool, batch, wanted.fixed, wanted.assumptions)

    @property
    def world(self) -> World:
        """The world of the catalogue's own values."""
        return World(scenario=self.scenario, catalog=self.catalog, folder=None)

    @property
    def tokens(self) -> Tokens | None:
        """Tokens of the run; None if it has no goal."""
        return training_tokens(self.world, self.job, self.cluster) if self.has_goal else None

    @property
    def has_goal(self) -> bool:
        """Whether the run has an end."""
        return self.scenario.job is not None and self.scenario.job.goal is not None

    @cached_property
    def _site(self) -> SiteEstimate:
        return priced(self.cluster, self.scenario.site, self.catalog)

    @cached_property
    def gap(self) -> str:
        """Sentence that names an unknown value of the cost; empty if all values are known."""
        try:
            require(self._site.gaps)
        except UnknownValueError as error:
            return str(error)
        return ""

    @property
    def site(self) -> SiteEstimate | None:
        """Power and money of the cluster's site; None if a part is unknown."""
        return None if self.gap else self._site

    @property
    def devices(self) -> int:
        """Devices that a plan may use under the power limit."""
        if self.question.power is None:
            return self.pool.num_devices
        power = self._site.power
        require(power.gaps_of("total"))
        total: Any = power.total
        per_device = float(total) / self.pool.num_devices
        fit = int(self.question.power / per_device)
        if fit < 1:
            share = render(per_device, "W")
            raise InfeasibleError(
                "The power limit is too low for one GPU",
                f"it draws {share} with its share of the facility, of {render(self.question.power, 'W')}",
                "Raise --power",
            )
        return min(fit, self.pool.num_devices)

    @cached_property
    def limits(self) -> Limits:
        """Limits of a plan on devices and memory."""
        return replace(planning.pool_limits(self.pool), devices=self.devices)

    @property
    def limits_with_headroom(self) -> Limits:
        """The same limits with the headroom of memory left free."""
        return replace(self.limits, memory=self.limits.memory * (1.0 - float(self.search.assumptions.headroom.value)))

    def with_model(self, model: Model, tokens: float) -> "Option":
        """Make the same option for another model.

        Parameters
        ----------
        model
            Model to train.
        tokens
            Tokens of the run.
        """
        assert self.scenario.job is not None
        job = self.scenario.job.model_copy(update={"goal": GoalSpec.model_construct(tokens=tokens)})
        scenario = self.scenario.model_copy(update={"job": job})
        return Option(scenario, self.catalog, self.question, self.label, model)

    def best(self) -> Choice:
        """Search for the best plans that keep to the limits of the question.

        A run takes longer than its steps. The goodput depends on the plan, and the necessary speed of the plan depends
        on the goodput. The limits are set again until the run under their plan keeps to them.

        Raises
        ------
        InfeasibleError
            If no plan keeps to the limits.
        """
        goodput = 1.0
        for _ in range(_ROUNDS):
            limits = self._limits_of_run(goodput)
            try:
                choice = self._choice(limits)
            except InfeasibleError as error:
                raise self._too_slow(error) from None
            run = self.run(choice)
            if self._keeps(run):
                return choice
            if not run.sustained or run.goodput is None:
                raise InfeasibleError(
                    "The run does not end",
                    f"on {int(choice.plan.num_devices):,} GPUs failures come faster than one is recovered from",
                    "Use --recovery replica, fewer GPUs, or devices that fail less",
                )
            goodput = min(run.goodput, goodput * (1 - 1e-3))
        raise InfeasibleError(
            "No plan keeps to the limits", "failures take back what more GPUs bring", "Allow more time"
        )

    def _choice(self, limits: Limits) -> Choice:
        """Search for the best plans within limits on the step, with the exact number of GPUs.

        For a free batch the numbers of replicas in the space are sparse far below the number of devices. A search on
        fewer devices has all numbers close to it.
        """
        choice = self._chosen(limits)
        if not self.search.space.batch.is_free or self.question.objective == "time":
            return choice
        used = int(choice.plan.num_devices)
        if self.question.objective == "devices":
            return self._chosen(replace(limits, devices=self._fewest(limits, used, float(choice.memory.total))))
        while used > 1:
            devices = used - max(1, used // 32)
            try:
                smaller = self._chosen(replace(limits, devices=devices))
            except InfeasibleError:
                break
            if _per_device(smaller) <= _per_device(choice):
                break
            choice, used = smaller, int(smaller.plan.num_devices)
        return choice

    def _chosen(self, limits: Limits) -> Choice:
        return planning.choice(self.search, limits, minimise=self.question.objective, top=self.question.top)

    def _fewest(self, limits: Limits, most: int, memory: float) -> int:
        """Search for the fewest GPUs with a plan that is fast enough, at most ``most``, by bisection."""
        roomy = limits.memory * (1.0 - float(self.search.assumptions.headroom.value))
        limits = replace(limits, memory=roomy if memory <= roomy else limits.memory)
        low = 0
        while most - low > 1:
            middle = (low + most) // 2
            best = self.search.best(replace(limits, devices=middle), floor=float(limits.speed)).best
            low, most = (low, int(best[0].plan.num_devices)) if best else (middle, most)
        return most

    def _limits_of_run(self, goodput: float) -> Limits:
        """Get the limits on the step from those on the run."""
        if self.question.deadline is None and self.question.budget is None:
            return self.limits
        tokens = self.tokens
        if tokens is None:
            raise InputError(
                "tokens", None, "given with a deadline or a budget", "Write for example --tokens '15T tokens'."
            )
        speed = float(tokens) / (self.question.deadline * goodput) if self.question.deadline else 0.0
        per_device = 0.0
        if self.question.budget:
            site = self.site
            if site is None:
                raise InfeasibleError("The cost is unknown", self.gap.rstrip("."), "Leave out --budget")
            cost: Any = site.device_cost
            per_device = float(tokens) * float(cost) / (self.question.budget * goodput)
        return replace(self.limits, speed=speed, speed_per_device=per_device)

    def _keeps(self, run: Run) -> bool:
        question = self.question
        is_late = question.deadline is not None and not (run.duration is not None and run.duration <= question.deadline)
        is_dear = question.budget is not None and not (run.cost is not None and run.cost <= question.budget)
        return not (is_late or is_dear)

    def _too_slow(self, error: InfeasibleError) -> InfeasibleError:
        """Extend a refusal by the distance of the fastest and the cheapest plan from the limits."""
        if self.question.deadline is None and self.question.budget is None:
            return error
        sentences: list[str] = []
        for objective, name, limit, unit in (
            ("time", "duration", self.question.deadline, "s"),
            ("device_time", "cost", self.question.budget, "USD"),
        ):
            if limit is None:
                continue
            try:
                run = self.run(planning.choice(self.search, self.limits, minimise=objective))
            except InfeasibleError as refusal:
                return refusal
            value = getattr(run, name)
            subject = "the fastest plan takes" if name == "duration" else "the cheapest plan costs"
            reached = "has no end" if not run.sustained else "unknown" if value is None else render(value, unit)
            sentences.append(f"{subject} {reached}, of {render(limit, unit)}")
        rest = "; each can be met alone, not together" if len(sentences) > 1 else ""
        return InfeasibleError(
            "No plan keeps to the limits", "; ".join(sentences) + rest, "Allow more time, money or GPUs"
        )

    def run(self, choice: Choice | planning.Alternative) -> Run:
        """Estimate the whole run under a plan, by the closed form.

        Parameters
        ----------
        choice
            The plan.
        """
        if not self.has_goal:
            return Run()
        result = self.cluster_of(choice)
        plans = self._plans(choice, result.cluster)
        step = step_floor.compute(self.world, result, self.job, plans)
        basis = basis_of(self.world, step)
        estimate = campaign.estimate(problem_of(basis, goal(basis)), workload_of(basis))
        if float(estimate.sustainable) < 1:
            return Run(sustained=False)
        held, working = float(result.cluster.num_devices), float(choice.plan.num_devices)
        duration, site = float(estimate.duration), self._site_of(result)
        return Run(
            duration=duration,
            goodput=float(estimate.goodput),
            cost=None if site is None else float(site_room.run_cost(site, held * duration)),
            energy=None if site is None else float(site_room.run_energy(site, working, duration)),
        )

    def cluster_of(self, choice: Choice | planning.Alternative) -> ClusterResult:
        """Get the cluster that a plan is judged on.

        Where speed is asked for, it is the cluster as stated: GPUs that the plan leaves idle stand in for failed ones
        and are paid for. Where few GPUs, low cost or low energy are asked for, it is a cluster of the plan's own GPUs,
        so that the answer does not depend on how many more there are.

        Parameters
        ----------
        choice
            The plan.
        """
        used = int(choice.plan.num_devices)
        if self.question.objective == "time" or used == self.pool.num_devices:
            return self.cluster_result
        return self.chain.point(CLUSTER, self.scenario_of(choice), self.catalog)

    def scenario_of(self, choice: Choice | planning.Alternative) -> Scenario:
        """Get the scenario of the cluster that a plan is judged on.

        Parameters
        ----------
        choice
            The plan.
        """
        used = int(choice.plan.num_devices)
        if self.question.objective == "time" or used == self.pool.num_devices or self.scenario.cluster is None:
            return self.scenario
        (pool,) = self.scenario.cluster.pools
        pool = pool.model_copy(update={"gpus": used, "nodes": None, "racks": None})
        return self.scenario.model_copy(update={"cluster": ClusterSpec(pools=[pool])})

    def _site_of(self, result: ClusterResult) -> SiteEstimate | None:
        """Get power and money of a cluster; None where a part is unknown."""
        if self.gap:
            return None
        return self._site if result is self.cluster_result else priced(result.cluster, self.scenario.site, self.catalog)

    def decisions(self, choice: Choice | planning.Alternative) -> tuple[PoolDecision, ...]:
        """Get a plan as the decision that the chain takes it from.

        Parameters
        ----------
        choice
            The plan.
        """
        decision = PoolDecision(
            plan=choice.plan,
            global_batch_size=choice.global_batch_size,
            idle_devices=self.cluster_of(choice).cluster.num_devices - int(choice.plan.num_devices),
            choice=choice if isinstance(choice, Choice) else None,
        )
        return (decision,)

    def _plans(self, choice: Choice | planning.Alternative, cluster: Cluster) -> Plans:
        decisions = self.decisions(choice)
        step = cluster_step(self.job, cluster, decisions, assumptions=self.search.assumptions)
        return Plans(pools=decisions, step=step, residual=residual(self.catalog, self.job, cluster, step))


def _per_device(choice: Choice) -> float:
    return float(choice.estimate.tokens_per_second) / float(choice.plan.num_devices)
