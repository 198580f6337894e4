"""Serving as published: both schemas, predictions that see no measurement, scores that count each condition once."""

import csv
import io
import random
import re
from dataclasses import replace
from functools import cache
from importlib.resources import files

import numpy as np
import pytest

from lindos.catalog import load_catalog
from lindos.errors import InputError
from lindos.validation.serving import (
    ServingScore,
    is_serving_file,
    predict_serving,
    read_serving,
    serving_csv,
    serving_document,
    serving_explanation,
    validate_serving,
)
from lindos.validation.serving.rows import SHIPPED, parse_serving

CATALOG = load_catalog()
HEADER = "id,source,model,accelerator,gpus,tp,pp,precision,input_len,output_len,concurrency_or_mode,metric,value,note"
ROW = 'a-1,me,Llama-3.1-70B,H100,4,4,1,fp8,1000,1000,"closed loop, concurrency 16",tpot_mean_ms,14.0,'


@cache
def shipped() -> ServingScore:
    return validate_serving(read_serving(), CATALOG)


def parsed(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join((header, *rows)).encode()


def data(name: str) -> bytes:
    return files("lindos.validation").joinpath(name).read_bytes()


@pytest.mark.parametrize("name", SHIPPED)
def test_both_schemas_are_known_by_their_header(name: str) -> None:
    assert is_serving_file(data(name))
    assert not is_serving_file(data("training_runs.csv"))


def test_mistakes_are_sentences_with_their_line() -> None:
    with pytest.raises(InputError, match=r"line 2.*gpus is 'x'|gpus is 'x'"):
        parse_serving(parsed(ROW.replace("H100,4,4", "H100,x,4")))
    with pytest.raises(InputError, match="metric is 'speed'"):
        parse_serving(parsed(ROW.replace("tpot_mean_ms", "speed")))
    with pytest.raises(InputError, match="header is 'without value'"):
        parse_serving(parsed(ROW, header=HEADER.replace(",value", ",worth")))
    with pytest.raises(InputError, match="without rows"):
        parse_serving(parsed())


def test_mlperf_s_queries_are_tokens_of_the_whole_system() -> None:
    (row,) = parse_serving(parsed("m,me,llama3.1-8b,B200,8,,,fp8,,,MLPerf Server,Queries/s,8000,"))
    assert row.measured.throughput == 1000


def test_no_measured_value_is_read_while_predicting() -> None:
    """Every measured column and every other number of the notes may be anything."""
    text = data("serving_runs_latency.csv").decode()
    measured = [c for c in next(csv.reader(io.StringIO(text))) if c == "value" or c.startswith(("ttft", "tpot"))]
    records = list(csv.DictReader(io.StringIO(text)))[::40]
    rng = random.Random(1)
    scrambled = []
    for record in records:
        changed = dict(record)
        for column in measured:
            if changed[column]:
                changed[column] = str(rng.uniform(0.1, 9.9))
        changed["note"] = re.sub(r"[0-9.]+ tok/s", f"{rng.random():.3f} tok/s", changed["note"])
        scrambled.append(changed)
    both = []
    for rows in (records, scrambled):
        out = io.StringIO()
        writer = csv.DictWriter(out, records[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        runs = [row.run for row in parse_serving(out.getvalue().encode())]
        both.append([(p.token, p.first, p.throughput) for p in predict_serving(runs, CATALOG)])
    assert both[0] == both[1]


def test_a_condition_counts_once_and_a_row_without_a_prediction_is_an_error() -> None:
    rows = [ROW, ROW.replace("a-1", "a-2").replace("14.0", "16.0"), ROW.replace("a-1", "a-3").replace("Llama-3.1", "X")]
    score = validate_serving(parse_serving(parsed(*rows)), CATALOG)
    part = score.metrics["tpot"]
    assert (part.rows, part.predicted) == (2, 1)
    errors = sorted((abs(score.rows[0].values["tpot"].predicted / 15e-3 - 1), 1.0))  # type: ignore[operator]
    assert part.median_abs_error == pytest.approx(float(np.median(errors)))
    assert score.not_predicted == {"a model that the catalogue does not describe": 1}


def test_time_of_a_token_is_near_what_was_measured() -> None:
    score = shipped()
    predicted = [row.values["tpot"] for row in score.rows if "tpot" in row.values and row.values["tpot"].predicted]
    errors = np.abs([value.error for value in predicted])
    assert np.median(errors) < 0.185
    assert score.slices["tpot"]["prompts"]["on the same engines"].predicted > 2500
    assert 0.7 < np.mean([value.covered for value in predicted]) < 0.9


def test_time_to_the_first_token_is_near_what_was_measured() -> None:
    part = shipped().metrics["ttft"]
    assert part.median_abs_error < 0.45
    assert part.p90_abs_error < 1.56


def test_throughput_is_near_what_was_measured() -> None:
    parts = shipped().slices["throughput"]["source"]
    assert parts["mlperfinf51"].median_abs_error < 0.2
    assert parts["trtllm"].median_abs_error < 0.27
    assert parts["inferencex-app"].median_abs_error < 0.25


def test_interactive_is_slower_than_offline_as_measured() -> None:
    """The same system within tighter limits: the ratio of throughputs, of every model that has both."""
    totals: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
    for row in shipped().rows:
        run, value = row.row.run, row.values.get("throughput")
        if run.slice == "mlperfinf51" and value is not None and value.predicted is not None:
            key = (run.model_name, run.accelerator, run.mode.rsplit(maxsplit=1)[-1])
            totals.setdefault(key, []).append((value.measured, value.predicted))
    errors = []
    for (model, device, mode), values in totals.items():
        if mode == "Interactive" and (model, device, "Offline") in totals:
            seen, made = np.mean(values, axis=0) / np.mean(totals[model, device, "Offline"], axis=0)
            assert made <= 1.0
            errors.append(abs(made / seen - 1))
    assert len(errors) >= 3
    assert np.median(errors) < 0.5


def test_the_document_has_metrics_and_top_level_errors() -> None:
    document = serving_document(shipped())
    assert set(document["metrics"]) == {"tpot", "ttft", "throughput"}
    assert document["median_abs_error"] == document["metrics"]["tpot"]["median_abs_error"]
    assert document["rows"] == len(read_serving())
    only = serving_document(validate_serving(parse_serving(data("serving_runs.csv")), CATALOG))
    assert only["median_abs_error"] == only["metrics"]["throughput"]["median_abs_error"]


def test_every_row_is_written() -> None:
    rows = list(csv.DictReader(io.StringIO(serving_csv(shipped()).decode())))
    assert len(rows) == len(read_serving())
    assert {row["status"] for row in rows} == {"predicted", "not_predicted"}
    assert all(row["reason"] for row in rows if row["status"] == "not_predicted")


def test_a_row_is_taken_apart() -> None:
    explanation = serving_explanation(shipped(), "aicsil-0001", CATALOG)
    assert "minimax-m2" in explanation.statement
    assert sum(seconds for _, seconds in explanation.step) > 0
    with pytest.raises(InputError, match="--explain"):
        serving_explanation(shipped(), "nobody", CATALOG)


def test_the_plan_of_a_row_decides() -> None:
    (row,) = parse_serving(parsed(ROW))
    wide = replace(row.run, tensor_parallel=8, num_devices=8)
    narrow, broad = predict_serving([row.run, wide], CATALOG)
    assert narrow.token is not None
    assert broad.token is not None
    assert broad.token < narrow.token


def test_engines_of_a_row_hold_the_weights() -> None:
    """One GPU that reads and one that writes cannot have run DeepSeek-R1."""
    (row,) = parse_serving(parsed(ROW.replace("Llama-3.1-70B,H100,4,4", "DeepSeek-R1,GB200,2,")))
    words = {"prefill_tp": 1, "decode_tp": 1, "prefill_moe_ep": 1, "decode_moe_ep": 1}
    run = replace(row.run, apart=True, tensor_parallel=None, in_flight=2048.0, plan=tuple(sorted(words.items())))
    (made,) = predict_serving([run], CATALOG)
    assert made.setup is not None
    assert made.condition is not None
    assert made.setup.grid.size >= 4
    assert "engines that hold the weights" in made.condition.filled


def test_sequences_share_a_latent_cache_where_that_is_faster() -> None:
    """A latent cache has no heads to split: with thousands in flight every device has its own, and readers keep up."""
    (row,) = parse_serving(parsed(ROW.replace("Llama-3.1-70B,H100,4,4", "DeepSeek-R1,H200,16,")))
    words = {"prefill_tp": 8, "decode_tp": 8, "prefill_moe_ep": 8, "decode_moe_ep": 8}
    run = replace(
        row.run, apart=True, tensor_parallel=None, in_flight=2048.0, prompt=8192.0, plan=tuple(sorted(words.items()))
    )
    stated = replace(run, plan=(*run.plan, ("decode_is_data", 0)))
    (free, bound) = predict_serving([run, stated], CATALOG)
    assert free.setup is not None
    assert bound.setup is not None
    assert free.setup.prompt_engines > 1
    assert (free.setup.grid.data, bound.setup.grid.data) == (8, 1)
