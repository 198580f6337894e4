"""Fit what the software of measured runs hides and reaches; five-fold cross-validation; write it to the catalogue.

`python fit/stacks.py` prints errors on the runs left out; with ``--write`` it also puts the values fitted to all runs
into `stacks.yaml`, with their spread over the folds, and the residuals into `parameters_intervals.yaml`.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from samples import Sample, folds, residual, samples, without
from store import bounds, intervals, write_intervals, write_left_out, write_shared, write_stacks

#: How much a stack's parameter may leave its start before it costs as much as one run that is off by that share.
STIFFNESS = 0.25
#: Errors beyond this (in logarithm) count less than quadratically.
SOFT = 0.15


class Free(NamedTuple):
    """One parameter to fit: its path in the catalogue, where it starts, and its bounds."""

    path: str
    start: float
    low: float
    high: float
    scale: float = 1.0  # what one step of the solver is


def _stack(name: str, **starts: float) -> list[Free]:
    bounds = {
        "kernel_share": (0.3, 1.3),
        "memory_share": (0.4, 1.6),
        "attention_share": (0.2, 1.5),
        "routing_time": (0.0, 5e-3, 5e-4),
        "expert_time": (0.0, 3e-4, 5e-5),
    }
    return [Free(f"stacks.{name}.{key}", value, *bounds.get(key, (0.0, 1.0))) for key, value in starts.items()]


#: At most four for a stack; stacks with few measured runs keep what their documentation says.
FREE = [
    *_stack("megatron-core-2025", kernel_share=1.0, overlap_tensor_parallel=0.5, overlap_data_parallel=0.9),
    *_stack("megatron-bridge", kernel_share=1.0, memory_share=1.0, attention_share=1.0, overlap_expert_parallel=0.3),
    *_stack("megatron-bridge-2025", kernel_share=1.0, overlap_expert_parallel=0.3, routing_time=0.0, expert_time=0.0),
    *_stack("nemo-mlperf", kernel_share=1.0, memory_share=1.0, attention_share=1.0, overlap_tensor_parallel=0.5),
    *_stack("megatron-no-overlap", kernel_share=1.0, attention_share=1.0),
    *_stack("megatron-deepspeed", kernel_share=1.0, overlap_tensor_parallel=0.0),
    *_stack("megatron-2021", kernel_share=1.0),
    *_stack("llm-foundry", kernel_share=1.0, attention_share=1.0, overlap_data_parallel=0.85),
    *_stack("torchtitan", kernel_share=1.0, attention_share=1.0, overlap_data_parallel=0.85),
    *_stack("internevo", kernel_share=1.0, overlap_tensor_parallel=0.5, overlap_data_parallel=0.9),
    *_stack("maxtext", kernel_share=1.0, attention_share=1.0, overlap_data_parallel=0.85),
]
#: Shared by all stacks: fitted after the stacks, twice in turn.
SHARED = [
    Free("training.kernel_share_in_step", 0.85, 0.6, 1.0),
    Free("training.memory_share_in_step", 0.8, 0.5, 1.0),
    Free("training.nvfp4_bf16_share", 0.15, 0.0, 0.25),
    Free("training.step_overhead", 0.01, 0.0, 0.05, 0.05),
]
ROUNDS = 2


def fitted(train: Sequence[Sample]) -> dict[str, float]:
    """Values of all free parameters that come closest to the measured times of ``train``."""
    values = {free.path: free.start for free in (*FREE, *SHARED)}
    for _ in range(ROUNDS if SHARED else 1):
        for stack in sorted({sample.stack for sample in train}):
            own = [free for free in FREE if free.path.split(".")[1] == stack]
            values |= _solved(own, [sample for sample in train if sample.stack == stack], values)
        values |= _solved(SHARED, train, values)
    return values


def _solved(free: Sequence[Free], train: Sequence[Sample], values: Mapping[str, float]) -> dict[str, float]:
    if not free or not train:
        return {}
    scale = np.array([one.scale for one in free])
    start = np.array([one.start for one in free]) / scale
    low, high = np.array([one.low for one in free]) / scale, np.array([one.high for one in free]) / scale

    def off(point: np.ndarray) -> np.ndarray:
        now = {**values, **dict(zip((one.path for one in free), (point * scale).tolist(), strict=True))}
        return np.array([*(residual(sample, now) for sample in train), *((point - start) / STIFFNESS * SOFT)])

    now = np.array([values[one.path] for one in free]) / scale
    best = least_squares(
        off,
        np.clip(now, low + 1e-3, high - 1e-3),
        bounds=(low, high),
        loss="soft_l1",
        f_scale=SOFT,
        diff_step=1e-2,
        xtol=1e-3,
        ftol=1e-3,
        max_nfev=12,
    )
    return dict(zip((one.path for one in free), (best.x * scale).tolist(), strict=True))


def table(title: str, of: Sequence[Sample], errors: np.ndarray, key: Callable[[Sample], str]) -> None:
    """Print errors (predicted over measured, less one) by slice."""
    print(f"\n{title:34s} runs  median   p90    bias")
    for name in sorted({key(sample) for sample in of}):
        own = errors[[key(sample) == name for sample in of]]
        size = np.abs(own)
        print(f"  {name:32s} {len(own):4d} {np.median(size):6.1%} {np.quantile(size, 0.9):6.1%} {np.mean(own):+7.1%}")


def main() -> None:
    """Cross-validate, print, and write where asked to."""
    everything = samples()
    planned = [sample for sample in everything if sample.planned]
    others = [sample for sample in everything if not sample.planned]
    parts = folds(planned)
    found, order, logs = [], [], []
    for index, part in enumerate(parts):
        values = fitted(without(parts, index))
        found.append(values)
        order += part
        logs += [residual(sample, values) for sample in part]
        print(f"fold {index + 1}: {len(part)} runs left out", file=sys.stderr)
    before = np.array([residual(sample, {}) for sample in order])
    now = np.array(logs)
    for title, some in (("catalogue as it stands", before), ("cross-validated", now)):
        errors = np.exp(-some) - 1
        table(title, order, errors, lambda _: "all")
    errors = np.exp(-now) - 1
    table("by stack", order, errors, lambda s: s.stack)
    table("by accelerator", order, errors, lambda s: s.row.run.accelerator)
    table("by precision", order, errors, lambda s: s.row.run.precision)
    table("by kind", order, errors, lambda s: s.ready.model_kind)
    table("by recompute", order, errors, lambda s: "known" if s.row.run.recompute else "not stated")
    table("by source", order, errors, lambda s: s.row.run.id.rsplit("-", 1)[0])
    final = fitted(planned)
    rest = np.array([residual(sample, final) for sample in others])
    table("rows that do not state their plan", others, np.exp(-rest) - 1, lambda s: s.row.run.id.rsplit("-", 1)[0])
    for path, value in final.items():
        spread = [values[path] for values in found]
        print(f"{path:52s} {value:8.3g}   folds {min(spread):.3g} to {max(spread):.3g}")
    ends = conformal(parts, now, others, rest)
    print_coverage(order, now, ends)
    if "--write" in sys.argv:
        write_stacks(final, found)
        write_shared(final)
        size = np.abs(errors)
        held = intervals([*order, *others], np.concatenate([now, rest]))
        held |= {
            "interval_left_out_runs": float(len(size)),
            "interval_left_out_median": float(np.median(size)),
            "interval_left_out_p90": float(np.quantile(size, 0.9)),
        }
        write_intervals(held)
        write_left_out(order, now, ends)


def conformal(
    parts: Sequence[Sequence[Sample]], logs: np.ndarray, others: Sequence[Sample], rest: np.ndarray
) -> list[tuple[float, float]]:
    """Interval of every run left out, from the residuals of the other folds alone."""
    fold = np.concatenate([np.full(len(part), index) for index, part in enumerate(parts)])
    order = [sample for part in parts for sample in part]
    found = []
    for index, part in enumerate(parts):
        seen = fold != index
        known = [sample for sample, is_seen in zip(order, seen, strict=True) if is_seen]
        held = intervals([*known, *others], np.concatenate([logs[seen], rest]))
        found += [bounds(sample, held) for sample in part]
    return found


def print_coverage(of: Sequence[Sample], logs: np.ndarray, ends: Sequence[tuple[float, float]]) -> None:
    """How many runs left out their intervals hold, by slice, with the groups of model and accelerator behind it."""
    inside = np.array([low <= np.exp(log) <= high for log, (low, high) in zip(logs, ends, strict=True)])
    print("\nin the 80 % interval of other folds  runs  groups  held")
    for name, chosen in COVERAGE.items():
        held = np.array([chosen(sample) for sample in of])
        groups = len({sample.group for sample, is_held in zip(of, held, strict=True) if is_held})
        print(f"  {name:34s} {held.sum():4d}  {groups:6d} {np.mean(inside[held]):6.1%}")


#: Slices whose intervals are checked.
COVERAGE: dict[str, Callable[[Sample], bool]] = {
    "all": lambda s: True,
    "dense": lambda s: s.ready.model_kind == "dense",
    "moe": lambda s: s.ready.model_kind == "moe",
    "Blackwell": lambda s: s.ready.pool.accelerator.family == "blackwell",
    "1,024 devices and more": lambda s: (s.row.run.num_devices or 0) >= 1024,
}


if __name__ == "__main__":
    main()
