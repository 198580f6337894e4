"""Parameters of the catalogue that a step uses besides device, network and software profile."""

from dataclasses import dataclass

from lindos.catalog import Catalog, load_catalog
from lindos.catalog.facts import Fact
from lindos.quantities import Fraction, Real


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """Parameters of training and memory, as facts: reading one records that a result depends on it."""

    kernel_share_in_step: Fact[Real]  # rate of products and attention inside a step, relative to a lone kernel
    ampere_share_in_step: Fact[Real]  # that rate on Ampere over the mean of all families
    hopper_share_in_step: Fact[Real]  # the same on Hopper
    blackwell_share_in_step: Fact[Real]  # the same on Blackwell and later
    kernel_gain: Fact[Real]  # yearly growth of that rate by the year of the software, on devices since Hopper
    blackwell_energy: Fact[Real]  # energy of the board for a FLOP of a product in 16 bits on Blackwell
    memory_share_in_step: Fact[Real]  # the same ratio for kernels that memory bandwidth bounds
    step_overhead: Fact[Real]  # time of the host per optimiser step: clipping, logging, the first launch
    contention_share: Fact[Real]  # processors busy with communication while compute hides it
    expert_load_imbalance: Fact[Real]  # busiest expert rank over the mean
    hopper_attention_share: Fact[Real]  # rate of Hopper's own kernels in training over that in inference
    blackwell_attention_share: Fact[Real]  # the same of Blackwell's
    unfused_attention_share: Fact[Real]  # rate of attention that writes its scores, over that of other kernels
    flash_1_share: Fact[Real]  # rate of FlashAttention-1 over that of FlashAttention-2
    ampere_attention_share: Fact[Real]  # rate of FlashAttention-2 on Hopper over kernels written for it
    ampere_attention_share_blackwell: Fact[Real]  # the same on Blackwell and later
    scan_share_hopper: Fact[Real]  # rate of scans of recurrent layers on Hopper over the BF16 peak
    scan_share_blackwell: Fact[Real]  # the same on Blackwell and later
    scan_share_other: Fact[Real]  # the same on other devices, of which none is measured
    sparse_attention_share_hopper: Fact[Real]  # rate of attention to chosen keys on Hopper over that of full attention
    sparse_attention_share_blackwell: Fact[Real]  # the same on Blackwell and later
    sparse_attention_share_other: Fact[Real]  # the same on other devices, of which none is measured
    index_share: Fact[Real]  # rate of the scores of an indexer over that of full attention
    eager_traffic: Fact[Real]  # memory traffic of operations that run one by one over that of fused kernels
    quantise_share: Fact[Real]  # memory traffic of quantisation that no other kernel carries
    launch_time: Fact[Real]  # time of the host for one kernel or collective of a layer
    context_parallel_overlap: Fact[Real]  # share of key-value traffic that hides behind attention
    routing_time: Fact[Real]  # time of the host in a layer of experts and pass, where it launches and waits for sizes
    fp8_attention_rate: Fact[Real]  # rate of attention in 8 bits over that in BF16
    exchange_share: Fact[Real]  # rate of the exchange between experts over that of collectives on the same links
    expert_overlap: Fact[Real]  # share of expert traffic that hides behind another micro-batch
    dual_pipe_overlap: Fact[Real]  # share of expert traffic that DualPipe hides
    nvfp4_bf16_share: Fact[Real]  # FLOPs of linear layers that an NVFP4 recipe keeps in BF16
    fp8_rowwise_rate: Fact[Real]  # rate of FP8 products with a scale a row over that with a scale a tensor
    gradient_bytes: Fact[Real]  # of one number of a gradient that is reduced
    context: Fact[Real]  # memory of driver and kernels
    communicator: Fact[Real]  # buffers of one group of ranks that communicate
    fragmentation: Fact[Real]  # memory lost between blocks over what comes and goes, in segments that grow
    fragmentation_fixed: Fact[Real]  # the same in segments of fixed size
    host_share: Fact[Real]  # of the bandwidth of the host's memory that an optimizer there reaches
    headroom: Fact[Real]  # share of device memory that a search leaves free where it can
    critical_batch: Fact[Real]
    critical_batch_reference_tokens: Fact[Real]
    critical_batch_exponent: Fact[Real]
    critical_batch_overhead: Fact[Real]

    def share(self, name: str) -> Fraction:
        """Get the value of the share called ``name``, as a row of :mod:`lindos.formats` names it."""
        fact: Fact[Real] = getattr(self, name)
        return fact.value


def load_assumptions(catalog: Catalog | None = None) -> Assumptions:
    """Load the assumptions of a step.

    Parameters
    ----------
    catalog
        Catalogue to read; the one that Lindos ships by default.
    """
    source = catalog or load_catalog()
    units = {
        "step_overhead": "s",
        "blackwell_energy": "J",
        "launch_time": "s",
        "routing_time": "s",
        "gradient_bytes": "B",
        "context": "B",
        "communicator": "B",
        "critical_batch": "token",
        "critical_batch_reference_tokens": "token",
    }
    topics = dict.fromkeys(
        ("context", "communicator", "fragmentation", "fragmentation_fixed", "host_share", "headroom"), "memory"
    )
    names = Assumptions.__dataclass_fields__
    return Assumptions(
        **{name: source.parameter(f"{topics.get(name, 'training')}.{name}", units.get(name, "1")) for name in names}
    )
