"""The search over plans: the space, its bounds, ranking, the Pareto front; one pool, or several that share a job."""

from lindos.planning.one_pool import (
    Alternative,
    Choice,
    alternative,
    best_plan,
    beyond_software,
    choice,
    global_batch,
    pool_limits,
)
from lindos.planning.pareto import front
from lindos.planning.pipeline_over_pools import Across, across
from lindos.planning.ranking import NEAR, OBJECTIVES, Limits, Ranked, Tally
from lindos.planning.refusals import layout_words, refuse_full_memory
from lindos.planning.search import Search
from lindos.planning.several_pools import PoolDecision, WithoutPools, decide, leaving_out
from lindos.planning.space import Batch

__all__ = [
    "NEAR",
    "OBJECTIVES",
    "Across",
    "Alternative",
    "Batch",
    "Choice",
    "Limits",
    "PoolDecision",
    "Ranked",
    "Search",
    "Tally",
    "WithoutPools",
    "across",
    "alternative",
    "best_plan",
    "beyond_software",
    "choice",
    "decide",
    "front",
    "global_batch",
    "layout_words",
    "leaving_out",
    "pool_limits",
    "refuse_full_memory",
]
