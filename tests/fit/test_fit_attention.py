"""The attention fit finds parameters that made its data, through the cache that an inference engine writes."""

from dataclasses import replace

import numpy as np
import pytest

import fit_attention
import measured
from lindos.catalog import load_catalog

TRUE = {
    "attention_partial_wave": 1.2,
    "attention_fill_keys": 150.0,
    "attention_softmax_dim": 40.0,
    "launch": 1e-5,
    "cache_passes": 3.0,
}


def made(rate: float) -> fit_attention.Attention:
    rng = np.random.default_rng(1)
    heads = rng.choice([4, 8, 16, 32, 64], 1500)
    table = {
        "batch_size": rng.choice([1, 2, 4, 8, 16], 1500),
        "isl": rng.choice([512, 1024, 2048, 4096, 8192, 16384], 1500),
        "num_heads": heads,
        "num_key_value_heads": np.minimum(heads, rng.choice([4, 8, 64], 1500)),
        "head_dim": rng.choice([64, 128, 256], 1500),
    }
    empty = fit_attention.Attention(device="made", num_processors=132, memory=3e12, table=table)
    seconds = fit_attention.time(empty, rate, TRUE) * np.exp(rng.normal(0, 0.05, 1500))
    return replace(empty, table=table | {"seconds": seconds})


def test_parameters_that_made_the_data_are_found() -> None:
    rates, found = fit_attention.fit([made(600e12), made(1200e12)], {})
    assert rates == pytest.approx((600e12, 1200e12), rel=0.03)
    assert found == pytest.approx(TRUE, rel=0.15)


def test_every_device_states_its_error_and_its_backward_rate() -> None:
    catalog = load_catalog()
    for device in measured.DEVICES:
        kernels = catalog.kernels(f"{device}-kernels")
        assert "kernels left out: median" in kernels.attention_forward.note
        assert kernels.attention_backward.low < kernels.attention_backward.value < kernels.attention_forward.value
