"""Checks of training runs: operations, time and utilisation."""

import re
from collections.abc import Iterator

from lindos.catalog import Catalog
from lindos.claims.text import units
from lindos.claims.text.clusters import total_rate
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation, amount, distance, is_power, off_by, written
from lindos.formulas import scaling
from lindos.units import DAY, render

_TRAINS = re.compile(r"(?i:train\w*|pre-?train\w*|\brun\b|lauf\b|trainingslauf|gelernt|trainiert\w*)")
_LASTED = re.compile(
    r"(?i:\b(?:run|training|trained|took|lasted|over in|over just|within|in just|dauerte|lief|lauf|binnen|innerhalb|"
    r"nach|brauchte|fertig|needed|abgeschlossen|complet\w*|finish\w*|weeks?|days?)\b)"
)
_MFU = re.compile(r"(?i:utili[sz]ation|auslastung|mfu\b|ausnutzung)")
#: Operations of training per parameter and token.
FLOP_PER_PARAM_TOKEN = 6.0
#: Operations are those of a model within this factor, whatever their rounding.
ALIKE = 1.25


def relations(reading: Reading, catalog: Catalog) -> Iterator[Relation]:
    """Yield relations between parameters, tokens, operations, devices and times.

    Parameters
    ----------
    reading
        The text and its numerals.
    catalog
        Facts about the devices.
    """
    numerals = [n for n in reading.numerals if n.claim and "denied" not in n.marks]
    if not numerals:
        return
    yield from _over_peak(reading, numerals)
    for segment in _segments(reading):
        local = [n for n in numerals if n.paragraph in segment]
        yield from _runs(reading, local, [n for n in local if n.kind == "amount"], catalog)


_MODEL = re.compile(r"\b(GPT|Llama|DeepSeek|Grok|Gemini|Claude|Mistral|Qwen|Kimi|PaLM|Nemotron|Falcon|Apertus|BLOOM)\b")


_OF_PEAK = re.compile(
    r"(?i:^[  ](?:[\w-]+[  ]){0,3}?(?:utili[sz]ation|mfu\b|auslastung|of (?:the |its |their )?(?:[\w-]+ )?peak|"
    r"der (?:[\w-]+ )?(?:spitzen|höchst)leistung))"
)
_PEAK_OF = re.compile(
    r"(?i:(?:utili[sz]ation|mfu|auslastung|ausnutzung)(?: \w+){0,3} (?:of|at|was|is|reached|von|bei|auf|liegt bei)"
    r"(?: \w+)? ?$)"
)
_RISES = re.compile(r"(?i:(?<![\w-])(?:by|up|rose|rise|increased?|um|stieg|plus|mehr|gestiegen)[  ](?:\w+[  ])?$)")


def _over_peak(reading: Reading, numerals: list[Numeral]) -> Iterator[Relation]:
    """Report a utilisation of more than the whole: "120 percent of the dense peak"."""
    for share in numerals:
        if share.kind != "fraction" or share.unit != "fraction" or not 1.02 < share.low <= 10:
            continue
        preceding = reading.text[max(0, share.start - 60) : share.start]
        if _RISES.search(preceding) or not (
            _OF_PEAK.match(reading.text[share.end :][:60]) or _PEAK_OF.search(preceding)
        ):
            continue
        yield Relation(
            kind="mfu_over_100",
            members=(share,),
            holds=False,
            factor=share.value,
            arithmetic=f"{written(share)} of a peak is more than the devices can do",
            reading="at most 100 %",
        )


def _segments(reading: Reading) -> list[set[int]]:
    """Divide the paragraphs of a text so that each part names the models of one family."""
    segments: list[set[int]] = [set()]
    family: set[str] = set()
    for sentence in reading.sentences:
        named = set(_MODEL.findall(reading.text[sentence.start : sentence.end]))
        if sentence.paragraph not in segments[-1] and named and family and not named & family:
            segments.append(set())
            family = set()
        segments[-1].add(sentence.paragraph)
        family |= named
    return segments


# Training runs


def training_flop(parameters: float, tokens: float) -> float:
    """Compute the operations of a run in FLOP, by the usual six per parameter and token.

    Parameters
    ----------
    parameters
        Parameters of the model.
    tokens
        Tokens of the run.
    """
    return float(scaling.training_flop(parameters, tokens, FLOP_PER_PARAM_TOKEN))


def _runs(reading: Reading, numerals: list[Numeral], amounts: list[Numeral], catalog: Catalog) -> Iterator[Relation]:
    """Check the operations of a run: six per parameter and token; over the peak of its devices they are a time."""
    if not _TRAINS.search(reading.text):
        return
    parameters = [n for n in amounts if n.noun == "parameter" and n.unit == "1" and n.value >= 1e8]
    tokens = [
        n
        for n in amounts
        if (n.noun == "token" or (n.unit == "1" and _near_token(reading, n))) and n.unit == "1" and n.value >= 1e10
    ]
    operations = [n for n in amounts if n.unit == "FLOP" and n.value >= 1e20]
    budget: float | None = None
    line = ""
    members: tuple[Numeral, ...] = ()
    for flop in operations:
        for p in parameters:
            for d in tokens:
                low, high = training_flop(p.low, d.low), training_flop(p.high, d.high)
                if distance(low, high, flop) <= 1.12 and off_by(training_flop(p.value, d.value), flop) <= ALIKE:
                    text = f"6 x {written(p)} x {written(d)} = {amount(training_flop(p.value, d.value), 'FLOP')}"
                    yield Relation(kind="operations", members=(flop, p, d), holds=True, arithmetic=text, factor=1.0)
                    budget, line, members = flop.value, written(flop), (flop, d, p)
    if budget is None and operations and len(operations) == 1:
        budget, line, members = operations[0].value, written(operations[0]), (operations[0],)
        yield from _wrong_operations(operations[0], _computing(reading, catalog, parameters), tokens)
    if budget is None and len(parameters) >= 1 and len(tokens) >= 1:
        p, d = max(parameters, key=lambda n: n.value), max(tokens, key=lambda n: n.value)
        model = _moe_parameters(reading, catalog, p)
        size = model or p.value
        budget, line, members = (
            training_flop(size, d.value),
            f"6 x {amount(size, '1')} x {written(d)} = {amount(training_flop(size, d.value), 'FLOP')}",
            (d, p),
        )
    if budget is not None:
        yield from _times(reading, budget, line, members, numerals, amounts, catalog)


def _moe_parameters(reading: Reading, catalog: Catalog, printed: Numeral) -> float | None:
    """Return the active parameters if the text names them: with experts, a token uses fewer than all."""
    nearby = [
        n
        for n in reading.numerals
        if n.kind == "amount" and n.noun == "parameter" and n.value < printed.value and n.value >= 1e8
    ]
    for numeral in nearby:
        stretch = reading.text[max(0, numeral.start - 60) : numeral.end + 60]
        if re.search(r"(?i:activ|aktiv)", stretch):
            return numeral.value
    return None


def _near_token(reading: Reading, numeral: Numeral) -> bool:
    stretch = reading.text[numeral.end : numeral.end + 30]
    return bool(re.match(r"[  ](?:used|verwendeten)", stretch)) and "token" in reading.sentence_of(numeral).lower()


def _computing(reading: Reading, catalog: Catalog, parameters: list[Numeral]) -> list[Numeral]:
    """Return the parameters that a token uses: the active ones where the text names them besides all."""
    if len(parameters) != 2:
        return parameters
    active = _moe_parameters(reading, catalog, max(parameters, key=lambda n: n.value))
    return [n for n in parameters if n.value == active] or parameters


def _wrong_operations(flop: Numeral, parameters: list[Numeral], tokens: list[Numeral]) -> Iterator[Relation]:
    if len(parameters) != 1 or len(tokens) != 1:
        return
    p, d = parameters[0], tokens[0]
    expected = training_flop(p.value, d.value)
    factor = off_by(expected, flop)
    if is_power(factor, 1.2):
        yield Relation(
            kind="prefix_1000" if factor > 300 else "decimal_slip",
            members=(flop, d, p),
            holds=False,
            factor=factor,
            arithmetic=f"6 x {written(p)} x {written(d)} = {amount(expected, 'FLOP')}, not {written(flop)}",
            reading=amount(expected, "FLOP"),
        )


def _times(
    reading: Reading,
    budget: float,
    line: str,
    members: tuple[Numeral, ...],
    numerals: list[Numeral],
    amounts: list[Numeral],
    catalog: Catalog,
) -> Iterator[Relation]:
    """Compute a utilisation: operations over the peak of the devices and the time of the run."""
    counts = [n for n in amounts if _is_fleet(reading, n, catalog)]
    spans = [n for n in amounts if _is_run_time(reading, n)]
    shares = [n for n in numerals if n.kind == "fraction" and _MFU.search(reading.sentence_of(n)) and n.value <= 2]
    if not counts or not spans:
        return
    count = min(counts, key=lambda n: n.start)
    span = min(spans, key=lambda n: abs(n.start - (shares[0].start if shares else count.start)))
    share = min(shares, key=lambda n: abs(n.start - span.start)) if shares else None
    device = catalog.accelerator(count.device)
    stated = {m.partition(":")[2] for n in amounts for m in n.marks if m.startswith("precision:")}
    precision = "fp8" if "fp8" in stated and "bf16" not in stated and device.peak_fp8.is_known else "bf16"
    peak = float(device.peak(precision).value)
    seconds = span.value * units.SECONDS[span.unit]
    utilised = budget / (total_rate(count.value, peak) * seconds)
    text = (
        f"{line} / ({written(count)} x {amount(peak, 'FLOP/s')} x {written(span)}) = "
        f"{render(100 * utilised, '1')} % of the "
        f"dense {precision.upper()} peak"
    )
    blamed = tuple(sorted((span, count, *members), key=lambda n: n is not span))
    sources = device.peak(precision).sources
    relation = _utilisation(utilised, share, seconds, text, blamed, sources)
    if relation is not None:
        yield relation


def _utilisation(
    utilised: float,
    share: Numeral | None,
    seconds: float,
    text: str,
    blamed: tuple[Numeral, ...],
    sources: tuple[str, ...],
) -> Relation | None:
    """Report a run that does more than its devices can, or that contradicts its own utilisation."""
    right = seconds * utilised / (share.value if share else 1.0)
    factor = max(right / seconds, seconds / right)
    if utilised > 1.02:
        reading = f"{amount(right, 's')} at {100 * (share.value if share else 1.0):.0f} %"
        return Relation(
            kind="mfu_over_100",
            members=blamed,
            holds=False,
            factor=factor,
            arithmetic=text,
            reading=reading,
            sources=sources,
        )
    if share is not None and factor > 1.6:
        return Relation(
            kind="mfu_over_100",
            members=blamed,
            holds=False,
            factor=factor,
            arithmetic=f"{text}, not {written(share)}",
            reading=amount(right, "s"),
            sources=sources,
        )
    if utilised < 0.05:
        return None
    return Relation(kind="utilisation", members=blamed, holds=True, arithmetic=text, factor=1.0, sources=sources)


def _is_fleet(reading: Reading, numeral: Numeral, catalog: Catalog) -> bool:
    """Tell whether a numeral counts the devices of a run, not devices that somebody plans to own."""
    is_device_count = numeral.noun == "device" and numeral.device in catalog.names("accelerators") and not numeral.per
    return is_device_count and 100 <= numeral.value <= 1e6 and not _plans(reading, numeral)


def _is_run_time(reading: Reading, numeral: Numeral) -> bool:
    """Tell whether a numeral is the time that a run took."""
    if numeral.unit not in units.DURATIONS or numeral.per:
        return False
    days = numeral.value * units.SECONDS[numeral.unit] / DAY
    return 0.8 <= days <= 400 and bool(_LASTED.search(reading.sentence_of(numeral)))


def _plans(reading: Reading, count: Numeral) -> bool:
    return bool(
        re.search(
            r"(?i:\b(?:plans?|plant|will own|by the end|bis ende|future|künftig|next)\b)", reading.sentence_of(count)
        )
    )
