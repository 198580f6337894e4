"""Numerals of several words: fractions, multiples, ordinals, articles before magnitudes, crowds of thousands."""

import re

from lindos.claims.text import units, words
from lindos.claims.text.digits import Atom, stands_before
from lindos.claims.text.numeral import Numeral
from lindos.units import YEAR

_CROWDS = {"tens": (20.0, 99.0), "dozens": (24.0, 99.0), "hundreds": (200.0, 999.0), "thousands": (2000.0, 9999.0)}
_CROWDS |= {
    "dutzende": (24.0, 99.0),
    "hunderte": (200.0, 999.0),
    "tausende": (2000.0, 9999.0),
    "dutzenden": (24.0, 99.0),
}
_ARTICLES_DE = ("ein", "eine", "einen", "einem", "einer", "eines")
_AGO = re.compile(r"[  ](?:ago|earlier|before)\b")
_AGO_DE = re.compile(r"[  ](?:zuvor|vorher|früher|später|danach)\b")


_VAGUE_EN = re.compile(
    r"(?:(?P<crowd>(?i:tens|dozens|hundreds|thousands))(?: of (?P<scale>thousands|millions|billions|trillions))(?!\w))"
)
_VAGUE_DE = re.compile(
    r"(?:(?P<crowd>(?i:dutzenden?|hunderten?|tausenden?))[  ](?:von )?)?(?P<scale>Millionen|Milliarden|"
    r"Billionen)(?: von)?(?!\w|-)"
)
_HALF_MORE = re.compile(r"[  ]and[  ]a[  ]half(?!\w)")
_PART_MILLION = re.compile(r"([Hh]alb|[Vv]iertel|[Dd]reiviertel)(?:e )?[Mm]illion")
NEXT_WORD = re.compile(r"[  -]?([A-Za-zÄÖÜäöüß]+)")


#: Words before "half" that make it half of a year, which is no amount.
_HALF_YEARS = ("first", "second", "ersten", "zweiten", "erste", "zweite")
_SO_MUCH = re.compile(r"[  ]so[  ]\w{1,20}|[  ]as(?!\w)")


#: What stands before "second" where it is a time: "per", "every", "terabytes a".
_PER_SECOND = re.compile(
    r"(?i:\b(?:per|every|each)[  ]|(?:bytes?|bits?|operations|flops?|tokens|words|times|B|\d)[  ]a[  ])$"
)


class PhraseReader:
    """Reads numerals of several words at a position of one text."""

    def __init__(self, text: str, language: str) -> None:
        """Take the text and the tables of its language."""
        self.text, self.language = text, language
        german = language == "de"
        self.fractions = words.DE_FRACTIONS if german else words.EN_FRACTIONS
        self.ordinals = words.DE_ORDINALS if german else words.EN_ORDINALS

    def _magnitude(self, position: int) -> tuple[float, int, bool]:
        """Return the product of the magnitudes at ``position``, their end, and whether there are any."""
        factor, end, printed = 1.0, position, False
        attached = units.ATTACHED.match(self.text, position)
        if attached and not units.unit_at(self.text, position):
            return units.attached_of(attached.group(1)), attached.end(), True
        for _ in range(2):
            match = units.MAGNITUDE[self.language].match(self.text, end)
            if match is None:
                break
            factor, end, printed = factor * units.magnitude_of(match.group(1), self.language), match.end(), True
        return factor, end, printed

    def _article(self, start: int, token: str) -> Numeral | None:
        """Read ``a million``, ``half a gigawatt``, ``einen vollen Exaflop``, ``a year ago``, ``ein Quartal zuvor``."""
        word = token.lower()
        german = self.language == "de"
        if word in (_ARTICLES_DE if german else ("a", "an")):
            return self._of_one(start, start + len(token), 1.0)
        years = words.years_in(token) if german else None
        if years is not None:
            seconds = years * YEAR
            return Numeral(
                start,
                start + len(token),
                token,
                "amount",
                (seconds,),
                "s",
                rounding=0.5 / years,
                in_words=True,
                unit_printed=True,
            )
        if german and (compound := _PART_MILLION.fullmatch(token)):
            value = {"halb": 0.5, "viertel": 0.25, "dreiviertel": 0.75}[compound.group(1).lower()]
            return Numeral(start, start + len(token), token, "amount", (value * 1e6,), "1", rounding=0.1, in_words=True)
        return None

    def _of_one(self, start: int, position: int, value: float) -> Numeral | None:
        """Read an article before a magnitude, a unit or a span of time."""
        text = self.text
        adjective = re.compile(
            r"[  ](?:volle[nrsm]?|ganze[nrsm]?|gute[nrsm]?|knappe[nrsm]?|full|whole|good|single|mere|halbe[nrsm]?|"
            r"halb|half)(?=[  ])"
        ).match(text, position)
        if adjective:
            position = adjective.end()
            value = 0.5 if "hal" in adjective.group() else value
        magnitude, end, printed = self._magnitude(position)
        unit = units.unit_at(text, end)
        if unit is None and not printed:
            return None
        symbol, factor = (unit[0].symbol, unit[0].factor) if unit else ("1", 1.0)
        stop = unit[1] if unit else end
        half = None if printed else _HALF_MORE.match(text, stop)
        if half and symbol in units.DURATIONS:
            stop, value = half.end(), value + 0.5
        elif not printed and symbol in units.DURATIONS:
            german = self.language == "de"
            ago = (_AGO_DE if german else _AGO).match(text, stop)
            if ago is None and not (german and stands_before(text, start, ("vor", "binnen", "innerhalb"))):
                return None
            stop = ago.end() if ago and not german and symbol != "quarter" else stop
        elif (
            not printed
            and not (symbol == "USD" and factor == 0.01)
            and symbol not in ("W", "J", "FLOP/s", "B", "B/s", "bit/s", "fraction", "points")
        ):
            return None
        rounding = 0.1
        return Numeral(
            start,
            stop,
            text[start:stop],
            "fraction" if symbol in ("fraction", "points") else "amount",
            (value * magnitude * factor,),
            symbol,
            rounding=rounding,
            in_words=True,
            unit_printed=unit is not None,
        )

    def _fraction(self, start: int, token: str) -> Numeral | None:
        """Read ``a fifth``, ``half``, ``die Hälfte``, ``half a million`` and ``a third of a zettaflop``."""
        text = self.text
        word = token if self.language == "de" else token.lower()
        if word in ("half", "Hälfte") and stands_before(text, start, _HALF_YEARS):
            return None
        if word in ("half", "Hälfte"):
            article = re.compile(r"[  ](?:a|an)(?=[  ])").match(text, start + 4) if word == "half" else None
            if article:
                scaled = self._of_one(start, article.end(), 0.5)
                if scaled is not None and scaled.unit not in units.DURATIONS:
                    return scaled
            return Numeral(
                start, start + len(token), token, "fraction", (0.5,), "fraction", rounding=0.1, in_words=True
            )
        if token.lower() not in (*_ARTICLES_DE, "a", "one", "an"):
            return None
        atom = Atom(1.0, start + len(token), 1.0, 0, True)
        return self._fraction_behind(start, atom)

    def _fraction_behind(self, start: int, atom: Atom) -> Numeral | None:
        text = self.text
        match = NEXT_WORD.match(text, atom.end)
        if match is None:
            return None
        name = match.group(1) if self.language == "de" else match.group(1).lower()
        if self.language == "de" and name not in self.fractions:
            adjective = re.compile(r"[  ](?:gute[nrsm]?|knappe[nrsm]?|volle[nrsm]?|weitere[nrsm]?)[  ](\w+)").match(
                text, atom.end
            )
            if adjective and adjective.group(1) in self.fractions:
                match, name = adjective, adjective.group(1)
        if name not in self.fractions or name == "half" or atom.value > 20:
            return None
        if name in ("quarter", "quarters", "second") and (
            _AGO.match(text, match.end()) or not re.match(r"[  ](?:of|billion|million)|[,.;)]", text[match.end() :][:9])
        ):
            if name == "quarter" and atom.value == 1 and _AGO.match(text, match.end()):
                return Numeral(
                    start,
                    match.end(),
                    text[start : match.end()],
                    "amount",
                    (1.0,),
                    "quarter",
                    in_words=True,
                    unit_printed=True,
                )
            return None
        # "Two thirds" is rounded to four digits.
        value, end = float(f"{atom.value * self.fractions[name]:.4g}"), match.end()
        article = re.compile(r"[  ]of[  ]an?(?=[  ])").match(text, end)
        scaled = self._of_one(start, article.end(), value) if article else None
        if scaled is None and self.language == "de" and self.fractions[name] < 1:
            unit = units.unit_at(text, end)
            if unit is not None and unit[0].symbol in ("W", "J", "FLOP/s"):
                return Numeral(
                    start,
                    unit[1],
                    text[start : unit[1]],
                    "amount",
                    (value * unit[0].factor,),
                    unit[0].symbol,
                    rounding=0.1,
                    in_words=True,
                    unit_printed=True,
                )
        if scaled is not None and scaled.unit not in units.DURATIONS:
            scaled.rounding = 0.1
            return scaled
        return Numeral(start, end, text[start:end], "fraction", (value,), "fraction", rounding=0.08, in_words=True)

    def _multiple(self, start: int, token: str) -> Numeral | None:
        value = words.multiple(token, self.language)
        if value is None:
            return None
        end = start + len(token)
        following = None if token.lower().endswith("mal") else _SO_MUCH.match(self.text, end)
        end = following.end() if following else end
        return Numeral(
            start,
            end,
            self.text[start:end],
            "factor",
            (value,),
            "factor",
            rounding=0.1 if value <= 3 else 0.5 / value,
            in_words=True,
        )

    def _ordinal(self, start: int, token: str) -> Numeral | None:
        word = token.lower()
        if word not in self.ordinals or (self.language == "de" and word in ("achte", "achten", "achter")):
            return None
        if word == "second" and _PER_SECOND.search(self.text[max(0, start - 30) : start]):
            return None
        end = start + len(token)
        return Numeral(start, end, token, "ordinal", (self.ordinals[word],), "ordinal", in_words=True)

    def _vague(self, start: int, token: str) -> Numeral | None:
        """Read ``tens of billions of dollars``, ``Hunderte Milliarden Euro``, ``Billionen von Dollar``."""
        pattern = _VAGUE_DE if self.language == "de" else _VAGUE_EN
        match = pattern.match(self.text, start)
        if match is None:
            return None
        low, high = _CROWDS.get((match.group("crowd") or "").lower(), (2.0, 999.0))
        factor = units.magnitude_of(match.group("scale"), self.language) if match.group("scale") else 1.0
        unit = units.unit_at(self.text, match.end())
        symbol = unit[0].symbol if unit and unit[0].symbol in units.MONEY else "1"
        end = unit[1] if unit and symbol != "1" else match.end()
        return Numeral(
            start,
            end,
            self.text[start:end],
            "amount",
            (low * factor, high * factor),
            symbol,
            in_words=True,
            unit_printed=symbol != "1",
        )
