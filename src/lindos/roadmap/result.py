"""Result of a growth path: one record per year, and the totals."""

from dataclasses import dataclass
from typing import Annotated

from lindos.catalog.gaps import Gap
from lindos.quantities import Count, Fraction, Seconds, Usd, Watts
from lindos.results import Why


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthYear:
    """One year of the path; the last one may be shorter."""

    begin: str
    end: str
    device: str
    priced_as: str  # the system that gives price and power of purchases
    is_on_trend: bool  # whether both have followed their trends since that system went on sale
    h100_equivalents: Annotated[Count, Why("online at the end of the year, 8-bit dense")]
    added: Annotated[Count, Why("brought online during the year")]
    bought: Annotated[Count, Why("of these, bought besides ordered machines")]
    num_devices: Annotated[Count, Why("devices bought, of the newest generation on sale")] | None
    power: Annotated[Watts, Why("facility power of all that is online at the end of the year")]
    capex: Annotated[Usd, Why("spent on what the year adds, all in")]
    cumulative_capex: Annotated[Usd, Why("spent since the start")]
    world_added: Annotated[Count, Why("what all suppliers deliver in the same time")]
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
    end: str
    start_h100_equivalents: Annotated[Count, Why("online at the start, 8-bit dense")]
    ordered_h100_equivalents: Annotated[Count, Why("of the scenario's own cluster, online between start and target")]
    bought_h100_equivalents: Annotated[Count, Why("bought besides machines that are online or ordered, 8-bit dense")]
    start_power: Annotated[Watts, Why("facility power of machines online at the start")]
    ordered_power: Annotated[Watts, Why("facility power of ordered machines, as their site has it")]
    bought_power: Annotated[Watts, Why("facility power of purchases, at the power of their years")]
    ordered_capex: Annotated[Usd, Why("capital cost of ordered machines, as their site has it")]
    bought_capex: Annotated[Usd, Why("cost of purchases, at the prices of their years")]
    required_growth: Annotated[Fraction, Why("factor per year from start to target")]
    record_growth: Annotated[Fraction, Why("factor per year of the largest single site")]
    leading_growth: Annotated[Fraction, Why("factor per year of the leading supercomputers")]
    time_at_record_growth: Annotated[Seconds, Why("time to the target if growth is that of the largest site")]
    peak_share_of_supply: Annotated[Fraction, Why("largest share of a year's world supply that the path takes")]
    peak_share_of_flat_supply: Annotated[Fraction, Why("the same if supply only keeps the pace of the year before")]
    years: tuple[GrowthYear, ...]
    gaps: tuple[Gap, ...] = ()  # what power and cost leave out: their totals are lower bounds then

    @property
    def target_h100_equivalents(self) -> Count:
        """H100-equivalents online at the end, 8-bit dense."""
        return self.start_h100_equivalents + self.ordered_h100_equivalents + self.bought_h100_equivalents

    @property
    def final_power(self) -> Watts:
        """Facility power at the target."""
        return self.start_power + self.ordered_power + self.bought_power

    @property
    def total_capex(self) -> Usd:
        """Spent from start to target, all in."""
        return self.ordered_capex + self.bought_capex

    @property
    def pace(self) -> Fraction:
        """Required growth over that of the largest single site; above 1 the path is faster than the record."""
        return self.required_growth / self.record_growth
