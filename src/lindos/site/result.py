"""What a site draws, costs to build and costs to run: disjoint parts and their totals."""

from dataclasses import dataclass
from typing import Annotated

from lindos.formulas import money, power
from lindos.quantities import Count, Fraction, Joules, Usd, UsdPerSecond, Watts
from lindos.results import Why
from lindos.units import YEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePower:
    """Power at full load, by what draws it."""

    systems: Annotated[Watts, Why("nodes and racks at their rating: devices, hosts, network cards, fans")]
    switches: Annotated[Watts, Why("switches of the scale-out network")]
    optics: Annotated[Watts, Why("transceivers of the scale-out network")]
    storage: Annotated[Watts, Why("storage, management and front-end network")]
    overhead: Annotated[Watts, Why("cooling and power distribution: PUE minus one, of the IT power")]
    training_duty: Annotated[Fraction, Why("mean draw of nodes and racks over their rating while training")]
    pue: Annotated[Fraction, Why("facility power over IT power")]

    @property
    def it_power(self) -> Watts:
        """Servers, network and storage at full load."""
        return self.systems + self.switches + self.optics + self.storage

    @property
    def total(self) -> Watts:
        """Facility power at full load: what grid and generators must be able to deliver."""
        return self.systems + self.switches + self.optics + self.storage + self.overhead

    @property
    def mean(self) -> Watts:
        """Facility power while training: nodes and racks at their training duty, the rest at full load."""
        rest = self.switches + self.optics + self.storage
        return power.facility_power(power.mean_power(self.systems, self.training_duty) + rest, self.pue)

    @property
    def yearly_energy(self) -> Joules:
        """Energy of a year of training, at the meter."""
        return power.energy(self.mean, YEAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCapex:
    """What it costs to build, by what is bought."""

    systems: Annotated[Usd, Why("nodes and racks, after the volume discount")]
    switches: Annotated[Usd, Why("switches of the scale-out network")]
    optics: Annotated[Usd, Why("transceivers and cables of the scale-out network")]
    storage: Annotated[Usd, Why("storage")]
    construction: Annotated[Usd, Why("shell, mechanical and electrical plant, per watt of IT power")]

    @property
    def it(self) -> Usd:
        """All that is written off over the life of IT."""
        return self.systems + self.switches + self.optics + self.storage

    @property
    def total(self) -> Usd:
        """Everything that must be bought and built; land and generation on site are not in it."""
        return self.systems + self.switches + self.optics + self.storage + self.construction


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteYear:
    """What a year costs, capital included."""

    it: Annotated[Usd, Why("annuity of nodes, racks, network and storage over the life of IT")]
    construction: Annotated[Usd, Why("annuity of the building over its life")]
    energy: Annotated[Usd, Why("energy of a year of training at the site's price")]
    maintenance: Annotated[Usd, Why("staff, maintenance and other, a share of the capital cost")]

    @property
    def opex(self) -> Usd:
        """What a year costs once everything is bought."""
        return self.energy + self.maintenance

    @property
    def total(self) -> Usd:
        """All costs of a year."""
        return self.it + self.construction + self.energy + self.maintenance


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEstimate:
    """Power and money of a site, built up from parts."""

    num_devices: Annotated[Count, Why("devices that the site holds")]
    power: SitePower
    capex: SiteCapex
    year: SiteYear
    years: Annotated[Count, Why("years of the total cost of ownership")]
    discount_rate: Annotated[Fraction, Why("cost of capital a year")]

    @property
    def capex_per_device(self) -> Usd:
        """Everything bought and built, per device."""
        return self.capex.total / self.num_devices

    @property
    def facility_power_per_device(self) -> Watts:
        """Facility power at full load, per device."""
        return self.power.total / self.num_devices

    @property
    def total_cost_of_ownership(self) -> Usd:
        """Capital today and the running costs of all years, not discounted."""
        return self.capex.total + self.years * self.year.opex

    @property
    def present_value(self) -> Usd:
        """Capital today and the running costs of all years, each discounted to today."""
        return self.capex.total + money.present_value(self.year.opex, self.discount_rate, self.years)

    @property
    def device_cost(self) -> UsdPerSecond:
        """Cost of one device that is always in use, capital included, for the time that it is in use."""
        return money.device_time_cost(self.year.total, YEAR, self.num_devices, 1.0)
