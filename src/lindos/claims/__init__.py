"""Claims: statements about compute, power and money, checked against the physics.

:func:`load` gives the shipped statements, :func:`load_file` a user's own; :func:`check` computes what each of them
states from the catalogue and returns a :class:`Verdict` with the arithmetic. No verdict is stored.
"""

from lindos.claims.check import check
from lindos.claims.context import ClusterFacts, Context, accelerators_of, clusters_of
from lindos.claims.discounts import DISCOUNTS, Discounted, discounted
from lindos.claims.read import claims_from, load, load_file
from lindos.claims.schema import Claim
from lindos.claims.span import Span
from lindos.claims.top500 import Comparison, Equivalents, compare_top500, h100_equivalents_table, peaks_of
from lindos.claims.verdict import MEANING, Finding, Ruling, Verdict, judged

__all__ = [
    "DISCOUNTS",
    "MEANING",
    "Claim",
    "ClusterFacts",
    "Comparison",
    "Context",
    "Discounted",
    "Equivalents",
    "Finding",
    "Ruling",
    "Span",
    "Verdict",
    "accelerators_of",
    "check",
    "claims_from",
    "clusters_of",
    "compare_top500",
    "discounted",
    "h100_equivalents_table",
    "judged",
    "load",
    "load_file",
    "peaks_of",
]
