"""Two published runs, predicted from published plans and catalogue values; nothing is fitted to either."""

import contextlib

import numpy as np
import pytest

from lindos import step, transformer
from lindos.catalog import load_catalog
from lindos.errors import InputError
from lindos.problem.job import Job
from lindos.problem.plan import Plan, Recompute, Schedule, Sharding
from lindos.scenario.resolve import pool_from_system

LLAMA_PUBLISHED_MFU = 0.41  # arXiv:2407.21783, table 4: 8,192 tokens, 2,048 sequences, 16,384 H100
DEEPSEEK_PUBLISHED_HOURS = 180e3  # arXiv:2412.19437: H800 hours for a trillion tokens


@pytest.fixture(scope="module")
def catalog():
    return load_catalog()


def llama(catalog, **plan):
    job = Job(
        model=catalog.model("llama-3.1-405b"),
        sequence_length=8192,
        precision="bf16",
        stack=catalog.stack("megatron-core"),
    )
    pool = pool_from_system(catalog, "hgx-h100", 16_384, fabric="spectrum-x-400g", oversubscription=7.0)
    degrees = {"tensor_parallel": 8, "pipeline_parallel": 16, "data_parallel": 128, "micro_batch_size": 1}
    return step.estimate(
        job,
        pool,
        Plan(**degrees, recompute=int(Recompute.NONE), sharding=int(Sharding.OPTIMIZER), **plan),
        global_batch_size=2048,
    )


def test_llama_405b_on_16384_h100(catalog):
    # Virtual stages are unpublished. Without interleaving the bubble alone, 15 of 16 micro-batches, rules 41 % out.
    mfu = {v: float(llama(catalog, virtual_stages=v).mfu) for v in (1, 2, 4, 8)}
    assert mfu[1] < mfu[2] < mfu[4] < mfu[8]
    assert 0.36 <= mfu[4] <= 0.46
    assert 0.36 <= mfu[8] <= 0.46
    assert mfu[2] < LLAMA_PUBLISHED_MFU < mfu[8]


def test_deepseek_v3_on_2048_h800(catalog):
    job = Job(
        model=catalog.model("deepseek-v3"),
        sequence_length=4096,
        precision="fp8",
        stack=catalog.stack("dualpipe"),
    )
    plan = Plan(
        pipeline_parallel=16,
        expert_parallel=64,
        data_parallel=128,
        recompute=int(Recompute.NONE),
        schedule=int(Schedule.DUAL_PIPE),
    )
    result = step.estimate(job, pool_from_system(catalog, "hgx-h800", 2048), plan, global_batch_size=15_360)
    hours = 1e12 / float(result.tokens_per_second) * 2048 / 3600
    assert hours == pytest.approx(DEEPSEEK_PUBLISHED_HOURS, rel=0.25)


def test_parameters_of_every_model_agree_with_what_is_published(catalog):
    checked = 0
    for name in catalog.names("models"):
        with contextlib.suppress(InputError):  # an attention kind that Lindos does not know
            model = catalog.model(name)
            if model.published_params is not None and model.published_params.is_known:
                assert transformer.num_params(model) == pytest.approx(float(model.published_params.value), rel=0.035), (
                    name
                )
                checked += 1
    assert checked >= 14


def test_a_sampled_catalogue_gives_an_array_around_the_value(catalog):
    # The same question in a sampled catalogue: every uncertain fact is an array of draws.
    value = float(llama(catalog, virtual_stages=4).time)
    drawn = catalog.sampled(num_draws=64, seed=1)
    job = Job(
        model=drawn.model("llama-3.1-405b"),
        sequence_length=8192,
        precision="bf16",
        stack=drawn.stack("megatron-core"),
    )
    pool = pool_from_system(drawn, "hgx-h100", 16_384, fabric="spectrum-x-400g", oversubscription=7.0)
    plan = Plan(tensor_parallel=8, pipeline_parallel=16, virtual_stages=4, data_parallel=128, recompute=0)
    times = step.estimate(job, pool, plan, global_batch_size=2048, assumptions=step.load_assumptions(drawn)).time
    assert np.shape(times) == (64,)
    assert np.all(np.isfinite(times))
    assert np.quantile(times, 0.02) < value < np.quantile(times, 0.98)
