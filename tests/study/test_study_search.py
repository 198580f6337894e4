"""The whole question of a search: best plans under limits on the run, the best of several, mixed clusters."""

from typing import Any

import pytest

from lindos.answers.answer import Answer
from lindos.answers.search import answer_search
from lindos.elements import Number, Table
from lindos.errors import InconsistentError, InfeasibleError, InputErrors
from lindos.study.search import question
from lindos.study.search.largest import grown

JOB = {"model": "llama-3.1-8b", "precision": "bf16", "sequence_length": "8192", "global_batch_size": "128"}
FEW = {"pipeline_parallel": 1, "context_parallel": 1}  # keeps the space small


def ask(*clusters: str, gpus: str = "64", job: Any = None, **words: Any) -> Answer:
    recovery = words.pop("recovery", None)
    asked = question({"top": "2", "tokens": "200B tokens", **words})
    return answer_search(clusters, gpus, None, {**JOB, "plan": FEW, **(job or {})}, asked, recovery=recovery)


def table(found: Answer, name: str) -> Table:
    return next(t for section in found.sections for t in section.tables if t.name == name)


def of_plan(found: Answer, field: str, place: int = 1) -> Any:
    """The number, or the word, of a field of a plan."""
    cell = next(row for row in table(found, "search.plans").rows if row[0] == field)[place]
    return cell.value if isinstance(cell, Number) else cell


def days(found: Answer) -> float:
    value = found.figure("campaign.duration").value
    assert value is not None
    return value / 86_400


def gpus(found: Answer) -> int:
    return int(of_plan(found, "GPUs at work"))


def test_the_best_plans_the_front_and_what_fell() -> None:
    found = ask("hgx-h100")
    assert [section.name for section in found.sections] == ["search", "step", "campaign"]
    times = [of_plan(found, "step time", place) for place in (1, 2)]
    assert times == sorted(times)
    assert found.figure("step.time").value == pytest.approx(times[0], rel=0.01)
    counted = {name: found.figure(f"search.num_{name}").value or 0 for name in ("plans", "weighed", "slower")}
    fell = sum(float(row[1] or 0) for row in table(found, "search.rejected").rows[2:])
    assert counted["plans"] == counted["weighed"] + counted["slower"] + fell
    front = table(found, "search.front").rows
    assert len(front) > 4
    assert min(float(row[0] or 0) for row in front) < 16
    gains = [float(row[2] or 0) for row in table(found, "search.sensitivity").rows]
    assert gains == sorted(gains, reverse=True)


def test_fewest_gpus_that_meet_a_deadline() -> None:
    """One replica less would be late."""
    found = ask("hgx-h100", minimise="gpus", deadline="12 days")
    assert days(found) <= 12
    used = gpus(found)
    with pytest.raises(InfeasibleError, match="the fastest plan takes"):
        ask("hgx-h100", gpus=str(used - 1), deadline="12 days")


def test_a_free_batch_too_is_counted_to_the_last_gpu() -> None:
    job = {"global_batch_size": None}
    found = ask("hgx-h100", minimise="gpus", deadline="12 days", job=job)
    assert days(found) <= 12
    # With one less only a plan that leaves no memory free may do.
    try:
        less = ask("hgx-h100", gpus=str(gpus(found) - 1), deadline="12 days", job=job)
    except InfeasibleError:
        return
    assert of_plan(less, "memory") > 0.95 * 85.5e9 - 1e9


def test_the_cheapest_is_no_dearer_than_the_fastest() -> None:
    fast, cheap = ask("hgx-h100", deadline="20 days"), ask("hgx-h100", minimise="cost", deadline="20 days")
    costs = [found.figure("campaign.run_cost").value or 0 for found in (fast, cheap)]
    assert costs[1] <= costs[0]
    assert days(fast) <= days(cheap) <= 20
    saving = ask("hgx-h100", minimise="energy", deadline="20 days")
    assert of_plan(saving, "energy of the run") == of_plan(cheap, "energy of the run")


def test_a_power_limit_leaves_fewer_gpus() -> None:
    found = ask("hgx-h100", power="60 kW")
    assert gpus(found) < 60e3 / 1000
    assert any("The power limit leaves" in note for note in found.sections[0].notes)
    with pytest.raises(InfeasibleError, match="too low for one GPU"):
        ask("hgx-h100", power="1 kW")


def test_limits_that_cannot_be_met_say_how_far_they_are() -> None:
    with pytest.raises(InfeasibleError, match=r"the fastest plan takes .* days, of 24 h"):
        ask("hgx-h100", deadline="1 day")
    with pytest.raises(InfeasibleError, match=r"the cheapest plan costs .*, of \$5"):
        ask("hgx-h100", budget="$5")
    fast, cheap = ask("hgx-h100"), ask("hgx-h100", minimise="cost")
    least = {"deadline": f"{days(fast) * 1.01} days", "budget": f"${cheap.figure('campaign.run_cost').value * 1.01}"}
    with pytest.raises(InfeasibleError, match=r"takes .*; the cheapest plan costs .*; each can be met alone"):
        ask("hgx-h100", **least)


def test_the_best_of_several_clusters_and_precisions() -> None:
    found = ask("dgx-a100", "hgx-h100", job={"precision": "any"}, top="1")
    rows = table(found, "search.options").rows
    labels = [str(row[0]) for row in rows]
    assert labels[0].startswith("hgx-h100 fp8")
    assert {"hgx-h100 bf16", "dgx-a100 bf16"} <= set(labels)
    unknown = next(row for row in rows if row[0] == "dgx-a100 fp8")
    assert unknown[1] is None
    assert "known dense peak" in str(unknown[-1])
    speeds = [float(row[2]) for row in rows if row[2] is not None]
    assert len(speeds) >= 3


def test_the_largest_model_in_time() -> None:
    found = ask("hgx-h100", gpus="32", deadline="30 days", largest=True, tokens=None, job={"global_batch_size": None})
    assert "grown" in found.sections[0].summary
    assert 15 < days(found) <= 30


def test_a_model_grows_with_its_shape() -> None:
    from lindos.catalog import load_catalog
    from lindos.transformer import num_params

    catalog = load_catalog()
    for name in ("llama-3.1-8b", "deepseek-v3", "gpt-3-175b", "grok-1"):
        base = catalog.model(name)
        assert grown(base, 1.0) is base
        sizes = [num_params(grown(base, times)) / num_params(base) for times in (0.5, 1.0, 2.0)]
        assert sizes == sorted(sizes)
        assert sizes[0] < 0.35
        assert sizes[2] > 4
        big = grown(base, 2.0)
        assert big.num_attention_heads % big.num_kv_heads == 0
        assert big.num_dense_layers < big.num_layers


def test_a_mixed_cluster_is_placed() -> None:
    job = {"model": "grok-1", "global_batch_size": "4096"}
    found = answer_search(["colossus-1"], None, None, {**JOB, **job, "plan": {"tensor_parallel": 8}}, question({}))
    rows = table(found, "search.placements").rows
    titles = [str(row[0]) for row in rows]
    assert {"replicas in every pool", "one pipeline across the pools", "replicas, without H100"} <= set(titles)
    speeds = [float(row[3] or 0) for row in rows]
    assert speeds == sorted(speeds, reverse=True)
    assert found.figure("search.gain").value == pytest.approx(speeds[0] / speeds[1] - 1)
    with pytest.raises(InconsistentError, match="minimise is 'cost' and cluster is 'colossus-1 of several pools'"):
        answer_search(["colossus-1"], None, None, JOB, question({"minimise": "cost"}))


def test_every_wrong_word_is_told_at_once() -> None:
    with pytest.raises(InputErrors) as refused:
        question({"minimise": "speed", "deadline": "soon", "top": "51", "budget": "5 apples"})
    text = str(refused.value)
    assert all(word in text for word in ("minimise is 'speed'", "deadline is 'soon'", "top is 51", "budget is"))
    with pytest.raises(InconsistentError, match="Add --deadline"):
        question({"largest": True})


def test_a_run_that_never_ends_is_no_plan() -> None:
    """At so many GPUs whole-job restarts take longer than the time between failures."""
    job = {"global_batch_size": "8192"}
    with pytest.raises(InfeasibleError, match=r"failures come faster|has no end"):
        ask("hgx-h100", gpus="1000000", deadline="5 h", tokens="500T tokens", job={**job, "plan": {}})


def test_where_prices_are_unknown_the_rest_is_told() -> None:
    found = ask("amd-helios", gpus="72")
    assert of_plan(found, "cost of the run") is None
    assert found.figure("campaign.duration").value is not None
    assert any(note.startswith("Money: systems.amd-helios") for note in found.sections[0].notes)
    with pytest.raises(InfeasibleError, match="The cost is unknown"):
        ask("amd-helios", gpus="72", budget="$1M")


@pytest.mark.parametrize("minimise", ["time", "gpus"])
def test_the_run_of_a_search_is_the_run_of_a_scenario_of_that_cluster(minimise: str) -> None:
    """The same spares, the same bill: days, goodput and dollars are those of `lindos run`."""
    import lindos

    fields = {"model": "llama-3.1-8b", "sequence_length": "8192", "global_batch_size": "128"}
    deadline = {"deadline": "60 days"} if minimise == "gpus" else {}
    search = lindos.search_plans(
        "llama-3.1-8b", "hgx-h100", 64, sequence_length="8192", global_batch_size="128", tokens="300B tokens",
        minimise=minimise, **deadline,
    )  # fmt: skip
    gpus = search["step.num_devices"].value if minimise == "gpus" else 64
    plan = {row[0]: row[1] for row in search.tables["search.plans"].rows}
    words = {name.replace(" ", "_"): cell for name, cell in plan.items()}
    fixed = {name: f"{cell:.0f}" if isinstance(cell, float) else cell for name, cell in words.items() if name in FIXED}
    scenario = {
        "name": "mine",
        "title": "Mine",
        "cluster": {"pools": [{"system": "hgx-h100", "gpus": int(gpus or 0)}]},
        "job": {**fields, "goal": {"tokens": "300B tokens"}, "plan": fixed},
        "compare_top500": False,
    }
    run = lindos.run(scenario)
    for name in ("step.time", "campaign.duration", "campaign.goodput", "campaign.run_cost", "campaign.spares_given"):
        assert search[name].value == pytest.approx(run[name].value, rel=1e-9), name


FIXED = ("tensor_parallel", "pipeline_parallel", "virtual_stages", "data_parallel", "micro_batch_size", "sharding")
