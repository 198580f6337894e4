"""A training job: which model, on what tokens, in which precision, under which software."""

from dataclasses import dataclass

from lindos.catalog.model import Model
from lindos.catalog.records import Stack
from lindos.quantities import Flop, Seconds, Tokens

#: What a failure does: ``restart`` stops the whole job, ``replica`` takes one data-parallel replica out for a while.
RECOVERIES = ("restart", "replica")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One optimiser step's work. ``global_batch_size`` is in sequences; None asks for the critical batch."""

    model: Model
    sequence_length: int
    precision: str  # one of `lindos.formats.TRAINING`; what each keeps in BF16 is said in lindos.step
    stack: Stack
    global_batch_size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """When a campaign is done: exactly one of tokens, training FLOP, or a duration to make the most of."""

    tokens: Tokens | None = None
    training_flop: Flop | None = None
    duration: Seconds | None = None
    training_flop_low: Flop | None = None
    training_flop_high: Flop | None = None
    label: str = ""
