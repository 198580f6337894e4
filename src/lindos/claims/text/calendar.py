"""Checks of dates: durations between years, past and future of the article, editions of the TOP500."""

import re
from collections.abc import Iterator

from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation, written
from lindos.claims.text.units import DURATIONS, SECONDS
from lindos.units import DAY, YEAR

_START = re.compile(
    r"(?i:\b(?:begin\w*|begann\w*|begonnen|began|begun|start\w*|since|seit|ab|from|von|broke ground|commence\w*|"
    r"launch\w*|baubeginn|"
    r"spatenstich|signed|unterzeichn\w*)\b)"
)
_END = re.compile(
    r"(?i:\b(?:end\w*|finish\w*|until|till|bis|due|complet\w*|through|to|abgeschlossen|fertig\w*|expire\w*|läuft|"
    r"auslaufen|conclude\w*|ready|open\w*|eröffn\w*|online)\b)"
)
_CLAUSE = re.compile(r"[,;:](?!\d)|[  ](?:und|and)[  ]")
_START_VERB = re.compile(
    r"(?i:\b(?:begin\w*|begann\w*|begonnen|began|begun|start\w*|broke ground|baubeginn|spatenstich|signed|"
    r"unterzeichn\w*)\b)"
)
_END_VERB = re.compile(
    r"(?i:\b(?:end(?:s|en|et|ed)?|finish\w*|complet\w*|abgeschlossen|fertig\w*|expire\w*|auslaufen|ready|online|"
    r"betrieb)\b)"
)
_LASTS = re.compile(
    r"(?i:\b(?:lauf\w*|läuft|dauer\w*|laufzeit|bauzeit|construction|contract|vertrag\w*|deal|agreement|term|lang|"
    r"long|run\w*|lasts?|spread|over|über|period|jährig\w*|beträgt|takes?|took|hat|für|für|for|later|span\w*|"
    r"within|binnen|innerhalb|time)\b|-year)"
)
_PAST_TENSE = re.compile(
    r"(?i:\b(?:began|started|opened|launched|completed|finished|signed|introduced|went online|wurde|wurden|begann|"
    r"startete|eröffnete|stellte|ging|gingen|war|was|were|had|hatte|vorgestellt)\b[^,;.]{0,30}$)"
)
_FUTURE = re.compile(
    r"(?i:\b(?:will|wird|werden|soll|sollen|plans? to|planned|geplant|expected|erwartet|is to|are to|is due|by|bis|"
    r"spätestens)\b[^,;.]{0,45}$)"
)
#: Words with which a sentence speaks of what is to come, and clauses that set a time or a condition.
_TO_COME = re.compile(
    r"(?i:\b(?:will|wird|werden|soll|sollen|sollte|plans?|planned|planning|geplant|plant|planen|expect\w*|erwart\w*|"
    r"is to|are to|due|forecast\w*|projected|prognos\w*|target\w*|aims?|scheduled|voraussichtlich|künftig)\b)"
)
_CONDITION = re.compile(r"(?i:\b(?:when|once|if|until|after|before|sobald|wenn|falls|nachdem|bevor|bis|to be|be)\b)")
_BACKSHIFT = re.compile(
    r"(?i:\b(?:sollte|sollten|wollte|was due|had been|were to|was to|ursprünglich|originally|would|announced in|"
    r"angekündigt|hatte|hatten|said in|versprach|promised|damals|at the time|seit|since)\b)"
)
_AGO = re.compile(r"^[  ](?:ago|zuvor|earlier)\b")
_EDITION = re.compile(r"(?i:ausgabe|edition|list\b|liste\b|top500)")
_NEWEST = re.compile(
    r"(?i:veröffentlicht\w*|published|released|new(?:est)?|latest|neue\w*|aktuell\w*|jüngst\w*|current|this week|"
    r"am montag|on monday|unveiled)"
)
_HALF = re.compile(
    r"(?i:(?:ende|end of|late|anfang|start of|early|beginning of|mitte|mid-?|the middle of|herbst|autumn|fall of|"
    r"sommer|summer|winter|spring|frühjahr|by the end of)[  ]?(?:des jahres[  ])?$)"
)
_PART = {
    "end": (0.8, 1.0),
    "late": (0.7, 1.0),
    "anfang": (0.0, 0.3),
    "start": (0.0, 0.3),
    "early": (0.0, 0.35),
    "begin": (0.0, 0.3),
}
_PART |= {
    "mit": (0.35, 0.65),
    "mid": (0.35, 0.65),
    "the m": (0.35, 0.65),
    "herb": (0.65, 0.95),
    "autu": (0.65, 0.95),
    "summ": (0.4, 0.75),
    "somm": (0.4, 0.75),
}
_PART |= {"by th": (0.8, 1.0), "frühj": (0.15, 0.5), "spring": (0.15, 0.5)}


def relations(reading: Reading) -> Iterator[Relation]:
    """Yield relations between years, dates and durations.

    Parameters
    ----------
    reading
        The text and its numerals.
    """
    years = [n for n in reading.numerals if n.claim and n.kind in ("year", "date") and "denied" not in n.marks]
    spans = [n for n in reading.numerals if n.claim and n.kind == "amount" and n.unit == "s" and n.value >= 0.9 * YEAR]
    for span in spans:
        yield from _duration(reading, span, years)
        yield from _ago(reading, span, years)
    short = [n for n in reading.numerals if n.claim and n.kind == "amount" and n.unit in DURATIONS and n not in spans]
    for span in short:
        yield from _time_between(reading, span)
    for year in years:
        yield from _tense(reading, year)
    yield from _editions(reading)


#: A time between two dates is wrong beyond this factor, and this number of days.
_WRONG_FACTOR, _WRONG_DAYS = 1.6, 40
_SINCE = re.compile(
    r"(?i:^[  ](?:after|later|nach|später|danach|between)|\b(?:took|takes|dauert\w*|within|binnen|innerhalb|"
    r"in just|in nur|"
    r"nur|only|just|barely|kaum)[  ](?:\w+[  ]){0,2}$)"
)


def _time_between(reading: Reading, span: Numeral) -> Iterator[Relation]:
    """Check days, weeks or months against the two dates of their sentence."""
    dates = [n for n in reading.numerals if n.kind == "date" and n.claim and n.sentence == span.sentence]
    seconds = span.value * SECONDS[span.unit]
    if len(dates) != 2 or seconds < 10 * DAY or span.per:
        return
    preceding, following = reading.text[max(0, span.start - 30) : span.start], reading.text[span.end : span.end + 12]
    if not (_SINCE.search(preceding) or _SINCE.search(following)):
        return
    first, last = sorted(dates, key=lambda n: n.date)
    windows = [_window(reading, n) for n in (first, last)]
    days = (sum(windows[1]) - sum(windows[0])) / 2 * YEAR / DAY
    printed = seconds / DAY
    line = f"{first.date} to {last.date}: {days:.0f} days"
    if days > 0 and max(days / printed, printed / days) <= 1 + span.rounding + 0.15:
        yield Relation(kind="duration", members=(span, first, last), holds=True, arithmetic=line, factor=1.0)
    elif days > 0 and max(days / printed, printed / days) > _WRONG_FACTOR and abs(days - printed) > _WRONG_DAYS:
        yield Relation(
            kind="date_contradiction",
            members=(span, last, first),
            holds=False,
            factor=max(days / printed, printed / days),
            arithmetic=f"{line}, not {written(span)}",
            rights=(f"{days / 30.4:.0f} months", "", ""),
        )


def _window(reading: Reading, numeral: Numeral) -> tuple[float, float]:
    """Return the earliest and latest moment, in years, that a printed year or date means."""
    if numeral.kind == "date":
        parts = [int(part) for part in numeral.date.split("-")]
        middle = parts[0] + (parts[1] - 1) / 12 + ((parts[2] if len(parts) > 2 else 15) - 1) / 365
        return middle - 0.05, middle + 0.05
    year = numeral.values[0]
    preceding = _HALF.search(reading.text[max(0, numeral.start - 24) : numeral.start])
    if preceding:
        word = preceding.group().lower()
        for stem, (low, high) in _PART.items():
            if word.startswith(stem):
                return year + low, year + high
        if word.startswith("end"):
            return year + 0.8, year + 1.0
    return year, year + 1.0


def _role(reading: Reading, numeral: Numeral) -> str:
    """Tell whether a year begins or ends something, by the nearest verb or preposition."""
    sentence = reading.sentences[numeral.sentence]
    preceding = re.split(r"[,;:](?=\s)", reading.text[max(sentence.start, numeral.start - 45) : numeral.start])[-1]
    following = reading.text[numeral.end : min(sentence.end, numeral.end + 14)]
    follows = re.match(r"[  ](?:zu[  ])?(\w+)", following)
    verb = (
        follows.group(1)
        if follows and follows.group(1).lower().startswith(("begin", "start", "end", "fertig", "abgesch", "auslauf"))
        else ""
    )
    marks = [(len(preceding) - m.end(), "start") for m in _START.finditer(preceding)] + [
        (len(preceding) - m.end(), "end") for m in _END.finditer(preceding)
    ]
    if verb:
        return "start" if _START.fullmatch(verb) else "end"
    before_year = preceding.lower().rstrip()
    if before_year.endswith(("end of", "ende", "the end of", "by the end of", "bis ende")):
        marks = [
            (gap, role)
            for gap, role in marks
            if not (
                role == "end"
                and 0 <= gap <= 4
                and not before_year.endswith("bis ende")
                and not before_year.endswith("by the end of")
            )
        ]
    return min(marks)[1] if marks else _role_in_clause(reading, numeral)


def _role_in_clause(reading: Reading, numeral: Numeral) -> str:
    """Find the role of a year by a verb anywhere in the clause: ``2029 soll die letzte Halle fertig sein``."""
    sentence = reading.sentences[numeral.sentence]
    words = reading.text[sentence.start : sentence.end]
    offset = numeral.start - sentence.start
    start = max((m.end() for m in _CLAUSE.finditer(words[:offset])), default=0)
    stop = next((m.start() for m in _CLAUSE.finditer(words, offset)), len(words))
    clause = words[start:stop]
    begins, ends = _START_VERB.search(clause), _END_VERB.search(clause)
    return "start" if begins and not ends else "end" if ends and not begins else ""


_BETWEEN_YEARS = re.compile(r"(?:between|zwischen|from|von)[  ](\d{4})[  ](?:and|und|to|bis)[  ](\d{4})")


def _duration(reading: Reading, span: Numeral, years: list[Numeral]) -> Iterator[Relation]:
    """Check a duration against its first and last year: ``starts in 2027, runs for five years and ends in 2036``."""
    nearby = [n for n in years if abs(n.sentence - span.sentence) <= 1 and n.paragraph == span.paragraph]
    between = _BETWEEN_YEARS.search(reading.sentence_of(span))
    if between and len(nearby) == 2 and between.group(1, 2) == tuple(n.text for n in nearby):
        nearby_roles = ["start", "end"]
    else:
        nearby_roles = [_role(reading, n) for n in nearby]
    starts = [n for n, role in zip(nearby, nearby_roles, strict=True) if role == "start"]
    ends = [n for n, role in zip(nearby, nearby_roles, strict=True) if role == "end"]
    sentence = reading.sentence_of(span)
    if (
        len(starts) != 1
        or len(ends) != 1
        or not _LASTS.search(sentence)
        or _AGO.match(reading.text[span.end : span.end + 8])
    ):
        return
    first, last = _window(reading, starts[0]), _window(reading, ends[0])
    low, high = last[0] - first[1], last[1] - first[0]
    shortest, longest = span.low / YEAR * 0.9, span.high / YEAR * 1.1
    members = tuple(sorted((span, starts[0], ends[0]), key=lambda n: -n.start))
    middle = (low + high) / 2
    line = f"{ends[0].text} - {starts[0].text} = {middle:.1f} years"
    if high <= 0:
        yield Relation(
            kind="date_contradiction",
            members=members,
            holds=False,
            factor=None,
            arithmetic=f"{line}: the end lies before the start",
        )
    elif low - 0.5 > longest or high + 0.5 < shortest:
        duration = span.value / YEAR
        yield Relation(
            kind="date_contradiction",
            members=members,
            holds=False,
            factor=max(middle / duration, duration / middle),
            arithmetic=f"{line}, not {written(span)}",
            reading=f"{middle:.1f} years" if members[0] is span else _right_year(starts[0], ends[0], span, members[0]),
        )
    else:
        yield Relation(kind="duration", members=members, holds=True, arithmetic=line, factor=1.0)


def _right_year(start: Numeral, end: Numeral, span: Numeral, blamed: Numeral) -> str:
    years = span.value / YEAR
    base = start if blamed is end else end
    value = float(base.date[:4]) if base.kind == "date" else base.values[0]
    return f"{value + years if blamed is end else value - years:.0f}"


def _ago(reading: Reading, span: Numeral, years: list[Numeral]) -> Iterator[Relation]:
    """Check a year against the article's date less a span: ``three years ago, in 2023``."""
    ago = re.search(r"\b(?:ago|zuvor)\b", reading.text[span.start : span.end + 6]) or re.search(
        r"(?i:\bvor[  ](?:\w+[  ])?)$", reading.text[max(0, span.start - 14) : span.start]
    )
    if not ago:
        return
    for year in years:
        gap = reading.text[min(span.end, year.end) : max(span.start, year.start)]
        if year.kind != "year" or year.sentence != span.sentence or len(gap) > 16:
            continue
        expected = reading.date.year - span.value / YEAR
        if abs(expected - year.values[0]) > 1.2:
            yield Relation(
                kind="date_contradiction",
                members=(span, year) if span.start > year.start else (year, span),
                holds=False,
                factor=None,
                arithmetic=f"{reading.date.year} - {span.value / YEAR:.0f} = {expected:.0f}, not {year.text}",
                reading=f"{expected:.0f}",
            )


def _tense(reading: Reading, year: Numeral) -> Iterator[Relation]:
    """Check that past events lie before the article's date and future events after it."""
    sentence = reading.sentences[year.sentence]
    preceding = reading.text[max(sentence.start, year.start - 70) : year.start]
    moment = float(year.date[:4]) if year.kind == "date" else year.values[0]
    today = reading.date
    words = reading.text[sentence.start : sentence.end]
    if _BACKSHIFT.search(words):
        return
    if (
        moment > today.year
        and _PAST_TENSE.search(preceding)
        and not (_TO_COME.search(words) or _CONDITION.search(preceding))
    ):
        yield Relation(
            kind="date_contradiction",
            members=(year,),
            holds=False,
            factor=None,
            arithmetic=f"{year.text} lies behind {today.isoformat()}, and is told as past",
        )
    elif (
        moment < today.year - 0
        and _FUTURE.search(preceding)
        and not _PAST_TENSE.search(preceding)
        and year.kind == "year"
        and len(year.values) == 1
    ):
        yield Relation(
            kind="date_contradiction",
            members=(year,),
            holds=False,
            factor=None,
            arithmetic=f"{year.text} lies before {today.isoformat()}, and is told as to come",
        )


def _editions(reading: Reading) -> Iterator[Relation]:
    """Check the number of the newest TOP500 list, which appears twice a year since June 1993."""
    for numeral in reading.numerals:
        if (
            numeral.kind != "ordinal"
            or not numeral.claim
            or numeral.unit != "ordinal"
            or not 40 <= numeral.value <= 200
        ):
            continue
        sentence = reading.sentence_of(numeral)
        if (
            "TOP500" not in sentence.upper().replace(" ", "")
            or not _EDITION.search(sentence)
            or not _NEWEST.search(sentence)
        ):
            continue
        today = reading.date
        half = 2 * (today.year - 1993) + (2 if (today.month, today.day) >= (11, 10) else 1 if today.month >= 6 else 0)
        edition = int(numeral.value)
        month = f"{'June' if edition % 2 else 'November'} {1993 + (edition - 1) // 2}"
        line = f"edition {edition} is that of {month}"
        if edition == half:
            yield Relation(kind="edition", members=(numeral,), holds=True, arithmetic=line, factor=1.0)
        else:
            yield Relation(
                kind="date_contradiction",
                members=(numeral,),
                holds=False,
                factor=None,
                arithmetic=f"{line}; the newest on {today} is {half}",
                reading=str(half),
            )
