"""Predictions: blind to what was measured, under the row's own plan, with a sentence for what was filled in."""

import csv
import io
import random
from dataclasses import fields

import pytest

from lindos.catalog import load_catalog
from lindos.validation import Row, Run, parse_runs, predict, read_runs, validate
from lindos.validation.sources import rules, stack_of
from validation_rows import row, rows

CATALOG = load_catalog()
UNREAD = ("measured_metric", "measured_value", "mfu_reported", "note", "second_metric", "second_value")


def test_what_was_measured_never_reaches_a_prediction() -> None:
    """Scrambled, the columns that a prediction must not read change no prediction by a bit."""
    from importlib.resources import files

    data = files("lindos.validation").joinpath("training_runs.csv").read_text(encoding="utf-8")
    records = list(csv.DictReader(io.StringIO(data)))[::5]
    scrambled = [dict(record) for record in records]
    luck = random.Random(1)
    metrics = ("tokens_per_s_per_gpu", "step_time_s", "tflops_per_gpu", "mfu")
    for record in scrambled:
        record["measured_metric"] = luck.choice(metrics)
        record["measured_value"] = str(luck.uniform(0.1, 1e4))
        record["mfu_reported"] = str(luck.random())
        record["note"] = luck.choice(records)["note"]
        record["second_metric"] = luck.choice(("tflops_per_gpu", "peak_alloc_GiB"))
        record["second_value"] = str(luck.uniform(1, 100))

    def predicted(of: list[dict[str, str]]) -> list[tuple[float | None, str, object, object]]:
        text = io.StringIO()
        writer = csv.DictWriter(text, of[0].keys())
        writer.writeheader()
        writer.writerows(of)
        found = validate(parse_runs(text.getvalue().encode()), CATALOG).results
        return [(one.prediction.time, one.prediction.reason, one.low, one.high) for one in found]

    assert predicted(records) == predicted(scrambled)


def test_a_run_holds_nothing_measured() -> None:
    names = {field.name for field in fields(Run)}
    assert not names & {*UNREAD, "value", "metric", "mfu", "flops_definition", "peak_memory"}


def test_every_shipped_row_has_a_prediction_or_a_reason() -> None:
    for one in validate(read_runs()[::7], CATALOG).results:
        assert (one.prediction.time is not None) != bool(one.prediction.category)
        if one.prediction.time is None:
            assert one.prediction.reason


def test_a_row_that_states_everything_has_nothing_filled_in() -> None:
    found = predict(row(sequence_parallel="0").run, CATALOG)
    assert found.reason == ""
    assert found.prepared is not None
    plan = found.prepared.chosen.plan
    assert (plan.data_parallel, plan.micro_batch_size, plan.recompute) == (8, 1, 1)


def test_a_plan_that_takes_other_devices_than_the_row_says_so() -> None:
    found = predict(row(tp="4").run, CATALOG)
    assert found.time is not None
    assert "the plan as stated takes 32 devices, not 8" in found.reason


def test_the_least_recompute_that_fits_is_chosen() -> None:
    small = predict(row(recompute="").run, CATALOG)
    large = predict(row(recompute="", micro_batch="8", seq_len="32768").run, CATALOG)
    assert small.prepared is not None
    assert large.prepared is not None
    assert small.prepared.chosen.plan.recompute < large.prepared.chosen.plan.recompute
    assert "recompute" in small.reason


def test_virtual_stages_and_micro_batch_are_chosen() -> None:
    found = predict(row(gpus="32", pp="4", dp="8", vpp="", micro_batch="", global_batch="32").run, CATALOG)
    assert found.prepared is not None
    assert found.prepared.chosen.plan.virtual_stages > 1
    assert "virtual stages" in found.reason
    assert "micro-batch" in found.reason


def test_a_row_without_a_plan_gets_the_fastest_that_holds() -> None:
    found = predict(row(tp="", pp="", cp="", dp="", micro_batch="", zero_or_fsdp="").run, CATALOG)
    assert found.time is not None
    assert "the fastest feasible plan" in found.reason


def test_replicas_without_a_micro_batch_split_the_sequence() -> None:
    found = predict(row(gpus="64", dp="64", global_batch="16").run, CATALOG)
    assert found.prepared is not None
    assert found.prepared.chosen.plan.context_parallel == 4
    assert "context parallel 4" in found.reason


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({"model_name": "Nobody-1B", "layers": ""}, "no shape of the model in row or catalogue"),
        ({"accelerator": "Abacus"}, "accelerator that the catalogue does not describe"),
        ({"accelerator": ""}, "the row names no accelerator"),
        ({"precision": "fp3"}, "precision that Lindos does not model"),
        ({"accelerator": "A100-80GB", "precision": "fp8"}, "precision that the accelerator does not have"),
        ({"gpus": "", "dp": ""}, "the row gives no number of devices"),
        ({"gpus": "8", "tp": "16", "dp": ""}, "the degrees take more devices than the row has"),
        ({"heads": "32", "kv_heads": "7"}, "the shape contradicts itself"),
    ],
)
def test_what_cannot_be_predicted_says_why(change: dict[str, str], category: str) -> None:
    found = predict(row(**change).run, CATALOG)
    assert found.time is None
    assert found.category == category


def test_what_the_row_states_wins_over_the_catalogue() -> None:
    proxy = predict(row(layers="8").run, CATALOG)
    whole = predict(row().run, CATALOG)
    assert proxy.time is not None
    assert whole.time is not None
    assert proxy.time < whole.time / 2


def test_the_catalogue_fills_what_the_row_lacks() -> None:
    found = predict(row(layers="", hidden="", heads="", kv_heads="", ffn="", vocab="", head_dim="").run, CATALOG)
    assert found.prepared is not None
    assert found.prepared.job.model.num_layers == 32
    assert "from the catalogue" in found.reason


def test_latent_attention_gets_its_ranks() -> None:
    (one,) = rows({"model_name": "X", "attention_kind": "mla", "hidden": "7168", "heads": "128", "kv_heads": "128"})
    found = predict(one.run, CATALOG)
    assert found.prepared is not None
    assert found.prepared.job.model.kv_lora_rank == 512


def test_the_machine_of_a_source_is_its_own() -> None:
    plain = predict(row().run, CATALOG)
    slow = predict(row(source="torchtitan 2024-12 Table 1").run, CATALOG)
    assert plain.prepared is not None
    assert slow.prepared is not None
    assert slow.prepared.pool.accelerator.memory_bandwidth.value == 2.4e12
    ratio = slow.prepared.pool.accelerator.peak_bf16.value / plain.prepared.pool.accelerator.peak_bf16.value
    assert ratio == pytest.approx((500 / 700) ** (1 / 3))


def of(**change: str) -> Row:
    return row(**change)


@pytest.mark.parametrize(
    ("change", "stack"),
    [
        ({"source": "NVIDIA Megatron-Bridge performance summary, container 26.08"}, "megatron-bridge"),
        ({"source": "NVIDIA Megatron-Bridge performance summary, container 25.11"}, "megatron-bridge-2025"),
        ({"source": "Narayanan et al. 2021, Table 2", "zero_or_fsdp": "zero3"}, "megatron-deepspeed"),
        ({"source": "Narayanan et al. 2021, Table 2", "zero_or_fsdp": "none"}, "megatron-2021"),
        ({"source": "unheard of", "accelerator": "TPUv5p"}, "maxtext"),
        ({"source": "unheard of", "zero_or_fsdp": "fsdp2"}, "fsdp"),
        ({"source": "unheard of", "zero_or_fsdp": "fsdp2", "compiled": "1"}, "torchtitan"),
        ({"source": "unheard of", "software": "a code of ours"}, "pytorch-parallel"),
        ({"source": "unheard of", "software": "NeMo", "software_year": "2025"}, "megatron-core-2025"),
        ({"software": "nemo", "software_year": "2023", "accelerator": "A100-80GB"}, "megatron-2023"),
        ({"software": "megatron-lm", "software_year": "2021"}, "megatron-2021"),
        ({"source": "unheard of"}, "megatron-core-2025"),
    ],
)
def test_a_source_names_its_software(change: dict[str, str], stack: str) -> None:
    assert stack_of(of(**change).run) == stack


def test_every_stack_of_the_table_is_in_the_catalogue() -> None:
    for rule in rules().stacks:
        CATALOG.stack(rule.stack)
        if rule.sharded:
            CATALOG.stack(rule.sharded)


def test_no_stack_has_more_than_four_fitted_numbers() -> None:
    for name in CATALOG.names("stacks"):
        facts = [fact for _, fact in CATALOG.facts("stacks", name)]
        own = [fact for fact in facts if fact.path.startswith(f"stacks.{name}.") and "fitted" in fact.note]
        assert len(own) <= 4, name


def test_a_power_limit_and_a_memory_that_a_row_states_are_those_of_its_device() -> None:
    plain, limited, small = (
        predict(row(**cells).run, CATALOG) for cells in ({}, {"power_limit_w": "500"}, {"memory_gb": "60"})
    )
    assert plain.time is not None
    assert limited.time is not None
    assert limited.time > 1.02 * plain.time
    assert small.prepared is not None
    assert small.prepared.chosen.capacity == 60e9


def test_a_router_that_is_forced_to_balance_has_no_busiest_rank() -> None:
    cells = {
        "model_name": "Mixtral-8x7B",
        "layers": "32",
        "n_experts": "8",
        "topk": "2",
        "expert_ffn": "14336",
        "ep": "8",
    }
    balanced, real = (predict(row(router=word, **cells).run, CATALOG) for word in ("balanced", "real"))
    assert balanced.time is not None
    assert real.time is not None
    assert balanced.time < real.time
