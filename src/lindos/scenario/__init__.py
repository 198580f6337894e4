"""What a user asks: model, cluster, job, site, traffic and target; YAML in, typed and checked."""

from lindos.problem.cluster import Cluster, Pool, Tier
from lindos.problem.job import Goal, Job
from lindos.problem.plan import Plan, Recompute, Schedule, Sharding

__all__ = ["Cluster", "Goal", "Job", "Plan", "Pool", "Recompute", "Schedule", "Sharding", "Tier"]
