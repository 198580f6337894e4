"""Energy over power is a time, and a power is not written in watt-hours."""

import re
from collections.abc import Iterator

from lindos.claims.text import units
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import (
    Relation,
    amount,
    close,
    distance,
    is_power,
    late_first,
    off_by,
    written,
)
from lindos.units import YEAR

HOURS_OF_YEAR = YEAR / 3600
_YEARLY = re.compile(
    r"(?i:im jahr|übers jahr|pro jahr|jährlich\w*|a year|per year|each year|annual\w*|over a year|yearly|"
    r"in einem jahr|jahresverbrauch|aufs jahr|auf das jahr|im jahresmittel|jahresbedarf|im laufe eines jahres)"
)

# Energy and power


_POWER_WORD = re.compile(
    r"(?i:leistung\w*|anschluss\w*|kapazität\w*|capacity|power (?:draw|demand|supply|of)|electrical power|"
    r"electric power|of power|draws?|drawing|zieht|nimmt|aufnahme|liefern|supply|supplies|"
    r"megawatt-?klasse|online|am netz|ans netz|grid connection|netzanschluss|generat\w*|kraftwerk\w*|plants?|"
    r"deliver\w*|"
    r"reactors?|reaktor\w*|rated|nennleistung|output|turbin\w*|substation|umspannwerk|liefert|bereitstell\w*|scale|"
    r"campus|site|standort|rechenzentrum|data cent(?:er|re)|rack|cabinet|schrank)"
)
_ENERGY_WORD = re.compile(
    r"(?i:batter\w*|speicher\w*|storage|store[sd]?|megapack\w*|energie\w*|energy|strommenge|verbrauch\w*|consum\w*|"
    r"use[sd]?\b|im jahr|pro jahr|per year|a year|year|annual\w*|jährlich\w*|"
    r"pro tag|per day|per query|pro anfrage|training run|trainingslauf|electricity bill|stromrechnung|insgesamt|"
    r"jahr|monat|month|day|tag\b|stunde|hour\b)"
)
_HOUR_OF_UNIT = re.compile(r"(?i:stunden?|[- ]?hours?)")
#: Words of capacity that is built or added in a year, which is a power a year.
_ADDS = re.compile(
    r"(?i:\b(?:add\w*|build\w*|built|deploy\w*|install\w*|new|bring\w*|commission\w*|expand\w*|grow\w*|get to|"
    r"a week|per week|each week|a month|per month|zubau\w*|bauen|baut|gebaut|installier\w*|hinzu\w*|neue\w*|ausbau\w*|"
    r"pro woche|pro monat|im monat|in der woche|errichte\w*|ship\w*|deliver\w* to)\b)"
)
_USES = re.compile(r"(?i:verbrauch\w*|consum\w*|energie\w*|energy|strombedarf|electricity|burn\w*|uses?\b|would use)")


def energies(reading: Reading, numerals: list[Numeral]) -> Iterator[Relation]:
    """Check energies against powers: their ratio is a time, and a power is not written in watt-hours.

    Parameters
    ----------
    reading
        The text and its numerals.
    numerals
        Numerals to check.
    """
    for numeral in numerals:
        sentence = reading.sentence_of(numeral)
        offset = numeral.start - reading.sentences[numeral.sentence].start
        preceding, following = sentence[max(0, offset - 70) : offset], sentence[offset + len(numeral.text) :][:50]
        if numeral.unit == "J" and numeral.value >= 3.6e9:
            yield from _yearly_energy(reading, numeral, numerals)
            is_power_word = _POWER_WORD.search(preceding[-48:]) or _POWER_WORD.search(following[:34])
            if (
                is_power_word
                and not _ENERGY_WORD.search(preceding + _HOUR_OF_UNIT.sub("", numeral.text) + following)
                and not numeral.per
            ):
                watts = numeral.value / 3600
                yield Relation(
                    kind="power_vs_energy",
                    members=(numeral,),
                    holds=False,
                    factor=None,
                    arithmetic=(
                        f"{written(numeral)} is an energy: one hour of {amount(watts, 'W')}, or "
                        f"{amount(numeral.value / YEAR, 'W')} over a year"
                    ),
                    reading=f"{amount(watts, 'W')}, a power",
                )
        elif (
            numeral.unit == "W"
            and (
                numeral.per == "year" or (_YEARLY.search(following[:16].partition(",")[0]) and _USES.search(preceding))
            )
            and not units.unit_at(reading.text, numeral.end)
            and not _ADDS.search(sentence)
        ) or _is_used_up(numeral, sentence, preceding, numerals):
            joules = numeral.value * 3600
            yield Relation(
                kind="power_vs_energy",
                members=(numeral,),
                holds=False,
                factor=None,
                arithmetic=f'{written(numeral)} is a power and has no "a year"',
                reading=f"{amount(joules, 'J')} a year, an energy",
            )


def _is_used_up(power: Numeral, sentence: str, preceding: str, numerals: list[Numeral]) -> bool:
    """Tell whether a power is what a run or a whole period has used, which would be an energy."""
    if power.unit != "W" or power.kind != "amount" or power.per or _AT_ONCE.search(preceding):
        return False
    if _RUN_USED.search(preceding):
        return True
    used = _USED.search(preceding)
    follows = [n for n in numerals if n.unit == "J" and n.sentence == power.sentence and n.start > power.end]
    return used is not None and bool(_PAST_PERIOD.search(sentence)) and (power.value >= 1e12 or bool(follows))


#: Words of what a power is at a moment, or on the mean.
_AT_ONCE = re.compile(
    r"(?i:\b(?:average|mean|peak\w*|rate|at any|continuous\w*|constant\w*|im mittel|im schnitt|durchschnitt\w*|"
    r"spitze\w*|dauerhaft|leistung\w*|capacity|draw\w*|load)\b)"
)
_RUN_USED = re.compile(
    r"(?i:\b(?:training|trainingslauf\w*|run|lauf)\b[^.;:,]{0,40}\b(?:consumed|used(?: up)?|burned|burnt|verbraucht\w*|"
    r"verschlang\w*)\b[^.;:,]{0,30})$"
)
_USED = re.compile(r"(?i:\b(?:consum\w*|used|uses|burn\w*|verbrauch\w*|verschl[aui]ng\w*)\b)")
_PAST_PERIOD = re.compile(
    r"(?i:\b(?:in einem jahr|im jahr|im vergangenen jahr|im vorjahr|last year|in a year|a year|in (?:19|20)\d\d|"
    r"over the year|pro jahr|per year|annual\w*|jährlich\w*)\b)"
)


def _lasts(energy: Numeral, numerals: list[Numeral]) -> bool:
    """Tell whether the sentence gives the energy a time of its own: "over 17 years that is 286 terawatt-hours"."""
    return any(
        n.unit in units.DURATIONS and n.sentence == energy.sentence and n.kind == "amount" and n.value != YEAR
        for n in numerals
    )


def _yearly_energy(reading: Reading, energy: Numeral, numerals: list[Numeral]) -> Iterator[Relation]:
    powers = [
        n
        for n in numerals
        if n.unit == "W" and not n.per and n.kind == "amount" and n.value >= 1e5 and close(n, energy, 4)
    ]
    yearly = (
        energy.per == "year"
        or bool(_YEARLY.search(reading.sentence_of(energy)))
        or " year" in reading.sentence_of(energy)
    )
    if not powers or not yearly or _lasts(energy, numerals):
        return
    for power in powers:
        hours = energy.value / 3600 / power.value
        if distance(power.low * HOURS_OF_YEAR * 3600 * 0.97, power.high * HOURS_OF_YEAR * 3600, energy) <= 1.08:
            line = f"{written(power)} x 8,766 h = {amount(power.value * YEAR, 'J')}"
            yield Relation(kind="energy", members=(energy, power), holds=True, arithmetic=line, factor=1.0)
            return
    power = min(powers, key=lambda n: abs(n.start - energy.start))
    low, high = sorted((power.start, energy.start))
    if any(n.unit == "J" and low < n.start < high for n in numerals):
        return  # another energy is nearer to the power
    hours = energy.value / 3600 / power.value
    if hours > 1.3 * HOURS_OF_YEAR or hours < HOURS_OF_YEAR / 8:
        expected = power.value * YEAR
        yield Relation(
            kind="prefix_1000" if is_power(off_by(expected, energy), 1.6) else "power_vs_energy",
            members=late_first(energy, power),
            holds=False,
            factor=off_by(expected, energy),
            arithmetic=f"{written(power)} x 8,766 h = {amount(expected, 'J')}, not {written(energy)}",
            reading=f"{amount(expected, 'J')} a year at full load",
        )
