"""Memory formulas against the numbers of the papers they are from."""

import numpy as np
import pytest

from lindos.formulas.memory import activation_bytes, fragmented_bytes, micro_batches_in_flight, sharded_bytes

PARAMS, RANKS = 7.5e9, 64.0


@pytest.mark.parametrize(
    ("sharded", "published_gb"),
    [((), 120.0), ((12.0,), 31.4), ((12.0, 2.0), 16.6), ((12.0, 2.0, 2.0), 1.9)],
    ids=["none", "optimizer", "gradients", "parameters"],
)
def test_the_example_of_the_zero_paper(sharded: tuple[float, ...], published_gb: float) -> None:
    """Figure 1: 16 bytes a parameter of 7.5 billion, over 64 ranks."""
    whole = 16.0 - sum(sharded)
    total = sharded_bytes(PARAMS, whole, 1.0) + sum(sharded_bytes(PARAMS, each, RANKS) for each in sharded)
    assert total / 1e9 == pytest.approx(published_gb, abs=0.05)


def test_a_layer_of_gpt3_keeps_34_bytes_per_token_and_hidden_size() -> None:
    """Without attention scores, micro-batch 1 of 2,048 tokens: 34 x 2048 x 12288, 0.86 GB."""
    assert activation_bytes(34.0 * 12_288, 2048.0, 1.0, 1.0) == 34 * 2048 * 12_288


@pytest.mark.parametrize(
    ("virtual", "stage", "expected"), [(1, 0, 8), (1, 7, 1), (1, 3, 5), (2, 0, 11.5), (3, 0, 8 + 7 / 3), (2, 7, 4.5)]
)
def test_micro_batches_in_flight(virtual: int, stage: int, expected: float) -> None:
    assert micro_batches_in_flight(64.0, 8.0, virtual, stage) == pytest.approx(expected)


def test_no_more_in_flight_than_there_are() -> None:
    assert micro_batches_in_flight(4.0, 8.0, 2.0, 0.0) == 4
    assert micro_batches_in_flight(64.0, 1.0, 1.0, 0.0) == 1


def test_interleaving_is_the_penalty_of_the_paper() -> None:
    stages, virtual = 16.0, np.array([2.0, 4.0, 8.0])
    penalty = micro_batches_in_flight(256.0, stages, virtual, 0.0) / stages
    np.testing.assert_allclose(penalty, 1 + (stages - 1) / (stages * virtual))


def test_fragmentation_is_a_share() -> None:
    assert fragmented_bytes(40e9, 0.05) == 2e9
