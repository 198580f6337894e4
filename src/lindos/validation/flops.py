"""Convert what a publisher measured to seconds of a step, by a fixed table of definitions of FLOPs."""

from typing import NamedTuple

from lindos.catalog.model import Model
from lindos.problem.plan import Recompute
from lindos.quantities import Flop
from lindos.transformer import model_flops_per_token, operators
from lindos.validation.predict import Prepared
from lindos.validation.run import Measurement, OneTime, Run


class Definition(NamedTuple):
    """How a publisher counts FLOPs; a phrase of its definition identifies it."""

    phrase: str
    full_mask: bool  # attention over the full mask, not the causal half
    hardware: bool  # recomputed FLOPs count
    mtp: bool = True


#: Narrow definitions come before wide ones; the first whose phrase occurs applies.
DEFINITIONS = (
    Definition("non-causal", True, False),
    Definition("causal attention halved", False, False),
    Definition("hardware", True, True),
    Definition("x4/3", True, True),
    Definition("predate the causal", True, False),
    Definition("narayanan", True, True),
    Definition("model flops / 312", True, False),  # Megatron's formula counts the full mask
    Definition("model flops / 989", True, False),
    Definition("megatron printed", True, False),
    Definition("megatron-lm printed", True, False),
    Definition("nemo formula", True, False),
    Definition("causal treatment not stated", True, False),  # NeMo's formula of that time counts the full mask
    Definition("palm definition", True, False),
    Definition("throughput", True, True),
)
#: Any other definition: model FLOPs over the full mask, by the usual formula of 6N plus attention.
DEFAULT = Definition("", True, False)


def definition_of(measurement: Measurement) -> Definition:
    """Get the definition of FLOPs that the measurement states, or `DEFAULT`.

    Parameters
    ----------
    measurement
        The measurement, with the publisher's words for its definition.
    """
    text = measurement.flops_definition.lower()
    return next((definition for definition in DEFINITIONS if definition.phrase in text), DEFAULT)


def counted_flops(model: Model, sequence_length: int, definition: Definition, recompute: Recompute) -> Flop:
    """Compute the FLOP per token that a definition counts.

    A count of hardware FLOPs under full recomputation includes the forward pass of all layers twice.

    Parameters
    ----------
    model
        Shape of the model.
    sequence_length
        In tokens.
    definition
        How the publisher counts.
    recompute
        Recomputation of the run.

    Returns
    -------
    float
        FLOP per token.
    """
    total = model_flops_per_token(model, sequence_length, full_mask=definition.full_mask)
    if definition.hardware and recompute is Recompute.FULL:
        rows = operators(model, sequence_length=sequence_length)
        layers = [row for row in rows if row.place == "layer"]
        total += sum(row.forward_flop_full_mask if definition.full_mask else row.forward_flop for row in layers)
    return total


def stated_time(measurement: Measurement, run: Run) -> OneTime | None:
    """Get the measured seconds of a step where the row alone determines them, else None.

    Parameters
    ----------
    measurement
        The measured value and its metric.
    run
        The run, whose sizes turn a rate into a time.

    Examples
    --------
    >>> from lindos.validation import read_runs
    >>> row = read_runs()[0]
    >>> round(stated_time(row.measurement, row.run), 2)
    10.42
    """
    value = measurement.value
    if value is None or measurement.metric == "step_time_s":
        return value
    sizes = (run.sequence_length, run.global_batch_size, run.num_devices)
    if measurement.metric != "tokens_per_s_per_gpu" or None in sizes:
        return None
    length, batch, devices = (float(size or 0) for size in sizes)
    return length * batch / (devices * value)


def measured_time(measurement: Measurement, ready: Prepared) -> tuple[OneTime | None, bool]:
    """Get the measured seconds of a step.

    Parameters
    ----------
    measurement
        The measured value and its metric.
    ready
        The run in the words of the step model, which supplies the sizes that the row leaves open.

    Returns
    -------
    time : float or None
        Seconds of a step; None where the row has no measurement.
    converted : bool
        Whether the time was converted from FLOPs by a definition.
    """
    value, batch = measurement.value, ready.sizes.global_batch_size
    if value is None or not measurement.metric:
        return None, False
    if measurement.metric == "step_time_s":
        return value, False
    tokens, devices = ready.sizes.sequence_length * batch, ready.sizes.num_devices
    if measurement.metric == "tokens_per_s_per_gpu":
        return tokens / (devices * value), False
    recompute = Recompute(int(ready.chosen.plan.recompute))
    flops = tokens * counted_flops(ready.job.model, ready.sizes.sequence_length, definition_of(measurement), recompute)
    rate = value * 1e12
    if measurement.metric == "mfu":
        share = value / 100 if value > 1 else value
        rate = share * float(ready.pool.accelerator.peak(_peak_precision(measurement, ready)).value)
    return float(flops / (devices * rate)), True


def _peak_precision(measurement: Measurement, ready: Prepared) -> str:
    """Precision whose peak the publisher divides by: BF16 where the definition names its peak."""
    text = measurement.flops_definition
    return "bf16" if any(peak in text for peak in ("312", "989", "2450")) else ready.job.precision
