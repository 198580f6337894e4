"""From the catalogue: world supply and how fast things grow."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from lindos.catalog import Catalog
from lindos.formulas import growth
from lindos.formulas.growth import per_unit_of_gain
from lindos.quantities import Count, Fraction, Real, Seconds, Usd, Watts
from lindos.roadmap.calendar import YEAR, seconds_between

#: Day that the world's stock of the catalogue holds for.
STOCK_DATE = date(2026, 1, 1)
#: Day that the catalogue's prices and power of racks are taken to hold for; their sources are of 2024 to 2026.
PRICE_DATE = date(2025, 7, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends:
    """Growth factors per year, and the world's stock on `STOCK_DATE`; H100-equivalents count dense 8-bit rates."""

    world_h100_equivalents: Count
    world_growth: Fraction
    record_growth: Fraction
    leading_growth: Fraction
    performance_per_dollar_growth: Fraction
    performance_per_watt_growth: Fraction
    trend_end: date

    def world_stock(self, when: date) -> Count:
        """H100-equivalents ever shipped until a day, on the trend.

        It is followed no further than `trend_end`; from there on the shipments of its last year repeat.
        """
        if when <= self.trend_end:
            return self._grown(seconds_between(STOCK_DATE, when))
        span = seconds_between(STOCK_DATE, self.trend_end)
        pace = self._grown(span) - self._grown(span - YEAR)
        return self._grown(span) + pace * (seconds_between(self.trend_end, when) / YEAR)

    def price(self, each: Usd, when: date) -> Usd:
        """What something of the same performance as ``each`` buys on `PRICE_DATE` costs on another day."""
        return per_unit_of_gain(each, self.performance_per_dollar_growth, seconds_between(PRICE_DATE, when), YEAR)

    def power(self, each: Watts, when: date) -> Watts:
        """What something of the same performance as draws ``each`` on `PRICE_DATE` draws if bought another day."""
        return per_unit_of_gain(each, self.performance_per_watt_growth, seconds_between(PRICE_DATE, when), YEAR)

    def pace_before(self, when: date) -> Count:
        """H100-equivalents shipped in the year before a day."""
        return self.world_stock(when) - self.world_stock(when - timedelta(seconds=YEAR))

    def _grown(self, duration: Seconds) -> Count:
        return growth.extrapolated(self.world_h100_equivalents, self.world_growth, duration, YEAR)


def trends(catalog: Catalog) -> Trends:
    """The catalogue's trends."""

    def value(name: str) -> Real:
        number: Real = catalog.parameter(f"trends.{name}", "1").value
        return number

    # A date is no number to draw: the span is taken where the catalogue holds it, in the middle of a sampled one.
    span = float(np.median(catalog.parameter("trends.world_growth_span", "s").value))
    return Trends(
        trend_end=STOCK_DATE + timedelta(seconds=span),
        world_h100_equivalents=value("world_h100_equivalents"),
        world_growth=value("world_growth"),
        record_growth=value("record_growth"),
        leading_growth=value("leading_supercomputer_growth"),
        performance_per_dollar_growth=value("performance_per_dollar_growth"),
        performance_per_watt_growth=value("performance_per_watt_growth"),
    )
