"""The space of plans of a job on a pool: every combination of the axes below, in the order of nested loops.

The outermost loop is over *splits*: the split of layers and the sequences of a micro-batch, which alone decide the time
of a micro-batch. Inside are the loops over the stages and the number of micro-batches, which sets the data-parallel
degree; then over schedule and recomputation; then over sharding. A fixed field is an axis of one value, even if no plan
with it is feasible.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from lindos.problem.axes import Loop
from lindos.problem.job import Job
from lindos.problem.plan import AXES, SPLITS, Plan, Schedule, axes_in
from lindos.problem.software import layers_are_equal, limits_of

#: Least tokens of a sequence on one rank under context parallelism.
_CONTEXT_TOKENS = 4096
#: Largest value tried for: expert tensor parallelism and micro-batch size (powers of two), virtual stages.
_MOST_EXPERT_TENSOR = 8
_MOST_SEQUENCES = 32
_MOST_CHUNKS = 16
#: Numbers of micro-batches of a free batch above the fewest: each of the next few, then half-octaves.
NEXT_ROUNDS = 8
OCTAVES = 24
#: Axes inside a node, the outer loops first.
INNER = axes_in(Loop.SCHEDULE, Loop.CHUNKS, Loop.RECOMPUTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Sequences of a step: an exact number; for a free batch the largest number, or the smallest if rounded up."""

    size: int
    is_free: bool = False
    round_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Axes of a search, in the order of the nested loops of this module."""

    job: Job
    batch: Batch
    splits: Plan  # arrays: every combination of SPLITS; axes that are not searched have the value of the user
    stages: Any
    inner: Plan  # arrays: schedule, virtual stages and recomputation
    sharding: Any
    fixed: Mapping[str, int]  # fields of `Plan` that the user set

    @property
    def data_parallel(self) -> int | None:
        """Data-parallel degree that the user set, if any."""
        return self.fixed.get("data_parallel")

    @property
    def num_slots(self) -> int:
        """Count the numbers of micro-batches of one split and one number of stages."""
        if self.data_parallel is not None:
            return 1
        if self.batch.is_free:
            return NEXT_ROUNDS + 2 * OCTAVES
        return max(1, len(divisors(self.batch.size)))

    @property
    def plans_per_node(self) -> int:
        """Count the plans of one split, one number of stages and one number of micro-batches."""
        return size(self.inner) * len(self.sharding)

    @property
    def size(self) -> int:
        """Count the plans of the space."""
        return size(self.splits) * len(self.stages) * self.num_slots * self.plans_per_node


def make_space(job: Job, num_devices: int, scale_up_size: int, batch: Batch, fixed: Mapping[str, int]) -> Space:
    """Make the space of plans.

    The space ends where measurements end: tensor parallelism stays inside a scale-up domain, and context parallelism
    leaves each rank at least 4,096 tokens. Its axes have the values that the job's software ships. A user may fix
    values outside these ranges.

    Parameters
    ----------
    job
        Model, sequence length and software profile.
    num_devices
        Largest number of devices of a plan.
    scale_up_size
        Devices of a scale-up domain.
    batch
        Sequences of a step.
    fixed
        Fields of a plan that the user set.
    """
    model = job.model
    most_context = max(1, job.sequence_length // _CONTEXT_TOKENS)
    usual: dict[str, Sequence[int]] = {
        "tensor_parallel": [t for t in divisors(model.num_attention_heads) if t <= min(num_devices, scale_up_size)],
        "sequence_parallel": [0, 1],
        "context_parallel": [
            c
            for c in divisors(job.sequence_length)
            if c <= min(num_devices, most_context) and (c == 1 or job.sequence_length % (2 * c) == 0)
        ],
        "expert_parallel": divisors(max(model.num_experts, 1)),
        "expert_tensor_parallel": _twos(_MOST_EXPERT_TENSOR, model.expert_ffn_hidden_size)
        if model.num_experts
        else [1],
        "micro_batch_size": _twos(_MOST_SEQUENCES, 0 if batch.is_free else batch.size),
        "pipeline_parallel": _stages(job, num_devices),
        "virtual_stages": range(1, _MOST_CHUNKS + 1),
    }
    codes = {name: list(axis.words.values()) for name, axis in AXES.items() if axis.words}
    limits = limits_of(job)
    axes = {
        name: [fixed[name]] if name in fixed else [value for value in values if value in limits.get(name, values)]
        for name, values in (codes | usual).items()
    }
    return Space(
        job=job,
        batch=batch,
        splits=_splits(axes, fixed),
        stages=np.asarray(axes["pipeline_parallel"], dtype=float),
        inner=_inner(axes, fixed),
        sharding=np.asarray(axes["sharding"], dtype=float),
        fixed=dict(fixed),
    )


def _stages(job: Job, num_devices: int) -> list[int]:
    """List the numbers of stages: each stage has layers unless any software may be used, and equal ones if it must."""
    layers = job.model.num_layers + job.model.num_mtp_layers
    most = min(layers + 2 if job.any_software else layers, num_devices)
    return [p for p in range(1, most + 1) if not layers_are_equal(job) or job.model.num_layers % p == 0]


def _splits(axes: Mapping[str, Sequence[int]], fixed: Mapping[str, int]) -> Plan:
    grid = _grid({name: axes[name] for name in SPLITS})
    if "sequence_parallel" not in fixed:
        # One tensor-parallel rank splits nothing: both values are the same plan.
        keep = (grid["tensor_parallel"] > 1) | (grid["sequence_parallel"] == 1)
        grid = {name: values[keep] for name, values in grid.items()}
    return Plan(**grid, **{name: float(fixed[name]) for name in axes_in(Loop.FIXED) if name in fixed})


def _inner(axes: Mapping[str, Sequence[int]], fixed: Mapping[str, int]) -> Plan:
    grid = _grid({name: axes[name] for name in INNER})
    if "schedule" not in fixed and "virtual_stages" not in fixed:
        # Only one-forward-one-backward interleaves.
        keep = (grid["schedule"] == int(Schedule.ONE_F_ONE_B)) | (grid["virtual_stages"] == 1)
        grid = {name: values[keep] for name, values in grid.items()}
    return Plan(**grid)


def _grid(axes: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    arrays = np.meshgrid(*(np.asarray(values, dtype=float) for values in axes.values()), indexing="ij")
    return {name: array.ravel() for name, array in zip(axes, arrays, strict=True)}


def _twos(most: int, number: int) -> list[int]:
    """List the powers of two up to ``most`` that divide ``number``; all of them divide zero."""
    return [n for n in (2**i for i in range(most.bit_length())) if n <= most and number % n == 0]


def divisors(number: int) -> list[int]:
    """List the divisors of a whole number, ascending.

    Parameters
    ----------
    number
        Positive whole number.

    Examples
    --------
    >>> divisors(12)
    [1, 2, 3, 4, 6, 12]
    """
    small = [d for d in range(1, int(number**0.5) + 1) if number % d == 0]
    return sorted({*small, *(number // d for d in small)})


def size(plan: Plan) -> int:
    """Count the candidates in a plan of arrays.

    Parameters
    ----------
    plan
        Plans of arrays.
    """
    return max(int(np.size(getattr(plan, field.name))) for field in fields(Plan))


def subset(plan: Plan, index: Any) -> Plan:
    """Select candidates of a plan of arrays; plain numbers stay.

    Parameters
    ----------
    plan
        Plans of arrays.
    index
        Positions, a mask or a slice.
    """
    values = {f.name: getattr(plan, f.name) for f in fields(Plan)}
    return Plan(**{name: value[index] if isinstance(value, np.ndarray) else value for name, value in values.items()})


def candidate(plan: Plan, index: int) -> Plan:
    """Get one candidate in plain numbers.

    Parameters
    ----------
    plan
        Plans of arrays.
    index
        Position of the candidate.
    """
    values = {f.name: getattr(plan, f.name) for f in fields(Plan)}
    return Plan(**{name: int(v[index] if isinstance(v, np.ndarray) else v) for name, v in values.items()})
