"""Hours: rented engines that serve a stated traffic within limits on latency, and what they cost.

An engine's step is the sum of its kernels by roofline, with what the serving software adds; both are fitted to measured
kernels and runs. Each row of prices in the catalogue is one option; the cheapest that is delivered is chosen.
"""

from lindos.fleet.estimate import Demand, cheapest, estimate
from lindos.fleet.options import Assumptions, Option, Patience, assumptions, options
from lindos.fleet.result import FleetEstimate, Layout, Placement
from lindos.fleet.terms import Term, terms
from lindos.fleet.verify import tightened, verified
from lindos.fleet.work import Work, work_of

__all__ = [
    "Assumptions",
    "Demand",
    "FleetEstimate",
    "Layout",
    "Option",
    "Patience",
    "Placement",
    "Term",
    "Work",
    "assumptions",
    "cheapest",
    "estimate",
    "options",
    "terms",
    "tightened",
    "verified",
    "work_of",
]
