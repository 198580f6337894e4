"""Fit overlaps and rates of training software to measured runs, and predict every run without its source.

`python fit/stacks.py` prints errors on the runs left out; with ``--write`` it also puts the values fitted to all runs
into `stacks.yaml` and `parameters_training.yaml`, with their spread over the fits, the residuals into
`parameters_intervals.yaml`, and the predictions into `docs/left-out-runs.csv`.
"""

import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from lindos.validation.fitting import Free, Sample, common_error, residual, solve
from samples import folds, pair, planned, samples, without
from store import bounds, intervals, write_intervals, write_left_out, write_shared, write_stacks

#: Beliefs about a rate over the usual one, and about a share that hides: start, spread, bounds.
_RATE = (1.0, 0.1, 0.5, 1.25)
#: Fewest sources that a parameter is fitted to.
FEWEST = 3


def _hides(start: float) -> tuple[float, float, float, float]:
    return start, 0.2, 0.0, 1.0


def _stack(name: str, **beliefs: tuple[float, float, float, float]) -> list[Free]:
    return [Free(f"stacks.{name}.{field}", *belief) for field, belief in beliefs.items()]


#: Numbers of profiles, at most four each; a profile without numbers has those of its base.
STACKS = [
    *_stack(
        "megatron-core-2025",
        kernel_share=_RATE,
        overlap_tensor_parallel=_hides(0.6),
        overlap_data_parallel=_hides(0.8),
        expert_time=(1e-5, 2e-5, 0.0, 3e-4),
    ),
    *_stack("megatron-core", kernel_share=_RATE),
    *_stack("nemo-mlperf", kernel_share=_RATE),
    *_stack("megatron-2021", kernel_share=_RATE),
    *_stack("megatron-2023", overlap_data_parallel=_hides(0.6)),
    *_stack("megatron-deepspeed", kernel_share=_RATE),
    *_stack("pytorch-parallel", kernel_share=_RATE, overlap_data_parallel=_hides(0.5)),
    *_stack("fsdp", kernel_share=_RATE, overlap_data_parallel=_hides(0.7)),
    *_stack("maxtext", kernel_share=(1.1, 0.2, 0.5, 1.25), overlap_data_parallel=_hides(0.6)),
    *_stack("xla-gpu", kernel_share=_RATE, overlap_data_parallel=_hides(0.6)),
]
#: Parameters that all software shares, with what publications say of them as belief.
SHARED = [
    Free("training.hopper_attention_share", 1.0, 0.12, 0.5, 1.5),
    Free("training.blackwell_attention_share", 1.0, 0.15, 0.5, 2.0),
    Free("training.unfused_attention_share", 1.2, 0.2, 0.5, 2.0),
    Free("training.flash_1_share", 0.55, 0.08, 0.2, 1.0),
    Free("training.ampere_attention_share", 0.57, 0.07, 0.3, 1.0),
    Free("training.ampere_attention_share_blackwell", 0.3, 0.06, 0.1, 1.0),
    Free("training.kernel_share_in_step", 0.85, 0.1, 0.5, 1.0),
    Free("training.ampere_share_in_step", 1.0, 0.07, 0.5, 1.5),
    Free("training.hopper_share_in_step", 1.0, 0.07, 0.5, 1.5),
    Free("training.blackwell_share_in_step", 1.0, 0.07, 0.5, 1.5),
    Free("training.blackwell_energy", 4e-13, 3e-13, 0.0, 2e-12),
    Free("training.kernel_gain", 0.04, 0.03, 0.0, 0.2),
    Free("training.memory_share_in_step", 0.7, 0.15, 0.3, 1.0),
    Free("training.step_overhead", 0.015, 0.015, 0.0, 0.05),
    Free("training.eager_traffic", 1.6, 0.4, 1.0, 4.0),
    Free("training.launch_time", 8e-6, 4e-6, 0.0, 4e-5),
    Free("training.routing_time", 3e-3, 2e-3, 0.0, 2e-2),
    Free("training.exchange_share", 0.85, 0.15, 0.3, 1.0),
    Free("training.expert_overlap", 0.8, 0.2, 0.0, 1.0),
    Free("training.quantise_share", 0.8, 0.2, 0.0, 1.0),
    Free("training.nvfp4_bf16_share", 0.1, 0.1, 0.0, 0.25),
]
FREE = [*STACKS, *SHARED]


class Prediction(NamedTuple):
    """A run left out of a fit: the logarithm of measured over predicted time, and the ends of its interval."""

    sample: Sample
    log: float
    low: float = 0.0
    high: float = 0.0

    @property
    def error(self) -> float:
        """Predicted over measured time, less one."""
        return float(np.exp(-self.log)) - 1

    @property
    def is_covered(self) -> bool:
        """Whether the interval contains the measurement."""
        return bool(self.low <= np.exp(self.log) <= self.high)


def by_source(runs: Sequence[Sample]) -> tuple[list[Prediction], list[dict[str, float]]]:
    """Predict every run by a fit to the other sources, with intervals from the residuals of other sources.

    Parameters
    ----------
    runs
        All runs.

    Returns
    -------
    predictions : list of Prediction
        In the order of the runs.
    values : list of dict
        Fitted values without each source, and last with all of them.
    """
    names = sorted({sample.source for sample in runs})
    values = solve(FREE, [*([s for s in runs if s.source != name] for name in names), list(runs)])
    fits = dict(zip(names, values, strict=False))
    logs = np.array([residual(sample, fits[sample.source]) for sample in runs])
    predictions = []
    for name in names:
        seen = [index for index, sample in enumerate(runs) if sample.source != name]
        ends = intervals([runs[index] for index in seen], logs[seen])
        predictions += [
            Prediction(sample, float(log), *bounds(sample, ends))
            for sample, log in zip(runs, logs, strict=True)
            if sample.source == name
        ]
    return predictions, values


def by_pair(runs: Sequence[Sample]) -> tuple[list[Prediction], list[Prediction]]:
    """Predict the planned runs by fits without their models on their accelerators.

    Parameters
    ----------
    runs
        All runs.

    Returns
    -------
    as_shipped : list of Prediction
        By what all sources share.
    calibrated : list of Prediction
        With the common error of the source's runs on the other side, as a user's own runs give it.
    """
    parts = folds(planned(runs))
    train = [without(runs, part) for part in parts]
    as_shipped, calibrated = [], []
    for part, seen, values in zip(parts, train, solve(FREE, train), strict=True):
        errors: dict[tuple[str, str, str], list[tuple[tuple[str, str], float]]] = {}
        for sample in seen:
            errors.setdefault(sample.effect, []).append((pair(sample), residual(sample, values)))
        for sample in part:
            log = residual(sample, values)
            as_shipped.append(Prediction(sample, log))
            groups, others = zip(*errors.get(sample.effect, []), strict=True) if sample.effect in errors else ((), ())
            calibrated.append(Prediction(sample, log - common_error(others, groups)))
    return as_shipped, calibrated


def summary(title: str, predictions: Sequence[Prediction]) -> None:
    """Print the errors of a set of predictions.

    Parameters
    ----------
    title
        Title of the line.
    predictions
        Runs left out.
    """
    errors = np.array([prediction.error for prediction in predictions])
    size = np.abs(errors)
    medians = source_medians(predictions).values()
    print(
        f"  {title:34s} {len(errors):4d} {np.median(size):6.1%} {np.quantile(size, 0.9):6.1%} {np.mean(errors):+7.1%} "
        f"{np.mean([p.is_covered for p in predictions]):6.0%} {np.mean(list(medians)):6.1%}"
    )


def source_medians(predictions: Sequence[Prediction]) -> dict[str, float]:
    """Compute the median error of every source.

    Parameters
    ----------
    predictions
        Runs left out.
    """
    sizes: dict[str, list[float]] = {}
    for prediction in predictions:
        sizes.setdefault(prediction.sample.source, []).append(abs(prediction.error))
    return {name: float(np.median(values)) for name, values in sizes.items()}


#: Slices of the runs left out.
SLICES: dict[str, Callable[[Sample], str]] = {
    "by source": lambda s: s.source,
    "by software": lambda s: s.stack,
    "by accelerator": lambda s: s.run.accelerator,
    "by precision": lambda s: s.run.precision,
}


def report(title: str, predictions: Sequence[Prediction]) -> None:
    """Print the errors of predictions, whole and by slice.

    Parameters
    ----------
    title
        Title of the table.
    predictions
        Runs left out.
    """
    print(f"\n{title:36s} runs median    p90    bias  held  mean of source medians")
    summary("all", predictions)
    for kind in ("dense", "moe"):
        summary(kind, [p for p in predictions if p.sample.ready.model_kind == kind])
    for name, key in SLICES.items():
        print(name)
        for group in sorted({key(p.sample) for p in predictions}):
            summary(group, [p for p in predictions if key(p.sample) == group])


def figures(sources: Sequence[Prediction], calibrated: Sequence[Prediction]) -> dict[str, float]:
    """Summarise the scores that the catalogue publishes.

    Parameters
    ----------
    sources
        Runs predicted without their source.
    calibrated
        Runs predicted without their models on their accelerators.
    """
    sizes, pairs = (np.abs([p.error for p in group]) for group in (sources, calibrated))
    return {
        "interval_left_out_runs": float(len(sizes)),
        "interval_left_out_median": float(np.median(sizes)),
        "interval_left_out_p90": float(np.quantile(sizes, 0.9)),
        "interval_left_out_sources": float(np.mean(list(source_medians(sources).values()))),
        "interval_left_out_coverage": float(np.mean([p.is_covered for p in sources])),
        "interval_pair_median": float(np.median(pairs)),
        "interval_pair_p90": float(np.quantile(pairs, 0.9)),
    }


def checked(runs: Sequence[Sample]) -> None:
    """Stop if a parameter of a profile rests on fewer than three sources.

    Parameters
    ----------
    runs
        All runs.
    """
    for parameter in STACKS:
        sources = {sample.source for sample in runs if sample.decides(parameter.path)}
        if len(sources) < FEWEST:
            sys.exit(f"{parameter.path} rests on {len(sources)} sources: {', '.join(sorted(sources))}")


def main() -> None:
    """Fit, predict what was left out, print, and write where asked to."""
    runs = samples()
    checked(runs)
    sources, values = by_source(runs)
    report("sources left out", sources)
    as_shipped, calibrated = by_pair(runs)
    report("model and accelerator left out", as_shipped)
    report("the same, calibrated with the source's other runs", calibrated)
    print(f"{len({pair(p.sample) for p in calibrated})} pairs")
    final = values[-1]
    for path, value in final.items():
        spread = [fit[path] for fit in values]
        print(f"{path:52s} {value:8.3g}   without a source {min(spread):.3g} to {max(spread):.3g}")
    if "--write" in sys.argv:
        write_stacks(final, values, [p.path for p in STACKS])
        write_shared(final)
        ends = intervals([p.sample for p in sources], np.array([p.log for p in sources]))
        write_intervals(ends | figures(sources, calibrated))
        write_left_out({"source": sources, "pair": as_shipped, "pair, calibrated": calibrated})


if __name__ == "__main__":
    main()
