"""Promises of a text are held against what was seen around their day, and are no errors of the text."""

import datetime

import pytest

from lindos.catalog import load_catalog
from lindos.claims.text import audit_text
from lindos.claims.text.promises import promises

CATALOG = load_catalog()


@pytest.mark.parametrize(
    ("text", "by", "outcome"),
    [
        ("xAI says Colossus 2 will reach 1 gigawatt in January 2026. The site is in Memphis.", "2026-01-31", "late"),
        ("Colossus 2 soll bis Ende Dezember 2025 auf 250 Megawatt kommen. Das ist der Plan.", "2025-12-31", "kept"),
        ("Meta plans 5 gigawatts for Hyperion by 2032, in several steps.", "2032-12-31", "open"),
        (
            "Bei Colossus 2 werden 550.000 GB200 in wenigen Wochen online gehen. Das sagt Elon Musk.",
            "2025-09-20",
            "late",
        ),
    ],
)
def test_a_promise_is_kept_late_or_open(text: str, by: str, outcome: str) -> None:
    audit = audit_text(text, CATALOG, datetime.date(2025, 7, 22))
    (promise,) = promises(audit.reading, CATALOG)
    assert (promise.deadline.isoformat(), promise.outcome) == (by, outcome), promise.evidence
    assert audit.judgements[promise.numeral].verdict != "wrong"


def test_a_statement_about_today_is_no_promise() -> None:
    audit = audit_text("Colossus 2 draws 276 megawatts. Epoch AI saw it.", CATALOG, datetime.date(2025, 11, 1))
    assert not list(promises(audit.reading, CATALOG))
