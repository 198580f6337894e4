"""Shares that each lie within their bounds may not multiply to more than the peak."""

from pathlib import Path
from typing import Any

import pytest

from lindos.catalog import load_catalog
from lindos.errors import InconsistentError
from lindos.scenario.peaks import check_peaks
from lindos.scenario.read import scenario_from
from lindos.scenario.resolve import cluster_of, job_of

SCENARIO: dict[str, Any] = {
    "name": "x",
    "title": "t",
    "cluster": {"pools": [{"system": "hgx-h100", "gpus": "64"}]},
    "job": {"model": "llama-3.1-8b"},
}


def checked(tmp_path: Path, text: str, system: str = "hgx-h100", **job: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    catalog = load_catalog([tmp_path / "mine.yaml"])
    cluster = {"pools": [{"system": system, "gpus": "144"}]}
    scenario = scenario_from(SCENARIO | {"cluster": cluster, "job": SCENARIO["job"] | job})
    assert scenario.job and scenario.cluster
    check_peaks(job_of(scenario.job, catalog), cluster_of(scenario.cluster, "x", catalog), catalog)


@pytest.mark.parametrize("precision", ["bf16", "fp8"])
@pytest.mark.parametrize("stack", load_catalog().names("stacks"))
def test_every_shipped_stack_stays_below_the_peak(tmp_path: Path, stack: str, precision: str) -> None:
    checked(tmp_path, "", stack=stack, precision=precision)


def test_a_product_above_the_peak_names_all_shares(tmp_path: Path) -> None:
    text = "stacks: {megatron-core: {kernel_share: 1.25}}\nkernels: {h100-sxm-kernels: {matmul_bf16: 1}}"
    with pytest.raises(InconsistentError) as caught:
        checked(tmp_path, text)
    usual, hopper = (
        load_catalog().parameter(f"training.{name}_share_in_step", "1").value for name in ("kernel", "hopper")
    )
    share = usual * hopper
    assert share * 1.25 > 1
    assert str(caught.value) == (
        "stacks.megatron-core.kernel_share is 1.25 and kernels.h100-sxm-kernels.matmul_bf16 is 1.0, but the first must"
        f" be at most {1 / share:.2f}: with the second, parameters.training.kernel_share_in_step of {usual:.3g},"
        f" parameters.training.hopper_share_in_step of {hopper:.3g}"
        f" it makes {125 * share:.0f} % of the peak."
    )


def test_successors_of_blackwell_have_its_share_in_a_step(tmp_path: Path) -> None:
    catalog = load_catalog()
    kernels = catalog.kernels_of(catalog.accelerator("rubin-vr200")).name
    text = f"kernels: {{{kernels}: {{matmul_bf16: 1}}}}\nparameters: {{training: {{blackwell_share_in_step: 1.5}}}}"
    with pytest.raises(InconsistentError, match=r"blackwell_share_in_step of 1\.5"):
        checked(tmp_path, f"stacks: {{megatron-core: {{kernel_share: 1.25}}}}\n{text}", system="vera-rubin-nvl72")


@pytest.mark.parametrize(
    "text",
    [
        "stacks: {megatron-core: {attention_share: 1.25}}\nkernels: {h100-sxm-kernels: {attention_forward: 1}}",
        "stacks: {megatron-core: {memory_share: 1.25}}\nparameters: {training: {memory_share_in_step: 1}}",
    ],
)
def test_attention_and_memory_have_a_peak_as_well(tmp_path: Path, text: str) -> None:
    with pytest.raises(InconsistentError, match="of the peak"):
        checked(tmp_path, text)
