"""One model in one precision on one cluster: its search, and what each plan means in days, dollars and joules."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from lindos import campaign, planning
from lindos import site as site_floor
from lindos.answers.legacy import basis_of_world
from lindos.answers.search.question import Question
from lindos.catalog.gaps import require
from lindos.catalog.model import Model
from lindos.errors import InfeasibleError, InputError, UnknownValueError
from lindos.planning import Choice, Limits, PoolDecision, Search
from lindos.scenario.peaks import check_peaks
from lindos.scenario.resolve import check_precision
from lindos.scenario.schema import GoalSpec
from lindos.study import old_step as step
from lindos.study.campaign.problem import goal, problem_of, workload_of
from lindos.study.figures import number
from lindos.study.reference import priced
from lindos.study.world import World, Worlds, worlds
from lindos.units import render

#: How often limits are set again from the goodput of the plan that they led to.
_ROUNDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a plan means for the whole run; None where it is unknown, or the run never ends."""

    duration: float | None = None  # s
    cost: float | None = None  # USD
    energy: float | None = None  # J
    goodput: float | None = None
    sustained: bool = True


class Trial:
    """One option of a search: a single pool of equal devices."""

    def __init__(self, worlds: Worlds, question: Question, label: str) -> None:
        """Lay out the search; nothing is evaluated yet."""
        self.worlds, self.question, self.label = worlds, question, label
        world = self.world
        check_precision(world.job, world.cluster)
        check_peaks(world.job, world.cluster, world.catalog)
        self.pool = world.cluster.pools[0]
        asked = step.asked(world)
        batch = planning.Batch(size=asked["global_batch_size"], is_free=asked["batch_is_free"])
        self.search = Search(world.job, self.pool, batch, asked["fixed"], asked["assumptions"])

    @property
    def world(self) -> World:
        """The world as the catalogue stands."""
        return self.worlds.point

    @property
    def tokens(self) -> float | None:
        """Tokens of the run, where it has a goal."""
        return step.training_tokens(self.world)[0] if self.has_goal else None

    @property
    def has_goal(self) -> bool:
        """Whether the run has an end."""
        job = self.world.scenario.job
        return job is not None and job.goal is not None

    @cached_property
    def site(self) -> Any:
        """Power and money of the cluster's site, or the sentence that says what is unknown."""
        estimate = priced(self.world.cluster, self.world.scenario.site, self.world.catalog)
        try:
            require(estimate.gaps)
        except UnknownValueError as error:
            return str(error)
        self.world.results["site"] = estimate
        return estimate

    def know_site(self) -> None:
        """Leave power and money of the site for the campaign to read, where nothing of them is unknown."""
        for world in (self.worlds.point, self.worlds.sampled):
            estimate = priced(world.cluster, world.scenario.site, world.catalog)
            if not estimate.gaps:
                world.results["site"] = estimate

    @property
    def devices(self) -> int:
        """Devices that a plan may take: what the power limit allows of the pool's."""
        if self.question.power is None:
            return self.pool.num_devices
        power = priced(self.world.cluster, self.world.scenario.site, self.world.catalog).power
        require(power.gaps_of("total"))
        total = number(power.total)
        assert total is not None  # every part is known
        each = total / self.pool.num_devices
        fit = int(self.question.power / each)
        if fit < 1:
            raise InfeasibleError(
                "The power limit is too low for one GPU",
                f"one draws {render(each, 'W')} with its share of the facility, of {render(self.question.power, 'W')}",
                "Raise --power",
            )
        return min(fit, self.pool.num_devices)

    @cached_property
    def limits(self) -> Limits:
        """Devices and memory."""
        return replace(planning.limits(self.pool), devices=self.devices)

    @property
    def easy(self) -> Limits:
        """The same with the catalogue's headroom of memory left free."""
        return replace(self.limits, memory=self.limits.memory * (1.0 - float(self.search.assumptions.headroom.value)))

    def with_model(self, model: Model, tokens: float) -> "Trial":
        """The same question about another model, trained on so many tokens."""
        scenario = self.world.scenario
        if scenario.job is None:
            raise LookupError("a search has a job")
        job = scenario.job.model_copy(update={"goal": GoalSpec.model_validate({"tokens": f"{tokens!r} tokens"})})
        both = worlds(scenario.model_copy(update={"job": job}), self.world.catalog, self.world.folder)
        for world in (both.point, both.sampled):
            world.results["_job"] = replace(world.job, model=model)
        return Trial(both, self.question, self.label)

    def best(self) -> Choice:
        """The best plans that keep to what was asked.

        A run takes longer than its steps: goodput follows from the plan and the plan from the speed that goodput
        leaves to ask for. The limits are set again until the plan that they lead to keeps to them.
        """
        goodput = 1.0
        for _ in range(_ROUNDS):
            within = self._within(goodput)
            try:
                found = self._choice(within)
            except InfeasibleError as error:
                raise self._too_slow(error) from None
            run = self.run(found)
            if self._keeps(run):
                return found
            if not run.sustained or run.goodput is None:
                raise InfeasibleError(
                    "The run does not end",
                    f"on {int(found.plan.num_devices):,} GPUs failures come faster than one is recovered from",
                    "Use --recovery replica, fewer GPUs, or devices that fail less",
                )
            goodput = min(run.goodput, goodput * (1 - 1e-3))
        raise InfeasibleError(
            "No plan keeps to the limits", "failures take back what more GPUs bring", "Allow more time"
        )

    def _choice(self, within: Limits) -> Choice:
        """The best plans within limits on the step, to the last GPU.

        Of a free batch the space holds numbers of replicas that grow sparse far below the devices there are: with fewer
        devices to use they are dense again.
        """
        found = self._asked(within)
        if not self.search.space.batch.is_free or self.question.objective == "time":
            return found
        used = int(found.plan.num_devices)
        if self.question.objective == "devices":
            return self._asked(replace(within, devices=self._fewest(within, used, float(found.memory.total))))
        while used > 1:
            fewer = used - max(1, used // 32)
            try:
                one = self._asked(replace(within, devices=fewer))
            except InfeasibleError:
                break
            if _per_device(one) <= _per_device(found):
                break
            found, used = one, int(one.plan.num_devices)
        return found

    def _asked(self, within: Limits) -> Choice:
        return planning.choice(self.search, within, minimise=self.question.objective, top=self.question.top)

    def _fewest(self, within: Limits, enough: int, memory: float) -> int:
        """Fewest GPUs on which some plan is fast enough, by halving; no more than are ``enough``."""
        easy = within.memory * (1.0 - float(self.search.assumptions.headroom.value))
        within = replace(within, memory=easy if memory <= easy else within.memory)
        low = 0
        while enough - low > 1:
            middle = (low + enough) // 2
            best = self.search.best(replace(within, devices=middle), floor=float(within.speed)).best
            low, enough = (low, int(best[0].plan.num_devices)) if best else (middle, enough)
        return enough

    def _within(self, goodput: float) -> Limits:
        """Limits on the step from those on the run."""
        if self.question.deadline is None and self.question.budget is None:
            return self.limits
        tokens = self.tokens
        if tokens is None:
            raise InputError(
                "tokens", None, "given with a deadline or a budget", "Write for example --tokens '15T tokens'."
            )
        speed = tokens / (self.question.deadline * goodput) if self.question.deadline else 0.0
        per_device = 0.0
        if self.question.budget:
            if isinstance(self.site, str):
                raise InfeasibleError("The cost is unknown", self.site.rstrip("."), "Leave out --budget")
            per_device = tokens * float(self.site.device_cost) / (self.question.budget * goodput)
        return replace(self.limits, speed=speed, speed_per_device=per_device)

    def _keeps(self, run: Run) -> bool:
        asked = self.question
        late = asked.deadline is not None and not (run.duration is not None and run.duration <= asked.deadline)
        dear = asked.budget is not None and not (run.cost is not None and run.cost <= asked.budget)
        return not (late or dear)

    def _too_slow(self, error: InfeasibleError) -> InfeasibleError:
        """The same refusal with how far the fastest and the cheapest plan are from what was asked."""
        if self.question.deadline is None and self.question.budget is None:
            return error
        told: list[str] = []
        for objective, read, limit, unit in (
            ("time", "duration", self.question.deadline, "s"),
            ("device_time", "cost", self.question.budget, "USD"),
        ):
            if limit is None:
                continue
            try:
                run = self.run(planning.choice(self.search, self.limits, minimise=objective))
            except InfeasibleError as other:
                return other
            value = getattr(run, read)
            name = "the fastest plan takes" if read == "duration" else "the cheapest plan costs"
            reached = "has no end" if not run.sustained else "unknown" if value is None else render(value, unit)
            told.append(f"{name} {reached}, of {render(limit, unit)}")
        both = "; each can be met alone, not both" if len(told) > 1 else ""
        return InfeasibleError("No plan keeps to the limits", "; ".join(told) + both, "Allow more time, money or GPUs")

    def run(self, found: Choice | planning.Alternative) -> Run:
        """The whole run under a plan."""
        if not self.has_goal:
            return Run()
        self.take(found)
        self.world.results["step"] = step.compute(self.worlds, self.world)
        basis = basis_of_world(self.world)
        estimate = campaign.estimate(problem_of(basis, goal(basis)), workload_of(basis))
        if float(estimate.sustainable) < 1:
            return Run(sustained=False)
        held = float(found.plan.num_devices)
        money = None if isinstance(self.site, str) else self.site
        return Run(
            duration=float(estimate.duration),
            goodput=float(estimate.goodput),
            cost=None if money is None else number(site_floor.run_cost(money, held * estimate.duration)),
            energy=None if money is None else number(site_floor.run_energy(money, held, estimate.duration)),
        )

    def take(self, found: Choice | planning.Alternative) -> None:
        """Decide for a plan, for all floors above."""
        decision = PoolDecision(
            plan=found.plan,
            global_batch_size=found.global_batch_size,
            idle_devices=found.idle_devices,
            choice=found if isinstance(found, Choice) else None,
        )
        self.worlds.decisions["step.plans"] = (decision,)


def _per_device(found: Choice) -> float:
    return float(found.estimate.tokens_per_second) / float(found.plan.num_devices)
