"""What runs out of memory: configurations of which it is known, and the document that counts them."""

from dataclasses import replace

import pytest

from lindos.catalog import load_catalog
from lindos.errors import InputError
from lindos.problem.plan import Recompute
from lindos.transformer import model_flops_per_token, num_params
from lindos.validation import Score, document, read_layouts, read_runs, validate
from lindos.validation.predict import predict
from validation_rows import rows


@pytest.fixture(scope="module")
def layouts() -> Score:
    return validate(read_layouts())


def test_most_failures_are_caught_and_few_runs_refused(layouts: Score) -> None:
    fits = layouts.fits
    assert (fits.ran, fits.failed) == (143, 257)
    assert fits.failed_caught / fits.failed >= 0.85
    assert fits.ran_refused / fits.ran <= 0.01


def test_kernels_of_norms_may_be_unknown() -> None:
    """Without the column every norm counts as one that is not fused."""
    rows = [replace(row, run=replace(row.run, norm_kernel="")) for row in read_layouts()]
    fits = validate(rows).fits
    assert fits.failed_caught / fits.failed >= 0.85
    assert fits.ran_refused / fits.ran <= 0.02


def test_the_document_counts_what_fits(layouts: Score) -> None:
    counts = document(layouts)["fits"]
    assert set(counts) == {"ran", "ran_refused", "failed", "failed_caught"}
    status = {result.status for result in layouts.results}
    assert status == {"predicted", "too_large"}
    assert sum(result.status == "too_large" for result in layouts.results) == (
        counts["ran_refused"] + counts["failed_caught"]
    )


def test_what_a_row_states_of_its_kernels_changes_its_memory() -> None:
    row = next(row for row in read_layouts() if row.run.attention_kernel == "flash-2" and row.run.recompute == "none")
    catalog = load_catalog()

    def needed(**changes: object) -> float:
        ready = predict(replace(row.run, **changes), catalog).prepared  # type: ignore[arg-type]
        assert ready is not None
        return float(ready.chosen.needed)

    assert needed(attention_kernel="torch") > needed()
    assert needed(norm_kernel="fused") < needed(norm_kernel="torch")
    assert needed(is_compiled=True) < needed()
    assert needed(recompute="selective", recompute_modules="mlp") < needed(recompute="selective")
    unknown = predict(replace(row.run, recompute_modules="everything"), catalog)
    assert unknown.category == "recomputation that Lindos does not model"


def test_a_recipe_fixes_what_a_table_does_not_print() -> None:
    """The same model in two containers of one publisher: other dispatcher, graphs and overlap, by version alone."""
    rows_by_id = {row.run.id: row for row in read_runs()}
    old, new = (validate([rows_by_id[name]]).results[0].prediction.prepared for name in ("mbridge-188", "mbridge-008"))
    assert old is not None and new is not None
    assert not old.job.stack.overlaps_experts and new.job.stack.overlaps_experts
    assert not old.job.stack.graphs_experts and new.job.stack.graphs_experts
    assert new.job.stack.attention_format == "fp8"
    assert old.balanced and new.balanced
    grok = validate([rows_by_id["dgxc-007"]]).results[0].prediction.prepared
    assert grok is not None
    assert not grok.job.stack.waits_for_sizes
    assert float(grok.job.stack.overlap_tensor_parallel.value) == 0.0


def test_a_publication_corrects_what_its_table_was_read_as() -> None:
    """Its parameters, utilisation or text settle a shape or a degree that whoever copied the table assumed."""
    rows_by_id = {row.run.id: row for row in read_runs()}
    names = ("msmoe-001", "msmoe-006", "amsp-009", "levanter-002")
    ready = {name: validate([rows_by_id[name]]).results[0].prediction.prepared for name in names}
    models = {name: run.job.model for name, run in ready.items() if run is not None}
    plans = {name: run.chosen.plan for name, run in ready.items() if run is not None}
    assert rows_by_id["msmoe-006"].run.num_shared_experts == 0
    assert num_params(models["msmoe-006"]) == pytest.approx(352e9, rel=2e-3)
    # Its MFU of 32.48 % at 1,137 tokens a second and device.
    assert model_flops_per_token(models["msmoe-006"], 8192) == pytest.approx(0.3248 * 989e12 / 1137, rel=1e-2)
    assert (plans["msmoe-001"].expert_parallel, plans["msmoe-001"].expert_tensor_parallel) == (1, 8)
    assert plans["msmoe-006"].expert_parallel == 8
    # 880 tokens a second and device are 51 % of 312 TFLOP/s over the full mask.
    flops = model_flops_per_token(models["amsp-009"], 4096, full_mask=True)
    assert 880 * flops / 312e12 == pytest.approx(0.51, abs=0.01)
    assert int(plans["levanter-002"].recompute) == int(Recompute.FULL)


def test_a_word_for_recomputation_is_what_its_software_means() -> None:
    """NeMo's recipes of 2023 name no layer, and compute attention again in every layer."""
    row = next(row for row in read_runs() if row.run.id == "nemolaunch-001")
    assert row.run.recompute == "none"
    prediction = validate([row]).results[0].prediction
    assert prediction.prepared is not None
    assert int(prediction.prepared.chosen.plan.recompute) == int(Recompute.SELECTIVE)
    assert "selective recompute" in prediction.reason


def test_software_has_the_age_of_its_release() -> None:
    rows_by_id = {row.run.id: row for row in read_runs()}
    ready = {
        name: validate([rows_by_id[name]]).results[0].prediction.prepared
        for name in ("mbridge-288", "nemolaunch-013", "amsp-001", "internevo-012", "mbridge-032")
    }
    stacks = {name: run.job.stack for name, run in ready.items() if run is not None}
    assert (stacks["mbridge-288"].release, stacks["nemolaunch-013"].release) == ("2025-09", "2024-05")
    assert (stacks["amsp-001"].attention, stacks["internevo-012"].attention) == ("flash-2", "flash-1")
    assert stacks["mbridge-288"].gradients == "bf16" and stacks["mbridge-288"].low_precision_gather
    kept = ready["mbridge-032"]  # NVFP4 with its last layers in BF16
    assert kept is not None and kept.stated == ("training.nvfp4_bf16_share",)
    assert float(kept.assumptions.nvfp4_bf16_share.value) == pytest.approx(14 / 88, abs=1e-3)


def test_a_failed_run_has_no_value() -> None:
    ran_out = rows({"measured_metric": "out_of_memory", "measured_value": ""})
    scored = validate(ran_out)
    assert scored.overall is None
    assert (scored.fits.failed, scored.fits.ran) == (1, 0)
    with pytest.raises(InputError, match="empty where the run ran out of memory"):
        rows({"measured_metric": "out_of_memory", "measured_value": "1.0"})
