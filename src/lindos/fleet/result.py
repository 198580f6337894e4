"""Result of a fleet estimate: one placement for each price, and the chosen one."""

from dataclasses import dataclass
from typing import Annotated

from lindos.quantities import Count, Fraction, PerSecond, Seconds, TokensPerSecond, Usd, UsdPerSecond, UsdPerToken
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
    binds: str
    smallest_replica: Annotated[Count, Why("fewest devices whose memory has room for the weights and one sequence")]
    devices_per_replica: Annotated[Count, Why("devices of one engine, which share one copy of the experts")]
    expert_parallel: Annotated[Fraction, Why("1 if devices share only the experts, 0 if they share every matrix")]
    batch: Annotated[Count, Why("sequences that one engine writes at a time, at the peak")]
    most_sequences: Annotated[Count, Why("sequences whose caches the memory of an engine holds")]
    decode_step_time: Annotated[Seconds, Why("time of a step that writes one token of each sequence")]
    token_time: Annotated[Seconds, Why("time between two tokens of an answer at the peak, prompts read in between")]
    token_time_p99: Annotated[Seconds, Why("the same, 99th percentile")]
    first_token: Annotated[Seconds, Why("time until the first token at the peak, median")]
    first_token_p99: Annotated[Seconds, Why("the same, 99th percentile")]
    speed_alone: Annotated[TokensPerSecond, Why("tokens per second of a user who has an engine alone")]
    prefill_rate: Annotated[TokensPerSecond, Why("prompt tokens that one device reads per second, when it only reads")]
    decode_rate: Annotated[TokensPerSecond, Why("tokens that one device writes per second, when it only writes")]
    prompt_share: Annotated[Fraction, Why("share of an engine's time that goes to prompts")]
    engine_rate: Annotated[PerSecond, Why("requests per second that one engine carries within the limits")]
    serving_devices: Annotated[Count, Why("devices that carry the peak, in whole engines")]
    spare_devices: Annotated[
        Count, Why("devices of engines that stand for those that a failure stops, 99 % of the time")
    ]
    mean_devices: Annotated[Count, Why("devices that mean traffic would need, if rented by the minute")]
    price: Annotated[UsdPerSecond, Why("of one device, after the volume discount")]
    meets_speed: Annotated[Fraction, Why("1 if an engine of some size keeps the limits, else 0")]
    delivered: Annotated[Fraction, Why("1 if the provider delivers as many devices, else 0")]
    input_rate: Annotated[TokensPerSecond, Why("mean prompt tokens")]
    cached_share: Annotated[Fraction, Why("share of the prompt tokens that caches hold")]
    output_rate: Annotated[TokensPerSecond, Why("mean tokens written")]

    @property
    def peak_devices(self) -> Count:
        """Devices rented: for the peak, with spares."""
        return self.serving_devices + self.spare_devices

    @property
    def traffic(self) -> TokensPerSecond:
        """Mean tokens read and written."""
        return self.input_rate + self.output_rate

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

    @property
    def input_price(self) -> UsdPerToken:
        """Bill of the time that goes to prompts, over the prompt tokens that are not cached."""
        return self.bill * self.prompt_share / (self.input_rate * (1 - self.cached_share))

    @property
    def output_price(self) -> UsdPerToken:
        """Bill of the rest of the time, over the tokens written."""
        return self.bill * (1 - self.prompt_share) / self.output_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One engine of a placement at the peak, simulated request by request."""

    option: str
    provider: str
    accelerator: str
    first_token: Seconds  # median
    first_token_p99: Seconds
    token_time: Seconds  # median over requests
    token_time_p99: Seconds
    preempted: Fraction  # of the requests, put back for want of blocks
    passes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetEstimate:
    """The chosen placement of the traffic, and every option that was compared."""

    chosen: Placement
    placements: tuple[Placement, ...]
    layout: "Layout"
    layouts: "tuple[Layout, ...]" = ()  # of all placements
    checks: tuple[Check, ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """Engine of the chosen placement: devices that share every matrix, and groups with sequences of their own."""

    tensor: float
    data: float
