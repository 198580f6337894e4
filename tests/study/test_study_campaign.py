"""A scenario's campaign: from its words to a problem, and from replicas to an answer."""

from typing import Any

import numpy as np
import pytest

import lindos
from lindos.answers import Answer
from lindos.answers.scenario import answer
from lindos.campaign import ALL_DEVICES, ENDLESS
from lindos.catalog import load_catalog
from lindos.elements import Number, Table
from lindos.errors import InconsistentError, InputError, LindosError
from lindos.scenario.read import scenario_from
from lindos.scenario.resolve import counted
from lindos.scenario.schema import Scenario
from lindos.study.campaign import CampaignAsked
from lindos.study.campaign.basis import Basis, Changes, basis_of
from lindos.study.campaign.problem import goal, problem_of
from lindos.study.chain import Chain
from lindos.study.floor import World
from lindos.study.step import STEP

CATALOG = load_catalog()
SECTIONS = frozenset({"cluster", "step", "campaign"})
ALL = {
    "start": "2026-01-10",
    "elastic": True,
    "spare_fraction": "3 %",
    "rack_standby": 8,
    "repair_time": "4 h to 3 days",
    "repair_teams": 40,
    "detection_time": "30 s",
    "diagnosis_time": "1 min to 5 min",
    "misdiagnosis": "5 %",
    "announced": "10 %",
    "checkpoints": [
        {"tier": "memory", "bandwidth": "4 TB/s", "asynchronous": True, "blocking_time": "0.2 s"},
        {"tier": "local", "bandwidth": "2 TB/s", "asynchronous": True, "blocking_time": "0.5 s"},
        {"tier": "remote"},
    ],
    "failures": [
        {"name": "feed", "of": "feed", "mtbf": "3 years to 30 years", "devices": 288},
        {"name": "operator", "of": "operator", "mtbf": "30 days"},
        {"name": "infant", "of": "device", "mtbf": "60 years", "law": "weibull", "shape": 0.6},
        {"name": "wear", "of": "rack", "mtbf": "9 years", "law": "lognormal", "shape": 0.8, "age": "2 years"},
        {"name": "leaf", "of": "switch", "mtbf": "20 years", "repair_time": "3 h"},
    ],
    "lemons": {"fraction": "2 %", "factor": 20},
    "stragglers": {"mtbf": "20 years", "slowdown": "15 %", "duration": "2 h"},
    "link_flaps": {"mtbf": "8 years", "lasting": "10 s to 60 s"},
    "silent_corruption": {"detection_time": "1 h to 12 h"},
    "maintenance": {"every": "14 days", "lasting": "3 h"},
}


def scenario(campaign: dict[str, Any] | None = None, **changes: Any) -> Scenario:
    data: dict[str, Any] = {
        "name": "test",
        "title": "test",
        "cluster": {
            "pools": [
                {"system": "gb200-nvl72", "gpus": 1152, "online": "2026-01-01", "label": "first"},
                {"system": "gb200-nvl72", "gpus": 576, "online": "2026-02-01", "label": "second"},
            ]
        },
        "job": {"model": "llama-3.1-70b", "precision": "fp8", "goal": {"duration": "60 days"}},
        "campaign": campaign or {},
        "compare_top500": False,
    }
    return scenario_from(data | changes)


def small(campaign: dict[str, Any] | None = None, goal: dict[str, str] | None = None) -> Scenario:
    pools = [{"system": "hgx-h100", "gpus": 256}]
    job = {"model": "llama-3.1-8b", "goal": goal or {"tokens": "2T tokens"}, "global_batch_size": 512}
    return scenario(campaign, cluster={"pools": pools}, job=job)


def answered(given: Scenario, **asked: Any) -> Answer:
    return answer(given, CATALOG, sections=SECTIONS, campaign=CampaignAsked(**asked))


def bases(given: Scenario) -> tuple[Basis, Basis]:
    """What the campaign rests on: with the catalogue's values, and over draws."""
    settled = counted(given, CATALOG)
    outcome = Chain().study([STEP], settled, CATALOG).outcome(STEP)
    assert outcome is not None
    values = World(scenario=settled, catalog=CATALOG, folder=None)
    draws = World(scenario=settled, catalog=CATALOG.sampled(512), folder=None, kind="sampled")
    return basis_of(values, outcome.point), basis_of(draws, outcome.sampled)


def value_of(cell: Any) -> float:
    """The number in a cell."""
    return float(cell.value if isinstance(cell, Number) else cell)


def table(found: Answer, name: str) -> Table:
    return next(t for t in found.sections[-1].tables if t.name == f"campaign.{name}")


@pytest.fixture(scope="module")
def whole() -> Answer:
    return answered(scenario(ALL), max_trials=64)


# From words to a problem


def test_only_what_works_fails() -> None:
    basis, _ = bases(small({"spare_fraction": "20 %"}))
    problem = problem_of(basis, goal(basis))
    working = basis.num_devices
    assert working < 256
    assert {cause.units for cause in problem.causes} == {working}
    assert problem.pools[0].spares == 256 - working


def test_kinds_of_failures_take_what_hangs_on_them() -> None:
    kinds = ("device", "node", "rack", "switch", "pod", "software")
    failures = [{"name": f"a {kind}", "of": kind, "mtbf": "9 years"} for kind in kinds]
    pools = [{"system": "hgx-h100", "gpus": 16_384}]
    job = {"model": "llama-3.1-8b", "goal": {"tokens": "2T tokens"}, "global_batch_size": 2048}
    basis, _ = bases(scenario({"failures": failures}, cluster={"pools": pools}, job=job))
    problem = problem_of(basis, goal(basis))
    found = {cause.name: (round(cause.units), cause.devices) for cause in problem.causes[4:]}
    # Switches of 64 ports: 64 GPUs below a leaf, 64 x 64 / 2 below a pod.
    assert found == {
        "a device": (16_384, 8),
        "a node": (2_048, 8),
        "a rack": (2_048, 8),
        "a switch": (256, 64),
        "a pod": (8, 2_048),
        "a software": (1, 0),
    }


def test_every_word_reaches_the_problem() -> None:
    basis, _ = bases(scenario(ALL))
    problem = problem_of(basis, goal(basis))
    causes = {(cause.name, cause.pool): cause for cause in problem.causes}
    assert causes["gpu", 0].devices == 4  # a tray: the plan ties no more GPUs together
    assert causes["software", 0].devices == 0
    assert causes["lemons", 0].most == 3
    assert causes["feed", 0].devices == 288
    assert float(causes["feed", 0].mtbf) == pytest.approx((3 * 30) ** 0.5 * 31_557_600, rel=1e-6)
    assert causes["operator", 0].stopped == ALL_DEVICES
    assert causes["infant", 1].law == "weibull"
    assert causes["infant", 1].online == 22 * 86_400.0
    assert causes["wear", 0].age == pytest.approx(2 * 31_557_600)
    assert [tier.name for tier in problem.tiers] == ["memory", "local", "remote"]
    assert [int(tier.survives) for tier in problem.tiers] == [72, 0, ALL_DEVICES]
    assert float(problem.tiers[1].interval) == ENDLESS  # memory survives all that local disks do
    assert problem.joins[0][0] == 0.0 and 0.5 < problem.joins[0][1] < 0.8 and problem.joins[1] == (22 * 86_400.0, 1.0)
    assert [pool.rack_spares for pool in problem.pools] == [8, 8]
    assert [pool.rack_devices for pool in problem.pools] == [64, 64]
    assert problem.elastic and problem.repair_teams == 40 and problem.announced == pytest.approx(0.1)
    assert problem.stragglers is not None and problem.flaps is not None and problem.corruption is not None
    assert problem.maintenance_every == 14 * 86_400.0


def test_ranges_are_drawn_and_what_is_certain_is_not() -> None:
    _, basis = bases(scenario(ALL))
    drawn = problem_of(basis, goal(basis))
    feed = next(cause for cause in drawn.causes if cause.name == "feed")
    years = np.asarray(feed.mtbf) / 31_557_600
    assert years.shape == (512, 1)
    assert years.min() > 3 and years.max() < 30
    assert np.median(years) == pytest.approx(90**0.5, rel=0.1)
    assert np.ndim(drawn.causes[-1].age) == 0


def test_shares_by_cause_keep_the_rate_of_the_catalogue() -> None:
    for spec in ({}, {"lemons": {"fraction": "2 %", "factor": 20}}, {"device_mtbf": "40000 h"}):
        basis, _ = bases(small(spec))
        problem = problem_of(basis, goal(basis))
        mtbf = (
            40_000 * 3600 if spec.get("device_mtbf") else CATALOG.parameter("reliability.hopper.device_mtbf", "s").value
        )
        assert float(problem.failure_rate) == pytest.approx(float(problem.num_devices) / mtbf)


def test_changes_change_what_they_name() -> None:
    basis, _ = bases(small({"spare_fraction": "10 %"}))
    asked = goal(basis)
    base = problem_of(basis, asked)
    assert float(problem_of(basis, asked, Changes(mtbf=2.0)).failure_rate) == pytest.approx(
        float(base.failure_rate) / 2
    )
    assert float(problem_of(basis, asked, Changes(restart=0.5)).restart_time) == base.restart_time / 2
    fast = problem_of(basis, asked, Changes(bandwidth=2.0)).tiers[0]
    assert float(fast.blocking_time) == pytest.approx(float(base.tiers[0].blocking_time) / 2)
    assert float(fast.interval) < float(base.tiers[0].interval)
    large = problem_of(basis, asked, Changes(size=4.0))
    assert float(large.failure_rate) == pytest.approx(4 * float(base.failure_rate))
    assert problem_of(basis, asked, Changes(spares=float("inf"))).pools[0].spares == float("inf")
    assert base.pools[0].spares >= 24


# From trials to an answer


def test_the_closed_form_stands_beside_and_agrees() -> None:
    found = answered(small())
    for name in ("goodput", "duration"):
        simulated, closed = found.figure(f"campaign.{name}").value, found.figure(f"campaign.closed_form.{name}").value
        assert simulated == pytest.approx(closed, rel=0.01)
    parts = [f.value for f in found.figures if f.name.startswith("campaign.time.") and f.name.count(".") == 2]
    total = found.figure("campaign.time.total").value
    badput = found.figure("campaign.time.badput").value
    assert total is not None and badput is not None
    assert sum(p for p in parts if p is not None) - total - badput == pytest.approx(total, rel=1e-9)


def test_everything_at_once(whole: Answer) -> None:
    names = {t.name for t in whole.sections[-1].tables}
    assert {
        f"campaign.{n}" for n in ("percentiles", "buckets", "worth", "spares", "intervals", "sizes", "causes")
    } <= names
    assert {c.name for c in whole.sections[-1].charts} == {
        "campaign.time", "campaign.progress", "campaign.timeline", "campaign.sizes"
    }  # fmt: skip
    for bucket in ("wasted_progress", "slow_steps", "infrastructure_recovery", "planned_maintenance"):
        assert (whole.figure(f"campaign.time.{bucket}").value or 0) > 0
    goodput, effective = (whole.figure(f"campaign.{n}").value or 0 for n in ("goodput", "effective_training_time"))
    assert 0.2 < goodput < effective < 0.98
    assert any("Until a pool joins" in note for note in whole.sections[-1].notes)


def test_percentiles_are_in_order_and_dates_follow(whole: Answer) -> None:
    rows = {row[0]: row[1:] for row in table(whole, "percentiles").rows}
    assert set(rows) == {"Tokens", "Goodput", "Effective training time", "Failures"}
    for name in ("Goodput", "Effective training time"):
        mean, *ends = (value_of(cell) for cell in rows[name])
        assert ends[2] <= ends[0] <= mean <= ends[1] <= ends[3]
    dated = answered(small({"start": "2026-03-01"}))
    finished = {row[0]: row[1:] for row in table(dated, "percentiles").rows}["Finished"]
    assert "2026-03-01" < str(finished[3]) <= str(finished[0]) <= str(finished[4])


def test_what_would_help_helps_and_is_priced() -> None:
    found = answered(small({"device_mtbf": "3000 h", "spare_fraction": "10 %"}))
    worth = table(found, "worth")
    assert worth.columns[-1] == "saves"
    for name, _, more, error, sooner, saves in worth.rows:
        assert isinstance(more, float) and isinstance(sooner, float) and isinstance(saves, float), name
        assert more >= -3 * value_of(error) - 1e-9 and sooner >= 0 and saves >= 0, name
    assert {row[0]: row[2] for row in worth.rows}["failures half as often"] > 0.01


def test_goodput_rises_with_spares_and_enough_is_enough() -> None:
    found = answered(small({"device_mtbf": "3000 h"}))
    spares = table(found, "spares")
    goodputs = [row[2] for row in spares.rows]
    assert goodputs == sorted(goodputs)
    enough = found.figure("campaign.spares_enough").value or 0
    assert enough % 8 == 0 and 8 <= enough <= 128
    assert float(spares.rows[-2][3] or 0) <= 0.001
    # The first row is the cluster as it is written, and the headline is its goodput.
    assert value_of(spares.rows[0][0]) == 0
    assert goodputs[0] == pytest.approx(found.figure("campaign.goodput").value)
    assert spares.columns[-2:] == ("to buy", "the run costs")
    prices = [value_of(row[-2]) for row in spares.rows[:-1]]
    assert prices == sorted(prices) and prices[0] == 0 < prices[-1]


@pytest.mark.parametrize(
    ("racks", "campaign"),
    [
        (False, {"device_mtbf": "3000 h", "spare_fraction": "3 %"}),
        (False, {"device_mtbf": "3000 h", "recovery": "replica"}),
        (False, {"device_mtbf": "3000 h", "shared_standby": "8"}),
        (True, {"device_mtbf": "40,000 h", "rack_standby": "8"}),
        (True, {"device_mtbf": "40,000 h", "shared_standby": "72"}),
        (True, {"device_mtbf": "40,000 h", "spare_fraction": "5 %"}),
    ],
)
def test_what_is_said_to_be_enough_is_enough_in_the_table(racks: bool, campaign: dict[str, str]) -> None:
    found = answered((scenario if racks else small)(campaign))
    spares = table(found, "spares")
    enough, given = (found.figure(f"campaign.{name}").value for name in ("spares_enough", "spares_given"))
    assert enough is not None
    rows = [row for row in spares.rows[:-1] if value_of(row[0]) == enough]
    assert rows and min(float(row[3] or 0) for row in rows) <= 0.001
    written = next(row for row in spares.rows if getattr(row[0], "suffix", ""))
    assert value_of(written[0]) == given
    assert written[2] == pytest.approx(found.figure("campaign.goodput").value)
    # Spares inside racks are in every number, and what costs nothing is there already.
    inside = 8 * 24 if "rack_standby" in campaign and racks else 0
    assert min(value_of(row[0]) for row in spares.rows[:-1]) >= inside
    assert all((float(value_of(row[0])) > given) == (value_of(row[-2]) > 0) for row in spares.rows[:-1])
    summary = found.sections[-1].summary
    assert ("spare GPUs beside this cluster, not in its bill" in summary) == ("shared_standby" in campaign)
    if written[3] > 0.002:
        needed = f"with {enough:,.0f} " + ("in proportion in every pool " if racks else "")
        assert f"{needed}it would be" in summary


def test_the_best_interval_simulated_is_near_that_of_the_closed_form() -> None:
    found = answered(small({"device_mtbf": "3000 h", "checkpoint_bandwidth": "5 GB/s"}))
    (row,) = table(found, "intervals").rows
    assert 0.5 <= float(row[3] or 0) / float(row[2] or 1) <= 2.0
    assert float(row[5] or 0) >= max(float(row[4] or 0), float(row[6] or 0)) - 0.003


def test_adding_gpus_stops_helping() -> None:
    found = answered(small({"device_mtbf": "200 h", "elastic": True}))
    rows = table(found, "sizes").rows
    sizes = [value_of(row[0]) for row in rows]
    useful = [value_of(row[3]) for row in rows]
    largest = found.figure("campaign.largest_job").value or 0
    assert sizes[int(np.argmax(useful))] == pytest.approx(largest, rel=0.6)
    assert useful[-1] < max(useful)


def test_seeds_and_trials_as_asked() -> None:
    one, same, other = (answered(small(), seed=s).figure("campaign.num_failures") for s in (0, 0, 1))
    assert one.value == same.value != other.value
    few = answered(small(), max_trials=16)
    assert "16 trials" in table(few, "percentiles").note


def test_figures_alone_are_those_of_the_whole() -> None:
    whole, alone = answered(small()), answered(small(), figures_only=True)
    assert not alone.sections[-1].tables and not alone.sections[-1].charts
    for figure in alone.sections[-1].figures:
        assert whole.figure(figure.name) == figure


def test_repairs_that_cannot_keep_up_are_warned_of() -> None:
    found = answered(small({"device_mtbf": "500 h", "repair_teams": 1, "spare_fraction": "5 %"}))
    assert any("the queue never ends" in warning for warning in found.warnings)
    assert found.figure("campaign.goodput").value is None


def test_a_run_that_never_ends_is_not_simulated() -> None:
    found = answered(small({"device_mtbf": "1 min"}))
    assert found.figure("campaign.goodput").value is None
    assert {t.name for t in found.sections[-1].tables} == {"campaign.recovery", "campaign.causes"}


def test_a_run_that_goes_nowhere_says_so() -> None:
    given = small({"link_flaps": {"mtbf": "2 h", "lasting": "10 min"}})
    found = answered(given)
    assert found.figure("campaign.sustainable").value == 0
    assert found.figure("campaign.goodput").value is None
    assert found.figure("campaign.duration").value is None
    assert found.sections[-1].summary.count("No run is sustained") == 1
    assert any("goes into infrastructure recovery" in warning for warning in found.warnings)
    assert {t.name for t in found.sections[-1].tables} == {"campaign.buckets", "campaign.recovery", "campaign.causes"}


# Sources, and what is simulated


def test_a_figure_cites_the_facts_that_move_it_and_no_others() -> None:
    found = answered(small({"spare_fraction": "20 %"}), figures_only=True)
    goodput = set(found.figure("campaign.goodput").facts)
    assert {"parameters.reliability.hopper.device_mtbf", "parameters.reliability.restart_time"} <= goodput
    # Spares suffice, so that the time of a repair moves no goodput, but the number of spares.
    assert "parameters.reliability.repair_time" not in goodput
    assert "parameters.reliability.repair_time" in found.figure("campaign.devices_in_repair").facts
    # What is off enters nothing.
    cited = {fact for figure in found.figures for fact in figure.facts}
    assert not cited & {"parameters.reliability.corruption_mtbf", "parameters.reliability.replica_stall_time"}
    short = answered(small(), figures_only=True)
    assert "parameters.reliability.repair_time" in short.figure("campaign.goodput").facts
    noisy = small({"spare_fraction": "20 %", "silent_corruption": {"detection_time": "1 h"}})
    corrupt = answered(noisy, figures_only=True)
    assert "parameters.reliability.corruption_mtbf" in corrupt.figure("campaign.goodput").facts


def test_few_draws_along_the_closed_form_have_the_percentiles_of_all() -> None:
    given = small({"device_mtbf": "3000 h", "spare_fraction": "20 %"})
    few, every = (answered(given, figures_only=True, max_trials=trials) for trials in (32, 512))
    for name in ("goodput", "duration"):
        less, more = few.figure(f"campaign.{name}"), every.figure(f"campaign.{name}")
        assert less.low == pytest.approx(more.low, rel=0.02) and less.high == pytest.approx(more.high, rel=0.02)


def test_a_failed_gpu_takes_what_is_repaired_with_it_and_what_the_plan_ties_to_it() -> None:
    for degree, taken in ((2, 4), (8, 8)):
        pools = [{"system": "gb200-nvl72", "gpus": 576}]
        job = {"model": "llama-3.1-70b", "goal": {"tokens": "1T tokens"}, "plan": {"tensor_parallel": degree}}
        basis, _ = bases(scenario(cluster={"pools": pools}, job=job))
        causes = problem_of(basis, goal(basis)).causes
        assert {cause.devices for cause in causes} == {0, taken}


# Bad input


@pytest.mark.parametrize(
    ("campaign", "sentence"),
    [
        ({"checkpoints": [{"tier": "memory", "bandwidth": "1 TB/s"}]}, "end with remote"),
        ({"checkpoints": [{"tier": "remote"}, {"tier": "remote"}]}, "each once"),
        ({"checkpoints": [{"tier": "memory"}, {"tier": "remote"}]}, "campaign.checkpoints.0.bandwidth"),
        ({"checkpoints": [{"tier": "remote", "asynchronous": True}]}, "campaign.checkpoints.0.blocking_time"),
        ({"failures": [{"name": "f", "of": "feed", "mtbf": "9 years"}]}, "devices is required for a power feed"),
        (
            {"failures": [{"name": "f", "of": "device", "mtbf": "1 s"}]},
            "campaign.failures.0.mtbf is '1 s', but must be",
        ),
        (
            {"failures": [{"name": "f", "of": "device", "mtbf": "9 years", "law": "weibull", "shape": 0.1}]},
            "campaign.failures.0.shape is 0.1, but must be from 0.3 to 20 in a weibull law",
        ),
        ({"silent_corruption": {"device_mtbf": "1 h", "detection_time": "1 h"}}, "corruptions in one run"),
        ({"maintenance": {"every": "1 h", "lasting": "2 h"}}, "the first must be shorter than the second"),
        ({"failures": [{"name": "gpu", "of": "device", "mtbf": "9 years"}]}, "already: the catalogue lists it"),
        ({"failures": [{"name": "f", "of": "rack", "mtbf": "9 years"}] * 2}, r"already: campaign.failures.0"),
        ({"rack_standby": 80}, "campaign.rack_standby is 80 and GPUs of a rack is 72"),
        ({"start": "2020-01-01"}, "campaign.start"),
    ],
)
def test_one_sentence_says_what_is_wrong(campaign: dict[str, Any], sentence: str) -> None:
    with pytest.raises(LindosError) as caught:
        answered(scenario(campaign), max_trials=16)
    assert isinstance(caught.value, (InputError, InconsistentError))
    assert sentence in str(caught.value)


def test_a_tolerance_is_a_share() -> None:
    for wrong in ("0", "60 %", "x"):
        with pytest.raises(InputError, match=rf"tolerance is '?{wrong}'?, but must be"):
            CampaignAsked.read(wrong)
    assert CampaignAsked.read("0.5 %").tolerance == pytest.approx(0.005)


def test_draws_in_which_a_run_never_ends_enter_no_range_and_are_said() -> None:
    """24,000 GPUs with next to no spares wait for repairs; in many draws the job as a whole never runs."""
    scenario = {
        "name": "no-spares",
        "title": "24,000 B200 with the spares that are left over",
        "cluster": {"pools": [{"system": "dgx-b200", "gpus": "24k"}]},
        "job": {"model": "llama-3.1-405b", "precision": "fp8", "goal": {"tokens": "15T tokens"}},
        "site": {"location": "germany", "budget": "€1.5 billion"},
    }
    result = lindos.run(scenario)
    duration, closed = result["campaign.duration"], result["campaign.closed_form.duration"]
    for figure in (duration, closed, result["campaign.run_cost"]):
        assert figure.value is not None and figure.low is not None and figure.high is not None
        assert figure.low < figure.value < figure.high < 1000 * figure.value
    warnings = [text for section in result.sections for text in section.warnings]
    assert any("failures never let the run end; they enter no range" in text for text in warnings)
    assert result.verdict is not None
    assert "waiting for spare GPUs" in result.verdict.sentence
    assert any("most of it for want of spares" in text for text in result.verdict.limits)
