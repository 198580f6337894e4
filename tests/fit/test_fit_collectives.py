"""The collectives' fit finds parameters that made its data."""

from dataclasses import replace

import numpy as np
import pytest

import fit_collectives
from lindos.catalog import load_catalog

TRUE = {"base_latency": 3e-6, "efficiency": 0.8, "chunk_cost": 6e-6, "reduction_efficiency": 0.55}


def made() -> fit_collectives.Collectives:
    rng = np.random.default_rng(2)
    table = {
        "op_name": rng.choice(["all_gather", "reduce_scatter", "all_reduce", "alltoall"], 400),
        "num_gpus": rng.choice([4, 8], 400),
        "bytes": 2.0 ** rng.uniform(23, 29, 400),
    }
    empty = fit_collectives.Collectives("made", 450e9, table)
    seconds = fit_collectives.time(empty, TRUE) * np.exp(rng.normal(0, 0.02, 400))
    return replace(empty, table=table | {"seconds": seconds})


def test_parameters_that_made_the_data_are_found() -> None:
    found = fit_collectives.fit([made()], tuple(fit_collectives.BOUNDS))
    assert found["efficiency"] == pytest.approx(0.8, rel=0.03)
    assert found["reduction_efficiency"] == pytest.approx(0.55, rel=0.03)
    assert found["chunk_cost"] == pytest.approx(6e-6, rel=0.25)


def test_measured_networks_state_their_error() -> None:
    for name in fit_collectives.FABRICS.values():
        fabric = load_catalog().fabric(name)
        assert "kernels left out: median" in fabric.efficiency.note
        assert fabric.chunk_cost.low < fabric.chunk_cost.value < fabric.chunk_cost.high
