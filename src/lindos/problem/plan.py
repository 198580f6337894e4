"""A parallel plan; every field is a number or an array of candidates.

The annotation of each field declares its axis for the rest of Lindos; see :mod:`lindos.problem.axes`.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum, IntFlag
from itertools import product
from typing import Annotated

from lindos.problem.axes import Axis, Loop, axes_of, restricted
from lindos.quantities import Count, Real


class Sharding(IntEnum):
    """State that data-parallel ranks shard: ZeRO stages 0 to 3; FSDP is PARAMETERS."""

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


class Reader(Enum):
    """A part of the model that reads some axes of a plan, directly or through the layout of a device."""

    LAYERS = "kernels of a micro-batch and the collectives inside its layers"
    PASSAGE = "passage of micro-batches through the pipeline, with its recomputation"
    EXCHANGE = "exchange between data-parallel ranks, and the optimizer"
    HOST = "traffic with the host's memory"
    STATES = "memory of weights, gradients, optimizer, logits and buffers"
    ACTIVATIONS = "memory of activations"


class Offload(IntFlag):
    """Tensors that are in the memory of the host while the device does not need them."""

    ACTIVATIONS = 1
    OPTIMIZER = 2
    PARAMETERS = 4


_ALL = tuple(Reader)
_MEMORY = (Reader.STATES, Reader.ACTIVATIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Division of one optimiser step among devices.

    A plan uses ``tensor_parallel x context_parallel x pipeline_parallel x data_parallel`` devices. Experts are divided
    among ``expert_parallel x expert_tensor_parallel`` of the ``tensor_parallel x context_parallel x data_parallel``
    ranks of a stage. ``sharding_group`` is the number of data-parallel ranks that share one copy of the state (0: all
    of them; a smaller group is HSDP). ``offload_layers`` counts over the whole model (0: all layers). The codes are the
    members of `Sharding`, `Recompute` and `Schedule`; ``offload`` is the sum of members of `Offload`.
    """

    tensor_parallel: Annotated[
        Count,
        Axis(
            "tensor",
            meaning="devices that share each matrix of a layer",
            readers=_ALL,
            loop=Loop.SPLIT,
            has_ranks=True,
            multiplies=True,
            column="tp",
        ),
    ] = 1
    pipeline_parallel: Annotated[
        Count,
        Axis(
            "pipeline",
            meaning="stages, each with consecutive layers",
            readers=(Reader.PASSAGE, Reader.EXCHANGE, Reader.HOST, *_MEMORY),
            loop=Loop.STAGES,
            has_ranks=True,
            multiplies=True,
            column="pp",
        ),
    ] = 1
    virtual_stages: Annotated[
        Count,
        Axis(
            "virtual stages",
            meaning="chunks of layers on each device of an interleaved pipeline; 1 is the plain one",
            readers=(Reader.PASSAGE, *_MEMORY),
            loop=Loop.CHUNKS,
            node=1,
            lightest=(1,),
            column="vpp",
            column_zero=True,
        ),
    ] = 1
    context_parallel: Annotated[
        Count,
        Axis(
            "context",
            meaning="devices that share one sequence",
            readers=_ALL,
            loop=Loop.SPLIT,
            has_ranks=True,
            multiplies=True,
            column="cp",
            column_zero=True,
        ),
    ] = 1
    expert_parallel: Annotated[
        Count,
        Axis(
            "expert",
            meaning="devices that share the experts of a layer",
            readers=(Reader.LAYERS, Reader.EXCHANGE, Reader.HOST, *_MEMORY),
            loop=Loop.SPLIT,
            has_ranks=True,
            column="ep",
            column_zero=True,
        ),
    ] = 1
    expert_tensor_parallel: Annotated[
        Count,
        Axis(
            "expert tensor",
            meaning="devices that share each matrix of an expert",
            readers=(Reader.LAYERS, Reader.EXCHANGE, Reader.HOST, Reader.STATES),
            loop=Loop.SPLIT,
            has_ranks=True,
        ),
    ] = 1
    data_parallel: Annotated[
        Count,
        Axis(
            "data",
            meaning="replicas that work on different sequences",
            readers=(Reader.PASSAGE, Reader.EXCHANGE, Reader.HOST, *_MEMORY),
            loop=Loop.REPLICAS,
            has_ranks=True,
            multiplies=True,
            column="dp",
        ),
    ] = 1
    micro_batch_size: Annotated[
        Count,
        Axis(
            "micro-batch", meaning="sequences in one forward pass", readers=_ALL, loop=Loop.SPLIT, column="micro_batch"
        ),
    ] = 1
    sharding: Annotated[
        Real,
        Axis(
            "sharding",
            meaning="state that replicas share instead of each having a copy",
            readers=(Reader.EXCHANGE, Reader.HOST, Reader.STATES),
            loop=Loop.SHARDING,
            codes=Sharding,
            node=int(Sharding.PARAMETERS),
            lightest=(int(Sharding.PARAMETERS),),
        ),
    ] = int(Sharding.OPTIMIZER)
    sharding_group: Annotated[
        Count,
        Axis(
            "sharding group",
            meaning="replicas that share one copy of the state; all of them by default",
            readers=(Reader.EXCHANGE, Reader.HOST, Reader.STATES),
            loop=Loop.FIXED,
            lightest=(0,),
        ),
    ] = 0
    sequence_parallel: Annotated[
        Real,
        Axis(
            "sequence parallel",
            meaning="whether the parts of a layer that tensor parallelism leaves whole are split along the sequence",
            readers=(Reader.LAYERS, Reader.PASSAGE, Reader.HOST, Reader.ACTIVATIONS),
            loop=Loop.SPLIT,
            is_flag=True,
            column="sequence_parallel",
        ),
    ] = 1
    recompute: Annotated[
        Real,
        Axis(
            "recompute",
            meaning="activations that are computed again in the backward pass",
            readers=(Reader.PASSAGE, Reader.HOST, Reader.ACTIVATIONS),
            loop=Loop.RECOMPUTE,
            codes=Recompute,
            node=int(Recompute.NONE),
            lightest=(int(Recompute.SELECTIVE), int(Recompute.FULL)),
            column="recompute",
        ),
    ] = int(Recompute.SELECTIVE)
    schedule: Annotated[
        Real,
        Axis(
            "schedule",
            meaning="order of forward and backward passes in the pipeline",
            readers=(Reader.PASSAGE, *_MEMORY),
            loop=Loop.SCHEDULE,
            codes=Schedule,
            node=int(Schedule.ONE_F_ONE_B),
            lightest=(int(Schedule.ONE_F_ONE_B),),
        ),
    ] = int(Schedule.ONE_F_ONE_B)
    offload: Annotated[
        Real,
        Axis(
            "offload",
            meaning="state that waits in the host's memory while the device does not need it; none by default",
            readers=(Reader.HOST, *_MEMORY),
            loop=Loop.FIXED,
            codes=Offload,
            column="offload",
            column_required=False,
        ),
    ] = 0
    offload_layers: Annotated[
        Count,
        Axis(
            "offloaded layers",
            meaning="layers whose activations are offloaded, where these are; all of them by default",
            readers=(Reader.HOST, Reader.ACTIVATIONS),
            loop=Loop.FIXED,
            column="offload_layers",
            column_zero=True,
            column_required=False,
        ),
    ] = 0

    @property
    def num_devices(self) -> Count:
        """Count the devices that the plan uses."""
        return self.tensor_parallel * self.context_parallel * self.pipeline_parallel * self.data_parallel


#: Every axis by name, in the order in which a plan is shown.
AXES = axes_of(Plan)
_FIELDS = tuple(Plan.__dataclass_fields__)
_READ = {reader: tuple(name for name in _FIELDS if reader in AXES[name].readers) for reader in Reader}
_HIDDEN = {reader: tuple(name for name in _FIELDS if reader not in AXES[name].readers) for reader in Reader}
#: Axes that decide the time of a micro-batch in the layers.
SPLITS = _READ[Reader.LAYERS]


def axes_read(reader: Reader) -> tuple[str, ...]:
    """Get the names of the axes that a part of the model reads.

    Parameters
    ----------
    reader
        Part of the model.
    """
    return _READ[reader]


def axes_in(*loops: Loop) -> tuple[str, ...]:
    """Get the names of the axes in loops of a search, the outer loops first.

    Parameters
    ----------
    *loops
        Loops of a search.
    """
    return tuple(sorted((name for name in _FIELDS if AXES[name].loop in loops), key=lambda name: AXES[name].loop))


def lightest() -> tuple[dict[str, int], ...]:
    """Get combinations of axis values of which one needs the least memory under every plan."""
    choices = {name: axis.lightest for name, axis in AXES.items() if axis.lightest}
    return tuple(dict(zip(choices, values, strict=True)) for values in product(*choices.values()))


def readable(plan: Plan, reader: Reader) -> Plan:
    """Restrict a plan to the axes that declare a part of the model as reader; the use of any other axis fails.

    Parameters
    ----------
    plan
        Any plan.
    reader
        Part of the model.
    """
    return restricted(plan, _HIDDEN[reader])
