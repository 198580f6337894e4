"""Checks of figures of one device or one rack against the catalogue: rates by precision, power, price, counts."""

from collections.abc import Iterator
from typing import NamedTuple

from lindos.catalog import Catalog
from lindos.catalog.facts import Fact
from lindos.catalog.records import PRECISIONS, Accelerator, System
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation, amount, distance, is_power, off_by, written
from lindos.claims.text.subjects import Mention
from lindos.quantities import Real

#: Precisions in the order in which prose without one is read.
_USUAL = ("bf16", "fp8", "fp4", "tf32", "fp64", "fp32")
#: Vendors that print a second peak, with two of four weights zero.
_SPARSE_VENDORS = ("NVIDIA", "AMD")
#: Characters between the name of a rack and a number of them.
FAR_MENTION = 700
#: A printed rate matches a data sheet within this factor.
SAME_RATE = 1.04
#: Mark of a rate that the words right beside it call one with sparsity.
SPARSE_BESIDE = "sparse beside"
#: Mark of an amount of a machine that the words tell apart from the one named: a conventional rack, a predecessor.
UNNAMED = "unnamed"
_TITLES = {"fp64": "FP64", "fp32": "FP32", "tf32": "TF32", "bf16": "BF16", "fp8": "FP8", "fp4": "FP4"}


class Rate(NamedTuple):
    """A peak of a device in one precision."""

    precision: str
    sparse: bool
    value: float
    sources: tuple[str, ...]

    @property
    def name(self) -> str:
        """Precision in words."""
        return f"{_TITLES[self.precision]} {'with sparsity' if self.sparse else 'dense'}"


def rates(accelerator: Accelerator, catalog: Catalog) -> list[Rate]:
    """Return every peak of a device: dense, and with structured sparsity if it is offered.

    Parameters
    ----------
    accelerator
        The device.
    catalog
        Source of the speed-up by sparsity.
    """
    result = []
    speedup = catalog.parameter("claims.sparsity_speedup", "1")
    for precision in _USUAL:
        peak = accelerator.counted_peak(precision)
        if not peak.is_known:
            continue
        result.append(Rate(precision, False, float(peak.value), peak.sources))
        if precision in ("tf32", "bf16", "fp8", "fp4") and accelerator.vendor in _SPARSE_VENDORS:
            sources = tuple(dict.fromkeys((*peak.sources, *speedup.sources)))
            result.append(Rate(precision, True, float(peak.value) * float(speedup.value), sources))
    return result


def relations(reading: Reading, mentions: list[Mention], catalog: Catalog) -> Iterator[Relation]:
    """Yield relations between the text's figures of devices and racks and those of the catalogue.

    Parameters
    ----------
    reading
        The text and its numerals.
    mentions
        Names in the text.
    catalog
        Facts about devices and racks.
    """
    numerals = [n for n in reading.numerals if n.claim and n.kind == "amount" and "denied" not in n.marks]
    yield from _device_rates(numerals, catalog)
    for numeral in numerals:
        if numeral.per == "device" and numeral.device in catalog.names("accelerators"):
            yield from _device(numeral, catalog.accelerator(numeral.device), catalog)
        if numeral.per in ("rack", "node") and UNNAMED not in numeral.marks:
            system = _system_near(numeral, mentions, catalog)
            if system is not None:
                yield from _rack(numeral, system)
        elif numeral.noun in ("device", "die") and numeral.unit == "1" and not numeral.per:
            yield from _system_behind(reading, numeral, mentions, catalog)
            if numeral.value >= 100 and len(numeral.values) == 1:
                yield from _racks_full(reading, numeral, mentions, catalog)


# Rates


def _device_rates(numerals: list[Numeral], catalog: Catalog) -> Iterator[Relation]:
    names = set(catalog.names("accelerators"))
    single = [n for n in numerals if n.unit == "FLOP/s" and n.per == "device" and n.device in names]
    for numeral in single:
        accelerator = catalog.accelerator(numeral.device)
        yield from _rate(numeral, accelerator, rates(accelerator, catalog))
    for first, second in ((a, b) for i, a in enumerate(single) for b in single[i + 1 :]):
        if first.sentence == second.sentence and first.device != second.device:
            yield from _mixed(first, second, catalog)


def _stated(numeral: Numeral) -> str:
    return next((mark.partition(":")[2] for mark in numeral.marks if mark.startswith("precision:")), "")


def speaks_of(rate: Rate, numeral: Numeral) -> bool:
    """Tell whether the words around a numeral allow a rate: its precision, and sparsity if it is usual or printed.

    In 4 and 8 bit, vendors print the sparse peak without saying so; in 16 bit, prose means the dense peak.

    Parameters
    ----------
    rate
        A peak of a device.
    numeral
        The printed rate.
    """
    stated = _stated(numeral)
    if stated and rate.precision != stated:
        return False
    if not rate.sparse or "sparse" in numeral.marks:
        return True
    return "dense" not in numeral.marks and (not stated or rate.precision in ("fp8", "fp4"))


def _fits(numeral: Numeral, options: list[Rate]) -> list[Rate]:
    return [rate for rate in options if distance(rate.value, rate.value, numeral) <= SAME_RATE]


def _rate(numeral: Numeral, accelerator: Accelerator, options: list[Rate]) -> Iterator[Relation]:
    stated = _stated(numeral)
    fitting = _fits(numeral, options)
    if stated == "fp64" and any(r.precision == "fp64" and _is_matrix_rate(numeral, r) for r in options):
        return
    allowed = [r for r in fitting if speaks_of(r, numeral) and not (SPARSE_BESIDE in numeral.marks and not r.sparse)]
    title = short(accelerator)
    if allowed:
        best = allowed[0]
        yield Relation(
            kind="device_rate",
            members=(numeral,),
            holds=True,
            factor=1.0,
            subject=title,
            sources=best.sources,
            arithmetic=f"{title}: {amount(best.value, 'FLOP/s')} in {best.name}",
        )
        return
    right = next((r for r in options if r.precision == stated and not r.sparse), None)
    if right is None:
        right = min((r for r in options if not r.sparse), key=lambda r: off_by(r.value, numeral), default=None)
        if right is None or fitting or stated != "" or not is_power(off_by(right.value, numeral), 1.05):
            return
    misnamed = [r for r in fitting if SPARSE_BESIDE in numeral.marks and not r.sparse and stated in ("", r.precision)]
    if misnamed:
        yield _dense_called_sparse(numeral, title, misnamed[0], options)
        return
    factor = off_by(right.value, numeral)
    # A rate that is no peak in any precision and has not slipped is one that was measured.
    if distance(right.value, right.value, numeral) < 1.3 or not (fitting or is_power(factor, 1.05)):
        return
    kind = "precision_mixup" if fitting else "prefix_1000" if is_power(factor, 1.05) else "precision_mixup"
    reading = (
        f"{fitting[0].name}: {amount(fitting[0].value, 'FLOP/s')}"
        if fitting
        else f"{amount(right.value, 'FLOP/s')} in {right.name}"
    )
    yield Relation(
        kind=kind,
        members=(numeral,),
        holds=False,
        factor=factor,
        subject=title,
        reading=reading,
        sources=right.sources,
        arithmetic=f"{title}: {amount(right.value, 'FLOP/s')} in {right.name}, not {written(numeral)}",
    )


def _is_matrix_rate(numeral: Numeral, rate: Rate) -> bool:
    """Tell whether a rate in FP64 is that of the matrix units, which do twice the work of the others."""
    return distance(2 * rate.value, 2 * rate.value, numeral) <= SAME_RATE


def _dense_called_sparse(numeral: Numeral, title: str, dense: Rate, options: list[Rate]) -> Relation:
    """Report a dense peak that the words right beside it call one with sparsity."""
    sparse = next((r for r in options if r.sparse and r.precision == dense.precision), None)
    line = f"{title}: {amount(dense.value, 'FLOP/s')} in {dense.name}"
    right = f"{amount(sparse.value, 'FLOP/s')} in {sparse.name}" if sparse else f"in {dense.name}"
    return Relation(
        kind="precision_mixup",
        members=(numeral,),
        holds=False,
        factor=off_by(sparse.value, numeral) if sparse else None,
        subject=title,
        reading=f"in {dense.name}, or {right}" if sparse else right,
        sources=dense.sources,
        arithmetic=f"{line}; {right}" if sparse else line,
    )


def _mixed(first: Numeral, second: Numeral, catalog: Catalog) -> Iterator[Relation]:
    """Report two devices side by side whose figures are in different precisions."""
    fits = {}
    for numeral in (first, second):
        if _stated(numeral):
            return
        fits[numeral] = _fits(numeral, rates(catalog.accelerator(numeral.device), catalog))
    if not all(fits.values()):
        return
    ways = [{(r.precision, r.sparse) for r in fits[n]} for n in (first, second)]
    if ways[0] & ways[1]:
        return
    # More bits give fewer operations, so that the figure in fewer bits is the wrong one.
    order = {precision: i for i, precision in enumerate(PRECISIONS)}
    blamed, base = sorted((first, second), key=lambda n: -max(order[r.precision] + 0.5 * r.sparse for r in fits[n]))
    common = fits[base][0]
    accelerator = catalog.accelerator(blamed.device)
    right = next(
        (r for r in rates(accelerator, catalog) if (r.precision, r.sparse) == (common.precision, common.sparse)), None
    )
    if right is None:
        return
    wrong = fits[blamed][0]
    yield Relation(
        kind="precision_mixup",
        members=(blamed,),
        holds=False,
        factor=off_by(right.value, blamed),
        subject=short(accelerator),
        arithmetic=(
            f"{written(blamed)} is {wrong.name}, {written(base)} of {short(catalog.accelerator(base.device))} is "
            f"{common.name}"
        ),
        reading=f"{amount(right.value, 'FLOP/s')} in {common.name}",
        sources=tuple(dict.fromkeys((*right.sources, *common.sources))),
    )


# Everything else of a device


def short(accelerator: Accelerator) -> str:
    """Return the name of a device as prose writes it.

    Parameters
    ----------
    accelerator
        The device.
    """
    return accelerator.title.split(",")[0].removeprefix("NVIDIA ").removesuffix(" SXM 80 GB")


#: Range of amounts that prose may mean, as multiples of the catalogue's: the power of a chip with or without its share
#: of the building, a price with or without the rest of the rack.
_RANGES = {
    ("W", "device"): (0.7, 3.3),
    ("USD", "device"): (0.5, 3.5),
    ("W", "rack"): (0.7, 1.6),
    ("USD", "rack"): (0.5, 2.2),
}
_RANGES |= {
    ("W", "node"): (0.6, 1.7),
    ("USD", "node"): (0.5, 2.2),
    ("B", "device"): (0.92, 1.08),
    ("B/s", "device"): (0.9, 1.1),
}


def _device(numeral: Numeral, accelerator: Accelerator, catalog: Catalog) -> Iterator[Relation]:
    relations: list[Relation] = []
    for variant in _variants(numeral.device, accelerator, catalog):
        facts = {
            "W": variant.board_power,
            "USD": variant.price,
            "B": variant.memory,
            "B/s": variant.memory_bandwidth,
        }
        fact = facts.get(numeral.unit)
        if fact is not None and fact.is_known:
            relations += _against(numeral, fact, "device", short(variant), _memory_of(numeral, catalog))
    holding = [relation for relation in relations if relation.holds]
    yield from (holding or relations)[:1]


def _variants(id: str, accelerator: Accelerator, catalog: Catalog) -> list[Accelerator]:
    """Return a device, and those that prose calls by the same name: the A100 of 40 and that of 80 GB."""
    stem = id.partition("-")[0]
    if stem in ("tpu", "rubin"):
        return [accelerator]
    same = (name for name in catalog.names("accelerators") if name != id and name.partition("-")[0] == stem)
    return [accelerator, *(catalog.accelerator(name) for name in same)]


def _memory_of(numeral: Numeral, catalog: Catalog) -> str:
    """Return another device that has exactly this memory."""
    if numeral.unit not in ("B", "B/s"):
        return ""
    field = "memory" if numeral.unit == "B" else "memory_bandwidth"
    for id in catalog.names("accelerators"):
        fact = getattr(catalog.accelerator(id), field)
        if fact.is_known and distance(float(fact.value), float(fact.value), numeral) <= 1.01:
            return short(catalog.accelerator(id))
    return ""


#: A price, and any other figure, is wrong if it lies outside of the range that prose may mean by this factor.
WRONG_PRICE, WRONG_FIGURE = 3.0, 2.0
#: A figure outside of its range counts as a slip of the decimal mark within this factor of a power of ten.
SLIP_OF_MARK = 1.6
#: A slip by more than this factor is one of a prefix.
SLIP_OF_PREFIX = 300.0


def _against(numeral: Numeral, fact: Fact[Real], per: str, title: str, swap: str = "") -> Iterator[Relation]:
    low, high = _RANGES[(numeral.unit, per)]
    value = float(fact.value)
    least = float(fact.low if fact.low is not None else value)
    most = float(fact.high if fact.high is not None else value)
    factor = off_by(value, numeral)
    line = f"{title}: {amount(value, numeral.unit)}"
    if distance(least * low, most * high, numeral) <= 1.0:
        yield Relation(
            kind="datasheet",
            members=(numeral,),
            holds=True,
            arithmetic=line,
            factor=1.0,
            subject=title,
            sources=fact.sources,
        )
    elif (swap and numeral.unit == "B") or distance(least * low, most * high, numeral) >= (
        WRONG_PRICE if numeral.unit == "USD" else WRONG_FIGURE
    ):
        kind = (
            "wrong_subject"
            if swap
            else "decimal_slip"
            if is_power(factor, SLIP_OF_MARK)
            else "power_per_gpu"
            if numeral.unit == "W"
            else "price_total"
        )
        kind = "prefix_1000" if kind == "decimal_slip" and factor > SLIP_OF_PREFIX else kind
        yield Relation(
            kind=kind,
            members=(numeral,),
            holds=False,
            factor=factor,
            arithmetic=f"{line}, not {written(numeral)}",
            subject=title,
            reading=f"that of {swap}" if swap else amount(value, numeral.unit),
            sources=fact.sources,
        )


# Racks


def _system_near(numeral: Numeral, mentions: list[Mention], catalog: Catalog) -> System | None:
    """Return the rack or node named last before the numeral."""
    nearby = [m for m in mentions if m.kind == "systems" and m.start < numeral.start and numeral.start - m.end < 500]
    if not nearby:
        return _rack_of(numeral, mentions, catalog) if numeral.per == "rack" else None
    system = catalog.system(nearby[-1].id)
    return system if system.unit == numeral.per or numeral.per == "rack" else None


def _racks_full(reading: Reading, count: Numeral, mentions: list[Mention], catalog: Catalog) -> Iterator[Relation]:
    """Check devices against the racks that hold them: ``50 racks, 7,200 GPUs in all``."""
    racks = [
        n
        for n in reading.numerals
        if n.noun == "rack"
        and n.kind == "amount"
        and n.unit == "1"
        and n.claim
        and n.value >= 2
        and n.sentence == count.sentence
        and not n.per
        and len(n.values) == 1
    ]
    place = [m for m in mentions if m.kind == "systems" and m.start < max(count.end, *(n.end for n in racks), 0)]
    if len(racks) != 1 or not place or count.start - place[-1].end > FAR_MENTION:
        return
    system = catalog.system(place[-1].id)
    each = float(system.num_devices.value)
    expected = each * racks[0].value
    factor = off_by(expected, count)
    title = system.title.split(",")[0].removeprefix("NVIDIA ")
    line = f"{written(racks[0])} x {each:.0f} ({title}) = {amount(expected, '1')}"
    slack = 1.02 + racks[0].rounding + count.rounding + 0.05 * bool(racks[0].qualifier or count.qualifier)
    if system.unit != "rack":
        return
    if factor <= slack:
        yield Relation(
            kind="racks",
            members=(count, racks[0]),
            holds=True,
            arithmetic=line,
            factor=1.0,
            sources=system.num_devices.sources,
        )
    elif any(max(factor / f, f / factor) <= slack for f in (2.0, 4.0)) or is_power(factor, slack):
        dies = count.value > expected and not is_power(factor, slack)
        yield Relation(
            kind="dies_as_packages" if dies else "decimal_slip",
            members=(count, racks[0]),
            holds=False,
            factor=factor,
            subject=title,
            arithmetic=f"{line}, not {written(count)}",
            rights=(amount(expected, "1"), amount(count.value / each, "1")),
            sources=system.num_devices.sources,
        )


def _system_behind(reading: Reading, numeral: Numeral, mentions: list[Mention], catalog: Catalog) -> Iterator[Relation]:
    """Report dies that are counted as devices of a rack which the sentence names behind: "144 GPUs in an NVL72"."""
    sentence = reading.sentences[numeral.sentence]
    named = [
        m for m in mentions if m.kind == "systems" and numeral.end <= m.start < min(sentence.end, numeral.end + 60)
    ]
    if named and numeral.value < 1_000 and numeral.noun == "device":
        system = catalog.system(named[0].id)
        count = float(system.num_devices.value)
        if system.unit == "rack" and numeral.value in (count, 2 * count, 4 * count):
            yield from _packages(numeral, system, system.title.split(",")[0].removeprefix("NVIDIA "))


def _rack_of(numeral: Numeral, mentions: list[Mention], catalog: Catalog) -> System | None:
    """Return the rack that the device named last is sold in, where the text names no rack by its name."""
    devices = [m.id for m in mentions if m.kind == "accelerators" and m.start < numeral.start]
    systems = (catalog.system(id) for id in catalog.names("systems"))
    racks = [s for s in systems if devices and s.unit == "rack" and s.accelerator == devices[-1]]
    return racks[0] if len(racks) == 1 else None


def _rack(numeral: Numeral, system: System) -> Iterator[Relation]:
    title = system.title.split(",")[0].removeprefix("NVIDIA ")
    if numeral.unit == "1" and numeral.noun in ("device", "die"):
        yield from _packages(numeral, system, title)
    elif numeral.unit == "1" and numeral.noun == "host" and system.num_hosts.is_known:
        hosts = float(system.num_hosts.value)
        if hosts == numeral.value:
            yield Relation(
                kind="datasheet",
                members=(numeral,),
                holds=True,
                arithmetic=f"{title}: {hosts:.0f} CPUs",
                factor=1.0,
                subject=title,
                sources=system.num_hosts.sources,
            )
    elif numeral.unit in ("W", "USD"):
        fact = system.power if numeral.unit == "W" else system.price
        if fact.is_known:
            yield from _against(numeral, fact, "rack" if system.unit == "rack" else "node", title)


def _packages(numeral: Numeral, system: System, title: str) -> Iterator[Relation]:
    """Compare a count with a system's GPU packages: equal, dies counted as packages, or a slipped decimal."""
    count = float(system.num_devices.value)
    line = f"{title}: {count:.0f} GPU packages"
    if numeral.value == count:
        yield Relation(
            kind="datasheet",
            members=(numeral,),
            holds=True,
            arithmetic=line,
            factor=1.0,
            subject=title,
            sources=system.num_devices.sources,
        )
        return
    factor = off_by(count, numeral)
    if factor not in (2.0, 4.0, 8.0) and not is_power(factor, 1.01):
        return
    dies = factor in (2.0, 4.0) and numeral.value > count
    if dies and numeral.noun == "die":
        return
    yield Relation(
        kind="dies_as_packages" if dies else "decimal_slip",
        members=(numeral,),
        holds=False,
        factor=factor,
        subject=title,
        arithmetic=f"{line}; {written(numeral)} counts the {factor:.0f} dies of each"
        if dies
        else f"{line}, not {written(numeral)}",
        reading=f"{numeral.value:.0f} dies in {count:.0f} packages" if dies else f"{count:.0f}",
        sources=system.num_devices.sources,
    )
