"""A training job: model, batch, precision and software."""

from dataclasses import dataclass, replace

from lindos.catalog.model import Model
from lindos.catalog.records import Stack
from lindos.quantities import Bytes, Flop, Seconds, Tokens

#: Effect of a failure: ``restart`` stops the whole job, ``replica`` removes one data-parallel replica for some time.
RECOVERIES = ("restart", "replica")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work of one optimiser step. ``global_batch_size`` is in sequences; None stands for the critical batch."""

    model: Model
    sequence_length: int
    precision: str  # one of `lindos.formats.TRAINING`; lindos.step says which operators stay in BF16
    stack: Stack
    global_batch_size: int | None = None
    state_bytes: Bytes = 12.0  # of the optimizer for a parameter: FP32 master weight and two moments
    adapter_rank: int = 0  # of adapters beside frozen weights; 0: all weights are trained
    any_software: bool = False  # whether a search also considers plans that the stack does not ship


def stack_for(stack: Stack, model: Model) -> Stack:
    """Get a profile of software as it trains a model: a compiler that leaves experts out leaves all layers eager.

    Parameters
    ----------
    stack
        Software profile.
    model
        Shape of the transformer.
    """
    if not model.num_experts or stack.compiles_experts or not stack.compiled:
        return stack
    return replace(stack, compiled=False, fused_norms=False, fused_activations=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """End of a campaign: exactly one of tokens, training FLOP, or a duration in which to train as much as possible."""

    tokens: Tokens | None = None
    training_flop: Flop | None = None
    duration: Seconds | None = None
    training_flop_low: Flop | None = None
    training_flop_high: Flop | None = None
    label: str = ""
