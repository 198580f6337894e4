"""How strongly the words tie a number to the thing that it is held against."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from enum import IntEnum

from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.subjects import Mention


class Tie(IntEnum):
    """Strength of the tie between a number and a thing."""

    LOOSE = 0  # the thing is named somewhere near
    FAIR = 1  # the thing is the only one of its kind that the paragraph or the text is about
    STRONG = 2  # the clause of the number names the thing as that which has it


#: Farthest that a name follows the number that it holds: "5 gigawatts at the Hyperion campus".
_FOLLOWING = 36
#: Longest stretch between a name and the number that it holds.
_PRECEDING = 130
#: Words after which a number belongs to something else than the name before them.
_COMPARED = re.compile(
    r"(?i:\b(?:than|as (?:much|many|large|big) as|compared|comparison|unlike|versus|behind|ahead of|vergleich\w*|"
    r"verglichen|hinter|gegenüber|anders als|so viel\w* wie|equivalent to|enough for|"
    r"entspr\w+ (?:etwa |rund )?(?:der|dem)|"
    r"the output of|die leistung von)\b|\bals\b(?=[  ](?:der|die|das|ein)))"
)
#: An indefinite thing that takes the place of the name as subject: "a nuclear reactor yields", "ein Kernkraftwerk".
_GENERIC = re.compile(
    r"(?i:\b(?:an?|each|every|any|one|ein|eine|einen|eines|einer|jede[rsn]?|pro|je|per)[  ](?:[\w-]+[  ]){0,2}"
    r"(?:plants?|reactors?|home|household|city|rival|competitor|building|hall|phase|block|turbine|kraftwerk|"
    r"kernkraftwerk|atomkraftwerk|reaktor|haushalt|stadt|großstadt|halle|gebäude|phase|block|turbine|abschnitt|"
    r"bauabschnitt|konkurrent)\b)"
)
#: Words that make a statement one of what might be.
HYPOTHETICAL = re.compile(
    r"(?i:\b(?:would|could|might|if|assum\w+|suppose|hypothetical\w*|wenn|falls|angenommen|würden?|könnten?|käme[n]?|"
    r"bräuchten?|müssten?|wären?|hätten?|entspräche[n]?|theoretisch)\b)"
)
_NAMES_AFTER = re.compile(
    r"^[  ]?[(,]?[  ]?(?:(?:of|at|for|in|on|by|from|von|vom|bei|beim|für|in|im|des|der|am|an)[  ])?"
    r"(?:(?:the|its|der|die|das|dem|den|seinem|ihrem)[  ])?(?:[\w’'-]+[  ]){0,2}$"
)
_NOT_HELD = re.compile(r"(?i:\b(?:and|but|while|und|aber|während|sondern|hinter|behind|vor|than|als)\b)")


def holder_tie(reading: Reading, mentions: Sequence[Mention], numeral: Numeral, kinds: Sequence[str], id: str) -> Tie:
    """Tell how strongly the words tie a number to a thing that the catalogue names.

    Parameters
    ----------
    reading
        The text and its numerals.
    mentions
        Names in the text, in order.
    numeral
        The number.
    kinds
        Kinds of things that could hold such a number.
    id
        The thing.
    """
    text, sentence = reading.text, reading.sentences[numeral.sentence]
    rivals = [m for m in mentions if m.kind in kinds]
    local = [m for m in rivals if sentence.start <= m.start < sentence.end]
    preceding = [m for m in local if m.end <= numeral.start]
    following = [m for m in local if m.start >= numeral.end]
    if following and following[0].id == id and following[0].start - numeral.end <= _FOLLOWING:
        gap = text[numeral.end : following[0].start]
        if _NAMES_AFTER.match(gap) and not _NOT_HELD.search(gap) and not _has_number(reading, following[0].end):
            return Tie.STRONG
    if preceding and preceding[-1].id == id and numeral.start - preceding[-1].end <= _PRECEDING:
        gap = text[preceding[-1].end : numeral.start]
        return Tie.LOOSE if _COMPARED.search(gap) or _GENERIC.search(gap) else Tie.STRONG
    if local:
        return Tie.LOOSE
    opening = text[sentence.start : numeral.start]
    if _COMPARED.search(opening) or _GENERIC.search(opening):
        return Tie.LOOSE
    paragraph = [s for s in reading.sentences if s.paragraph == numeral.paragraph]
    nearby = [m for m in rivals if paragraph[0].start <= m.start < paragraph[-1].end]
    if nearby and all(_COMPARED.search(text[max(0, m.start - 24) : m.start]) for m in nearby):
        return Tie.LOOSE
    return Tie.FAIR if {m.id for m in nearby or rivals} == {id} else Tie.LOOSE


def _has_number(reading: Reading, position: int) -> bool:
    """Tell whether a name is followed by a number of its own: "El Capitan with 1.809"."""
    starts = [n.start for n in reading.numerals]
    index = bisect_left(starts, position)
    return (
        index < len(starts)
        and re.fullmatch(
            r"[  ,(]*(?:with|at|has|mit|bei|hat)?[  ]?(?:about |rund |etwa )?", reading.text[position : starts[index]]
        )
        is not None
    )


def clause_of(reading: Reading, numeral: Numeral) -> str:
    """Return the words around a number, up to the next marks of a clause.

    Parameters
    ----------
    reading
        The text and its numerals.
    numeral
        The number.
    """
    sentence = reading.sentences[numeral.sentence]
    preceding = re.split(r"[;:](?=\s)|,(?=\s)", reading.text[sentence.start : numeral.start])[-1]
    following = re.split(r"[;:](?=\s)|,(?=\s)", reading.text[numeral.end : sentence.end])[0]
    return f"{preceding}{numeral.text}{following}"
