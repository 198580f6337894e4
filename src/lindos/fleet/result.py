"""Result of a fleet estimate: one placement for each price, and the chosen one."""

from dataclasses import dataclass
from typing import Annotated

from lindos.quantities import Count, Fraction, Seconds, TokensPerSecond, Usd, UsdPerSecond, UsdPerToken
from lindos.results import Why
from lindos.units import parse

_YEAR = parse("1 year", "s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The whole traffic on one provider's devices."""

    option: str
    provider: str
    term: str
    date: str
    accelerator: str
    smallest_replica: Annotated[Count, Why("fewest devices whose memory has room for the weights and one sequence")]
    devices_per_replica: Annotated[Count, Why("devices that share one copy of the weights, of the best size")]
    expert_parallel: Annotated[Fraction, Why("1 if devices share only the experts, 0 if they share every matrix")]
    batch: Annotated[Count, Why("sequences that one replica writes at a time")]
    decode_step_time: Annotated[Seconds, Why("time between two tokens of a sequence")]
    speed_alone: Annotated[TokensPerSecond, Why("tokens per second of a user who has a replica alone")]
    prefill_rate: Annotated[TokensPerSecond, Why("prompt tokens that one device reads per second, when busy")]
    decode_rate: Annotated[TokensPerSecond, Why("tokens that one device writes per second, when busy")]
    prefill_devices: Annotated[Count, Why("devices that read prompts, at mean traffic")]
    decode_devices: Annotated[Count, Why("devices that write, at mean traffic")]
    peak_devices: Annotated[Count, Why("devices rented: for the peak, in whole replicas")]
    price: Annotated[UsdPerSecond, Why("of one device, after the volume discount")]
    meets_speed: Annotated[Fraction, Why("1 if a replica of some size keeps the promised speed, else 0")]
    traffic: Annotated[TokensPerSecond, Why("mean tokens read and written")]

    @property
    def mean_devices(self) -> Count:
        """Devices that mean traffic needs."""
        return self.prefill_devices + self.decode_devices

    @property
    def bill(self) -> UsdPerSecond:
        """Money per time when the peak is rented around the clock."""
        return self.peak_devices * self.price

    @property
    def elastic_bill(self) -> UsdPerSecond:
        """Money per time if devices could be rented by the minute: a lower bound."""
        return self.mean_devices * self.price

    @property
    def annual_bill(self) -> Usd:
        """Bill of a year with the peak rented around the clock."""
        return self.bill * _YEAR

    @property
    def price_per_token(self) -> UsdPerToken:
        """Bill over all tokens, read and written."""
        return self.bill / self.traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetEstimate:
    """The chosen placement of the traffic, and every option that was compared."""

    chosen: Placement
    placements: tuple[Placement, ...]
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
