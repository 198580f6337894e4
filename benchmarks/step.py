"""How fast a step is estimated: one plan, many plans, and from eight to fifty million devices."""

import time
from collections.abc import Callable
from functools import partial

import numpy as np

from lindos.catalog import load_catalog
from lindos.scenario.job import Job
from lindos.scenario.plan import Plan
from lindos.scenario.resolve import pool_from_system
from lindos.step import assumptions, estimate


def best_of(work: Callable[[], object], repeats: int = 20) -> float:
    """Shortest of some timings, in seconds."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def main() -> None:
    """Print one line for each measurement."""
    catalog = load_catalog()
    given = assumptions(catalog)
    rng = np.random.default_rng(0)
    for name in ("llama-3.1-405b", "deepseek-v3"):
        job = Job(
            model=catalog.model(name), sequence_length=4096, precision="bf16", stack=catalog.stack("megatron-core")
        )
        pool = pool_from_system(catalog, "gb200-nvl72", 16_384)
        one = Plan(tensor_parallel=8, pipeline_parallel=16, data_parallel=128, expert_parallel=8)
        warm = best_of(partial(estimate, job, pool, one, global_batch_size=2048, given=given))
        print(f"{name}: one estimate {warm * 1e3:.2f} ms")
        number = 16_000
        many = Plan(
            tensor_parallel=2 ** rng.integers(0, 4, number),
            pipeline_parallel=2 ** rng.integers(0, 5, number),
            virtual_stages=2 ** rng.integers(0, 3, number),
            data_parallel=2 ** rng.integers(3, 9, number),
            micro_batch_size=2 ** rng.integers(0, 3, number),
            expert_parallel=2 ** rng.integers(0, 4, number),
            recompute=rng.integers(0, 3, number),
            sharding=rng.integers(0, 4, number),
        )
        bulk = best_of(partial(estimate, job, pool, many, global_batch_size=4096, given=given), 5)
        print(f"{name}: {number / bulk:,.0f} plans/s on one core, tiles of {number:,}")
        for devices in (8, 50_331_648):
            where = pool_from_system(catalog, "gb200-nvl72", devices)
            tensor = min(8, devices)
            plan = Plan(tensor_parallel=tensor, data_parallel=devices // tensor)
            batch = devices // tensor
            sized = best_of(partial(estimate, job, where, plan, global_batch_size=batch, given=given))
            print(f"{name}: {devices:,} devices {sized * 1e3:.2f} ms")


if __name__ == "__main__":
    main()
