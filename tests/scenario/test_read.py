"""Scenario files: what is right is read, what is wrong is reported all at once."""

from pathlib import Path

import pytest

from lindos.errors import InputErrors
from lindos.scenario.read import builtin_names, read_scenario
from lindos.scenario.starter import STARTER, json_schema, write_starter

SHIPPED = [
    "chip-demand",
    "colossus-1",
    "colossus-2",
    "fifty-million",
    "llama3-405b",
    "meta-hyperion",
    "meta-prometheus",
    "one-node",
    "openai-100m",
    "sovereign",
    "stargate-abilene",
]


def test_all_scenarios_ship() -> None:
    assert builtin_names() == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_reads(name: str) -> None:
    scenario, folder = read_scenario(name)
    assert scenario.name == name
    assert scenario.statement
    assert folder is None


def test_all_errors_of_a_file_come_together_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("name: x\ntitle: t\ncluster:\n  pools:\n    - system: a\n      gpus: -1\njob: {mdl: x}\n")
    with pytest.raises(InputErrors) as caught:
        read_scenario(str(file))
    text = str(caught.value)
    assert "line 6: cluster.pools.0.gpus is -1, but must be a whole number of at least 1." in text
    assert "job.model is empty, but must be given." in text
    assert "Did you mean model?" in text


def test_the_starter_reads(tmp_path: Path) -> None:
    write_starter(tmp_path / "s.yaml")
    assert (tmp_path / "s.yaml").read_text() == STARTER
    scenario, folder = read_scenario(str(tmp_path / "s.yaml"))
    assert scenario.cluster is not None
    assert scenario.cluster.pools[0].gpus == 1024
    assert folder == tmp_path


def test_the_json_schema_describes_every_section() -> None:
    schema = json_schema()
    assert set(schema["properties"]) >= {"cluster", "job", "campaign", "site", "inference", "roadmap", "claims"}
    assert schema["additionalProperties"] is False
