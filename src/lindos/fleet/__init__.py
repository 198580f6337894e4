"""Hours: how many rented devices carry a stated inference traffic, and what they cost.

The closed form: prefill by computation, decode by bandwidth with a batch that memory and a promised speed limit, and
capacity for the peak. Each row of prices in the catalogue is one option; the cheapest is chosen.
"""

from lindos.fleet.estimate import cheapest, estimate
from lindos.fleet.network import Network
from lindos.fleet.options import Assumptions, Option, assumptions, options
from lindos.fleet.result import FleetEstimate, Placement
from lindos.fleet.shape import ServedModel, served

__all__ = [
    "Assumptions",
    "FleetEstimate",
    "Network",
    "Option",
    "Placement",
    "ServedModel",
    "assumptions",
    "cheapest",
    "estimate",
    "options",
    "served",
]
