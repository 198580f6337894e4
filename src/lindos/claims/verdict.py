"""The result of a check, and the rule by which a claimed number is judged against a computed one."""

from dataclasses import dataclass
from enum import StrEnum

from lindos.claims.span import Span, brief

#: Claimed and computed numbers count as the same within this factor of the computed span.
CONSISTENT_WITHIN = 1.15
#: Up to this factor beyond the computed span a claim is strained, above it wrong.
STRAINED_WITHIN = 2.0
#: Factors by which a unit prefix may slip, and the relative tolerance of a factor of error to one of them.
PREFIX_STEPS = (1e3, 1e6, 1e9)
SLIP_TOLERANCE = 0.1


class Ruling(StrEnum):
    """The verdict in one word or two."""

    CONSISTENT = "consistent"
    STRAINED = "strained"
    WRONG = "wrong"
    UNIT_SLIP = "wrong: unit slip"
    MET = "kept"
    LATE = "late"
    OPEN = "open"
    EXCEEDS_STOCK = "beyond today's stock"
    CONSEQUENCE = "what follows"
    NOT_CHECKABLE = "not checkable"


MEANING = {
    Ruling.CONSISTENT: "inside the computed range, or within a factor of 1.15 of it",
    Ruling.STRAINED: "off the computed range by up to a factor of 2",
    Ruling.WRONG: "off the computed range by more than a factor of 2",
    Ruling.UNIT_SLIP: "off by a thousand, a million or a billion within 10 %: a slip of the unit's prefix",
    Ruling.MET: "observed by the date that was given",
    Ruling.LATE: "not observed by the date that was given",
    Ruling.OPEN: "the date lies after the last observation",
    Ruling.EXCEEDS_STOCK: "more than exists in the world",
    Ruling.CONSEQUENCE: "no number was claimed; this is what the statement implies",
    Ruling.NOT_CHECKABLE: "a number is missing that the check needs",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check of a claim: the number claimed, the number computed, and the arithmetic of the second."""

    question: str  # what is compared: "dense BF16 rate"
    reading: str = ""  # how the statement was read, where it can be read in several ways
    stated_by: str = ""  # who gave the claimed number, where that is not the speaker
    unit: str = "1"
    claimed: float | None = None
    computed: float | None = None
    low: float | None = None
    high: float | None = None
    factor: float | None = None  # of error, at least 1: claimed over computed or its inverse
    ruling: Ruling
    arithmetic: str = ""  # made from the numbers used
    note: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A claim with its findings; the strongest contradiction among them is the headline."""

    claim: str
    statement: str
    speaker: str
    outlet: str
    date: str
    findings: tuple[Finding, ...]
    sources: tuple[str, ...] = ()  # of the statement
    note: str = ""

    @property
    def headline(self) -> Finding:
        """The finding that contradicts the speaker most, else the first finding.

        Numbers that somebody else stated do not contradict the speaker.
        """
        against = [finding for finding in self.findings if not finding.stated_by and _severity(finding)[0]]
        return max(against, key=_severity) if against else self.findings[0]

    @property
    def ruling(self) -> Ruling:
        """The headline's verdict."""
        return self.headline.ruling


#: Verdicts that contradict a speaker, the strongest first.
_SEVERITY = {
    Ruling.WRONG: 3,
    Ruling.UNIT_SLIP: 3,
    Ruling.LATE: 3,
    Ruling.EXCEEDS_STOCK: 2,
    Ruling.STRAINED: 1,
}


def _severity(finding: Finding) -> tuple[int, float]:
    rank = _SEVERITY.get(finding.ruling, 0)
    return rank, (finding.factor or 1.0) if rank else 0.0


def judged(claimed: Span | float, computed: Span, unit: str) -> tuple[Ruling, float, str]:
    """Judge a claimed number against a computed one.

    The factor of error is that between the two values. The verdict gives the claim the benefit of both ranges, since it
    goes by the distance between their nearer ends. A slip of the unit's prefix is named as such.

    Parameters
    ----------
    claimed
        The claimed number with its range, in SI.
    computed
        The computed number with its range, in SI.
    unit
        Their SI unit.

    Returns
    -------
    tuple
        The verdict, the factor of error (at least 1) and a remark.

    Examples
    --------
    >>> judged(50e18, Span.make(49.47e21), "FLOP/s")[0]
    <Ruling.UNIT_SLIP: 'wrong: unit slip'>
    """
    stated = Span.make(claimed)
    if stated.low <= 0 or computed.low <= 0:
        return Ruling.NOT_CHECKABLE, 1.0, "a comparison needs two numbers above zero"
    factor = _factor_between(stated.value, computed.value)
    excess = max(1.0, stated.low / computed.high, computed.low / stated.high)
    if excess <= CONSISTENT_WITHIN:
        return Ruling.CONSISTENT, factor, ""
    if excess <= STRAINED_WITHIN:
        return Ruling.STRAINED, factor, ""
    for step in PREFIX_STEPS:
        if _factor_between(factor, step) <= 1 + SLIP_TOLERANCE:
            return Ruling.UNIT_SLIP, factor, _slip(stated.value, computed.value, step, unit)
    return Ruling.WRONG, factor, ""


def _factor_between(first: float, second: float) -> float:
    return max(first / second, second / first)


def _slip(claimed: float, computed: float, step: float, unit: str) -> str:
    direction = "too small" if claimed < computed else "too large"
    return f"{brief(claimed, unit)} is {step:,.0f} times {direction} against {brief(computed, unit)}"
