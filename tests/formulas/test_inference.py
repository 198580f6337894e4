"""Caches, batches and rates of serving, by hand."""

import pytest

from lindos.formulas import inference


def test_cache_of_llama_3_70b_is_320_kib_a_token() -> None:
    assert inference.gqa_cache_per_token(80, 8, 128, 2) == 327_680


def test_cache_of_deepseek_v3_is_a_hundredth_of_multi_head() -> None:
    latent = inference.mla_cache_per_token(61, 512, 64, 2)
    assert latent == 70_272
    assert latent / inference.gqa_cache_per_token(61, 128, 128, 2) < 0.02


@pytest.mark.parametrize(("weights", "devices"), [(40e9, 1), (80e9, 1), (81e9, 2), (672e9, 16)])
def test_replica_is_a_power_of_two(weights: float, devices: int) -> None:
    assert float(inference.devices_per_replica(weights, 80e9)) == devices


def test_decode_step_takes_the_longer_side() -> None:
    assert float(inference.decode_step_time(10.0, 100.0, 10.0, 20.0, 1.0, 1.0, 0.5)) == 10.5
    assert float(inference.decode_step_time(10.0, 100.0, 10.0, 10.0, 1.0, 1.0, 0.0)) == 20.0


def test_rate_of_prompts_by_hand() -> None:
    assert inference.prefill_rate(1e15, 1e12) == 1000.0
