"""Laws that whole answers keep: twice the price is twice that part of the cost, better hardware is no slower."""

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
import yaml

from lindos.answers import Answer
from lindos.answers.scenario import answer
from lindos.catalog import load_catalog
from lindos.scenario.read import scenario_from

BASE: dict[str, Any] = {
    "name": "laws",
    "title": "Laws",
    "cluster": {"pools": [{"system": "hgx-h100", "gpus": 64}]},
    "job": {"model": "llama-3.1-8b", "precision": "bf16", "sequence_length": 8192, "global_batch_size": 256},
    "site": {"name": "generic-us", "electricity_price": "$0.05/kWh", "pue": 1.25},
    "inference": {"model": "llama-3.1-8b", "input_tokens": "50B tokens/day", "output_tokens": "5B tokens/day"},
    "compare_top500": False,
}


def answered(changes: Mapping[str, Any] | None = None, overlay: str = "") -> Answer:
    """The answer of the base with other values at dotted paths, under a catalogue of one's own."""
    return _answered(yaml.safe_dump(dict(changes or {})), overlay)


@cache
def _answered(changes: str, overlay: str) -> Answer:
    import tempfile
    from pathlib import Path

    data = deepcopy(BASE)
    for path, value in yaml.safe_load(changes).items():
        place: Any = data
        *above, last = path.split(".")
        for key in above:
            place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
        place[int(last) if isinstance(place, list) else last] = value
    with tempfile.TemporaryDirectory() as folder:
        mine = Path(folder) / "mine.yaml"
        mine.write_text(overlay)
        return answer(scenario_from(data), load_catalog([mine] if overlay else []))


def figure(name: str, changes: Mapping[str, Any] | None = None, overlay: str = "") -> float:
    value = answered(changes, overlay)[name].value
    assert value is not None, name
    return value


H100 = "systems: {{hgx-h100: {{{}}}}}\n"

DOUBLE_TRAFFIC = {"inference.input_tokens": "100B tokens/day", "inference.output_tokens": "10B tokens/day"}

# (figure, changes before, changes after, overlay before, overlay after, ratio)
RATIOS = [
    ("site.year.energy", {}, {"site.electricity_price": "$0.10/kWh"}, "", "", 2.0),
    ("site.power.it_power", {}, {"site.pue": 1.5}, "", "", 1.0),
    ("site.power.total", {"site.design_pue": 1.25}, {"site.design_pue": 1.5}, "", "", 1.2),
    ("site.capex.systems", {}, {}, H100.format("price: $200k"), H100.format("price: $400k"), 2.0),
    ("site.capex.switches", {}, {}, H100.format("price: $200k"), H100.format("price: $400k"), 1.0),
    ("site.year.energy", {}, {}, H100.format("price: $200k"), H100.format("price: $400k"), 1.0),
    ("site.capex.systems", {}, {"cluster.pools.0.gpus": 128}, "", "", 2.0),
    ("site.power.systems", {}, {"cluster.pools.0.gpus": 128}, "", "", 2.0),
    ("cluster.peak_bf16", {}, {"cluster.pools.0.gpus": 128}, "", "", 2.0),
    ("cluster.memory", {}, {"cluster.pools.0.gpus": 256}, "", "", 4.0),
    ("fleet.traffic", {}, DOUBLE_TRAFFIC, "", "", 2.0),
    ("step.tokens", {}, {"job.global_batch_size": 512}, "", "", 2.0),
    ("step.model_flops", {}, {"job.global_batch_size": 512}, "", "", 2.0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "before", "after", "mine_before", "mine_after", "ratio"), RATIOS)
def test_what_is_proportional(
    name: str, before: dict[str, Any], after: dict[str, Any], mine_before: str, mine_after: str, ratio: float
) -> None:
    assert figure(name, after, mine_after) == pytest.approx(ratio * figure(name, before, mine_before), rel=1e-9)


def series(name: str, path: str, values: list[Any]) -> list[float]:
    return [figure(name, {path: value}) for value in values]


def test_more_devices_are_never_slower() -> None:
    times = series("step.time", "cluster.pools.0.gpus", [8, 16, 32, 64, 128, 256])
    assert all(later <= before * (1 + 1e-9) for before, later in pairwise(times)), times
    assert times[0] / times[-1] < 32 * 1.02, "no more than in proportion"


def test_a_longer_batch_takes_longer_and_is_used_no_worse() -> None:
    times = series("step.time", "job.global_batch_size", [64, 128, 256, 512, 1024])
    assert all(later > before for before, later in pairwise(times)), times
    rates = series("step.tokens_per_second", "job.global_batch_size", [64, 128, 256, 512, 1024])
    assert all(later >= before * (1 - 0.01) for before, later in pairwise(rates)), rates


@pytest.mark.parametrize(
    "better",
    [
        "accelerators: {h100-sxm: {memory_bandwidth: 5 TB/s}}\n",
        "accelerators: {h100-sxm: {memory: 160 GB}}\n",
        "accelerators: {h100-sxm: {scale_up_bandwidth: 900 GB/s}}\n",
    ],
)
def test_a_better_device_is_never_slower(better: str) -> None:
    assert figure("step.time", {}, better) <= figure("step.time") * (1 + 1e-9)


def test_parts_make_the_whole() -> None:
    whole = answered()
    for prefix, total, parts in (
        ("site.power", "it_power", ("systems", "switches", "optics", "storage")),
        ("site.capex", "it", ("systems", "switches", "optics", "storage")),
        ("site.year", "opex", ("energy", "maintenance")),
        ("site.year", "total", ("it", "construction", "energy", "maintenance")),
    ):
        summed = sum(whole[f"{prefix}.{part}"].value or 0.0 for part in parts)
        assert summed == pytest.approx(whole[f"{prefix}.{total}"].value, rel=1e-9), (prefix, total)


def test_energy_is_power_over_time_and_rates_are_tokens_over_time() -> None:
    whole = answered()

    def value(name: str) -> float:
        return whole[name].value or 0.0

    assert value("step.tokens_per_second") * value("step.time") == pytest.approx(value("step.tokens"), rel=1e-9)
    assert value("site.power.it_power") <= value("site.power.total")
    assert value("site.power.mean") <= value("site.power.total") * (1 + 1e-9)
    assert value("site.power.yearly_energy") == pytest.approx(value("site.power.mean") * 365.25 * 86_400, rel=2e-3)
    flops = value("step.model_flops") / value("step.time") / value("step.peak")
    assert flops == pytest.approx(value("step.mfu"), rel=1e-9)
    assert value("step.mfu") <= value("step.hfu") * (1 + 1e-9) <= 1.0
