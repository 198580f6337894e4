"""Candidate plans as arrays: a plain enumeration of the degrees that practitioners use."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lindos.catalog.model import Model
from lindos.scenario.job import Job
from lindos.scenario.plan import Plan, Recompute, Schedule, Sharding
from lindos.step.feasibility import fewest_micro_batches

#: Tokens of a sequence that context parallelism leaves a rank at least.
_CONTEXT_TOKENS = 4096
_MICRO_BATCHES = (1, 2, 4, 8)
_VIRTUAL_STAGES = (1, 2, 3, 4, 6, 8)
_MOST_STAGES = 128
#: Plans that are built at most. Usual jobs make some tens of thousands; many experts and long sequences make more.
MOST_PLANS = 250_000


def candidates(
    job: Job,
    num_devices: int,
    scale_up_size: int,
    *,
    batch: int,
    batch_is_free: bool,
    fixed: Mapping[str, int],
    round_up: bool = False,
) -> tuple[Plan, Any]:
    """Plans for at most ``num_devices``, and the global batch of each, in sequences.

    Every combination of tensor, pipeline, virtual-stage, context and expert degrees, micro-batch, recompute, sharding
    and schedule below; data parallelism takes what devices are left. Degrees in ``fixed`` are the user's. Where that
    makes more than `MOST_PLANS`, every other value of the longest axis is left out, until it does not.

    Parameters
    ----------
    job
        What is trained.
    num_devices
        Devices to use at most.
    scale_up_size
        Devices of a scale-up domain: the largest tensor-parallel degree.
    batch
        Sequences of a step: exactly, or at most where ``batch_is_free``.
    batch_is_free
        Whether the batch may be rounded down to whole micro-batches of all replicas.
    fixed
        Fields of `Plan` that the user set.
    round_up
        Whether a free batch is rounded up instead.
    """
    axes = _axes(job.model, job.sequence_length, min(scale_up_size, num_devices))
    axes = {name: [fixed[name]] if name in fixed else values for name, values in axes.items()}
    grids = [_grid(block) for block in _thinned(axes, fixed)]
    grid = {name: np.concatenate([one[name] for one in grids]) for name in axes}
    grid = _sensible(grid, job.model, num_devices, fixed)
    grid["data_parallel"] = _data_parallel(grid, num_devices, batch, batch_is_free, fixed)
    batches = _whole_rounds(grid, batch, round_up) if batch_is_free else np.full(len(grid["schedule"]), float(batch))
    kept = (grid["data_parallel"] >= 1) & (batches >= 1)
    grid = {name: values[kept] for name, values in grid.items()}
    grid["sharding_group"] = np.full(kept.sum(), float(fixed.get("sharding_group", 0)))
    return Plan(**grid), batches[kept]


def _axes(model: Model, sequence_length: int, most_tensor: int) -> dict[str, Sequence[int]]:
    heads, experts = model.num_attention_heads, model.num_experts
    expert_parallel = _divisors(experts) if experts else [1]
    return {
        "tensor_parallel": [t for t in _divisors(heads) if t <= most_tensor],
        "pipeline_parallel": _stages(model.num_layers),
        "virtual_stages": _VIRTUAL_STAGES,
        "context_parallel": [2**i for i in range(12) if 2**i <= max(1, sequence_length // _CONTEXT_TOKENS)],
        "expert_parallel": expert_parallel,
        "expert_tensor_parallel": [1],
        "micro_batch_size": _MICRO_BATCHES,
        "sharding": [int(Sharding.OPTIMIZER), int(Sharding.PARAMETERS)],
        "sequence_parallel": [1],
        "recompute": [int(code) for code in Recompute],
        "schedule": [int(code) for code in Schedule],
    }


def _divisors(number: int) -> list[int]:
    return [d for d in range(1, number + 1) if number % d == 0]


def _stages(num_layers: int) -> list[int]:
    """Stage counts that differ in the layers of the fullest stage: of equal ones the smallest count."""
    fullest: dict[int, int] = {}
    for stages in range(1, min(num_layers, _MOST_STAGES) + 1):
        fullest.setdefault(-(-num_layers // stages), stages)
    return sorted(set(fullest.values()))


def _thinned(axes: Mapping[str, Sequence[int]], fixed: Mapping[str, int]) -> list[dict[str, Sequence[int]]]:
    """Blocks of the axes; while they hold more than the cap, every other value of the longest axis is left out."""
    found = dict(axes)
    blocks = _blocks(found, fixed)
    while sum(math.prod(map(len, block.values())) for block in blocks) > MOST_PLANS:
        longest = max(found, key=lambda name: len(found[name]))
        values = found[longest]
        found[longest] = [*values[:-1:2], values[-1]]
        blocks = _blocks(found, fixed)
    return blocks


#: Pairs of axes of which only one leaves its first value at a time, with the value the second then keeps.
_ONE_AT_A_TIME = (
    # Twice the ranks for a sequence and twice the sequences is as much work as once both, with less to exchange.
    ("context_parallel", "micro_batch_size", 1),
    # Other schedules than 1F1B do not interleave.
    ("virtual_stages", "schedule", int(Schedule.ONE_F_ONE_B)),
    # Sharded parameters are gathered for every micro-batch: not beside a pipeline.
    ("pipeline_parallel", "sharding", int(Sharding.OPTIMIZER)),
)


def _blocks(axes: Mapping[str, Sequence[int]], fixed: Mapping[str, int]) -> list[dict[str, Sequence[int]]]:
    """The axes in blocks, so that combinations that never win are not built; what the user fixed is left as it is."""
    blocks = [dict(axes)]
    for first, second, kept in _ONE_AT_A_TIME:
        if first in fixed or second in fixed:
            continue
        ones = [{**block, first: [1]} for block in blocks]
        rest = [{**block, first: axes[first][1:], second: [kept]} for block in blocks]
        blocks = [block for block in (*ones, *rest) if all(block.values())]
    return blocks


def _grid(axes: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    arrays = np.meshgrid(*(np.asarray(values, dtype=float) for values in axes.values()), indexing="ij")
    return {name: array.ravel() for name, array in zip(axes, arrays, strict=True)}


def _sensible(grid: dict[str, Any], model: Model, num_devices: int, fixed: Mapping[str, int]) -> dict[str, Any]:
    """Drop combinations that never hold or never win; what the user fixed stays to be refused with a reason."""
    t, p, v, e = (grid[n] for n in ("tensor_parallel", "pipeline_parallel", "virtual_stages", "expert_parallel"))
    schedule, sharding = grid["schedule"], grid["sharding"]
    keep = t * p * grid["context_parallel"] <= num_devices
    if "virtual_stages" not in fixed:
        # Embedding and head may fill a chunk of their own: 126 layers fit 16 stages of 8 chunks.
        keep &= (v == 1) | ((p > 1) & (p * v <= model.num_layers + model.num_mtp_layers + 2))
    if "schedule" not in fixed:
        # Other schedules than 1F1B do not interleave; DualPipe pays for itself where experts communicate.
        keep &= (schedule == int(Schedule.ONE_F_ONE_B)) | ((p > 1) & (v == 1))
        keep &= (schedule != int(Schedule.DUAL_PIPE)) | ((model.num_experts > 0) & (np.fmod(p, 2) == 0))
    if "sharding" not in fixed:
        # Sharded parameters are gathered for every micro-batch: not beside a pipeline.
        keep &= (sharding != int(Sharding.PARAMETERS)) | (p == 1)
    if "expert_parallel" not in fixed:
        keep &= e * grid["expert_tensor_parallel"] * p <= num_devices
    return {name: values[keep] for name, values in grid.items()}


def _data_parallel(
    grid: Mapping[str, Any], num_devices: int, batch: int, batch_is_free: bool, fixed: Mapping[str, int]
) -> Any:
    """Data-parallel degree of each plan: as many replicas as devices and batch allow."""
    t, p, c = grid["tensor_parallel"], grid["pipeline_parallel"], grid["context_parallel"]
    size = grid["micro_batch_size"]
    room = np.floor(num_devices / (t * p * c))
    multiple = _rounds(grid)
    least = np.maximum(fewest_micro_batches(grid["schedule"], p), multiple)
    if "data_parallel" in fixed:
        replicas = np.full(t.shape, float(fixed["data_parallel"]))
    elif batch_is_free:
        spread = grid["expert_parallel"] * grid["expert_tensor_parallel"] / (t * c)
        step = np.maximum(np.ceil(spread), 1.0)
        replicas = np.floor(np.minimum(room, np.floor(batch / (size * least))) / step) * step
    else:
        replicas = _largest_divisor(batch / (size * multiple), np.minimum(room, batch / (size * least)))
    return replicas


def _rounds(grid: Mapping[str, Any]) -> Any:
    """Micro-batches that go together: interleaving takes them in multiples of the stages."""
    return np.where(grid["virtual_stages"] > 1, grid["pipeline_parallel"], 1.0)


def _whole_rounds(grid: Mapping[str, Any], batch: int, round_up: bool) -> Any:
    """The batch in whole rounds of micro-batches on all replicas."""
    unit = np.maximum(grid["data_parallel"], 1.0) * grid["micro_batch_size"] * _rounds(grid)
    return unit * (np.ceil(batch / unit) if round_up else np.floor(batch / unit))


def _largest_divisor(numbers: Any, most: Any) -> Any:
    """Largest divisor of each number that is at most the other; zero where the number is not whole."""
    found = np.zeros(numbers.shape)
    whole = numbers == np.floor(numbers)
    for number in np.unique(numbers[whole]):
        if number < 1:
            continue
        divisors = np.asarray(_all_divisors(int(number)), dtype=float)
        at = numbers == number
        index = np.searchsorted(divisors, most[at], side="right") - 1
        found[at] = np.where(index >= 0, divisors[np.maximum(index, 0)], 0.0)
    return found


def _all_divisors(number: int) -> list[int]:
    small = [d for d in range(1, int(number**0.5) + 1) if number % d == 0]
    return sorted({*small, *(number // d for d in small)})
