"""Everything that the course of a campaign depends on, as data for the simulation."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from lindos.campaign.causes import Cause, check_shape
from lindos.campaign.progress import CheckpointTier
from lindos.errors import InputError
from lindos.quantities import Count, Fraction, Seconds

#: Fields of a course that are no arrays of draws.
_ONE_NUMBER = ("num_devices", "replica_devices", "misdiagnosis", "repair_teams", "announced", "maintenance_every")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSpares:
    """What stands by for the devices of one pool.

    Parameters
    ----------
    spares
        Devices that stand in for failed ones; infinity where they are always found.
    num_racks
        Racks of the pool.
    rack_devices
        Devices that go down with a rack whose own spares do not suffice.
    rack_spares
        Devices of each rack that stand by inside it; 0 for none.
    """

    spares: Count = float("inf")
    num_racks: Count = 1.0
    rack_devices: int = 0
    rack_spares: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stragglers:
    """Devices that turn slow: all others wait for the slowest, until it is found and replaced.

    ``mtbf`` is the mean time until one of ``units`` turns slow, ``slowdown`` what is added to the step time (0.2: a
    fifth), ``duration`` the mean time until it is found.
    """

    units: Count
    mtbf: Seconds
    slowdown: Fraction
    duration: Seconds

    @property
    def name(self) -> str:
        """As a kind of failure."""
        return "stragglers"

    @property
    def rate(self) -> Any:
        """Devices that turn slow per time."""
        return self.units / self.mtbf


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A campaign to simulate.

    Times and speeds may be arrays of shape (draws, 1), one draw of the uncertain facts each: replica ``r`` takes draw
    ``r``, and after the last one they begin again. Counts, shares and `maintenance_every` are one number for all.

    Parameters
    ----------
    work, duration
        The goal, exactly one of them: seconds of steps at full speed, or wall clock to make the most of.
    causes
        What fails.
    tiers
        Where checkpoints are kept, from the freshest to the one that survives everything.
    num_devices, replica_devices
        At work in all, and in one data-parallel replica.
    pools
        What stands by in each pool; a cause names its pool by index.
    recovery
        ``"restart"``: each failure stops the whole job. ``"replica"``: one that leaves some replicas untouched takes
        out those it hits; the others wait `stall_time` and go on.
    elastic
        After a restart the job goes on with fewer replicas where spares do not suffice, instead of waiting for them.
        Recovery by replica always does.
    startup_time, restart_time, stall_time
        First start; from detection until steps run again, restoring not counted; wait of the other replicas.
    diagnosis_time
        From detection until it is known what to replace.
    misdiagnosis
        Share of recoveries that replace the wrong device, and are done again.
    repair_teams
        Repairs that go on side by side; infinity for as many as are needed.
    announced
        Share of failures that show early enough to save and drain first: nothing is lost but the restart.
    maintenance_every, maintenance_time
        Planned stops, saved before; none where the first is infinite.
    stragglers
        Devices that turn slow.
    flaps
        Links that go down for moments: a cause whose ``detection_time`` is how long all wait; nothing is lost.
    corruption
        Silent data corruption: a cause whose ``detection_time`` is the mean time until it is noticed; all work since
        the last checkpoint before it is lost.
    joins
        Times at which batches of hardware join, and the speed from then on, as a share of the full one. The first
        entry stands for the start.
    """

    work: Any = None
    duration: Any = None
    causes: tuple[Cause, ...]
    tiers: tuple[CheckpointTier, ...]
    num_devices: Count
    replica_devices: Count
    pools: tuple[PoolSpares, ...] = (PoolSpares(),)
    recovery: str = "restart"
    elastic: bool = False
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
        """Refuse what would be left out, or would fail in the middle of a simulation."""
        names: set[tuple[int, str]] = set()
        for cause in self.causes:
            if not 0 <= cause.pool < len(self.pools):
                raise InputError(
                    f"cause {cause.name}: pool", cause.pool, f"below {len(self.pools)}, the pools there are"
                )
            if (cause.pool, cause.name) in names:
                raise InputError("cause", cause.name, "a name of its own", "The failures of a cause hang on its name.")
            names.add((cause.pool, cause.name))
            check_shape(f"cause {cause.name}: shape", cause.law, cause.shape)
        held: list[tuple[str, Any]] = [(name, getattr(self, name)) for name in _ONE_NUMBER]
        others = [one for one in (self.stragglers, self.flaps, self.corruption) if one is not None]
        held += [("units", one.units) for one in (*self.causes, *others)]
        held += [("spares", pool.spares) for pool in self.pools]
        for name, value in held:
            if np.ndim(value):
                raise InputError(name, f"an array of shape {np.shape(value)}", "one number for all replicas")

    @property
    def failure_rate(self) -> Any:
        """Failures per time of the whole job, in the long run."""
        return sum(cause.rate for cause in self.causes)

    @property
    def event_rate(self) -> Any:
        """All that befalls the job per time: failures, pauses, links that flap, devices that turn slow or wrong."""
        others = (self.stragglers, self.flaps, self.corruption)
        return self.failure_rate + 1 / self.maintenance_every + sum(one.rate for one in others if one is not None)

    @property
    def num_replicas(self) -> Count:
        """Data-parallel replicas of the job."""
        return max(self.num_devices / self.replica_devices, 1.0)

    def replicas_hit(self, cause: Cause) -> Count:
        """Data-parallel replicas that one failure takes out."""
        return float(np.ceil(cause.stopped / self.replica_devices - 1e-9))

    def stops_all(self, cause: Cause) -> bool:
        """Whether a failure stops the whole job: in recovery by replica, only one that leaves no replica untouched."""
        return self.recovery == "restart" or bool(self.replicas_hit(cause) >= self.num_replicas)


def drawn(value: Any, replicas: Any) -> Any:
    """`value` for the replicas of these numbers: of arrays of draws, the rows that they take."""
    if isinstance(value, np.ndarray) and value.ndim == 2:
        return value[replicas % value.shape[0]]
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(drawn(one, replicas) for one in value)
    if hasattr(value, "__dataclass_fields__"):
        return replace(value, **{one.name: drawn(getattr(value, one.name), replicas) for one in fields(value)})
    return value
