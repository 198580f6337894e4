"""Six questions of a newcomer, each through every command that can answer it: one number."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

import lindos
from lindos.cli import exit_code
from lindos.report import html
from plain_words import COMPUTED, assert_plain, digits, visible

CONFIG = {
    "model_type": "llama",
    "hidden_size": 5120,
    "intermediate_size": 13824,
    "num_hidden_layers": 40,
    "num_attention_heads": 40,
    "num_key_value_heads": 40,
    "vocab_size": 32000,
    "hidden_act": "silu",
    "tie_word_embeddings": False,
}
DENSE = """
name: dense-13b
title: A 13B model from a configuration on 64 nodes
cluster: {pools: [{system: hgx-h100, nodes: 64}]}
job: {model: config.json, precision: bf16, sequence_length: 4096, goal: {tokens: 2T tokens}}
campaign: {spare_fraction: 3.125 %}
"""
PRICES = """
systems:
  gb300-nvl72: {price: $3.4M}
sites:
  generic-us: {electricity_price: $0.05/kWh}
"""
EXPERTS = """
name: experts
title: DeepSeek-V3 on 4,096 GB300 with own prices
catalog: prices.yaml
cluster: {pools: [{system: gb300-nvl72, gpus: 4096}]}
job: {model: deepseek-v3, precision: fp8, sequence_length: 4096, global_batch_size: 15360, goal: {tokens: 1T tokens}}
campaign: {recovery: replica, spare_fraction: 2 %}
"""
GERMANY = """
name: germany
title: 24,000 B200 in Germany within 100 MW and EUR 1.5 billion
cluster: {pools: [{system: b200, gpus: 24k}]}
site: {location: germany, power_limit: 100 MW, budget: EUR 1.5 billion}
"""
TRAFFIC = """
name: traffic
title: A fleet for Llama 3.1 405B
inference: {model: llama-3.1-405b, input_tokens: 20B tokens/day, output_tokens: 4B tokens/day}
"""
GROWTH = """
name: growth
title: From 10,000 H100 to a million H100-equivalents within $30 billion
cluster: {pools: [{system: hgx-h100, gpus: 10k}]}
roadmap: {start: 2026-01-01, by: 2030-01-01, target_h100_equivalents: 1M, budget: $30 billion}
"""
MIXED = """
name: mixed
title: A100 and H100 together
cluster: {pools: [{system: dgx-a100, gpus: 512}, {system: hgx-h100, gpus: 1024}]}
job: {model: llama-3.1-8b, global_batch_size: 1536, goal: {tokens: 1T tokens}}
campaign: {recovery: replica, spare_fraction: 5 %}
"""
#: Commands by scenario, besides `run`: each with its words before the name of the file.
COMMANDS = {
    "dense": (DENSE, ["step", "campaign", "site"]),
    "experts": (EXPERTS, ["step", "campaign", "site"]),
    "germany": (GERMANY, ["site"]),
    "traffic": (TRAFFIC, ["fleet"]),
    "growth": (GROWTH, ["roadmap", "site"]),
    "mixed": (MIXED, ["step", "campaign", "site"]),
}
#: Figures that a question is asked for.
KEY = {
    "dense": ["step.time", "campaign.duration", "campaign.run_cost", "site.power.total"],
    "experts": ["step.time", "campaign.duration", "campaign.run_cost", "site.capex.total"],
    "germany": ["site.power.total", "site.capex.total", "site.year.total", "site.budget_margin"],
    "traffic": ["fleet.peak_devices", "fleet.price"],
    "growth": ["roadmap.total_capex", "roadmap.final_power", "roadmap.over_budget", "site.power.total"],
    "mixed": ["step.time", "campaign.duration", "cluster.h100_equivalents", "site.power.total"],
}


@pytest.fixture(name="folder")
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "prices.yaml").write_text(PRICES)
    for name, (text, _) in COMMANDS.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def document(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert exit_code([*words, "--json"]) == 0, capsys.readouterr().err
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    return document(capsys, *words)["results"]  # type: ignore[no-any-return]


def assert_same(first: dict[str, Any], second: dict[str, Any], whose: str) -> None:
    """Hold every figure that two answers share against the other."""
    shared = first.keys() & second.keys()
    assert shared, whose
    for name in shared:
        for end in ("value", "low", "high"):
            a, b = first[name][end], second[name][end]
            assert a == b or (None not in (a, b) and math.isclose(a, b, rel_tol=1e-9)), (whose, name, end, a, b)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_question_has_one_answer(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = f"{name}.yaml"
    whole = printed(capsys, "run", file, "--out", "out")
    assert set(KEY[name]) <= whole.keys()
    assert all(whole[key]["value"] is not None for key in KEY[name])
    written = json.loads((folder / "out" / "results.json").read_text())["results"]
    assert_same(whole, written, "results.json")
    for command in COMMANDS[name][1]:
        assert_same(whole, printed(capsys, command, file), command)
    answer = lindos.run(folder / file)
    assert answer.verdict is not None
    assert_plain([answer.verdict.sentence, *answer.verdict.limits])
    assert [number for number in COMPUTED.findall(visible(html(answer).decode())) if digits(number) > 4] == []
    assert_same(whole, {figure.name: vars_of(figure) for figure in answer.figures}, "Python")


def vars_of(figure: Any) -> dict[str, Any]:
    return {"value": figure.value, "low": figure.low, "high": figure.high}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dense", "--model config.json --cluster hgx-h100 --gpus 512 --sequence-length 4096 --tokens 2T_tokens"),
        (
            "experts",
            "--model deepseek-v3 --cluster gb300-nvl72 --gpus 4096 --precision fp8 --sequence-length 4096 "
            "--global-batch-size 15360 --tokens 1T_tokens --recovery replica --catalog prices.yaml",
        ),
    ],
)
def test_a_search_says_what_run_says_of_its_plan_and_spares(
    name: str, words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = document(capsys, "search", *(word.replace("_", " ") for word in words.split()))
    found = answer["results"]
    # A search is for the best run and its plan may not have the fastest step, so that the plan is stated as well.
    axes = {row[0].replace(" ", "_"): row[1] for row in answer["tables"]["search.plans"]["rows"]}
    degrees = ("tensor_parallel", "pipeline_parallel", "virtual_stages", "context_parallel", "expert_parallel")
    plan = [f"job.plan.{axis}={axes[axis]['value']:.0f}" for axis in (*degrees, "data_parallel", "micro_batch_size")]
    working = found["step.num_devices"]["value"]
    gpus = working + found["step.idle_devices"]["value"]
    share = repr(1 - working / gpus)
    changes = [word for change in (f"campaign.spare_fraction={share}", *plan) for word in ("--set", change)]
    whole = printed(capsys, "campaign", f"{name}.yaml", *changes)
    for key in ("step.time", "step.num_devices", "campaign.duration", "campaign.goodput", "campaign.run_cost"):
        assert whole[key]["value"] == pytest.approx(found[key]["value"], rel=1e-9), key


def test_a_sweep_of_one_says_what_run_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "grid.yaml").write_text("scenario: germany.yaml\nask: [site]\ngrid: {site.power_limit: [100 MW]}\n")
    found = printed(capsys, "sweep", "grid.yaml", "--workers", "1", "--out", "swept")
    whole = printed(capsys, "site", "germany.yaml")
    for key in ("site.power.total", "site.capex.total"):
        assert found[key]["value"] == pytest.approx(whole[key]["value"], rel=1e-12)


def test_a_site_beyond_its_power_is_refused_at_the_power_that_it_states(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = printed(capsys, "site", "germany.yaml")
    assert whole["site.power.total"]["value"] <= 100e6
    for share, code in ((1.001, 0), (0.999, 3)):
        limit = f"site.power_limit={share * whole['site.power.total']['value']:.0f} W"
        assert exit_code(["site", "germany.yaml", "--set", limit]) == code


def test_a_verdict_holds_a_plan_of_years_against_its_budget(folder: Path) -> None:
    answer = lindos.run(folder / "growth.yaml")
    share = 100 * (answer["roadmap.over_budget"].value or 0.0)
    assert answer.verdict is not None
    assert f"{share:.3g} % of the budget" in answer.verdict.sentence


def test_what_fits_a_budget_is_what_solve_and_compare_say(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filled = lindos.run(folder / "germany.yaml", changes={"cluster.pools.0.gpus": "fill"})
    gpus = filled["cluster.num_devices"].value
    cost, left = filled["site.capex.total"].value, filled["site.budget_margin"].value
    assert gpus is not None and cost is not None and left is not None
    # Another node would not fit.
    assert 0 <= left < 8 * cost / gpus
    words = ["--vary", "cluster.pools.0.gpus", "--until", "site.budget_margin=$0"]
    solved = printed(capsys, "solve", "germany.yaml", *words)
    # The first number beyond the budget.
    assert solved["solved.1"]["value"] == gpus + 1
    changed = f"cluster.pools.0.gpus={gpus:.0f}"
    assert printed(capsys, "site", "germany.yaml", "--set", changed)["site.capex.total"]["value"] == cost
