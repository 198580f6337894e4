"""The sizes of a run: devices, sequence length and batch, filled in where the row leaves them open."""

import math
from dataclasses import dataclass

from lindos.catalog.records import Stack
from lindos.problem.plan import AXES
from lindos.validation.refusal import NotPredictedError
from lindos.validation.run import Run
from lindos.validation.sources import Recipe

#: Usual length of a sequence in tokens, up to each year.
_SEQUENCE = ((2022, 2048), (2023, 4096), (2025, 8192))
#: Micro-batches per pipeline stage, and sequences per device, where the batch is not stated.
_ROUNDS, _SEQUENCES = 4, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Number of devices, tokens of a sequence and sequences of a step, and which of them were filled in."""

    num_devices: int
    sequence_length: int
    global_batch_size: int
    filled: tuple[str, ...]


def sizes_of(run: Run, stack: Stack, recipes: tuple[Recipe, ...], longest: int) -> Sizes:
    """Get the sizes of a run.

    Parameters
    ----------
    run
        The run.
    stack
        Software of the run.
    recipes
        What the recipes of the source fix.
    longest
        The model's longest sequence, in tokens.

    Raises
    ------
    NotPredictedError
        If the row states neither the number of devices nor the degrees that multiply to it.
    """
    filled: list[str] = []
    multiplied = [(name, axis) for name, axis in AXES.items() if axis.multiplies]
    degrees = [getattr(run, name) or (1 if axis.column_zero else None) for name, axis in multiplied]
    devices = run.num_devices
    if devices is None:
        if None in degrees:
            raise NotPredictedError("the row gives no number of devices")
        devices = math.prod(degree for degree in degrees if degree)
        filled.append(f"{devices:,} devices")
    length = run.sequence_length or next((r.sequence_length for r in recipes if r.sequence_length), None)
    if length is None:
        usual = next((tokens for year, tokens in _SEQUENCE if (run.year or 2024) <= year), 4096)
        length = min(usual, longest)
        filled.append(f"sequences of {length:,} tokens")
    batch = run.global_batch_size or next((r.global_batch_size for r in recipes if r.global_batch_size), None)
    if batch is None:
        devices_per_replica = math.prod(getattr(run, name) or 1 for name, _ in multiplied if name != "data_parallel")
        replicas = run.data_parallel or max(devices // devices_per_replica, 1)
        stages = run.pipeline_parallel or 1
        rounds = _ROUNDS * stages if stages > 1 else 1 if run.micro_batch_size else _SEQUENCES
        batch = replicas * (run.micro_batch_size or 1) * rounds
        filled.append(f"a batch of {batch:,} sequences")
    return Sizes(num_devices=devices, sequence_length=length, global_batch_size=batch, filled=tuple(filled))
