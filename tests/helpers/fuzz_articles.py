"""Texts of random number words, magnitudes, units and names, of which an audit must read each."""

import random

from lindos.claims.text import units, words

_NAMES = ["GB200", "H100", "NVL72", "Colossus 1", "Colossus 2", "Meta", "OpenAI", "El Capitan", "Llama 3.1"]
_NUMBERS = ["1", "2,5", "2.5", "1.000", "1,000", "230.000", "10^25", "1 000", "0", "0,07", "9" * 20, "2025", "3:1"]
_NUMBERS += ["1/4", "\u00bd", "1e9", "100k", "5bn", "22. Juli 2025", "July 22, 2025", "33", "3 x 10^19", "-5"]
_MARKS = ["$", "\u20ac", "%", "-", "\u2013", ",", ".", ".", "\n\n", "/", "\u00d7", "(", ")", ":", "\u201e", "\u201c"]
_VERBS = {
    "en": "of and per to from between times fold percent years months in by GPUs chips racks the each for is are "
    "costs draws reached at tens dozens hundreds thousands dozen half a an not ago within exaflops the same rack",
    "de": "von und je pro bis zwischen mal Prozent Jahr Jahre im in um Chips Schränke der die das kostet zieht "
    "rund knapp Dutzende hunderte Tausende halbe ein eine nicht vor binnen doppelt entspricht das Zwanzigfache",
}


def article(rng: random.Random) -> str:
    """Write a text of random words in German or English.

    Parameters
    ----------
    rng
        Source of what is random.
    """
    language = rng.choice(["en", "de"])
    counts: list[str] = (
        [*words.EN_CARDINALS, *words.EN_ORDINALS, *words.EN_FRACTIONS, *words.EN_MULTIPLES]
        if language == "en"
        else [*words.DE_CARDINALS, *words.DE_ORDINALS, *words.DE_FRACTIONS]
    )
    magnitudes, names = sorted(units.magnitude_words(language)), sorted(units.unit_words())
    kinds = (counts, magnitudes, names, _VERBS[language].split(), _VERBS[language].split(), _NAMES, _NUMBERS, _MARKS)
    text = " ".join(rng.choice(rng.choice(kinds)) for _ in range(rng.randint(3, 80)))
    return text.replace(" .", ".").replace(" ,", ",").replace("$ ", "$") if rng.random() < 0.7 else text.title()
