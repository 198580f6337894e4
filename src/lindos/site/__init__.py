"""Megawatts and money: power by part, capital cost by part, yearly cost, cost of a GPU-hour and of a run."""

from lindos.site.costs import SiteCosts, costs
from lindos.site.estimate import Stage, check_power, estimate, run_cost, run_energy, site_power, timeline
from lindos.site.network import Network, networks
from lindos.site.published import Published, provenance, published
from lindos.site.result import SiteCapex, SiteEstimate, SitePower, SiteYear

__all__ = [
    "Network",
    "Published",
    "SiteCapex",
    "SiteCosts",
    "SiteEstimate",
    "SitePower",
    "SiteYear",
    "Stage",
    "check_power",
    "costs",
    "estimate",
    "networks",
    "provenance",
    "published",
    "run_cost",
    "run_energy",
    "site_power",
    "timeline",
]
