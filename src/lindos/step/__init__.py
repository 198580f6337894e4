"""Seconds: one optimiser step under one parallel plan, its memory, and which plans hold.

Linear layers run in the precision of the job. Attention's inner products, router, embeddings, vocabulary head, norms
and loss stay in BF16; an NVFP4 recipe also keeps a share of its linear layers there. Optimizer states are FP32.
"""

from lindos.step.across import Across, across
from lindos.step.assumptions import Assumptions, assumptions
from lindos.step.batch import BatchLimit, batch_limit, critical_batch_tokens
from lindos.step.choose import Alternative, Choice, alternative, best_plan, choice, global_batch, limits
from lindos.step.cluster import ClusterStep, PoolDecision, PoolStep, cluster_step, decide, leaving_out
from lindos.step.estimate import StepEstimate, estimate
from lindos.step.explain import OperatorShare, explain
from lindos.step.feasibility import SENTENCES, Reason, check, feasibility
from lindos.step.found import OBJECTIVES, Found, Limits, Ranked
from lindos.step.front import front
from lindos.step.memory import StepMemory, memory
from lindos.step.operators import (
    Operator,
    Weights,
    active_params,
    model_flops_per_token,
    num_params,
    operators,
    weights,
)
from lindos.step.search import Search
from lindos.step.sensitivity import BETTER, Sensitivity, sensitivities
from lindos.step.space import Batch

__all__ = [
    "BETTER",
    "OBJECTIVES",
    "SENTENCES",
    "Across",
    "Alternative",
    "Assumptions",
    "Batch",
    "BatchLimit",
    "Choice",
    "ClusterStep",
    "Found",
    "Limits",
    "Operator",
    "OperatorShare",
    "PoolDecision",
    "PoolStep",
    "Ranked",
    "Reason",
    "Search",
    "Sensitivity",
    "StepEstimate",
    "StepMemory",
    "Weights",
    "across",
    "active_params",
    "alternative",
    "assumptions",
    "batch_limit",
    "best_plan",
    "check",
    "choice",
    "cluster_step",
    "critical_batch_tokens",
    "decide",
    "estimate",
    "explain",
    "feasibility",
    "front",
    "global_batch",
    "leaving_out",
    "limits",
    "memory",
    "model_flops_per_token",
    "num_params",
    "operators",
    "sensitivities",
    "weights",
]
