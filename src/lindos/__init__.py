"""Lindos plans, simulates and prices AI superclusters.

Functions are verbs, rooms are nouns. Nothing is loaded before it is used.

>>> import lindos
>>> answer = lindos.run("one-node", sections=["cluster"])
>>> answer["cluster.num_devices"].value
8.0
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from lindos.answers import (
        Answer,
        audit_claims,
        compare_scenarios,
        estimate_step,
        load_scenario,
        plan_roadmap,
        price_site,
        run,
        search_plans,
        simulate_campaign,
        size_fleet,
        solve_scenario,
    )
    from lindos.catalog import Catalog, load_catalog
    from lindos.errors import (
        CatalogError,
        InconsistentError,
        InfeasibleError,
        InputError,
        LindosError,
        UnitError,
        UnknownNameError,
    )
    from lindos.scenario.schema import Scenario
    from lindos.sweep import run_sweep
    from lindos.validation import validate_runs

#: The module that each public name is loaded from.
_HOMES = {
    "Answer": "lindos.answers",
    "Catalog": "lindos.catalog",
    "CatalogError": "lindos.errors",
    "InconsistentError": "lindos.errors",
    "InfeasibleError": "lindos.errors",
    "InputError": "lindos.errors",
    "LindosError": "lindos.errors",
    "Scenario": "lindos.scenario.schema",
    "UnitError": "lindos.errors",
    "UnknownNameError": "lindos.errors",
    "audit_claims": "lindos.answers",
    "compare_scenarios": "lindos.answers",
    "estimate_step": "lindos.answers",
    "load_catalog": "lindos.catalog",
    "load_scenario": "lindos.answers",
    "plan_roadmap": "lindos.answers",
    "price_site": "lindos.answers",
    "run": "lindos.answers",
    "run_sweep": "lindos.sweep",
    "search_plans": "lindos.answers",
    "simulate_campaign": "lindos.answers",
    "size_fleet": "lindos.answers",
    "solve_scenario": "lindos.answers",
    "validate_runs": "lindos.validation",
}

__all__ = [
    "Answer",
    "Catalog",
    "CatalogError",
    "InconsistentError",
    "InfeasibleError",
    "InputError",
    "LindosError",
    "Scenario",
    "UnitError",
    "UnknownNameError",
    "__version__",
    "audit_claims",
    "compare_scenarios",
    "estimate_step",
    "load_catalog",
    "load_scenario",
    "plan_roadmap",
    "price_site",
    "run",
    "run_sweep",
    "search_plans",
    "simulate_campaign",
    "size_fleet",
    "solve_scenario",
    "validate_runs",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'lindos' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
