"""Plans that repeat another plan of the space, because an axis has no effect at their degrees.

A pipeline of one stage has no schedule and no chunks, and a rank that shares its state with no other shards nothing. Of
such plans the search evaluates the one with the first value of the axis, and counts the others. Sharded parameters are
another plan even on one rank: their master copy is the weights.
"""

from typing import Any

import numpy as np

from lindos.planning.space import Space, size
from lindos.problem.plan import Plan, Sharding
from lindos.quantities import Count
from lindos.step.layout import lay_out
from lindos.step.traffic import weight_shards

#: Axes without effect in a pipeline of one stage.
_OF_PIPELINES = ("schedule", "virtual_stages")


def repeats_pipeline(space: Space, plan: Plan) -> Any:
    """Tell which plans have one stage and differ from another plan in schedule or virtual stages alone.

    Parameters
    ----------
    space
        Space of plans; an axis that the user fixed repeats nothing.
    plan
        Plans of arrays.
    """
    later = np.zeros(size(plan), dtype=bool)
    for name in _OF_PIPELINES:
        if name not in space.fixed:
            later |= getattr(plan, name) > np.min(getattr(space.inner, name))
    return later & (plan.pipeline_parallel == 1)


def repeats_sharding(space: Space, plan: Plan, batch: Count) -> Any:
    """Tell which plans have whole weights on every rank whatever the sharding, and differ in it alone.

    Parameters
    ----------
    space
        Space of plans; a sharding that the user fixed repeats nothing.
    plan
        Plans of arrays.
    batch
        Sequences of a step of each plan.
    """
    group = np.where(plan.sharding_group > 0, plan.sharding_group, plan.data_parallel * plan.context_parallel)
    unshared = group == 1
    copies = space.sharding[space.sharding < int(Sharding.PARAMETERS)]
    if "sharding" in space.fixed or not np.any(unshared) or not len(copies):
        return np.zeros(size(plan), dtype=bool)
    for part in weight_shards(space.job.model, lay_out(space.job, plan, batch)):
        unshared = unshared & (part.shards == 1)
    # Where ranks form groups, something must be sharded.
    least = np.where(plan.sharding_group > 0, int(Sharding.OPTIMIZER), int(Sharding.NONE))
    first = np.maximum(np.min(copies), least)
    return unshared & (plan.sharding < int(Sharding.PARAMETERS)) & (plan.sharding > first)
