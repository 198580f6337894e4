"""Fit overlaps and rates of training software to measured runs, with five-fold cross-validation.

`python fit/stacks.py` prints errors on the runs left out; with ``--write`` it also puts the values fitted to all runs
into `stacks.yaml`, with their spread over the folds, and the residuals into `parameters_intervals.yaml`.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from samples import Sample, all_but, folds, residual, samples
from store import bounds, intervals, write_intervals, write_left_out, write_shared, write_stacks

#: A change of a stack's parameter by this share costs as much as an error of that share in one run.
STIFFNESS = 0.25
#: Errors beyond this logarithm count less than quadratically.
SOFT = 0.15


class Free(NamedTuple):
    """One parameter to fit: its path in the catalogue, where it starts, and its bounds."""

    path: str
    start: float
    low: float
    high: float
    scale: float = 1.0  # size of a step of the solver


def _stack(name: str, **starts: float) -> list[Free]:
    bounds = {
        "kernel_share": (0.3, 1.3),
        "memory_share": (0.4, 1.6),
        "attention_share": (0.2, 1.5),
        "routing_time": (0.0, 5e-3, 5e-4),
        "expert_time": (0.0, 3e-4, 5e-5),
    }
    return [Free(f"stacks.{name}.{key}", value, *bounds.get(key, (0.0, 1.0))) for key, value in starts.items()]


#: At most four per stack; stacks with few measured runs keep the values of their documentation.
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
#: Parameters that all stacks share; they are fitted after the stacks, and both twice.
SHARED = [
    Free("training.kernel_share_in_step", 0.85, 0.6, 1.0),
    Free("training.memory_share_in_step", 0.8, 0.5, 1.0),
    Free("training.nvfp4_bf16_share", 0.15, 0.0, 0.25),
    Free("training.step_overhead", 0.01, 0.0, 0.05, 0.05),
]
ROUNDS = 2


def fitted(train: Sequence[Sample]) -> dict[str, float]:
    """Fit all free parameters to the measured times of runs.

    Parameters
    ----------
    train
        Runs to fit.

    Returns
    -------
    dict
        Values by path in the catalogue, in SI.
    """
    values = {free.path: free.start for free in (*FREE, *SHARED)}
    for _ in range(ROUNDS if SHARED else 1):
        for stack in sorted({sample.stack for sample in train}):
            parameters = [free for free in FREE if free.path.split(".")[1] == stack]
            values |= _solved(parameters, [sample for sample in train if sample.stack == stack], values)
        values |= _solved(SHARED, train, values)
    return values


def _solved(free: Sequence[Free], train: Sequence[Sample], values: Mapping[str, float]) -> dict[str, float]:
    if not free or not train:
        return {}
    scale = np.array([parameter.scale for parameter in free])
    start = np.array([parameter.start for parameter in free]) / scale
    low, high = (
        np.array([parameter.low for parameter in free]) / scale,
        np.array([parameter.high for parameter in free]) / scale,
    )

    def residuals(point: np.ndarray) -> np.ndarray:
        point_values = {
            **values,
            **dict(zip((parameter.path for parameter in free), (point * scale).tolist(), strict=True)),
        }
        return np.array([*(residual(sample, point_values) for sample in train), *((point - start) / STIFFNESS * SOFT)])

    point_values = np.array([values[parameter.path] for parameter in free]) / scale
    best = least_squares(
        residuals,
        np.clip(point_values, low + 1e-3, high - 1e-3),
        bounds=(low, high),
        loss="soft_l1",
        f_scale=SOFT,
        diff_step=1e-2,
        xtol=1e-3,
        ftol=1e-3,
        max_nfev=12,
    )
    return dict(zip((parameter.path for parameter in free), (best.x * scale).tolist(), strict=True))


def table(title: str, runs: Sequence[Sample], errors: np.ndarray, key: Callable[[Sample], str]) -> None:
    """Print errors (predicted over measured, less one) by slice.

    Parameters
    ----------
    title
        Title of the table.
    runs
        Predicted runs.
    errors
        Their errors, fractions of the measured time.
    key
        Slice of a run.
    """
    print(f"\n{title:34s} runs  median   p90    bias")
    for name in sorted({key(sample) for sample in runs}):
        slice_errors = errors[[key(sample) == name for sample in runs]]
        size = np.abs(slice_errors)
        print(
            f"  {name:32s} {len(slice_errors):4d} {np.median(size):6.1%} {np.quantile(size, 0.9):6.1%} "
            f"{np.mean(slice_errors):+7.1%}"
        )


def main() -> None:
    """Cross-validate, print, and write where asked to."""
    runs = samples()
    planned = [sample for sample in runs if sample.planned]
    unplanned = [sample for sample in runs if not sample.planned]
    parts = folds(planned)
    values_by_fold, order, logs = [], [], []
    for index, part in enumerate(parts):
        values = fitted(all_but(parts, index))
        values_by_fold.append(values)
        order += part
        logs += [residual(sample, values) for sample in part]
        print(f"fold {index + 1}: {len(part)} runs left out", file=sys.stderr)
    logs_before = np.array([residual(sample, {}) for sample in order])
    logs_after = np.array(logs)
    for title, logs_shown in (("catalogue as it stands", logs_before), ("cross-validated", logs_after)):
        errors = np.exp(-logs_shown) - 1
        table(title, order, errors, lambda _: "all")
    errors = np.exp(-logs_after) - 1
    table("by stack", order, errors, lambda s: s.stack)
    table("by accelerator", order, errors, lambda s: s.row.run.accelerator)
    table("by precision", order, errors, lambda s: s.row.run.precision)
    table("by kind", order, errors, lambda s: s.ready.model_kind)
    table("by recompute", order, errors, lambda s: "known" if s.row.run.recompute else "not stated")
    table("by source", order, errors, lambda s: s.row.run.id.rsplit("-", 1)[0])
    final = fitted(planned)
    rest = np.array([residual(sample, final) for sample in unplanned])
    table("rows that do not state their plan", unplanned, np.exp(-rest) - 1, lambda s: s.row.run.id.rsplit("-", 1)[0])
    for path, value in final.items():
        spread = [values[path] for values in values_by_fold]
        print(f"{path:52s} {value:8.3g}   folds {min(spread):.3g} to {max(spread):.3g}")
    ends = conformal(parts, logs_after, unplanned, rest)
    print_coverage(order, logs_after, ends)
    if "--write" in sys.argv:
        write_stacks(final, values_by_fold)
        write_shared(final)
        size = np.abs(errors)
        interval_values = intervals([*order, *unplanned], np.concatenate([logs_after, rest]))
        interval_values |= {
            "interval_left_out_runs": float(len(size)),
            "interval_left_out_median": float(np.median(size)),
            "interval_left_out_p90": float(np.quantile(size, 0.9)),
        }
        write_intervals(interval_values)
        write_left_out(order, logs_after, ends)


def conformal(
    parts: Sequence[Sequence[Sample]], logs: np.ndarray, unplanned: Sequence[Sample], rest: np.ndarray
) -> list[tuple[float, float]]:
    """Compute the interval of every run left out, from the residuals of the other folds only.

    Parameters
    ----------
    parts
        The folds.
    logs
        Logarithms of measured over predicted time, in the order of the folds.
    unplanned
        Runs outside the folds, whose rows do not state their plan.
    rest
        Logarithms of measured over predicted time of those.

    Returns
    -------
    list of (float, float)
        Low and high of measured over predicted time, in the order of the folds.
    """
    fold = np.concatenate([np.full(len(part), index) for index, part in enumerate(parts)])
    order = [sample for part in parts for sample in part]
    ends = []
    for index, part in enumerate(parts):
        seen = fold != index
        seen_runs = [sample for sample, is_seen in zip(order, seen, strict=True) if is_seen]
        interval_values = intervals([*seen_runs, *unplanned], np.concatenate([logs[seen], rest]))
        ends += [bounds(sample, interval_values) for sample in part]
    return ends


def print_coverage(runs: Sequence[Sample], logs: np.ndarray, ends: Sequence[tuple[float, float]]) -> None:
    """Print the share of runs left out whose intervals contain the measurement, by slice.

    Parameters
    ----------
    runs
        Runs left out.
    logs
        Logarithms of measured over predicted time.
    ends
        Low and high of measured over predicted time.
    """
    is_covered = np.array([low <= np.exp(log) <= high for log, (low, high) in zip(logs, ends, strict=True)])
    print("\nin the 80 % interval of other folds  runs  groups  held")
    for name, chosen in COVERAGE.items():
        is_member = np.array([chosen(sample) for sample in runs])
        groups = len({sample.group for sample, is_held in zip(runs, is_member, strict=True) if is_held})
        print(f"  {name:34s} {is_member.sum():4d}  {groups:6d} {np.mean(is_covered[is_member]):6.1%}")


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
