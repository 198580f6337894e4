"""The campaign section of a scenario: what fails, how it is recovered from, and where checkpoints go.

What no published source gives has no default: it is off until the user gives it, as one value or as a range,
``4 h to 3 days``, from which the simulation draws.
"""

from typing import Annotated, NamedTuple, TypeAlias

from pydantic import Field

from lindos.errors import InputError
from lindos.problem.job import RECOVERIES
from lindos.quantities import Seconds
from lindos.scenario.fields import Bandwidth, Date, Degree, Flag, Fraction, OneOf, Part, Quantity, Text, Whole

#: What a failure may be one of, from the smallest to the whole job.
KINDS = ("device", "node", "rack", "switch", "pod", "feed", "software", "operator")
LAWS = ("exponential", "weibull", "lognormal")
TIERS = ("memory", "local", "remote")


class Span(NamedTuple):
    """A user's value that is uncertain: sampled log-uniformly between low and high."""

    low: Seconds
    high: Seconds

    @property
    def middle(self) -> Seconds:
        """Geometric mean: the value of the scenario as it stands."""
        return (self.low * self.high) ** 0.5


class _Range(Quantity):
    """A quantity, or two of them with "to" between."""

    def read(self, value: object) -> float | Span:  # type: ignore[override]
        """A number, or a span where the text holds two."""
        first, between, second = value.partition(" to ") if isinstance(value, str) else (value, "", "")
        if not between:
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
#: Mean time between failures of one unit; a million years are never.
Mtbf: TypeAlias = Annotated[float | Span, _Range("s", "3 years to 30 years", "1 min", "1e6 years")]
DeviceMtbf: TypeAlias = Annotated[float, Quantity("s", "50,000 h", "1 min", "1e6 years")]
Interruption: TypeAlias = Annotated[float, Quantity("s", "5 min", "1 ms", "30 days")]
Interval: TypeAlias = Annotated[float, Quantity("s", "1 h", "1 s", "10 years")]
Age: TypeAlias = Annotated[float, Quantity("s", "30 days", "0 s", "50 years")]
Shape: TypeAlias = Annotated[float, Quantity("1", "0.7", 0.05, 20.0)]
Teams: TypeAlias = Annotated[int, Whole("4", at_most=1e6)]


class FailureSpec(Part):
    """One more kind of failure, beside those of the catalogue; ``mtbf`` is of one unit."""

    name: Text = Field(description="unique among the causes")
    of: Annotated[str, OneOf(KINDS)] = Field(description="what fails; sets units and devices where they are left out")
    mtbf: Mtbf = Field(description="mean time from one failure of a unit to its next")
    units: Degree | None = Field(default=None, description="how many there are; from the cluster where left out")
    devices: Annotated[int, Whole("72", at_least=0, at_most=1e9, counted="GPU")] | None = Field(
        default=None, description="GPUs that one failure takes out until repaired; 0 where nothing is broken"
    )
    law: Annotated[str, OneOf(LAWS)] = Field(
        default="exponential", description="of the time between failures of a unit"
    )
    shape: Shape = Field(
        default=1.0,
        description="of a Weibull law (below 1 infant mortality, above 1 wear); of a lognormal one its deviation",
    )
    age: Age | None = Field(default=None, description="of the units when the run begins")
    repair_time: Lasting | None = Field(default=None, description="until it is repaired; as for all where left out")
    detection_time: Lasting | None = Field(default=None, description="until it is noticed; as for all where left out")


class CheckpointSpec(Part):
    """One place that checkpoints are kept; list them from the freshest to the one that survives everything."""

    tier: Annotated[str, OneOf(TIERS)] = Field(description="memory of a peer, local disks, or remote storage")
    interval: Interval | None = Field(default=None, description="between checkpoints; the best where left out")
    bandwidth: Bandwidth | None = Field(default=None, description="to all GPUs together")
    asynchronous: Flag = Field(default=False, description="written behind the steps; only the copy is waited for")
    blocking_time: Annotated[float, Quantity("s", "1 s", "0 s", "1 day")] | None = Field(
        default=None, description="how long steps wait for the copy where it is asynchronous"
    )
    survives: Annotated[int, Whole("72", at_least=0, at_most=1e9, counted="GPU")] | None = Field(
        default=None, description="GPUs of the largest failure that leaves it readable"
    )


class StragglerSpec(Part):
    """Devices that turn slow, and all others wait for them until they are found."""

    mtbf: Mtbf = Field(description="of one GPU, until it turns slow")
    slowdown: Fraction = Field(description="what is added to the step time")
    duration: Lasting = Field(description="until it is found and replaced")


class FlapSpec(Part):
    """Links that go down for moments: all wait, nothing is lost."""

    mtbf: Mtbf = Field(description="of one GPU's link")
    lasting: Lasting = Field(description="how long all wait at each flap")


class CorruptionSpec(Part):
    """Silent data corruption: noticed late, undone back to the checkpoint before it."""

    device_mtbf: Mtbf | None = Field(
        default=None, description="mean time between corruptions of one GPU; from the catalogue where left out"
    )
    detection_time: Lasting = Field(description="mean time until a corruption is noticed")


class LemonSpec(Part):
    """Nodes that fail far more often than the others, until they are drained."""

    fraction: Fraction = Field(description="share of the nodes that are lemons")
    factor: Annotated[float, Quantity("1", "20", 1.0, 10_000.0, counted="time")] = Field(
        description="how many times as often a lemon fails as another node"
    )
    drained_after: Annotated[int, Whole("3", at_most=100)] = Field(
        default=3, description="failures after which a lemon is taken out for good"
    )


class MaintenanceSpec(Part):
    """Planned stops, saved before."""

    every: Interval = Field(description="from one planned stop to the next")
    lasting: Interruption = Field(description="how long each takes")


class CampaignSpec(Part):
    """What happens when things fail; each default comes from the catalogue, what has none is off."""

    recovery: Annotated[str, OneOf(RECOVERIES)] = Field(
        default="restart", description="what a failure stops: the whole job, or one data-parallel replica"
    )
    elastic: Flag = Field(
        default=False, description="after a restart, go on with fewer replicas where spares are short"
    )
    start: Date | None = Field(default=None, description="first day; pools that come online later join then")
    device_mtbf: DeviceMtbf | None = Field(
        default=None,
        description="mean time between failures of one GPU, of any cause; from the catalogue where left out",
    )
    checkpoint_bandwidth: Bandwidth | None = Field(
        default=None, description="of remote storage, to all GPUs together; from the catalogue where left out"
    )
    restart_time: Interruption | None = Field(
        default=None, description="from detection until steps run again; from the catalogue where left out"
    )
    detection_time: Interruption | None = Field(
        default=None, description="until a failure is noticed; from the catalogue where left out"
    )
    diagnosis_time: Lasting | None = Field(default=None, description="from detection until it is known what to replace")
    misdiagnosis: Annotated[float, Quantity("1", "5 %", at_most=0.9)] = Field(
        default=0.0, description="share of recoveries that replace the wrong device first"
    )
    announced: Fraction = Field(default=0.0, description="share of failures seen early enough to save and drain first")
    repair_time: Lasting | None = Field(
        default=None, description="until a failed GPU can be used again; from the catalogue where left out"
    )
    repair_teams: Teams | None = Field(default=None, description="repairs side by side; as many as needed if left out")
    spare_fraction: Annotated[float, Quantity("1", "5 %", at_most=0.9)] | None = Field(
        default=None,
        description="share of the GPUs that is set aside to stand in for failed ones; none where left out",
    )
    shared_standby: Annotated[int, Whole("512", at_least=0, at_most=1e9, counted="GPU")] = Field(
        default=0,
        description="GPUs beside this cluster that stand in for failed ones, shared with other jobs; not in its bill",
    )
    rack_standby: Degree | None = Field(default=None, description="GPUs of each rack that stand by inside it")
    tray_devices: Degree | None = Field(
        default=None, description="GPUs of a tray, the part of a rack that is repaired as one; from the catalogue"
    )
    stall_groups: Degree = Field(
        default=1,
        description="groups of replicas of which a failure stalls only its own, in recovery by replica; 1 stalls all",
    )
    checkpoints: list[CheckpointSpec] = Field(
        default=[], max_length=3, description="where checkpoints are kept, the freshest first; remote where left out"
    )
    failures: list[FailureSpec] = Field(
        default=[], max_length=20, description="more kinds of failure, beside those of the catalogue"
    )
    lemons: LemonSpec | None = Field(default=None, description="nodes that fail far more often than the others")
    stragglers: StragglerSpec | None = Field(default=None, description="GPUs that turn slow")
    link_flaps: FlapSpec | None = Field(default=None, description="links that go down for moments")
    silent_corruption: CorruptionSpec | None = Field(default=None, description="wrong results that are noticed late")
    maintenance: MaintenanceSpec | None = Field(default=None, description="planned stops")
