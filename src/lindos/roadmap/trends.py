"""Growth rates, read from the catalogue."""

from dataclasses import dataclass
from datetime import date

from lindos.catalog import Catalog
from lindos.formulas.growth import per_unit_of_gain
from lindos.quantities import Fraction, Real, Usd, Watts
from lindos.roadmap.calendar import YEAR, seconds_between


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends:
    """Growth factors per year."""

    record_growth: Fraction
    leading_growth: Fraction
    performance_per_dollar_growth: Fraction
    performance_per_watt_growth: Fraction

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


def trends(catalog: Catalog) -> Trends:
    """Read the trends of the catalogue.

    Parameters
    ----------
    catalog
        Catalogue with the parameters ``trends.*``; a sampled one gives arrays of draws.

    Returns
    -------
    Trends
        Factors per year.
    """

    def value(name: str) -> Real:
        number: Real = catalog.parameter(f"trends.{name}", "1").value
        return number

    return Trends(
        record_growth=value("record_growth"),
        leading_growth=value("leading_supercomputer_growth"),
        performance_per_dollar_growth=value("performance_per_dollar_growth"),
        performance_per_watt_growth=value("performance_per_watt_growth"),
    )
