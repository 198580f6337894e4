"""Every malformed or contradictory input gets a sentence that names the field, exit 2 or 3, and writes nothing."""

import copy
import json
from pathlib import Path

import pytest
import yaml

from lindos.cli import exit_code

BASE = {
    "name": "base",
    "title": "A base that is right",
    "cluster": {"pools": [{"system": "hgx-h100", "gpus": 64}]},
    "job": {
        "model": "llama-3.1-8b",
        "precision": "bf16",
        "sequence_length": 8192,
        "global_batch_size": 128,
        "goal": {"tokens": "100B tokens"},
    },
    "site": {"name": "generic-us"},
    "inference": {"model": "llama-3.1-8b", "input_tokens": "5B tokens/day", "output_tokens": "1B tokens/day"},
    "roadmap": {
        "start": "2026-01-01",
        "start_h100_equivalents": 64,
        "target_h100_equivalents": "100k",
        "by": "2029-12-31",
    },
}
REMOVE = "(left out)"

# (where, what is written there, words the sentence must hold)
FIELDS = [
    ("name", "", "name"),
    ("name", None, "name"),
    ("name", ["a"], "name"),
    ("title", REMOVE, "title"),
    ("title", {}, "title"),
    ("date", "yesterday", "date"),
    ("date", "2025-13-01", "date"),
    ("date", "2025-02-30", "date"),
    ("date", 20250722, "date"),
    ("date", True, "date"),
    ("sources", "toms", "sources"),
    ("claims", "X1", "claims"),
    ("claims", ["X99"], "X99"),
    ("claims", [1], "claims"),
    ("compare_top500", "yes", "compare_top500"),
    ("compare_top500", 1, "compare_top500"),
    ("clusters", {}, "cluster"),
    ("jobs", {}, "job"),
    ("notes", "text", "notes"),
    ("catalog", "missing.yaml", "catalog is 'missing.yaml'"),
    ("catalog", 7, "catalog is 7"),
    ("cluster", REMOVE, "cluster"),
    ("cluster", [], "cluster"),
    ("cluster", "hgx-h100", "cluster"),
    ("cluster.pools", [], "cluster.pools"),
    ("cluster.pools", {}, "cluster.pools"),
    ("cluster.pools", "hgx-h100", "cluster.pools"),
    ("cluster.pools.0", "hgx-h100", "cluster.pools.0"),
    ("cluster.pools.0", None, "cluster.pools.0"),
    ("cluster.pools.0.system", "hgx-h1000", "hgx-h100"),
    ("cluster.pools.0.system", "gb20-nvl72", "gb200-nvl72"),
    ("cluster.pools.0.system", REMOVE, "cluster.pools.0.system"),
    ("cluster.pools.0.system", 8, "cluster.pools.0.system"),
    ("cluster.pools.0.sytem", "x", "system"),
    ("cluster.pools.0.gpus", REMOVE, "gpus"),
    ("cluster.pools.0.gpus", 0, "gpus"),
    ("cluster.pools.0.gpus", -8, "gpus"),
    ("cluster.pools.0.gpus", 2.5, "gpus"),
    ("cluster.pools.0.gpus", "many", "gpus"),
    ("cluster.pools.0.gpus", "5 GW", "gpus"),
    ("cluster.pools.0.gpus", float("nan"), "gpus"),
    ("cluster.pools.0.gpus", float("inf"), "gpus"),
    ("cluster.pools.0.gpus", 1e15, "gpus"),
    ("cluster.pools.0.gpus", True, "gpus"),
    ("cluster.pools.0.gpus", [64], "gpus"),
    ("cluster.pools.0.gpus", {"value": 64}, "gpus"),
    ("cluster.pools.0.gpus", "64 GB", "gpus"),
    ("cluster.pools.0.gpus", "", "gpus"),
    ("cluster.pools.0.gpus", "--64", "gpus"),
    ("cluster.pools.0.gpus", "0100", "without leading zeros"),
    ("cluster.pools.0.gpus", "1:30:00", "without a colon"),
    ("cluster.pools.0.gpus", "1.000", "write '1' or '1,000'"),
    ("cluster.pools.0.gpus", "2 racks", "cluster.pools.0.racks is 2"),
    ("cluster.pools.0.gpus", "64 H100e", "It counts H100-equivalents"),
    ("cluster.pools.0.gpus", " " * 300 + "x", "gpus"),
    ("cluster.pools.0.gpus", "2e9", "at most 1,000,000,000"),
    ("cluster.pools.0.nodes", 8, "be given alone"),
    ("cluster.pools.0.h100_equivalents", 100, "h100_equivalents"),
    ("cluster.pools.0.h100_equivalents", -5, "h100_equivalents"),
    ("cluster.pools.0.fabric", "quantum-3-400g", "quantum-2-400g"),
    ("cluster.pools.0.fabric", "nvlink4", "fabric"),
    ("cluster.pools.0.fabric", 400, "fabric"),
    ("cluster.pools.0.oversubscription", 0, "oversubscription"),
    ("cluster.pools.0.oversubscription", -1, "oversubscription"),
    ("cluster.pools.0.oversubscription", 0.5, "oversubscription"),
    ("cluster.pools.0.oversubscription", "1:7", "oversubscription is '1:7', but must be at least 1"),
    ("cluster.pools.0.oversubscription", 1e9, "oversubscription"),
    ("cluster.pools.0.oversubscription", "2:0", "oversubscription"),
    ("cluster.pools.0.oversubscription", "2:1:1", "oversubscription"),
    ("cluster.pools.0.online", "soon", "online"),
    ("job", "llama", "job"),
    ("job", [], "job"),
    ("job.model", REMOVE, "job.model"),
    ("job.model", "llama-3-8b-instruct-v9", "llama-3.1-8b"),
    ("job.model", "grok-9", "grok-"),
    ("job.model", 405, "job.model"),
    ("job.model", "missing/config.json", "config.json"),
    ("job.precision", "fp64", "precision"),
    ("job.precision", "nvfp4", "precision"),
    ("job.precision", 8, "precision"),
    ("job.precision", None, "precision"),
    ("job.sequence_length", 0, "sequence_length"),
    ("job.sequence_length", -1, "sequence_length"),
    ("job.sequence_length", "8k tokens?", "sequence_length"),
    ("job.sequence_length", 1.5, "sequence_length"),
    ("job.sequence_length", float("nan"), "sequence_length"),
    ("job.sequence_length", 10**12, "sequence_length"),
    ("job.global_batch_size", 0, "global_batch_size"),
    ("job.global_batch_size", -128, "global_batch_size"),
    ("job.global_batch_size", "40 tokens", "It counts tokens: divide them by sequence_length"),
    ("job.global_batch_size", 0.5, "global_batch_size"),
    ("job.stack", "megatorn-core", "megatron-core"),
    ("job.stack", 3, "stack"),
    ("job.plan", [8], "job.plan"),
    ("job.plan", "tp8", "job.plan"),
    ("job.plan.tensor_parallel", 0, "tensor_parallel"),
    ("job.plan.tensor_parallel", -8, "tensor_parallel"),
    ("job.plan.tensor_parallel", 3, "tensor_parallel"),
    ("job.plan.tensor_parallel", 7, "tensor_parallel"),
    ("job.plan.tensor_parallel", "all", "tensor_parallel"),
    ("job.plan.tensor_parallel", 1.5, "tensor_parallel"),
    ("job.plan.tensor_parallel", 128, "tensor_parallel"),
    ("job.plan.tp", 8, "tensor_parallel"),
    ("job.plan.pipeline_parallel", 0, "pipeline_parallel"),
    ("job.plan.pipeline_parallel", 64, "pipeline_parallel"),
    ("job.plan.pipeline_parallel", 10**7, "pipeline_parallel"),
    ("job.plan.virtual_stages", 0, "virtual_stages"),
    ("job.plan.virtual_stages", 1000, "virtual_stages"),
    ("job.plan.context_parallel", 0, "context_parallel"),
    ("job.plan.context_parallel", 10**6, "context_parallel"),
    ("job.plan.expert_parallel", 8, "expert_parallel"),
    ("job.plan.expert_tensor_parallel", 8, "expert_tensor_parallel"),
    ("job.plan.data_parallel", 7, "data_parallel"),
    ("job.plan.data_parallel", 100, "data_parallel"),
    ("job.plan.data_parallel", 1000, "data_parallel"),
    ("job.plan.micro_batch_size", 0, "micro_batch_size"),
    ("job.plan.micro_batch_size", 3, "micro_batch_size"),
    ("job.plan.micro_batch_size", 4096, "micro_batch_size"),
    ("job.plan.sharding", "zero3", "sharding"),
    ("job.plan.sharding", 3, "sharding"),
    ("job.plan.recompute", "some", "recompute"),
    ("job.plan.recompute", True, "recompute"),
    ("job.plan.schedule", "gpipe", "schedule"),
    ("job.plan.sequence_parallel", "on", "sequence_parallel"),
    ("job.plan.sequence_parallel", 1, "sequence_parallel"),
    ("job.plan.sharding_group", 0, "sharding_group"),
    ("job.goal", {}, "job.goal"),
    ("job.goal", "15T", "job.goal"),
    ("job.goal", [], "job.goal"),
    ("job.goal.tokens", "15.6T", None),  # right: a magnitude alone is a token count in words only; see below
    ("job.goal.tokens", 15.6e12, "job.goal.tokens"),
    ("job.goal.tokens", "0 tokens", "job.goal.tokens"),
    ("job.goal.tokens", "-1T tokens", "job.goal.tokens"),
    ("job.goal.tokens", "5 GB", "job.goal.tokens"),
    ("job.goal.tokens", "nan tokens", "job.goal.tokens"),
    ("job.goal.tokens", "1e400 tokens", "job.goal.tokens"),
    ("job.goal.training_flop", "5e26 FLOP", "job.goal"),
    ("job.goal", {"training_flop": 5e26}, "training_flop"),
    ("job.goal", {"training_flop": "5e26 FLOP/s"}, "training_flop"),
    ("job.goal", {"training_flop": "5e26 FLOP", "training_flop_low": "6e26 FLOP"}, "training_flop_low"),
    ("job.goal", {"training_flop": "5e26 FLOP", "training_flop_high": "4e26 FLOP"}, "training_flop_high"),
    ("job.goal", {"training_flop_low": "4e26 FLOP", "tokens": "1T tokens"}, "training_flop"),
    ("job.goal", {"duration": 90}, "duration"),
    ("job.goal", {"duration": "90"}, "duration"),
    ("job.goal", {"duration": "-90 days"}, "duration"),
    ("job.goal", {"duration": "0 s"}, "duration"),
    ("job.goal", {"duration": "1e300 days"}, "job.goal.duration is '1e300 days', but must be at most 30 years"),
    ("job.goal", {"duration": "1e5 days"}, "job.goal.duration is '1e5 days', but must be at most 30 years"),
    ("job.goal", {"duration": "1 ns"}, "job.goal.duration is '1 ns', but must be at least 1 min"),
    ("job.goal.tokens", "1e300 tokens", "job.goal.tokens is '1e300 tokens', but must be at most 1e18 tokens"),
    ("campaign.restart_time", "1e300 days", "at most 30 days"),
    ("campaign.lemons", {"fraction": "2 %", "factor": 20, "drained_after": "100M"}, "drained_after"),
    ("campaign.start", "9999-12-31", "a date from 1950 to 2100"),
    ("job.goal", {"duration": "90 dollars"}, "duration"),
    ("job.goal", {"duration": "90 days", "tokens": "1T tokens"}, "job.goal"),
    ("job.goal.until", "2027", "job.goal"),
    ("campaign", [], "campaign"),
    ("campaign.device_mtbf", "never", "device_mtbf"),
    ("campaign.device_mtbf", 50000, "device_mtbf"),
    ("campaign.device_mtbf", "0 h", "device_mtbf"),
    ("campaign.device_mtbf", "-3 h", "device_mtbf"),
    ("campaign.checkpoint_bandwidth", "2 TB", "checkpoint_bandwidth"),
    ("campaign.checkpoint_bandwidth", "2", "checkpoint_bandwidth"),
    ("campaign.checkpoint_bandwidth", "0 GB/s", "checkpoint_bandwidth"),
    ("campaign.restart_time", "10 GB", "restart_time"),
    ("campaign.restart_time", 600, "restart_time"),
    ("campaign.spare_fraction", "150 %", "spare_fraction"),
    ("campaign.spare_fraction", -0.1, "spare_fraction"),
    ("campaign.spares", 3, "spare_fraction"),
    ("campaign.spare_fraction", "95 %", "spare_fraction"),
    ("campaign.recovery", "magic", "restart, replica"),
    ("campaign.recovery", True, "restart, replica"),
    ("site", "colossus-2", "site"),
    ("site.name", "colosus-2", "colossus-2"),
    ("site.name", 2, "site.name"),
    ("site.pue", 0.9, "pue"),
    ("site.pue", 0, "pue"),
    ("site.pue", -1.3, "pue"),
    ("site.pue", "1.3 GW", "pue"),
    ("site.pue", 1000, "site.pue is 1000, but must be at most 3"),
    ("site.pue", "1,25", "Write '1.25' or '125'"),
    ("site.electricity_price", "$0,07/kWh", "Write '$0.07/kWh' or '$7/kWh'"),
    ("site.power_limit", "1 W", "power_limit"),
    ("site.power_limit", "1,5 GW", "Write '1.5 GW' or '15 GW'"),
    ("site.pue", float("nan"), "pue"),
    ("site.electricity_price", 0.07, "electricity_price"),
    ("site.electricity_price", "$0.07", "electricity_price"),
    ("site.electricity_price", "0.07", "electricity_price"),
    ("site.electricity_price", "$-0.07/kWh", "electricity_price"),
    ("site.electricity_price", "$0.07/kW", "electricity_price"),
    ("site.power_limit", "1 kW", "power"),
    ("site.power_limit", 300, "power_limit"),
    ("site.power_limit", "300 MWh", "power_limit"),
    ("site.power_limit", "0 W", "power_limit"),
    ("site.volume_discount", "120 %", "volume_discount"),
    ("site.volume_discount", -0.1, "volume_discount"),
    ("site.volume_discount", "ten", "volume_discount"),
    ("site.years", 0, "years"),
    ("site.years", -5, "years"),
    ("site.years", "5 GW", "years"),
    ("site.town", "Memphis", "site"),
    ("inference", [], "inference"),
    ("inference.model", REMOVE, "inference.model"),
    ("inference.model", "gpt-77", "inference.model"),
    ("inference.precision", "int3", "inference.precision"),
    ("inference.input_tokens", REMOVE, "inference.input_tokens"),
    ("inference.input_tokens", 5e12, "inference.input_tokens"),
    ("inference.input_tokens", "5T tokens", "inference.input_tokens"),
    ("inference.input_tokens", "0 tokens/day", "inference.input_tokens"),
    ("inference.input_tokens", "1e-300 tokens/day", "inference.input_tokens is '1e-300 tokens/day'"),
    ("inference.output_tokens", "-1 tokens/s", "inference.output_tokens"),
    ("inference.output_tokens", "fast", "inference.output_tokens"),
    ("inference.peak_to_mean", 0, "peak_to_mean"),
    ("inference.peak_to_mean", 0.5, "peak_to_mean"),
    ("inference.context_length", 0, "context_length"),
    ("inference.context_length", -8, "context_length"),
    ("roadmap", [], "roadmap"),
    ("roadmap.start", REMOVE, "roadmap.start"),
    ("roadmap.start", "today", "roadmap.start"),
    ("roadmap.by", REMOVE, "roadmap.by"),
    ("roadmap.by", "2025-01-01", "roadmap.by"),
    ("roadmap.by", "2026-01-01", "roadmap.by"),
    ("roadmap.target_h100_equivalents", REMOVE, "target"),
    ("roadmap.target_h100_equivalents", 0, "target_h100_equivalents"),
    ("roadmap.target_h100_equivalents", "50 EFLOP/s", "target_h100_equivalents"),
    ("roadmap.target_power", "5 GW", "target"),
    ("roadmap.target_gpus", 5, "target"),
    ("roadmap.target_h100_equivalents", 10, "target_h100_equivalents"),
    ("roadmap", {"start": "2026-01-01", "start_h100_equivalents": 1e6, "target_power": "1 MW", "by": "2027"}, "power"),
    (
        "roadmap",
        {"start": "2026-01-01", "start_h100_equivalents": 9, "target_gpus": "1M", "by": "2026-01-02"},
        "target",
    ),
    ("roadmap.by", "2026-01-02", "roadmap.by"),
    ("roadmap.by", "9999-12-31", "roadmap.by"),
    ("roadmap.start_h100_equivalents", 0, "start_h100_equivalents"),
    ("job.goal", {"duration": "1 ns"}, "duration"),
    ("roadmap.budget", 2e12, "budget"),
    ("roadmap.budget", "2 trillion", None),  # right: a magnitude of dollars
    ("roadmap.budget", "-$2", "budget"),
    ("roadmap.budget", "$0", "budget"),
    ("roadmap.programmes", [{"name": "x", "by": "2030"}], "programmes.0"),
    ("roadmap.programmes", [{"name": "x", "by": "2030", "gpus": 5}], "accelerator"),
    ("roadmap.programmes", [{"name": "x", "by": "2030", "gpus": 5, "facility_power": "1 GW"}], "programmes.0"),
    ("roadmap.programmes", [{"name": "x", "gpus": 5}], "programmes.0"),
    ("roadmap.programmes", "all", "programmes"),
    ("roadmap.programmes", [{"name": "x", "by": "2030", "h100_equivalents": 1e-308}], "programmes.0.h100_equivalents"),
    ("roadmap.target_h100_equivalents", "1e308", "target_h100_equivalents"),
]
FIELDS = [case for case in FIELDS if case[2] is not None]


def _with(path: str, value: object) -> dict[str, object]:
    scenario = copy.deepcopy(BASE)
    *parents, last = path.split(".")
    place: object = scenario
    for part in parents:
        place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})  # type: ignore[attr-defined]
    key: object = int(last) if isinstance(place, list) else last
    if value is REMOVE:
        del place[key]  # type: ignore[attr-defined]
    else:
        place[key] = value  # type: ignore[index]
    return scenario


def _refused(arguments: list[str], words: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(folder.rglob("*"))
    code = exit_code(arguments)
    captured = capsys.readouterr()
    assert code in (2, 3), f"exit {code}: {captured.err}{captured.out[:300]}"
    assert "Traceback" not in captured.err
    assert words.lower() in captured.err.lower(), captured.err
    assert len(captured.err) < 3_000
    assert captured.out == ""
    assert sorted(folder.rglob("*")) == before, "something was written"


@pytest.mark.parametrize(("path", "value", "words"), FIELDS, ids=lambda part: str(part)[:40])
def test_wrong_field_of_a_scenario(
    path: str,
    value: object,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(_with(path, value), sort_keys=False))
    _refused(["run", "s.yaml", "--out", "out"], words, tmp_path, capsys)


_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
TEXTS = {
    "empty": ("", "scenario"),
    "a number": ("42", "scenario"),
    "a list": ("- 1\n- 2\n", "scenario"),
    "a text": ("just words", "scenario"),
    "unclosed": ("name: [1, 2", "line"),
    "tabs": ("name:\n\t- x", "line"),
    "bad indent": ("name: x\n  title: y\n z: 1", "line"),
    "two documents": ("name: a\n---\nname: b\n", "document"),
    "duplicate key": ("name: a\ntitle: t\nname: b\n", "name"),
    "bomb": (_BOMB, "anchor"),
    "an anchor": ("name: &x a\ntitle: *x\n", "anchor"),
    "a python tag": ("name: !!python/object/apply:os.system ['true']\n", "tag"),
    "a merge key": ("a: {b: 1}\n<<: {name: x}\n", "scenario"),
    "binary": ("name: !!binary aGVsbG8=\ntitle: t\n", "tag"),
    "deep": ("name: " + "[" * 2000 + "]" * 2000, "deep"),
    "a null byte": ("name: a\0b\n", "line"),
    "numeric keys": ("1: 2\n3: 4\n", "name"),
    "nothing asked": ("name: x\ntitle: t\n", "question"),
    "huge integer": ("name: x\ntitle: t\ncluster: {pools: [{system: hgx-h100, gpus: " + "9" * 5000 + "}]}\n", "gpus"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_wrong_text_of_a_scenario(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text, words = TEXTS[name]
    (tmp_path / "s.yaml").write_text(text)
    _refused(["run", "s.yaml", "--out", "out"], words, tmp_path, capsys)


def test_files_that_are_no_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "big.yaml").write_bytes(b"name: x\n" + b"# padding\n" * 5_300_000)
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9\n")
    (tmp_path / "folder.yaml").mkdir()
    for file, words in (
        ("big.yaml", "big.yaml"),
        ("latin.yaml", "latin.yaml"),
        ("folder.yaml", "folder.yaml"),
        ("missing.yaml", "missing.yaml"),
        ("colosus-2", "colossus-2"),
        ("", "scenario"),
        ("x" * 5000, "scenario"),
    ):
        _refused(["run", file, "--out", "out"], words, tmp_path, capsys)


STEP = {"--model": "llama-3.1-8b", "--cluster": "hgx-h100", "--gpus": "64"}
FLAGS = [
    ({"--model": "llama-9"}, "llama"),
    ({"--model": ""}, "model"),
    ({"--cluster": "hgx-h999"}, "hgx"),
    ({"--cluster": "atlantis"}, "cluster"),
    ({"--gpus": "0"}, "gpus"),
    ({"--gpus": "-1"}, "gpus"),
    ({"--gpus": "lots"}, "gpus"),
    ({"--gpus": "1.5"}, "gpus"),
    ({"--gpus": "nan"}, "gpus"),
    ({"--gpus": "5 GW"}, "gpus"),
    ({"--gpus": "1e30"}, "gpus"),
    ({"--tensor-parallel": "5"}, "tensor_parallel"),
    ({"--tensor-parallel": "0"}, "tensor_parallel"),
    ({"--tensor-parallel": "x"}, "tensor_parallel"),
    ({"--pipeline-parallel": "-2"}, "pipeline_parallel"),
    ({"--data-parallel": "65"}, "data_parallel"),
    ({"--expert-parallel": "2"}, "expert_parallel"),
    ({"--micro-batch-size": "0"}, "micro_batch_size"),
    ({"--recompute": "half"}, "recompute"),
    ({"--sharding": "zero"}, "sharding"),
    ({"--schedule": "best"}, "schedule"),
    ({"--precision": "fp3"}, "precision"),
    ({"--precision": "nvfp4"}, "precision"),
    ({"--sequence-length": "-5"}, "sequence_length"),
    ({"--sequence-length": "8 GB"}, "sequence_length"),
    ({"--global-batch-size": "0"}, "global_batch_size"),
    ({"--fabric": "token-ring"}, "fabric"),
    ({"--stack": "jaxish"}, "stack"),
    ({"--nonsense": "1"}, "nonsense"),
    ({"--catalog": "missing.yaml"}, "missing.yaml"),
    ({"--cluster": "feynman"}, "cluster"),
]


@pytest.mark.parametrize(("change", "words"), FLAGS, ids=lambda part: str(part)[:50])
def test_wrong_flag_of_step(
    change: dict[str, str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    flags = [part for pair in (STEP | change).items() for part in pair]
    _refused(["step", *flags], words, tmp_path, capsys)


SEARCHES = [
    ({"--gpus": "0"}, "gpus"),
    ({"--gpus": "-3"}, "gpus"),
    ({"--top": "0"}, "top"),
    ({"--top": "1000"}, "top"),
    ({"--minimise": "speed"}, "minimise"),
    ({"--deadline": "soon"}, "deadline"),
    ({"--deadline": "30"}, "deadline"),
    ({"--budget": "3 apples"}, "budget"),
    ({"--power": "12 V"}, "power"),
    ({"--power": "1 W"}, "power limit"),
    ({"--tokens": "-1 tokens"}, "tokens"),
    ({"--deadline": "1 s"}, "the fastest plan takes"),
    ({"--budget": "$1"}, "the cheapest plan costs"),
    ({"--recovery": "never"}, "recovery"),
    ({"--precision": "fp3"}, "precision"),
    ({"--data-parallel": "65"}, "data_parallel"),
    ({"--tensor-parallel": "8", "--context-parallel": "16"}, "GPUs than there are"),
    ({"--pipeline-parallel": "2", "--virtual-stages": "999"}, "virtual_stages"),
    ({"--schedule": "dual-pipe", "--pipeline-parallel": "3"}, "dual-pipe"),
    ({"--cluster": "feynman"}, "cluster"),
    ({"--catalog": "missing.yaml"}, "missing.yaml"),
]


@pytest.mark.parametrize(("change", "words"), SEARCHES, ids=lambda part: str(part)[:50])
def test_wrong_flag_of_search(
    change: dict[str, str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    flags = [part for pair in (STEP | change).items() for part in pair]
    _refused(["search", *flags], words, tmp_path, capsys)


CONFIG = {
    "model_type": "llama",
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14336,
    "vocab_size": 128256,
}
CONFIGS = [
    ({"hidden_size": -1}, "hidden_size"),
    ({"hidden_size": "4096"}, "hidden_size"),
    ({"hidden_size": None}, "hidden_size"),
    ({"hidden_size": float("nan")}, "hidden_size"),
    ({"hidden_size": 4096.5}, "hidden_size"),
    ({"hidden_size": 1e30}, "hidden_size"),
    ({"num_hidden_layers": 0}, "num_hidden_layers"),
    ({"num_attention_heads": 0}, "num_attention_heads"),
    ({"num_attention_heads": 33}, "num_attention_heads"),
    ({"num_key_value_heads": 5}, "num_key_value_heads"),
    ({"vocab_size": 0}, "vocab_size"),
    ({"intermediate_size": []}, "intermediate_size"),
    ({"model_type": "mamba"}, "mamba"),
    ({"model_type": "minimax_m1", "attn_type_list": [0, 1]}, "list as many layers"),
    ({"model_type": "mixtral", "num_local_experts": 8, "num_experts_per_tok": 9}, "experts"),
    ({"num_hidden_layers": True}, "num_hidden_layers"),
    ({"layer_types": ["full_attention"]}, "layer_types"),
    ({"hidden_act": 7}, "hidden_act"),
    ({"model_type": "novel", "kv_lora_rank": 512}, "qk_nope_head_dim"),
    ({"model_type": "novel", "twist": True}, "twist"),
    ({"hiden_size": 8192}, "hiden_size"),
    ({"num_hidden_layers": 100_000}, "num_hidden_layers"),
]


@pytest.mark.parametrize(("change", "words"), CONFIGS, ids=lambda part: str(part)[:50])
def test_wrong_huggingface_config(
    change: dict[str, object],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG | change))
    flags = ["--cluster", "hgx-h100", "--gpus", "64", "--model", "config.json"]
    _refused(["step", *flags], words, tmp_path, capsys)


@pytest.mark.parametrize("text", ["", "[", "[]", "3", "null", '{"hidden_size":', '"x"', '{"a": 1}', "\x00"])
def test_wrong_text_of_a_huggingface_config(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.json").write_text(text)
    _refused(["step", "--cluster", "hgx-h100", "--gpus", "64", "--model", "config.json"], "config", tmp_path, capsys)


OVERLAYS = [
    ("accelerators: {h100-sxm: {memory: 80}}", "memory"),
    ("accelerators: {h100-sxm: {memory: {value: 80 GB/s}}}", "memory"),
    ("accelerators: {h100-sxm: {memory: {value: -80 GB}}}", "memory"),
    ("accelerators: {h100-sxm: {memory: {value: .nan}}}", "memory"),
    ("accelerators: {h100-sxm: {memoryy: {value: 80 GB}}}", "memory"),
    ("accelerators: {h100-sxm: {price: {value: 5}}}", "price"),
    ("accelerators: {h100-sxm: {price: {value: $5, low: $6, high: $7}}}", "price"),
    ("accelerators: {my-chip: {title: mine}}", "my-chip"),
    ("accelerators: {my-chip: {base: h999}}", "h999"),
    ("acelerators: {}", "accelerators"),
    ("accelerators: []", "accelerators"),
    ("accelerators: {h100-sxm: 3}", "h100-sxm"),
    ("- 1", "catalog"),
    ("models: {m: {num_layers: -1}}", "m"),
    ("models: {grok-2: {num_layers: many}}", "num_layers"),
    ("parameters: {economics: {discount_rate: {value: 3 GB}}}", "discount_rate"),
    ("sites: {colossus-2: {pue: {value: 0.5 W}}}", "pue"),
    ("systems: {hgx-h100: {power: 10}}", "power"),
]


@pytest.mark.parametrize(("text", "words"), OVERLAYS, ids=lambda part: str(part)[:60])
def test_wrong_catalogue_file(
    text: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(text)
    _refused(["run", "one-node", "--out", "out", "--catalog", "mine.yaml"], words, tmp_path, capsys)


def test_places_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x")
    _refused(["run", "one-node", "--out", "file"], "--out", tmp_path, capsys)
    _refused(["run", "one-node", "--out", "file/below"], "--out", tmp_path, capsys)
    _refused(["init", "file"], "file", tmp_path, capsys)


def test_there_are_at_least_two_hundred() -> None:
    assert len(FIELDS) + len(TEXTS) + len(FLAGS) + len(CONFIGS) + len(OVERLAYS) >= 200


def test_the_base_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(BASE, sort_keys=False))
    assert exit_code(["run", "s.yaml", "--out", "out"]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "report.html",
        "results.json",
        "results.parquet",
    ]
