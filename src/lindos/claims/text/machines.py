"""Checks of AI rates that a text compares with a supercomputer of the TOP500, which is measured in FP64."""

import re
from collections.abc import Iterator

from lindos.catalog import Catalog
from lindos.catalog.records import Supercomputer
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation, amount, distance, is_power, off_by, written
from lindos.claims.text.subjects import Mention
from lindos.units import render

_DATED = re.compile(r"-\d{4}-\d{2}$")
#: A machine draws less on the mean than on the list, by at most this factor; another's power is met this exactly.
MEAN_POWER, EXACT_POWER = 1.6, 1.003
#: A machine at load draws neither more nor less than the list says by this factor.
FAR_POWER = 2.5
_PART_LOAD = re.compile(
    r"(?i:\b(?:pumps?|pumpen|storage|speicher\w*|idle|leerlauf\w*|cooling|kühlung\w*|module?s?|rack\w*|schrank\w*|"
    r"save[sd]?|saving|spar\w*|up to|"
    r"bis zu|substation|umspannwerk\w*|anschluss\w*|predecessor|vorgänger\w*|successor|nachfolger\w*)\b)"
)
#: An energy has the digits of a machine's power within this factor.
SAME_POWER = 1.03
#: A rate with as many digits is that of a machine that the text does not name.
EXACT = 0.002
#: Number of sentences around a comparison in which a caution about it counts.
NEAR_SENTENCES = 3
_LEADER = re.compile(
    r"(?i:(?:leading|fastest|world's (?:fastest|top)|top|most powerful|führende[nrsm]?|schnellste[nrsm]?|"
    r"stärkste[nrsm]?|leistungsstärkste[nrsm]?)[  ](?:\w+[  ]){0,2}(?:super-?computers?|rechners?|superrechners?)|"
    r"spitzenreiter\w*|top500|(?:sieger|leader|winner|champion|spitze|top|head|number one|nummer eins|"
    r"platz eins)\w*[  ]"
    r"(?:\w+[  ])?(?:of[  ]the[  ]|der[  ]|auf[  ]der[  ])?(?:list|liste|ranking|rangliste)\w*|"
    r"(?:world|nation|europe|germany)['’]s[  ](?:number one|no\.[  ]1|leading|top))"
)
_CAUTION = re.compile(
    r"(?i:nicht vergleich\w*|vergleichen|not comparable|cannot be compared|not be compared|apples|äpfel|"
    r"different precision|andere[rn]? genauigkeit|unlike precision|precisions differ|not the same|keine aussage|"
    r"another matter|other measure)"
)
_AI_WORD = re.compile(
    r"(?i:\b(?:ai|ki|gpus?|chips?|bf16|fp8|fp4|fp16|cluster\w*|colossus|h100|blackwell|8[- ]bit|16[- ]bit|training|"
    r"rechenleistung)\b)"
)


def relations(reading: Reading, mentions: list[Mention], catalog: Catalog) -> Iterator[Relation]:
    """Yield relations to supercomputers: their rates, and factors of an AI rate over their measured FP64 result.

    Parameters
    ----------
    reading
        The text and its numerals.
    mentions
        Names in the text.
    catalog
        Source of the supercomputers.
    """
    numerals = [n for n in reading.numerals if n.claim and "denied" not in n.marks]
    for numeral in numerals:
        if numeral.unit == "FLOP/s" and numeral.subject[0] == "supercomputers" and not numeral.per:
            yield from _rate(numeral, mentions, catalog)
        elif (
            numeral.unit == "W"
            and numeral.subject[0] == "supercomputers"
            and numeral.kind == "amount"
            and not numeral.per
        ):
            yield from _power(reading, numeral, catalog)
        elif numeral.unit == "J" and numeral.subject[0] == "supercomputers" and numeral.kind == "amount":
            yield from _as_energy(numeral, catalog)
    machines = [m for m in mentions if m.kind == "supercomputers"]
    for factor in numerals:
        if factor.kind != "factor" or factor.value < 1.2:
            continue
        sentence = reading.sentences[factor.sentence]
        words = reading.text[sentence.start : sentence.end]
        named = [m for m in machines if sentence.start <= m.start < sentence.end]
        if not named and not _LEADER.search(words):
            continue
        first, last = max(0, factor.sentence - NEAR_SENTENCES), factor.sentence + NEAR_SENTENCES + 1
        paragraph = [s for s in reading.sentences[first:last] if s.paragraph == sentence.paragraph]
        if any(_CAUTION.search(reading.text[s.start : s.end]) for s in paragraph):
            continue
        yield from _machine_factor(reading, factor, named, numerals, catalog)


def _power(reading: Reading, numeral: Numeral, catalog: Catalog) -> Iterator[Relation]:
    """Check the power of a machine: its own on any list, one that slipped, or that of another machine or load."""
    known = [(_DATED.sub("", name), record) for name, record in catalog.supercomputers.items() if record.power.is_known]
    figures = [record for base, record in known if base == numeral.subject[1]]
    if not figures:
        return
    record = min(figures, key=lambda r: off_by(float(r.power.value), numeral))
    value = float(record.power.value)
    factor = off_by(value, numeral)
    line = f"{record.title}: {amount(value, 'W')}"
    if distance(value, value, numeral) <= MEAN_POWER:
        yield Relation(
            kind="machine",
            members=(numeral,),
            holds=True,
            factor=1.0,
            subject=record.title,
            sources=record.power.sources,
            arithmetic=line,
        )
        return
    rivals = [
        r for base, r in known if base != numeral.subject[1] and off_by(float(r.power.value), numeral) <= EXACT_POWER
    ]
    rival = rivals[0] if rivals and numeral.rounding <= 0.01 else None
    powers = [n for n in reading.numerals if n.unit == "W" and n.sentence == numeral.sentence]
    is_far = factor >= FAR_POWER and len(powers) == 1 and _PART_LOAD.search(reading.sentence_of(numeral)) is None
    if rival is None and not is_power(factor, 1.05) and not is_far:
        return
    yield Relation(
        kind="wrong_subject"
        if rival or not is_power(factor, 1.05)
        else "prefix_1000"
        if factor > 300
        else "decimal_slip",
        members=(numeral,),
        holds=False,
        factor=factor,
        subject=record.title,
        sources=record.power.sources,
        arithmetic=f"{line}, not {written(numeral)}",
        reading=f"the power of {rival.title}" if rival else amount(value, "W"),
    )


def _as_energy(numeral: Numeral, catalog: Catalog) -> Iterator[Relation]:
    """Report the power of a machine that is printed in watt-hours."""
    watts = numeral.value / 3600
    for name, record in catalog.supercomputers.items():
        power = record.power
        if _DATED.sub("", name) != numeral.subject[1] or not power.is_known:
            continue
        if max(watts / float(power.value), float(power.value) / watts) <= SAME_POWER:
            yield Relation(
                kind="power_vs_energy",
                members=(numeral,),
                holds=False,
                arithmetic=f"{record.title}: {amount(float(power.value), 'W')}; {written(numeral)} is an energy",
                subject=record.title,
                reading=f"{amount(watts, 'W')}, a power",
                sources=power.sources,
            )
            return


def _machine_factor(
    reading: Reading, factor: Numeral, named: list[Mention], numerals: list[Numeral], catalog: Catalog
) -> Iterator[Relation]:
    rates = [
        n
        for n in numerals
        if n.kind == "amount"
        and n.unit == "FLOP/s"
        and abs(n.sentence - factor.sentence) <= 1
        and n.paragraph == factor.paragraph
        and not n.per
    ]
    machine_rates = [n for n in rates if n.subject[0] == "supercomputers" and n.value < 5e18]
    cluster_rates = [n for n in rates if n not in machine_rates and "precision:fp64" not in n.marks]
    machine_words = reading.text[
        reading.sentences[max(0, factor.sentence - 1)].start : reading.sentences[factor.sentence].end
    ]
    if not cluster_rates and (len(machine_rates) >= 2 or len(named) >= 2 or not _AI_WORD.search(machine_words)):
        return
    machine = _machine_record(named, reading, catalog)
    if machine is None:
        return
    rate = float(machine.rmax.value)
    machine_rate = machine_rates[0].value if machine_rates else rate
    title = machine.title
    if cluster_rates:
        quotient = cluster_rates[-1].value / machine_rate
        line = (
            f"{written(cluster_rates[-1])} / {amount(machine_rate, 'FLOP/s')} = {render(quotient, '1')}: an AI "
            "peak over a "
            f"measured FP64 result of {title}"
        )
    else:
        line = f"a rate of AI chips over {amount(machine_rate, 'FLOP/s')}, the FP64 result that {title} was measured at"
    yield Relation(
        kind="top500_precision",
        members=(factor,),
        holds=False,
        factor=None,
        arithmetic=line,
        subject=title,
        sources=machine.rmax.sources,
        reading="none: the two are different quantities, and in one precision the factor is another",
    )


def _machine_record(named: list[Mention], reading: Reading, catalog: Catalog) -> Supercomputer | None:
    """Return the named machine on the newest list of the article's day, or the leader of that list."""
    rows = [(_DATED.sub("", name), record) for name, record in catalog.supercomputers.items() if record.rmax.is_known]
    if named:
        rows = [(base, record) for base, record in rows if base == named[-1].id]
    published = [record for _, record in rows if record.list_date <= reading.date.isoformat()[:7]] or [
        record for _, record in rows
    ]
    if not published:
        return None
    newest = max(record.list_date for record in published)
    return max(
        (record for record in published if record.list_date == newest), key=lambda record: float(record.rmax.value)
    )


def _rank(factor: float) -> tuple[int, float]:
    return (0 if factor <= 1.02 else 1 if is_power(factor, 1.03) else 2), factor


_OTHER_PRECISION = frozenset({"sparse", "precision:fp8", "precision:fp4", "precision:bf16"})


def _rate(numeral: Numeral, mentions: list[Mention], catalog: Catalog) -> Iterator[Relation]:
    """Check a rate next to a machine of the TOP500: its own on any list, or that of another."""
    rated = [
        (_DATED.sub("", name), record, fact)
        for name, record in catalog.supercomputers.items()
        for fact in (record.rmax, record.rpeak)
        if fact.is_known
    ]
    figures = [(record, fact) for base, record, fact in rated if base == numeral.subject[1]]
    if not figures:
        return
    # The machine's own figure, else one that differs by a power of ten, else the nearest.
    record, fact = min(figures, key=lambda pair: _rank(off_by(float(pair[1].value), numeral)))
    value = float(fact.value)
    line = f"{record.title}: {amount(value, 'FLOP/s')} on the list of {record.list_date}"
    if distance(value, value, numeral) <= 1.02:
        yield Relation(
            kind="machine",
            members=(numeral,),
            holds=True,
            factor=1.0,
            subject=record.title,
            sources=fact.sources,
            arithmetic=line,
        )
        return
    if numeral.marks & _OTHER_PRECISION:
        return
    named = {m.id for m in mentions if m.kind == "supercomputers"}
    swaps = [
        rival
        for base, rival, peak in rated
        if base != numeral.subject[1]
        and distance(float(peak.value), float(peak.value), numeral) <= (1.01 if base in named else 1.0005)
        and (base in named or numeral.rounding <= EXACT)
    ]
    factor = off_by(value, numeral)
    if not (swaps and factor > 1.03) and not is_power(factor, 1.03):
        return
    kind = "wrong_subject" if swaps else "prefix_1000" if factor > 300 else "decimal_slip"
    yield Relation(
        kind=kind,
        members=(numeral,),
        holds=False,
        factor=factor,
        subject=record.title,
        sources=fact.sources,
        arithmetic=f"{line}, not {written(numeral)}",
        reading=f"the figure of {swaps[0].title}" if swaps else amount(value, "FLOP/s"),
    )
