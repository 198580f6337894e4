"""One published run in two halves that only the score combines: what was run, and what was measured.

:class:`Run` is all that a prediction may see. :class:`Measurement` is what the publisher measured; only scores read it.
Neither contains the free text of the publisher (``note``) or printed utilisation (``mfu_reported``).
"""

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from lindos.quantities import Unit

#: Plain numbers with their unit; never arrays, since a run is a single run.
OneTime: TypeAlias = Annotated[float, Unit("s")]
OneShare: TypeAlias = Annotated[float, Unit("1")]
OneSize: TypeAlias = Annotated[float, Unit("B")]
OneRate: TypeAlias = Annotated[float, Unit("B/s")]
OnePower: TypeAlias = Annotated[float, Unit("W")]


#: Metric of a configuration that ran out of memory, without a value.
OUT_OF_MEMORY = "out_of_memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The run as its row states it; None or an empty text where the source does not say."""

    id: str
    line: int  # number of its line in the file
    source: str
    address: str
    year: int | None
    model_name: str
    workload: str
    accelerator: str
    precision: str
    num_devices: int | None
    devices_per_node: int | None = None
    scale_up_size: int | None = None
    nic_bandwidth: OneRate | None = None
    num_layers: int | None = None
    hidden_size: int | None = None
    num_attention_heads: int | None = None
    num_kv_heads: int | None = None
    head_dim: int | None = None
    ffn_hidden_size: int | None = None
    gated: bool | None = None
    vocab_size: int | None = None
    attention: str = ""
    num_experts: int | None = None
    experts_per_token: int | None = None
    expert_ffn_hidden_size: int | None = None
    num_shared_experts: int | None = None
    sequence_length: int | None = None
    global_batch_size: int | None = None
    micro_batch_size: int | None = None
    tensor_parallel: int | None = None
    pipeline_parallel: int | None = None
    virtual_stages: int | None = None
    context_parallel: int | None = None
    expert_parallel: int | None = None
    data_parallel: int | None = None
    sharding: str = ""
    recompute: str = ""
    sequence_parallel: bool | None = None
    software: str = ""
    software_version: str = ""
    software_year: int | None = None  # of that release, else of the publication
    attention_kernel: str = ""
    pipeline_schedule: str = ""  # in the words of the software
    expert_tensor_parallel: int | None = None
    expert_dispatcher: str = ""
    router: str = ""
    recompute_modules: str = ""  # in the words of the software
    is_compiled: bool | None = None
    has_graphs: bool | None = None  # graphs of any scope
    power_limit: OnePower | None = None
    device_memory: OneSize | None = None
    num_mtp_layers: int | None = None
    layer_kinds: str = ""
    optimizer: str = ""
    optimizer_state_bytes: OneSize | None = None  # of one parameter, with its master weight
    norm_kernel: str = ""
    stated: tuple[tuple[str, int], ...] = ()  # axes of the plan without a field here, by name, with their codes


def source_of(run: Run) -> str:
    """Get the name of the publication or repository of a run: its id without the number.

    Parameters
    ----------
    run
        The run.
    """
    return run.id.rsplit("-", 1)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The measured ``value`` in the unit of ``metric``, and the allocator's ``peak_memory`` in bytes, if printed."""

    id: str
    metric: str
    value: float | None
    flops_definition: str
    peak_memory: OneSize | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file of runs."""

    run: Run
    measurement: Measurement
