"""What is sold by contract or by list besides hours of devices: capacity for years, tokens, hours by region."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

from lindos.bounds import Bounds
from lindos.catalog.facts import Fact
from lindos.catalog.records import Capital, Equivalents, HourlyPrice, SitePower, Text
from lindos.quantities import Real, Unit
from lindos.units import YEAR

#: Price of one token; providers state it for a million.
TokenCharge: TypeAlias = Annotated[Fact[Real], Unit("USD/token"), Bounds("$0/Mtoken", "$10000/Mtoken")]
#: Tiers at which tokens are sold: at once; within hours; outside the busy hours; faster; the busy hours.
TOKEN_TIERS = ("standard", "batch", "off-peak", "fast", "peak")


def _unpublished(unit: str) -> Callable[[], Fact[Real]]:
    """Make a number that nobody has published, for a field that data may leave out."""
    return lambda: Fact(path="unpublished", content=None, unit=unit)


def _unwritten() -> Text:
    """Make a text that nobody has published."""
    return Fact(path="unpublished", content=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A published contract for capacity: who, of what, for how long, and on which terms."""

    name: str
    title: str
    lessor: str  # ids of companies
    lessee: str
    date: str  # when it was signed or published
    start: Text
    end: Text
    devices: Equivalents
    monthly_price: Capital  # at full capacity
    notice: Annotated[Fact[Real], Unit("s"), Bounds("1 day", "10 years")]  # before it may end
    clauses: Text
    power: SitePower = field(default_factory=_unpublished("W"))  # that it is for, as stated
    total_price: Capital = field(default_factory=_unpublished("USD"))  # over its whole term
    term: Annotated[Fact[Real], Unit("s"), Bounds("1 day", "100 years")] = field(default_factory=_unpublished("s"))
    prepayment: Capital = field(default_factory=_unpublished("USD"))
    ramp: Text = field(default_factory=_unwritten)  # how capacity grows to the whole
    site: str = ""

    @property
    def hourly_price(self) -> Real | None:
        """Price of one device for an hour in USD, over the hours of a mean month; None where it is unknown."""
        price, count = self.monthly_price.content, self.devices.content
        return None if price is None or count is None else price / count / (YEAR / 12 / 3600)

    @property
    def yearly_price_per_watt(self) -> Real | None:
        """Price of one watt for a year in USD, by the total over its term; None where one of them is unknown."""
        total, term, power = self.total_price.content, self.term.content, self.power.content
        return None if total is None or term is None or power is None else total / (term / YEAR) / power


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPrice:
    """What a provider charges for the tokens of a model on a day: read, read again from a cache, written."""

    name: str
    model: str  # as the provider calls it
    provider: str  # id of a company
    date: str  # when it was listed
    input: TokenCharge
    cached_input: TokenCharge  # unknown where the provider lists none
    output: TokenCharge
    cache_write: TokenCharge = field(default_factory=_unpublished("USD/token"))  # of input that is kept
    longest_prompt: Annotated[Fact[Real], Unit("token"), Bounds("1 tokens", "1e12 tokens")] = field(
        default_factory=_unpublished("token")
    )  # above which another price holds; unknown: none listed
    weights: str = ""  # id of the model in the catalogue, where its weights are public
    tier: str = "standard"

    @property
    def title(self) -> str:
        """Model, provider, date, and the tier where it is not the usual one."""
        tier = "" if self.tier == "standard" else f", {self.tier}"
        return f"{self.model} at {self.provider}, {self.date}{tier}"

    def blended(self, input_tokens: Real, output_tokens: Real, cached_share: Real = 0.0) -> Real | None:
        """Compute the price of one token of a mix in USD; None where a price that it needs is unknown.

        Parameters
        ----------
        input_tokens
            Tokens read, or their share.
        output_tokens
            Tokens written, or their share.
        cached_share
            Share of the tokens read that the cache holds. Where the provider lists no price for them, they cost as
            much as the others.
        """
        read, written = self.input.content, self.output.content
        if read is None or written is None:
            return None
        again = read if self.cached_input.content is None else self.cached_input.content
        bill = input_tokens * ((1 - cached_share) * read + cached_share * again) + output_tokens * written
        return bill / (input_tokens + output_tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionalPrice:
    """What a provider charges for an hour of one device in one of its regions; all regions of a list share its day."""

    name: str
    accelerator: str
    provider: str
    region: str  # as the provider calls it
    term: str
    date: str
    price: HourlyPrice
    country: str = ""  # id of a location; empty where there is none

    @property
    def title(self) -> str:
        """Provider, region, device and date."""
        return f"{self.accelerator} at {self.provider} in {self.region}, {self.term}, {self.date}"
