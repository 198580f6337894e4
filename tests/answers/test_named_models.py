"""Models of several kinds of layers by name, through a step and a scenario, and a file that is read by hand."""

import json
from pathlib import Path

import pytest

import lindos
from lindos.catalog import load_catalog
from lindos.errors import InputError

HYBRIDS = [name for name in load_catalog().names("models") if load_catalog().records("models")[name].layers]
#: Eight racks in place of a node.
RACKS = {"cluster.pools.0.system": "gb200-nvl72", "cluster.pools.0.gpus": "576", "job.global_batch_size": "2304"}
#: Families that the frontier of 2025 and 2026 is made of, by a model of each.
FAMILIES = {
    *("grok-1", "grok-2", "kimi-k2", "glm-4.5", "glm-5", "qwen3-235b-a22b", "qwen3-next-80b-a3b", "qwen3.5-397b-a17b"),
    *("minimax-m1", "minimax-m2", "gpt-oss-120b", "llama-4-maverick", "nemotron-3-ultra", "nemotron-h-56b"),
    *("gemma-4-31b", "lfm2-1.2b", "falcon-h1-34b", "jamba-1.5-large", "granite-4.0-h-small", "deepseek-v3.2"),
}


@pytest.mark.parametrize("name", HYBRIDS)
def test_a_hybrid_trains_under_a_plan_of_every_axis(name: str) -> None:
    has_experts = bool(load_catalog().model(name).num_experts)
    plan = {
        "tensor_parallel": 2,
        "pipeline_parallel": 4,
        "context_parallel": 2,
        "expert_parallel": 4 if has_experts else 1,
    }
    answer = lindos.estimate_step(name, "gb200-nvl72", 576, plan=plan, global_batch_size=1024)
    assert 0.05 < answer["step.mfu"].value < 0.7
    assert answer["step.memory"].value < 192e9


def test_every_family_has_a_name() -> None:
    assert set(load_catalog().names("models")) >= FAMILIES


@pytest.mark.parametrize("name", ["nemotron-3-nano", "gemma-4-31b", "deepseek-v3.2"])
def test_a_hybrid_runs_through_a_scenario_with_its_fleet(name: str) -> None:
    answer = lindos.run("one-node", changes={"job.model": name} | RACKS)
    assert answer["step.time"].value > 0


def test_a_file_of_another_kind_is_read_by_hand(tmp_path: Path) -> None:
    config = {
        "model_type": "rwkv7",
        "hidden_size": 1024,
        "num_hidden_layers": 8,
        "num_attention_heads": 16,
        "intermediate_size": 4096,
        "vocab_size": 50_000,
        "head_size": 64,
        "hidden_act": "relu2",
    }
    file = tmp_path / "config.json"
    file.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(InputError, match="RWKV"):
        lindos.estimate_step(str(file), "hgx-h100", 8)
    answer = lindos.estimate_step(str(file), "hgx-h100", 8, model_as="gated-decoder")
    assert answer["step.time"].value > 0
    assert any("Read by hand" in warning for warning in answer.warnings)
    with pytest.raises(InputError, match=r"job\.model_as is 'gated-decoder', but must be left out beside llama"):
        lindos.estimate_step("llama-3.1-8b", "hgx-h100", 8, model_as="gated-decoder")
