"""Verdicts on the shipped claims, each against a number worked out by hand."""

import inspect
from pathlib import Path

import pytest
import yaml

from lindos import claims
from lindos.catalog import Catalog, load_catalog
from lindos.claims import Context, Ruling, Span, Verdict, judged
from lindos.claims.times import seconds_between

DATA = Path(inspect.getfile(claims)).parents[1] / "catalog" / "data" / "claims.yaml"
#: Round numbers that a study might give; the checks must use exactly these.
FACILITY_POWER = {"h100-sxm": 1_400.0, "h200-sxm": 1_400.0, "gb200": 2_400.0, "gb300": 2_800.0}
UNIT_COST = {"h100-sxm": 50e3, "gb200": Span(75e3, 60e3, 90e3), "gb300": 85e3}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="module")
def verdicts(catalog: Catalog) -> dict[str, Verdict]:
    context = Context(catalog=catalog, facility_power=FACILITY_POWER, unit_cost=UNIT_COST)
    return {name: claims.check(claim, context) for name, claim in claims.load(catalog).items()}


def test_every_statement_is_there(verdicts: dict[str, Verdict]) -> None:
    assert set(verdicts) == {*(f"X{i}" for i in range(1, 14)), "O1", "O2", "M1", "M2", "M3", "U1"}


@pytest.mark.parametrize(
    ("claim", "ruling"),
    [
        ("X1", Ruling.CONSISTENT),
        ("X2", Ruling.LATE),
        ("X3", Ruling.EXCEEDS_STOCK),
        ("X4", Ruling.UNIT_SLIP),
        ("X5", Ruling.WRONG),
        ("X6", Ruling.STRAINED),
        ("X7", Ruling.WRONG),
        ("X8", Ruling.WRONG),
        ("X9", Ruling.WRONG),
        ("X10", Ruling.WRONG),
        ("X11", Ruling.LATE),
        ("X12", Ruling.NOT_CHECKABLE),
        ("O1", Ruling.CONSISTENT),
        ("O2", Ruling.EXCEEDS_STOCK),
        ("M1", Ruling.OPEN),
        ("M2", Ruling.CONSEQUENCE),
        ("M3", Ruling.WRONG),
        ("U1", Ruling.STRAINED),
    ],
)
def test_headline_rulings(verdicts: dict[str, Verdict], claim: str, ruling: Ruling) -> None:
    assert verdicts[claim].ruling is ruling


def test_fifty_million_h100_slip_by_a_thousand(verdicts: dict[str, Verdict]) -> None:
    finding = verdicts["X4"].headline
    assert finding.claimed == 50e18
    assert finding.computed == pytest.approx(49.47e21, rel=1e-3)
    assert finding.factor == pytest.approx(989.4, rel=1e-3)
    assert finding.arithmetic == "50M H100 SXM 80 GB x 989 TFLOP/s = 49.5 ZFLOP/s"
    assert finding.note == "50 EFLOP/s is 1,000 times too small against 49.5 ZFLOP/s"
    assert finding.sources


def test_colossus_1_counts_as_epoch_counts_it(verdicts: dict[str, Verdict]) -> None:
    count, power, rate = verdicts["X1"].findings
    assert count.computed == pytest.approx(275_796, rel=1e-3) and count.stated_by == "Epoch AI"
    assert power.computed == 200e3 * 1_400 + 30e3 * 2_400
    assert rate.computed == pytest.approx(273e18, rel=2e-3) and rate.ruling is Ruling.CONSEQUENCE


def test_two_trillion_for_colossus_2_is_off_by_dozens(verdicts: dict[str, Verdict]) -> None:
    finding = verdicts["X7"].headline
    assert finding.computed == 330e3 * 75e3 + 220e3 * 85e3
    assert (finding.low, finding.high) == (330e3 * 60e3 + 220e3 * 85e3, 330e3 * 90e3 + 220e3 * 85e3)
    assert finding.factor == pytest.approx(2e12 / 43.45e9)


def test_chips_of_35_gigawatt_need_twice_that_at_the_facility(verdicts: dict[str, Verdict]) -> None:
    chips, facility = verdicts["X6"].findings
    assert chips.computed == pytest.approx(35e9) and chips.ruling is Ruling.CONSISTENT
    assert facility.computed == pytest.approx(70e9) and facility.factor == pytest.approx(2.0)


def test_growth_needed_stands_in_the_line(verdicts: dict[str, Verdict]) -> None:
    finding = verdicts["X3"].findings[0]
    assert finding.arithmetic.endswith("the claim needs x 2.83 a year")
    years = seconds_between("2025-07-22", "2030-07-22") / (365.25 * 86_400)
    assert finding.computed == pytest.approx(275_796 * 3.28**years)
    assert finding.low == pytest.approx(275_796 * 2.5**years)


def test_readings_of_twentyfold(verdicts: dict[str, Verdict]) -> None:
    plan, colossus_2, colossus_1, fp64 = verdicts["X9"].findings
    assert plan.computed == pytest.approx(50e6 / 44_143, rel=1e-3)
    assert colossus_2.computed == pytest.approx(31.5, rel=1e-2)
    assert colossus_1.computed == pytest.approx(6.25, rel=1e-2)
    assert "peak against a measured HPL result" in fp64.note


def test_what_one_of_650_thousand_must_do(verdicts: dict[str, Verdict]) -> None:
    rate, efficiency = verdicts["X5"].findings
    assert rate.claimed == pytest.approx(76.1e15, rel=1e-3)
    assert efficiency.claimed == pytest.approx(10.56e12, rel=1e-3)


def test_late_by_the_first_observation_that_reaches_it(verdicts: dict[str, Verdict]) -> None:
    one, more = verdicts["X11"].findings
    assert one.note == "seen as reached 150 days later"
    assert one.computed == 276e6
    assert more.note.startswith("not reached at the last observation")
    assert one.arithmetic.count("observed") == 1 and "276 MW" in one.arithmetic


def test_rank_of_a_first(verdicts: dict[str, Verdict]) -> None:
    assert verdicts["M3"].headline.computed == 3.0


def test_a_missing_number_is_named(verdicts: dict[str, Verdict]) -> None:
    assert verdicts["X12"].headline.note.startswith("needs the compute of everyone else")


def test_without_a_study_chips_bound_the_whole_from_below(catalog: Catalog) -> None:
    bare = Context(catalog=catalog)
    shipped = claims.load(catalog)
    money = claims.check(shipped["X7"], bare).headline
    assert money.ruling is Ruling.NOT_CHECKABLE and money.factor is None
    assert "no all-in cost is known for gb200, gb300" in money.note
    facility = claims.check(shipped["X6"], bare).findings[1]
    assert facility.question == "power of the chips" and facility.computed == pytest.approx(35e9)
    assert "no facility power is known for h100-sxm" in facility.note


def test_chips_refute_a_smaller_claim_without_a_study(catalog: Catalog) -> None:
    claim = one(catalog, {"kind": "power", "claimed": "1 GW", "devices": [{"accelerator": "h100-sxm", "gpus": "50M"}]})
    assert claims.check(claim, Context(catalog=catalog)).ruling is Ruling.WRONG


def test_unlike_precisions_are_marked_and_not_judged(catalog: Catalog) -> None:
    body = {"kind": "ratio", "claimed": "20x", "precision": "bf16", "supercomputer": "el-capitan"}
    claim = one(catalog, {**body, "devices": [{"accelerator": "h100-sxm", "gpus": "100k"}]})
    finding = claims.check(claim, Context(catalog=catalog)).headline
    assert finding.ruling is Ruling.NOT_CHECKABLE
    assert finding.note == "precisions differ"


def test_an_unknown_value_is_not_checkable_and_named(catalog: Catalog) -> None:
    body = {"kind": "compute", "claimed": "1 EFLOP/s", "devices": [{"accelerator": "feynman", "gpus": 8}]}
    finding = claims.check(one(catalog, body), Context(catalog=catalog)).headline
    assert finding.ruling is Ruling.NOT_CHECKABLE
    assert "accelerators.feynman.peak_bf16 is unknown" in finding.note
    assert (finding.claimed, finding.unit) == (1e18, "FLOP/s")


def test_a_range_that_was_claimed_counts(catalog: Catalog) -> None:
    body = {"kind": "compute", "devices": [{"accelerator": "h100-sxm", "gpus": "1k"}], "claimed": "0.5 EFLOP/s"}
    context = Context(catalog=catalog)
    assert claims.check(one(catalog, body), context).ruling is Ruling.STRAINED
    assert claims.check(one(catalog, {**body, "claimed_high": "1 EFLOP/s"}), context).ruling is Ruling.CONSISTENT


def test_kept_and_not_yet_observed(catalog: Catalog) -> None:
    body = {"kind": "schedule", "claimed": "100k", "by": "2025-07", "observed": [{"date": "2025-06", "amount": "120k"}]}
    assert claims.check(one(catalog, body), Context(catalog=catalog)).ruling is Ruling.MET
    nobody = {**body, "observed": []}
    assert claims.check(one(catalog, nobody), Context(catalog=catalog)).headline.note == "needs an observation"


def test_a_first_before_all_others_holds(catalog: Catalog) -> None:
    body = {"kind": "first", "date": "2024-09", "others": [{"name": "somebody", "date": "2025"}]}
    assert claims.check(one(catalog, body), Context(catalog=catalog)).ruling is Ruling.CONSISTENT


def one(catalog: Catalog, body: object) -> claims.Claim:
    return claims.claims_from({"C": {"speaker": "A", "statement": "B", "checks": [body]}}, catalog)["C"]


@pytest.mark.parametrize(
    ("claimed", "computed", "ruling"),
    [
        (1.0, Span(1.0, 1.0, 1.0), Ruling.CONSISTENT),
        (3.0, Span(1.0, 0.5, 3.5), Ruling.CONSISTENT),
        (1.14, Span(1.0, 1.0, 1.0), Ruling.CONSISTENT),
        (1.0 / 1.16, Span(1.0, 1.0, 1.0), Ruling.STRAINED),
        (1.99, Span(1.0, 1.0, 1.0), Ruling.STRAINED),
        (2.01, Span(1.0, 1.0, 1.0), Ruling.WRONG),
        (880.0, Span(1.0, 1.0, 1.0), Ruling.WRONG),
        (950.0, Span(1.0, 1.0, 1.0), Ruling.UNIT_SLIP),
        (1e6, Span(1.0, 1.0, 1.0), Ruling.UNIT_SLIP),
        (1e-9, Span(1.05, 1.0, 1.1), Ruling.UNIT_SLIP),
    ],
)
def test_the_rule(claimed: float, computed: Span, ruling: Ruling) -> None:
    assert judged(claimed, computed, "1")[0] is ruling


def test_data_holds_statements_and_no_results() -> None:
    text = DATA.read_text(encoding="utf-8")
    for word in ("verdict", "factor", "computed", "consistent", "wrong:"):
        assert f"{word}:" not in text and word not in {key for claim in yaml.safe_load(text).values() for key in claim}


def test_every_shipped_claim_and_stated_number_has_a_source(catalog: Catalog) -> None:
    for claim in claims.load(catalog).values():
        assert claim.source, claim.id
        for source in claim.source:
            assert catalog.source(source).url.startswith("http")
        for part in claim.checks:
            assert part.source or not part.stated_by, f"{claim.id}: who is {part.stated_by}?"
            for source in part.source:
                assert catalog.source(source).url


def test_every_source_of_a_finding_is_in_the_catalogue(catalog: Catalog, verdicts: dict[str, Verdict]) -> None:
    for verdict in verdicts.values():
        for finding in verdict.findings:
            for source in finding.sources:
                assert catalog.source(source).id == source


@pytest.mark.parametrize(
    ("text", "day"), [("2026-H2", "2026-07-01"), ("2025-Q4", "2025-10-01"), ("2028", "2028-01-01")]
)
def test_halves_and_quarters_begin_on_their_first_day(text: str, day: str) -> None:
    assert seconds_between(text, day) == 0.0


@pytest.mark.parametrize(
    "body",
    [
        {
            "kind": "compute",
            "claimed": "1 EFLOP/s",
            "devices": [{"accelerator": "h100-sxm", "h100_equivalents": "1e300"}],
        },
        {
            "kind": "growth",
            "claimed": "50M",
            "by": "9999",
            "start": {"h100_equivalents": "1M", "date": "2025"},
            "trend": "trends.record_growth",
        },
    ],
)
def test_absurd_numbers_end_in_a_sentence(catalog: Catalog, body: dict[str, object]) -> None:
    finding = claims.check(one(catalog, body), Context(catalog=catalog)).headline
    assert finding.ruling is Ruling.NOT_CHECKABLE and finding.computed is None
    assert finding.note == "its numbers lie beyond what can be computed"


def test_a_study_can_ask_which_devices_it_must_price(catalog: Catalog) -> None:
    shipped = claims.load(catalog)
    assert claims.accelerators_of([shipped["X7"]], catalog) == ("gb200", "gb300")
    assert claims.accelerators_of([shipped["X4"]], catalog) == ()
    assert "rubin-ultra-vr300" in claims.accelerators_of(shipped.values(), catalog)


def test_the_verdict_is_the_strongest_contradiction_of_the_speaker(verdicts: dict[str, Verdict]) -> None:
    assert verdicts["X3"].findings[0].ruling is Ruling.CONSISTENT
    assert verdicts["X3"].ruling is Ruling.EXCEEDS_STOCK
    # What somebody else gives does not contradict the speaker.
    assert verdicts["X1"].headline is verdicts["X1"].findings[0]


def test_a_discount_on_nodes_lowers_the_total_by_their_share(catalog: Catalog) -> None:
    price = 35_000.0
    context = Context(
        catalog=catalog, facility_power=FACILITY_POWER, unit_cost=UNIT_COST, negotiable={"h100-sxm": price}
    )
    rows = {row.title: row for row in claims.discounted(claims.load(catalog)["X13"], context)}
    h100 = rows["H100 SXM 80 GB"]
    assert h100.count == 50e6
    assert h100.totals[0] == pytest.approx(50e6 * 50e3)
    assert h100.totals[2] == pytest.approx(50e6 * (50e3 - 0.2 * price))
    # Two trillion fall to one and a half by a quarter of all, which the devices make up in part.
    assert h100.needed == pytest.approx(0.25 * 50e3 / price)
