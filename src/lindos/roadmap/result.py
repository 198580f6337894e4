"""What a growth path says: one record a year, and what it asks for in all."""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from lindos.quantities import Count, Fraction, Seconds, Usd, Watts
from lindos.results import Why
from lindos.units import render


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthYear:
    """One year of the path, or what is left of the last one."""

    begin: str
    end: str
    device: str
    h100_equivalents: Annotated[Count, Why("online at the end of the year, 8-bit dense")]
    added: Annotated[Count, Why("brought online during the year")]
    num_devices: Annotated[Count, Why("devices bought, of the newest generation on sale")] | None
    power: Annotated[Watts, Why("facility power of all that is online at the end of the year")]
    capex: Annotated[Usd, Why("spent on what the year adds, all in")]
    cumulative_capex: Annotated[Usd, Why("spent since the start")]
    world_added: Annotated[Count, Why("what all suppliers ship in the same time, on their trend")]
    flat_added: Annotated[Count, Why("what they ship if they only keep the pace of the year before the start")]

    @property
    def share_of_supply(self) -> Fraction:
        """Purchases over what all suppliers ship in the same time; above 1 it cannot be bought."""
        return self.added / self.world_added

    @property
    def share_of_flat_supply(self) -> Fraction:
        """Purchases over what suppliers ship if they only keep the pace of the year before the start."""
        return self.added / self.flat_added


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """A path of constant growth from today to a target."""

    start: str
    by: str
    trend_end: str  # the trend of supply is followed until then; shipments stay level after
    start_h100_equivalents: Annotated[Count, Why("online at the start, 8-bit dense")]
    target_h100_equivalents: Annotated[Count, Why("wanted at the end, 8-bit dense")]
    required_growth: Annotated[Fraction, Why("factor per year from start to target")]
    record_growth: Annotated[Fraction, Why("factor per year of the largest single site")]
    leading_growth: Annotated[Fraction, Why("factor per year of the leading supercomputers")]
    time_at_record_growth: Annotated[Seconds, Why("time to the target if growth is that of the largest site")]
    final_power: Annotated[Watts, Why("facility power at the target")]
    total_capex: Annotated[Usd, Why("spent from start to target, all in")]
    peak_share_of_supply: Annotated[Fraction, Why("largest share of a year's world supply that the path takes")]
    peak_share_of_flat_supply: Annotated[Fraction, Why("the same if supply only keeps the pace of the year before")]
    years: tuple[GrowthYear, ...]

    @property
    def pace(self) -> Fraction:
        """Required growth over that of the largest single site; above 1 the path is faster than the record."""
        return self.required_growth / self.record_growth

    @property
    def statement(self) -> str:
        """The path in one or two sentences, of its middle where it is an array."""
        share, flat = _middle(self.peak_share_of_supply), _middle(self.peak_share_of_flat_supply)
        faster = "faster" if _middle(self.pace) > 1 else "slower"
        sentence = (
            f"From {render(_middle(self.start_h100_equivalents), '1')} to "
            f"{render(_middle(self.target_h100_equivalents), '1')} H100-equivalents (8-bit dense) takes "
            f"{_middle(self.required_growth):.3g}x a year, {faster} than the record of "
            f"{_middle(self.record_growth):.3g}x; it ends at {render(_middle(self.final_power), 'W')} and "
            f"{render(_middle(self.total_capex), 'USD')}, and takes up to {_percent(share)} of a year's world supply "
            f"if that grows as it did until {self.trend_end[:4]}, {_percent(flat)} if it only keeps pace."
        )
        return sentence + (" That is more than suppliers ship." if share > 1 else "")

    def table(self) -> tuple[tuple[str | float | None, ...], ...]:
        """One row a year: end, device, H100e, added, devices, W, USD, USD so far, shares of trend and flat supply."""
        return tuple(
            (
                year.end,
                year.device,
                _middle(year.h100_equivalents),
                _middle(year.added),
                None if year.num_devices is None else _middle(year.num_devices),
                _middle(year.power),
                _middle(year.capex),
                _middle(year.cumulative_capex),
                _middle(year.share_of_supply),
                _middle(year.share_of_flat_supply),
            )
            for year in self.years
        )


def _percent(share: float) -> str:
    return f"{render(100 * share, '1', 2)} %"


def _middle(value: Any) -> float:
    return float(np.median(np.asarray(value, dtype=float)))
