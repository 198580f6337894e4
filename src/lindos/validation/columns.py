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
    mean that the run does not use the axis) and words (a choice or a set of words of a plan's axis).
    """

    name: str
    field: str
    kind: str
    required: bool = True


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
)
#: Columns that only a score may read.
MEASURED = (
    Column("measured_metric", "metric", "text"),
    Column("measured_value", "value", "number"),
    Column("flops_definition_note", "flops_definition", "text"),
    Column("second_metric", "second_metric", "text", required=False),
    Column("second_value", "second_value", "number", required=False),
)
#: Metrics that determine the time of a step.
METRICS = ("tokens_per_s_per_gpu", "step_time_s", "tflops_per_gpu", "mfu")
