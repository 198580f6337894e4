"""Schema of a claims file: the statement, its speaker and date, and the structured subject of each check.

A file maps ids to claims. It contains no verdict and no computed number: a check names its subject (how many of which
device, in which precision, by which date) and the number claimed; :func:`lindos.claims.check` computes the rest.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from lindos.errors import InputError, NumeralError, UnitError
from lindos.formats import PEAKS
from lindos.scenario.fields import CalendarDay, Flag, OneOf, Quantity, Text, WholeNumber
from lindos.units import parse

# A claim may state any number, since the verdict finds absurd ones: only its sign is checked here.
Rate: TypeAlias = Annotated[float, Quantity("FLOP/s", "50 EFLOP/s", positive=True)]
Power: TypeAlias = Annotated[float, Quantity("W", "300 MW", positive=True)]
Money: TypeAlias = Annotated[float, Quantity("USD", "$2 billion", positive=True)]
Equivalents: TypeAlias = Annotated[float, Quantity("1", "50M", positive=True, counted="H100-equivalent")]
GpuCount: TypeAlias = Annotated[int, WholeNumber("16,384", counted="GPU")]
Times: TypeAlias = Annotated[float, Quantity("1", "20x", positive=True, counted="time")]
Date: TypeAlias = Annotated[str, CalendarDay(1, 9999)]
Precision: TypeAlias = Annotated[str, OneOf(PEAKS)]


@dataclass(frozen=True, slots=True)
class Amount:
    """A power in watts or a plain count, by the unit of the text."""

    value: float
    unit: str


class _AmountReader(Quantity):
    def read(self, value: object) -> Any:
        """Read watts if the text has a unit of power, else a count."""
        for unit in ("W", "1"):
            try:
                number = parse(value, unit)
            except NumeralError:
                raise
            except UnitError:
                continue
            if number < 0:
                break
            return Amount(number, unit)
        raise InputError("value", value, "a power or a count of zero or more", "Write for example '1 GW' or '550k'.")


PowerOrCount: TypeAlias = Annotated[Amount, _AmountReader("W", "1 GW")]


def _day(value: object) -> object:
    """Check a day and return its text, so that a month remains a month."""
    Date.__metadata__[0].read(value)  # type: ignore[attr-defined]
    return str(value)[:10]


Day: TypeAlias = Annotated[str, BeforeValidator(_day)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DevicesSpec(_Part):
    """Equal devices: ``gpus`` of them, or as many as make up ``h100_equivalents`` in dense 8-bit."""

    accelerator: Text
    gpus: GpuCount | None = None
    h100_equivalents: Equivalents | None = None


Devices: TypeAlias = Annotated[list[DevicesSpec], Field(min_length=1, max_length=32)]
Sources: TypeAlias = Annotated[list[Text], Field(max_length=20)]


class _Check(_Part):
    reading: Text | None = Field(None, description="how the statement is read here, where several readings exist")
    stated_by: Text | None = Field(None, description="who gives the claimed number, where that is not the speaker")
    source: Sources = []
    note: Text | None = None


class ComputeCheck(_Check):
    """A rate, against devices at their dense peak."""

    kind: Literal["compute"]
    claimed: Rate | None = None
    claimed_low: Rate | None = None
    claimed_high: Rate | None = None
    devices: Devices
    precision: Precision = "bf16"


class PowerCheck(_Check):
    """A power, against devices: the chips alone, or the facility around them."""

    kind: Literal["power"]
    claimed: Power | None = None
    claimed_low: Power | None = None
    claimed_high: Power | None = None
    devices: Devices
    cluster: Text | None = Field(None, description="the built-in scenario whose cluster these devices are")
    scope: Annotated[str, OneOf(("chips", "facility"))] = "facility"


class MoneyCheck(_Check):
    """An amount of money, against devices: the chips alone, or everything they need."""

    kind: Literal["money"]
    claimed: Money | None = None
    claimed_low: Money | None = None
    claimed_high: Money | None = None
    devices: Devices
    cluster: Text | None = Field(None, description="the built-in scenario whose cluster these devices are")
    scope: Annotated[str, OneOf(("chips", "all-in"))] = "all-in"
    discount_to: Money | None = Field(None, description="a lower total that a discount on nodes and racks is to reach")
    generations: Annotated[list[Text], Field(max_length=12)] = Field(
        [], description="devices to show the total of, discount by discount"
    )


class EquivalentsCheck(_Check):
    """H100-equivalents, against devices, or against the devices that a facility power can supply."""

    kind: Literal["equivalents"]
    claimed: Equivalents | None = None
    claimed_low: Equivalents | None = None
    claimed_high: Equivalents | None = None
    devices: Devices | None = None
    power: Power | None = None
    accelerator: Text | None = None
    precision: Precision = "fp8"


class RatioCheck(_Check):
    """A multiple of a supercomputer: in FP64 against its HPL result, in 8-bit by H100-equivalents."""

    kind: Literal["ratio"]
    claimed: Times | None = None
    devices: Devices
    precision: Precision = "fp8"
    supercomputer: Text


class StartSpec(_Part):
    """Beginning of a growth path."""

    h100_equivalents: Equivalents
    date: Date
    source: Sources = []


class GrowthCheck(_Check):
    """H100-equivalents at a date, against a trend from a known start."""

    kind: Literal["growth"]
    claimed: Equivalents
    by: Date
    start: StartSpec
    trend: Text = Field(description="catalogue parameter: growth per year, 2.5 for two and a half times")


class PerDeviceCheck(_Check):
    """The rate that each of ``gpus`` devices must have, against the trend of single devices from a reference."""

    kind: Literal["per-device"]
    gpus: GpuCount
    devices: Devices = Field(description="what they replace")
    precision: Precision = "bf16"
    reference: Text
    trend: Text
    by: Date


class EfficiencyCheck(_Check):
    """The rate per watt that a target needs, against the trend of single devices from a reference."""

    kind: Literal["efficiency"]
    power: Power
    devices: Devices
    precision: Precision = "bf16"
    reference: Text
    trend: Text
    by: Date


class ShareCheck(_Check):
    """Devices, against all there are in the world."""

    kind: Literal["share"]
    devices: Devices
    stock: Text = Field(description="catalogue parameter: H100-equivalents installed")


class ObservedSpec(_Part):
    """An observation at a date: a power or a count; a power is facility power unless ``it_power`` is true."""

    date: Date
    amount: PowerOrCount
    it_power: Flag = False
    source: Sources = []


class ScheduleCheck(_Check):
    """An amount by a date, against observations."""

    kind: Literal["schedule"]
    claimed: PowerOrCount
    by: Date | None = None
    observed: list[ObservedSpec] = Field(max_length=100)


class FirstSpec(_Part):
    """Somebody else, and the day on which they did the same."""

    name: Text
    date: Date
    source: Sources = []


class FirstCheck(_Check):
    """A claim to be the first, against the dates of others; ``date`` is the speaker's own, if it has passed."""

    kind: Literal["first"]
    date: Date | None = None
    others: list[FirstSpec] = Field(max_length=100)


class MissingCheck(_Check):
    """A statement that no known number can test; ``missing`` names the number that is needed."""

    kind: Literal["not-checkable"]
    missing: Text


Check: TypeAlias = (
    ComputeCheck
    | PowerCheck
    | MoneyCheck
    | EquivalentsCheck
    | RatioCheck
    | GrowthCheck
    | PerDeviceCheck
    | EfficiencyCheck
    | ShareCheck
    | ScheduleCheck
    | FirstCheck
    | MissingCheck
)
KINDS = tuple(kind.model_fields["kind"].annotation.__args__[0] for kind in Check.__args__)


class Claim(_Part):
    """One statement; its first check is the headline."""

    speaker: Text
    outlet: Text | None = None
    date: Day | None = None
    statement: Text = Field(description="in your own words")
    source: Sources = []
    note: Text | None = None
    checks: list[Annotated[Check, Field(discriminator="kind")]] = Field(min_length=1, max_length=20)
    id: str = ""
