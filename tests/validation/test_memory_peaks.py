"""Memory against measured peaks: Megatron-LM on one node of eight B200, as SimuMax v1.2 publishes them.

Source: MooreThreads/SimuMax at 4dcaae513ba7, docs/b200/b200_release_v1.2_summary.md (peak of allocated memory, GiB).
Models with 12 layers of Llama 3 70B or 4 of Llama 3.1 405B, BF16, micro-batch 1, no recompute, optimizer states
sharded over data- and context-parallel ranks. Nothing in Lindos was fitted to them; the error is of the model.
"""

from dataclasses import replace

import numpy as np
import pytest

from lindos.catalog import load_catalog
from lindos.problem.plan import Plan, Recompute
from lindos.scenario import Job
from lindos.scenario.resolve import pool_from_system
from lindos.step import memory

#: Model, sequence length, tensor-, pipeline-, context- and data-parallel degree, peak in GiB.
PEAKS = [
    ("llama-3.1-70b", 4096, 1, 2, 1, 4, 66.55),
    ("llama-3.1-70b", 4096, 2, 1, 1, 4, 60.68),
    ("llama-3.1-70b", 4096, 4, 1, 1, 2, 39.07),
    ("llama-3.1-70b", 4096, 8, 1, 1, 1, 28.29),
    ("llama-3.1-405b", 4096, 1, 2, 1, 4, 87.08),
    ("llama-3.1-405b", 4096, 2, 1, 1, 4, 81.59),
    ("llama-3.1-405b", 4096, 4, 1, 1, 2, 52.89),
    ("llama-3.1-405b", 4096, 8, 1, 1, 1, 38.57),
    ("llama-3.1-70b", 32_768, 2, 1, 4, 1, 68.43),
    ("llama-3.1-70b", 32_768, 1, 1, 8, 1, 104.51),
    ("llama-3.1-405b", 32_768, 2, 1, 4, 1, 87.03),
    ("llama-3.1-405b", 32_768, 1, 1, 8, 1, 139.22),
    ("llama-3.1-70b", 131_072, 2, 1, 4, 1, 112.67),
    ("llama-3.1-70b", 131_072, 1, 1, 8, 1, 147.99),
    ("llama-3.1-405b", 131_072, 2, 1, 4, 1, 118.13),
]
LAYERS = {"llama-3.1-70b": 12, "llama-3.1-405b": 4}


@pytest.fixture(scope="module")
def errors() -> dict[str, np.ndarray]:
    """Relative errors: of all memory, and of what an allocator would count."""
    catalog = load_catalog()
    pool = pool_from_system(catalog, "dgx-b200", 8)
    found: dict[str, list[float]] = {"total": [], "allocated": []}
    for name, sequence_length, t, p, c, d, peak in PEAKS:
        model = replace(catalog.model(name), num_layers=LAYERS[name])
        job = Job(model=model, sequence_length=sequence_length, precision="bf16", stack=catalog.stack("megatron-core"))
        plan = Plan(
            tensor_parallel=t,
            pipeline_parallel=p,
            context_parallel=c,
            data_parallel=d,
            recompute=int(Recompute.NONE),
        )
        needed = memory(job, pool, plan, global_batch_size=4 * d)
        outside = needed.context + needed.fragmentation
        found["total"].append(float(needed.total) / 2**30 / peak - 1)
        found["allocated"].append(float(needed.total - outside) / 2**30 / peak - 1)
    return {name: np.array(values) for name, values in found.items()}


def test_the_median_error_is_a_few_percent(errors: dict[str, np.ndarray]) -> None:
    assert np.median(np.abs(errors["total"])) < 0.03
    assert np.median(np.abs(errors["allocated"])) < 0.045


def test_no_peak_is_far_off(errors: dict[str, np.ndarray]) -> None:
    assert np.max(np.abs(errors["allocated"])) < 0.10
    assert -0.09 < np.mean(errors["total"]) < 0.03
