"""A parallel plan, in the words of the field; every field is a number or an array of candidates."""

from dataclasses import dataclass
from enum import IntEnum

from lindos.quantities import Count, Real


class Sharding(IntEnum):
    """What data-parallel ranks split among themselves: ZeRO stages 0 to 3; FSDP is PARAMETERS."""

    NONE = 0
    OPTIMIZER = 1
    GRADIENTS = 2
    PARAMETERS = 3


class Recompute(IntEnum):
    """Which activations are computed again in the backward pass."""

    NONE = 0
    SELECTIVE = 1
    FULL = 2


class Schedule(IntEnum):
    """Order of micro-batches over pipeline stages; interleaving is ``virtual_stages > 1`` under ONE_F_ONE_B."""

    ONE_F_ONE_B = 0
    ZERO_BUBBLE = 1
    DUAL_PIPE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one step is spread over devices.

    ``tensor_parallel x context_parallel x pipeline_parallel x data_parallel`` devices work. Experts are spread over
    ``expert_parallel x expert_tensor_parallel`` of the ``tensor_parallel x context_parallel x data_parallel`` ranks of
    a stage. ``sharding_group`` is the number of data-parallel ranks that share one copy of the state (0: all of them;
    fewer is HSDP). The three codes are the members of `Sharding`, `Recompute` and `Schedule`.
    """

    tensor_parallel: Count = 1
    pipeline_parallel: Count = 1
    virtual_stages: Count = 1
    context_parallel: Count = 1
    expert_parallel: Count = 1
    expert_tensor_parallel: Count = 1
    data_parallel: Count = 1
    micro_batch_size: Count = 1
    sharding: Real = int(Sharding.OPTIMIZER)
    sharding_group: Count = 0
    sequence_parallel: Real = 1
    recompute: Real = int(Recompute.SELECTIVE)
    schedule: Real = int(Schedule.ONE_F_ONE_B)

    @property
    def num_devices(self) -> Count:
        """Devices that work under the plan."""
        return self.tensor_parallel * self.context_parallel * self.pipeline_parallel * self.data_parallel
