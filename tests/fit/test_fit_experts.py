"""Layers of experts follow from single products, through everything in them that is not one."""

from dataclasses import replace

import numpy as np
import pytest

import fit_experts

PRODUCTS = {
    "fill_depth": 100.0,
    "partial_wave": 0.2,
    "burst": 0.1,
    "operand_fraction": 0.7,
    "launch_latency": 2.5e-6,
}


def test_what_is_not_a_product_is_found() -> None:
    rng = np.random.default_rng(3)
    table = {
        "num_tokens": rng.choice([512, 2048, 8192, 16384], 600),
        "topk": np.full(600, 8),
        "num_experts": rng.choice([16, 32, 64], 600),
        "moe_ep_size": rng.choice([1, 2, 4, 8], 600),
        "moe_tp_size": np.ones(600),
        "hidden_size": rng.choice([2048, 4096, 7168], 600),
        "inter_size": rng.choice([1024, 2048, 4096], 600),
    }
    empty = fit_experts.Layers("made", 132, 3e12, table)
    true = np.log([1.8, 6.0, 3e-5])
    seconds = fit_experts.time(empty, 750e12, PRODUCTS, true) * np.exp(rng.normal(0, 0.02, 600))
    made = replace(empty, table=table | {"seconds": seconds})
    assert fit_experts.fit([made], [750e12], [PRODUCTS]) == pytest.approx(true, abs=0.15)
