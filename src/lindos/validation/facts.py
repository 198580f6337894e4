"""What a run states of its software's memory and recomputation, over the profile of that software."""

from dataclasses import replace
from typing import Any

from lindos.catalog.records import Stack
from lindos.errors import InputError
from lindos.step.selective import modules_of
from lindos.validation.refusal import NotPredictedError
from lindos.validation.run import Run
from lindos.validation.sources import Recipe

#: Containers that run on Blackwell are of 2025 at least, and their grouped products take 8 bits.
_BLACKWELL = ("B200", "B300", "GB200", "GB300")
#: Year from which FlashAttention means its second version; it was published in July 2023.
_SECOND_FLASH = 2024
#: What a compiler fuses, and what PyTorch leaves apart without it.
_COMPILED = {"compiled": True, "fused_norms": True, "fused_activations": True}
_EAGER = {"compiled": False, "fused_norms": False, "fused_activations": False, "loss": "torch"}


def with_stated_facts(stack: Stack, run: Run, recipes: tuple[Recipe, ...] = ()) -> tuple[Stack, tuple[str, ...]]:
    """Change a profile of software as a run states it.

    Parameters
    ----------
    stack
        Profile of the run's software.
    run
        The run; what it leaves blank is that of its recipe or of the profile.
    recipes
        What the recipes of the source fix.

    Returns
    -------
    stack : Stack
        The profile as the run used it.
    filled : tuple of str
        Defaults of the software of its year that were taken, in words.

    Raises
    ------
    NotPredictedError
        If it recomputes modules that Lindos does not know.
    """
    changes: dict[str, Any] = {}
    filled = []
    if run.attention_kernel:
        is_first = (run.software_year or run.year or _SECOND_FLASH) < _SECOND_FLASH
        flash = "flash-1" if is_first else "flash-2"
        changes["attention"] = flash if run.attention_kernel == "flash" else run.attention_kernel
    elif stack.attention != "device":
        filled.append(f"attention by {stack.attention}")
    if run.is_compiled:
        changes |= _COMPILED
        if stack.loss == "torch":
            changes["loss"] = "vocabulary-parallel"
    elif run.is_compiled is False and stack.compiled:
        changes |= _EAGER
    if run.has_graphs is not None:
        changes["has_graphs"] = run.has_graphs
    if stack.experts_in_bf16 and run.accelerator.upper().startswith(_BLACKWELL):
        changes["experts_in_bf16"] = False
    if run.norm_kernel:
        changes["fused_norms"] = run.norm_kernel == "fused"
    recipe = next((recipe for recipe in recipes if recipe.recompute_modules), None)
    modules = run.recompute_modules or (recipe.recompute_modules if recipe else "")
    if recipe and not run.recompute_modules:
        filled.append(recipe.why)
    if modules:
        try:
            changes["selective"] = ",".join(modules_of(modules))
        except InputError as error:
            raise NotPredictedError("recomputation that Lindos does not model", str(error)) from None
    return replace(stack, **changes) if changes else stack, tuple(filled)
