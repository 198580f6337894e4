"""Comparison with the leading supercomputers; each row says what is compared and whether the precisions match.

TOP500 ranks by HPL in FP64. An AI cluster's rate in BF16 or 8-bit is another quantity; a ratio of the two is shown
only with the mark "precisions differ".
"""

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lindos.catalog import Catalog
from lindos.catalog.facts import Fact
from lindos.catalog.records import Accelerator
from lindos.claims.amounts import PRECISION_NAMES, REFERENCE_DEVICE, REFERENCE_PRECISION, total
from lindos.claims.span import Span
from lindos.claims.supercomputer import machine_peak
from lindos.quantities import Real

#: Equal devices and how many.
Fleet = Iterable[tuple[Accelerator, float]]
MATCH, PEAK_AGAINST_HPL, DIFFER = "precisions match", "precisions match; peak against HPL", "precisions differ"
MIXED = "mixed precision; peak against a measured result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A figure of a supercomputer and one of the cluster; without one of them there is no ratio."""

    supercomputer: str
    list_date: str
    machine_name: str
    machine_value: float | None
    cluster_name: str
    cluster_value: float | None
    unit: str
    ratio: float | None
    precisions: str  # MATCH, PEAK_AGAINST_HPL, MIXED or DIFFER
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalents:
    """H100-equivalents of a cluster by one convention."""

    convention: str  # "8-bit dense", "BF16 dense", ...
    value: float | None
    low: float | None
    high: float | None
    default: bool  # whether this is the convention that Lindos counts in
    note: str = ""


def peaks_of(fleet: Fleet, precisions: Iterable[str] = ("fp64", "bf16", "fp8")) -> Mapping[str, Span | None]:
    """Compute the dense peak of a fleet by precision, in FLOP/s; None if the peak of a device in it is unknown.

    Parameters
    ----------
    fleet
        Pairs of accelerator and number of devices.
    precisions
        Number formats.
    """
    devices = tuple(fleet)
    peaks: dict[str, Span | None] = {}
    for precision in precisions:
        facts = [(accelerator.counted_peak(precision), count) for accelerator, count in devices]
        is_known = bool(facts) and all(fact.is_known for fact, _ in facts)
        peaks[precision] = total(Span.apply(operator.mul, n, fact) for fact, n in facts) if is_known else None
    return peaks


def h100_equivalents_table(catalog: Catalog, fleet: Fleet) -> tuple[Equivalents, ...]:
    """Compute H100-equivalents in dense 8-bit (the default) and in dense BF16, each with the name of its convention.

    Parameters
    ----------
    catalog
        Source of the H100's peaks.
    fleet
        Pairs of accelerator and number of devices.
    """
    devices = tuple(fleet)
    peaks = peaks_of(devices, (REFERENCE_PRECISION, "bf16"))
    rows = []
    for precision, peak in peaks.items():
        reference = catalog.accelerator(REFERENCE_DEVICE).counted_peak(precision)
        amount = Span.apply(lambda rate, unit: rate / unit, peak, reference) if peak and reference.is_known else None
        rows.append(
            Equivalents(
                convention=f"{PRECISION_NAMES[precision]} dense",
                value=amount.value if amount else None,
                low=amount.low if amount else None,
                high=amount.high if amount else None,
                default=precision == REFERENCE_PRECISION,
                note="" if amount else f"{_unknown_in(devices, precision)} has no known {precision} peak",
            )
        )
    return tuple(rows)


def _unknown_in(devices: Iterable[tuple[Accelerator, float]], precision: str) -> str:
    return (
        ", ".join(dict.fromkeys(a.title for a, _ in devices if not a.counted_peak(precision).is_known))
        or "the reference"
    )


def compare_top500(
    catalog: Catalog, peaks: Mapping[str, Span | float | None], as_of: str = "9999"
) -> tuple[Comparison, ...]:
    """Compare a cluster with each leading supercomputer of one TOP500 list, the fastest by HPL first.

    Parameters
    ----------
    catalog
        Source of the supercomputers and of the reference device.
    peaks
        Dense peak of the cluster by precision in FLOP/s (:func:`peaks_of`); ``fp64``, ``bf16`` and ``fp8`` are used,
        and a missing one is unknown.
    as_of
        ISO day. The newest list until then is taken, or the oldest of all if there is none; the newest of all by
        default.

    Returns
    -------
    tuple of Comparison
        For each machine: FP64 peak against HPL, 8-bit H100-equivalents against each other, BF16 against HPL marked as
        differing in precision; where the machine's are known, BF16 peaks against each other and BF16 against HPL-MxP.
    """
    reference = catalog.accelerator(REFERENCE_DEVICE).counted_peak(REFERENCE_PRECISION)
    values = {name: None if peak is None else Span.make(peak).value for name, peak in peaks.items()}
    eight_bit = values.get(REFERENCE_PRECISION)
    equivalents = eight_bit / Span.make(reference).value if eight_bit is not None and reference.is_known else None
    all_machines = list(catalog.supercomputers.values())
    earlier = [machine.list_date for machine in all_machines if machine.list_date <= as_of]
    chosen = max(earlier) if earlier else min((machine.list_date for machine in all_machines), default="")
    machines = [machine for machine in all_machines if machine.list_date == chosen]
    rows = []
    for machine in sorted(machines, key=lambda m: -(Span.make(m.rmax).value if m.rmax.is_known else 0.0)):
        head = {"supercomputer": machine.title, "list_date": machine.list_date}
        hpl = ("HPL in FP64", machine.rmax)
        rows += [
            _row(head, *hpl, "FP64 vector peak", values.get("fp64"), "FLOP/s", PEAK_AGAINST_HPL),
            _row(head, "H100-equivalents, 8-bit dense", machine.h100_equivalents, "the same", equivalents, "1", MATCH),
            *(
                _row(head, name, fact, "BF16 dense peak", values.get("bf16"), "FLOP/s", match)
                for name, fact, match in (
                    ("BF16 dense peak", machine_peak(catalog, machine, "bf16"), MATCH),
                    ("HPL-MxP in mixed precision", machine.hpl_mxp, MIXED),
                )
                if fact.is_known
            ),
            _row(head, *hpl, "BF16 dense peak", values.get("bf16"), "FLOP/s", DIFFER),
        ]
    return tuple(rows)


def _row(
    head: Mapping[str, str],
    machine_name: str,
    fact: Fact[Real],
    cluster_name: str,
    cluster_value: float | None,
    unit: str,
    match: str,
) -> Comparison:
    machine_value = float(fact.value) if fact.is_known else None
    return Comparison(
        supercomputer=head["supercomputer"],
        list_date=head["list_date"],
        machine_name=machine_name,
        machine_value=machine_value,
        cluster_name=cluster_name,
        cluster_value=cluster_value,
        unit=unit,
        ratio=cluster_value / machine_value if cluster_value is not None and machine_value else None,
        precisions=match,
        sources=fact.sources,
    )
