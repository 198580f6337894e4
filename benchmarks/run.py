"""Every speed that Lindos promises, measured: `make bench`. Medians of repeats, on whatever else the machine does."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import fields, replace
from functools import partial
from itertools import count, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from lindos import run
from lindos.catalog import load_catalog
from lindos.errors import LindosError
from lindos.planning import Batch, Search
from lindos.planning.ground import TILE
from lindos.planning.nodes import every_plan
from lindos.planning.space import subset
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import Plan
from lindos.roadmap import Expansion, chances, make_plan, merged, two_stage
from lindos.roadmap.assembly import assemble
from lindos.roadmap.solver import solve
from lindos.scenario.read import builtin_names, read_scenario
from lindos.scenario.resolve import counted, pool_from_system
from lindos.scenario.roadmap import CampusSpec
from lindos.step import estimate, load_assumptions, memory
from lindos.step.feasibility import reason_codes
from lindos.step.tile_cache import joined
from lindos.study.chain import Chain
from lindos.study.purchases import PURCHASES
from lindos.sweep import (
    Engine,
    Journal,
    LocalEngine,
    Progress,
    RayEngine,
    Sweep,
    answer_all,
    context_of,
    read_sweep,
)
from lindos.validation import read_runs, validate
from lindos.validation.predict import prepare
from lindos.validation.rank import rank
from lindos.validation.refusal import NotPredictedError

LINDOS = str(Path(sys.executable).with_name("lindos"))
CATALOG = load_catalog()
ASSUMPTIONS = load_assumptions(CATALOG)


def timings(work: Callable[[], object], repeats: int) -> list[float]:
    """Seconds of each of some repeats.

    Parameters
    ----------
    work
        Function to time.
    repeats
        Number of calls.
    """
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begin)
    return seconds


def process(*command: str) -> Callable[[], object]:
    """Run a command as a whole process, its output thrown away."""
    return lambda: subprocess.run(command, check=True, capture_output=True)


def job(model: str, precision: str = "bf16", sequence_length: int = 4096) -> Job:
    """A job on Megatron-Core.

    Parameters
    ----------
    model
        Name of the model.
    precision
        Number format.
    sequence_length
        In tokens.
    """
    return Job(
        model=CATALOG.model(model),
        sequence_length=sequence_length,
        precision=precision,
        stack=CATALOG.stack("megatron-core"),
    )


def start() -> Iterator[tuple[str, str, str]]:
    """Start-up, and complete scenarios, each in a new process."""
    bare = median(timings(process(sys.executable, "-c", "import click"), 15))
    helped = median(timings(process(LINDOS, "--help"), 15))
    yield "lindos --help over `import click`", f"{helped / bare:.2f}x", "1.6x"
    with TemporaryDirectory() as folder:
        for name in builtin_names():
            seconds = median(timings(process(LINDOS, "run", name, "--out", folder), 3))
            yield f"lindos run {name}, cold", f"{seconds:.2f} s", "10 s"
    fresh = [sys.executable, "-c", "from lindos.catalog import load_catalog as l; c = l(); [c.entries()]"]
    empty = [sys.executable, "-c", "import lindos.catalog"]
    load = median(timings(process(*fresh), 9)) - median(timings(process(*empty), 9))
    yield "catalogue, all of it", f"{load * 1e3:.0f} ms", "150 ms"


def steps() -> Iterator[tuple[str, str, str]]:
    """One estimate, many estimates, and how little the size of the cluster matters."""
    rng = np.random.default_rng(0)
    for name in ("llama-3.1-405b", "deepseek-v3"):
        work, pool = job(name), pool_from_system(CATALOG, "gb200-nvl72", 16_384)
        plan = Plan(tensor_parallel=8, pipeline_parallel=16, data_parallel=128, expert_parallel=8)
        warm = median(
            timings(partial(estimate, work, pool, plan, global_batch_size=2048, assumptions=ASSUMPTIONS), 200)
        )
        yield f"{name}: one estimate, warm", f"{warm * 1e3:.2f} ms", "5 ms"
        number = 16_000
        many_plans = Plan(
            tensor_parallel=2.0 ** rng.integers(0, 4, number),
            pipeline_parallel=2.0 ** rng.integers(0, 5, number),
            virtual_stages=2.0 ** rng.integers(0, 3, number),
            data_parallel=2.0 ** rng.integers(3, 9, number),
            micro_batch_size=2.0 ** rng.integers(0, 3, number),
            expert_parallel=2.0 ** rng.integers(0, 4, number),
            recompute=rng.integers(0, 3, number).astype(float),
            sharding=rng.integers(0, 4, number).astype(float),
        )
        bulk = median(
            timings(partial(estimate, work, pool, many_plans, global_batch_size=4096, assumptions=ASSUMPTIONS), 9)
        )
        yield f"{name}: plans a second on one core, tiles of 16,000", f"{number / bulk:,.0f}", "none"
        sized = []
        for devices in (8, 50_331_648):
            sized_pool = pool_from_system(CATALOG, "gb200-nvl72", devices)
            wide = Plan(tensor_parallel=8, data_parallel=devices // 8)
            call = partial(estimate, work, sized_pool, wide, global_batch_size=devices // 8, assumptions=ASSUMPTIONS)
            sized.append(median(timings(call, 300)))
        yield f"{name}: 50 million GPUs over 8, time of one estimate", f"{sized[1] / sized[0]:.2f}x", "1.5x"


def changes() -> Iterator[tuple[str, str, str]]:
    """A changed field of a scenario that was answered before, and rows of published runs."""
    answer, prices = run("colossus-2"), count(50)
    seconds = median(timings(lambda: answer.change({"site.electricity_price": f"{next(prices)} USD/MWh"}), 9))
    yield "colossus-2: another price of electricity, warm", f"{seconds * 1e3:.0f} ms", "100 ms"
    rows = read_runs()
    seconds = median(timings(lambda: validate(rows), 3))
    yield "validate: published runs a second", f"{len(rows) / seconds:,.0f}", "500"


def rate() -> Iterator[tuple[str, str, str]]:
    """Complete evaluations (time with its parts, memory, feasibility) of plans as they lie in the space."""
    for name, system in (("llama-3.1-405b", "hgx-h100"), ("deepseek-v3", "gb200-nvl72")):
        work, pool = job(name), pool_from_system(CATALOG, system, 16_384)
        tiles = list(islice(space_tiles(work, pool), 40))

        def weigh(tile: tuple[Plan, np.ndarray], work: Job = work, pool: Pool = pool) -> int:
            plan, batch = tile
            needed = memory(work, pool, plan, global_batch_size=batch, assumptions=ASSUMPTIONS)
            reason_codes(work, pool, plan, batch, needed)
            estimate(work, pool, plan, global_batch_size=batch, assumptions=ASSUMPTIONS)
            return len(batch)

        number = sum(len(batch) for _, batch in tiles)
        one_thread = median(timings(lambda: [weigh(tile) for tile in tiles], 3))  # noqa: B023
        with ThreadPoolExecutor(2) as threads:
            two_threads = median(timings(lambda: list(threads.map(weigh, tiles)), 3))  # noqa: B023
        yield f"{name}: complete evaluations a second, one core", f"{number / one_thread:,.0f}", "1,000,000 on two"
        yield f"{name}: the same with two threads", f"{number / two_threads:,.0f}", "none"


def space_tiles(work: Job, pool: Pool) -> Iterator[tuple[Plan, np.ndarray]]:
    """The space in tiles, in its own order.

    Parameters
    ----------
    work
        The job.
    pool
        The devices.
    """
    space = Search(work, pool, Batch(size=2048), {}, ASSUMPTIONS).space
    for plan, batch in every_plan(space, pool.num_devices):
        for start in range(0, len(batch), TILE):
            yield subset(plan, slice(start, start + TILE)), batch[start : start + TILE]


def plans() -> Iterator[tuple[str, str, str]]:
    """The exhaustive search: seconds and memory of a process that does it, imports left out of the seconds."""
    for name, system, batch in (
        ("grok-1", "hgx-h100", 4096),
        ("llama-3.1-405b", "hgx-h100", 2048),
        ("deepseek-v3", "gb200-nvl72", 15_360),
    ):
        for gpus in (1024, 16_384, 230_000, 550_000, 1_000_000):
            size = batch * (16 if gpus > 100_000 else 1)
            for is_free in (False, True):
                output = subprocess.run(
                    [sys.executable, "-c", _SEARCH, name, system, str(gpus), str(size), str(int(is_free))],
                    check=True,
                    capture_output=True,
                    text=True,
                ).stdout.split()
                label = f"{name} on {gpus:,}, {'free' if is_free else 'fixed'} batch: {int(output[2]):,} plans"
                yield label, f"{float(output[0]):.2f} s, {float(output[1]):.2f} GB", "2 s, 1 GB"


_SEARCH = """
import resource, sys, time
from lindos.catalog import load_catalog
from lindos.problem.job import Job
from lindos.scenario.resolve import pool_from_system
from lindos.planning import best_plan
from lindos.step import load_assumptions
name, system, gpus, batch, is_free = sys.argv[1:]
catalog = load_catalog()
job = Job(model=catalog.model(name), sequence_length=4096, precision="bf16", stack=catalog.stack("megatron-core"))
pool, assumptions = pool_from_system(catalog, system, int(gpus)), load_assumptions(catalog)
begin = time.perf_counter()
found = best_plan(job, pool, global_batch_size=int(batch), batch_is_free=is_free == "1", assumptions=assumptions)
seconds = time.perf_counter() - begin
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9, found.num_candidates)
"""


def compiled_rate() -> Iterator[tuple[str, str, str]]:
    """The same evaluation under JAX, on a GPU where there is one."""
    try:
        import jax

        from lindos.step.compiled import compiled
    except ImportError:
        return
    backend = jax.default_backend()
    for name, system in (("llama-3.1-405b", "hgx-h100"), ("deepseek-v3", "gb200-nvl72")):
        work, pool = job(name), pool_from_system(CATALOG, system, 16_384)
        tiles = list(islice(space_tiles(work, pool), 20 if backend == "cpu" else 200))
        plan = joined([part for part, _ in tiles], [len(batch) for _, batch in tiles])
        batch = np.concatenate([batch for _, batch in tiles])
        plan = Plan(**{f.name: np.broadcast_to(getattr(plan, f.name), batch.shape) for f in fields(Plan)})
        evaluate = compiled(work, pool, ASSUMPTIONS)
        evaluate(plan, batch)
        seconds = median(timings(partial(evaluate, plan, batch), 3))
        target = "none" if backend == "cpu" else "10x of NumPy"
        yield f"{name}: complete evaluations a second, JAX on {backend}", f"{len(batch) / seconds:,.0f}", target


def ranks() -> Iterator[tuple[str, str, str]]:
    """Rank of measured plans among all feasible plans on the same number of GPUs."""
    ranks_or_none = []
    for row in read_runs():
        if all(getattr(row.run, name) for name in _STATED) and not row.run.accelerator.startswith("TPU"):
            with suppress(NotPredictedError, LindosError):
                ranks_or_none.append(rank(prepare(row.run, CATALOG, ASSUMPTIONS)))
    feasible_ranks = [measured_rank for measured_rank in ranks_or_none if measured_rank is not None]
    shares = np.array([measured_rank.share for measured_rank in feasible_ranks])
    gains = np.array([measured_rank.gain for measured_rank in feasible_ranks])
    yield f"measured plans in the top tenth, of {len(feasible_ranks)}", f"{100 * np.mean(shares <= 0.1):.1f} %", "most"
    spread = ", ".join(f"{100 * share:.2g} %" for share in np.quantile(shares, (0.25, 0.5, 0.75, 0.9)))
    yield "plans faster than them: quartiles and 90th percentile", spread, "none"
    spread = ", ".join(f"{100 * gain:.2g} %" for gain in np.quantile(gains, (0.25, 0.5, 0.75, 0.9)))
    yield "predicted gain of the best plan over them, likewise", spread, "none"


#: What a row must state of its plan.
_STATED = (
    *("num_layers", "hidden_size", "num_attention_heads", "sequence_length", "precision", "num_devices"),
    *("tensor_parallel", "pipeline_parallel", "data_parallel", "micro_batch_size", "global_batch_size"),
)


def sweeps() -> Iterator[tuple[str, str, str]]:
    """Small scenarios a second with one and with two workers of each engine, started before."""
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    with TemporaryDirectory() as folder:
        grid = Path(folder) / "grid.yaml"
        batches = [8 * index for index in range(1, 201)]
        grid.write_text(f"scenario: one-node\ngrid: {{job.global_batch_size: {batches}}}\n", encoding="utf-8")
        sweep = read_sweep(grid)
        for engine in (LocalEngine, RayEngine):
            single, double = (swept(sweep, engine(context_of(sweep), workers)) for workers in (1, 2))
            for workers, rate in ((1, single), (2, double)):
                yield f"sweep of 200 small scenarios, {engine.name}, {workers} workers", f"{rate:.0f} /s", "none"
            yield f"sweep of 200 small scenarios, {engine.name}, two over one", f"{double / single:.2f}x", "1.8x"
    ray.shutdown()


def swept(sweep: Sweep, engine: Engine) -> float:
    """Scenarios a second over the second half: starting a worker is not a scenario's cost.

    Parameters
    ----------
    sweep
        The sweep.
    engine
        Engine with its workers.
    """
    seen: list[Progress] = []
    with TemporaryDirectory() as folder, Journal(Path(folder), resume=False) as journal:
        answer_all(sweep, engine, journal, Path(folder), seen.append)
    warm = seen[len(seen) // 2]
    return (seen[-1].answered - warm.answered) / (seen[-1].seconds - warm.seconds)


def campaigns() -> Iterator[tuple[str, str, str]]:
    """Failures simulated a second, and the largest campaign, each in a new process."""
    for label, changes, trials in (
        ("100,000 GPUs, restarts", "num=100_000, recovery='restart'", 1000),
        ("550,000 GPUs, replicas drop out", "num=550_000, recovery='replica'", 1000),
        ("550,000 GPUs, restarts, 2 % spares", "num=550_000, recovery='restart', spares=11_000", 1000),
    ):
        code = _CAMPAIGN.format(changes=changes, trials=trials)
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        seconds, gigabytes, failures = (float(x) for x in done.stdout.split())
        yield f"90 days, {label}: failures a second", f"{failures / seconds / 1e6:.1f} M", "5 M on 2 cores"
        yield f"90 days, {label}: 1,000 trials", f"{seconds:.2f} s, {gigabytes:.2f} GB", "10 s, 2 GB"


_CAMPAIGN = """
import resource, time
from lindos.campaign import *

def problem(num, recovery, spares=float("inf")):
    device = Cause(
        name="device", units=num, mtbf=38_500 * 3600.0, devices=72, repair_time=86_400.0, detection_time=60.0
    )
    tier = CheckpointTier(
        name="remote", interval=ENDLESS, blocking_time=1.0, write_time=0.0, restore_time=1.0, survives=ALL_DEVICES
    )
    made = Problem(
        duration=90 * 86_400.0, causes=(device,), tiers=(tier,), num_devices=num, replica_devices=num / 1000,
        pools=(PoolSpares(spares=spares),), recovery=recovery, startup_time=600.0, restart_time=120.0, stall_time=60.0,
    )
    return with_best_intervals(made, least=1.0)

made = problem({changes})
begin = time.perf_counter()
ran = simulate(made, expected=90 * 86_400.0, num_trials={trials}, threads=2)
seconds = time.perf_counter() - begin
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9, ran.num_failures.sum())
"""


def expansion_of(**changes: object) -> Expansion:
    """The question of the fifty million, with other fields of its roadmap."""
    scenario = counted(read_scenario("fifty-million")[0], CATALOG)
    assert scenario.roadmap is not None
    roadmap_spec = scenario.roadmap.model_copy(update={**changes})
    bought = Chain().point(PURCHASES, scenario.model_copy(update={"roadmap": roadmap_spec}), CATALOG)
    assert bought.plan is not None
    return bought.plan.question


def years() -> Iterator[tuple[str, str, str]]:
    """Plans of years: in whole lots, large and linear, and ten thousand of them from the basis of the one before."""
    question = expansion_of()
    size = " x ".join(map(str, question.price.shape[::-1]))
    whole = median(timings(lambda: make_plan(question), 3))
    yield f"fifty-million, {size} in whole lots, gap of 0.1 %", f"{whole:.2f} s", "5 s"
    places = [CampusSpec(name=f"place {index}", first="2027-01-01", yearly="2 GW", limit="20 GW") for index in range(6)]
    large = _of_eight(expansion_of(campuses=places, by="2040-07-22"))
    size = " x ".join(map(str, large.price.shape[::-1]))
    yield f"{size}, linear", f"{median(timings(lambda: solve(assemble(large)), 3)):.2f} s", "0.5 s"
    early = np.array([period.end.isoformat() < "2028" for period in question.periods])
    draws = [merged(question, draw, early) for draw in islice(factored(question, 0), 32)]
    seconds = median(timings(lambda: two_stage(question, draws, early, 16e3), 3))
    yield "first orders of fifty-million for 32 draws at once", f"{seconds:.2f} s", "none"
    begin = time.perf_counter()
    with ProcessPoolExecutor(2) as workers:
        done = sum(workers.map(reached_draws, range(2)))
    yield f"{done:,} draws of fifty-million on 2 cores", f"{time.perf_counter() - begin:.0f} s", "90 s"


def _of_eight(question: Expansion) -> Expansion:
    """The question with its first eight generations; the last of them goes on being made."""
    kept = {name: getattr(question, name)[:8] for name in ("equivalents", "power", "price", "running", "lot")}
    supply = np.vstack((question.supply[:7], question.supply[7:].sum(axis=0)))
    return replace(question, generations=question.generations[:8], vendors=question.vendors[:8], supply=supply, **kept)


def reached_draws(seed: int, count: int = 5_000) -> int:
    """Solve draws of the fifty million one after the other; progress goes to standard error."""

    def progress(finished: int) -> None:
        if finished % 1_000 == 0:
            print(f"  {finished:,} of {count:,} draws", file=sys.stderr, flush=True)

    return len(chances(islice(factored(expansion_of(), seed), count), progress).shares)


def factored(question: Expansion, seed: int) -> Iterator[Expansion]:
    """Draws of a question without end: other prices, supply, power and queues.

    Parameters
    ----------
    question
        The question.
    seed
        Seed of the draws.
    """
    rng = np.random.default_rng(seed)
    while True:
        factors = rng.uniform(0.7, 1.4, 4)
        yield replace(
            question,
            price=question.price * factors[0],
            supply=question.supply * factors[1],
            power=question.power * factors[2],
            queue=question.queue * factors[3],
        )


#: What is measured, by the name that `benchmarks/run.py NAME` takes.
BENCHES = {
    "start": start,
    "steps": steps,
    "changes": changes,
    "rate": rate,
    "plans": plans,
    "compiled": compiled_rate,
    "ranks": ranks,
    "sweep": sweeps,
    "campaign": campaigns,
    "years": years,
}


def main() -> None:
    """Print one line for each measurement: what, how fast, and the target; of all benches, or those named."""
    for name in sys.argv[1:] or BENCHES:
        for label, measured, target in BENCHES[name]():
            print(f"{label:62} {measured:>12}   target {target}", flush=True)


if __name__ == "__main__":
    main()
