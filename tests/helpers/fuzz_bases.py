"""Sound inputs that the fuzz starts from: a scenario with every field, model configurations, a claim, command lines."""

from typing import Any

import yaml

SCENARIO: dict[str, Any] = yaml.safe_load("""
name: full
title: All fields
statement: Everything at once.
date: "2025-07-22"
sources: [toms_50m]
cluster:
  pools:
    - {system: hgx-h100, gpus: 64, fabric: quantum-2-400g, oversubscription: 2, online: "2025-10-19", label: first}
    - {system: hgx-h200, h100_equivalents: 64, label: second}
job:
  model: llama-3.1-8b
  precision: bf16
  sequence_length: 8192
  global_batch_size: 96
  stack: megatron-core
  label: job label
  plan:
    tensor_parallel: 2
    pipeline_parallel: 1
    virtual_stages: 1
    context_parallel: 1
    data_parallel: 24
    micro_batch_size: 1
    sharding_group: 8
    sequence_parallel: true
    sharding: optimizer
    recompute: selective
    schedule: one-f-one-b
  goal: {training_flop: 5e21 FLOP, training_flop_low: 4e21 FLOP, training_flop_high: 6e21 FLOP, label: goal}
campaign:
  recovery: restart
  elastic: false
  start: "2025-10-20"
  device_mtbf: 50000 h
  checkpoint_bandwidth: 2 TB/s
  restart_time: 5 min
  detection_time: 2 min
  diagnosis_time: 1 min to 20 min
  misdiagnosis: 5 %
  announced: 10 %
  repair_time: 4 h to 3 days
  repair_teams: 4
  spare_fraction: 5 %
  rack_standby: 1
  tray_devices: 4
  checkpoints:
    - {tier: memory, interval: 5 min, bandwidth: 10 TB/s, asynchronous: true, blocking_time: 0.2 s, survives: 8}
    - {tier: local, interval: 20 min, bandwidth: 5 TB/s}
    - {tier: remote, interval: 1 h, asynchronous: true, blocking_time: 1 s}
  failures:
    - {name: power feed, of: feed, mtbf: 3 years to 30 years, units: 2, devices: 32, law: weibull, shape: 0.7,
       age: 30 days, repair_time: 4 h, detection_time: 1 min}
    - {name: crash, of: software, mtbf: 10 days}
  lemons: {fraction: 2 %, factor: 20, drained_after: 3}
  stragglers: {mtbf: 2 years, slowdown: 15 %, duration: 2 h}
  link_flaps: {mtbf: 2 years, lasting: 20 s}
  silent_corruption: {device_mtbf: 20 years, detection_time: 1 h}
  maintenance: {every: 3 days, lasting: 2 h}
site:
  name: generic-us
  pue: 1.3
  electricity_price: $0.07/kWh
  power_limit: 5 MW
  volume_discount: 10 %
  years: 5
inference:
  model: llama-3.1-8b
  precision: fp8
  input_tokens: 100B tokens/day
  output_tokens: 10B tokens/day
  context_length: 8192
  peak_to_mean: 1.6
  volume_discount: 10 %
  label: traffic
roadmap:
  start: "2025-07-22"
  start_h100_equivalents: 275,796
  target_gpus: 550k
  target_accelerator: gb200
  by: "2026-06-30"
  budget: $20 billion
  programmes:
    - {name: a, gpus: 550k, accelerator: gb200, by: "2026-06-30"}
    - {name: b, h100_equivalents: 50M, by: "2030-07-22"}
    - {name: c, facility_power: 1 GW, by: "2026-12-31"}
claims: [X1, X2]
compare_top500: true
notes: [a note]
""")

CONFIGS: tuple[dict[str, Any], ...] = (
    {
        "model_type": "llama",
        "hidden_size": 4096,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "intermediate_size": 14336,
        "vocab_size": 128256,
        "max_position_embeddings": 131072,
        "tie_word_embeddings": False,
    },
    {
        "model_type": "mixtral",
        "hidden_size": 4096,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "intermediate_size": 14336,
        "num_local_experts": 8,
        "num_experts_per_tok": 2,
        "sliding_window": None,
        "vocab_size": 32000,
    },
    {
        "model_type": "deepseek_v3",
        "hidden_size": 1024,
        "num_hidden_layers": 12,
        "num_attention_heads": 16,
        "num_key_value_heads": 16,
        "intermediate_size": 4096,
        "moe_intermediate_size": 512,
        "n_routed_experts": 32,
        "n_shared_experts": 1,
        "num_experts_per_tok": 4,
        "first_k_dense_replace": 2,
        "moe_layer_freq": 1,
        "n_group": 4,
        "topk_group": 2,
        "kv_lora_rank": 128,
        "q_lora_rank": 256,
        "qk_nope_head_dim": 64,
        "qk_rope_head_dim": 32,
        "v_head_dim": 64,
        "num_nextn_predict_layers": 1,
        "vocab_size": 32000,
    },
)

CLAIMS: dict[str, Any] = yaml.safe_load("""
mine:
  speaker: A neighbour
  outlet: over the fence
  date: "2025-07-22"
  statement: Eight H100 reach eight petaflops per second and draw 6 kW.
  checks:
    - {kind: compute, claimed: 8 PFLOP/s, devices: [{accelerator: h100-sxm, gpus: 8}]}
    - {kind: power, claimed: 6 kW, claimed_low: 5 kW, claimed_high: 12 kW, devices: [{accelerator: h100-sxm, gpus: 8}]}
    - {kind: equivalents, claimed: 8, devices: [{accelerator: h100-sxm, gpus: 8}]}
""")

TEXT = """On 22 July 2025 a company said that 230,000 GPUs, including 30,000 GB200s, train one model in 300 MW. The
first batch of 550,000 GB200s and GB300s comes online within weeks; the goal is 50 million H100-equivalents in 5 years,
for about $20 billion a year at $0.07/kWh. Das sind 1,5 GW und 3 Mrd. Euro.
"""

GRID: dict[str, Any] = {
    "scenario": "base.yaml",
    "ask": ["step", "site"],
    "grid": {"job.global_batch_size": [96, 192], "cluster.pools.0.gpus": [64, 128], "site.pue": [1.1, 1.3]},
    "sample": {"count": 4, "seed": 1, "fields": {"site.electricity_price": {"low": "$0.03/kWh", "high": "$0.2/kWh"}}},
}

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("step", "--model", "llama-3.1-8b", "--cluster", "hgx-h100", "--gpus", "64", "--precision", "bf16",
     "--sequence-length", "8192", "--global-batch-size", "128", "--tensor-parallel", "2", "--pipeline-parallel", "2",
     "--micro-batch-size", "1", "--recompute", "selective", "--sharding", "optimizer", "--fabric", "quantum-2-400g"),
    ("search", "--model", "llama-3.1-8b", "--cluster", "hgx-h100", "--gpus", "64", "--top", "3", "--minimise", "time",
     "--precision", "bf16", "--sequence-length", "8192", "--global-batch-size", "128", "--pipeline-parallel", "1",
     "--tokens", "1T tokens", "--deadline", "90 days", "--budget", "$1 billion", "--power", "5 MW"),
    ("campaign", "one-node", "--replicas", "8", "--tolerance", "20 %", "--seed", "1"),
    ("catalog", "show", "h100-sxm"),
    ("catalog", "list", "accelerators"),
    ("validate", "runs.csv", "--explain", "test-000", "--out", "out/predicted.csv"),
    ("audit", "claims.yaml"),
    ("init", "out/new.yaml"),
    ("schema",),
    ("site", "one-node"),
    ("fleet", "base.yaml"),
    ("roadmap", "base.yaml"),
)  # fmt: skip
