"""A small file of runs that tests change cell by cell."""

import csv
import io
from typing import Any

from lindos.validation import Row, parse_runs
from lindos.validation.columns import MEASURED, RUN

COLUMNS = [column.name for column in (*RUN, *MEASURED)] + ["mfu_reported", "note"]
#: Llama 3.1 8B on one node: everything that a fit needs.
PLAIN = {
    "id": "test-001",
    "source": "a benchmark",
    "source_url_or_repo_path": "https://example.org/runs",
    "year": "2024",
    "model_name": "Llama-3.1-8B",
    "layers": "32",
    "hidden": "4096",
    "heads": "32",
    "kv_heads": "8",
    "ffn": "14336",
    "ffn_gated": "1",
    "vocab": "128256",
    "seq_len": "8192",
    "attention_kind": "gqa",
    "head_dim": "128",
    "accelerator": "H100",
    "gpus": "8",
    "gpus_per_node": "8",
    "nvlink_domain": "8",
    "precision": "bf16",
    "tp": "1",
    "pp": "1",
    "cp": "1",
    "dp": "8",
    "zero_or_fsdp": "zero1",
    "micro_batch": "1",
    "global_batch": "128",
    "recompute": "selective",
    "measured_metric": "step_time_s",
    "measured_value": "12.5",
    "workload_kind": "pretrain",
}


def table(*changes: dict[str, Any], columns: list[str] | None = None) -> bytes:
    """A file with one row for each of ``changes`` to the plain one."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns or COLUMNS, extrasaction="ignore")
    writer.writeheader()
    for index, change in enumerate(changes):
        writer.writerow({**PLAIN, "id": f"test-{index:03d}", **change})
    return text.getvalue().encode()


def rows(*changes: dict[str, Any]) -> tuple[Row, ...]:
    """Rows of such a file."""
    return parse_runs(table(*changes))


def row(**change: Any) -> Row:
    """One row, changed."""
    return rows(change)[0]
