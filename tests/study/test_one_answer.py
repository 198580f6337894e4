"""One question gets one answer: figures that share quantity, subject, date and convention are one number."""

import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from expansions import doubling
from lindos.answers import Answer, answer, audit_claims, run
from lindos.catalog import Catalog, load_catalog
from lindos.elements import Figure, Number
from lindos.errors import InconsistentError, InputError
from lindos.roadmap import Generation, Programme, demand, purchase, trends
from lindos.scenario.read import builtin_names, scenario_from
from lindos.step.batch import critical_batch_tokens
from lindos.study.chain import Chain
from lindos.study.cluster import CLUSTER
from lindos.study.comparison import COMPARISON
from lindos.study.fleet import FLEET
from lindos.study.site import SITE

#: Sections that count, power or price machines; the campaign is simulated elsewhere and takes long.
H100_SOLD = Generation(
    name="h100-sxm",
    title="H100",
    available=date(2022, 9, 20),
    h100_equivalents=1.0,
    system="hgx-h100",
    capex=60e3,
    facility_power=1.8e3,
)
SECTIONS = frozenset({"cluster", "site", "fleet", "roadmap", "claims", "comparison"})
ANSWERS: dict[str, Answer] = {}


def answered(name: str) -> Answer:
    if name not in ANSWERS:
        ANSWERS[name] = audit_claims() if name == "audit" else run(name, sections=SECTIONS)
    return ANSWERS[name]


def groups(figures: Iterable[Figure]) -> dict[tuple[str, str, str, str], list[Figure]]:
    found: dict[tuple[str, str, str, str], list[Figure]] = defaultdict(list)
    for figure in figures:
        found[figure.quantity, figure.subject, figure.date, figure.convention].append(figure)
    return found


def agree(first: Figure, second: Figure) -> bool:
    pairs = ((first.value, second.value), (first.low, second.low), (first.high, second.high))
    return all(a == b or (a is not None and b is not None and math.isclose(a, b, rel_tol=1e-9)) for a, b in pairs)


def test_figures_that_share_quantity_subject_date_and_convention_are_one_number() -> None:
    figures = [figure for name in (*builtin_names(), "audit") for figure in answered(name).figures]
    shared = {key: group for key, group in groups(figures).items() if len(group) > 1}
    # The same machines stand in site, roadmap and claims of several answers.
    assert {"facility_power", "capital_cost"} <= {quantity for quantity, *_ in shared}
    assert {"colossus-1", "colossus-2", "fifty-million"} <= {subject for _, subject, *_ in shared}
    differ = [
        (key, group[0].name, figure.name)
        for key, group in shared.items()
        for figure in group
        if not agree(group[0], figure)
    ]
    assert not differ


def test_a_figure_that_differs_is_found() -> None:
    first = Figure(name="a", title="A", value=1.0, unit="W", quantity="power", subject="x")
    assert not agree(first, Figure(name="b", title="B", value=1.001, unit="W", quantity="power", subject="x"))


@pytest.mark.parametrize("name", ["colossus-2", "fifty-million"])
@pytest.mark.parametrize("section", ["site", "roadmap", "claims"])
def test_a_section_alone_says_what_it_says_in_the_whole(name: str, section: str) -> None:
    alone = run(name, sections=[section])
    whole = {figure.name: figure for figure in answered(name).figures}
    assert alone.figures
    assert all(agree(figure, whole[figure.name]) for figure in alone.figures)


def test_a_discount_on_all_at_once_is_the_same_in_a_claim_and_in_the_roadmap() -> None:
    """The same machines stand in both tables: what they cost, what a discount leaves, and which takes off a quarter."""
    tables = {table.name: table for section in answered("fifty-million").sections for table in section.tables}
    (plan,) = [row for row in tables["roadmap.discounts"].rows if row[0] == "all at once, off all"]
    (claim,) = [row for row in tables["claims.discounts"].rows if row[1] == "GB200"]
    assert plan[2:] == pytest.approx(claim[4:])


def findings(found: Answer, claim: str) -> list[tuple[Any, ...]]:
    table = next(table for section in found.sections for table in section.tables if table.name == "claims.findings")
    return [row for row in table.rows if row[0] == claim]


@pytest.mark.parametrize(("name", "claim"), [("colossus-1", "X1"), ("colossus-2", "X7"), ("fifty-million", "X3")])
def test_a_claim_is_the_same_in_a_report_and_an_audit(name: str, claim: str) -> None:
    assert findings(answered(name), claim) == findings(answered("audit"), claim)


def test_a_claim_about_a_cluster_is_held_against_that_cluster() -> None:
    site = answered("colossus-1").figure("site.power.total")
    power = findings(answered("audit"), "X1")[1]
    assert power[3] == Number(value=site.value, unit="W")
    assert power[4] == Number(value=None, unit="W", low=site.low, high=site.high)
    money = findings(answered("audit"), "X7")[0]
    assert money[3].value == answered("colossus-2").figure("site.capex.total").value


def test_what_is_ordered_is_what_the_site_has() -> None:
    found = answered("colossus-2")
    for part, total in (("power.total", "ordered_power"), ("capex.total", "ordered_capex")):
        assert found.figure(f"roadmap.{total}").value == pytest.approx(found.figure(f"site.{part}").value, rel=1e-12)
    start = found.figure("roadmap.start_power").value
    assert start == pytest.approx(answered("colossus-1").figure("site.power.total").value, rel=1e-12)
    assert found.figure("roadmap.bought_capex").value == pytest.approx(0.0)


def growing(pools: list[dict[str, Any]], catalog: Catalog | None = None, **roadmap: Any) -> Answer:
    data = {
        "name": "mine",
        "title": "t",
        "cluster": {"pools": pools},
        "site": {},
        "roadmap": {"start": "2025-07-22", "by": "2030-07-22", **roadmap},
        "compare_top500": False,
    }
    return answer(scenario_from(data), catalog or load_catalog(), sections=SECTIONS)


H100 = {"system": "hgx-h100", "gpus": 10_000}


def test_existing_devices_keep_their_power_and_do_not_change_the_cost_of_new_ones() -> None:
    found = growing([H100], target_h100_equivalents=1e6)
    site = found.figure("site.power.total").value
    assert found.figure("roadmap.start_power").value == site
    # What 990,000 more cost and draw does not depend on what stands already.
    other = growing([{"system": "gb200-nvl72", "h100_equivalents": 10_000}], target_h100_equivalents=1e6)
    for name in ("bought_capex", "bought_power"):
        ours, theirs = (each.figure(f"roadmap.{name}").value for each in (found, other))
        assert ours == pytest.approx(theirs, rel=0.01)


def test_machines_beside_the_cluster_come_on_top_of_its_power() -> None:
    found = growing([H100], start_h100_equivalents=11_000, target_h100_equivalents=1e6)
    site = found.figure("site.power.total").value
    start = found.figure("roadmap.start_power").value
    assert site is not None
    assert start is not None
    assert site + 0.5e6 < start < site + 1.5e6


@pytest.mark.parametrize("wanted", [1e9, 5e9])
@pytest.mark.parametrize("start", [{}, {"start_h100_equivalents": 11_000}, {"start_cluster": "colossus-1"}])
def test_a_target_in_watts_ends_at_it(wanted: float, start: dict[str, Any]) -> None:
    found = growing([H100], target_power=f"{wanted:g} W", **start)
    final = found.figure("roadmap.final_power")
    # Purchases are whole racks: it ends less than a lot of them below, and never above.
    assert 0.995 * wanted < (final.value or 0.0) <= wanted * (1 + 1e-9)
    assert final.low is not None


def test_a_target_in_watts_that_is_met_is_refused() -> None:
    with pytest.raises(InconsistentError, match=r"target_power is '10 MW' and the power of machines online or ordered"):
        growing([H100], target_power="10 MW")


def test_programmes_in_watts_draw_that_much_in_the_end() -> None:
    catalog, offered = load_catalog(), (H100_SOLD,)
    there = demand(
        programmes=[Programme(name="x", facility_power=1e9, end="2030-01-01")],
        start="2026-01-01",
        trends=trends(catalog),
        world=doubling(),
        generations=offered,
    )
    drawn = 0.0
    for year in there.years:
        begin, end = date.fromisoformat(year.begin), date.fromisoformat(year.end)
        middle = begin + (end - begin) / 2
        drawn += float(year.demand) * float(purchase(offered, middle, trends(catalog)).facility_power)
    assert drawn == pytest.approx(1e9)


@pytest.mark.parametrize(
    ("system", "device", "bought"),
    [
        ("hgx-h100", "h100-sxm", "2023-06-01"),
        ("gb200-nvl72", "gb200", "2025-05-01"),
        ("gb300-nvl72", "gb300", "2026-03-01"),
        ("vera-rubin-nvl72", "rubin-vr200", "2027-03-01"),
    ],
)
@pytest.mark.parametrize("gpus", [1_440, 14_400, 144_000])
def test_a_system_that_a_roadmap_buys_has_the_price_and_power_of_its_site(
    system: str, device: str, bought: str, gpus: int
) -> None:
    terms = {"pue": 1.17, "volume_discount": 0.1}
    start = (date.fromisoformat(bought) - timedelta(days=60)).isoformat()
    end = (date.fromisoformat(bought) + timedelta(days=60)).isoformat()
    # What stands is one device, of the same kind, beside the purchase.
    path = {"start": start, "by": end, "start_h100_equivalents": 1, "target_gpus": gpus, "target_accelerator": device}
    path |= {"devices": [device], "lead_time": "1 day", "share_of_supply": "100 %"}
    base = {"name": "mine", "title": "t", "site": terms, "compare_top500": False}
    roadmap = answer(scenario_from({**base, "roadmap": path}), load_catalog(), sections=SECTIONS)
    cluster = {"pools": [{"system": system, "gpus": gpus, "online": bought}]}
    site = answer(scenario_from({**base, "cluster": cluster}), load_catalog(), sections=SECTIONS)
    table = next(table for table in roadmap.sections[0].tables if table.name == "roadmap.purchases")
    # What stands is less than a rack, so as many are bought.
    assert sum(row[4] for row in table.rows) == gpus
    assert {row[2] for row in table.rows} == {device}
    totals = [roadmap.figure(f"roadmap.{name}").value or 0.0 for name in ("bought_capex", "built_capex")]
    assert sum(totals) == pytest.approx(site.figure("site.capex.total").value, rel=1e-6)
    power = site.figure("site.power.total").value
    assert roadmap.figure("roadmap.bought_power").value == pytest.approx(power, rel=1e-6)


def test_a_purchase_of_unknown_price_names_the_system(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    unknown = (
        f"  {name}: {{price: {{value: null}}}}" for name in ("hgx-h100", "hgx-h200", "gb200-nvl72", "gb300-nvl72")
    )
    file.write_text("\n".join(["systems:", *unknown]))
    found = run("fifty-million", [file], sections=["roadmap"])
    table = next(table for table in found.sections[0].tables if table.name == "roadmap.purchases")
    assert {row[2] for row in table.rows}.isdisjoint({"h100-sxm", "gb200", "gb300"})
    note = next(note for note in found.sections[0].notes if note.startswith("Not on offer"))
    assert "gb200, gb300" in note


def test_programmes_in_watts_before_anything_is_sold_are_refused_at_their_start() -> None:
    programmes = [{"name": "a", "facility_power": "1 GW", "by": "2024-01-01"}]
    data = {"name": "x", "title": "t", "roadmap": {"start": "2021-01-01", "programmes": programmes}}
    with pytest.raises(InputError, match=r"^roadmap.start is '2021-01-01', but must be 2022-09-20 or later"):
        run(data)


def test_devices_without_an_8_bit_peak_leave_the_site_known_and_name_the_peak(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("accelerators: {a100-80gb-sxm: {peak_int8: {value: null}}}")
    pools = [H100, {"system": "dgx-a100", "gpus": 2048}]
    found = growing(pools, load_catalog([file]), target_power="1 GW")
    assert found.figure("site.power.total").value is not None
    roadmap = next(section for section in found.sections if section.name == "roadmap")
    assert roadmap.summary.startswith("Unknown: accelerators.a100-80gb-sxm.peak_")


def test_a_start_below_what_is_online_is_refused() -> None:
    pools = [{**H100, "online": "2025-01-01"}]
    with pytest.raises(InconsistentError, match=r"cluster.pools online by 2025-07-22 is 10000"):
        growing(pools, start_h100_equivalents=5_000, target_h100_equivalents=1e6)


def test_a_roadmap_from_nothing_says_what_to_write() -> None:
    data = {"name": "x", "title": "t", "roadmap": {"start": "2025-07-22", "by": "2030-07-22", "target_power": "1 GW"}}
    with pytest.raises(InputError, match=r"roadmap.start_h100_equivalents is required"):
        answer(scenario_from(data), load_catalog())


def test_pools_that_come_online_are_a_path_without_a_target() -> None:
    found = growing([H100, {"system": "gb200-nvl72", "gpus": 7_200, "online": "2026-01-01"}])
    assert found.figure("roadmap.total_capex").value == found.figure("roadmap.ordered_capex").value
    final, site = (found.figure(name).value for name in ("roadmap.final_power", "site.power.total"))
    assert final == pytest.approx(site, rel=1e-9)


def test_a_price_of_electricity_computes_only_what_it_enters_anew() -> None:
    data = {
        "name": "mine",
        "title": "t",
        "cluster": {"pools": [H100]},
        "site": {},
        "inference": {"model": "llama-3.1-8b", "input_tokens": "1B tokens/day", "output_tokens": "1B tokens/day"},
    }
    chain, catalog = Chain(), load_catalog()
    floors = [CLUSTER, SITE, FLEET, COMPARISON]
    before, after = (
        chain.study(floors, scenario_from({**data, "site": {"electricity_price": price}}), catalog)
        for price in ("$0.05/kWh", "$0.10/kWh")
    )
    for floor in (CLUSTER, FLEET, COMPARISON):
        assert before.outcome(floor).point is after.outcome(floor).point, floor.name
    first, second = (study.outcome(SITE).point.estimate for study in (before, after))
    assert second.year.energy == pytest.approx(2 * first.year.energy)
    assert second.capex.total == first.capex.total


def of_duration(gpus: int, **job: Any) -> dict[str, Any]:
    return {
        "name": "mine",
        "title": "t",
        "cluster": {"pools": [{"system": "gb200-nvl72", "gpus": gpus}]},
        "job": {"model": "llama-3.1-8b", "goal": {"duration": "90 days"}, **job},
    }


def test_the_batch_of_a_duration_is_that_of_the_text_there_is_in_all_answers() -> None:
    data = of_duration(100_800)
    found = run(data, sections=["cluster", "step", "campaign"], changes={"campaign.spare_fraction": "1 %"})
    stock = load_catalog().parameter("scaling.text_stock", "token").value
    critical = found.figure("step.critical_batch").value
    assert critical == pytest.approx(float(critical_batch_tokens(stock)))
    batch = found.figure("step.global_batch_size").value * 8192
    assert 0.5 < batch / critical <= 1
    assert found.figure("campaign.data.batch_over_critical").value == pytest.approx(batch / critical)
    assert found.figure("campaign.data.planned_tokens").value == stock
    assert found.figure("campaign.data.stocks_used").value > 1
    assert (
        f"{100 * batch / critical:.2g} % of the critical batch of a run over 300 trillion tokens"
        in found.sections[-1].summary
    )
    step = run(data, sections=["step"], command="step", changes={"campaign.spare_fraction": "1 %"})
    assert step.figure("step.global_batch_size").value == found.figure("step.global_batch_size").value


def test_the_batch_of_a_short_run_is_that_of_its_time() -> None:
    found = run(of_duration(72), sections=["cluster", "step", "campaign"])
    planned = found.figure("campaign.data.planned_tokens").value
    assert 0.3 < planned / found.figure("campaign.tokens").value < 3
    assert found.figure("step.critical_batch").value == pytest.approx(float(critical_batch_tokens(planned)))
