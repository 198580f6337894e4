"""Reads German and English prose: every numeral, what it is about, and whether it holds."""

from lindos.claims.text.audit import Audit, audit_text
from lindos.claims.text.judge import Judgement
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.relation import Relation
from lindos.claims.text.swaps import Swap

__all__ = ["Audit", "Judgement", "Numeral", "Relation", "Swap", "audit_text"]
