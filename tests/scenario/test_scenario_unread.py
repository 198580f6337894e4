"""A field of a scenario that no section reads is said; one that is read is not."""

from pathlib import Path
from typing import Any

import pytest

from lindos.catalog import load_catalog
from lindos.scenario.read import builtin_names, read_scenario, scenario_from
from lindos.scenario.unread import unread

BASE: dict[str, Any] = {
    "name": "x",
    "title": "t",
    "cluster": {"pools": [{"system": "hgx-h100", "gpus": "64"}]},
    "job": {"model": "llama-3.1-8b", "goal": {"tokens": "1T tokens"}},
}
POOL = {"system": "hgx-h100", "gpus": "64", "oversubscription": "2:1"}
FAILURE = {"name": "f", "of": "feed", "mtbf": "3 years"}
PATH = {"start": "2026", "by": "2030", "start_h100_equivalents": "64", "target_h100_equivalents": "1M"}
SUM = {"start": "2026", "programmes": [{"name": "a", "h100_equivalents": "1M", "by": "2030"}]}


def said(**sections: Any) -> list[str]:
    return [
        sentence.partition(" is given")[0] for sentence in unread(scenario_from({**BASE, **sections}), load_catalog())
    ]


@pytest.mark.parametrize(
    ("sections", "paths"),
    [
        ({"job": {"model": "grok-2"}, "campaign": {"elastic": "true"}}, ["campaign"]),
        ({"cluster": {"pools": [POOL | {"gpus": "16k"}]}}, []),
        ({"cluster": {"pools": [POOL, POOL | {"oversubscription": "1"}]}}, ["cluster.pools.0.oversubscription"]),
        ({"campaign": {"tray_devices": "4"}}, ["campaign.tray_devices"]),
        ({"campaign": {"tray_devices": "4", "rack_standby": "1"}}, []),
        ({"campaign": {"recovery": "replica", "elastic": "true"}}, ["campaign.elastic"]),
        ({"campaign": {"failures": [FAILURE | {"age": "30 days"}]}}, ["campaign.failures.0.age"]),
        ({"campaign": {"failures": [FAILURE | {"age": "30 days", "law": "weibull"}]}}, []),
        (
            {"campaign": {"checkpoints": [{"tier": "remote", "blocking_time": "1 s"}]}},
            ["campaign.checkpoints.0.blocking_time"],
        ),
        (
            {"campaign": {"checkpoint_bandwidth": "1 TB/s", "checkpoints": [{"tier": "local", "bandwidth": "1 TB/s"}]}},
            ["campaign.checkpoint_bandwidth"],
        ),
        ({"campaign": {"checkpoint_bandwidth": "1 TB/s", "checkpoints": [{"tier": "local"}]}}, []),
        ({"roadmap": PATH | {"target_accelerator": "gb300"}}, ["roadmap.target_accelerator"]),
        ({"roadmap": PATH}, []),
        ({"roadmap": SUM | {"budget": "$1 billion"}}, ["roadmap.budget"]),
        (
            {"roadmap": {"start": "2026", "programmes": [SUM["programmes"][0] | {"accelerator": "gb300"}]}},  # type: ignore[index]
            ["roadmap.programmes.0.accelerator"],
        ),
        (
            {"cluster": None, "job": None, "roadmap": PATH, "site": {"pue": "1.2", "electricity_price": "$0.1/kWh"}},
            ["site.electricity_price"],
        ),
        ({"cluster": None, "job": None, "roadmap": PATH, "compare_top500": "true"}, ["compare_top500"]),
    ],
)
def test_idle_fields_are_named(sections: dict[str, Any], paths: list[str]) -> None:
    assert said(**sections) == paths


def test_a_network_that_is_unknown_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("fabrics: {quantum-2-400g: {switch_ports: null}}")
    scenario = scenario_from(BASE | {"cluster": {"pools": [POOL]}})
    assert unread(scenario, load_catalog([tmp_path / "mine.yaml"])) == ()


@pytest.mark.parametrize("name", builtin_names())
def test_no_shipped_scenario_has_an_idle_field(name: str) -> None:
    assert unread(read_scenario(name)[0], load_catalog()) == ()
