"""Fit the serving engine: ``python fit/serving.py``.

Kernels are fitted to measured kernels (extra ``fit``), then the profiles of serving software to measured runs. Writes
``parameters_serving.yaml`` of the catalogue, and predictions of fits that left out the run's group of model and GPU
into ``docs/left-out-serving.csv``.
"""

import sys
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import least_squares

import serving_kernels
from lindos.catalog import load_catalog
from lindos.errors import LindosError
from lindos.fleet.closed_loop import Machine, closed_loop, offline
from lindos.fleet.machines import SOFTWARE, rates_of, unit_of
from lindos.fleet.rates import Kernels, Rates, Software
from lindos.validation.refusal import NotPredictedError
from lindos.validation.serving import predict as predicting
from lindos.validation.serving.condition import MEMORY_SHARE, condition_of, shape_word
from lindos.validation.serving.rows import ServingRow, read_serving
from lindos.validation.serving.score import condition
from measured import Error, tables_folder

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "src/lindos/catalog/data/parameters_serving.yaml"
PAGE = ROOT / "docs/explanation/fleet.md"
LEFT_OUT = ROOT / "docs/left-out-serving.csv"
#: Start, least and most of each number of a software profile.
PROFILE: Mapping[str, tuple[float, float, float]] = {
    "step": (1e-3, 1e-4, 5e-3),
    "sequence": (2e-6, 1e-7, 2e-5),
    "layer": (8e-6, 1e-6, 4e-5),
    "quantised_layer": (3e-6, 1e-7, 3e-5),
    "blocked_layer": (3e-6, 1e-7, 8e-5),
    "expert_layer": (5e-6, 1e-7, 8e-5),
    "latent_layer": (5e-6, 1e-7, 8e-5),
    "product": (1.0, 0.6, 2),
    "expert": (0.9, 0.3, 3),
    "core": (0.9, 0.3, 3),
    "exchange": (1.0, 0.3, 4),
    "prompt": (1.0, 0.4, 3),
    "interference": (0.9, 0.3, 1.5),
    "arrival": (0.04, 1e-3, 0.5),
    "waiting": (1.0, 0.05, 20),
}
#: Kernels that runs may move from what the tables of lone kernels say, and how tightly they are drawn to it.
MOVED = (
    *("product_read", "product_launch", "expert_launch", "expert_read", "expert_rate"),
    *("core_read", "core_rate", "latent_rate", "reduce_latency", "reduce_share"),
)
TIE_KERNEL = 3.0
TIMES = ("step", "sequence", "layer", "arrival")
#: How tightly profiles are drawn to their mean, and the mean to its start: a quarter of the rows of one group.
TIE_TIME, TIE_SHARE, TIE_MEAN = 8.0, 12.0, 0.5
FOLDS = 6
ROUNDS, FOLD_ROUNDS = 14, 8
#: Times to the first token vary more than those of a token, and rows apart state less of their plan.
FIRST_WEIGHT, APART_WEIGHT = 0.25, 0.5


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one model in one format under one software, as arrays."""

    places: np.ndarray
    software: str
    is_loop: bool
    work: Any
    setup: Any
    rates: Rates
    families: np.ndarray  # 0 for a family of FAMILIES, and so on; -1 for another
    numbers: Mapping[str, np.ndarray]
    devices: tuple[str, ...]


def prepared(rows: Sequence[ServingRow], chosen: Mapping[int, int] | None) -> list[Group]:
    """Group the rows that a fit can use.

    Parameters
    ----------
    rows
        Rows of all files.
    chosen
        The setup that each row takes; the first of its condition where left out.
    """
    catalog = load_catalog()
    gathered: dict[Any, list[Any]] = defaultdict(list)
    for index, row in enumerate(rows):
        try:
            condition = condition_of(row.run, catalog)
            candidates = predicting.candidates(index, row.run, condition)
            rates_of(catalog, catalog.accelerator(condition.accelerator))
        except (NotPredictedError, LindosError):
            continue
        if np.isfinite(candidates[0].limit):
            continue
        candidate = candidates[(chosen or {}).get(index, 0)]
        gathered[condition.work, condition.software, bool(candidate.in_flight)].append((index, condition, candidate))
    return [_group(catalog, key, members) for key, members in gathered.items()]


def _group(catalog: Any, key: Any, members: Sequence[Any]) -> Group:
    work, software, is_loop = key
    devices = [catalog.accelerator(condition.accelerator) for _, condition, _ in members]
    names = list(serving_kernels.FAMILIES)
    return Group(
        places=np.array([index for index, _, _ in members]),
        software=software,
        is_loop=is_loop,
        work=work,
        setup=predicting.joined([candidate.setup for _, _, candidate in members]),
        rates=predicting.joined([rates_of(catalog, device) for device in devices]),
        families=np.array([names.index(d.family) if d.family in names else -1 for d in devices]),
        numbers={
            name: np.array([getattr(candidate, name) for _, _, candidate in members], dtype=float)
            for name in ("prompt", "answer", "cached", "in_flight", "most")
        },
        devices=tuple(device.name for device in devices),
    )


class Model:
    """The engine as a function of the fitted numbers."""

    def __init__(self, groups: Sequence[Group], kernels: Mapping[str, Mapping[str, float]], total: int) -> None:
        self.groups, self.total = groups, total
        families = list(kernels)
        mean = {n: float(np.exp(np.mean([np.log(kernels[f][n]) for f in families]))) for n in kernels[families[0]]}
        self.kernels = [*(dict(kernels[family]) for family in families), mean]
        self.names = list(PROFILE)
        start, least, most = (np.log([PROFILE[n][place] for n in self.names]) for place in range(3))
        count, moved = len(self.names), len(MOVED) * len(families)
        self.start = np.concatenate([start, np.zeros(count * len(SOFTWARE)), np.zeros(moved)])
        wide = 4.0
        self.least = np.concatenate([least, np.full(len(self.start) - count, -wide)]) - 1e-9
        self.most = np.concatenate([most, np.full(len(self.start) - count, wide)]) + 1e-9
        self.limits = least, most
        tie = [TIE_TIME if name in TIMES else TIE_SHARE for name in self.names]
        self.ties = np.concatenate([np.full(count, TIE_MEAN), *[tie] * len(SOFTWARE), np.full(moved, TIE_KERNEL)])

    def profiles(self, x: np.ndarray) -> dict[str, dict[str, float]]:
        """Numbers of every software."""
        count = len(self.names)
        made: dict[str, dict[str, float]] = {}
        for number, software in enumerate(SOFTWARE):
            logs = x[:count] + x[count * (number + 1) : count * (number + 2)]
            values = np.exp(np.clip(logs, *self.limits))
            made[software] = dict(zip(self.names, map(float, values), strict=True))
        return made

    def moved_kernels(self, x: np.ndarray) -> list[dict[str, float]]:
        """Kernels of every family as runs move them, and their mean."""
        families = len(self.kernels) - 1
        shifts = x[len(self.names) * (len(SOFTWARE) + 1) :].reshape(families, len(MOVED))
        made = []
        for values, shift in zip(self.kernels[:-1], shifts, strict=True):
            moved = {name: values[name] * float(np.exp(log)) for name, log in zip(MOVED, shift, strict=True)}
            shares = {name: min(value, 1.0) for name, value in moved.items() if name.endswith(("_read", "_share"))}
            made.append({**values, **moved, **shares})
        mean = {n: float(np.exp(np.mean([np.log(kernels[n]) for kernels in made]))) for n in made[0]}
        return [*made, mean]

    def predict(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Time of a token, to the first (median and mean), and throughput of a device, of every row."""
        profiles, kernels = self.profiles(x), self.moved_kernels(x)
        out = {name: np.full(self.total, np.nan) for name in ("token", "first", "first_mean", "throughput")}
        for group in self.groups:
            machine = Machine(
                rates=group.rates,
                kernels=Kernels(**{n: self._by_family(kernels, n, group) for n in kernels[0]}),
                software=Software(**profiles[group.software]),
                memory_share=MEMORY_SHARE,
            )
            numbers = group.numbers
            lengths = {name: numbers[name] for name in ("prompt", "answer", "cached")}
            if group.is_loop:
                loop = closed_loop(group.work, group.setup, machine, in_flight=numbers["in_flight"], **lengths)
            else:
                loop = offline(group.work, group.setup, machine, most=numbers["most"], **lengths)
            for name in out:
                out[name][group.places] = getattr(loop, name)
            out["throughput"][group.places] /= group.setup.size
        return out

    def machines(self, x: np.ndarray) -> predicting.Machines:
        """What an engine on a device is made of under the numbers ``x``, as validation asks for it."""
        catalog, profiles, kernels = load_catalog(), self.profiles(x), self.moved_kernels(x)
        names = list(serving_kernels.FAMILIES)

        @lru_cache(maxsize=256)
        def made(accelerator: str, software: str) -> Machine:
            device = catalog.accelerator(accelerator)
            of_family = kernels[names.index(device.family) if device.family in names else -1]
            return Machine(
                rates=rates_of(catalog, device),
                kernels=Kernels(**of_family),
                software=Software(**profiles[software]),
                memory_share=MEMORY_SHARE,
            )

        return made

    @staticmethod
    def _by_family(values: Sequence[Mapping[str, float]], name: str, group: Group) -> np.ndarray:
        return np.array([member[name] for member in values])[group.families]


def targets(rows: Sequence[ServingRow]) -> dict[str, np.ndarray]:
    """What was measured, by metric; not a number where a row has none.

    Parameters
    ----------
    rows
        Rows of all files.
    """
    none = float("nan")
    return {
        "token": np.array([row.measured.token or none for row in rows]),
        "first": np.array([(row.measured.first or none) if not row.measured.first_is_mean else none for row in rows]),
        "first_mean": np.array([(row.measured.first or none) if row.measured.first_is_mean else none for row in rows]),
        "throughput": np.array(
            [
                (row.measured.throughput or none) if row.measured.metric.startswith(("output", "tokens")) else none
                for row in rows
            ]
        ),
    }


def weights(rows: Sequence[ServingRow]) -> np.ndarray:
    """Weight of every row: conditions count once.

    Parameters
    ----------
    rows
        Rows of all files.
    """
    keys = [condition(row) for row in rows]
    counts: dict[Any, int] = defaultdict(int)
    for key in keys:
        counts[key] += 1
    apart = np.array([APART_WEIGHT if row.run.apart else 1.0 for row in rows])
    return apart / np.sqrt([counts[key] for key in keys])


def fit(
    model: Model,
    measured: Mapping[str, np.ndarray],
    weight: np.ndarray,
    used: np.ndarray,
    rounds: int,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """Fit the profiles to the rows that ``used`` selects.

    Parameters
    ----------
    model
        The engine.
    measured
        What was measured.
    weight
        Weight of every row.
    used
        Rows of the fit.
    rounds
        Most evaluations of the gradient.
    start
        Where to start.
    """
    scale = {"token": 1.0, "first": FIRST_WEIGHT, "first_mean": FIRST_WEIGHT, "throughput": 1.0}

    def residuals(x: np.ndarray) -> np.ndarray:
        predicted = model.predict(x)
        parts = []
        for name, share in scale.items():
            ratio = np.log(predicted[name] / measured[name])
            chosen = used & np.isfinite(ratio)
            parts.append(np.where(chosen, share * weight * np.where(chosen, ratio, 0.0), 0.0))
        return np.concatenate([*parts, model.ties * (x - model.start)])

    solution = least_squares(
        residuals,
        model.start if start is None else start,
        bounds=(model.least, model.most),
        loss="soft_l1",
        f_scale=0.08,
        max_nfev=rounds,
    )
    return np.asarray(solution.x)


def report(
    label: str, predicted: Mapping[str, np.ndarray], measured: Mapping[str, np.ndarray], mask: np.ndarray
) -> None:
    """Print errors by metric.

    Parameters
    ----------
    label
        What they are errors of.
    predicted, measured
        By metric.
    mask
        Rows that count.
    """
    for name, values in measured.items():
        ratio = (predicted[name] / values)[mask]
        ratio = ratio[np.isfinite(ratio)]
        if len(ratio):
            size = np.abs(ratio - 1)
            print(
                f"{label:24s} {name:10s} {len(ratio):5d} median {np.median(size):.3f} p90 {np.quantile(size, 0.9):.3f}"
                f" bias {np.median(ratio) - 1:+.3f}",
                flush=True,
            )


def folds(rows: Sequence[ServingRow]) -> np.ndarray:
    """Fold of every row: all rows of a model on a device are in one.

    Parameters
    ----------
    rows
        Rows of all files.
    """
    names = [f"{shape_word(row.run.model_name)} {row.run.accelerator}" for row in rows]
    return np.array([zlib.crc32(name.encode()) % FOLDS for name in names])


def left_out(
    model: Model, measured: Mapping[str, np.ndarray], weight: np.ndarray, rows: Sequence[ServingRow]
) -> dict[str, np.ndarray]:
    """Predict every row by a fit without all rows of its model on its device, which starts from nothing fitted.

    Parameters
    ----------
    model
        The engine.
    measured, weight
        Of every row.
    rows
        Rows of all files.
    """
    fold = folds(rows)
    out = {name: np.full(len(rows), np.nan) for name in measured}
    for number in range(FOLDS):
        x = fit(model, measured, weight, fold != number, FOLD_ROUNDS)
        tests = np.flatnonzero(fold == number)
        predicted = predicted_by(model, x, [rows[index] for index in tests])
        for name in out:
            out[name][tests] = predicted[name]
        print(f"fold {number + 1} of {FOLDS}", flush=True)
    return out


def predicted_by(model: Model, x: np.ndarray, rows: Sequence[ServingRow]) -> dict[str, np.ndarray]:
    """Predict rows as validation does: of what a row leaves open, the engine with the most throughput.

    Parameters
    ----------
    model
        The engine.
    x
        Its fitted numbers.
    rows
        Rows to predict.
    """
    predictions = predicting.predict_serving([row.run for row in rows], load_catalog(), model.machines(x))
    return {
        name: np.array([np.nan if (value := getattr(p, name)) is None else value for p in predictions], dtype=float)
        for name in ("token", "first", "first_mean", "throughput")
    }


def choices(model: Model, x: np.ndarray, rows: Sequence[ServingRow]) -> dict[int, int]:
    """Choose the setup of every row whose plan is not stated: that with the most throughput under the numbers ``x``.

    Parameters
    ----------
    model
        The engine.
    x
        Its numbers; no measured run enters those that it starts from.
    rows
        Rows of all files.
    """
    predictions = predicting.predict_serving([row.run for row in rows], load_catalog(), model.machines(x))
    return {
        index: prediction.condition.setups.index(prediction.setup)
        for index, prediction in enumerate(predictions)
        if prediction.condition is not None and prediction.setup is not None
    }


def main() -> None:
    """Fit, leave out, and write."""
    folder = tables_folder()
    if folder is None:
        sys.exit("The measured tables are not installed: pip install -e '.[fit]'.")
    rows = read_serving()
    fitted = {family: serving_kernels.fit_family(folder, family) for family in serving_kernels.FAMILIES}
    kernels = {family: values for family, (values, _) in fitted.items()}
    first = Model(prepared(rows, None), kernels, len(rows))
    model = Model(prepared(rows, choices(first, first.start, rows)), kernels, len(rows))
    measured, weight, every = targets(rows), weights(rows), np.ones(len(rows), bool)
    x = fit(model, measured, weight, every, ROUNDS)
    report("fitted", predicted_by(model, x, rows), measured, every)
    blind = left_out(model, measured, weight, rows)
    apart = np.array([row.run.apart for row in rows])
    for label, mask in (("left out", every), ("left out, together", ~apart), ("left out, apart", apart)):
        report(label, blind, measured, mask)
    ends = intervals(blind, measured, apart)
    FILE.write_text(catalogue(model, x, ends), encoding="utf-8")
    write_left_out(rows, blind, measured)
    write_errors([error for _, errors in fitted.values() for error in errors])


def intervals(
    blind: Mapping[str, np.ndarray], measured: Mapping[str, np.ndarray], apart: np.ndarray
) -> dict[str, float]:
    """Ends of 80 % of measured over predicted, by metric and by whether prompts have engines of their own.

    Parameters
    ----------
    blind
        Predictions of fits without the row.
    measured
        What was measured.
    apart
        Whether prompts have engines of their own.
    """
    names = {"tpot": ("token",), "ttft": ("first", "first_mean"), "throughput": ("throughput",)}
    ends: dict[str, float] = {}
    for metric, parts in names.items():
        for place, mask in (("together", ~apart), ("apart", apart)):
            ratio = np.concatenate([(measured[part] / blind[part])[mask] for part in parts])
            ratio = ratio[np.isfinite(ratio)]
            if not len(ratio):  # no row of this kind: as wide as the others
                ratio = np.concatenate([measured[part] / blind[part] for part in parts])
                ratio = ratio[np.isfinite(ratio)]
            low, high = np.quantile(ratio, [0.1, 0.9])
            ends |= {f"{metric}_{place}_low": float(low), f"{metric}_{place}_high": float(high)}
    return ends


def catalogue(model: Model, x: np.ndarray, ends: Mapping[str, float]) -> str:
    """The YAML of kernels, software and intervals.

    Parameters
    ----------
    model
        The engine.
    x
        Its fitted numbers.
    ends
        Ends of the intervals.
    """
    lines = [
        "# Serving kernels and software, and residuals of runs left out. Written by fit/serving.py: change the fit.",
    ]
    names = [*serving_kernels.FAMILIES, "mean"]
    for family, values in zip(names, model.moved_kernels(x), strict=True):
        lines += ["", f"serving_kernels_{family}:"]
        lines += [line(name, value, Kernels, "aiconfigurator_core") for name, value in values.items()]
    for software, values in model.profiles(x).items():
        lines += ["", f"serving_{software}:"]
        lines += [line(name, value, Software, "inf_silicon_sample") for name, value in values.items()]
    low, high = ends["tpot_together_low"], ends["tpot_together_high"]
    lines += [
        "",
        "serving_interval:",
        f'  error: {{value: 1, low: {min(low, 0.99):.4g}, high: {max(high, 1.01):.4g}, unit: "1", bounds: [0.01, 100], '
        'source: inf_silicon_sample, estimate: true, note: "measured over predicted time of a token, of runs whose '
        'model on that GPU no fit had seen: ends of 80 %"}',
    ]
    lines += [
        f'  {name}: {{value: {value:.4g}, unit: "1", bounds: [0.001, 1000], source: inf_silicon_sample}}'
        for name, value in ends.items()
    ]
    return "\n".join(lines) + "\n"


def line(name: str, value: float, record: type, source: str) -> str:
    """One line of YAML.

    Parameters
    ----------
    name
        Name of the field.
    value
        Its value in SI.
    record
        The record that has the field.
    source
        Where it is from.
    """
    unit = unit_of(record, name)
    if unit == "s":
        return f"  {name}: {{value: {value * 1e6:.4g} us, unit: s, bounds: [0 s, 10 s], source: {source}}}"
    if unit == "B":
        return f"  {name}: {{value: {value * 1e-6:.4g} MB, unit: B, bounds: [1 kB, 1 GB], source: {source}}}"
    return f'  {name}: {{value: {value:.4g}, unit: "1", bounds: [0.0001, 10000], source: {source}}}'


def write_left_out(
    rows: Sequence[ServingRow], blind: Mapping[str, np.ndarray], measured: Mapping[str, np.ndarray]
) -> None:
    """Write the predictions of fits that had not seen the model on the device.

    Parameters
    ----------
    rows
        Rows of all files.
    blind, measured
        By metric.
    """
    lines = ["id,metric,measured,predicted"]
    for index, row in enumerate(rows):
        for name in ("token", "first", "first_mean", "throughput"):
            pair = measured[name][index], blind[name][index]
            if np.isfinite(pair[0]):
                predicted = f"{pair[1]:.5g}" if np.isfinite(pair[1]) else ""
                lines.append(f"{row.run.id},{name},{pair[0]:.5g},{predicted}")
    LEFT_OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_errors(errors: Sequence[Error]) -> None:
    """Write the table of errors of kernels into the document.

    Parameters
    ----------
    errors
        Errors on kernels left out.
    """
    table = [
        "| kernels | device | tables | left out | median | 90th percentile |",
        "|---|---|---|---:|---:|---:|",
        *(f"| {e.operator} | {e.device} | {e.table} | {e.kernels:,} | {e.median:.1%} | {e.p90:.1%} |" for e in errors),
    ]
    text = PAGE.read_text(encoding="utf-8")
    head, marker, rest = text.partition("<!-- serving kernels -->\n")
    _, end, tail = rest.partition("<!-- end -->")
    PAGE.write_text(head + marker + "\n".join(table) + "\n" + end + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
