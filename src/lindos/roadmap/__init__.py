"""Years: what a target asks of purchases, power, money and the world's supply, and who asks for how much together.

The closed form: constant growth from today to the target, prices and power that follow published trends, and supply
that grows as it did. A plan under constraints is a later, separate question.
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
