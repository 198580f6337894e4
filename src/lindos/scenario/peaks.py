"""Shares of a peak that multiply: no kernel may run above the peak of its device."""

from collections.abc import Sequence
from typing import Any

from lindos.catalog import Catalog
from lindos.catalog.facts import Fact
from lindos.catalog.records import BLACKWELL
from lindos.errors import InconsistentError
from lindos.formats import number_format
from lindos.problem.cluster import Cluster
from lindos.problem.job import Job

#: Families with a share of their own inside a step.
FAMILIES = ("ampere", "hopper", "blackwell")


def check_peaks(job: Job, cluster: Cluster, catalog: Catalog) -> None:
    """Refuse shares of a peak that are each within bounds but together exceed the peak.

    Parameters
    ----------
    job
        Its precision and training software are read.
    cluster
        Pools whose kernels are checked.
    catalog
        Shares of kernels in a training step.

    Raises
    ------
    InconsistentError
        If matrix products, attention or memory-bound kernels would run faster than a device of the cluster can.
    """
    compute = catalog.parameter("training.kernel_share_in_step", "1")
    families = {name: catalog.parameter(f"training.{name}_share_in_step", "1") for name in FAMILIES}
    memory = catalog.parameter("training.memory_share_in_step", "1")
    stack, matmul = job.stack, f"matmul_{number_format(job.precision).kernels or 'bf16'}"
    for pool in cluster.pools:
        kernels, name = pool.kernels, pool.accelerator.family
        family = families.get("blackwell" if name in BLACKWELL else name)
        shares = (compute,) if family is None else (compute, family)
        for field in dict.fromkeys(("matmul_bf16", matmul)):
            _check((stack.kernel_share, getattr(kernels, field), *shares))
        for attention in (kernels.attention_forward, kernels.attention_backward):
            _check((stack.kernel_share, stack.attention_share, attention, *shares))
        for fraction in (kernels.memory_fraction, kernels.operand_fraction):
            _check((stack.memory_share, fraction, memory))


def _check(shares: Sequence[Fact[Any]]) -> None:
    rate = 1.0
    for share in shares:
        if not isinstance(share.content, float):  # unknown, or an array of samples, which is not checked
            return
        rate *= share.content
    if rate <= 1.0:
        return
    first, second, *rest = shares
    factors = "".join(f", {share.path} of {share.content:g}" for share in rest)
    most = float(first.value) / rate
    relation = f"be at most {most:.3g}: with the second{factors} it makes {100 * rate:.0f} % of the peak"
    raise InconsistentError(first.path, first.content, second.path, second.content, relation)
