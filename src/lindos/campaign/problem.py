"""A campaign as a problem: causes of failures, spares, tiers of checkpoints, and the goal.

The closed form (:func:`lindos.campaign.estimate`) and the simulation (:func:`lindos.campaign.simulate`) both solve it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

import numpy as np

from lindos.campaign.arrays import Indexes
from lindos.campaign.causes import Cause, check_shape
from lindos.campaign.optimal import ScalingLaw
from lindos.campaign.progress import CheckpointTier
from lindos.errors import InputError
from lindos.problem.job import RECOVERIES
from lindos.quantities import Count, FlopPerToken, Fraction, PerSecond, Seconds, Tokens

T = TypeVar("T")

#: Fields of a problem that are one number for all draws.
_ONE_NUMBER = (
    "num_devices",
    "replica_devices",
    "stall_groups",
    "misdiagnosis",
    "repair_teams",
    "announced",
    "maintenance_every",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSpares:
    """Spares of one pool.

    Parameters
    ----------
    spares
        Devices that can replace failed ones; infinity for an unlimited number.
    num_racks
        Racks of the pool.
    rack_devices
        Devices that are out of service while the spares inside their rack do not suffice.
    rack_spares
        Spare devices inside each rack.
    """

    spares: Count = float("inf")
    num_racks: Count = 1.0
    rack_devices: int = 0
    rack_spares: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stragglers:
    """Devices that turn slow: all devices wait for the slowest, until it is noticed and replaced.

    Parameters
    ----------
    units
        Devices that may turn slow.
    mtbf
        Mean time until one of them does, in seconds.
    slowdown
        Share that is added to the step time; 0.2 makes steps a fifth longer.
    duration
        Mean time until it is noticed and replaced, in seconds.
    """

    units: Count
    mtbf: Seconds
    slowdown: Fraction
    duration: Seconds

    @property
    def name(self) -> str:
        """Name as a cause of failures."""
        return "stragglers"

    @property
    def rate(self) -> PerSecond:
        """Devices that turn slow per second."""
        return self.units / self.mtbf


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What the steps of a campaign train, in seconds and tokens.

    Parameters
    ----------
    step_time
        Of one optimiser step, in seconds.
    tokens_per_step
        Tokens in one global batch.
    flops_per_token
        Model FLOPs of training one token.
    law
        Scaling law for the compute-optimal model (:func:`lindos.campaign.scaling_law`).
    extra_tokens_factor
        Tokens needed over those needed at a small batch (see :mod:`lindos.formulas.batch`). It does not raise the goal;
        it only gives the equivalent number of tokens at a small batch.
    """

    step_time: Seconds
    tokens_per_step: Tokens
    flops_per_token: FlopPerToken
    law: ScalingLaw
    extra_tokens_factor: Fraction = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A campaign, for both solvers.

    Times and speeds may be arrays of shape (draws, 1), with a row per draw of the uncertain facts: trial ``r`` takes
    draw ``r``, and after the last draw they begin again. Counts, shares and `maintenance_every` are single numbers.

    Parameters
    ----------
    work, duration
        The goal, exactly one of them: seconds of steps at full speed, or seconds of wall clock.
    causes
        Causes of failures.
    tiers
        Tiers of checkpoints, from the freshest to the one that survives every failure.
    num_devices, replica_devices
        Devices at work in the job, and in one data-parallel replica.
    pools
        Spares of each pool; a cause refers to its pool by index.
    recovery
        ``"restart"``: each failure stops the whole job. ``"replica"``: a failure that leaves some replicas untouched
        takes out those it hits; the other replicas wait for `stall_time` and go on.
    elastic
        After a restart the job goes on with fewer replicas if spares do not suffice, instead of waiting for repairs.
        In recovery by replica it always goes on.
    stall_groups
        Number of groups of replicas; a failure stalls only the replicas of its group.
    startup_time, restart_time, stall_time
        In seconds: the first start; from diagnosis until steps run again, without restoring; stall of the other
        replicas.
    diagnosis_time
        Seconds from detection until the device to replace is identified.
    misdiagnosis
        Share of recoveries that replace the wrong device and must be repeated.
    repair_teams
        Repairs at the same time; infinity for one team per failure.
    announced
        Share of failures that are predicted early enough to save and drain first; they cost only the restart.
    maintenance_every, maintenance_time
        Seconds between planned stops, each after a save, and seconds of a stop; none if the first is infinite.
    stragglers
        Devices that turn slow.
    flaps
        Links that go down briefly: a cause during whose ``detection_time`` all devices wait; nothing is lost.
    corruption
        Silent data corruption: a cause whose ``detection_time`` is the mean time until it is noticed; all work since
        the last checkpoint before it is lost.
    joins
        Seconds at which batches of hardware join, and the speed from then on, as a share of full speed. The first
        entry is the start.
    """

    work: Seconds | None = None
    duration: Seconds | None = None
    causes: tuple[Cause, ...]
    tiers: tuple[CheckpointTier, ...]
    num_devices: Count
    replica_devices: Count
    pools: tuple[PoolSpares, ...] = (PoolSpares(),)
    recovery: str = "restart"
    elastic: bool = False
    stall_groups: int = 1
    startup_time: Seconds = 0.0
    restart_time: Seconds = 0.0
    stall_time: Seconds = 0.0
    diagnosis_time: Seconds = 0.0
    misdiagnosis: Fraction = 0.0
    repair_teams: float = float("inf")
    announced: Fraction = 0.0
    maintenance_every: Seconds = float("inf")
    maintenance_time: Seconds = 0.0
    stragglers: Stragglers | None = None
    flaps: Cause | None = None
    corruption: Cause | None = None
    joins: tuple[tuple[float, float], ...] = ((0.0, 1.0),)

    def __post_init__(self) -> None:
        """Refuse fields that a solver would ignore, or that would fail in the middle of a simulation."""
        if self.recovery not in RECOVERIES:
            raise InputError("recovery", self.recovery, f"one of {', '.join(RECOVERIES)}")
        names: set[tuple[int, str]] = set()
        for cause in self.causes:
            if not 0 <= cause.pool < len(self.pools):
                raise InputError(
                    f"cause {cause.name}: pool", cause.pool, f"below {len(self.pools)}, the pools there are"
                )
            if (cause.pool, cause.name) in names:
                raise InputError("cause", cause.name, "a unique name", "The failures of a cause hang on its name.")
            names.add((cause.pool, cause.name))
            check_shape(f"cause {cause.name}: shape", cause.law, cause.shape)
        scalars: list[tuple[str, Any]] = [(name, getattr(self, name)) for name in _ONE_NUMBER]
        scalars += [("units", cause.units) for cause in (*self.causes, *self.disturbances)]
        scalars += [("spares", pool.spares) for pool in self.pools]
        for name, value in scalars:
            if np.ndim(value):
                raise InputError(name, f"an array of shape {np.shape(value)}", "one number for all trials")

    @property
    def disturbances(self) -> tuple["Cause | Stragglers", ...]:
        """Those of slow devices, flapping links and silent corruption that the problem has."""
        possible = (self.stragglers, self.flaps, self.corruption)
        return tuple(disturbance for disturbance in possible if disturbance is not None)

    @property
    def failure_rate(self) -> PerSecond:
        """Failures per second of the whole job, in the long run."""
        return sum((cause.rate for cause in self.causes), start=0.0)

    @property
    def event_rate(self) -> PerSecond:
        """Events of the job per second: failures, pauses, links that flap, devices that turn slow or wrong."""
        disturbed = sum((disturbance.rate for disturbance in self.disturbances), start=0.0)
        return self.failure_rate + 1 / self.maintenance_every + disturbed

    @property
    def units_drawn_at_once(self) -> float:
        """Largest number of units of a cause that drains them; a trial draws one random number for each."""
        return max((float(cause.units) for cause in self.causes if cause.most is not None), default=0.0)

    @property
    def waits_for_repairs(self) -> bool:
        """Whether the whole job waits when spares do not suffice, instead of going on with fewer replicas."""
        return self.recovery == "restart" and not self.elastic

    @property
    def num_replicas(self) -> Count:
        """Data-parallel replicas of the job."""
        return max(self.num_devices / self.replica_devices, 1.0)

    def replicas_hit(self, cause: Cause) -> Count:
        """Return the number of data-parallel replicas that one failure takes out."""
        return float(np.ceil(cause.stopped / self.replica_devices - 1e-9))

    def stops_all(self, cause: Cause) -> bool:
        """Tell whether a failure stops the whole job; in recovery by replica, only if it hits every replica."""
        return self.recovery == "restart" or bool(self.replicas_hit(cause) >= self.num_replicas)


def take_draws(value: T, draws: Indexes) -> T:
    """Return `value` with some rows of its (draws, 1) arrays, and everything else unchanged.

    Parameters
    ----------
    value
        An array, or a tuple or dataclass that contains arrays.
    draws
        Indexes of the draws to take; after the last draw they begin again.
    """
    return _over_arrays(value, lambda array: array[draws % array.shape[0]])


def flattened(value: T) -> T:
    """Return `value` with its (draws, 1) arrays as arrays of shape (draws,), the shape that the closed form takes.

    Parameters
    ----------
    value
        An array, or a tuple or dataclass that contains arrays.
    """
    return _over_arrays(value, lambda array: array[:, 0])


def _over_arrays(value: T, change: Callable[[Any], Any]) -> T:
    """Change the two-dimensional arrays in a value; what contains none of them stays the same object."""
    result: Any = value
    if isinstance(value, np.ndarray):
        result = change(value) if value.ndim == 2 else value
    elif isinstance(value, tuple) and not hasattr(value, "_fields"):
        items = tuple(_over_arrays(item, change) for item in value)
        result = items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    elif hasattr(value, "__dataclass_fields__"):
        parts = {name: getattr(value, name) for name in value.__dataclass_fields__}
        changed = {name: new for name, part in parts.items() if (new := _over_arrays(part, change)) is not part}
        result = replace(value, **changed) if changed else value  # type: ignore[type-var]
    return cast(T, result)
