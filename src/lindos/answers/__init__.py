"""The public questions, one file each: read the input, run the chain, show the answer.

Each is imported at its first use: an article is audited without the modules of scenarios.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lindos.answers.answer import Answer

if TYPE_CHECKING:
    from lindos.answers.audit import audit_claims
    from lindos.answers.compare import compare_scenarios
    from lindos.answers.floors import plan_roadmap, price_site, simulate_campaign, size_fleet
    from lindos.answers.plans import search_plans
    from lindos.answers.scenario import answer, load_scenario, run
    from lindos.answers.solve import solve_scenario
    from lindos.answers.step import estimate_step
else:
    # Without this function the name would be that of the module, which is imported above.
    def answer(*arguments: Any, **options: Any) -> Answer:
        """Answer a scenario under a catalogue."""
        return import_module("lindos.answers.scenario").answer(*arguments, **options)


#: Module of each question.
_HOMES = {
    "audit_claims": "audit",
    "compare_scenarios": "compare",
    "estimate_step": "step",
    "load_scenario": "scenario",
    "plan_roadmap": "floors",
    "price_site": "floors",
    "run": "scenario",
    "search_plans": "plans",
    "simulate_campaign": "floors",
    "size_fleet": "floors",
    "solve_scenario": "solve",
}

__all__ = [
    "Answer",
    "answer",
    "audit_claims",
    "compare_scenarios",
    "estimate_step",
    "load_scenario",
    "plan_roadmap",
    "price_site",
    "run",
    "search_plans",
    "simulate_campaign",
    "size_fleet",
    "solve_scenario",
]


def __getattr__(name: str) -> Any:
    """Import a question at its first use."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'lindos.answers' has no attribute {name!r}")
    return getattr(import_module(f"lindos.answers.{home}"), name)
