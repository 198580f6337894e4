"""Years: purchases, power, money and share of the world's supply that a target needs, and the demand of many buyers.

The closed form: constant growth from today to the target, bought as the newest generation on sale at the price and
power of its site, both on published trends after the last that has them, and supply that grows as it did. Plans under
constraints are not modelled.
"""

from lindos.roadmap.demand import Demand, DemandYear, Programme, demand
from lindos.roadmap.generations import Generation, Purchase, generations, purchase
from lindos.roadmap.growth import growth
from lindos.roadmap.path import Delivery
from lindos.roadmap.result import Growth, GrowthYear
from lindos.roadmap.trends import Trends, trends

__all__ = [
    "Delivery",
    "Demand",
    "DemandYear",
    "Generation",
    "Growth",
    "GrowthYear",
    "Programme",
    "Purchase",
    "Trends",
    "demand",
    "generations",
    "growth",
    "purchase",
    "trends",
]
