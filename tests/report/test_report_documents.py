"""What commands print with --json keeps to the schema that `lindos schema --of` prints."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from lindos.catalog import load_catalog
from lindos.cli import exit_code
from lindos.cli.schema import command as schema_command
from lindos.report import DOCUMENTS, results_schema
from lindos.report.sweep import sweep_document
from lindos.sweep import Journal, LocalEngine, context_of, summary
from sweep_helpers import answered, sweep_of

GRID = """
scenario: one-node
ask: [step]
grid: {job.sequence_length: [4096]}
sample: {count: 2, fields: {site.electricity_price: {low: $0.03/kWh, high: $0.1/kWh}}}
"""
CONFIG = {
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "vocab_size": 128256,
}


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert exit_code([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def errors(document: str, content: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(results_schema(document)).iter_errors(content)]


def test_a_sweep_keeps_to_its_schema(tmp_path: Path) -> None:
    sweep = sweep_of(tmp_path, GRID)
    finished = answered(sweep, LocalEngine(context_of(sweep), 1), tmp_path / "out")
    with Journal(tmp_path / "out", resume=True) as journal:
        content = json.loads(json.dumps(sweep_document(sweep, finished, summary(sweep, journal)), allow_nan=False))
    assert not errors("sweep", content)
    assert content["results"]["sweep.scenarios"]["value"] == 2
    assert errors("sweep", {**content, "more": 1})
    assert errors("sweep", {key: value for key, value in content.items() if key != "files"})


def test_the_catalogue_keeps_to_its_schemas(capsys: pytest.CaptureFixture[str]) -> None:
    entries = printed(capsys, "catalog", "list")
    assert not errors("catalog-list", entries)
    firsts = {entry["kind"]: entry["name"] for entry in reversed(entries)}
    assert len(firsts) >= 8
    for name in (*firsts.values(), "llama-3.1-405b", "deepseek-v3"):
        content = printed(capsys, "catalog", "show", name)
        assert not errors("catalog-show", content), name
    assert {entry["kind"] for entry in entries} == {kind for kind, *_ in load_catalog().entries()}


def test_a_configuration_keeps_to_its_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    content = printed(capsys, "catalog", "show", str(tmp_path / "config.json"))
    assert not errors("catalog-show-config", content)
    assert errors("catalog-show", content)


def test_every_document_has_a_schema_that_is_printed() -> None:
    choices = next(option for option in schema_command.params if option.name == "document").type
    assert list(choices.choices) == list(DOCUMENTS)  # type: ignore[attr-defined]
    for document in DOCUMENTS:
        text = CliRunner().invoke(schema_command, ["--of", document]).output
        Draft202012Validator.check_schema(json.loads(text))
    plain = CliRunner().invoke(schema_command, ["--results"]).output
    assert json.loads(plain) == results_schema("answer")
