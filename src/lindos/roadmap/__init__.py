"""Years: purchases, power, money and share of the world's supply that a target needs, and the demand of many buyers.

The closed form: constant growth from today to the target, prices and power that follow published trends, and supply
that grows as it did. Plans under constraints are not modelled.
"""

from lindos.roadmap.demand import Demand, DemandYear, Programme, demand
from lindos.roadmap.generations import Generation, generations
from lindos.roadmap.growth import growth
from lindos.roadmap.path import Delivery
from lindos.roadmap.result import Growth, GrowthYear
from lindos.roadmap.trends import PRICE_DATE, Trends, trends

__all__ = [
    "PRICE_DATE",
    "Delivery",
    "Demand",
    "DemandYear",
    "Generation",
    "Growth",
    "GrowthYear",
    "Programme",
    "Trends",
    "demand",
    "generations",
    "growth",
    "trends",
]
