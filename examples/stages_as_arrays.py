"""A plan whose fields are arrays is a sweep: pipeline depth against step time, in one call."""

import numpy as np

from lindos.catalog import load_catalog
from lindos.scenario import Job, Plan
from lindos.scenario.resolve import pool_from_system
from lindos.step import estimate, memory

catalog = load_catalog()
job = Job(
    model=catalog.model("llama-3.1-405b"),
    sequence_length=8192,
    precision="bf16",
    stack=catalog.stack("megatron-core"),
)
pool = pool_from_system(catalog, "hgx-h100", 16_384)
stages = np.array([8.0, 16.0, 32.0, 64.0])
plans = Plan(tensor_parallel=8, pipeline_parallel=stages, data_parallel=2048 / stages)
times = estimate(job, pool, plans, global_batch_size=2048)
needed = memory(job, pool, plans, global_batch_size=2048)
print("stages   MFU    memory")
for stage, mfu, total in zip(stages, times.mfu, needed.total, strict=True):
    print(f"{stage:6.0f}   {100 * mfu:4.1f} %   {total / 1e9:5.1f} GB")
