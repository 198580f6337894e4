"""Words at which a numeral may begin, as one pattern per language."""

import re
from functools import cache

from lindos.claims.text import units, words

_STEMS_DE = "null|zwei|zwo|drei|vier|fünf|sech|sieb|acht|neun|zehn|elf|zwölf|zwan|ein(?:und|hundert|tausend|"
_STEMS_DE += "einhalb|jährig|jährlich)"
_STEMS_DE += "|hundert|tausend|anderthalb|doppel|verdoppel|halbier|dutzend|eins"
_STEMS_DE += "|ver(?:drei|vier|fünf|sechs|acht|zehn|hundert|tausend|zwanzig)"
_STEMS_DE += "|erst|dritt|million|milliard|billion|hälfte|viertelmillion|halbe[  ]?million|dreiviertel"


@cache
def candidates(language: str) -> re.Pattern[str]:
    """Return the pattern of digits and words that may begin a numeral.

    An article counts only before a magnitude or a unit.

    Parameters
    ----------
    language
        ``"de"`` or ``"en"``.
    """
    german = language == "de"
    heads = units.unit_words() | units.magnitude_words(language)
    heads |= set(words.DE_FRACTIONS if german else words.EN_FRACTIONS)
    adjective = (
        r"(?:(?:voll|ganz|gut|knapp|halb|weiter)\w*[  ])?"
        if german
        else r"(?:(?:full|whole|good|single|mere|half)[  ])?"
    )
    article = r"eine?[nrms]?" if german else r"an?|one"
    # The first two letters exclude most words; the readers check the others.
    stems = "|".join(sorted({re.escape(head[:2].lower()) for head in heads}))
    article_pattern = rf"(?:{article})(?=[  ]{adjective}(?:{stems}))"
    if german:
        plain = rf"(?:{_STEMS_DE})\w*"
    else:
        numbers = [*words.EN_CARDINALS, *words.EN_ORDINALS, *words.EN_MULTIPLES, "half"]
        crowds = "tens|dozens|hundreds|thousands"
        plain = rf"(?:{'|'.join(sorted(numbers, key=len, reverse=True))}|{crowds})(?!\w)|[a-z]{{3,12}}fold(?!\w)"
    return re.compile(rf"\d+(?:[.,'’\u00a0\u202f]\d+)*|(?<![\w])(?i:{article_pattern}|{plain})")
