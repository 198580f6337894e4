"""The scaling law, by hand and by search."""

import numpy as np
import pytest

from lindos.formulas import scaling

REPLICATION = {
    "params_coefficient": 482.01,
    "params_exponent": 0.3478,
    "tokens_coefficient": 2085.43,
    "tokens_exponent": 0.3658,
}


def test_llama_3_took_38_yottaflop() -> None:
    assert scaling.training_flop(405e9, 15.6e12, 6.0) == pytest.approx(3.79e25, rel=1e-3)


def test_tokens_from_flop_inverts_training_flop() -> None:
    assert scaling.tokens_from_flop(scaling.training_flop(7e9, 2e12, 6.0), 6.0 * 7e9) == pytest.approx(2e12)


def test_optimal_params_are_found_by_search_too() -> None:
    product = 1e22
    params = np.geomspace(1e8, 1e13, 20_001)
    losses = scaling.loss(params, product / params, 1.8172, **REPLICATION)
    best = params[np.argmin(losses)]
    assert float(scaling.optimal_params(product, **REPLICATION)) == pytest.approx(best, rel=2e-3)


def test_loss_never_goes_below_the_irreducible() -> None:
    assert scaling.loss(1e30, 1e30, 1.8172, **REPLICATION) == pytest.approx(1.8172, abs=1e-6)
