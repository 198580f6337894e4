"""The precision of a run, as a job names it."""

from dataclasses import replace

from lindos.formats import TRAINING_WORDS
from lindos.problem.cluster import Pool
from lindos.validation.refusal import NotPredictedError
from lindos.validation.run import Run
from lindos.validation.sources import Recipe


def precision_of(run: Run, pool: Pool, recipes: tuple[Recipe, ...]) -> tuple[str, Pool, tuple[str, ...]]:
    """Get the precision of a run.

    Parameters
    ----------
    run
        The run.
    pool
        Devices and network.
    recipes
        What the recipes of the source fix.

    Returns
    -------
    precision : str
        Name of the number format.
    pool : Pool
        The pool; its devices have the peak rate of 8-bit integers where the run computes in them.
    filled : tuple of str
        What was filled in, in words.

    Raises
    ------
    NotPredictedError
        If Lindos does not model the precision, or the devices do not have it.
    """
    filled: list[str] = []
    word = run.precision.lower()
    if not word:
        recipe = next((recipe for recipe in recipes if recipe.precision), None)
        word = recipe.precision if recipe else "bf16"
        filled.append(f"{word} ({recipe.why})" if recipe else "bf16")
    if word not in TRAINING_WORDS:
        raise NotPredictedError("precision that Lindos does not model", f"precision {run.precision}")
    if word == "int8" and pool.kernels.matmul("fp8").is_known:
        pool = replace(pool, accelerator=replace(pool.accelerator, peak_fp8=pool.accelerator.counted_peak("fp8")))
    precision = TRAINING_WORDS[word]
    if not pool.accelerator.peak(precision).is_known:
        detail = f"{pool.accelerator.title} has no known rate in {word}"
        raise NotPredictedError("precision that the accelerator does not have", detail)
    return precision, pool, tuple(filled)
