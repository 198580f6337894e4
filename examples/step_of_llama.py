"""One step of Llama 3.1 405B on 16,384 H100, under a plan like the published one: time, MFU, and where it goes."""

from lindos import step
from lindos.catalog import load_catalog
from lindos.results import rows
from lindos.scenario import Job, Plan
from lindos.scenario.resolve import pool_from_system
from lindos.units import render

catalog = load_catalog()
job = Job(
    model=catalog.model("llama-3.1-405b"),
    sequence_length=8192,
    precision="bf16",
    stack=catalog.stack("megatron-core"),
)
pool = pool_from_system(catalog, "hgx-h100", 16_384)
plan = Plan(tensor_parallel=8, pipeline_parallel=16, virtual_stages=2, data_parallel=128)
found = step.estimate(job, pool, plan, global_batch_size=2048)
print(f"{render(found.time, 's')} a step, {100 * found.mfu:.1f} % MFU")
for row in rows(found):
    if row.unit == "s" and row.name != "time" and row.value > 0:
        print(f"{row.name:26} {100 * row.value / found.time:5.1f} %   {row.why}")
