"""Articles of our own with right answers, and what an audit of them is worth."""

import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lindos.catalog import load_catalog
from lindos.claims.text import Audit, audit_text

FOLDER = Path(__file__).parents[1] / "claims" / "articles"
ARTICLES = sorted(FOLDER.glob("*.yaml"))
#: Units that an answer may be in beside the one that an audit gives: seconds of a minute, an hour, a day, a year.
SCALES = (1.0, 60.0, 3600.0, 86_400.0, 31_557_600.0)


@dataclass
class Score:
    """Counts over articles."""

    numerals: int = 0
    covered: int = 0
    values: int = 0
    right_values: int = 0
    planted: int = 0
    caught: int = 0
    flags: int = 0
    right_flags: int = 0
    clean_flags: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def f1(self) -> float:
        recall, precision = self.caught / max(self.planted, 1), self.right_flags / max(self.flags, 1)
        return 2 * recall * precision / max(recall + precision, 1e-9)


def read(path: Path) -> dict[str, Any]:
    answers: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return answers


def audited(answers: dict[str, Any]) -> Audit:
    return audit_text(answers["text"], load_catalog(), datetime.date.fromisoformat(answers["date"]))


def overlap(start: int, end: int, low: int, high: int) -> bool:
    """Whether two spans share at least half of the longer."""
    return 2 * (min(end, high) - max(start, low)) >= max(end - start, high - low)


def same(right: Any, values: Any) -> bool:
    wanted = right if isinstance(right, list) else [right]
    given = list(values)
    if len(wanted) != len(given) or not wanted:
        return False
    return all(any(abs(float(w) * s - g) <= 1e-6 * abs(g) for s in SCALES) for w, g in zip(wanted, given, strict=True))


def add(score: Score, name: str, answers: dict[str, Any]) -> None:
    """Count one article."""
    text, audit, position = answers["text"], audited(answers), 0
    spans = []
    for printed, value in answers["numerals"]:
        start = text.index(printed, position)
        position = start + len(printed)
        spans.append((start, start + len(printed), printed, value))
    for start, end, printed, value in spans:
        here = [n for n in audit.judgements if overlap(start, end, n.start, n.end)]
        score.numerals += 1
        score.covered += bool(here)
        if not here:
            score.notes.append(f"{name}: {printed} is missing")
        if value is not None:
            score.values += 1
            right = any(same(value, n.values) or n.date == value for n in here)
            score.right_values += right
            if not right:
                score.notes.append(f"{name}: {printed} is not {value}")
    flagged = [n for n, judgement in audit.judgements.items() if judgement.verdict == "wrong"]
    right_flags = set()
    for error in answers["errors"]:
        names = [error["text"], *error.get("dependents", [])]
        places = [(s, e) for s, e, printed, _ in spans if any(n in printed or printed in n for n in names)]
        hits = [n for n in flagged if any(overlap(s, e, n.start, n.end) for s, e in places)]
        score.planted += 1
        score.caught += bool(hits)
        right_flags |= {n.start for n in hits}
        if not hits:
            score.notes.append(f"{name}: {error['text']} is not caught")
    score.flags += len(flagged)
    score.right_flags += sum(n.start in right_flags for n in flagged)
    score.clean_flags += len(flagged) if not answers["errors"] else 0
    score.notes += [f"{name}: {n.text} is flagged" for n in flagged if n.start not in right_flags]
