"""What each stack ships: every list is read, sourced, and says of the schedules what its documentation says."""

import pytest

from lindos.catalog import load_catalog
from lindos.problem.plan import AXES, Schedule
from lindos.problem.software import shipped, words

CATALOG = load_catalog()
LISTS = ("schedules", "parallelism", "shardings", "recomputes", "offloads", "formats", "stage_layers")


@pytest.mark.parametrize("name", CATALOG.names("stacks"))
def test_every_list_is_sourced_and_of_known_words(name: str) -> None:
    stack = CATALOG.stack(name)
    for field in LISTS:
        chosen = words(stack, field)
        assert chosen is None or getattr(stack, field).sources
    for axis, values in shipped(stack).items():
        assert axis in AXES
        assert values


@pytest.mark.parametrize(
    ("name", "schedules"),
    [
        ("megatron-core", {Schedule.ONE_F_ONE_B}),
        ("megatron-2021", {Schedule.ONE_F_ONE_B}),
        ("megatron-deepspeed", {Schedule.ONE_F_ONE_B}),
        ("fsdp", {Schedule.ONE_F_ONE_B}),
        ("torchtitan", {Schedule.ONE_F_ONE_B, Schedule.ZERO_BUBBLE}),
        ("dualpipe", {Schedule.ONE_F_ONE_B, Schedule.DUAL_PIPE}),
    ],
)
def test_schedules_stand_where_they_are_shipped(name: str, schedules: set[Schedule]) -> None:
    limits = shipped(CATALOG.stack(name))
    assert limits["schedule"] == {int(schedule) for schedule in schedules}
    interleaves = name in ("megatron-core", "megatron-2021", "torchtitan")
    assert ("virtual_stages" in limits) == (not interleaves)
