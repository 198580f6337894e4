"""Read a text as numerals, sentences and language."""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import floor, log10

from lindos.catalog import Catalog
from lindos.claims.text import units, words
from lindos.claims.text.digits import literal
from lindos.claims.text.language import language_of
from lindos.claims.text.masks import masks, name_patterns
from lindos.claims.text.numeral import Numeral, cover
from lindos.claims.text.scan import Scanner

_SENTENCE_END = re.compile(
    r"(?:[.!?…](?:[”“\"»’)]{0,2})(?=\s+[A-ZÄÖÜ„“\"(»\d$€£])|\n+)\s*|(?<=[a-zäöüß]\))[.!?](?=[A-ZÄÖÜ][a-zäöü]+[  ])"
)
#: Abbreviations whose point does not end a sentence.
_ABBREVIATION = re.compile(
    r"(?:\b(?:Nr|No|ca|bzw|etc|Mio|Mrd|Bio|Tsd|Dr|vs|Inc|Corp|U\.S|z\.B|d\.h|St|Ind|Sept|Nov|Dec|Oct|Aug|Jan|Feb|"
    r"Tel|a\.m|p\.m)|\b\d{1,3}|\b[A-Z])\.$"
)
_BOILERPLATE = re.compile(
    r"©|\bcopyright\b|\bimpressum\b|\btel\.|\btelefon\b|\bfon\b|\bredaktion:|\babo\b|\bnewsletter\b|\bkommentare?\b|"
    r"\bshare this\b|"
    r"\bread next\b|\bmehr zum thema\b|\blesezeit\b|\bmin(?:ute)? read\b|\bupdated\b|\bprint edition\b|\bimage:|"
    r"\bleserservice\b|\bfoto:|"
    r"\bphoto:|\bsubscribe\b|\bsign up\b|\bcomments?\b|\bauch interessant\b|\blesen sie auch\b|\bgraphic:|\bsource:|"
    r"\bquelle:|"
    r"\bkeine anlageempfehlung\b|\bdatenschutz\b|\ball rights reserved\b|\bpage \d|\bseite \d|\bmost read\b|"
    r"\bmeistgelesen\b|"
    r"\brelated:|\bmore on\b|\bfollow us\b|\banzeige\b|\badvertisement\b|\bhotline\b|\bkundenservice\b|\bpodcast\b|"
    r"\bunsubscribe\b|"
    r"\bcontact:|\bkontakt:|\bpressekontakt\b|\bmedia contact\b|\bpress contact\b|\bisin\b|\bwkn\b|\bstand:",
    re.IGNORECASE,
)
_BOILERPLATE_LENGTH = 220
LONGEST_SENTENCE = 1_000
_RANK = re.compile(r"(?:Rang|Platz|rank|ranked|place|No\.|Nr\.|number|position|Position|spot)[  ]$", re.IGNORECASE)
_FACTOR = re.compile(
    r"(?i:faktor|factor of)[  ](?:von |rund |etwa |knapp |gut |about |roughly |some |around |nearly |almost |over )?$"
)
_BACK = 36


@dataclass(slots=True)
class Sentence:
    """A stretch of the text between ends of sentences."""

    start: int
    end: int
    paragraph: int
    boilerplate: bool


@dataclass(slots=True)
class Reading:
    """A text with its numerals, sentences and language."""

    text: str
    language: str
    date: datetime.date
    numerals: list[Numeral]
    sentences: list[Sentence]
    printed: str = ""  # the text with its own line ends; ``text`` has blanks for those inside a paragraph

    def sentence_of(self, numeral: Numeral) -> str:
        """Return the text of the sentence of a numeral."""
        sentence = self.sentences[numeral.sentence]
        return self.text[sentence.start : sentence.end]


def read_text(text: str, catalog: Catalog, date: datetime.date) -> Reading:
    """Find every numeral of a text.

    Parameters
    ----------
    text
        German or English prose.
    catalog
        Source of the names that are no numbers.
    date
        Day of the article; days without a year belong to it.
    """
    printed, text = text, unwrapped(text)
    language = language_of(text)
    sentences = sentences_of(text)
    spoken = [name for kind in _NAMED for name in catalog.spoken_as(kind)]
    names, numbered = name_patterns(spoken, {record.title for record in catalog.records("companies").values()})
    masked = cover(_without_quantities(text, masks(text, names, numbered, date, language)))
    numerals = cover([*masked, *Scanner(text, language).numerals(masked)])
    reading = Reading(text, language, date, numerals, sentences)
    _place(reading)
    for position, numeral in enumerate(numerals):
        _qualify(reading, numeral)
        _ellipsis(reading, numerals, position)
    for numeral in numerals:
        numeral.text = printed[numeral.start : numeral.end]
    reading.printed = printed
    return reading


def unwrapped(text: str) -> str:
    """Join the lines of each paragraph, if the lines of the text are cut at a width.

    Parameters
    ----------
    text
        The whole text.

    Examples
    --------
    >>> unwrapped("Headline\\n\\nThe cost is 44 billion dollars, and here is the middle of\\na sentence.")[-21:]
    'middle of a sentence.'
    """
    lines = text.split("\n")
    if len(lines) < 3 or "\n\n" not in text or max(map(len, lines)) > WIDEST_LINE:
        return text
    return _INNER_END.sub(" ", text)


#: Longest line of a text that is cut at a width; in a text with longer lines, each line is a paragraph.
WIDEST_LINE = 140
_INNER_END = re.compile(r"(?<=[^\n]{45})\n(?=[^\n])(?![*•·–-]\s)")


_NAMED = ("accelerators", "systems", "models", "sites", "supercomputers", "companies")


def _without_quantities(text: str, numerals: list[Numeral]) -> list[Numeral]:
    """Drop names that are quantities: ``H100`` is a name, ``€20`` and ``x10`` are not."""
    return [numeral for numeral in numerals if numeral.kind != "name" or any(c.isdigit() for c in numeral.text)]


def sentences_of(text: str) -> list[Sentence]:
    """Divide a text into sentences, each with the number of its paragraph; a line is a paragraph.

    Parameters
    ----------
    text
        The whole text.
    """
    result: list[Sentence] = []
    paragraph, offset = 0, 0
    for line in text.splitlines(keepends=True):
        if line.strip():
            dull = len(line) <= _BOILERPLATE_LENGTH and bool(_BOILERPLATE.search(line))
            start = 0
            for match in _SENTENCE_END.finditer(line):
                mark = line[start : match.start() + 1]
                if match.group()[0] == "." and _ABBREVIATION.search(mark[-12:]) and not _ends_with_number(line, match):
                    continue
                result.append(Sentence(offset + start, offset + match.end(), paragraph, dull))
                start = match.end()
            if line[start:].strip():
                result.append(Sentence(offset + start, offset + len(line), paragraph, dull))
            paragraph += 1
        offset += len(line)
    result = result or [Sentence(0, len(text), 0, False)]
    return [piece for sentence in result for piece in _pieces(sentence)]


def _pieces(sentence: Sentence) -> Iterator[Sentence]:
    """Cut a sentence that is longer than any that a person writes."""
    for start in range(sentence.start, max(sentence.end, sentence.start + 1), LONGEST_SENTENCE):
        end = min(start + LONGEST_SENTENCE, sentence.end)
        yield Sentence(start, end, sentence.paragraph, sentence.boilerplate)


def _ends_with_number(line: str, match: re.Match[str]) -> bool:
    """Tell whether a point after digits ends a sentence, by the word that follows."""
    if not line[: match.start()][-1:].isdigit():
        return False
    word = re.match(r"[„“\"(»]?(\w+)", line[match.end() :])
    openers = (
        "Der Die Das Ein Eine Im In Am An Auf Mit Bei Für Von Damit Dazu Dort Auch So Nach Es Er Sie The A An It In "
        "That At By On"
    )
    return word is not None and (
        word.group(1) in openers.split() or not line[: match.start()].rstrip("0123456789").endswith(" ")
    )


def _place(reading: Reading) -> None:
    """Give every numeral its sentence and paragraph; numerals in boilerplate claim nothing."""
    index = 0
    for numeral in reading.numerals:
        while index + 1 < len(reading.sentences) and reading.sentences[index].end <= numeral.start:
            index += 1
        sentence = reading.sentences[index]
        numeral.sentence, numeral.paragraph = index, sentence.paragraph
        if sentence.boilerplate:
            numeral.claim = False


def _qualify(reading: Reading, numeral: Numeral) -> None:
    preceding = reading.text[max(0, numeral.start - _BACK) : numeral.start].lower().rstrip(' \u00a0„“"($€£')
    language = reading.language
    for kind, table in (("min", words.MINIMUM), ("max", words.MAXIMUM), ("rough", words.ROUGH)):
        for phrase in sorted(table[language], key=len, reverse=True):
            if preceding.endswith(phrase) and not preceding[: -len(phrase)][-1:].isalpha():
                # "just under" bounds from above even though "under" is one word of it.
                if not numeral.qualifier or kind != "rough":
                    numeral.qualifier = kind
                break
        if numeral.qualifier:
            break
    if len(numeral.values) == 2 and re.search(r"\b(?:von|from)(?:[  ]\w+)?$", preceding):
        numeral.stated_rise = True
    if (
        numeral.kind == "amount"
        and numeral.bare
        and _FACTOR.search(reading.text[max(0, numeral.start - 30) : numeral.start])
    ):
        numeral.kind, numeral.unit = "factor", "factor"
    if (
        numeral.kind == "amount"
        and numeral.unit == "1"
        and _RANK.search(reading.text[max(0, numeral.start - 12) : numeral.start])
    ):
        numeral.kind, numeral.unit = "rank", "rank"


def _ellipsis(reading: Reading, numerals: list[Numeral], position: int) -> None:
    """Give a number without unit that of a neighbour: ``Frontier (1.353)``, ``just under one``, ``weitere 75``."""
    numeral = numerals[position]
    if numeral.kind != "amount" or numeral.unit != "1" or numeral.unit_printed:
        return
    if re.search(r"[  ][A-Za-z]+$", numeral.text) and numeral.bare:
        return
    preceding = reading.text[max(0, numeral.start - 14) : numeral.start]
    if (numeral.in_words and _OF_THESE.search(preceding)) or _ALL.search(preceding):
        return
    following = reading.text[numeral.end : numeral.end + 44]
    if numeral.decimals == 0 and _THEREOF.match(following):
        return
    if _counted(following) and not re.match(r"[  ](?:auf|to)[  ]", following):
        return
    if numeral.bare and _shares_percent(reading, numerals, position):
        numeral.values = tuple(value / 100 for value in numeral.values)
        numeral.kind, numeral.unit = "fraction", "fraction"
        return
    neighbour = _neighbour(reading, numerals, position)
    if neighbour is None:
        return
    if numeral.bare:
        scale = _scale_of(neighbour, reading.language)
        if numeral.in_words and scale == 1.0 and numeral.value < 100:
            return
        alike = neighbour.value > 0 and 0.02 < numeral.value / neighbour.value < 50 and numeral.value >= 10
        if numeral.decimals == 0 and scale == 1.0 and neighbour.unit not in units.MONEY and not alike:
            return
        numeral.values = tuple(value * scale for value in numeral.values)
    elif neighbour.unit in units.MONEY:
        pass
    elif scale := _same_magnitude(reading, numeral, neighbour):
        numeral.values = tuple(value * scale for value in numeral.values)
    else:
        return
    numeral.unit = neighbour.unit


_NO_STATEMENT = ("name", "term", "year", "date", "ordinal", "rank")
_NEXT_PERCENT = re.compile(r"[  ]zu[  ]|[  ](?:und|and)[  ]\w[\w ]{0,24}[  ]")


def _shares_percent(reading: Reading, numerals: list[Numeral], position: int) -> bool:
    """Tell whether a bare number is a percentage as its neighbour is: ``57 percent, smartphones 30``."""
    numeral = numerals[position]
    if not 0 < numeral.value <= 100 or numeral.in_words:
        return False
    for candidate in reversed(numerals[max(0, position - 6) : position]):
        if candidate.paragraph != numeral.paragraph or numeral.sentence - candidate.sentence > 1:
            break
        if candidate.kind in _NO_STATEMENT or candidate.unit in units.DURATIONS:
            continue
        if candidate.unit == "fraction" and not candidate.in_words:
            return True
        break
    for candidate in numerals[position + 1 : position + 2]:
        gap = reading.text[numeral.end : candidate.start]
        return candidate.unit == "fraction" and not candidate.in_words and _NEXT_PERCENT.fullmatch(gap) is not None
    return False


def _same_magnitude(reading: Reading, numeral: Numeral, neighbour: Numeral) -> float:
    """Return the factor of the unit after a magnitude of both: ``21,3 Milliarden Watt ... 20,0 Milliarden``."""
    word = numeral.text.rsplit(None, 1)[-1]
    if neighbour.sentence != numeral.sentence or word not in neighbour.text.split() or not neighbour.text[-1].isalpha():
        return 0.0
    unit = units.unit_at(reading.text, neighbour.start + neighbour.text.index(word) + len(word))
    return unit[0].factor if unit and unit[0].symbol == neighbour.unit else 0.0


#: Words before a small number that counts things named before: "of the four".
_OF_THESE = re.compile(
    r"(?i:\b(?:(?:the[  ])?(?:following|next|past|last|other)|the|these|those|all|both|der|die|den|dieser|diese|"
    r"diesen|aller|alle|allen)[  ])$"
)
#: Words behind a small number that counts amounts named before: "fünf davon".
_THEREOF = re.compile(r"[  ](?i:davon|of (?:them|these|those))\b")
_ALL = re.compile(r"(?i:\b(?:all|aller|alle|allen)[  ])$")
_CLOSES = re.compile(
    r"\s*(?:[.,;:)\]”“\"»…]|$)|\s[–—-]\s|\s(?:jährlich|annually|an? (?:year|month|week|quarter|day)|of (?:its|"
    r"their|his|her)|sein|werden|be|und|and|davon|im|in|ein|"
    r"vor|nach|but|while|before|after|against|on|at|gegenüber|"
    r"zuvor|the|der|to|auf|later|now|today|already|then|heute|später|this|next|last|by|since|until|bis|ab|seit|je|"
    r"pro|per|each|apiece|jeweils|waren|were|was|war|is|are|have|has|ist|sind|hat|haben|zusammen|together|beim|"
    r"bei|über|von|of the|for|für)\b"
)


#: A noun behind an article: "8.000 der Superchips".
_OF_NOUN = re.compile(
    r"[  ](?:der|dieser|of (?:the|these|those|its|their))[  ](?:\w+[  ])?[\w-]*(?i:chips?|gpus?|tpus?|karten|"
    r"prozessoren|"
    r"beschleuniger|systeme|server|racks?|schränke|units?|modelle|machines?)\b"
)


def _counted(following: str) -> bool:
    """Tell whether a noun seems to follow, so that the number is a count."""
    return _CLOSES.match(following) is None or _OF_NOUN.match(following) is not None


def _neighbour(reading: Reading, numerals: list[Numeral], position: int) -> Numeral | None:
    """Find the nearest numeral with a printed unit: before this one in its sentence or the last, then after it."""
    numeral = numerals[position]
    for candidate in reversed(numerals[max(0, position - 8) : position]):
        if (
            numeral.sentence - candidate.sentence > (_reach(numeral, candidate) if numeral.bare else 2)
            or candidate.paragraph != numeral.paragraph
        ):
            break
        if not numeral.bare and candidate.unit not in units.MONEY and not _same_magnitude(reading, numeral, candidate):
            continue
        if (
            candidate.kind == "amount"
            and candidate.unit not in ("1", "")
            and (candidate.unit not in units.DURATIONS)
            and (candidate.unit_printed or not candidate.bare)
        ):
            return candidate
        is_counted = candidate.noun_like(reading.text) and _counted(reading.text[candidate.end : candidate.end + 24])
        if candidate.kind == "amount" and candidate.unit == "1" and is_counted and numeral.bare:
            break
    if not numeral.bare:
        successor = numerals[position + 1] if position + 1 < len(numerals) else None
        if (
            successor
            and successor.sentence == numeral.sentence
            and successor.unit in units.MONEY
            and successor.unit_printed
        ):
            gap = reading.text[numeral.end : successor.start]
            return (
                successor
                if re.fullmatch(
                    r"[  ,]*(?:auf|to|und|and|bis|oder|or)[  ]*(?:rund |etwa |knapp |about |roughly )?", gap
                )
                else None
            )
        return None
    bracketed = numeral.decimals > 0 and reading.text[numeral.start - 1 : numeral.start] == "("
    for candidate in numerals[position + 1 : position + (8 if bracketed else 3)]:
        if (
            candidate.sentence == numeral.sentence
            and candidate.kind == "amount"
            and candidate.unit_printed
            and candidate.unit not in units.DURATIONS
        ):
            if bracketed and reading.text[candidate.start - 1 : candidate.start] == "(":
                return candidate
            gap = reading.text[numeral.end : candidate.start]
            return candidate if re.fullmatch(r"[  ,]*(?:und|and|oder|or|beziehungsweise)?[  ]*", gap) else None
    return None


def _reach(numeral: Numeral, candidate: Numeral) -> int:
    """Return how many sentences back a bare number takes a unit: one if it is of the size printed there."""
    if candidate.unit in units.MONEY and candidate.decimals == numeral.decimals == 2:
        return 1 if 0.1 < numeral.value / candidate.value < 10 else 0
    if (
        numeral.in_words
        or (numeral.value < 10 and not numeral.decimals)
        or candidate.unit not in _PHYSICAL
        or not candidate.unit_printed
    ):
        return 0
    match = re.search(r"\d[\d.,]*", candidate.text)
    printed = float(re.sub(r"[.,]", "", match.group())) if match else 0.0
    return 1 if printed and 0.1 < numeral.value / printed < 10 else 0


_PHYSICAL = ("W", "J", "FLOP/s", "B")


def _scale_of(numeral: Numeral, language: str) -> float:
    """Return the factor from a printed number to its value: 1e18 for ``198 exaflops``."""
    if numeral.unit not in _SCALED or not numeral.values:
        return 1.0
    match = re.search(r"\d[\d.,]*", numeral.text)
    number = literal(match.group().strip(".,"), language) if match else None
    if number and number[0]:
        return numeral.values[-1] / number[0]
    return float(10.0 ** (3 * floor(log10(max(numeral.values[-1], 1.0)) / 3)))


_SCALED = frozenset({"W", "J", "FLOP/s", "B", "B/s", "FLOP"}) | units.MONEY
