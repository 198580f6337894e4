"""Amounts that have the digits of a fact of the device beside them, with another prefix."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from lindos.catalog import Catalog
from lindos.claims.text.hardware import rates, short
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation, amount, off_by, written
from lindos.claims.text.subjects import Mention

#: A slipped amount has the digits of the fact within this factor; the fact itself is met within the other.
SAME_DIGITS, MET = 1.01, 1.05
#: Prints of one memory differ by this factor, with what is reserved and without.
SAME_MEMORY = 1.04
#: Rounding of an amount with at least two digits.
TWO_DIGITS = 0.03
#: Longest stretch between a device and its amount.
REACH = 90
_PREFIXES = (1e3, 1e6)
_UNITS = ("W", "B", "B/s", "FLOP/s")
_PLURAL = re.compile(
    r"(?i:\b(?:racks?|schr[aä]nke?n?|pods?|superpod|ultraservers?|clusters?|servers?|systems?|systeme?n?|nodes?|knoten|"
    r"together|zusammen|in total|insgesamt|fleet|flotte|all of|alle|campus|site|halle?n?|data cent\w+|rechenzentr\w+|"
    r"anlage|park|supercomputer|superrechner|rechner|machine|maschine)\b)"
)


class Figure(NamedTuple):
    """A published figure of a device."""

    title: str
    value: float
    sources: tuple[str, ...]


def relations(reading: Reading, mentions: list[Mention], catalog: Catalog) -> Iterator[Relation]:
    """Yield amounts that are a thousandfold, or a thousandth, of a figure of the device that their sentence names.

    Parameters
    ----------
    reading
        The text and its numerals.
    mentions
        Names in the text.
    catalog
        Facts about devices.
    """
    names = {id.partition("-")[0] for id in catalog.names("accelerators")}
    devices = [m for m in mentions if m.kind in ("accelerators", "family") or m.id.partition("-")[0] in names]
    for numeral in reading.numerals:
        if numeral.unit not in _UNITS or numeral.kind != "amount" or not numeral.claim or "denied" in numeral.marks:
            continue
        if len(numeral.values) != 1 or numeral.rounding > TWO_DIGITS or numeral.per not in ("", "device", "rack"):
            continue
        mention = _device_beside(reading, devices, numeral)
        if mention is None or _counts_several(reading, numeral):
            continue
        figures = list(_figures(mention, numeral.unit, catalog))
        if any(off_by(figure.value, numeral) <= MET for figure in figures):
            continue
        tolerance = SAME_MEMORY if numeral.unit == "B" else SAME_DIGITS
        slips = [f for f in figures for p in _PREFIXES if p / tolerance <= off_by(f.value, numeral) <= p * tolerance]
        if slips:
            yield _slip(numeral, slips[0])


def _device_beside(reading: Reading, devices: list[Mention], numeral: Numeral) -> Mention | None:
    """Return the device that holds an amount: the last before it in its sentence, or the one that it is "of"."""
    sentence = reading.sentences[numeral.sentence]
    local = [m for m in devices if sentence.start <= m.start < sentence.end]
    preceding = [m for m in local if m.end <= numeral.start and numeral.start - m.end <= REACH]
    if preceding and not _holds_other(reading, preceding[-1].end, numeral):
        return None if preceding[-1].plural else preceding[-1]
    following = [m for m in local if m.start >= numeral.end]
    if following and _POSSESSION.fullmatch(reading.text[numeral.end : following[0].start]) and not following[0].plural:
        return following[0]
    return None


_POSSESSION = re.compile(
    r"[  ](?:(?:of|for|in|des|der|beim?|für)[  ])?(?:(?:memory|speicher|hbm\w*)[  ](?:of|in|des|der)[  ])?"
    r"(?:the|an?|its|der|die|des|dem|den|eine[rsnm]?)?[  ]?(?:[\w-]+[  ]){0,2}",
    re.IGNORECASE,
)


def _holds_other(reading: Reading, position: int, numeral: Numeral) -> bool:
    """Tell whether another amount in the same unit lies between a device and an amount."""
    return any(n.unit == numeral.unit and position <= n.start < numeral.start for n in reading.numerals)


def _counts_several(reading: Reading, numeral: Numeral) -> bool:
    """Tell whether the sentence speaks of more than one device."""
    if _PLURAL.search(reading.sentence_of(numeral)):
        return True
    return any(
        n.sentence == numeral.sentence and n.unit == "1" and n.kind == "amount" and n.value >= 2 and not n.per
        for n in reading.numerals
    )


def _figures(mention: Mention, unit: str, catalog: Catalog) -> Iterator[Figure]:
    """Yield the figures of a device, or of each device of a family, in one unit."""
    for id in catalog.names("accelerators"):
        device = catalog.accelerator(id)
        if mention.id not in (id, device.family) and id.partition("-")[0] != mention.id.partition("-")[0]:
            continue
        if unit == "FLOP/s":
            for rate in rates(device, catalog):
                yield Figure(f"{short(device)}, {rate.name}", rate.value, rate.sources)
            continue
        fact = {"W": device.board_power, "B": device.memory, "B/s": device.memory_bandwidth}[unit]
        if fact.is_known:
            yield Figure(short(device), float(fact.value), fact.sources)


def _slip(numeral: Numeral, figure: Figure) -> Relation:
    return Relation(
        kind="prefix_1000",
        members=(numeral,),
        holds=False,
        factor=off_by(figure.value, numeral),
        arithmetic=f"{figure.title}: {amount(figure.value, numeral.unit)}, not {written(numeral)}",
        subject=figure.title,
        reading=amount(figure.value, numeral.unit),
        sources=figure.sources,
    )
