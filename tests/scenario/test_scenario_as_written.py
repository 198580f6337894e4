"""Inputs as people write them, examples of every field, and what is said about what is not modelled."""

from typing import Any

import pytest

import lindos
from lindos.catalog import load_catalog
from lindos.errors import InputError
from lindos.scenario.not_modelled import not_modelled
from lindos.scenario.read import scenario_from
from lindos.scenario.starter import json_schema


def job(**fields: Any) -> dict[str, Any]:
    return {
        "name": "x",
        "title": "X",
        "cluster": {"pools": [{"system": "hgx-h100", "gpus": 64}]},
        "job": {"model": "llama-3.1-8b", **fields},
    }


@pytest.mark.parametrize(
    ("batch", "length", "sequences"),
    [
        ("4,194,304 tokens", "4096", 1024),
        ("4M tokens", "4096", 1024),  # 977 sequences divide over hardly any cluster
        ("16 Mtokens", "8192", 2048),
        ("4M tokens", "8192", 512),
        ("12,288 tokens", "4096", 3),
        ("512 sequences", "4096", 512),
        ("512", "4096", 512),
    ],
)
def test_a_batch_is_written_in_sequences_or_tokens(batch: str, length: str, sequences: int) -> None:
    scenario = scenario_from(job(global_batch_size=batch, sequence_length=length))
    assert scenario.job is not None
    assert scenario.job.global_batch_size == sequences


def test_a_batch_in_tokens_is_that_of_the_length_that_counts() -> None:
    scenario = scenario_from(job(global_batch_size="4,194,304 tokens"))
    assert scenario.job is not None
    assert scenario.job.global_batch_size == 4_194_304 // 8192
    with pytest.raises(InputError, match="a whole number of sequences"):
        scenario_from(job(global_batch_size="100 tokens"))


@pytest.mark.parametrize(
    ("name", "system"),
    [("H100", "hgx-h100"), ("h200", "hgx-h200"), ("GB300", "gb300-nvl72"), ("gb200-nvl72", "gb200-nvl72")],
)
def test_a_device_means_the_system_that_it_is_bought_as(name: str, system: str) -> None:
    assert load_catalog().system(name).name == load_catalog().system(system).name


def test_words_of_formats_and_proportions_are_taken_in_any_case() -> None:
    data = job(precision="BF16")
    data["cluster"]["pools"][0] |= {"oversubscription": "2:1", "nodes": "8"}
    del data["cluster"]["pools"][0]["gpus"]
    scenario = scenario_from(data)
    assert scenario.job is not None
    assert scenario.job.precision == "bf16"
    assert scenario.cluster is not None
    assert scenario.cluster.pools[0].oversubscription == 2.0


def properties() -> list[tuple[str, dict[str, Any]]]:
    schema = json_schema()
    parts = {**schema["$defs"], "Scenario": schema}
    return [(f"{part}.{name}", body) for part, content in parts.items() for name, body in content["properties"].items()]


@pytest.mark.parametrize(("name", "body"), properties(), ids=[name for name, _ in properties()])
def test_every_field_has_a_description_and_an_example(name: str, body: dict[str, Any]) -> None:
    assert len(body["description"]) > 8, name
    shown = ("'examples'", "'enum'", "'boolean'", "'$ref'")
    assert any(part in str(body) for part in shown), name


@pytest.mark.parametrize("name", [name for name, _ in properties()])
def test_every_example_is_taken_by_its_field(name: str) -> None:
    from typing import Annotated

    from pydantic import TypeAdapter

    from lindos.scenario.read import models_of
    from lindos.scenario.schema import Scenario

    part, _, field_name = name.partition(".")
    model = next(model for model in models_of(Scenario) if model.__name__ == part)
    field = model.model_fields[field_name]
    annotation: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    adapter = TypeAdapter(annotation)
    schema = adapter.json_schema()
    for option in schema.get("anyOf", [schema]):
        for example in option.get("examples", []):
            adapter.validate_python(example)


@pytest.mark.parametrize(
    "word", ["rlhf", "RL", "post-training", "grpo", "carbon_intensity", "co2", "water", "spot", "latency"]
)
def test_what_is_not_modelled_is_named_with_what_to_use(word: str) -> None:
    with pytest.raises(InputError) as caught:
        scenario_from(job(**{word: "1"}))
    assert not_modelled(word) in str(caught.value)
    with pytest.raises(InputError) as caught:
        lindos.run(job(), changes={f"site.{word}": "1"})
    assert not_modelled(word) in str(caught.value)


def test_a_slip_still_gets_the_nearest_name() -> None:
    with pytest.raises(InputError, match="Did you mean precision"):
        scenario_from(job(precison="bf16"))
    assert not_modelled("precison") == ""
