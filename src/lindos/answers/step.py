"""One step of a model on a system with a number of GPUs, or on the cluster of a built-in scenario."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lindos.answers.answer import Answer
from lindos.answers.scenario import answer
from lindos.catalog import Catalog, load_catalog
from lindos.errors import InconsistentError, InputError
from lindos.scenario.fields import WholeNumber
from lindos.scenario.read import builtin_names, read_scenario, scenario_from
from lindos.scenario.resolve import counted


def estimate_step(
    model: str,
    cluster: str,
    gpus: int | str | None = None,
    catalog: str | Path | Sequence[str | Path] = (),
    *,
    fabric: str | None = None,
    plan: Mapping[str, Any] | None = None,
    **job: Any,
) -> Answer:
    """Estimate one optimiser step: its time with the parts of it, memory and efficiency.

    Parameters
    ----------
    model
        A model of the catalogue, or the path of a Hugging Face ``config.json``.
    cluster
        A system such as ``gb200-nvl72``, or a site such as ``colossus-2``.
    gpus
        GPUs to use at most; required if the cluster is a system.
    catalog
        Your own catalogue files, whose later ones take precedence.
    fabric
        Scale-out network; the usual one of the system if None.
    plan
        Axes to fix, as in a scenario: ``{"tensor_parallel": 8}``; the others are searched for.
    **job
        Other fields of ``job`` in a scenario, such as ``precision="fp8"``; None means the default.

    Raises
    ------
    InputError, InconsistentError
        If a word is wrong, or two contradict each other.
    InfeasibleError
        If no plan is feasible.

    Examples
    --------
    >>> answer = estimate_step("llama-3.1-8b", "hgx-h100", 8, global_batch_size=128)
    >>> 0.3 < answer["step.mfu"].value < 0.6
    True
    """
    files = [catalog] if isinstance(catalog, (str, Path)) else list(catalog)
    facts = load_catalog([Path(file) for file in files])
    pools = pools_named(cluster, None if gpus is None else str(gpus), fabric, facts)
    fields = {**job, "model": model, "plan": dict(plan or {})}
    data = {
        "name": "step",
        "title": f"One step of {model} on {cluster}",
        "cluster": {"pools": pools},
        "job": {key: value for key, value in fields.items() if value is not None},
        "compare_top500": False,
    }
    wanted = frozenset({"cluster", "step"})
    return answer(scenario_from(data), facts, folder=Path(), command="step", sections=wanted)


def pools_named(name: str, gpus: str | None, fabric: str | None, catalog: Catalog) -> list[dict[str, Any]]:
    """Return the pools of a named cluster as plain data of a scenario.

    Parameters
    ----------
    name, gpus, fabric
        As in :func:`estimate_step`; ``gpus`` as text.
    catalog
        Systems.
    """
    if name in builtin_names():
        pools = _site_pools(name, gpus, catalog)
    else:
        system = catalog.system(name, "cluster").name
        if gpus is None:
            raise InputError("gpus", None, "given when the cluster is a system", "Write for example --gpus 16384.")
        pools = [{"system": system, "gpus": _whole_gpus(gpus)}]
    return [pool | ({"fabric": fabric} if fabric else {}) for pool in pools]


def _site_pools(name: str, gpus: str | None, catalog: Catalog) -> list[dict[str, Any]]:
    """Get the pools of a built-in scenario: all of them, or the first ones that make up ``gpus``."""
    scenario, _ = read_scenario(name)
    if scenario.cluster is None:
        raise InputError("cluster", name, "a scenario that has a cluster")
    settled = counted(scenario, catalog).cluster
    pools: list[dict[str, Any]] = settled.model_dump(mode="json", exclude_none=True)["pools"] if settled else []
    if gpus is None:
        return pools
    wanted = _whole_gpus(gpus)
    total = sum(int(pool["gpus"]) for pool in pools)
    if wanted > total:
        raise InconsistentError("gpus", wanted, f"the GPUs of {name}", total, "be at most the second")
    chosen: list[dict[str, Any]] = []
    for pool in pools:
        missing = wanted - sum(int(part["gpus"]) for part in chosen)
        if missing > 0:
            chosen.append(pool | {"gpus": min(missing, int(pool["gpus"]))})
    return chosen


def _whole_gpus(gpus: str) -> int:
    try:
        return int(WholeNumber("16384").read(gpus))
    except InputError as error:
        raise InputError("gpus", gpus, error.expected, error.hint) from None
