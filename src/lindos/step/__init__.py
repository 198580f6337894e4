"""Seconds: one optimiser step under one parallel plan, its memory, and which plans are feasible.

Linear layers run in the precision of the job. Attention's inner products, router, embeddings, vocabulary head, norms
and loss stay in BF16; an NVFP4 recipe also keeps a share of its linear layers there. Optimizer states are FP32.
"""

from lindos.step.assumptions import Assumptions, load_assumptions
from lindos.step.batch import BatchLimit, batch_limit, critical_batch_tokens
from lindos.step.cluster import ClusterStep, PoolPlan, PoolStep, cluster_step
from lindos.step.estimate import StepEstimate, estimate
from lindos.step.explain import OperatorShare, explain
from lindos.step.feasibility import SENTENCES, Reason, check, feasibility
from lindos.step.memory import StepMemory, memory
from lindos.step.sensitivity import BETTER, Sensitivity, sensitivities

__all__ = [
    "BETTER",
    "SENTENCES",
    "Assumptions",
    "BatchLimit",
    "ClusterStep",
    "OperatorShare",
    "PoolPlan",
    "PoolStep",
    "Reason",
    "Sensitivity",
    "StepEstimate",
    "StepMemory",
    "batch_limit",
    "check",
    "cluster_step",
    "critical_batch_tokens",
    "estimate",
    "explain",
    "feasibility",
    "load_assumptions",
    "memory",
    "sensitivities",
]
