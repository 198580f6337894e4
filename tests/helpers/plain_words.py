"""What a reader without the glossary understands: short numbers, and sentences without names of fields or acronyms."""

import re
from collections.abc import Iterable
from pathlib import Path

#: A number with decimals, or of a unit: what was computed. Whole counts are exact.
_UNITS = r"%|[kMGTPEZ]?(?:W|Wh|B|B/s|FLOP/s)|days|h|min|s|ms|years"
COMPUTED = re.compile(rf"(?<![\w.,-])(\d[\d,]*\.\d+|\d[\d,]*(?= (?:{_UNITS})\b)|(?<=\$)\d[\d,]*)(?![\w.])")
_GLOSSARY = Path(__file__).parents[2] / "docs" / "glossary.md"
#: Names that the glossary explains and prose does not use: those of fields.
_FIELDS = {name for name in re.findall(r"`(\w+)`", _GLOSSARY.read_text(encoding="utf-8")) if "_" in name}
_TECHNICAL = _FIELDS | {"MFU", "HFU", "MTBF", "MTTR", "PUE", "TCO", "TTFT", "TPOT", "capex", "opex", "goodput"}


def visible(page: str) -> str:
    """The text of a page without scripts, styles, the scenario as it was read, and titles of sources."""
    for part in ("script", "style", "pre"):
        page = re.sub(rf"(?s)<{part}[ >].*?</{part}>", " ", page)
    page = re.sub(r'(?s)<ol class="sources">.*?</ol>', " ", page)
    return re.sub(r"<[^>]+>", " ", page)


def digits(number: str) -> int:
    """Significant digits of a number as it is written."""
    plain = number.replace(",", "")
    return len(plain.replace(".", "").strip("0")) if "." not in plain else len(plain.replace(".", "").lstrip("0"))


def assert_plain(sentences: Iterable[str]) -> None:
    """Hold sentences that answer first against the words that only the glossary explains."""
    for sentence in sentences:
        assert not _TECHNICAL.intersection(re.findall(r"\w+", sentence)), sentence
