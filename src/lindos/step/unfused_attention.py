"""Attention as software did it before FlashAttention: the matrix of scores goes to memory and comes back.

Two batched products over the full mask, and between them softmax (fused with scale and mask) and dropout, which read
and write a score for every pair of tokens and head. Backward does four products and passes the scores as often.

References
----------
.. [1] V. Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models," MLSys 2023,
       arXiv:2205.05198: 5 bytes a score are kept for the backward pass.
"""

from dataclasses import replace
from typing import Any

from lindos.problem.job import Job
from lindos.quantities import Bytes
from lindos.step.compute import OperatorTime, Rates, operator_times
from lindos.step.layout import Layout
from lindos.transformer.operators import Operator

#: Bytes moved for one score between the products: read and written by softmax, and by dropout with its mask.
FORWARD_BYTES = (2 + 2) + (2 + 2 + 1)
#: The same for gradients: through dropout with its mask, and through softmax, which reads the probabilities too.
BACKWARD_BYTES = (2 + 2 + 1) + (2 + 2 + 2)
#: Bytes of a score that a layer keeps: outputs of softmax and dropout, and its mask.
KEPT_BYTES = 2 + 2 + 1


def unfused_attention(row: Operator, at: Layout, rate: Rates) -> OperatorTime:
    """Time of an attention row without a fused kernel, on one device for one micro-batch.

    Queries times keys, and probabilities times values, are groups of products: one for each head and sequence.
    """
    length, depth = row.full_keys, row.head_dims / row.num_heads / 2
    matrices: Any = row.num_heads / at.tensor_parallel * at.tokens / length
    own = replace(at, rank_tokens=matrices * length, expert_parallel=1.0, expert_tensor_parallel=1.0)
    scores = Operator(
        name=row.name,
        kind="grouped-gemm",
        count=row.count,
        split="experts",
        columns=length,
        depth=depth,
        num_matrices=matrices,
    )
    values = replace(scores, columns=depth, depth=length)
    products = operator_times((scores, values), own, rate, 1.0)
    passed = row.count * matrices * length * length / rate.memory
    return OperatorTime(
        operator=row,
        forward=sum(one.forward for one in products) + passed * FORWARD_BYTES,
        backward_input=sum(one.backward_input + one.backward_weight for one in products) + passed * BACKWARD_BYTES,
        backward_weight=0.0,
        quantise=0.0,
    )


def kept_scores(job: Job, at: Layout) -> Bytes:
    """Bytes of scores that one layer keeps of a micro-batch; none where attention is fused."""
    if job.stack.fused_attention:
        return 0.0
    return KEPT_BYTES * at.tokens * job.sequence_length * job.model.num_attention_heads / at.tensor_parallel
