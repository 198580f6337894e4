"""Scenario files: what is right is read, what is wrong is reported all at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, get_args

import pytest
from pydantic import BaseModel

from lindos.catalog import load_catalog
from lindos.errors import InconsistentError, InputErrors
from lindos.scenario.fields import Quantity, WholeNumber
from lindos.scenario.read import builtin_names, models_in, read_scenario
from lindos.scenario.resolve import counted
from lindos.scenario.schema import Scenario
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
    assert "job.model is required." in text
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


def scenario_with(tmp_path: Path, pool: str, rest: str = "") -> Scenario:
    file = tmp_path / "s.yaml"
    file.write_text(f"name: x\ntitle: t\ncluster: {{pools: [{{{pool}}}]}}\n{rest}")
    scenario, _ = read_scenario(str(file))
    return scenario


@pytest.mark.parametrize(
    ("pool", "gpus"),
    [
        ("system: gb200-nvl72, gpus: 2 racks", 144),
        ("system: gb200-nvl72, racks: 2", 144),
        ("system: hgx-h100, gpus: 16 nodes", 128),
        ("system: hgx-h100, nodes: 64", 512),
        ("system: hgx-h100, nodes: 1k nodes", 8_000),
        ("system: hgx-h100, gpus: 1k GPUs", 1_000),
    ],
)
def test_nodes_and_racks_are_gpus_of_the_system(tmp_path: Path, pool: str, gpus: int) -> None:
    cluster = counted(scenario_with(tmp_path, pool), load_catalog()).cluster
    assert cluster is not None
    assert (cluster.pools[0].gpus, cluster.pools[0].nodes, cluster.pools[0].racks) == (gpus, None, None)


def test_a_rack_is_not_bought_as_nodes(tmp_path: Path) -> None:
    with pytest.raises(InconsistentError, match=r"the second is a rack of 72 GPUs\. Write racks\."):
        counted(scenario_with(tmp_path, "system: gb200-nvl72, nodes: 18"), load_catalog())


def test_what_people_write_is_what_it_means(tmp_path: Path) -> None:
    rest = (
        "job: {model: Llama-3.1-8B, precision: BF16, global_batch_size: 64 sequences,"
        " plan: {sequence_parallel: True}}\n"
        "site: {years: 4 years, volume_discount: 5 %}\ncompare_top500: false\ndate: 2025-07\n"
    )
    scenario = scenario_with(tmp_path, "system: hgx-h100, gpus: 64, oversubscription: 2:1, label: 64", rest)
    assert scenario.cluster is not None and scenario.job is not None and scenario.site is not None
    assert (scenario.cluster.pools[0].oversubscription, scenario.cluster.pools[0].label) == (2.0, "64")
    assert (scenario.job.precision, scenario.job.global_batch_size, scenario.job.plan.sequence_parallel) == (
        "bf16",
        64,
        True,
    )
    assert (scenario.site.years, scenario.compare_top500, scenario.date) == (4.0, False, "2025-07-01")


def test_every_number_of_a_scenario_has_bounds() -> None:
    """A field without the most it may be is a field that takes 1e300."""
    unbounded = [
        f"{model.__name__}.{name}"
        for model in _models(Scenario)
        for name, field in model.model_fields.items()
        for reader in _readers(Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation)
        if reader.bounds.limits(getattr(reader, "unit", "1"))[1] > 1e35
    ]
    assert unbounded == []


def _models(model: type[BaseModel]) -> set[type[BaseModel]]:
    inner = {part for field in model.model_fields.values() for part in models_in(field.annotation)}
    return {model} | {below for part in inner for below in _models(part)}


def _readers(annotation: object) -> Iterator[Quantity | WholeNumber]:
    if isinstance(annotation, Quantity | WholeNumber):
        yield annotation
    for part in get_args(annotation):
        yield from _readers(part)
