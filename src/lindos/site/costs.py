"""The catalogue's numbers that a site needs, read once."""

from dataclasses import dataclass

from lindos.catalog import Catalog
from lindos.quantities import Count, Fraction, UsdPerWatt
from lindos.units import YEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCosts:
    """Costs of building, powering and financing; each may be an array of draws."""

    training_duty: Fraction
    provisioned_over_rated: Fraction
    storage_power_share: Fraction
    construction_cost: UsdPerWatt  # of ordinary halls, where the site has no figure of its own
    dense_factor: Fraction  # construction for dense AI over ordinary construction
    storage_share: Fraction
    maintenance_share: Fraction
    discount_rate: Fraction
    it_life_years: Count
    facility_life_years: Count


def costs(catalog: Catalog) -> SiteCosts:
    """Read the parameters of sites from the catalogue.

    Parameters
    ----------
    catalog
        Catalogue with the parameters ``power.*`` and ``economics.*``; a sampled one gives arrays of draws.

    Returns
    -------
    SiteCosts
        Shares and rates as fractions, the construction cost in USD per W of IT power, lifetimes in years.
    """
    return SiteCosts(
        provisioned_over_rated=catalog.parameter("power.provisioned_over_rated", "1").value,
        training_duty=catalog.parameter("power.training_duty", "1").value,
        storage_power_share=catalog.parameter("power.storage_and_management_share", "1").value,
        construction_cost=catalog.parameter("economics.construction_cost", "USD/W").value,
        dense_factor=1.0 + catalog.parameter("economics.dense_premium", "1").value,
        storage_share=catalog.parameter("economics.storage_share", "1").value,
        maintenance_share=catalog.parameter("economics.maintenance_share", "1").value,
        discount_rate=catalog.parameter("economics.discount_rate", "1").value,
        it_life_years=catalog.parameter("economics.it_life", "s").value / YEAR,
        facility_life_years=catalog.parameter("economics.facility_life", "s").value / YEAR,
    )
