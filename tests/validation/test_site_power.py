"""Power of published sites and machines: every row is read and predicted, from its devices alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lindos.catalog import load_catalog
from lindos.errors import InputErrors
from lindos.validation.site_power import predict_site, site_document, sites_csv, slice_of, system_of, validate_sites
from lindos.validation.site_rows import MACHINE, SITE, is_site_file, parse_site_rows, read_site_rows

CATALOG = load_catalog()
ROWS = read_site_rows()
SCORE = validate_sites(CATALOG, ROWS)


def test_no_row_is_refused() -> None:
    assert len(ROWS) > 130
    assert not [p.refusal for p in SCORE.predictions if p.refusal]


def test_machines_and_sites_are_close_and_ranges_hold() -> None:
    derived, plausible = (SCORE.slices[name] for name in ("site, count derived", "machine under HPL, count plausible"))
    assert derived.close is not None and derived.close >= 0.8
    assert plausible.close is not None and plausible.close >= 0.8
    every = SCORE.slices["machine under HPL"]
    assert every.close is not None and every.close >= 0.8
    for part in (derived, plausible):
        assert part.coverage_80 is not None and 0.68 <= part.coverage_80 <= 0.9
    assert SCORE.slices["machine under HPL"].rows - plausible.rows <= 10


def test_what_was_published_is_no_input() -> None:
    for row in (ROWS[0], ROWS[-1]):
        blind = predict_site(replace(row, it_power=None, facility_power=None, capex=None), CATALOG)
        told = predict_site(row, CATALOG)
        assert (blind.it_power, blind.low, blind.high) == (told.it_power, told.low, told.high)
        assert blind.error is None


@pytest.mark.parametrize(
    ("text", "system"),
    [
        ("HPE Cray EX255a, AMD Instinct MI300A, Slingshot-11 AMD Instinct MI300A", "mi300a-node"),
        ("BullSequana XH2000, NVIDIA A100 SXM4 64 GB NVIDIA A100", "hgx-a100-4"),
        ("BullSequana XH3000, NVIDIA H100 64GB, Infiniband NDR NVIDIA H100", "hgx-h100-4"),
        ("HPE Cray XD670, NVIDIA H200 SXM5 141 GB NVIDIA H200", "hgx-h200"),
        ("NVIDIA DGX A100, AMD EPYC 7742, NVIDIA A100 NVIDIA A100", "dgx-a100"),
        ("MEGWARE NF5488A5, AMD EPYC 7713, NVIDIA A100 SXM4 80 GB, Infiniband HDR NVIDIA A100", "dgx-a100"),
        ("PowerEdge XE8545, AMD EPYC 7413, NVIDIA A100, InfiniBand HDR100 NVIDIA A100", "xe8545-a100"),
        ("ARS 111GL DNHR LCC, Grace Hopper Superchip 72C 3GHz NVIDIA GH200 Superchip", "gh200-node"),
        ("HPE Cray EX154n, NVIDIA Grace 72C, NVIDIA GB200, Slingshot-11 NVIDIA GB200", "gb200-nvl72"),
        ("NVIDIA DGX B200, Xeon Platinum 8570, NVIDIA B200 SXM, Infiniband NDR NVIDIA B200", "dgx-b200"),
        ("HPE Cray EX255a, AMD EPYC 9755, AMD Instinct MI355X AMD Instinct MI355X", "mi355x-node"),
    ],
)
def test_a_text_names_its_system(text: str, system: str) -> None:
    assert system_of(text, MACHINE, load_catalog()) == system


def test_every_system_that_a_text_may_name_is_in_the_catalogue() -> None:
    from lindos.validation.site_power import _nodes

    named = [entry["system"] for entry in _nodes()["machines"]] + list(_nodes()["chips"].values())
    assert not [name for name in named if CATALOG.record_id("systems", name) is None]


def test_an_unknown_chip_is_refused_by_its_name() -> None:
    row = replace(ROWS[0], parts=(("Abacus 9", 100.0),))
    assert "Abacus 9" in predict_site(row, CATALOG).refusal
    assert slice_of([predict_site(row, CATALOG)]).refused == 1


def test_a_wrong_cell_is_told_with_its_line() -> None:
    with pytest.raises(InputErrors, match="chips"):
        parse_site_rows(b"site,date,chips,pub_it_mw\nA,2026,many B200,3\n", "x.csv")
    with pytest.raises(InputErrors, match="gpus"):
        parse_site_rows(b"Name,Computer,Accelerator/Co-Processor,gpus,kw\nA,DGX H100,H100,,3\n", "x.csv")


def test_kinds_are_known_by_their_header() -> None:
    assert is_site_file(b"site,date,chips,count_source,pub_it_mw\n")
    assert is_site_file(b"Rank,Name,Computer,Accelerator/Co-Processor,gpus,kw\n")
    assert not is_site_file(b"id,source,gpus\n")
    assert {row.kind for row in ROWS} == {SITE, MACHINE}


def test_a_document_and_a_table_of_all_rows(tmp_path: Path) -> None:
    document = site_document(SCORE)
    assert document["power"]["rows"] == len(ROWS) == document["power"]["predicted"]
    lines = sites_csv(SCORE).decode().splitlines()
    assert len(lines) == len(ROWS) + 1
    errors = [abs(row["error"]) for row in document["results"]]
    assert np.median(errors) == pytest.approx(document["power"]["median_abs_error"])
