"""One word, one meaning: every public parameter name and every field of a scenario stands in the glossary."""

import re
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

from lindos.scenario.campaign import CheckpointSpec
from lindos.scenario.read import models_of
from lindos.scenario.schema import ExchangeRates, Scenario

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "laws"))
import formula_laws as laws  # noqa: E402

GLOSSARY = set(re.findall(r"`([a-z0-9_]+)`", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")))


def scenario_fields() -> set[str]:
    return {name for model in models_of(Scenario) for name in model.model_fields}


def test_every_parameter_of_a_formula_is_explained() -> None:
    used = {name: laws.label(f) for f in laws.formulas() for name in laws.units(f)[0]}
    missing = {name: where for name, where in used.items() if name not in GLOSSARY}
    assert not missing, f"add to docs/glossary.md: {missing}"


def test_every_field_of_a_scenario_is_explained() -> None:
    missing = scenario_fields() - set(ExchangeRates.model_fields) - GLOSSARY  # currencies are called by their codes
    assert not missing, f"add to docs/glossary.md: {sorted(missing)}"


def test_nested_sections_are_fields_of_a_scenario_too() -> None:
    assert CheckpointSpec in models_of(Scenario)
    assert {"blocking_time", "survives", "slowdown", "law", "shape", "drained_after"} <= scenario_fields()


@pytest.mark.parametrize("model", models_of(Scenario), ids=lambda model: model.__name__)
def test_every_field_of_a_scenario_is_described_in_its_schema(model: type[BaseModel]) -> None:
    assert not [name for name, field in model.model_fields.items() if not (field.description or "").strip()]


def test_no_cell_of_the_reference_of_scenarios_is_empty() -> None:
    text = (ROOT / "docs" / "reference" / "scenario.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)`(?: \(needed\))? \| (.*?) \| (.*?) \| .*\|$", text, re.MULTILINE)
    assert len(rows) > 100
    assert not [name for name, meaning, takes in rows if not (meaning.strip() and takes.strip())]


FIELD_WORDS = re.findall(
    r"\w+",
    """
    tensor_parallel pipeline_parallel virtual_stages context_parallel expert_parallel data_parallel sharding
    sequence_parallel recompute micro_batch_size global_batch_size num_micro_batches num_layers hidden_size
    ffn_hidden_size num_attention_heads num_kv_heads vocab_size sequence_length num_experts experts_per_token mfu hfu
    goodput mtbf mttr checkpoint_interval pue it_power facility_power capex opex h100_equivalents
    """,
)


@pytest.mark.parametrize("word", FIELD_WORDS)
def test_the_field_s_own_words_are_explained(word: str) -> None:
    assert word in GLOSSARY


def test_a_made_up_word_is_not_explained() -> None:
    assert "warp_factor" not in GLOSSARY
