"""Audit of German and English prose: every numeral, its subject, and whether it is right."""

from lindos.claims.text.audit import Audit, audit_text
from lindos.claims.text.judge import Judgement
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.relation import Relation
from lindos.claims.text.swaps import Swap

__all__ = ["Audit", "Judgement", "Numeral", "Relation", "Swap", "audit_text"]
