"""The whole question of a search: best plans under limits on the run, the best of several, mixed clusters."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blank_devices import blank_file
from lindos.answers.answer import Answer
from lindos.answers.search import answer_search, search_scenario
from lindos.catalog import load_catalog
from lindos.elements import Number, Table
from lindos.errors import InconsistentError, InfeasibleError, InputError, InputErrors
from lindos.planning import Ranked, alternative
from lindos.planning.nodes import every_plan
from lindos.planning.space import candidate
from lindos.scenario.read import scenario_from
from lindos.scenario.resolve import counted
from lindos.scenario.schema import Scenario
from lindos.step.feasibility import Reason, shape_codes
from lindos.study.search import Option, Question, question
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


def held(found: Answer) -> int:
    """GPUs of the cluster: those at work and spares."""
    return gpus(found) + int(of_plan(found, "idle or spare"))


def scenario_of_search(cluster: str, gpus: str, job: dict[str, Any], words: Question) -> Scenario:
    catalog = load_catalog()
    pools = [{"system": cluster, "gpus": int(gpus)}]
    goal = {"goal": {"tokens": f"{words.tokens!r} tokens"}}
    given = {key: value for key, value in {**job, **goal}.items() if value is not None}
    data = {"name": "search", "title": "Search", "cluster": {"pools": pools}, "job": given, "compare_top500": False}
    return counted(scenario_from(data), catalog)


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


def test_the_fewest_gpus_do_not_depend_on_how_many_there_are() -> None:
    """Of as many as the answer, of a few more or of very many the answer is one plan; of one less there is none."""
    for batch in ("128", None):
        words = {"deadline": "12 days", "job": {"global_batch_size": batch}}
        fewest = ask("hgx-h100", minimise="gpus", **words)
        assert days(fewest) <= 12
        total = held(fewest)
        for there in (total,) if batch else (total + 5, 1000):
            again = ask("hgx-h100", gpus=str(there), minimise="gpus", **words)
            assert (held(again), gpus(again)) == (total, gpus(fewest))
            assert of_plan(again, "step time") == of_plan(fewest, "step time")
            assert days(again) == pytest.approx(days(fewest))
        assert days(ask("hgx-h100", gpus=str(total), **words)) <= 12
        with pytest.raises(InfeasibleError, match="the fastest plan takes"):
            ask("hgx-h100", gpus=str(total - 1), **words)
        # No row of the tables needs fewer in time.
        for row in table(fewest, "search.front").rows:
            assert isinstance(row[3], Number)
            assert float(row[0] or 0) >= total or (row[3].value or 0) > 12 * 86_400


@pytest.mark.parametrize("minimise", ["cost", "energy"])
def test_the_cheapest_does_not_depend_on_how_many_there_are(minimise: str) -> None:
    job = {"global_batch_size": None}
    answers = [ask("hgx-h100", gpus=there, minimise=minimise, deadline="40 days", job=job) for there in ("64", "2000")]
    assert len({(held(answer), gpus(answer), of_plan(answer, "cost of the run")) for answer in answers}) == 1


@pytest.mark.parametrize("minimise", ["time", "cost"])
def test_the_best_plan_does_not_depend_on_how_many_are_shown(minimise: str) -> None:
    """The run of a plan is not in the order of its steps: as many plans are weighed however many are shown."""
    job = {
        "model": "deepseek-v3",
        "global_batch_size": None,
        "plan": {"context_parallel": 1, "micro_batch_size": 1, "sequence_parallel": True},
    }
    answers = [ask("gb200-nvl72", gpus="512", minimise=minimise, job=job, top=top) for top in ("1", "12")]
    fields = ("cost of the run", "time to train", "tensor parallel", "pipeline parallel", "data parallel", "sharding")
    assert len({(held(answer), *(of_plan(answer, field) for field in fields)) for answer in answers}) == 1
    assert [len(table(answer, "search.plans").columns) for answer in answers] == [2, 13]


@pytest.mark.parametrize(
    ("cluster", "words"),
    [
        ("hgx-h100", {}),
        ("hgx-h100", {"minimise": "cost", "job": {"global_batch_size": None}}),
        ("gb200-nvl72", {"minimise": "gpus", "deadline": "40 days"}),
    ],
)
def test_no_two_plans_of_a_table_have_the_same_split(cluster: str, words: dict[str, Any]) -> None:
    """The others are counted; if the split is fixed, the plans inside it are shown, and no two are the same."""
    answer = ask(cluster, top="8", **{**words, "job": {**words.get("job", {}), "plan": {}}})
    rows = {str(row[0]): row[1:] for row in table(answer, "search.plans").rows}
    splits = list(
        zip(*(rows[name] for name in ("tensor parallel", "pipeline parallel", "expert parallel")), strict=True)
    )
    assert 5 <= len(splits) == len(set(splits))
    assert max(float(count or 0) for count in rows["variants within 1 %"]) > 1
    plan = {"tensor_parallel": 2, "pipeline_parallel": 1, "expert_parallel": 1}
    fixed = ask("hgx-h100", top="8", job={"plan": plan})
    cells = {str(row[0]): row[1:] for row in table(fixed, "search.plans").rows}
    assert "variants within 1 %" not in cells
    names = ("context parallel", "data parallel", "micro batch size", "sequence parallel", "sharding", "recompute")
    assert len(set(zip(*(cells[name] for name in names), strict=True))) == 8
    assert set(cells["schedule"]) == {"one-f-one-b"}


@pytest.mark.parametrize("minimise", ["time", "gpus", "cost"])
def test_spares_and_working_gpus_are_the_best_of_all(minimise: str) -> None:
    """Every plan of a small space, with every number of spares, is no better than the answer."""
    words = question({"minimise": minimise, "deadline": "11 days", "tokens": "20B tokens"})
    plan = {**FEW, "tensor_parallel": 4, "recompute": "none", "sequence_parallel": "true", "micro_batch_size": 1}
    option = Option(
        scenario_of_search("dgx-a100", "40", {**JOB, "global_batch_size": None, "plan": plan}, words),
        load_catalog(),
        words,
        "",
    )
    limits = option.limits_with_headroom
    best: tuple[float, ...] = (float("inf"),)
    search = option.search
    for working in range(1, limits.devices + 1):
        for plans, batches in every_plan(search.space, working):
            codes = shape_codes(search.job, working, plans, batches)
            for row in np.flatnonzero(codes == int(Reason.OK)):
                ranked = Ranked(0.0, (), candidate(plans, int(row)), int(batches[row]))
                planned = alternative(search, ranked)
                if planned.memory.total > limits.memory or planned.plan.num_devices < working:
                    continue
                if words.deadline is not None and float(option.tokens or 0) / words.deadline > float(
                    planned.estimate.tokens_per_second
                ):
                    continue
                for total in range(working, limits.devices + 1):
                    run = option.runs.run(planned, total)
                    if not run.sustained or (run.duration or 0) > (words.deadline or 0):
                        continue
                    assert run.duration is not None
                    value = {"time": run.duration, "gpus": total, "cost": total * run.duration}[minimise]
                    best = min(best, (value,))
    run = option.run(option.best())
    assert run.duration is not None
    value = {"time": run.duration, "gpus": run.devices, "cost": run.devices * run.duration}[minimise]
    assert value <= best[0] * (1 + {"time": 1e-3, "gpus": 0.0, "cost": 0.01}[minimise])
    assert value >= best[0] * (1 - 1e-12)


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
    with pytest.raises(InfeasibleError, match=r"the fastest plan takes .* days, more than 24 h"):
        ask("hgx-h100", deadline="1 day")
    with pytest.raises(
        InfeasibleError, match=r"the cheapest plan costs .*, more than \$5\. Allow a budget of "
    ) as refused:
        ask("hgx-h100", budget="$5")
    remedy = str(refused.value).partition("Allow a budget of ")[2].rstrip(".")
    assert ask("hgx-h100", budget=remedy).sections
    with pytest.raises(InfeasibleError, match=r"the power limit leaves .* GPUs; the fastest plan takes .*, more than"):
        ask("hgx-h100", deadline="1 day", power="20 kW")
    fast, cheap = ask("hgx-h100"), ask("hgx-h100", minimise="cost")
    least = {"deadline": f"{days(fast) * 1.01} days", "budget": f"${cheap.figure('campaign.run_cost').value * 1.01}"}
    with pytest.raises(InfeasibleError, match=r"takes .*; the cheapest plan costs .*; each limit can be met alone"):
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
    plan = {"data_parallel": 8192, "tensor_parallel": 8, "pipeline_parallel": 16, "context_parallel": 1}
    job = {"global_batch_size": "8192", "plan": plan}
    for deadline in ({}, {"deadline": "5 h"}):
        with pytest.raises(InfeasibleError, match=r"failures come faster"):
            ask("hgx-h100", gpus="1100000", tokens="500T tokens", job=job, **deadline)


def test_the_fastest_run_has_spares() -> None:
    """Without spares every failure waits for a repair: the fastest plan of a step is not that of the run."""
    fast = ask("hgx-h100", gpus="4096", job={"global_batch_size": None}, tokens="15T tokens")
    assert 0 < of_plan(fast, "idle or spare") < 0.1 * 4096
    assert held(fast) == 4096
    assert fast.figure("campaign.duration").value == pytest.approx(of_plan(fast, "time to train"), rel=0.02)
    goodput = fast.figure("campaign.goodput").value
    assert goodput is not None
    assert goodput > 0.9


def test_where_prices_are_unknown_the_rest_is_told(tmp_path: Path) -> None:
    def ask_blank(**words: Any) -> Answer:
        asked = question({"top": "2", "tokens": "200B tokens", **words})
        return answer_search(["blank-rack"], "72", None, {**JOB, "plan": FEW}, asked, [blank_file(tmp_path)])

    found = ask_blank()
    assert of_plan(found, "cost of the run") is None
    assert found.figure("campaign.duration").value is not None
    assert any("lower bounds, without what is unknown: systems.blank-rack" in note for note in found.sections[0].notes)
    with pytest.raises(InfeasibleError) as refused:
        ask_blank(budget="$1M", deadline="1 second")
    assert "costs an unknown amount, where $1 million is the limit" in str(refused.value)
    assert "can be met alone" not in str(refused.value)
    # A budget is compared with what is known.
    bounded = ask_blank(budget="$1M", power="1 MW")
    assert any("The budget is compared with that lower bound" in note for note in bounded.sections[0].notes)


@pytest.mark.parametrize(
    ("record", "field"), [("systems.hgx-h100", "price"), ("fabrics.quantum-2-400g", "switch_power")]
)
def test_a_budget_is_compared_with_a_lower_bound_where_a_part_is_unknown(
    tmp_path: Path, record: str, field: str
) -> None:
    kind, name = record.split(".")
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(f"{kind}:\n  {name}:\n    {field}:\n      value: null\n      note: not for sale\n")
    words = question({"tokens": "200B tokens", "top": "1", "budget": "$1M", "power": "100 kW"})
    found = answer_search(["hgx-h100"], "64", None, {**JOB, "plan": FEW}, words, [overlay])
    cell = next(row for row in table(found, "search.plans").rows if row[0] == "cost of the run")[1]
    assert isinstance(cell, Number)
    assert cell.bound == "least"
    assert found.verdict is not None
    assert "costs at least $" in found.verdict.sentence
    with pytest.raises(InfeasibleError, match=r"the cheapest plan costs (at least )?\$.*, more than \$5"):
        answer_search(
            ["hgx-h100"],
            "64",
            None,
            {**JOB, "plan": FEW},
            question({"tokens": "200B tokens", "budget": "$5"}),
            [overlay],
        )


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
    gpus = held(search) if minimise == "gpus" else 64
    plan = {row[0]: row[1] for row in search.tables["search.plans"].rows}
    words = {name.replace(" ", "_"): cell for name, cell in plan.items()}
    fixed = {name: f"{cell:.0f}" if isinstance(cell, float) else cell for name, cell in words.items() if name in FIXED}
    scenario = {
        "name": "mine",
        "title": "Mine",
        "cluster": {"pools": [{"system": "hgx-h100", "gpus": gpus}]},
        "job": {**fields, "goal": {"tokens": "300B tokens"}, "plan": fixed},
        "compare_top500": False,
    }
    run = lindos.run(scenario)
    for name in ("step.time", "campaign.duration", "campaign.goodput", "campaign.run_cost", "campaign.spares_given"):
        assert search[name].value == pytest.approx(run[name].value, rel=1e-9), name


FIXED = ("tensor_parallel", "pipeline_parallel", "virtual_stages", "data_parallel", "micro_batch_size", "sharding")


def test_a_search_of_a_scenario_is_that_of_its_words(tmp_path: Path) -> None:
    """Deadline and power limit of the scenario count, its fixed axes stay, and a configuration lies beside the file."""
    config = (
        '{"model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, '
        '"num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "hidden_act": "silu", '
        '"tie_word_embeddings": false}'
    )
    (tmp_path / "config.json").write_text(config)
    (tmp_path / "mine.yaml").write_text(
        "name: mine\ntitle: Mine\ncluster: {pools: [{system: hgx-h100, gpus: 64}]}\n"
        "job: {model: config.json, global_batch_size: 128, plan: {pipeline_parallel: 1, context_parallel: 1}, "
        "goal: {tokens: 200B tokens, deadline: 9 days}}\nsite: {name: generic-us, power_limit: 100 kW}\n"
    )
    found = search_scenario(tmp_path / "mine.yaml", question({"top": "2", "minimise": "gpus"}))
    model = str(tmp_path / "config.json")
    words = {"minimise": "gpus", "deadline": "9 days", "power": "100 kW"}
    same = ask("hgx-h100", job={"model": model}, **words)
    assert (gpus(found), held(found)) == (gpus(same), held(same))
    assert days(found) == pytest.approx(days(same), rel=1e-9) and days(found) <= 9
    more = {"job.goal.deadline": "90 days", "site.power_limit": "1 MW"}
    wider = search_scenario(tmp_path / "mine.yaml", question({}), changes=more)
    assert held(wider) == 64 > held(found)


def test_a_search_of_a_scenario_without_a_job_says_what_it_needs() -> None:
    with pytest.raises(InputError, match="job is required for `lindos search`"):
        nodes = {"pools": [{"system": "hgx-h100", "gpus": 8}]}
        search_scenario({"name": "a", "title": "A", "cluster": nodes}, question({}))
    with pytest.raises(InputError, match=r"--tokens .* left out beside a scenario"):
        search_scenario("one-node", question({"tokens": "1T tokens"}))


def test_a_search_says_which_values_of_an_own_catalogue_nothing_reads(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("accelerators: {h100-sxm: {price: $20k}}\nsystems: {hgx-h100: {price: $250k}}\n")
    asked = question({"top": "1", "tokens": "200B tokens"})
    found = answer_search(["hgx-h100"], "64", None, {**JOB, "plan": FEW}, asked, [tmp_path / "own.yaml"])
    named = [text for text in found.warnings if "own.yaml" in text]
    assert any("accelerators.h100-sxm.price" in text for text in named)
    assert not any("systems.hgx-h100.price is given" in text for text in named)
