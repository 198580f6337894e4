"""The declaration of a plan's axes holds: exactly the declared readers of an axis change with it."""

from collections.abc import Iterator, Mapping
from dataclasses import astuple, replace
from itertools import product
from math import prod
from typing import Any

import numpy as np
import pytest

from lindos.errors import InputError
from lindos.problem.axes import Axis, Kind, Loop
from lindos.problem.plan import AXES, SPLITS, Plan, Reader, Recompute, Schedule, Sharding, axes_read, lightest, readable
from lindos.scenario.schema import PlanSpec
from lindos.step import memory
from lindos.step.communication import reachable
from lindos.step.estimate import exchange_times
from lindos.step.feasibility import AXES_OF, Reason, shape_codes
from lindos.step.layout import lay_out
from lindos.step.memory import least_memory, stage_memories
from lindos.step.micro_batch import job_rates, micro_batch
from lindos.step.offload import offload_time
from lindos.step.passage import pipeline_passage
from lindos.validation.columns import RUN
from step_fixtures import LATENT_EXPERTS, accelerator, assumptions, fact, job, pool

JOB, ASSUMPTIONS = job(LATENT_EXPERTS), assumptions()
POOL = pool(1 << 20, device=replace(accelerator(memory=1e15), host_bandwidth=fact(60e9)))
BATCH = 4096
#: Plans in which every axis is in use in at least one.
BASES = tuple(
    Plan(
        tensor_parallel=4,
        pipeline_parallel=4,
        virtual_stages=1 if schedule else 2,
        context_parallel=2,
        expert_parallel=8,
        expert_tensor_parallel=2,
        data_parallel=16,
        micro_batch_size=2,
        sharding=int(sharding),
        sharding_group=8,
        recompute=int(recompute),
        schedule=int(schedule),
        offload=7 if recompute else 0,
    )
    for sharding, recompute, schedule in product(
        (Sharding.OPTIMIZER, Sharding.PARAMETERS), (Recompute.NONE, Recompute.FULL), Schedule
    )
)
#: One micro-batch, whatever the plan: what the passage reads of it is not the passage's own.
MICRO = micro_batch(JOB, POOL, BASES[0], lay_out(JOB, BASES[0], BATCH), job_rates(JOB, POOL, ASSUMPTIONS), ASSUMPTIONS)

PASSED = pipeline_passage(JOB, reachable(POOL.tiers), BASES[0], lay_out(JOB, BASES[0], BATCH), MICRO)


def values(axis: Axis, usual: Any) -> Iterator[int]:
    """Values of an axis that differ from ``usual``."""
    if axis.kind is Kind.DEGREE:
        yield from (value for value in (1, 2, 32, 1024) if value != usual)
    elif axis.kind is Kind.FLAG:
        yield 1 - int(usual)
    else:
        yield from (code for code in (0, *axis.words.values()) if code != usual)


def parts(plan: Plan) -> Mapping[Reader, Any]:
    """What each part of the model makes of a plan, as numbers."""
    layout, tiers, rate = lay_out(JOB, plan, BATCH), reachable(POOL.tiers), job_rates(JOB, POOL, ASSUMPTIONS)
    stages = list(stage_memories(JOB, plan, layout, ASSUMPTIONS))
    states = ("weights", "gradients", "optimizer", "logits", "gathered", "context")
    return {
        Reader.LAYERS: astuple(micro_batch(JOB, POOL, plan, layout, rate, ASSUMPTIONS)),
        Reader.PASSAGE: (layout.num_micro_batches, astuple(pipeline_passage(JOB, tiers, plan, layout, MICRO))),
        Reader.EXCHANGE: exchange_times(JOB, tiers, plan, layout, rate, ASSUMPTIONS),
        Reader.HOST: offload_time(JOB, POOL, plan, layout, PASSED, ASSUMPTIONS),
        Reader.STATES: [getattr(stage, name) for stage in stages for name in states],
        Reader.ACTIVATIONS: [stage.activations for stage in stages],
    }


@pytest.mark.parametrize("name", AXES)
def test_exactly_the_declared_readers_change_with_an_axis(name: str) -> None:
    changed = set()
    for base in BASES:
        before = parts(base)
        for value in values(AXES[name], getattr(base, name)):
            after = parts(replace(base, **{name: value}))
            changed |= {reader for reader in Reader if after[reader] != before[reader]}
    assert changed == set(AXES[name].readers)


@pytest.mark.parametrize("reader", Reader)
def test_an_axis_that_a_part_does_not_declare_cannot_be_used(reader: Reader) -> None:
    seen = readable(BASES[0], reader)
    hidden = [name for name in AXES if name not in axes_read(reader)]
    assert hidden
    for name in hidden:
        with pytest.raises(TypeError, match="does not name it"):
            np.maximum(getattr(seen, name), 1.0)
        with pytest.raises(TypeError, match="does not name it"):
            bool(getattr(seen, name) == 1)
    assert all(getattr(seen, name) == getattr(BASES[0], name) for name in axes_read(reader))


@pytest.mark.parametrize("reason", [reason for reason in AXES_OF if reason not in (Reason.MEMORY, Reason.HOST_MEMORY)])
def test_a_reason_changes_with_no_axis_but_its_own(reason: Reason) -> None:
    for base in BASES:
        for name, axis in AXES.items():
            if name in AXES_OF[reason]:
                continue
            others = [replace(base, **{name: value}) for value in values(axis, getattr(base, name))]
            codes = {int(shape_codes(JOB, 1 << 20, plan, BATCH, reasons=(reason,))) for plan in (base, *others)}
            assert len(codes) == 1, name


def test_the_devices_of_a_plan_are_the_product_of_the_degrees_that_multiply() -> None:
    plan = BASES[0]
    assert plan.num_devices == prod(getattr(plan, name) for name, axis in AXES.items() if axis.multiplies)


def test_a_micro_batch_reads_what_the_outermost_loop_of_a_search_splits() -> None:
    assert set(SPLITS) == {name for name, axis in AXES.items() if axis.loop is Loop.SPLIT}


def test_no_plan_takes_less_than_the_lightest_values_of_its_axes() -> None:
    assert len(lightest()) > 1
    for base in BASES:
        bound = least_memory(JOB, POOL, base, global_batch_size=BATCH, assumptions=ASSUMPTIONS)
        for name, axis in AXES.items():
            for value in values(axis, getattr(base, name)) if axis.lightest else ():
                plan = replace(base, **{name: value})
                assert memory(JOB, POOL, plan, global_batch_size=BATCH, assumptions=ASSUMPTIONS).total >= bound, name


def test_a_scenario_and_a_file_of_runs_have_every_axis_that_declares_it() -> None:
    assert list(PlanSpec.model_fields) == list(AXES)
    assert {column.name: column.field for column in RUN}.items() >= {
        axis.column: name for name, axis in AXES.items() if axis.column
    }.items()


@pytest.mark.parametrize("name", AXES)
def test_words_and_numbers_turn_into_each_other(name: str) -> None:
    axis = AXES[name]
    for value in values(axis, -1):
        assert axis.code(axis.word(value)) == value


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(InputError, match="any of none, selective, full"):
        AXES["recompute"].code("most")
    with pytest.raises(InputError, match="one of none, selective, full"):
        AXES["recompute"].code("selective,full")
