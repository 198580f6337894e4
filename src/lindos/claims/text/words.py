"""Number words, ordinals, fractions and multiples of German and English."""

import re
from functools import cache

_EN_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
_EN_UNITS += " seventeen eighteen nineteen"
_EN_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
EN_CARDINALS: dict[str, float] = {word: float(value) for value, word in enumerate(_EN_UNITS.split())}
EN_CARDINALS |= {word: 10.0 * (value + 2) for value, word in enumerate(_EN_TENS.split())}
EN_CARDINALS |= {
    f"{ten}-{unit}": 10.0 * (i + 2) + j
    for i, ten in enumerate(_EN_TENS.split())
    for j, unit in enumerate(_EN_UNITS.split()[1:10], 1)
}
_DE_UNITS = "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn"
_DE_UNITS += " siebzehn achtzehn neunzehn"
_DE_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig"
DE_CARDINALS: dict[str, float] = {word: float(value) for value, word in enumerate(_DE_UNITS.split())}
DE_CARDINALS |= {word: 10.0 * (value + 2) for value, word in enumerate(_DE_TENS.split())}
DE_CARDINALS |= {
    f"{unit}und{ten}": 10.0 * (i + 2) + j
    for i, ten in enumerate(_DE_TENS.split())
    for j, unit in enumerate(("ein", *_DE_UNITS.split()[2:10]), 1)
}
DE_CARDINALS |= {"zwo": 2.0, "anderthalb": 1.5, "eineinhalb": 1.5}
DE_CARDINALS |= {f"{word}einhalb": value + 0.5 for word, value in list(DE_CARDINALS.items()) if 2 <= value <= 12}

_EN_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
EN_ORDINALS = {word: float(value) for value, word in enumerate(_EN_ORDINALS.split(), 1)}
_DE_ORDINALS = "erst zweit dritt viert fünft sechst siebt acht neunt zehnt elft zwölft"
DE_ORDINALS = {
    f"{stem}{end}": float(value)
    for value, stem in enumerate(_DE_ORDINALS.split(), 1)
    for end in ("e", "er", "en", "em", "es")
}

EN_FRACTIONS = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "sixth": 1 / 6, "seventh": 1 / 7}
EN_FRACTIONS |= {"eighth": 1 / 8, "ninth": 1 / 9, "tenth": 1 / 10, "hundredth": 1 / 100, "thousandth": 1 / 1000}
EN_FRACTIONS |= {"fifteenth": 1 / 15, "twelfth": 1 / 12, "twentieth": 1 / 20, "thirtieth": 1 / 30, "fortieth": 1 / 40}
EN_FRACTIONS |= {"fiftieth": 1 / 50}
EN_FRACTIONS |= {f"{word}s": value for word, value in list(EN_FRACTIONS.items()) if word != "half"} | {"halves": 1 / 2}
DE_FRACTIONS = {"Hälfte": 1 / 2, "Drittel": 1 / 3, "Viertel": 1 / 4, "Fünftel": 1 / 5, "Sechstel": 1 / 6}
DE_FRACTIONS |= {"Siebtel": 1 / 7, "Achtel": 1 / 8, "Neuntel": 1 / 9, "Zehntel": 1 / 10, "Zwanzigstel": 1 / 20}
DE_FRACTIONS |= {"Hundertstel": 1 / 100, "Tausendstel": 1 / 1000}
DE_FRACTIONS |= {"Fünfzehntel": 1 / 15, "Dreißigstel": 1 / 30, "Vierzigstel": 1 / 40, "Fünfzigstel": 1 / 50}
DE_FRACTIONS |= {f"{word}s": value for word, value in list(DE_FRACTIONS.items()) if word != "Hälfte"}
DE_FRACTIONS |= {f"{word}n": value for word, value in list(DE_FRACTIONS.items()) if word.endswith("el")}

EN_MULTIPLES = {"twice": 2.0, "thrice": 3.0}
for _stem, _value in (("doubl", 2.0), ("tripl", 3.0), ("quadrupl", 4.0), ("quintupl", 5.0)):
    EN_MULTIPLES |= {f"{_stem}{end}": _value for end in ("e", "ed", "es", "ing")}
EN_MULTIPLES |= {f"halv{end}": 0.5 for end in ("e", "ed", "es", "ing")}
DE_MULTIPLE = re.compile(
    r"(?:ver)?(doppel|dreifach|vierfach|fünffach|sechsfach|siebenfach|achtfach|neunfach|zehnfach|hundertfach)"
    r"(?:t|te|ten|ter|tes|e|en|er|es|n|ung)?"
)
_DE_FOLD = {"doppel": 2.0, "drei": 3.0, "vier": 4.0, "fünf": 5.0, "sechs": 6.0, "sieben": 7.0, "acht": 8.0}
_DE_FOLD |= {"neun": 9.0, "zehn": 10.0, "hundert": 100.0}
_HALVE = re.compile(r"halbier(?:t|te|ten|en|ung)")
_FACH = re.compile(r"(\w{3,40})(?:fach|mal)(?:e|en|er|es)?")
_YEARLY = re.compile(r"(\w{3,30})(?:jähr)(?:ig|ige|igen|iger|iges|igem|lich)")

#: Words before a numeral that bound it, by language; what follows "mehr als" is a least value.
MINIMUM: dict[str, tuple[str, ...]] = {
    "de": ("mehr als", "gut", "über", "mindestens", "wenigstens", "etwas mehr als", "oberhalb von", "jenseits von")
}
MINIMUM["en"] = ("more than", "over", "at least", "upwards of", "above", "well over", "a little over", "just over")
MINIMUM["en"] += ("north of", "pass", "exceeding", "in excess of", "a little more than", "slightly more than")
MAXIMUM: dict[str, tuple[str, ...]] = {
    "de": ("knapp", "fast", "beinahe", "bis zu", "höchstens", "weniger als", "unter", "nicht ganz", "kaum")
}
MAXIMUM["en"] = ("just under", "almost", "nearly", "close to", "up to", "less than", "under", "barely", "at most")
MAXIMUM["en"] += ("a little under", "below", "just short of", "fewer than", "just shy of")
ROUGH: dict[str, tuple[str, ...]] = {"de": ("rund", "etwa", "ungefähr", "circa", "ca.", "um die", "schätzungsweise")}
ROUGH["en"] = ("about", "around", "roughly", "some", "approximately", "near", "or so", "an estimated", "circa")


@cache
def cardinal(word: str, language: str) -> float | None:
    """Return the value of a cardinal in words; None if it is none.

    Parameters
    ----------
    word
        The word.
    language
        ``"de"`` or ``"en"``.

    Examples
    --------
    >>> cardinal("zweihundertfünfzig", "de"), cardinal("forty-two", "en"), cardinal("Haus", "de")
    (250.0, 42.0, None)
    """
    text = word.lower()
    if language == "en":
        return EN_CARDINALS.get(text)
    return _german(text) if len(text) <= 60 else None


def _german(text: str) -> float | None:
    if text in DE_CARDINALS:
        return DE_CARDINALS[text]
    for stem, factor in (("tausend", 1e3), ("hundert", 1e2)):
        head, mark, tail = text.partition(stem)
        if mark:
            first = 1.0 if head in ("", "ein") else _german(head)
            rest = 0.0 if not tail else _german(tail.removeprefix("und"))
            if first is None or rest is None or first >= 1e3 or rest >= factor:
                return None
            return first * factor + rest
    return None


@cache
def multiple(word: str, language: str) -> float | None:
    """Return the factor of a word: ``verdoppelt``, ``Zwanzigfache``, ``tripled``, ``tenfold``, ``fünfmal``.

    Parameters
    ----------
    word
        The word.
    language
        ``"de"`` or ``"en"``.

    Examples
    --------
    >>> multiple("Zwanzigfache", "de"), multiple("verdoppeln", "de"), multiple("tenfold", "en")
    (20.0, 2.0, 10.0)
    """
    text = word.lower()
    if len(text) > 60:
        return None
    if language == "en":
        if text.endswith("fold"):
            return EN_CARDINALS.get(text.removesuffix("fold"))
        return EN_MULTIPLES.get(text)
    if _HALVE.fullmatch(text):
        return 0.5
    fold = DE_MULTIPLE.fullmatch(text)
    if fold:
        return _DE_FOLD[fold.group(1).removesuffix("fach")]
    fach = _FACH.fullmatch(text.removeprefix("ver"))
    if fach and fach.group(1) not in ("eins", "ein", "viel", "mehr"):
        value = cardinal(fach.group(1), "de")
        return value if value is not None and value >= 2 else None
    return None


@cache
def years_in(word: str) -> float | None:
    """Return the years that a German adjective states: ``fünfjährig``.

    Parameters
    ----------
    word
        The word.

    Examples
    --------
    >>> years_in("fünfjährigen")
    5.0
    """
    match = _YEARLY.fullmatch(word.lower()) if len(word) <= 60 else None
    if match is None:
        return None
    return 1.0 if match.group(1) == "ein" else cardinal(match.group(1), "de")
