"""A sweep's file: every combination once, samples in their strata, every mistake in a sentence with its line."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lindos.errors import InputError
from lindos.scenario.paths import with_values
from lindos.scenario.read import read_plain, scenario_from
from lindos.sweep.design import stratified
from sweep_helpers import sweep_of

values = st.lists(st.integers(1, 10_000), min_size=1, max_size=5)


@given(batches=values, gpus=values, count=st.integers(1, 5))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_combination_comes_once_in_order(batches: list[int], gpus: list[int], count: int, tmp_path: Path) -> None:
    grid = f"grid: {{job.global_batch_size: {batches}, cluster.pools.0.gpus: {gpus}}}"
    drawn = f"sample: {{count: {count}, fields: {{site.pue: {{low: 1.1, high: 1.5}}}}}}"
    sweep = sweep_of(tmp_path, f"scenario: one-node\n{grid}\n{drawn}\n")
    found = [tuple(sweep.cells(index).values()) for index in range(len(sweep))]
    pues = [pue for _, _, pue in found[:count]]
    assert found == [(b, g, pue) for b, g in itertools.product(batches, gpus) for pue in pues]


@given(
    count=st.integers(1, 60),
    seed=st.integers(0, 2**64),
    low=st.floats(1e-6, 1e6),
    factor=st.floats(1.0, 1e6),
    log=st.booleans(),
)
def test_each_stratum_has_one_draw(count: int, seed: int, low: float, factor: float, log: bool) -> None:
    high = low * factor
    draws = stratified("site.pue", low, high, count, seed, log=log, integers=False)
    assert np.all((draws >= low) & (draws <= high))
    if factor > 1.001:
        depth = np.log(draws / low) / math.log(factor) if log else (draws - low) / (high - low)
        strata = np.sort(depth) * count - np.arange(count)
        assert np.all((strata > -1e-3) & (strata < 1 + 1e-3))


def test_whole_numbers_are_equally_likely() -> None:
    draws = stratified("cluster.pools.0.gpus", 1, 4, 400, 0, log=False, integers=True)
    assert np.unique(draws, return_counts=True)[1].tolist() == [100, 100, 100, 100]


def test_fields_have_streams_of_their_own() -> None:
    one, same, other = (stratified(path, 0, 1, 9, 0, log=False, integers=False) for path in ("a", "a", "b"))
    assert one.tolist() == same.tolist()
    assert one.tolist() != other.tolist()


def test_a_draw_is_written_exactly(tmp_path: Path) -> None:
    fields = "site.electricity_price: {low: $30/MWh, high: $90/MWh}, job.goal.tokens: {low: 1B tokens, high: 9B tokens}"
    sweep = sweep_of(tmp_path, f"scenario: one-node\nsample: {{count: 50, seed: 7, fields: {{{fields}}}}}\n")
    for index in range(len(sweep)):
        scenario = scenario_from(with_values(sweep.base, sweep.overrides(index)))
        assert scenario.site and scenario.job and scenario.job.goal
        found = [scenario.site.electricity_price, scenario.job.goal.tokens]
        assert found == list(sweep.cells(index).values())


def test_fields_that_the_base_leaves_out_are_made() -> None:
    base, _, _ = read_plain("one-node")
    overrides = {"cluster.pools.1.system": "hgx-h200", "cluster.pools.1.gpus": 8, "campaign.device_mtbf": "9 years"}
    scenario = scenario_from(with_values(base, overrides))
    assert scenario.cluster is not None
    assert [pool.system for pool in scenario.cluster.pools] == ["hgx-h100", "hgx-h200"]
    assert len(base["cluster"]["pools"]) == 1


def test_what_is_no_number_is_text_in_a_table(tmp_path: Path) -> None:
    text = "scenario: one-node\ngrid: {job.precision: [bf16], compare_top500: [true], job.plan: [{recompute: full}]}\n"
    assert list(sweep_of(tmp_path, text).cells(0).values()) == ["bf16", "true", '{"recompute": "full"}']


def test_a_base_beside_the_file_is_read_with_its_catalogue(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("systems: {hgx-h100: {price: $200k}}\n")
    (tmp_path / "base.yaml").write_text(
        "name: b\ntitle: B\ncatalog: mine.yaml\ncluster: {pools: [{system: hgx-h100, gpus: 8}]}\n"
    )
    sweep = sweep_of(tmp_path, "scenario: base.yaml\ngrid: {cluster.pools.0.gpus: [8k]}\n")
    assert sweep.sections == ("cluster", "site", "comparison")
    assert sweep.catalog.system("hgx-h100").price.value == 200_000


GOOD = "scenario: one-node\n"
MISTAKES = [
    ("", "sweep is empty, but must be a mapping of fields"),
    ("- 1\n", "sweep is [1], but must be a mapping of fields"),
    (GOOD, "sweep is 'no scenario', but must be at least one scenario"),
    (GOOD + "grid: {}\n", "at least one scenario"),
    ("grid: {site.pue: [1.2]}\n", "scenario is empty, but must be a built-in name"),
    ("scenario: one-nod\ngrid: {site.pue: [1.2]}\n", "Did you mean one-node?"),
    ("scenario: there.yaml\ngrid: {site.pue: [1.2]}\n", "line 1: scenario is 'there.yaml'"),
    (GOOD + "grid: {site.pu: [1.2]}\n", "line 2: grid.site.pu is 'pu', but must be one of"),
    (GOOD + "grid: {cluster.pools.gpus: [8]}\n", "an index into the list"),
    (GOOD + "grid: {cluster.pools.²: [1]}\n", "an index into the list"),
    (GOOD + "ask: [{}]\ngrid: {site.pue: [1.2]}\n", "line 2: ask.0 is '{}', but must be one of"),
    (GOOD + "ask: [[]]\ngrid: {site.pue: [1.2]}\n", "line 2: ask.0 is '[]', but must be one of"),
    (GOOD + "grid: {site.pue: ['1,2']}\n", "Write '1.2' or '12'."),
    (GOOD + "grid: {cluster.pools.0.gpus: [2 racks]}\n", "It counts racks."),
    (GOOD + "grid: {cluster.pools.4.gpus: [8]}\n", "cluster.pools.4.gpus is 4, but must be an index of at most 1"),
    (GOOD + "grid: {cluster.pools.1.gpus: [8]}\n", "cluster.pools.1.system is required"),
    (GOOD + "grid: {job.plan: [{tensor_paralel: 2}]}\n", "Did you mean tensor_parallel?"),
    (GOOD + "grid: {name: [a, b]}\n", "a field that scenarios of a sweep may differ in"),
    (GOOD + "grid: {site.pue.x: [a]}\n", "it is inside a field that is not a section"),
    (GOOD + "grid: {site.pue: []}\n", "grid.site.pue is [], but must be a list of at least one value"),
    (GOOD + "grid: {site.pue: 1.2}\n", "grid.site.pue is 1.2, but must be a list"),
    (GOOD + "grid:\n  site.pue:\n    - 1.2\n    - 0.2\n", "line 5: grid.site.pue.1 is 0.2, but must be at least 1"),
    (GOOD + "grid: {site.electricity_price: [0.07]}\n", "an energy price with its unit"),
    (GOOD + "grid: {site.pue: [1.2]}\nsample: {count: 2, fields: {site.pue: {low: 1, high: 2}}}\n", "swept once"),
    (GOOD + "grid: {job.plan: [{}], job.plan.recompute: [full]}\n", "swept beside job.plan"),
    (GOOD + "sample: {count: 0, fields: {site.pue: {low: 1, high: 2}}}\n", "sample.count is 0"),
    (GOOD + "sample: {fields: {site.pue: {low: 1, high: 2}}}\n", "sample.count is empty"),
    (GOOD + "sample: {count: 2, seed: a, fields: {site.pue: {low: 1, high: 2}}}\n", "sample.seed is 'a'"),
    (GOOD + "sample: {count: 2}\n", "sample.fields is empty"),
    (GOOD + "sample: {count: 2, fields: {site.pue: {low: 2, high: 1}}}\n", "must be at most the high, 1"),
    (GOOD + "sample: {count: 2, fields: {site.pue: {low: 2}}}\n", "sample.fields.site.pue.high is empty"),
    (GOOD + "sample: {count: 2, fields: {site.pue: [1, 2]}}\n", "a mapping of low and high"),
    (GOOD + "sample: {count: 2, fields: {site.pue: {low: 1, high: 2, scale: lin}}}\n", "one of linear, log"),
    (GOOD + "sample: {count: 2, fields: {site.years: {low: 0, high: 2}}}\n", "at least 0.1"),
    (
        GOOD + "sample: {count: 2, fields: {site.volume_discount: {low: 0, high: 0.5, scale: log}}}\n",
        "more than zero where the scale is log",
    ),
    (GOOD + "sample: {count: 2, fields: {job.precision: {low: 1, high: 2}}}\n", "only numbers are sampled"),
    (GOOD + "sample: {count: 1000001, fields: {site.pue: {low: 1, high: 2}}}\n", "at most 1,000,000"),
    (
        GOOD + "grid: {site.pue: [1, 2]}\nsample: {count: 900k, fields: {site.years: {low: 1, high: 2}}}\n",
        "sweep is '1,800,000 scenarios', but must be at most 1,000,000 scenarios",
    ),
    (GOOD + "ask: [stp]\ngrid: {site.pue: [1.2]}\n", "Did you mean step"),
    (GOOD + "ask: [fleet]\ngrid: {site.pue: [1.2]}\n", "a section that the scenario asks: cluster, step"),
    (GOOD + "ask: []\ngrid: {site.pue: [1.2]}\n", "a list of sections"),
    (GOOD + "asks: [step]\ngrid: {site.pue: [1.2]}\n", "Did you mean ask?"),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES, ids=[said[:40] for _, said in MISTAKES])
def test_a_mistake_gets_a_sentence(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        sweep_of(tmp_path, text)
    assert said in str(caught.value)
    assert "small.yaml" in str(caught.value)


def test_all_mistakes_are_reported_together(tmp_path: Path) -> None:
    text = "scenario: one\nask: 3\ngrid: {site.pue: [0.1, 0.2]}\nsample: {count: x}\n"
    with pytest.raises(InputError) as caught:
        sweep_of(tmp_path, text)
    assert [line[:17] for line in str(caught.value).splitlines()] == [
        "small.yaml line 1",
        "small.yaml line 3",
        "small.yaml line 3",
        "small.yaml line 4",
        "small.yaml line 4",
    ]


def test_a_base_that_is_wrong_is_named(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("name: b\ntitle: B\njob: {model: grok-2}\n")
    with pytest.raises(InputError, match=r"cluster is required when there is a job"):
        sweep_of(tmp_path, "scenario: base.yaml\ngrid: {job.global_batch_size: [8]}\n")
