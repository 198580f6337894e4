"""The questions that can be asked, one file each: read the input, run the chain, show the answer."""

from lindos.answers.answer import Answer
from lindos.answers.audit import audit_claims
from lindos.answers.floors import plan_roadmap, price_site, simulate_campaign, size_fleet
from lindos.answers.plans import search_plans
from lindos.answers.scenario import answer, load_scenario, run
from lindos.answers.step import estimate_step

__all__ = [
    "Answer",
    "answer",
    "audit_claims",
    "estimate_step",
    "load_scenario",
    "plan_roadmap",
    "price_site",
    "run",
    "search_plans",
    "simulate_campaign",
    "size_fleet",
]
