"""The campaign section of a scenario: failures, recovery and checkpoints.

A field that no published source supports has no default: it is off until the user gives it, as one value or as a
range, ``4 h to 3 days``, from which the simulation draws.
"""

from typing import Annotated, NamedTuple, TypeAlias

from pydantic import Field

from lindos.errors import InputError
from lindos.problem.job import RECOVERIES
from lindos.quantities import Seconds
from lindos.scenario.fields import Bandwidth, Date, Degree, Flag, Fraction, OneOf, Part, Quantity, Text, WholeNumber

#: Units that may fail, from a single device to the whole job.
KINDS = ("device", "node", "rack", "switch", "pod", "feed", "software", "operator")
LAWS = ("exponential", "weibull", "lognormal")
TIERS = ("memory", "local", "remote")


class Span(NamedTuple):
    """An uncertain value of the user: sampled log-uniformly between low and high (s)."""

    low: Seconds
    high: Seconds

    @property
    def middle(self) -> Seconds:
        """Geometric mean, the value of a scenario that is not sampled."""
        return (self.low * self.high) ** 0.5


class _Range(Quantity):
    """A quantity, or two of them with "to" between."""

    def read(self, value: object) -> float | Span:  # type: ignore[override]
        """Read a number, or a span from a text with two numbers."""
        first, separator, second = value.partition(" to ") if isinstance(value, str) else (value, "", "")
        if not separator:
            return super().read(value)
        low, high = super().read(first), super().read(second)
        if not 0 < low < high:
            raise InputError(
                "value", value, "a range from low to high, both more than zero", f"Write '{self.example}'."
            )
        return Span(low, high)

    def write(self, value: float | Span) -> float | str:
        """Text as it was written, a range with "to" between."""
        if isinstance(value, Span):
            return f"{super().write(value.low)} to {super().write(value.high)}"  # type: ignore[arg-type]
        return super().write(value)


Lasting: TypeAlias = Annotated[float | Span, _Range("s", "4 h to 3 days", "1 ms", "1 year")]
#: Mean time between failures of one unit; a million years means never.
Mtbf: TypeAlias = Annotated[float | Span, _Range("s", "3 years to 30 years", "1 min", "1e6 years")]
DeviceMtbf: TypeAlias = Annotated[float, Quantity("s", "50,000 h", "1 min", "1e6 years")]
Interruption: TypeAlias = Annotated[float, Quantity("s", "5 min", "1 ms", "30 days")]
Interval: TypeAlias = Annotated[float, Quantity("s", "1 h", "1 s", "10 years")]
Age: TypeAlias = Annotated[float, Quantity("s", "30 days", "0 s", "50 years")]
Shape: TypeAlias = Annotated[float, Quantity("1", "0.7", 0.05, 20.0)]
Teams: TypeAlias = Annotated[int, WholeNumber("4", at_most=1e6)]


class FailureSpec(Part):
    """An additional kind of failure, besides those of the catalogue."""

    name: Text = Field(description="name of the kind in the report, different from those of the other kinds")
    of: Annotated[str, OneOf(KINDS)] = Field(description="unit that fails; sets the defaults of units and devices")
    mtbf: Mtbf = Field(description="mean time between failures of one unit")
    units: Degree | None = Field(default=None, description="number of such units; counted from the cluster by default")
    devices: Annotated[int, WholeNumber("72", at_least=0, at_most=1e9, counted="GPU")] | None = Field(
        default=None,
        description="GPUs that one failure takes out until repaired, 0 if nothing breaks; those of the unit by default",
    )
    law: Annotated[str, OneOf(LAWS)] = Field(default="exponential", description="distribution of the time to failure")
    shape: Shape = Field(
        default=1.0,
        description="shape of a Weibull law (below 1 infant mortality, above 1 wear); deviation of a lognormal one",
    )
    age: Age | None = Field(
        default=None, description="age of the units when the run begins; 0 by default, no effect under law exponential"
    )
    repair_time: Lasting | None = Field(
        default=None, description="time until a failed unit works again; campaign.repair_time by default"
    )
    detection_time: Lasting | None = Field(
        default=None, description="time until the failure is noticed; campaign.detection_time by default"
    )


class CheckpointSpec(Part):
    """One place for checkpoints; list the places from the freshest to the one that survives every failure."""

    tier: Annotated[str, OneOf(TIERS)] = Field(description="place: memory of a peer, local disks, or remote storage")
    interval: Interval | None = Field(
        default=None, description="compute time between two checkpoints; the best interval by default"
    )
    bandwidth: Bandwidth | None = Field(
        default=None,
        description="bytes per time from all GPUs; campaign.checkpoint_bandwidth by default for remote storage",
    )
    asynchronous: Flag = Field(
        default=False, description="whether steps go on while the checkpoint is written, after a copy is taken"
    )
    blocking_time: Annotated[float, Quantity("s", "1 s", "0 s", "1 day")] | None = Field(
        default=None, description="time that steps wait for the copy; required if asynchronous"
    )
    survives: Annotated[int, WholeNumber("72", at_least=0, at_most=1e9, counted="GPU")] | None = Field(
        default=None, description="GPUs of the largest failure after which it is still readable; set by tier by default"
    )


class StragglerSpec(Part):
    """Devices that turn slow; all others wait for them until they are replaced."""

    mtbf: Mtbf = Field(description="mean time until one GPU turns slow")
    slowdown: Fraction = Field(description="share added to the step time while a GPU is slow")
    duration: Lasting = Field(description="time until a slow GPU is noticed and replaced")


class FlapSpec(Part):
    """Links that go down for moments: all devices wait, no work is lost."""

    mtbf: Mtbf = Field(description="mean time between interruptions of one GPU's link")
    lasting: Lasting = Field(description="time of one interruption")


class CorruptionSpec(Part):
    """Silent data corruption: after it is noticed the run goes back to the last checkpoint before it."""

    device_mtbf: Mtbf | None = Field(
        default=None, description="mean time between corruptions of one GPU; that of the catalogue by default"
    )
    detection_time: Lasting = Field(description="time until a corruption is noticed")


class LemonSpec(Part):
    """Nodes that fail far more often than the others, until they are drained."""

    fraction: Fraction = Field(description="share of the nodes that are lemons")
    factor: Annotated[float, Quantity("1", "20", 1.0, 10_000.0, counted="time")] = Field(
        description="failure rate of a lemon over that of another node"
    )
    drained_after: Annotated[int, WholeNumber("3", at_most=100)] = Field(
        default=3, description="failures after which a lemon is taken out for good"
    )


class MaintenanceSpec(Part):
    """Planned stops; a checkpoint is saved before each."""

    every: Interval = Field(description="time between two planned stops")
    lasting: Interruption = Field(description="time of one planned stop")


class CampaignSpec(Part):
    """Failures and recovery; defaults come from the catalogue, and a field without one is off."""

    recovery: Annotated[str, OneOf(RECOVERIES)] = Field(
        default="restart", description="part that a failure stops: the whole job, or one data-parallel replica"
    )
    elastic: Flag = Field(
        default=False, description="whether a restarted job runs with fewer replicas if spares are short"
    )
    start: Date | None = Field(
        default=None,
        description="first day of the run; pools that come online later join then; the day of the last pool by default",
    )
    device_mtbf: DeviceMtbf | None = Field(
        default=None,
        description="mean time between failures of one GPU, of any cause; that of the catalogue by default",
    )
    checkpoint_bandwidth: Bandwidth | None = Field(
        default=None, description="bytes per time that storage takes from all GPUs; that of the catalogue by default"
    )
    restart_time: Interruption | None = Field(
        default=None,
        description="time from noticing a failure until steps run, without restoring; that of the catalogue by default",
    )
    detection_time: Interruption | None = Field(
        default=None, description="time until a failure is noticed; that of the catalogue by default"
    )
    diagnosis_time: Lasting | None = Field(
        default=None, description="time from noticing a failure until its cause is identified; 0 by default"
    )
    misdiagnosis: Annotated[float, Quantity("1", "5 %", at_most=0.9)] = Field(
        default=0.0, description="share of recoveries that replace the wrong device first"
    )
    announced: Fraction = Field(
        default=0.0, description="share of failures that show early enough to save and drain first"
    )
    repair_time: Lasting | None = Field(
        default=None, description="time until a failed device works again; that of the catalogue by default"
    )
    repair_teams: Teams | None = Field(
        default=None, description="repairs that go on at the same time; unlimited by default"
    )
    spare_fraction: Annotated[float, Quantity("1", "5 %", at_most=0.9)] | None = Field(
        default=None,
        description="share of the GPUs set aside to replace failed ones; none by default",
    )
    shared_standby: Annotated[int, WholeNumber("512", at_least=0, at_most=1e9, counted="GPU")] = Field(
        default=0,
        description="GPUs outside the cluster that replace failed ones, shared with other jobs; not in the bill",
    )
    rack_standby: Degree | None = Field(
        default=None, description="GPUs of each rack that are spares inside it; none by default"
    )
    tray_devices: Degree | None = Field(
        default=None,
        description="GPUs of a tray, the part of a rack that is repaired as a whole; that of the catalogue by default",
    )
    stall_groups: Degree = Field(
        default=1,
        description="groups of replicas, if recovery is replica: a failure stalls only its own group; 1 stalls all",
    )
    checkpoints: list[CheckpointSpec] = Field(
        default=[], max_length=3, description="places for checkpoints; remote storage alone by default"
    )
    failures: list[FailureSpec] = Field(default=[], max_length=20, description="additional kinds of failure")
    lemons: LemonSpec | None = Field(default=None, description="nodes that fail far more often; none by default")
    stragglers: StragglerSpec | None = Field(default=None, description="devices that turn slow; none by default")
    link_flaps: FlapSpec | None = Field(default=None, description="short interruptions of links; none by default")
    silent_corruption: CorruptionSpec | None = Field(
        default=None, description="wrong results that are noticed late; none by default"
    )
    maintenance: MaintenanceSpec | None = Field(default=None, description="planned stops; none by default")
