"""Digits that state no amount: names, links, telephone numbers, times of day, sizes of pictures; and dates."""

import datetime
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress

from lindos.claims.text.numeral import Numeral

_LINK = re.compile(r"https?://[^\s”“\"»)\]]{1,2000}|www\.[^\s”“\"»)\]]{1,500}|[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}")
_PHONE = re.compile(r"(?<![\w,.])(?:\+\d{1,3}[  ]?)?(?:\(\d{1,5}\)|0\d{1,5})[  /-]{1,3}\d[\d  /-]{3,18}\d(?!\w)")
_PHONE_WORLD = re.compile(r"(?<!\w)\+\d{1,3}[  ][\d(][\d  ()/-]{5,20}\d(?!\w)")
_CLOCK = re.compile(
    r"(?<![\d.,])(?:\d{1,2}(?::\d{2})?\s?[–-]\s?)?\d{1,2}(?:[:.]\d{2})?[  ](?:Uhr\b|[ap]\.?m\.?\b)|"
    r"(?<![\d:.,])\d{1,2}:\d{2}(?::\d{2})?(?![\d:])"
)
#: German "am" is a preposition: "24 am Tag".
_CLOCK_DE = re.compile(_CLOCK.pattern.replace(r"[ap]\.?m\.?\b", r"[ap]\.m\."))
_PIXELS = re.compile(r"(?<![\d.,])\d{2,5}\s?[×x]\s?\d{2,5}(?:\s?(?:px|Pixel|pixels))?(?!\s?\^)(?![\d.,^]\d)")
#: A vote or a ratio: "31 zu 14", "2:1".
_SCORE = re.compile(r"(?<![\d.,:])\d{1,4}(?: zu |:)\d{1,4}(?![\d:.,]\d|\d| Uhr| Prozent|[  ]?%)")
_ALWAYS = re.compile(r"(?<!\w)24/7(?!\w)")
_MONTHS = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
]
_MONTHS_EN = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_SHORT = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
MONTHS = {name.lower(): i for names in (_MONTHS, _MONTHS_EN, _SHORT) for i, name in enumerate(names, 1)}
MONTHS |= {"jänner": 1, "sept": 9, "okt": 10, "dez": 12, "mär": 3}
_MONTH = "|".join(sorted((re.escape(m) for m in MONTHS), key=len, reverse=True))
_YEAR = r"(?:19|20)\d{2}"
_DATES = (
    re.compile(rf"(?<![\d.,])(?P<day>\d{{1,2}})\.\s?(?P<month>(?i:{_MONTH}))\.?(?:\s(?P<year>{_YEAR}))?(?!\w)"),
    re.compile(rf"(?<![\d.,])(?P<day>\d{{1,2}})\.(?P<number>\d{{1,2}})\.(?P<year>{_YEAR})(?!\d)"),
    re.compile(rf"(?<![\d.,])(?P<year>{_YEAR})-(?P<number>\d{{2}})-(?P<day>\d{{2}})(?!\d)"),
    re.compile(
        rf"(?<!\w)(?P<month>{_MONTH.replace('|', '|')})\.?\s(?P<day>\d{{1,2}})(?:st|nd|rd|"
        rf"th)?(?:,?\s(?P<year>{_YEAR}))?(?![\d.,]\d|\d|\w)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<![\d.,])(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s(?P<month>(?i:{_MONTH}))\.?(?:,?\s(?P<year>{_YEAR}))?(?!\w)"
    ),
    re.compile(rf"(?<!\w)(?P<month>(?i:{_MONTH}))\.?\s(?P<year>{_YEAR})(?![\d.,]\d|\d)"),
)
#: A word with letters and digits: GB200s, NVL72, MI300X, GPT-4, DeepSeek-V3, Qwen3-235B-A22B.
_MIXED = re.compile(
    r"(?<![\w$€£.,])(?!(?i:mid|pre|post|early|late|end|ende|mitte|"
    r"anfang)-\d{4}\b)[A-Za-zÄÖÜäöüß@][A-Za-zÄÖÜäöüß]*(?:-[A-Za-z]{1,12})?-?\d[A-Za-z0-9]*(?:\.\d+)?(?:-[A-Za-z]?\d*[A-Za-z]*\d*[A-Za-z]*)*(?![\d])"
)
_DIGIT_FIRST = re.compile(r"(?<![\w.,$€£])\d{1,2}[DG](?![\w/])")
_QUARTER = re.compile(r"(?<!\w)[QH]([1-4])(?!\w)")
_DIGITS = re.compile(r"\d[\d.,]*")
_MARGIN = 90
_TERM = re.compile(
    r"(?<!\w)(?:doppelt|einfach|halb)e[rnms]?(?= Genauigkeit)|(?<!\w)(?:double|half)(?=[ -]precision)", re.I
)


#: Patterns of digits that are no amount, with their kinds.
_KINDS = (
    (_LINK, "link"),
    (_PHONE, "phone"),
    (_PHONE_WORLD, "phone"),
    (_ALWAYS, "term"),
    (_MIXED, "name"),
    (_DIGIT_FIRST, "name"),
)


def masks(
    text: str,
    names: re.Pattern[str] | None,
    numbered: re.Pattern[str] | None,
    today: datetime.date,
    language: str,
) -> list[Numeral]:
    """Find numerals that are no amounts, and dates.

    Parameters
    ----------
    text
        The whole text.
    names
        Pattern of the catalogue's names with a digit.
    numbered
        Pattern of product names followed by a version number.
    today
        Day of the article; days without a year belong to the nearest year.
    language
        ``"de"`` or ``"en"``.
    """
    kinds = (*_KINDS, (_CLOCK_DE if language == "de" else _CLOCK, "time"))
    result = [_mask(match, "term") for match in _TERM.finditer(text)]
    for start, end in windows(text):
        for pattern, kind in kinds:
            result += [_mask(m, kind) for m in pattern.finditer(text, start, end) if _has_digit(m)]
        for spelled in (names, numbered):
            if spelled is not None:
                result += [_mask(match, "name") for match in spelled.finditer(text, start, end)]
        result += list(_dates(text, start, end, today))
        result += list(_pairs(text, start, end))
        for match in _QUARTER.finditer(text, start, end):
            number = float(match.group(1))
            result.append(Numeral(match.start(), match.end(), match.group(), "ordinal", (number,), "quarter"))
    return result


def windows(text: str) -> Iterator[tuple[int, int]]:
    """Yield stretches around digits, in order and without overlap; names and dates with digits lie inside them.

    Parameters
    ----------
    text
        The whole text.
    """
    start, end = 0, -1
    for match in _DIGITS.finditer(text):
        low, high = max(0, match.start() - _MARGIN), min(len(text), match.end() + _MARGIN)
        if end >= 0 and low <= end:
            end = max(end, high)
            continue
        if end >= 0:
            yield start, end
        # Words are not cut, so that no name begins inside another.
        while low > 0 and not text[low - 1].isspace() and match.start() - low < 2 * _MARGIN:
            low -= 1
        start, end = (low, high) if low > end else (end, high)
    if end >= 0:
        yield start, end


def _has_digit(match: re.Match[str]) -> bool:
    return any(c.isdigit() for c in match.group())


def _pairs(text: str, start: int, end: int) -> Iterator[Numeral]:
    """Yield sizes of pictures, which claim nothing, and votes."""
    for pattern, kind, unit in ((_PIXELS, "pixels", "pixel"), (_SCORE, "amount", "score")):
        for match in pattern.finditer(text, start, end):
            numbers = tuple(float(part) for part in re.findall(r"\d+", match.group()))
            claim = kind == "amount"
            yield Numeral(match.start(), match.end(), match.group(), kind, numbers, unit, claim=claim)


def _mixed(parts: list[str]) -> bool:
    """Tell whether the part with digits is a name by itself, as in ``DGX H100``, or a size, as in ``80 GB``."""
    return any(c.isdigit() for c in parts[0]) or any(re.match(r"[A-Za-z]+\d", part) for part in parts)


#: A noun joined to a name, which is no part of it: "H100-GPUs", "HBM3E-Speicher", "H100-hour".
_JOINED_NOUN = re.compile(r"-(?:[GC]PUs?|[A-ZÄÖÜ]?[a-zäöüß]{3,}\w*)$")


def _mask(match: re.Match[str], kind: str) -> Numeral:
    text = match.group()
    if kind == "name" and (joined := _JOINED_NOUN.search(text)) and any(c.isdigit() for c in text[: joined.start()]):
        text = text[: joined.start()]
    return Numeral(match.start(), match.start() + len(text), text, kind, claim=False)


def _dates(text: str, start: int, end: int, today: datetime.date) -> Iterator[Numeral]:
    for pattern in _DATES:
        for match in pattern.finditer(text, start, end):
            groups = match.groupdict()
            month = MONTHS[groups["month"].lower()] if groups.get("month") else int(groups["number"])
            if groups.get("month") and not groups["month"][0].isupper():
                continue  # English "may 5" is a verb, German months are nouns
            day = int(groups["day"]) if groups.get("day") else None
            with suppress(ValueError):
                yield _date(match, groups.get("year"), month, day, today)


def _date(match: re.Match[str], year: str | None, month: int, day: int | None, today: datetime.date) -> Numeral:
    if day is None:
        datetime.date(int(year or 0), month, 1)
        return Numeral(match.start(), match.end(), match.group(), "date", unit="date", date=f"{year}-{month:02}")
    if year is None:
        candidates = [datetime.date(today.year + step, month, day) for step in (-1, 0, 1)]
        moment = min(candidates, key=lambda d: abs((d - today).days))
    else:
        moment = datetime.date(int(year), month, day)
    return Numeral(match.start(), match.end(), match.group(), "date", unit="date", date=moment.isoformat())


def name_patterns(
    words: Iterable[str], unnumbered: Collection[str] = ()
) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    """Return patterns of the catalogue's names with digits, and of product names followed by a small version number.

    Parameters
    ----------
    words
        Names of the catalogue.
    unnumbered
        Names of companies, which have no versions: "Micron 21 percent".
    """
    digits, plain = set(), set()
    for word in words:
        if "_" in word or len(word) < 3:
            continue
        parts = re.split(r"[ -]", word)
        if len(parts) > 1 and sum(any(c.isdigit() for c in part) for part in parts) == 1 and not _mixed(parts):
            digits.add(r"[ -]".join(re.escape(part) for part in re.split(r"[ -]", word)))
        elif word.isalpha() and word not in unnumbered:
            plain.add(re.escape(word))
    names = (
        re.compile(rf"(?<!\w)(?:{'|'.join(sorted(digits, key=len, reverse=True))})s?(?![\w]|[.,]\d)", re.I)
        if digits
        else None
    )
    nouns = (
        "Mio|Mrd|Milli|Billi|million|billion|trillion|thousand|tausend|percent|prozent|per cent|[kmgtpez]?w\\b|watt|"
        "mega|giga|tera|peta|exa|zetta|kilo|dollar|euro|us-|gpu|chip|jahr|year|month|monat|day|tag|week|woche|"
        "hour|stunde|"
        "times|mal|bis|to "
    )
    if not plain:
        return names, None
    # Case matters: "meta 5" is no name, and German verbs are not companies.
    initial = "|".join(sorted(plain, key=len, reverse=True))
    numbered = re.compile(
        rf"(?<!\w)(?:{initial}|(?:Phase|Stufe|Halle|Modell))[  ]\d{{1,2}}(?:\.\d)?(?![\d%]|[.,:]\d|[  -](?i:{nouns}))"
    )
    return names, numbered
