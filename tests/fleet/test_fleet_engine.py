"""One step of an engine: by hand at its limits, memory that holds what practice holds, all configurations at once."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lindos.catalog import load_catalog
from lindos.errors import InputError
from lindos.fleet import Layout, work_of
from lindos.fleet.capacity import cache_per_sequence, most_sequences, weights_per_device
from lindos.fleet.closed_loop import Machine, Setup, closed_loop, offline
from lindos.fleet.engine import Batch, Grid, StepTime, step_time
from lindos.fleet.estimate import grid_of
from lindos.fleet.machines import machine_of
from lindos.formats import number_format

CATALOG = load_catalog()
LLAMA = work_of(CATALOG.model("llama-3.1-70b"), "fp8")
DEEPSEEK = work_of(CATALOG.model("deepseek-v3"), "fp8")
H200 = machine_of(CATALOG, CATALOG.accelerator("h200-sxm"), "vllm")


def timed(work: object, grid: Grid, batch: Batch, machine: Machine = H200) -> StepTime:
    return step_time(work, grid, batch, machine.rates, machine.kernels, machine.software)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["grok-2", "deepseek-v3", "llama-3.1-405b", "gpt-oss-120b"])
def test_models_weigh_what_their_parameters_say(name: str) -> None:
    model = CATALOG.model(name)
    assert model.published_params is not None
    work = work_of(model, "bf16")
    assert work.weights == pytest.approx(2 * float(model.published_params.value), rel=0.03)


def test_deepseek_in_eight_bits_fits_eight_h200_and_no_fewer() -> None:
    memory = H200.rates.memory
    held = [float(most_sequences(DEEPSEEK, grid_of(Layout(size, 1.0)), memory, 0.9, 8192.0)) for size in (4.0, 8.0)]
    assert held[0] == 0
    assert held[1] > 50


def test_a_latent_cache_is_one_for_all_heads_and_repeated_on_every_device() -> None:
    few, many = (cache_per_sequence(DEEPSEEK, grid_of(Layout(size, 1.0)), 4096.0) for size in (1.0, 8.0))
    assert few == many == pytest.approx(61 * 576 * 2 * 4096)
    wide = cache_per_sequence(LLAMA, grid_of(Layout(8.0, 1.0)), 4096.0)
    assert wide == pytest.approx(80 * 2 * 128 * 2 * 4096)  # one of eight heads


def test_caches_come_in_blocks_of_sixteen_tokens() -> None:
    grid = grid_of(Layout(1.0, 1.0))
    assert cache_per_sequence(LLAMA, grid, 1.0) == cache_per_sequence(LLAMA, grid, 16.0)
    assert cache_per_sequence(LLAMA, grid, 17.0) == 2 * cache_per_sequence(LLAMA, grid, 16.0)


def test_a_step_of_one_sequence_takes_at_least_the_time_to_read_the_weights() -> None:
    grid = grid_of(Layout(1.0, 1.0))
    step = timed(LLAMA, grid, Batch(sequences=1.0, context=128.0))
    least = float(weights_per_device(LLAMA, grid)) / float(H200.rates.bandwidth) * float(H200.software.product)
    assert float(step.total) > least
    assert float(step.total) < 3 * least


def test_experts_that_no_token_chose_are_not_read() -> None:
    grid = grid_of(Layout(8.0, 1.0))
    one, many = (float(timed(DEEPSEEK, grid, Batch(sequences=b, context=128.0)).experts) for b in (1.0, 512.0))
    assert one < many / 3


@given(
    sequences=st.floats(1, 512),
    context=st.floats(16, 60_000),
    layout=st.sampled_from([Layout(1.0, 1.0), Layout(4.0, 1.0), Layout(8.0, 1.0), Layout(1.0, 8.0)]),
)
def test_more_sequences_and_longer_caches_never_take_less_time(
    sequences: float, context: float, layout: Layout
) -> None:
    grid = grid_of(layout)
    base, more, longer = (
        float(timed(DEEPSEEK, grid, batch).total)
        for batch in (
            Batch(sequences=sequences, context=context),
            Batch(sequences=sequences * 1.5, context=context),
            Batch(sequences=sequences, context=context * 1.5),
        )
    )
    assert base <= more * (1 + 1e-12)
    assert base <= longer * (1 + 1e-12)


def test_all_configurations_at_once_are_those_one_by_one() -> None:
    layouts = [Layout(1.0, 1.0), Layout(8.0, 1.0), Layout(1.0, 8.0)]
    single = [grid_of(layout) for layout in layouts]
    together = Grid(**{f.name: np.array([getattr(g, f.name) for g in single]) for f in fields(Grid)})
    batch = Batch(sequences=np.array([4.0, 64.0, 256.0]), context=2000.0)
    whole = np.asarray(timed(DEEPSEEK, together, batch).total)
    parts = [
        float(timed(DEEPSEEK, grid, Batch(sequences=b, context=2000.0)).total)
        for grid, b in zip(single, (4.0, 64.0, 256.0), strict=True)
    ]
    assert whole == pytest.approx(parts, rel=1e-12)


def test_a_format_that_a_device_lacks_is_read_narrow_and_computed_wide() -> None:
    narrow = work_of(CATALOG.model("gpt-oss-120b"), "mxfp4", weights_only=True)
    assert narrow.experts is not None
    assert number_format(narrow.experts.precision).bits == 4
    assert narrow.experts.computed_in == "bf16"


def test_a_format_that_is_not_served_is_refused() -> None:
    with pytest.raises(InputError, match=r"inference.precision is 'fp64'"):
        work_of(CATALOG.model("grok-2"), "fp64")
    with pytest.raises(InputError, match=r"inference.cache_precision is 'fp4'"):
        work_of(CATALOG.model("grok-2"), "fp8", "fp4")


def setup_of(layout: Layout, apart: float = 0.0) -> Setup:
    grid = grid_of(layout)
    return Setup(grid=grid, engines=1.0, prompt_grid=grid, prompt_engines=1.0, apart=apart)


def test_engines_of_their_own_for_prompts_leave_writers_alone() -> None:
    load = {"in_flight": 32.0, "prompt": 8192.0, "answer": 512.0}
    together, apart = (closed_loop(LLAMA, setup_of(Layout(4.0, 1.0), place), H200, **load) for place in (0.0, 1.0))
    assert float(apart.token) < float(together.token)


def test_a_cached_prefix_spares_its_prompt_and_not_its_cache() -> None:
    load = {"in_flight": 16.0, "prompt": 30_000.0, "answer": 500.0}
    setup = setup_of(Layout(8.0, 1.0))
    without, with_hits = (closed_loop(LLAMA, setup, H200, cached=hits, **load) for hits in (0.0, 0.9))
    assert float(with_hits.first) < float(without.first)
    assert float(with_hits.token) < float(without.token)
    assert float(with_hits.most) == float(without.most)


def test_little_s_law_holds_in_a_closed_loop() -> None:
    loop = closed_loop(LLAMA, setup_of(Layout(4.0, 1.0)), H200, in_flight=32.0, prompt=1000.0, answer=500.0)
    stay = float(loop.first) + 500.0 * float(loop.token)
    assert float(loop.throughput) / 500.0 * stay == pytest.approx(32.0)


def test_offline_throughput_grows_with_memory_until_it_is_computed() -> None:
    sizes = [replace(H200, rates=replace(H200.rates, memory=float(H200.rates.memory) * f)) for f in (1.0, 1.3, 1.6)]
    rates = [
        float(offline(LLAMA, setup_of(Layout(1.0, 1.0)), m, prompt=1000.0, answer=1000.0, most=4096.0).throughput)
        for m in sizes
    ]
    assert rates[0] < rates[1] < rates[2]
