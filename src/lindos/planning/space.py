"""The space of plans of a job on a pool: every combination of the axes below, in the order of nested loops.

Outermost are the *splits*: how layers are cut up and how many sequences a micro-batch has. They alone decide what a
micro-batch takes. Inside lie the pipeline and the number of micro-batches, and with it the data-parallel degree; then
schedule and recomputation; then sharding. What a user fixed is an axis of one value, whether or not it can hold.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from lindos.problem.axes import Loop
from lindos.problem.job import Job
from lindos.problem.plan import AXES, SPLITS, Plan, Schedule, axes_in
from lindos.problem.software import layers_are_equal, limits_of

#: Tokens of a sequence that context parallelism leaves a rank at least.
_CONTEXT_TOKENS = 4096
#: Most of what is tried of each: expert tensor parallelism and micro-batches in powers of two, virtual stages.
_MOST_EXPERT_TENSOR = 8
_MOST_SEQUENCES = 32
_MOST_CHUNKS = 16
#: Micro-batches of a free batch beyond the fewest: each of the next few, then half-octaves.
_NEXT = 8
_OCTAVES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Sequences of a step: exactly so many; or, where it is free, at most so many, or at least where rounded up."""

    size: int
    is_free: bool = False
    round_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Axes of the search; see the module."""

    job: Job
    batch: Batch
    splits: Plan  # arrays: every combination of SPLITS; axes that are not searched as the user set them
    stages: Any
    inner: Plan  # arrays: schedule, virtual stages and recomputation
    sharding: Any
    fixed: Mapping[str, int]  # fields of `Plan` that the user set

    @property
    def data_parallel(self) -> int | None:
        """The user's degree, if fixed."""
        return self.fixed.get("data_parallel")

    @property
    def num_slots(self) -> int:
        """Numbers of micro-batches tried for one split and one pipeline."""
        if self.data_parallel is not None:
            return 1
        if self.batch.is_free:
            return _NEXT + 2 * _OCTAVES
        return max(1, len(divisors(self.batch.size)))

    @property
    def each(self) -> int:
        """Plans for one split, one pipeline and one number of micro-batches."""
        return size(self.inner) * len(self.sharding)

    @property
    def size(self) -> int:
        """Plans in all."""
        return size(self.splits) * len(self.stages) * self.num_slots * self.each


def space(job: Job, num_devices: int, scale_up_size: int, batch: Batch, fixed: Mapping[str, int]) -> Space:
    """The space for at most ``num_devices``; ``fixed`` are the fields of `Plan` that the user set.

    Beyond its bounds nothing measured is near: tensor parallelism stays inside a scale-up domain of ``scale_up_size``
    devices, context parallelism leaves a rank 4,096 tokens. A user may fix what lies outside. Of each axis there is
    what the job's software ships.
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
    """Numbers of stages: none without a layer, unless any software is asked for; equal ones where stages must be."""
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


def _twos(most: int, whole: int) -> list[int]:
    """Powers of two up to ``most`` that divide ``whole``; zero is divided by all."""
    return [n for n in (2**i for i in range(most.bit_length())) if n <= most and whole % n == 0]


def divisors(number: int) -> list[int]:
    """Divisors of a whole number, ascending.

    >>> divisors(12)
    [1, 2, 3, 4, 6, 12]
    """
    small = [d for d in range(1, int(number**0.5) + 1) if number % d == 0]
    return sorted({*small, *(number // d for d in small)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """Splits with a pipeline and a number of micro-batches: everything but the inner axes and sharding."""

    plan: Plan  # without interleaving, one forward one backward
    batch: Any  # sequences of a step
    split: Any  # index of the split
    question: Any  # index of the question that is asked of the node
    interleaved: Any  # whether virtual stages may be several
    alone: bool  # whether where they may be, they must be

    @property
    def num_micro_batches(self) -> Any:
        """Micro-batches of a step."""
        return np.ceil(self.batch / (self.plan.data_parallel * self.plan.micro_batch_size))

    def plans(self, where: "Space") -> int:
        """Plans inside a node, in the mean of those with and without interleaving."""
        return where.each // 2 if self.alone else where.each

    def take(self, index: Any) -> "Nodes":
        """Some of them."""
        return Nodes(
            plan=taken(self.plan, index),
            batch=self.batch[index],
            split=self.split[index],
            question=self.question[index],
            interleaved=self.interleaved[index],
            alone=self.alone,
        )

    def __len__(self) -> int:
        """How many."""
        return len(self.batch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Splits with a number of stages, and how many sequences and devices there are for each."""

    split: Any  # index of the split
    stages: Any
    question: Any  # index of the question, carried along
    interleaved: Any  # whether virtual stages may be several; of a free batch they then must be
    batch: Any  # sequences of a step, as `Batch.size`
    round_up: Any  # as `Batch.round_up`
    devices: Any  # that there are
    fewest: Any  # devices that a plan takes at least,
    most: Any  # and at most

    def take(self, index: Any) -> "Pairs":
        """Some of them."""
        return Pairs(**{field.name: getattr(self, field.name)[index] for field in fields(Pairs)})

    def __len__(self) -> int:
        """How many."""
        return len(self.split)


def pairs(where: Space, split: Any, stages: Any, *, devices: int, fewest: int = 0, batch: Batch | None = None) -> Pairs:
    """Pairs of one question: on ``devices``, with ``fewest`` devices or more, for one batch (that of the space)."""
    batch, stages = batch or where.batch, np.asarray(stages, dtype=float)
    interleaved = np.ones(len(split), dtype=bool)
    if batch.is_free:
        several = np.flatnonzero(stages > 1)
        interleaved = np.concatenate([np.zeros(len(split), dtype=bool), np.ones(len(several), dtype=bool)])
        split, stages = np.concatenate([split, split[several]]), np.concatenate([stages, stages[several]])
    count = len(split)
    return Pairs(
        split=split,
        stages=stages,
        question=np.zeros(count, dtype=int),
        interleaved=interleaved,
        batch=np.full(count, float(batch.size)),
        round_up=np.full(count, batch.round_up),
        devices=np.full(count, float(devices)),
        fewest=np.full(count, float(fewest)),
        most=np.full(count, float(devices)),
    )


def nodes(where: Space, pair: Pairs) -> tuple[Nodes, Any]:
    """Nodes of pairs of a split and a number of stages.

    Returns
    -------
    tuple
        The nodes that take ``fewest`` to ``most`` devices, and of each pair how many combinations were looked at, those
        that take too few left out.
    """
    splits, stages = taken(where.splits, pair.split), pair.stages
    ranks = np.asarray(splits.tensor_parallel * splits.context_parallel) * stages
    room, least = np.floor(pair.devices / ranks), pair.fewest / ranks
    unit = np.asarray(splits.micro_batch_size) * np.where(pair.interleaved & where.batch.is_free, stages, 1.0)
    degrees, sizes = _replicas(where, pair, unit, room, least, least_multiple(splits))
    enough = degrees >= least[:, None]
    holds = enough & (degrees >= 1) & (sizes >= 1) & (degrees * ranks[:, None] <= pair.most[:, None])
    row, slot = np.nonzero(holds)
    plan = replace(
        taken(splits, row),
        pipeline_parallel=stages[row],
        data_parallel=degrees[row, slot],
        **_NODE,
    )
    chosen = Nodes(
        plan=plan,
        batch=sizes[row, slot],
        split=pair.split[row],
        question=pair.question[row],
        interleaved=pair.interleaved[row],
        alone=where.batch.is_free,
    )
    return chosen, np.sum(enough | (degrees < 1), axis=-1)


#: Axes inside a node, the outer loops first.
INNER = axes_in(Loop.SCHEDULE, Loop.CHUNKS, Loop.RECOMPUTE)
#: Values of the searched axes inside a node while it is bounded.
_NODE = {name: axis.node for name, axis in AXES.items() if axis.node is not None}


def least_multiple(splits: Plan) -> Any:
    """What data-parallel degrees are multiples of, so that the experts of a stage spread over its ranks."""
    spread = splits.expert_parallel * splits.expert_tensor_parallel
    return np.maximum(np.ceil(spread / (splits.tensor_parallel * splits.context_parallel)), 1.0)


def most_replicas(where: Space, pair: Pairs) -> Any:
    """Data-parallel degrees that no plan of each pair exceeds; zero where none has a replica."""
    splits = taken(where.splits, pair.split)
    room = np.floor(pair.devices / (splits.tensor_parallel * splits.context_parallel * pair.stages))
    if where.data_parallel is not None:
        return np.where(room >= where.data_parallel, float(where.data_parallel), 0.0)
    multiple = least_multiple(splits)
    if not where.batch.is_free:
        return np.where(room >= multiple, room, 0.0)
    unit = np.asarray(splits.micro_batch_size) * np.where(pair.interleaved, pair.stages, 1.0)
    return np.floor(np.minimum(room, np.ceil(pair.batch / unit)) / multiple) * multiple


def _replicas(where: Space, pair: Pairs, unit: Any, room: Any, least: Any, multiple: Any) -> tuple[Any, Any]:
    """Data-parallel degrees and batches, a slot of micro-batches in the last axis; zero where there is none.

    Slots in which no degree reaches ``least`` may be left out.
    """
    size, unit = pair.batch[:, None], unit[:, None]
    if where.data_parallel is not None:
        degrees = np.full(unit.shape, float(where.data_parallel))
        return degrees, _whole(degrees * unit, size, pair.round_up[:, None], is_free=where.batch.is_free)
    if not where.batch.is_free:
        degrees = np.asarray(divisors(where.batch.size), dtype=float)
        degrees = degrees[degrees >= np.min(least, initial=np.inf)]
        fits = (degrees <= room[:, None]) & (np.fmod(size / degrees, unit) == 0)
        return np.where(fits, degrees, 0.0), np.where(fits, size, 0.0)
    step, round_up = multiple[:, None], pair.round_up[:, None]
    most = np.floor(np.minimum(room[:, None], np.ceil(size / unit)) / step) * step
    most = np.where(most >= 1, most, 0.0)
    rounds = size / (unit * np.maximum(most, 1.0))
    fewest = np.where(round_up, np.ceil(rounds), np.maximum(np.floor(rounds), 1.0))
    # Each half-octave of micro-batches more takes as much fewer replicas.
    drop = np.max(room / np.maximum(least, 1.0), initial=1.0)
    halves = min(2 * _OCTAVES, int(np.ceil(2 * np.log2(max(drop, 1.0)))) + 1)
    later = np.concatenate([np.arange(_NEXT), np.zeros(halves)])
    times = np.concatenate([np.ones(_NEXT), 2.0 ** (np.arange(1, halves + 1) / 2)])
    rounds = np.ceil((fewest + later) * times)
    wanted = size / (unit * rounds) / step
    degrees = np.minimum(np.where(round_up, np.ceil(wanted), np.floor(wanted)) * step, most)
    same = np.zeros(degrees.shape, dtype=bool)
    same[:, 1:] = degrees[:, 1:] == degrees[:, :-1]
    degrees = np.where(same, 0.0, degrees)
    return degrees, np.where(degrees >= 1, _whole(degrees * unit, size, round_up, is_free=True), 0.0)


def _whole(unit: Any, batch: Any, round_up: Any, *, is_free: bool) -> Any:
    """The batch in whole rounds of ``unit``; as it is where it is not free."""
    if not is_free:
        return np.broadcast_to(batch, unit.shape).astype(float)
    unit = np.maximum(unit, 1.0)
    return unit * np.where(round_up, np.ceil(batch / unit), np.floor(batch / unit))


def inside(where: Space, some: Nodes) -> tuple[Plan, Any, Any]:
    """Every node with every schedule, virtual stages and recomputation: plans, batches, and the node of each."""
    count, width = len(some), size(where.inner)
    node = np.repeat(np.arange(count), width)
    plan = replace(
        taken(some.plan, node),
        **{name: np.tile(getattr(where.inner, name), count) for name in INNER},
    )
    if some.alone:
        mine = some.interleaved[node] == (plan.virtual_stages > 1)
        plan, node = taken(plan, mine), node[mine]
    return plan, some.batch[node], node


def sharded(where: Space, plan: Plan) -> tuple[Plan, Any]:
    """All plans under one sharding after the other, and the plan that each was: neighbours stay alike."""
    count = size(plan)
    index = np.tile(np.arange(count), len(where.sharding))
    return replace(taken(plan, index), sharding=np.repeat(where.sharding, count)), index


def size(plan: Plan) -> int:
    """Candidates in a plan of arrays."""
    return max(int(np.size(getattr(plan, field.name))) for field in fields(Plan))


def taken(plan: Plan, index: Any) -> Plan:
    """Some candidates of a plan of arrays; plain numbers stay."""
    values = {f.name: getattr(plan, f.name) for f in fields(Plan)}
    return Plan(**{name: value[index] if isinstance(value, np.ndarray) else value for name, value in values.items()})


def one(plan: Plan, index: int) -> Plan:
    """One candidate in plain numbers."""
    values = {f.name: getattr(plan, f.name) for f in fields(Plan)}
    return Plan(**{name: int(v[index] if isinstance(v, np.ndarray) else v) for name, v in values.items()})


def every_plan(where: Space, devices: int) -> Iterator[tuple[Plan, Any]]:
    """The whole space on so many ``devices``, with the batch of each plan, split by split.

    Nothing is left out but what has no replica.
    """
    for index in range(size(where.splits)):
        split = np.full(len(where.stages), index)
        part, _ = nodes(where, pairs(where, split, where.stages, devices=devices))
        if len(part):
            plan, batch, _ = inside(where, part)
            plan, index = sharded(where, plan)
            yield plan, batch[index]
