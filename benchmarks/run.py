"""Every speed that Lindos promises, measured: `make bench`. Medians of repeats, on whatever else the machine does."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from lindos.catalog import load_catalog
from lindos.scenario.job import Job
from lindos.scenario.plan import Plan
from lindos.scenario.read import builtin_names
from lindos.scenario.resolve import pool_from_system
from lindos.step import assumptions, best_plan, estimate
from lindos.study.sweep import (
    Engine,
    Journal,
    LocalEngine,
    Progress,
    RayEngine,
    Sweep,
    context_of,
    read_sweep,
    run_sweep,
)

LINDOS = str(Path(sys.executable).with_name("lindos"))
CATALOG = load_catalog()
GIVEN = assumptions(CATALOG)


def timings(work: Callable[[], object], repeats: int) -> list[float]:
    """Seconds of each of some repeats."""
    found = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        found.append(time.perf_counter() - begin)
    return found


def process(*command: str) -> Callable[[], object]:
    """Run a command as a whole process, its output thrown away."""
    return lambda: subprocess.run(command, check=True, capture_output=True)


def job(model: str, precision: str = "bf16", sequence_length: int = 4096) -> Job:
    """A job on Megatron-Core."""
    return Job(
        model=CATALOG.model(model),
        sequence_length=sequence_length,
        precision=precision,
        stack=CATALOG.stack("megatron-core"),
    )


def start() -> Iterator[tuple[str, str, str]]:
    """Starting, and whole scenarios, each in a process of its own."""
    bare = median(timings(process(sys.executable, "-c", "import click"), 15))
    helped = median(timings(process(LINDOS, "--help"), 15))
    yield "lindos --help over `import click`", f"{helped / bare:.2f}x", "1.6x"
    with TemporaryDirectory() as folder:
        for name in builtin_names():
            seconds = median(timings(process(LINDOS, "run", name, "--out", folder), 3))
            yield f"lindos run {name}, cold", f"{seconds:.2f} s", "10 s"
    fresh = [sys.executable, "-c", "from lindos.catalog import load_catalog as l; c = l(); [c.entries()]"]
    nothing = [sys.executable, "-c", "import lindos.catalog"]
    load = median(timings(process(*fresh), 9)) - median(timings(process(*nothing), 9))
    yield "catalogue, all of it", f"{load * 1e3:.0f} ms", "150 ms"


def steps() -> Iterator[tuple[str, str, str]]:
    """One estimate, many estimates, and how little the size of the cluster matters."""
    rng = np.random.default_rng(0)
    for name in ("llama-3.1-405b", "deepseek-v3"):
        work, pool = job(name), pool_from_system(CATALOG, "gb200-nvl72", 16_384)
        one = Plan(tensor_parallel=8, pipeline_parallel=16, data_parallel=128, expert_parallel=8)
        warm = median(timings(partial(estimate, work, pool, one, global_batch_size=2048, given=GIVEN), 200))
        yield f"{name}: one estimate, warm", f"{warm * 1e3:.2f} ms", "5 ms"
        number = 16_000
        many = Plan(
            tensor_parallel=2.0 ** rng.integers(0, 4, number),
            pipeline_parallel=2.0 ** rng.integers(0, 5, number),
            virtual_stages=2.0 ** rng.integers(0, 3, number),
            data_parallel=2.0 ** rng.integers(3, 9, number),
            micro_batch_size=2.0 ** rng.integers(0, 3, number),
            expert_parallel=2.0 ** rng.integers(0, 4, number),
            recompute=rng.integers(0, 3, number).astype(float),
            sharding=rng.integers(0, 4, number).astype(float),
        )
        bulk = median(timings(partial(estimate, work, pool, many, global_batch_size=4096, given=GIVEN), 9))
        yield f"{name}: plans a second on one core, tiles of 16,000", f"{number / bulk:,.0f}", "none"
        sized = []
        for devices in (8, 50_331_648):
            where = pool_from_system(CATALOG, "gb200-nvl72", devices)
            plan = Plan(tensor_parallel=8, data_parallel=devices // 8)
            call = partial(estimate, work, where, plan, global_batch_size=devices // 8, given=GIVEN)
            sized.append(median(timings(call, 300)))
        yield f"{name}: 50 million GPUs over 8, time of one estimate", f"{sized[1] / sized[0]:.2f}x", "1.5x"


def plans() -> Iterator[tuple[str, str, str]]:
    """The best plan of the enumeration."""
    for name, system, gpus, batch in (
        ("llama-3.1-405b", "hgx-h100", 16_384, 2048),
        ("grok-2", "hgx-h100", 150_000, 16_384),
        ("deepseek-v3", "gb200-nvl72", 550_000, 61_440),
    ):
        pool = pool_from_system(CATALOG, system, gpus)
        call = partial(best_plan, job(name), pool, global_batch_size=batch, batch_is_free=True, given=GIVEN)
        yield f"best plan of {name} on {gpus:,} GPUs", f"{median(timings(call, 5)):.3f} s", "3 s"


def sweeps() -> Iterator[tuple[str, str, str]]:
    """Small scenarios a second with one and with two workers of each engine, started before."""
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    with TemporaryDirectory() as folder:
        grid = Path(folder) / "grid.yaml"
        batches = [8 * at for at in range(1, 201)]
        grid.write_text(f"scenario: one-node\ngrid: {{job.global_batch_size: {batches}}}\n", encoding="utf-8")
        sweep = read_sweep(grid)
        for engine in (LocalEngine, RayEngine):
            one, two = (swept(sweep, engine(context_of(sweep), workers)) for workers in (1, 2))
            for workers, rate in ((1, one), (2, two)):
                yield f"sweep of 200 small scenarios, {engine.name}, {workers} workers", f"{rate:.0f} /s", "none"
            yield f"sweep of 200 small scenarios, {engine.name}, two over one", f"{two / one:.2f}x", "1.8x"
    ray.shutdown()


def swept(sweep: Sweep, engine: Engine) -> float:
    """Scenarios a second over the second half: starting a worker is not a scenario's cost."""
    seen: list[Progress] = []
    with TemporaryDirectory() as folder, Journal(Path(folder), resume=False) as journal:
        run_sweep(sweep, engine, journal, Path(folder), seen.append)
    warm = seen[len(seen) // 2]
    return (seen[-1].answered - warm.answered) / (seen[-1].seconds - warm.seconds)


#: What is measured, by the name that `benchmarks/run.py NAME` takes.
BENCHES = {"start": start, "steps": steps, "plans": plans, "sweep": sweeps}


def main() -> None:
    """Print one line for each measurement: what, how fast, and the target; of all benches, or those named."""
    for name in sys.argv[1:] or BENCHES:
        for what, measured, target in BENCHES[name]():
            print(f"{what:62} {measured:>12}   target {target}", flush=True)


if __name__ == "__main__":
    main()
