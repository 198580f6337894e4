"""Scores: definitions of FLOPs, errors, the JSON document, the CSV file, and one run taken apart."""

import csv
import io
import json
import sys

import pytest

from lindos.catalog import load_catalog
from lindos.errors import UnknownNameError
from lindos.problem.plan import Recompute, Sharding
from lindos.transformer import model_flops_per_token
from lindos.validation import document, explain_run, explanation_document, predict, predicted_csv, read_runs, validate
from lindos.validation.flops import DEFAULT, counted_flops, definition_of, measured_time
from lindos.validation.sharding import sharding_of
from validation_rows import row, rows

CATALOG = load_catalog()


def measured(**change: str) -> float:
    one = row(**change)
    ready = predict(one.run, CATALOG).prepared
    assert ready is not None
    time, _ = measured_time(one.measurement, ready)
    assert time is not None
    return time


def test_tokens_per_second_become_a_step_time() -> None:
    assert measured(measured_metric="tokens_per_s_per_gpu", measured_value="10000") == 8192 * 128 / (8 * 10_000)


def test_model_and_hardware_flops_differ_by_what_is_recomputed() -> None:
    usual = {"measured_metric": "tflops_per_gpu", "measured_value": "400", "recompute": "full"}
    model = measured(**usual, flops_definition_note="model TFLOP/s, full (non-causal) attention")
    hardware = measured(**usual, flops_definition_note="HARDWARE TFLOPs incl. recompute")
    causal = measured(**usual, flops_definition_note="causal attention halved")
    assert 1.25 < hardware / model < 1.34
    assert causal < model


def test_a_utilisation_is_of_the_peak_that_its_definition_names() -> None:
    usual = {"measured_metric": "mfu", "measured_value": "0.4", "precision": "fp8"}
    bf16 = measured(**usual, flops_definition_note="model FLOPs / 989")
    assert bf16 == pytest.approx(2 * measured(**usual, flops_definition_note="model FLOPs"), rel=1e-2)


def test_the_full_mask_counts_attention_twice() -> None:
    model = CATALOG.model("llama-3.1-8b")
    found = counted_flops(model, 8192, DEFAULT, Recompute.NONE)
    assert found == model_flops_per_token(model, 8192, full_mask=True)


def test_every_definition_of_the_shipped_runs_that_is_converted_is_known() -> None:
    for one in read_runs():
        if one.measurement.metric in ("tflops_per_gpu", "mfu"):
            assert definition_of(one.measurement) is not DEFAULT, one.run.id


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("zero3", (Sharding.PARAMETERS, 0, True)),
        ("zero1(8)", (Sharding.OPTIMIZER, 8, True)),
        ("fsdp(128)", (Sharding.PARAMETERS, 128, True)),
        ("fsdp 8 per VM, data parallel across VMs", (Sharding.PARAMETERS, 8, True)),
        ("ddp", (Sharding.OPTIMIZER, 0, True)),
        ("none", (Sharding.NONE, 0, True)),
        ("", (Sharding.OPTIMIZER, 0, False)),
    ],
)
def test_words_for_sharding(words: str, found: tuple[int, int, bool]) -> None:
    assert sharding_of(words, "optimizer") == found


def test_the_document_has_the_promised_form() -> None:
    found = document(validate(rows({}, {"precision": "fp3"}, {"measured_value": ""}), CATALOG))
    assert list(found) == [
        *("rows", "predicted", "median_abs_error", "mean_abs_error", "p90_abs_error", "bias", "coverage_80"),
        *("by", "source_median_error", "left_out", "memory", "fits", "not_predicted"),
    ]
    assert (found["rows"], found["predicted"]) == (3, 2)
    assert found["not_predicted"] == {"precision that Lindos does not model": 1}
    assert {"accelerator", "precision", "model_kind", "stack"} <= set(found["by"])
    assert found["by"]["accelerator"]["H100"]["rows"] == 1
    assert set(found["memory"]) == {"rows", "median_abs_error", "wrongly_infeasible"}
    json.dumps(found, allow_nan=False)


def test_without_a_measurement_there_is_no_error() -> None:
    found = document(validate(rows({"measured_value": "", "measured_metric": ""}), CATALOG))
    assert found["predicted"] == 1
    assert found["median_abs_error"] is None


def test_every_row_is_written() -> None:
    scored = validate(rows({}, {"precision": "fp3"}), CATALOG)
    lines = list(csv.DictReader(io.StringIO(predicted_csv(scored.results).decode())))
    assert list(lines[0]) == ["id", "measured_step_s", "predicted_step_s", "low_s", "high_s", "status", "reason"]
    assert lines[0]["status"] == "predicted"
    assert float(lines[0]["low_s"]) < float(lines[0]["predicted_step_s"]) < float(lines[0]["high_s"])
    assert lines[1]["status"] == "not_predicted"
    assert lines[1]["predicted_step_s"] == ""
    assert float(lines[1]["measured_step_s"]) == 12.5
    assert lines[1]["reason"]


def test_a_run_taken_apart_adds_up() -> None:
    scored = validate(rows({}, {"precision": "fp3"}), CATALOG)
    found = explain_run(scored, "test-000")
    assert sum(seconds for _, seconds in found.time) == pytest.approx(scored.results[0].prediction.time)
    assert found.plan
    assert found.memory
    assert "no prediction" in explain_run(scored, "test-001").statement
    json.dumps(explanation_document(found), allow_nan=False)
    with pytest.raises(UnknownNameError):
        explain_run(scored, "test-999")


def test_equal_runs_are_predicted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules["lindos.validation.score"]

    plain = module.predict
    predicted: list[str] = []
    monkeypatch.setattr(module, "predict", lambda run, *rest: predicted.append(run.id) or plain(run, *rest))
    counts: list[int] = []
    changes = [{}, {"measured_value": "9"}, {"gpus": "16", "dp": ""}, {"precision": "fp3"}, {"precision": "fp3"}]
    scored = validate(rows(*changes), CATALOG, counts.append)
    assert predicted == ["test-000", "test-002", "test-003"]
    assert counts == [1, 2, 3, 4, 5]
    alone = [result for change in changes for result in validate(rows(change), CATALOG).results]
    assert [one.prediction.time for one in scored.results] == [one.prediction.time for one in alone]
    assert [one.measured for one in scored.results] == [one.measured for one in alone]
    assert [one.prediction.id for one in scored.results] == [f"test-{index:03d}" for index in range(5)]
