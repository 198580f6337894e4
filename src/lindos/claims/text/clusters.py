"""Checks of clusters: devices times their peak, H100-equivalents, and power of a number of devices."""

from collections.abc import Iterator

from lindos.catalog import Catalog
from lindos.catalog.records import Accelerator
from lindos.claims.text.hardware import rates, short, speaks_of
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import AGREE, Relation, amount, distance, is_power, off_by, written


def relations(reading: Reading, catalog: Catalog) -> Iterator[Relation]:
    """Yield relations between counts of devices and rates, equivalents and power.

    Parameters
    ----------
    reading
        The text and its numerals.
    catalog
        Facts about the devices.
    """
    amounts = [n for n in reading.numerals if n.claim and n.kind == "amount" and "denied" not in n.marks]
    yield from _fleets(amounts, catalog)
    yield from _equivalents(amounts, catalog)
    yield from _cluster_power(amounts, catalog)


def total_rate(count: float, peak: float) -> float:
    """Compute the peak rate of equal devices, in FLOP/s.

    Parameters
    ----------
    count
        Number of devices.
    peak
        Peak of one device in FLOP/s.
    """
    return count * peak


def _fleets(amounts: list[Numeral], catalog: Catalog) -> Iterator[Relation]:
    """Check a total rate against a count of devices in its sentence or the one before."""
    for rate in amounts:
        if rate.unit != "FLOP/s" or rate.per or rate.value < 1e16 or rate.subject[0] == "supercomputers":
            continue
        fleets = [
            n
            for n in amounts
            if n.noun == "device"
            and not n.per
            and n.device
            and n.paragraph == rate.paragraph
            and abs(n.sentence - rate.sentence) <= 1
        ]
        fits = [(count, fit) for count in fleets for fit in _fleet_fits(rate, count, catalog)]
        good = [(count, fit) for count, fit in fits if fit[0] <= AGREE]
        if good:
            count, (_, line, sources, _) = min(good, key=lambda option: option[1][3])
            yield Relation(
                kind="fleet_rate", members=(rate, count), holds=True, arithmetic=line, factor=1.0, sources=sources
            )
            continue
        close = [c for c in fleets if c.sentence == rate.sentence]
        if (
            len(close) == 1
            and len({c.device for c in close}) == 1
            and sum(n.unit == "FLOP/s" and n.sentence == rate.sentence for n in amounts) <= 2
        ):
            yield from _wrong_fleet(rate, close[0], catalog)


def _devices(id: str, catalog: Catalog) -> list[Accelerator]:
    """Return the device of an id, or all devices of a family."""
    if id in catalog.names("accelerators"):
        return [catalog.accelerator(id)]
    return [a for a in map(catalog.accelerator, catalog.names("accelerators")) if a.family == id]


def _fleet_fits(rate: Numeral, count: Numeral, catalog: Catalog) -> Iterator[tuple[float, str, tuple[str, ...], float]]:
    for accelerator in _devices(count.device, catalog):
        for peak in rates(accelerator, catalog):
            if not speaks_of(peak, rate):
                continue
            total = total_rate(count.value, peak.value)
            deviation = distance(total_rate(count.low, peak.value), total_rate(count.high, peak.value), rate)
            yield (
                deviation,
                f"{written(count)} x {amount(peak.value, 'FLOP/s')} ({short(accelerator)}, {peak.name}) = "
                f"{amount(total, 'FLOP/s')}",
                peak.sources,
                off_by(total, rate),
            )


def _wrong_fleet(rate: Numeral, count: Numeral, catalog: Catalog) -> Iterator[Relation]:
    options = [
        (accelerator, peak) for accelerator in _devices(count.device, catalog) for peak in rates(accelerator, catalog)
    ]
    stated = next((m.partition(":")[2] for m in rate.marks if m.startswith("precision:")), "")
    allowed = [
        (a, p)
        for a, p in options
        if not p.sparse and (p.precision == stated or (not stated and p.precision in ("bf16", "fp8")))
    ]
    if not allowed:
        return
    accelerator, peak = min(allowed, key=lambda pair: off_by(total_rate(count.value, pair[1].value), rate))
    total = total_rate(count.value, peak.value)
    factor = off_by(total, rate)
    mixed = next(
        (
            p
            for _, p in options
            if distance(total_rate(count.low, p.value), total_rate(count.high, p.value), rate) <= AGREE
        ),
        None,
    )
    power = is_power(factor, 1.12)
    if not power and not (mixed and stated and factor > 1.4):
        return
    yield Relation(
        kind="prefix_1000" if power and factor > 300 else "decimal_slip" if power else "precision_mixup",
        members=(rate, count),
        holds=False,
        factor=factor,
        arithmetic=(
            f"{written(count)} x {amount(peak.value, 'FLOP/s')} ({short(accelerator)}, {peak.name}) = "
            f"{amount(total, 'FLOP/s')}, not {written(rate)}"
        ),
        reading=f"in {mixed.name}" if mixed and not power else amount(total, "FLOP/s"),
        sources=peak.sources,
    )


def _equivalents(amounts: list[Numeral], catalog: Catalog) -> Iterator[Relation]:
    """Check a number of H100 against another fleet, or against a total rate."""
    h100 = catalog.accelerator("h100-sxm")
    for count in amounts:
        if count.noun != "device" or not count.device.startswith("h100") or count.per:
            continue
        for rate in amounts:
            if (
                rate.unit == "FLOP/s"
                and not rate.per
                and rate.paragraph == count.paragraph
                and abs(rate.sentence - count.sentence) <= 1
            ):
                for peak in rates(h100, catalog):
                    if (
                        speaks_of(peak, rate)
                        and distance(count.low * peak.value, count.high * peak.value, rate) <= AGREE
                    ):
                        line = (
                            f"{written(count)} x {amount(peak.value, 'FLOP/s')} ({peak.name}) = "
                            f"{amount(count.value * peak.value, 'FLOP/s')}"
                        )
                        yield Relation(
                            kind="equivalents",
                            members=(count, rate),
                            holds=True,
                            arithmetic=line,
                            factor=1.0,
                            sources=peak.sources,
                        )


#: Power of one device with its share of server, network and cooling, over its own board's, that a site may have.
_OVERHEAD = (0.6, 4.0)


def _cluster_power(amounts: list[Numeral], catalog: Catalog) -> Iterator[Relation]:
    """Check a power against the devices of its sentence: too little for the chips, or far more than a site draws."""
    for power in amounts:
        if power.unit != "W" or power.per or power.value < 1e4:
            continue
        counts = [
            n
            for n in amounts
            if n.noun == "device"
            and not n.per
            and n.device
            and n.sentence == power.sentence
            and "equivalent" not in n.marks
        ]
        if len(counts) != 1 or sum(n.unit == "W" and n.sentence == power.sentence and not n.per for n in amounts) != 1:
            continue
        count = counts[0]
        boards = [a for a in _devices(count.device, catalog) if a.board_power.is_known]
        if not boards:
            continue
        low = min(float(a.board_power.value) for a in boards)
        high = max(float(a.board_power.value) for a in boards)
        sources = boards[0].board_power.sources
        deviation = distance(count.low * low * _OVERHEAD[0], count.high * high * _OVERHEAD[1], power)
        watts = power.value / count.value
        line = (
            f"{written(power)} / {written(count)} = {amount(watts, 'W')} each; the chip alone is rated "
            f"{amount(high, 'W')}"
        )
        if deviation <= 1.0:
            yield Relation(
                kind="cluster_power", members=(power, count), holds=True, arithmetic=line, factor=1.0, sources=sources
            )
        elif deviation > 4.0:
            typical = 2 * high * count.value
            factor = off_by(typical, power)
            yield Relation(
                kind="prefix_1000" if factor > 200 else "decimal_slip",
                members=(power, count),
                holds=False,
                factor=factor,
                arithmetic=line,
                reading=f"about {amount(typical, 'W')}",
                sources=sources,
            )
