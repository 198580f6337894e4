"""World supply and growth rates, read from the catalogue."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from lindos.catalog import Catalog
from lindos.formulas import growth
from lindos.formulas.growth import per_unit_of_gain
from lindos.quantities import Count, Fraction, Real, Seconds, Usd, Watts
from lindos.roadmap.calendar import YEAR, seconds_between

#: Day of the catalogue's figure for the world's stock.
STOCK_DATE = date(2026, 1, 1)


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

    def world_stock(self, day: date) -> Count:
        """Compute the H100-equivalents ever shipped until a day, on the trend.

        The trend is followed until `trend_end`; afterwards the shipments of its last year repeat.

        Parameters
        ----------
        day
            Day until which shipments count.
        """
        if day <= self.trend_end:
            return self._grown(seconds_between(STOCK_DATE, day))
        span = seconds_between(STOCK_DATE, self.trend_end)
        pace = self._grown(span) - self._grown(span - YEAR)
        return self._grown(span) + pace * (seconds_between(self.trend_end, day) / YEAR)

    def price(self, base: Usd, first: date, day: date) -> Usd:
        """Compute the price of the same performance on another day.

        Parameters
        ----------
        base
            Price on the first day, in USD.
        first
            Day of that price.
        day
            Day of purchase.
        """
        return per_unit_of_gain(base, self.performance_per_dollar_growth, seconds_between(first, day), YEAR)

    def power(self, base: Watts, first: date, day: date) -> Watts:
        """Compute the power of the same performance if it is bought on another day.

        Parameters
        ----------
        base
            Power if bought on the first day, in W.
        first
            Day of that power.
        day
            Day of purchase.
        """
        return per_unit_of_gain(base, self.performance_per_watt_growth, seconds_between(first, day), YEAR)

    def pace_before(self, day: date) -> Count:
        """Compute the H100-equivalents shipped in the year before a day.

        Parameters
        ----------
        day
            End of that year.
        """
        return self.world_stock(day) - self.world_stock(day - timedelta(seconds=YEAR))

    def _grown(self, duration: Seconds) -> Count:
        return growth.extrapolated(self.world_h100_equivalents, self.world_growth, duration, YEAR)


def trends(catalog: Catalog) -> Trends:
    """Read the trends of the catalogue.

    Parameters
    ----------
    catalog
        Catalogue with the parameters ``trends.*``; a sampled one gives arrays of draws.

    Returns
    -------
    Trends
        Factors per year, and the world's stock in H100-equivalents.
    """

    def value(name: str) -> Real:
        number: Real = catalog.parameter(f"trends.{name}", "1").value
        return number

    # The end of the trend is a date, not a draw: a sampled span counts with its median.
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
