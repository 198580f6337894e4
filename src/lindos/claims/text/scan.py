"""Find the numerals of a text: digits and words, magnitudes, units, ranges, fractions and multiples."""

import re

from lindos.claims.text import units, words
from lindos.claims.text.candidates import candidates
from lindos.claims.text.digits import Atom, end_of_token, is_year, literal, stands_before, word_at, word_step
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.phrases import NEXT_WORD, PhraseReader

_LITERAL = re.compile(r"\d+(?:[.,'’]\d+)*|\d{1,3}(?:[\u00a0\u202f]\d{3})+")
_SPACED = re.compile(
    r"(\d{1,3}), (\d{1,2})(?=[  ](?:und|auf|bis|Mi|Bi|Mrd|Gi|Me|Ki|Te|Pe|Ex|Ze|[kMGTPEZ]?W\b|Prozent|%))"
)
_SCIENTIFIC = re.compile(
    r"(?:(?P<head>\d+(?:[.,]\d+)?)\s?(?:[×x·*]|mal)\s?)?10(?:\s?\^\s?|\*\*|[  ]hoch[  ]|"
    r"(?=[⁰¹²³⁴⁵⁶⁷⁸⁹]))(?P<power>\d{1,2}|[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})"
)
_E_FORM = re.compile(r"(?P<head>\d+(?:\.\d+)?)[eE]\+?(?P<power>\d{1,2})(?!\w)")
#: Largest power of ten of an amount.
_MOST_POWER = 200
_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_CURRENCY = re.compile(
    rf"(?:{'|'.join(re.escape(mark) for mark in sorted(units.CURRENCIES, key=len, reverse=True))})[  ]?$"
)
_RANGE = re.compile(r"[  ]?(?P<mark>bis zu|bis|to|und|and|auf|oder|or|–|—|-|‑)[  ]?(?P<currency>US\$|\$|€|£)?")
MAX_LITERAL = 30
#: Largest relative rounding error of a small number with one digit, such as "two gigawatts".
MOST_ROUNDING = 0.12
#: German words that begin a sentence, so that "66." before them is no ordinal.
_OPENERS = frozenset(
    [
        "Der",
        "Die",
        "Das",
        "Ein",
        "Eine",
        "Im",
        "In",
        "Am",
        "An",
        "Auf",
        "Mit",
        "Bei",
        "Für",
        "Von",
        "Zum",
        "Zur",
        "Damit",
        "Dazu",
        "Dort",
        "Auch",
        "So",
        "Nach",
        "Doch",
        "Und",
        "Aber",
        "Es",
        "Er",
        "Sie",
    ]
)


_ONE_IN = re.compile(r"[Oo]ne[  ]in[  ](?:every[  ])?([a-z]+|\d{1,4})(?!\w|-)")


_PER_SECOND = re.compile(r"[  ](?:pro Sekunde|je Sekunde|per second|a second)$")
_AND_A_HALF = re.compile(r"[  ]and[  ]a[  ]half(?!\w)")
_TOKEN = re.compile(r"[A-Za-zÄÖÜäöüß]+|\d")


def _token(text: str, start: int) -> str:
    match = _TOKEN.match(text, start)
    return match.group() if match else text[start]


def _plain(digits: str) -> float:
    return float(digits) if digits.isdigit() else 0.0


class Scanner(PhraseReader):
    """Reads the numerals of one text in one language, left to right."""

    def numerals(self, masked: list[Numeral]) -> list[Numeral]:
        """Return all numerals outside the spans of ``masked``."""
        result: list[Numeral] = []
        spans = iter([*masked])
        span = next(spans, None)
        position = 0
        for token in candidates(self.language).finditer(self.text):
            start = token.start()
            while span is not None and span.end <= start:
                span = next(spans, None)
            if start < position or (span is not None and span.start <= start < span.end):
                continue
            limit = span.start if span is not None else len(self.text)
            numeral = self._numeral_at(start, _token(self.text, start), limit)
            if numeral is not None:
                result.append(numeral)
                position = numeral.end
        return result

    def _numeral_at(self, start: int, token: str, limit: int) -> Numeral | None:
        if token[0].isdigit():
            return self._digits(start, limit)
        for reader in (self._vague, self._fraction, self._multiple, self._ordinal, self._article, self._cardinal):
            numeral = reader(start, token)
            if numeral is not None:
                return numeral if numeral.start < limit and numeral.end <= limit else None
        return None

    def _digits(self, start: int, limit: int) -> Numeral | None:
        text = self.text
        scientific = _SCIENTIFIC.match(text, start) or _E_FORM.match(text, start)
        if scientific:
            return self._scientific(scientific)
        atom = self._atom(start)
        if atom is None:
            end = min(end_of_token(text, start), limit)
            return Numeral(start, end, text[start:end], "unread")
        ordinal = self._digit_ordinal(start, atom)
        if ordinal is not None:
            return ordinal
        return self._amount(start, atom, limit)

    def _scientific(self, match: re.Match[str]) -> Numeral:
        head = float((match.group("head") or "1").replace(",", "."))
        power = int(match.group("power").translate(_SUPER))
        if abs(power) > _MOST_POWER:
            return Numeral(*match.span(), match.group(), "unread")
        value = head * 10.0**power
        unit = units.unit_at(self.text, match.end())
        symbol, factor = (unit[0].symbol, unit[0].factor) if unit else ("FLOP", 1.0)
        digits = len((match.group("head") or "1").replace(",", ".").partition(".")[2])
        rounding = 0.5 * 10.0**-digits / head if head else 0.0
        start, end = match.span()
        return Numeral(start, end, self.text[start:end], "amount", (value * factor,), symbol, rounding=rounding)

    def _atom(self, start: int) -> Atom | None:
        """Read the number at ``start`` in digits or words; None if there is none, or if it cannot be read."""
        text = self.text
        if start < len(text) and text[start].isdigit():
            spaced = _SPACED.match(text, start) if self.language == "de" else None
            if spaced and (
                stands_before(text, start, ("zwischen", "von", "auf", "rund", "etwa", "knapp", "gut", "über", "mit"))
                or units.MAGNITUDE["de"].match(text, spaced.end())
                or units.unit_at(text, spaced.end())
            ):
                value = float(f"{spaced.group(1)}.{spaced.group(2)}")
                return Atom(value, spaced.end(), 10.0 ** -len(spaced.group(2)), len(spaced.group(2)), False)
            match = _LITERAL.match(text, start)
            if match is None or len(match.group()) > MAX_LITERAL:
                return None
            read = literal(match.group(), self.language)
            return Atom(read[0], match.end(), read[1], read[2], False) if read else None
        word = word_at(text, start)
        number = words.cardinal(word, self.language) if word else None
        if number is None:
            return None
        end = start + len(word)
        half = _AND_A_HALF.match(text, end)
        if half:
            return Atom(number + 0.5, half.end(), 0.5, 0, True)
        return Atom(number, end, word_step(number), 0, True)

    def _digit_ordinal(self, start: int, atom: Atom) -> Numeral | None:
        text, end = self.text, atom.end
        if self.language == "en":
            match = re.compile(r"(?:st|nd|rd|th)(?!\w)").match(text, end)
            if match:
                return Numeral(start, match.end(), text[start : match.end()], "ordinal", (atom.value,), "ordinal")
            return None
        match = re.compile(r"\.[  ]([A-ZÄÖÜa-zäöü]\w+)").match(text, end)
        if match and atom.value <= 200 and atom.value == int(atom.value) and match.group(1) not in _OPENERS:
            preceding = re.search(r"(\w+)[  ]$", text[max(0, start - 40) : start])
            word = preceding.group(1) if preceding else ""
            if word.endswith(("en", "er", "em", "te", "der", "die", "das", "zum", "am", "im", "seit", "ihre", "seine")):
                return Numeral(start, end + 1, text[start : end + 1], "ordinal", (atom.value,), "ordinal")
        return None

    # Amounts

    def _amount(self, start: int, atom: Atom, limit: int) -> Numeral | None:
        """Read an amount that begins with ``atom``: a range, a magnitude, a unit, in this order."""
        text = self.text
        currency = _CURRENCY.search(text[max(0, start - 6) : start])
        opening = start - len(currency.group()) if currency else start
        money = units.CURRENCIES[currency.group().strip()] if currency else ""
        pair = self._second(start, atom, limit)
        last = pair or atom
        magnitude, end, printed = self._magnitude(last.end)
        unit = units.unit_at(text, end)
        symbol, factor = ("1", 1.0)
        if money:
            symbol = money
            extra = units.unit_at(text, end)
            end = extra[1] if extra and extra[0].symbol in units.MONEY else end
        elif unit is not None and unit[1] <= limit:
            symbol, factor = unit[0].symbol, unit[0].factor
            long_name = symbol == "FLOP" and unit[1] - end > 12
            end = end if long_name else unit[1]
            if symbol == "B/s" and (rate := _PER_SECOND.search(text, start, end)):
                end = rate.start()
        has_unit = bool(money) or (unit is not None and symbol != "1")
        year = self._year(start, atom, pair, end, printed or has_unit)
        if year is not None:
            return year
        times = self._times(opening, atom, last.end, printed)
        if times is not None:
            return times
        if symbol == "1" and atom.value < 1000:
            end = units.device_word_end(text, end) if not printed else end
        values = tuple(a.value * magnitude * factor for a in ((atom, pair) if pair else (atom,)))
        rounding = max(
            min(0.5 * a.step / a.value, MOST_ROUNDING) if a.value else 0.0 for a in ((atom, pair) if pair else (atom,))
        )
        kind = "fraction" if symbol in ("fraction", "points") else "amount"
        rounding = min(rounding, 0.03) if kind == "fraction" else rounding
        return Numeral(
            opening,
            end,
            text[opening:end],
            kind,
            values,
            symbol,
            rounding=rounding,
            in_words=atom.in_words,
            decimals=max(atom.decimals, pair.decimals if pair else 0),
            bare=not printed and not has_unit,
            unit_printed=has_unit,
        )

    def _second(self, start: int, first: Atom, limit: int) -> Atom | None:
        """Read the second number of a range or pair that shares magnitude and unit with the first."""
        text = self.text
        match = _RANGE.match(text, first.end)
        if match is None or match.end() >= limit:
            return None
        mark = match.group("mark")
        if mark in ("und", "and") and not stands_before(text, start, ("zwischen", "between")):
            return None
        if mark in ("auf", "oder", "or") and not (mark == "auf" and stands_before(text, start, ("von", "from"))):
            return None
        second = self._atom(match.end())
        if (
            mark in ("to", "bis", "auf", "and", "und")
            and second is not None
            and self._is_apart(start, first, second, match)
        ):
            return None
        if second is None or (mark in ("-", "‑") and (first.in_words or second.in_words)):
            return None
        if mark in ("–", "—", "-", "‑") and text[first.end] in "  " and not first.in_words and mark != "–":
            return None
        return second if second.value > 0 and first.value > 0 else None

    def _is_apart(self, start: int, first: Atom, second: Atom, match: re.Match[str]) -> bool:
        """Tell whether two numbers around "to" are no range: years, or two amounts with a currency each."""
        if is_year(self.text, first) and match.group().strip() not in ("–", "-", "—"):
            return True
        each = match.group("currency") and _CURRENCY.search(self.text[max(0, start - 6) : start])
        return bool(
            each
            and stands_before(self.text, start, ("from", "von"))
            and not units.MAGNITUDE[self.language].match(self.text, second.end)
        )

    def _year(self, start: int, atom: Atom, pair: Atom | None, end: int, has_unit: bool) -> Numeral | None:
        numbers = (atom, pair) if pair else (atom,)
        if has_unit or any(not is_year(self.text, a) for a in numbers):
            return None
        following = NEXT_WORD.match(self.text, end)
        dated = _DATES_YEAR.search(self.text[max(0, start - 16) : start])
        is_noun = following is not None and NOUN_AHEAD.match(following.group(1))
        if not dated and (is_noun or _DEVICE_AHEAD.match(self.text, end)):
            return None
        values = tuple(a.value for a in numbers)
        return Numeral(start, numbers[-1].end, self.text[start : numbers[-1].end], "year", values, "year")

    def _times(self, start: int, atom: Atom, end: int, printed: bool) -> Numeral | None:
        """Read a multiple: ``eight times``, ``20x``, ``20-fach``, ``das 1,8-Fache``, ``fünf Mal``."""
        if printed:
            return None
        pattern = _TIMES_DE if self.language == "de" else _TIMES_EN
        match = pattern.match(self.text, end)
        if match is None:
            return None
        pair = self._second(start, atom, len(self.text))
        values = (atom.value, pair.value) if pair else (atom.value,)
        stop = match.end()
        return Numeral(
            start,
            stop,
            self.text[start:stop],
            "factor",
            values,
            "factor",
            rounding=0.5 * atom.step / max(atom.value, 1e-9),
            in_words=atom.in_words,
        )

    # Words

    def _cardinal(self, start: int, token: str) -> Numeral | None:
        text = self.text
        atom = self._atom(start)
        if atom is None:
            return None
        following = text[atom.end : atom.end + 12]
        if (
            self.language == "en"
            and atom.value == 1
            and (
                following.startswith((" of ", " another", " by "))
                or stands_before(
                    text,
                    start,
                    ("no", "this", "that", "the", "each", "every", "any", "which", "another", "latest", "new"),
                )
            )
        ):
            return None
        ratio = _ONE_IN.match(text, start)
        if ratio and (denominator := words.cardinal(ratio.group(1), self.language) or _plain(ratio.group(1))):
            return Numeral(
                start,
                ratio.end(),
                ratio.group(),
                "fraction",
                (1 / denominator,),
                "fraction",
                rounding=0.05,
                in_words=True,
            )
        fraction = self._fraction_behind(start, atom)
        return fraction or self._amount(start, atom, len(text))


#: Words before a year.
_DATES_YEAR = re.compile(
    r"(?i:\b(?:anfang|ende|mitte|im jahr|jahr|seit|until|since|early|late|mid|end of|by|in|im (?:januar|februar|"
    r"märz|april|"
    r"mai|juni|juli|august|september|oktober|november|dezember))[  -])$"
)
_TIMES_EN = re.compile(r"[  ]times(?!\w)|-fold(?!\w)|[  ]?[x×](?![\w])(?![  ]?\d)")
_TIMES_DE = re.compile(r"[  ][Mm]al(?!\w)|-?[Mm]al(?!\w)|-?[Ff]ach(?:e[nsrm]?)?(?!\w)|[  ]?[x×](?![\w])(?![  ]?\d)")
NOUN_AHEAD = re.compile(
    r"(?i:gpus?|chips?|tpus?|racks?|cabinets?|servers?|schränken?|karten?|beschleunigern?|prozessoren|accelerators?|"
    r"cards?|nodes?|knoten|cpus?|employees|mitarbeitern?|households|haushalten?|tonn|superchips?|einheiten|units?)"
)
#: The name of a device right behind a number, which counts it: "2048 H800".
_DEVICE_AHEAD = re.compile(r"[ \u00a0][A-Z]{1,3}\d{2,4}[a-zA-Z]{0,2}(?!\w)")
