"""A device, a network and a software profile of round numbers, built by hand so that no catalogue stands between."""

from dataclasses import replace
from typing import Any

from lindos.catalog.facts import Fact
from lindos.catalog.model import Model
from lindos.catalog.records import Accelerator, Fabric, Kernels, Stack, System
from lindos.problem.cluster import Pool, Tier
from lindos.problem.job import Job
from lindos.step.assumptions import Assumptions


def fact(value: Any, path: str = "test") -> Fact[Any]:
    return Fact(path=path, content=value)


def assumptions(**changes: Any) -> Assumptions:
    values = {
        "kernel_share_in_step": 1.0,
        "ampere_share_in_step": 1.0,
        "hopper_share_in_step": 1.0,
        "blackwell_share_in_step": 1.0,
        "kernel_gain": 0.0,
        "blackwell_energy": 0.0,
        "memory_share_in_step": 1.0,
        "step_overhead": 0.0,
        "contention_share": 0.15,
        "expert_load_imbalance": 1.2,
        "hopper_attention_share": 1.0,
        "blackwell_attention_share": 1.0,
        "unfused_attention_share": 1.0,
        "flash_1_share": 0.5,
        "ampere_attention_share": 0.57,
        "ampere_attention_share_blackwell": 0.3,
        "scan_share_hopper": 0.08,
        "scan_share_blackwell": 0.04,
        "scan_share_other": 0.08,
        "sparse_attention_share_hopper": 0.7,
        "sparse_attention_share_blackwell": 0.32,
        "sparse_attention_share_other": 0.7,
        "index_share": 2.0,
        "eager_traffic": 2.0,
        "launch_time": 0.0,
        "routing_time": 0.0,
        "fp8_attention_rate": 1.25,
        "exchange_share": 1.0,
        "expert_overlap": 0.5,
        "quantise_share": 1.0,
        "context_parallel_overlap": 0.8,
        "dual_pipe_overlap": 0.9,
        "nvfp4_bf16_share": 0.15,
        "fp8_rowwise_rate": 0.75,
        "gradient_bytes": 4.0,
        "context": 1e9,
        "communicator": 0.5e9,
        "fragmentation": 0.05,
        "fragmentation_fixed": 0.1,
        "host_share": 0.5,
        "headroom": 0.0,
        "critical_batch": 32e6,
        "critical_batch_reference_tokens": 16e12,
        "critical_batch_exponent": 0.5,
        "critical_batch_overhead": 0.2,
    }
    return Assumptions(**{name: fact(value) for name, value in (values | changes).items()})


def accelerator(**changes: Any) -> Accelerator:
    values = {
        "peak_fp64": 60e12,
        "peak_fp32": 60e12,
        "peak_tf32": 500e12,
        "peak_bf16": 1000e12,
        "peak_fp8": 2000e12,
        "peak_fp4": None,
        "memory": 80e9,
        "memory_bandwidth": 3e12,
        "scale_up_bandwidth": 450e9,
        "scale_up_size": 8.0,
        "board_power": 700.0,
        "price": 30e3,
        "num_processors": 132.0,
    } | changes
    facts = {name: fact(value, f"accelerators.test.{name}") for name, value in values.items()}
    return Accelerator(name="test", title="Test", vendor="x", family="test", launch_date=fact("2023"), **facts)


def pool(
    num_devices: int = 1024,
    *,
    tiers: tuple[Tier, ...] | None = None,
    scale: float = 1.0,
    domain: int = 8,
    device: Accelerator | None = None,
) -> Pool:
    """Nodes of ``domain`` devices behind one Clos; ``scale`` multiplies the bandwidth of every tier."""
    network = tiers or (
        Tier(name="scale-up", size=min(domain, num_devices), bandwidth=360e9 * scale, latency=2e-6),
        Tier(name="leaf", size=max(domain, min(512, num_devices)), bandwidth=40e9 * scale, latency=5e-6),
        Tier(name="spine", size=num_devices, bandwidth=40e9 * scale, latency=8e-6, oversubscription=2.0),
    )
    kernels = Kernels(
        name="test",
        title="Test",
        matmul_bf16=fact(0.7),
        matmul_fp8=fact(0.7),
        matmul_mxfp8=fact(0.7),
        matmul_fp4=fact(0.6),
        **{f"fill_depth_{precision}": fact(128.0) for precision in ("bf16", "fp8", "mxfp8", "fp4")},
        **{f"partial_wave_{precision}": fact(0.2) for precision in ("bf16", "fp8", "mxfp8", "fp4")},
        split_depth=fact(700.0),
        half_tile_loss=fact(0.2),
        burst=fact(0.1),
        operand_fraction=fact(0.7),
        attention_forward=fact(0.6),
        attention_backward=fact(0.5),
        attention_partial_wave=fact(1.0),
        attention_fill_keys=fact(100.0),
        attention_softmax_dim=fact(40.0),
        memory_fraction=fact(0.9),
        tile_rows=fact(128.0),
        tile_columns=fact(256.0),
        launch_latency=fact(3e-6),
    )
    nothing = fact(None)
    system = System(
        name="node",
        title="Node",
        accelerator="test",
        fabric="net",
        scale_up_fabric="link",
        unit="node",
        num_devices=fact(8.0),
        scale_up_size=fact(8.0),
        num_hosts=fact(2.0),
        nic_bandwidth=fact(50e9),
        power=nothing,
        price=nothing,
        host_memory_bandwidth=fact(800e9),
    )
    ports = dict.fromkeys(
        (
            "port_bandwidth",
            "switch_ports",
            "hop_latency",
            "base_latency",
            "efficiency",
            "reduction_efficiency",
            "chunk_cost",
            "switch_power",
            "nic_power",
            "optic_power",
            "switch_price",
            "nic_price",
            "optic_price",
        ),
        nothing,
    )
    fabric = Fabric(name="net", title="Net", kind="scale-out", **ports)
    return Pool(
        name="pool",
        accelerator=device or accelerator(),
        kernels=kernels,
        system=system,
        fabric=fabric,
        num_devices=num_devices,
        tiers=network,
    )


STACK = Stack(
    name="test",
    title="Test",
    overlap_tensor_parallel=fact(0.5),
    overlap_expert_parallel=fact(0.3),
    overlap_data_parallel=fact(0.9),
    overlap_pipeline_parallel=fact(0.7),
)

DENSE = Model(
    name="dense",
    title="Dense",
    num_layers=32,
    hidden_size=4096,
    num_attention_heads=32,
    num_kv_heads=8,
    head_dim=128,
    ffn_hidden_size=14336,
    gated=True,
    vocab_size=128_000,
    max_sequence_length=8192,
    tied_embeddings=False,
)

#: The published shape of DeepSeek-V3, routing groups included.
LATENT_EXPERTS = Model(
    name="latent-experts",
    title="Latent attention and experts",
    num_layers=61,
    hidden_size=7168,
    num_attention_heads=128,
    num_kv_heads=128,
    head_dim=128,
    ffn_hidden_size=18432,
    gated=True,
    vocab_size=129_280,
    max_sequence_length=4096,
    tied_embeddings=False,
    attention="mla",
    q_lora_rank=1536,
    kv_lora_rank=512,
    qk_nope_head_dim=128,
    qk_rope_head_dim=64,
    v_head_dim=128,
    num_experts=256,
    experts_per_token=8,
    expert_ffn_hidden_size=2048,
    num_shared_experts=1,
    num_expert_groups=8,
    expert_groups_per_token=4,
    num_dense_layers=3,
    num_mtp_layers=1,
)


def job(model: Model = DENSE, precision: str = "bf16", sequence_length: int = 4096, **stack: float) -> Job:
    profile = replace(STACK, **{name: fact(value) for name, value in stack.items()})
    return Job(model=model, sequence_length=sequence_length, precision=precision, stack=profile)
