"""Beside the TOP500: the precisions of every ratio are named, and unknown stays unknown."""

import pytest

from lindos import claims
from lindos.catalog import Catalog, load_catalog
from lindos.claims.top500 import DIFFER, MATCH, MIXED, PEAK_AGAINST_HPL


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def test_rows_of_each_machine_the_fastest_first(catalog: Catalog) -> None:
    rows = claims.compare_top500(catalog, claims.peaks_of([(catalog.accelerator("h100-sxm"), 100e3)]))
    newest = max(machine.list_date for machine in catalog.supercomputers.values())
    machines = [machine for machine in catalog.supercomputers.values() if machine.list_date == newest]
    peaks = sum(row.machine_name == "BF16 dense peak" for row in rows)
    assert len(rows) == 3 * len(machines) + sum(machine.hpl_mxp.is_known for machine in machines) + peaks
    assert {row.list_date for row in rows} == {newest}
    assert [row.precisions for row in rows[:4]] == [PEAK_AGAINST_HPL, MATCH, MIXED, DIFFER]
    hpl = [row.machine_value for row in rows if row.precisions == DIFFER and row.machine_value is not None]
    assert hpl == sorted(hpl, reverse=True)


def test_an_older_statement_meets_the_list_of_its_time(catalog: Catalog) -> None:
    peaks = claims.peaks_of([(catalog.accelerator("h100-sxm"), 100e3)])
    rows = claims.compare_top500(catalog, peaks, as_of="2025-07-22")
    assert {row.list_date for row in rows} == {"2025-06"}
    assert rows[0].machine_value == pytest.approx(1.742e18)
    # A statement older than every list that is known is held against the oldest of them.
    assert {row.list_date for row in claims.compare_top500(catalog, peaks, as_of="1993")} == {"2024-06"}


@pytest.mark.parametrize(
    ("day", "leader", "rmax"),
    [
        ("2024-07-22", "Frontier", 1.206e18),
        ("2024-12-01", "El Capitan", 1.742e18),
        ("2025-07-22", "El Capitan", 1.742e18),
        ("2026-01-15", "El Capitan", 1.809e18),
        ("2026-07-01", "LineShine", 2.1984e18),
    ],
)
def test_each_day_has_the_leader_of_its_list(catalog: Catalog, day: str, leader: str, rmax: float) -> None:
    row = claims.compare_top500(catalog, {}, as_of=day)[0]
    assert row.supercomputer.startswith(leader)
    assert row.machine_value == pytest.approx(rmax)


def test_a_machine_has_the_peak_of_its_devices(catalog: Catalog) -> None:
    rows = claims.compare_top500(catalog, claims.peaks_of([(catalog.accelerator("h100-sxm"), 100e3)]))
    peak = next(
        row for row in rows if row.supercomputer.startswith("Frontier") and row.machine_name == "BF16 dense peak"
    )
    assert peak.precisions == MATCH
    assert peak.machine_value == pytest.approx(39_424 * 383e12)
    assert peak.sources


def test_ratios_by_hand(catalog: Catalog) -> None:
    device = catalog.accelerator("h100-sxm")
    rows = claims.compare_top500(catalog, claims.peaks_of([(device, 100e3)]))
    eight_bit = next(row for row in rows if row.precisions == MATCH and row.supercomputer.startswith("El Capitan"))
    assert eight_bit.cluster_value == pytest.approx(100e3)
    assert eight_bit.ratio == pytest.approx(100e3 / 44_143, rel=1e-3)
    mixed = next(row for row in rows if row.precisions == MIXED and row.supercomputer == eight_bit.supercomputer)
    assert mixed.machine_value == pytest.approx(16.7e18)
    bf16 = next(row for row in rows if row.precisions == DIFFER and row.supercomputer == eight_bit.supercomputer)
    assert bf16.ratio is not None and bf16.machine_value is not None
    assert bf16.ratio == pytest.approx(100e3 * float(device.peak_bf16.value) / bf16.machine_value)
    assert bf16.cluster_name.startswith("BF16") and bf16.machine_name.endswith("FP64")


def test_an_unknown_peak_gives_no_ratio(catalog: Catalog) -> None:
    peaks = claims.peaks_of([(catalog.accelerator("rubin-vr200"), 1e3)])
    assert peaks["fp64"] is None
    rows = claims.compare_top500(catalog, peaks)
    fp64 = next(row for row in rows if row.precisions == PEAK_AGAINST_HPL)
    assert fp64.cluster_value is None and fp64.ratio is None
    assert claims.peaks_of([]) == {"fp64": None, "bf16": None, "fp8": None}


def test_equivalents_name_their_convention(catalog: Catalog) -> None:
    eight_bit, bf16 = claims.h100_equivalents_table(catalog, [(catalog.accelerator("gb200"), 1e6)])
    assert (eight_bit.convention, eight_bit.default) == ("8-bit dense", True)
    assert (bf16.convention, bf16.default) == ("BF16 dense", False)
    assert eight_bit.value == pytest.approx(2.53e6, rel=5e-3)
    assert bf16.value == pytest.approx(2.53e6, rel=5e-3)


def test_equivalents_of_an_unknown_peak_say_so(catalog: Catalog) -> None:
    rows = claims.h100_equivalents_table(catalog, [(catalog.accelerator("feynman"), 8.0)])
    assert all(row.value is None for row in rows)
    assert "has no known fp8 peak" in rows[0].note
