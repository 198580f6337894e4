"""Detect the language of a text by its most frequent words."""

import re

_WORD = re.compile(r"[a-zäöüß]{2,12}")
_GERMAN = frozenset(
    [
        "der",
        "die",
        "das",
        "und",
        "ist",
        "nicht",
        "mit",
        "von",
        "für",
        "auf",
        "den",
        "dem",
        "ein",
        "eine",
        "einer",
        "des",
        "sich",
        "auch",
        "wird",
        "werden",
        "bei",
        "nach",
        "aus",
        "im",
        "zum",
        "zur",
        "als",
        "wie",
        "hat",
        "haben",
        "sind",
        "war",
        "waren",
        "dass",
        "über",
        "damit",
        "dieser",
        "diese",
        "dieses",
        "mehr",
        "noch",
        "soll",
        "sollen",
        "je",
        "pro",
        "rund",
    ]
)
_ENGLISH = frozenset(
    [
        "the",
        "and",
        "is",
        "not",
        "with",
        "of",
        "for",
        "on",
        "to",
        "an",
        "in",
        "that",
        "it",
        "its",
        "has",
        "have",
        "was",
        "were",
        "be",
        "by",
        "at",
        "from",
        "as",
        "this",
        "these",
        "will",
        "would",
        "more",
        "than",
        "which",
        "their",
        "are",
        "or",
        "after",
        "each",
        "per",
        "about",
    ]
)
SAMPLE = 50_000


def language_of(text: str) -> str:
    """Return the code of the language, ``de`` or ``en``.

    Parameters
    ----------
    text
        The text.

    Examples
    --------
    >>> language_of("Der Standort ist mit Strom versorgt."), language_of("The site has power.")
    ('de', 'en')
    """
    words = _WORD.findall(text[:SAMPLE].lower())
    german = sum(word in _GERMAN for word in words) + 3 * sum(any(c in "äöüß" for c in word) for word in words[:2000])
    english = sum(word in _ENGLISH for word in words)
    return "de" if german > english else "en"
