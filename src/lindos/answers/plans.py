"""The best plans of a model on a cluster; the keywords are the flags of ``lindos search``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lindos.answers.answer import Answer
from lindos.answers.search import answer_search
from lindos.study.search import question


def search_plans(
    model: str,
    cluster: str | Sequence[str],
    gpus: int | str | None = None,
    catalog: str | Path | Sequence[str | Path] = (),
    *,
    fabric: str | None = None,
    plan: Mapping[str, Any] | None = None,
    recovery: str | None = None,
    minimise: str = "time",
    top: int = 5,
    deadline: str | None = None,
    budget: str | None = None,
    power: str | None = None,
    tokens: str | None = None,
    largest: bool = False,
    **job: Any,
) -> Answer:
    """Search for the best plans of a model on one cluster, or on the best of several.

    Parameters
    ----------
    model, gpus, catalog, fabric, plan, **job
        As in :func:`lindos.estimate_step`.
    cluster
        Systems, or sites.
    recovery
        Part that a failure stops: ``"restart"`` (the job) or ``"replica"``.
    minimise
        ``"time"``, ``"cost"``, ``"energy"`` or ``"gpus"``.
    top
        Number of plans to show.
    deadline, budget, power
        Limits of the run, with their units: ``"90 days"``, ``"$1 billion"``, ``"150 MW"``.
    tokens
        Training tokens of the run: ``"15T tokens"``.
    largest
        Whether to find the largest model of this shape that meets the deadline instead.

    Raises
    ------
    InputError, InconsistentError
        If a word is wrong, or two contradict each other.
    InfeasibleError
        If no plan is feasible.
    """
    clusters = [cluster] if isinstance(cluster, str) else list(cluster)
    files = [catalog] if isinstance(catalog, (str, Path)) else list(catalog)
    limits = {"deadline": deadline, "budget": budget, "power": power, "tokens": tokens}
    wanted = question({"minimise": minimise, "top": str(top), "largest": largest, **limits})
    fields = {**_DEFAULTS, **{name: value for name, value in job.items() if value is not None}}
    return answer_search(
        clusters,
        None if gpus is None else str(gpus),
        fabric,
        {**fields, "model": model, "plan": dict(plan or {})},
        wanted,
        [Path(file) for file in files],
        recovery=recovery,
    )


#: Defaults of the command line.
_DEFAULTS = {"precision": "bf16", "sequence_length": "8192", "stack": "megatron-core"}
