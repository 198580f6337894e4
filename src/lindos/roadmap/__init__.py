"""Years: what to buy when and where to reach a target, under supply, power and money; many buyers against the world.

A capacity expansion by quarter, generation and place, as a linear program in whole lots and blocks. The world's supply
obeys its own wafers, watts and dollars. Constant growth to the same target is the trend that a plan is compared with.
"""

from lindos.roadmap.calendar import share_between
from lindos.roadmap.demand import Demand, DemandYear, Programme, demand, sized_programmes
from lindos.roadmap.demand_quarters import DemandQuarter
from lindos.roadmap.ensemble import Chances, chances, delayed
from lindos.roadmap.evaluation import Order, PlanQuarter, PlanResult, evaluate
from lindos.roadmap.expansion import Agreement, Expansion, Period, quarters
from lindos.roadmap.generations import DEFAULT, Generation, Purchase, check_start, generations, purchase
from lindos.roadmap.growth import growth
from lindos.roadmap.limits import (
    Limit,
    Price,
    Relaxation,
    attainable_share,
    irreducible_set,
    limits,
    prices,
    relaxations,
)
from lindos.roadmap.path import Delivery
from lindos.roadmap.plan import Plan, make_plan
from lindos.roadmap.prior import Forecast, backtest, complete
from lindos.roadmap.program import Program
from lindos.roadmap.result import Growth, GrowthYear
from lindos.roadmap.rivals import RivalYear, rivalry
from lindos.roadmap.sharing import Share, Wanted
from lindos.roadmap.solver import Solution
from lindos.roadmap.stochastic import Policy, TwoStage, merged, two_stage
from lindos.roadmap.supply import Packaging, World, WorldYear, ramped_shares, world
from lindos.roadmap.trends import Trends, trends

__all__ = [
    "DEFAULT",
    "Agreement",
    "Chances",
    "Delivery",
    "Demand",
    "DemandQuarter",
    "DemandYear",
    "Expansion",
    "Forecast",
    "Generation",
    "Growth",
    "GrowthYear",
    "Limit",
    "Order",
    "Packaging",
    "Period",
    "Plan",
    "PlanQuarter",
    "PlanResult",
    "Policy",
    "Price",
    "Program",
    "Programme",
    "Purchase",
    "Relaxation",
    "RivalYear",
    "Share",
    "Solution",
    "Trends",
    "TwoStage",
    "Wanted",
    "World",
    "WorldYear",
    "attainable_share",
    "backtest",
    "chances",
    "check_start",
    "complete",
    "delayed",
    "demand",
    "evaluate",
    "generations",
    "growth",
    "irreducible_set",
    "limits",
    "make_plan",
    "merged",
    "prices",
    "purchase",
    "quarters",
    "ramped_shares",
    "relaxations",
    "rivalry",
    "share_between",
    "sized_programmes",
    "trends",
    "two_stage",
    "world",
]
