"""Power, capital cost and yearly cost of a site: disjoint parts and their totals.

A part is None if nothing about it is known. A part of which some terms are unknown is the sum of the known terms: a
lower bound, and every total that contains it is one too. ``gaps`` lists the missing facts by part.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from lindos.catalog.gaps import Gap, joined, known_sum
from lindos.formulas import money, power
from lindos.quantities import Count, Fraction, Joules, Real, Usd, UsdPerSecond, Watts
from lindos.results import Why
from lindos.units import YEAR

#: Missing facts, by the name of their part.
GapsByPart = Mapping[str, tuple[Gap, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePower:
    """Power at full load, by what draws it."""

    systems: Annotated[Watts, Why("nodes and racks as provisioned: devices, hosts, network cards, fans")] | None
    switches: Annotated[Watts, Why("switches of the scale-out network")] | None
    optics: Annotated[Watts, Why("transceivers of the scale-out network")] | None
    storage: Annotated[Watts, Why("storage, management and front-end network")] | None
    overhead: Annotated[Watts, Why("cooling and power distribution on the hottest day: design PUE minus one")] | None
    systems_mean: (
        Annotated[Watts, Why("nodes and racks while training: measured, or their duty times their rating")] | None
    )
    pue: Annotated[Fraction, Why("facility energy over IT energy in a year")] | None
    design_pue: Annotated[Fraction, Why("facility power over IT power on the hottest day")] | None
    gaps: GapsByPart = field(default_factory=dict)

    @property
    def it_power(self) -> Watts | None:
        """Servers, network and storage at full load."""
        return known_sum((self.systems, self.switches, self.optics, self.storage))

    @property
    def total(self) -> Watts | None:
        """Facility power at full load: what grid and generators must be able to deliver."""
        return known_sum((self.systems, self.switches, self.optics, self.storage, self.overhead))

    @property
    def it_mean(self) -> Watts | None:
        """IT power while training: nodes and racks at their training duty, the rest at full load."""
        return known_sum((self.systems_mean, self.switches, self.optics, self.storage))

    @property
    def training_duty(self) -> Fraction | None:
        """Mean draw of nodes and racks over their rating while training."""
        return None if self.systems is None or self.systems_mean is None else self.systems_mean / self.systems

    @property
    def mean(self) -> Watts | None:
        """Facility power while training, mean over a year."""
        drawn = self.it_mean
        if drawn is None or self.pue is None:
            return drawn
        return power.facility_power(drawn, self.pue)

    @property
    def yearly_energy(self) -> Joules | None:
        """Energy of a year of training, at the meter."""
        return None if self.mean is None else power.energy(self.mean, YEAR)

    def gaps_of(self, name: str) -> tuple[Gap, ...]:
        """List the missing facts that a figure leaves out.

        Parameters
        ----------
        name
            Name of a field or property of this class.
        """
        if name in ("training_duty", "pue", "design_pue", "systems", "switches", "optics"):
            return self.gaps.get(name, ())
        if name in ("storage", "systems_mean"):
            return self.gaps.get("systems", ())
        if name in ("it_power", "it_mean"):
            return joined(*(self.gaps.get(part, ()) for part in ("systems", "switches", "optics")))
        return joined(*self.gaps.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCapex:
    """Capital cost by part."""

    systems: Annotated[Usd, Why("nodes and racks, after the volume discount")] | None
    switches: Annotated[Usd, Why("switches of the scale-out network")] | None
    optics: Annotated[Usd, Why("transceivers and cables of the scale-out network")] | None
    storage: Annotated[Usd, Why("storage")] | None
    construction: Annotated[Usd, Why("shell, mechanical and electrical plant, per watt of IT power")] | None
    gaps: GapsByPart = field(default_factory=dict)

    @property
    def it(self) -> Usd | None:
        """All that is written off over the life of IT."""
        return known_sum((self.systems, self.switches, self.optics, self.storage))

    @property
    def total(self) -> Usd | None:
        """Everything that must be bought and built; land and generation on site are not in it."""
        return known_sum((self.systems, self.switches, self.optics, self.storage, self.construction))

    def gaps_of(self, name: str) -> tuple[Gap, ...]:
        """List the missing facts that a figure leaves out.

        Parameters
        ----------
        name
            Name of a field or property of this class.
        """
        if name in ("systems", "switches", "optics", "construction"):
            return self.gaps.get(name, ())
        return joined(*self.gaps.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteYear:
    """What a year costs, capital included."""

    it: Annotated[Usd, Why("annuity of nodes, racks, network and storage over the life of IT")] | None
    construction: Annotated[Usd, Why("annuity of the building over its life")] | None
    energy: Annotated[Usd, Why("energy of a year of training at the site's price")] | None
    maintenance: Annotated[Usd, Why("staff, maintenance and other, a share of the capital cost")] | None

    @property
    def opex(self) -> Usd | None:
        """What a year costs once everything is bought."""
        return known_sum((self.energy, self.maintenance))

    @property
    def total(self) -> Usd | None:
        """All costs of a year."""
        return known_sum((self.it, self.construction, self.energy, self.maintenance))


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEstimate:
    """Power and money of a site, built up from parts."""

    num_devices: Annotated[Count, Why("devices of the site")]
    power: SitePower
    capex: SiteCapex
    year: SiteYear
    years: Annotated[Count, Why("years of the total cost of ownership")]
    discount_rate: Annotated[Fraction, Why("cost of capital a year")]
    energy_gaps: tuple[Gap, ...] = ()  # what the cost of energy lacks beside the power

    @property
    def capex_per_device(self) -> Usd | None:
        """Everything bought and built, per device."""
        return _per_device(self.capex.total, self.num_devices)

    @property
    def facility_power_per_device(self) -> Watts | None:
        """Facility power at full load, per device."""
        return _per_device(self.power.total, self.num_devices)

    @property
    def total_cost_of_ownership(self) -> Usd | None:
        """Capital today and the running costs of all years, not discounted."""
        return known_sum((self.capex.total, None if self.year.opex is None else self.years * self.year.opex))

    @property
    def present_value(self) -> Usd | None:
        """Capital today and the running costs of all years, each discounted to today."""
        running = self.year.opex
        later = None if running is None else money.present_value(running, self.discount_rate, self.years)
        return known_sum((self.capex.total, later))

    @property
    def device_cost(self) -> UsdPerSecond | None:
        """Cost of one device that is always in use, capital included, for the time that it is in use."""
        total = self.year.total
        return None if total is None else money.device_time_cost(total, YEAR, self.num_devices, 1.0)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """All that is missing, each fact once."""
        return joined(*self.power.gaps.values(), *self.capex.gaps.values(), self.energy_gaps)

    def gaps_of(self, name: str) -> tuple[Gap, ...]:
        """List the missing facts that a figure leaves out.

        Parameters
        ----------
        name
            Dotted name of the figure, as :func:`lindos.results.rows` gives it.
        """
        room, _, part = name.partition(".")
        if room == "power":
            return self.power.gaps_of(part)
        if room == "capex":
            return self.capex.gaps_of(part)
        if name in ("num_devices", "years", "discount_rate"):
            return ()
        if name == "facility_power_per_device":
            return self.power.gaps_of("total")
        if name == "capex_per_device":
            return self.capex.gaps_of("total")
        if name == "year.it":
            return joined(*(self.capex.gaps_of(item) for item in ("systems", "switches", "optics")))
        if name == "year.construction":
            return self.capex.gaps_of("construction")
        if name == "year.energy":
            return joined(self.power.gaps_of("mean"), self.energy_gaps)
        return self.gaps


def _per_device(total: Real | None, count: Count) -> Real | None:
    return None if total is None else total / count
