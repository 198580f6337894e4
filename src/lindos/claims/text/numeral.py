"""One numeral of a text: its position, its value, and the rounding of the value."""

from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Numeral:
    """A numeral with its reading; values are SI, except for weeks, months and quarters, which are as printed."""

    start: int
    end: int
    text: str
    kind: str  # amount, factor, fraction, date, year, ordinal, rank, name, term, time, phone, link, pixels, unread
    values: tuple[float, ...] = ()
    unit: str = ""
    date: str = ""  # ISO, for dates
    rounding: float = 0.0  # half of the last digit's step, as a share of the value
    qualifier: str = ""  # "min", "max", "rough" or nothing
    in_words: bool = False
    decimals: int = 0  # digits behind the mark, as printed
    bare: bool = False  # neither magnitude nor unit was printed
    unit_printed: bool = False
    stated_rise: bool = False  # a pair that goes "from" one value "to" another
    claim: bool = True
    sentence: int = 0
    paragraph: int = 0
    # Annotations from the words around it, by the reader of contexts.
    noun: str = ""  # device, rack, node, host, token, parameter, ... for counts
    per: str = ""  # device, rack, node, year, ... where it is an amount of one of them
    role: str = ""  # growth, share, price, ... what a fraction or factor is of
    device: str = ""  # id of the accelerator it counts or describes
    subject: tuple[str, str] = ("", "")  # kind and id of what it is about
    carried: bool = False  # the subject is that of an earlier paragraph
    marks: frozenset[str] = field(default_factory=frozenset)  # words near it: precision, cooling, denied, ...

    @property
    def value(self) -> float:
        """The value, or the middle of a pair."""
        if len(self.values) == 1:
            return self.values[0]
        return sum(self.values) / len(self.values) if self.values else float("nan")

    @property
    def low(self) -> float:
        """Least value that the words allow."""
        return self._bound(-1)

    @property
    def high(self) -> float:
        """Largest value that the words allow."""
        return self._bound(1)

    def noun_like(self, text: str) -> bool:
        """Tell whether a word follows that the numeral seems to count."""
        following = text[self.end : self.end + 2]
        return len(following) == 2 and following[0] in " \u00a0" and following[1].isalpha()

    def _bound(self, sign: int) -> float:
        value = min(self.values) if sign < 0 else max(self.values)
        slack = self.rounding
        if self.qualifier == "rough":
            slack = max(2 * slack, 0.05)
        elif self.qualifier == "min":
            slack = max(slack, 0.3) if sign > 0 else slack
        elif self.qualifier == "max":
            slack = max(slack, 0.2) if sign < 0 else slack
        return value * (1 + sign * slack)


def cover(numerals: list[Numeral]) -> list[Numeral]:
    """Sort numerals by position, and drop those inside an earlier one.

    Parameters
    ----------
    numerals
        Numerals in any order.
    """
    result: list[Numeral] = []
    for numeral in sorted(numerals, key=lambda n: (n.start, -n.end)):
        if not result or numeral.start >= result[-1].end:
            result.append(numeral)
    return result
