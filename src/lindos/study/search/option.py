"""Option of a search: one model in one precision on one cluster, with duration, cost and energy of each plan."""

from dataclasses import replace
from functools import cached_property
from typing import Any

from lindos import planning
from lindos.catalog import Catalog
from lindos.catalog.gaps import require
from lindos.catalog.model import Model
from lindos.errors import InfeasibleError, InputError, UnknownValueError
from lindos.planning import Choice, Limits, PoolDecision, Search
from lindos.quantities import Tokens
from lindos.scenario.peaks import check_peaks
from lindos.scenario.resolve import check_precision
from lindos.scenario.schema import GoalSpec, Scenario
from lindos.site import SiteEstimate
from lindos.study.chain import Chain
from lindos.study.cluster import CLUSTER
from lindos.study.floor import World
from lindos.study.job import JOB, MODEL_SETTING, training_tokens
from lindos.study.plan import request
from lindos.study.search.cheapest import cheapest
from lindos.study.search.question import Question
from lindos.study.search.runs import Planned, Run, Runs
from lindos.study.search.spares import keeps, staffed
from lindos.study.search.working import Division
from lindos.units import render

#: What to allow where each limit can be met alone.
_MORE = "more time, money or GPUs"


def _above(value: float, unit: str) -> str:
    """Write an amount that is not below ``value`` when three digits are left of it."""
    return render(1.006 * value, unit)


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
        self.runs = Runs(scenario, catalog, self.job, self.cluster_result, wanted.assumptions)
        self._judged: dict[tuple[object, int, str], Run] = {}

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

    @property
    def site(self) -> SiteEstimate:
        """Power and money of the cluster's site; sums with unknown parts are lower bounds."""
        return self.runs.site(int(self.cluster.num_devices))

    @cached_property
    def gap(self) -> str:
        """Sentence that names the unknown values of cost and power; empty if all values are known."""
        try:
            require(self.site.gaps)
        except UnknownValueError as error:
            return str(error)
        return ""

    @property
    def devices(self) -> int:
        """Devices that a cluster may have under the power limit; an unknown part of the power counts as nothing."""
        total: Any = self.site.power.total
        if self.question.power is None or not total:
            return self.pool.num_devices
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

    @cached_property
    def limits_with_headroom(self) -> Limits:
        """The same limits with the headroom of memory left free, unless only plans that fill all memory fit."""
        free = self._with_headroom
        if self.search.best(free).best:
            return free
        planning.refuse_full_memory(self.search, self.limits)
        return self.limits

    @property
    def _with_headroom(self) -> Limits:
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
        """Search for the best plan that keeps to the limits of the question.

        Without a run to its end, the best plan is that of a step. With one, the GPUs are divided into those that work
        and spares, so that the run under its plan is the best.

        Raises
        ------
        InfeasibleError
            If no plan keeps to the limits.
        """
        question = self.question
        has_limits = question.deadline is not None or question.budget is not None
        if not self.has_goal:
            if has_limits:
                raise InputError(
                    "tokens", None, "given with a deadline or a budget", "Write for example --tokens '15T tokens'."
                )
            return self._choice(question.objective)
        if question.objective == "devices" and not has_limits:
            return self._choice("devices")
        choice = self._solved(question)
        if choice is None:
            some_plan = self._choice("time")
            raise self._too_slow(some_plan) if has_limits else self._endless(some_plan)
        return choice

    def fits(self) -> bool:
        """Tell whether a plan keeps to the limits of the question."""
        division = Division(self.search, self.runs, self.question, self.limits_with_headroom)
        return division.solve(float(self.tokens or 0.0), first=True) is not None

    def _choice(self, objective: str) -> Choice:
        """Search for the best plan of a step, whatever the run."""
        return planning.choice(self.search, self.limits, minimise=objective)

    def _solved(self, question: Question) -> Choice | None:
        """Search for the best plan of a run."""
        tokens: Any = self.tokens
        limits = self.limits_with_headroom
        if question.objective == "device_time":
            return cheapest(self.search, self.runs, question, limits, float(tokens))
        return Division(self.search, self.runs, question, limits).solve(float(tokens))

    def _too_slow(self, some_plan: Choice) -> InfeasibleError:
        """Make a refusal that says how far the fastest and the cheapest plan are from the limits."""
        freely = replace(self.question, deadline=None, budget=None)
        sentences, remedies, num_met = self._sentences_of_power(), list[str](), 0
        for minimise, limit, unit in (("time", self.question.deadline, "s"), ("cost", self.question.budget, "USD")):
            if limit is None:
                continue
            question = replace(freely, minimise=minimise)
            planned = self._solved(question)
            if planned is None:
                return self._endless(some_plan)
            run = self._judge(planned, question)
            value = run.duration if minimise == "time" else run.cost
            subject = "the fastest plan takes" if minimise == "time" else "the cheapest plan costs"
            if value is None:
                sentences.append(f"{subject} an unknown amount, where {render(limit, unit)} is the limit")
                continue
            least = "at least " if minimise == "cost" and run.cost_is_least else ""
            compared = "more than" if value > limit else "within"
            sentences.append(f"{subject} {least}{render(value, unit)}, {compared} {render(limit, unit)}")
            if value > limit:
                remedies.append(f"{'a deadline' if minimise == 'time' else 'a budget'} of {_above(value, unit)}")
            num_met += value <= limit
        if num_met == 2:
            sentences.append("each limit can be met alone, not both together")
        return InfeasibleError(
            "No plan keeps to the limits", "; ".join(sentences), f"Allow {' and '.join(remedies) or _MORE}"
        )

    def _sentences_of_power(self) -> list[str]:
        """Say how many GPUs a power limit leaves, if it leaves fewer than there are."""
        most = self.pool.num_devices
        return [f"the power limit leaves {self.devices:,} of {most:,} GPUs"] if self.devices < most else []

    def _endless(self, planned: Choice) -> InfeasibleError:
        return InfeasibleError(
            "The run does not end",
            f"on {int(planned.plan.num_devices):,} GPUs failures come faster than one is recovered from",
            "Use --recovery replica, fewer GPUs, or devices that fail less",
        )

    def run(self, planned: Planned) -> Run:
        """Estimate the whole run under a plan, by the closed form, with the spares that suit the question.

        Where speed is asked for, all GPUs of the cluster are held, and those that the plan leaves idle stand in for
        failed ones; under a budget, as many as it pays for. Where few GPUs, low cost or low energy are asked for, a
        plan is judged on a cluster of its own GPUs and the spares that serve that aim, so that the answer does not
        depend on how many more there are.

        Parameters
        ----------
        planned
            The plan.
        """
        return self._judge(planned, self.question)

    def cheapest_run(self, planned: Planned) -> Run:
        """Estimate the run under a plan with the spares with which it takes least GPU time.

        Parameters
        ----------
        planned
            The plan.
        """
        return self._judge(planned, replace(self.question, minimise="cost", deadline=None, budget=None))

    def _judge(self, planned: Planned, question: Question) -> Run:
        working, most = int(planned.plan.num_devices), self.devices
        if not self.has_goal:
            return Run(devices=working if question.objective != "time" else most)
        if question.objective == "devices" and question.deadline is None and question.budget is None:
            return self.runs.run(planned, working)
        key = planned.plan, planned.global_batch_size, repr(question)
        if key not in self._judged:
            unit = self.runs.unit(planned)
            self._judged[key] = staffed(question, lambda devices: self.runs.run(planned, devices), working, unit, most)
        return self._judged[key]

    def keeps(self, planned: Planned) -> bool:
        """Tell whether the run under a plan keeps to the limits of the question.

        Parameters
        ----------
        planned
            The plan.
        """
        return keeps(self.question, self.run(planned))

    def scenario_of(self, planned: Planned) -> Scenario:
        """Get the scenario of the cluster that a plan is judged on.

        Parameters
        ----------
        planned
            The plan.
        """
        return self.runs.scenario_of(self.run(planned).devices)

    def decisions(self, planned: Planned) -> tuple[PoolDecision, ...]:
        """Get a plan as the decision that the chain takes it from.

        Parameters
        ----------
        planned
            The plan.
        """
        return self.runs.decisions(planned, self.run(planned).devices)
