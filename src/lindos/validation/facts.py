"""What a run states of its software's memory and recomputation, over the profile of that software."""

import re
from dataclasses import replace
from typing import Any

from lindos.catalog.records import Stack
from lindos.errors import InputError
from lindos.step.selective import modules_of
from lindos.validation.refusal import NotPredictedError
from lindos.validation.run import Run
from lindos.validation.sources import Recipe

#: Year from which FlashAttention means its second version; it was published in July 2023.
_SECOND_FLASH = 2024
#: Software that comes in containers with its libraries of kernels, so that its release says how old they are.
_CONTAINERS = ("nemo", "megatron-bridge")
#: What a recipe may fix of experts and formats.
_FLAGS = (
    "overlaps_experts",
    "fuses_experts",
    "waits_for_sizes",
    "low_precision_head",
    "pads_experts",
    "low_precision_gather",
)
#: Dispatchers of tokens by the words of runs.
_DISPATCHERS = {"alltoall": "all-to-all", "allgather": "all-gather", "deepep": "deepep", "hybridep": "hybridep"}
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
        The run; what it leaves blank is that of its recipes, then that of the profile.
    recipes
        What the recipes of the run's source fix.

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
    changes = _of_recipes(stack, recipes)
    filled = []
    if run.software.lower() in _CONTAINERS and (release := _release(run)):
        changes["release"] = release
    if run.attention_kernel:
        is_first = (run.software_year or run.year or _SECOND_FLASH) < _SECOND_FLASH
        flash = changes.get("attention", "flash-1" if is_first else "flash-2")
        changes["attention"] = flash if run.attention_kernel == "flash" else run.attention_kernel
    elif "attention" not in changes and stack.attention == "flash-1" and (run.software_year or 0) >= _SECOND_FLASH:
        changes["attention"] = "flash-2"
        filled.append("attention by flash-2, that of its year")
    elif changes.get("attention", stack.attention) != "device":
        filled.append(f"attention by {changes.get('attention', stack.attention)}")
    if run.is_compiled:
        changes |= _COMPILED
        if stack.loss == "torch":
            changes["loss"] = "vocabulary-parallel"
    elif run.is_compiled is False and stack.compiled:
        changes |= _EAGER
    if run.has_graphs is not None:
        changes["has_graphs"] = run.has_graphs
        changes["graphs_experts"] = run.has_graphs and changes.get("graphs_experts", stack.graphs_experts)
    if run.expert_dispatcher:
        changes["dispatcher"] = _DISPATCHERS.get(run.expert_dispatcher.lower(), stack.dispatcher)
    if run.router:
        changes["waits_for_sizes"] = run.router != "dropped"
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


def _release(run: Run) -> str:
    """Get year and month of the run's software from the name of its release, else the middle of its year."""
    named = re.match(r"(?:20)?(2[0-9])\.(0[1-9]|1[0-2])", run.software_version)
    if named:
        return f"20{named[1]}-{named[2]}"
    return "" if run.software_year is None else f"{run.software_year}-07"


def _of_recipes(stack: Stack, recipes: tuple[Recipe, ...]) -> dict[str, Any]:
    """List what recipes fix of the software; where two fix the same, the first counts."""
    changes: dict[str, Any] = {}
    for recipe in recipes:
        for name in ("attention", "attention_format", "dispatcher", "gradients"):
            if getattr(recipe, name):
                changes.setdefault(name, getattr(recipe, name))
        for name in _FLAGS:
            if getattr(recipe, name) is not None:
                changes.setdefault(name, getattr(recipe, name))
        if recipe.overlaps_tensor is False:
            none = replace(stack.overlap_tensor_parallel, path="recipe", content=0.0)
            changes.setdefault("overlap_tensor_parallel", none)
        if recipe.graphs:
            changes.setdefault("has_graphs", recipe.graphs != "none")
            changes.setdefault("graphs_experts", recipe.graphs == "step")
    return changes
