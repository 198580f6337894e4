"""Attention before FlashAttention: kernels write the matrix of scores to memory and read it again.

The forward pass computes two batched products over the full mask. Between them softmax (fused with scale and mask) and
dropout read and write a score for every pair of tokens and every head. The backward pass computes four products and
reads and writes the scores as often.

References
----------
.. [1] V. Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models," MLSys 2023,
       arXiv:2205.05198: 5 bytes of each score are saved for the backward pass.
"""

from lindos.problem.job import Job
from lindos.quantities import Bytes, Count
from lindos.step.compute import OperatorTime, Product, Rates, product_times
from lindos.step.layout import Layout
from lindos.transformer.operators import Operator
from lindos.transformer.table import mean_heads

#: Bytes moved for one score between the products: read and written by softmax, and by dropout with its mask.
FORWARD_BYTES = (2 + 2) + (2 + 2 + 1)
#: The same for gradients: through dropout with its mask, and through softmax, which reads the probabilities too.
BACKWARD_BYTES = (2 + 2 + 1) + (2 + 2 + 2)
#: Bytes of a score that a layer saves: outputs of softmax and dropout, and the mask of dropout.
KEPT_BYTES = 2 + 2 + 1
#: Bytes of a score while its layer is at work in the backward pass: gradients of probabilities and of scores.
WORKING_BYTES = 2 + 2


def unfused_attention(row: Operator, layout: Layout, rate: Rates) -> OperatorTime:
    """Compute the time of an attention row without a fused kernel, on one device for one micro-batch.

    Queries times keys, and probabilities times values, are groups of products: one for each head and sequence.

    Parameters
    ----------
    row
        Attention row of the operator table.
    layout
        Layout of the job under a plan.
    rate
        Attainable rates of a device.
    """
    length, depth = row.full_keys, row.head_dims / row.num_heads / 2
    matrices = row.num_heads / layout.tensor_parallel * layout.tokens / length
    shape = Product(rows=length, columns=length, depth=depth, matrices=matrices)
    scores = [row.count * time for time in product_times(shape, rate.bf16, rate)]
    shape = Product(rows=length, columns=depth, depth=length, matrices=matrices)
    values = [row.count * time for time in product_times(shape, rate.bf16, rate)]
    passed = row.count * matrices * length * length / rate.memory
    backward = scores[1] + scores[2] + (values[1] + values[2])
    return OperatorTime(
        operator=row,
        forward=scores[0] + values[0] + passed * FORWARD_BYTES,
        backward_input=backward + passed * BACKWARD_BYTES,
        backward_weight=0.0,
        quantise=0.0,
    )


def kept_scores(job: Job, layout: Layout) -> Bytes:
    """Count the bytes of scores that one layer saves of a micro-batch.

    Parameters
    ----------
    job
        Model, sequence length and software profile.
    layout
        Layout of ``job`` under a plan.

    Returns
    -------
    Bytes
        Zero if the attention of the software is fused.
    """
    return KEPT_BYTES * _num_scores(job, layout)


def working_scores(job: Job, layout: Layout) -> Bytes:
    """Count the bytes of scores that exist for a moment while the backward pass computes one layer.

    Parameters
    ----------
    job
        Model, sequence length and software profile.
    layout
        Layout of ``job`` under a plan.

    Returns
    -------
    Bytes
        Zero if the attention of the software is fused.
    """
    return WORKING_BYTES * _num_scores(job, layout)


def _num_scores(job: Job, layout: Layout) -> Count:
    """Count the scores of the mean layer and micro-batch that are in the memory of a device."""
    if job.stack.fused_attention:
        return 0.0
    return layout.tokens * job.sequence_length * mean_heads(job.model) / layout.tensor_parallel
