"""Write fitted values into the files of the catalogue, line by line, so that their comments stay."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import lindos
from lindos.formats import number_format
from lindos.step.interval import MEASURED_FAMILIES, IntervalFacts, difficulty, interval_facts
from lindos.validation.fitting import Sample

DATA = Path(lindos.__file__).parent / "catalog" / "data"
#: Sources of most of the runs that a profile's numbers are fitted to.
SOURCES = {
    "megatron-core-2025": "dgxc_benchmarking, nemo_performance, megatron_lm",
    "megatron-core": "megatron_bridge_performance, megatron_model_zoo, dgxc_benchmarking",
    "nemo-mlperf": "mlperf_training",
    "megatron-2021": "megatron_sc21, zero_bubble, nemo_launcher",
    "megatron-2023": "internevo_performance, nemo_launcher, zero_bubble",
    "megatron-deepspeed": "bigscience_chronicles, pythia_paper, megatron_sc21",
    "pytorch-parallel": "layouts_study, nanotron_bench, colossal_ai",
    "fsdp": "llmfoundry_benchmarks, torchtitan_performance, torchao_training, kempnerforge_mfu",
    "maxtext": "maxtext, tpu_recipes, mlperf_training",
    "xla-gpu": "maxtext, dgxc_benchmarking, gpu_recipes",
}
#: Predictions from fits without the fold of the run; the documents read them.
LEFT_OUT = Path(__file__).parent.parent / "docs" / "left-out-runs.csv"
#: Least and largest addition of one kind of distance to the difficulty.
LEAST, MOST = 0.05, 2.0
#: Power of the number of runs of a source by which each of them counts less in the quantiles.
_DISCOUNT = 0.7
#: The same power among mixtures of experts, of which there are few sources: the widest would decide otherwise.
_KIND_DISCOUNT = 0.1
#: Fewest runs of a kind of distance that say how far it lies.
_FEWEST = 5


def write_stacks(values: Mapping[str, float], over_fits: Sequence[Mapping[str, float]], paths: Sequence[str]) -> None:
    """Write fitted values with their range over the fits into ``stacks.yaml``.

    Parameters
    ----------
    values
        Fitted values by path in the catalogue, in SI.
    over_fits
        The same, fitted without each source.
    paths
        Paths of the values of stacks.
    """
    path = DATA / "stacks.yaml"
    text = path.read_text(encoding="utf-8")
    for full in paths:
        _, stack, name = full.split(".")
        spread = [values[full], *(fit[full] for fit in over_fits)]
        unit = " s" if name.endswith("_time") else ""
        low, high = min(spread), max(spread)
        line = (
            f"  {name}: {{value: {values[full]:.3g}{unit}, low: {low:.3g}{unit}, high: {high:.3g}{unit}, "
            f'source: [{SOURCES[stack]}], estimate: true, note: "fitted to measured runs; range over fits that leave '
            'out a source"}'
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
            units = {
                "step_overhead": (1e3, " ms"),
                "launch_time": (1e6, " us"),
                "routing_time": (1e3, " ms"),
                "blackwell_energy": (1e12, "e-12 J"),
            }
            factor, unit = units.get(name, (1.0, ""))
            amount = f"{factor * value:.3g}{unit}" if factor * value > 1e-3 else "0.0"
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

    Runs of large sources count less, between one run one voice and one source one voice.

    Parameters
    ----------
    runs
        Measured runs, each predicted without its source.
    logs
        Logarithms of measured over predicted time.

    Returns
    -------
    dict
        Values of the parameters ``intervals.*``.
    """
    names = [sample.source for sample in runs]
    weight, even = (np.array([names.count(name) ** -d for name in names]) for d in (_DISCOUNT, _KIND_DISCOUNT))
    size = np.abs(logs)
    kinds = {
        "interval_moe": [s.ready.model_kind == "moe" for s in runs],
        "interval_family": [not _is_of_measured_family(s) for s in runs],
        "interval_precision": [number_format(s.ready.job.precision).bits < 8 for s in runs],
    }
    plain = ~np.any([kinds[name] for name in kinds], axis=0)
    base = float(_quantile(size[plain], weight[plain], 0.8))
    values: dict[str, float] = {"interval_filled": 0.0}
    for name, chosen in kinds.items():
        members = np.array(chosen) & (np.sum([kinds[other] for other in kinds], axis=0) == 1)
        if members.sum() >= _FEWEST:
            if name == "interval_moe":
                wide = _quantile(size[members], even[members], 0.8)
            else:  # sources are the units, and few have such a device or precision
                few = len({source for source, is_member in zip(names, members, strict=True) if is_member})
                wide = _quantile(size[members], weight[members], min(0.8 * (few + 1) / few, 0.95))
            values[name] = float(np.clip(wide / base - 1, LEAST, MOST))
        else:
            values[name] = _value(name)
    scaled = logs / np.array([_difficulty(sample, values) for sample in runs])
    rank = 0.9 * (len(set(names)) + 0.5) / len(set(names))  # sources are the units, of which there are few
    ends = [np.exp(_quantile(scaled, weight, end)) for end in (1 - rank, rank)]
    return values | {"interval_low": float(min(ends[0], 0.99)), "interval_high": float(max(ends[1], 1.01))}


def _quantile(values: np.ndarray, weight: np.ndarray, rank: float) -> float:
    """The quantile of values that count by weights."""
    order = np.argsort(values)
    share = np.cumsum(weight[order]) - weight[order] / 2
    return float(np.interp(rank * weight.sum(), share, values[order]))


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


def write_left_out(tables: Mapping[str, Sequence[Any]]) -> None:
    """Write every prediction of a fit that has not seen its run, with its interval where it has one.

    Parameters
    ----------
    tables
        Predictions by what was left out.
    """
    lines = ["left_out,id,measured_step_s,predicted_step_s,low_s,high_s"]
    for name, predictions in tables.items():
        for prediction in sorted(predictions, key=lambda entry: str(entry.sample.run.id)):
            measured = prediction.sample.measured
            time = measured / float(np.exp(prediction.log))
            ends = [f"{end * time:.6g}" if end else "" for end in (prediction.low, prediction.high)]
            quoted = f'"{name}"' if "," in name else name
            lines.append(f"{quoted},{prediction.sample.run.id},{measured:.6g},{time:.6g},{ends[0]},{ends[1]}")
    LEFT_OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _is_of_measured_family(sample: Sample) -> bool:
    return sample.ready.pool.accelerator.family in MEASURED_FAMILIES


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


def _value(name: str) -> float:
    text = (DATA / "parameters_intervals.yaml").read_text(encoding="utf-8")
    value_match = re.search(rf"  {name}: {{value: ([-0-9.e]+)", text)
    if value_match is None:
        raise KeyError(name)
    return float(value_match[1])
