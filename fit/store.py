"""Write fitted values into the files of the catalogue, line by line, so that their comments stay."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

import lindos
from lindos.formats import number_format
from lindos.step.interval import MEASURED_FAMILIES, IntervalFacts, difficulty, interval_facts
from samples import Sample

DATA = Path(lindos.__file__).parent / "catalog" / "data"
#: Source of most of the runs of each stack.
SOURCES = {
    "megatron-core-2025": "dgxc_benchmarking",
    "megatron-bridge": "megatron_bridge_performance",
    "megatron-bridge-2025": "megatron_bridge_performance",
    "nemo-mlperf": "mlperf_training",
    "megatron-no-overlap": "simumax_peaks",
    "megatron-deepspeed": "bigscience_chronicles",
    "megatron-2021": "megatron_sc21",
    "llm-foundry": "llmfoundry_benchmarks",
    "torchtitan": "torchtitan_performance",
    "internevo": "internevo_performance",
    "maxtext": "dgxc_benchmarking",
}
#: Predictions from fits without the fold of the run; the documents read them.
LEFT_OUT = Path(__file__).parent.parent / "docs" / "left-out-runs.csv"
#: Least and largest addition of one kind of distance to the difficulty.
LEAST, MOST = 0.0, 2.0


def write_stacks(values: Mapping[str, float], over_folds: Sequence[Mapping[str, float]]) -> None:
    """Write fitted values with their range over the folds into ``stacks.yaml``.

    Parameters
    ----------
    values
        Fitted values by path in the catalogue, in SI.
    over_folds
        The same, fitted without each fold.
    """
    path = DATA / "stacks.yaml"
    text = path.read_text(encoding="utf-8")
    for full, value in values.items():
        if full.startswith("stacks."):
            _, stack, name = full.split(".")
            spread = [value, *(fold_values[full] for fold_values in over_folds)]
            unit = " s" if name.endswith("_time") else ""
            line = (
                f"  {name}: {{value: {value:.3g}{unit}, low: {min(spread):.3g}{unit}, high: {max(spread):.3g}{unit}, "
                f'source: {SOURCES[stack]}, estimate: true, note: "fitted to measured runs; range over five folds"}}'
            )
            text = _placed(text, stack, name, line)
    path.write_text(text, encoding="utf-8")


def write_shared(values: Mapping[str, float]) -> None:
    """Write the values that all stacks share into ``parameters_training.yaml``; its ranges are estimates and stay.

    Parameters
    ----------
    values
        Fitted values by path in the catalogue, in SI.
    """
    path = DATA / "parameters_training.yaml"
    text = path.read_text(encoding="utf-8")
    for full, value in values.items():
        topic, _, name = full.partition(".")
        if topic == "training":
            amount = f"{1e3 * value:.3g} ms" if name == "step_overhead" else f"{value:.3g}" if value > 1e-3 else "0.0"
            text = re.sub(rf"(?<=  {name}:\n    value: ).*", amount, text)
    path.write_text(text, encoding="utf-8")


def _placed(text: str, stack: str, name: str, line: str) -> str:
    """The text with ``line`` as that field of the stack, in place of the old one or at the end of the block."""
    block = re.search(rf"^{re.escape(stack)}:\n((?:  .*\n)+)", text, re.MULTILINE)
    if block is None:
        raise KeyError(stack)
    body, replaced = re.subn(rf"^  {name}: .*$", line.replace("\\", r"\\"), block[1], flags=re.MULTILINE)
    return text[: block.start(1)] + (body if replaced else body + line + "\n") + text[block.end(1) :]


def intervals(runs: Sequence[Sample], logs: np.ndarray) -> dict[str, float]:
    """Compute quantiles of residuals, and the addition of each kind of distance to the difficulty.

    Parameters
    ----------
    runs
        Measured runs.
    logs
        Logarithms of measured over predicted time.

    Returns
    -------
    dict
        Values of the parameters ``intervals.*``.
    """
    plain = np.array([_is_plain(sample) for sample in runs])
    size = np.abs(logs)
    base = float(np.mean(size[plain]))
    text = (DATA / "parameters_intervals.yaml").read_text(encoding="utf-8")

    def extra_difficulty(name: str, chosen: list[bool], fewest: int = 5) -> float:
        members = np.array(chosen)
        if members.sum() < fewest:
            return _value(text, name)
        return float(np.clip(np.mean(size[members]) / base - 1, LEAST, MOST))

    moe = [s.ready.model_kind == "moe" and _is_of_measured_family(s) and s.planned for s in runs]
    filled = [_is_of_measured_family(s) and not s.planned and s.ready.model_kind == "dense" for s in runs]
    values = {
        "interval_moe": extra_difficulty("interval_moe", moe),
        "interval_family": extra_difficulty("interval_family", [not _is_of_measured_family(s) for s in runs]),
        "interval_precision": extra_difficulty(
            "interval_precision", [number_format(s.ready.job.precision).bits < 8 for s in runs]
        ),
        "interval_filled": extra_difficulty("interval_filled", filled),
    }
    scaled = logs / np.array([_difficulty(sample, values) for sample in runs])
    rank = min(0.9 * (len(runs) + 1) / len(runs), 1.0)  # split-conformal, both tails
    ends = np.exp(np.quantile(scaled, [1 - rank, rank]))
    return values | {"interval_low": float(ends[0]), "interval_high": float(ends[1])}


def bounds(sample: Sample, values: Mapping[str, float]) -> tuple[float, float]:
    """Compute low and high of measured over predicted time.

    Parameters
    ----------
    sample
        The run.
    values
        Values of the parameters ``intervals.*``.
    """
    hard = _difficulty(sample, values)
    return values["interval_low"] ** hard, values["interval_high"] ** hard


def write_intervals(values: Mapping[str, float]) -> None:
    """Write the intervals into ``parameters_intervals.yaml``.

    Parameters
    ----------
    values
        Values of the parameters ``intervals.*``.
    """
    path = DATA / "parameters_intervals.yaml"
    text = path.read_text(encoding="utf-8")
    for name, value in values.items():
        text = re.sub(rf"(  {name}: {{value: )[-0-9.e]+", rf"\g<1>{value:.3g}", text)
    path.write_text(text, encoding="utf-8")


def write_left_out(runs: Sequence[Sample], logs: np.ndarray, ends: Sequence[tuple[float, float]]) -> None:
    """Write every prediction from a fit without its fold, with the interval from the other folds' residuals.

    Parameters
    ----------
    runs
        Runs left out.
    logs
        Logarithms of measured over predicted time.
    ends
        Low and high of measured over predicted time.
    """
    lines = ["id,measured_step_s,predicted_step_s,low_s,high_s"]
    for sample, log, (low, high) in sorted(zip(runs, logs, ends, strict=True), key=lambda entry: entry[0].row.run.id):
        time = sample.measured / float(np.exp(log))
        lines.append(f"{sample.row.run.id},{sample.measured:.6g},{time:.6g},{low * time:.6g},{high * time:.6g}")
    LEFT_OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _is_of_measured_family(sample: Sample) -> bool:
    return sample.ready.pool.accelerator.family in MEASURED_FAMILIES


def _is_plain(sample: Sample) -> bool:
    return sample.planned and sample.ready.model_kind == "dense" and number_format(sample.ready.job.precision).bits >= 8


def _difficulty(sample: Sample, values: Mapping[str, float]) -> float:
    """Difficulty of a sample with the fitted ``values``."""
    ready, facts = sample.ready, _facts()
    changed = {name: replace(getattr(facts, name), content=values[name]) for name in values if hasattr(facts, name)}
    hard = difficulty(
        ready.job, ready.pool, ready.chosen.plan, num_filled=len(ready.filled), facts=replace(facts, **changed)
    )
    return float(hard)


@cache
def _facts() -> IntervalFacts:
    return interval_facts()


def _value(text: str, name: str) -> float:
    value_match = re.search(rf"  {name}: {{value: ([-0-9.e]+)", text)
    if value_match is None:
        raise KeyError(name)
    return float(value_match[1])
