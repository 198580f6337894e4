"""What a run states of its software's memory and recomputation, over the profile of that software."""

from dataclasses import replace
from typing import Any

from lindos.catalog.records import Stack
from lindos.errors import InputError
from lindos.step.selective import modules_of
from lindos.validation.refusal import NotPredictedError
from lindos.validation.run import Run

#: Kernels of attention that write the matrix of scores to memory.
_UNFUSED = ("torch", "fused-megatron")
#: Containers that run on Blackwell are of 2025 at least, and their grouped products take 8 bits.
_BLACKWELL = ("B200", "B300", "GB200", "GB300")


def with_stated_facts(stack: Stack, run: Run) -> Stack:
    """Change a profile of software as a run states it.

    Parameters
    ----------
    stack
        Profile of the run's software.
    run
        The run; what it leaves blank is that of the profile.

    Raises
    ------
    NotPredictedError
        If it recomputes modules that Lindos does not know.
    """
    changes: dict[str, Any] = {}
    if run.attention_kernel:
        changes["fused_attention"] = run.attention_kernel not in _UNFUSED
    if run.is_compiled:
        changes |= {"fused_norms": True, "fused_activations": True}
        if stack.loss == "torch":
            changes["loss"] = "vocabulary-parallel"
    if stack.experts_in_bf16 and run.accelerator.upper().startswith(_BLACKWELL):
        changes["experts_in_bf16"] = False
    if run.norm_kernel:
        changes["fused_norms"] = run.norm_kernel == "fused"
    if run.recompute_modules:
        try:
            changes["selective"] = ",".join(modules_of(run.recompute_modules))
        except InputError as error:
            raise NotPredictedError("recomputation that Lindos does not model", str(error)) from None
    return replace(stack, **changes) if changes else stack
