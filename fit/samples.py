"""Published runs as samples of a fit, and their folds."""

from collections.abc import Iterable, Sequence
from importlib.resources import files

from lindos.catalog import load_catalog
from lindos.errors import LindosError
from lindos.step import load_assumptions
from lindos.validation import parse_runs, read_runs
from lindos.validation.fitting import Sample
from lindos.validation.flops import measured_time
from lindos.validation.predict import prepare
from lindos.validation.refusal import NotPredictedError

#: Fields that a row must state for the score by model and accelerator.
PLANNED = (
    *("num_layers", "hidden_size", "num_attention_heads", "sequence_length", "precision", "num_devices"),
    *("tensor_parallel", "pipeline_parallel", "data_parallel", "micro_batch_size", "global_batch_size"),
)


def samples() -> list[Sample]:
    """Prepare every shipped run with a measured time."""
    catalog = load_catalog()
    assumptions = load_assumptions(catalog)
    runs = []
    for row in read_runs():
        try:
            ready = prepare(row.run, catalog, assumptions)
        except (NotPredictedError, LindosError):
            continue
        measured, _ = measured_time(row.measurement, ready)
        if measured is not None:
            runs.append(Sample(row.run, ready, float(measured)))
    return runs


def planned(runs: Sequence[Sample]) -> list[Sample]:
    """Choose the runs of vendors and frameworks whose rows state all that a plan needs, on all devices but TPU.

    Parameters
    ----------
    runs
        Runs to choose from.
    """
    name = "training_runs.csv"
    rows = parse_runs(files("lindos.validation").joinpath(name).read_bytes(), name)
    stated = {row.run.id for row in rows if all(getattr(row.run, field) for field in PLANNED)}
    return [sample for sample in runs if sample.run.id in stated and not sample.run.accelerator.startswith("TPU")]


def pair(sample: Sample) -> tuple[str, str]:
    """Get the model and the accelerator of a run.

    Parameters
    ----------
    sample
        The run.
    """
    return sample.run.model_name, sample.run.accelerator


def folds(runs: Sequence[Sample], number: int = 5) -> list[list[Sample]]:
    """Divide runs into folds of about equal size, deterministically; a pair of model and accelerator is in one fold.

    Parameters
    ----------
    runs
        Runs to divide.
    number
        Number of folds.
    """
    groups: dict[tuple[str, str], list[Sample]] = {}
    for sample in runs:
        groups.setdefault(pair(sample), []).append(sample)
    parts: list[list[Sample]] = [[] for _ in range(number)]
    for _, members in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        min(parts, key=len).extend(members)
    return parts


def without(runs: Iterable[Sample], left_out: Iterable[Sample]) -> list[Sample]:
    """Leave some runs out, and with them all runs of their models on their accelerators.

    Parameters
    ----------
    runs
        Runs to choose from.
    left_out
        Runs to leave out.
    """
    pairs = {pair(sample) for sample in left_out}
    return [sample for sample in runs if pair(sample) not in pairs]
