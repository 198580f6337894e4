"""Columns of a file of runs: the name of each in the file, the field that it fills, and the values that it takes."""

from collections.abc import Iterator
from typing import NamedTuple

from lindos.problem.axes import Kind
from lindos.problem.plan import AXES

#: Largest count that a file may contain.
MOST = 10**12


class Column(NamedTuple):
    """One column: its name in the file, the field of a run, and its kind.

    Kinds are text, number, flag, count (at least 1), zero-count (at least 0), degree (a count for which 0 and 1 both
    mean that the run does not use the axis), words (a choice or a set of words of a plan's axis) and choice (one of
    ``choices``).
    """

    name: str
    field: str
    kind: str
    required: bool = True
    choices: tuple[str, ...] = ()


#: Kernels of attention. ``flash`` is FlashAttention of an unknown version, ``torch-sdpa`` what PyTorch chooses,
#: ``torch`` unfused, and ``fused-megatron`` Megatron's fused softmax between two products.
ATTENTION_KERNELS = (
    *("flash-1", "flash-2", "flash-3", "flash", "cudnn", "torch-sdpa", "torch"),
    *("fused-megatron", "splash", "flex", "xformers"),
)
#: Kernels of norms: one kernel, or PyTorch function by function.
NORM_KERNELS = ("fused", "torch")
#: How a router fills experts: the same load by force, as it comes, or with tokens dropped above a capacity.
ROUTERS = ("balanced", "real", "dropped")


def _plan_columns() -> Iterator[Column]:
    """Columns of those axes of a plan that declare one."""
    for name, axis in AXES.items():
        if axis.column:
            degree = "degree" if axis.column_zero else "count"
            kind = {Kind.DEGREE: degree, Kind.FLAG: "flag"}.get(axis.kind, "words")
            yield Column(axis.column, name, kind, axis.column_required)


#: Columns that a prediction may read.
RUN = (
    Column("id", "id", "text"),
    Column("source", "source", "text"),
    Column("source_url_or_repo_path", "address", "text"),
    Column("year", "year", "count"),
    Column("model_name", "model_name", "text"),
    Column("layers", "num_layers", "count"),
    Column("hidden", "hidden_size", "count"),
    Column("heads", "num_attention_heads", "count"),
    Column("kv_heads", "num_kv_heads", "count"),
    Column("ffn", "ffn_hidden_size", "zero-count"),
    Column("ffn_gated", "gated", "flag"),
    Column("vocab", "vocab_size", "count"),
    Column("seq_len", "sequence_length", "count"),
    Column("n_experts", "num_experts", "zero-count"),
    Column("topk", "experts_per_token", "zero-count"),
    Column("expert_ffn", "expert_ffn_hidden_size", "zero-count"),
    Column("shared_experts", "num_shared_experts", "zero-count"),
    Column("attention_kind", "attention", "text"),
    Column("accelerator", "accelerator", "text"),
    Column("gpus", "num_devices", "count"),
    Column("gpus_per_node", "devices_per_node", "count"),
    Column("nvlink_domain", "scale_up_size", "count"),
    Column("internode_gbps_per_gpu", "nic_bandwidth", "number"),
    Column("precision", "precision", "text"),
    *_plan_columns(),
    Column("zero_or_fsdp", "sharding", "text"),
    Column("global_batch", "global_batch_size", "count"),
    Column("head_dim", "head_dim", "count", required=False),
    Column("workload_kind", "workload", "text", required=False),
    Column("software", "software", "text", required=False),
    Column("software_version", "software_version", "text", required=False),
    Column("software_year", "software_year", "count", required=False),
    Column("attention_kernel", "attention_kernel", "choice", required=False, choices=ATTENTION_KERNELS),
    Column("schedule", "pipeline_schedule", "text", required=False),
    Column("expert_tensor_parallel", "expert_tensor_parallel", "count", required=False),
    Column("expert_dispatcher", "expert_dispatcher", "text", required=False),
    Column("router", "router", "choice", required=False, choices=ROUTERS),
    Column("recompute_modules", "recompute_modules", "text", required=False),
    Column("compiled", "is_compiled", "flag", required=False),
    Column("graphs", "has_graphs", "flag", required=False),
    Column("power_limit_w", "power_limit", "number", required=False),
    Column("memory_gb", "device_memory", "number", required=False),
    Column("mtp_layers", "num_mtp_layers", "zero-count", required=False),
    Column("layer_kinds", "layer_kinds", "text", required=False),
    Column("optimizer", "optimizer", "text", required=False),
    Column("optimizer_state_bytes", "optimizer_state_bytes", "number", required=False),
    Column("norm_kernel", "norm_kernel", "choice", required=False, choices=NORM_KERNELS),
)
#: Columns that only a score may read.
MEASURED = (
    Column("measured_metric", "metric", "text"),
    Column("measured_value", "value", "number"),
    Column("flops_definition_note", "flops_definition", "text"),
    Column("second_metric", "second_metric", "text", required=False),
    Column("second_value", "second_value", "number", required=False),
)
#: Tokens per second of the whole job, which is divided by its devices.
WHOLE_JOB = "tokens_per_s"
#: Metrics that determine the time of a step.
METRICS = ("tokens_per_s_per_gpu", "step_time_s", "tflops_per_gpu", "mfu")
