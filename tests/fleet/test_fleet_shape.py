"""A served model is counted from the same table as a trained one."""

from dataclasses import replace

import pytest

from lindos.catalog.model import Model
from lindos.fleet.shape import served
from lindos.transformer import num_params
from step_fixtures import DENSE, LATENT_EXPERTS

MODELS = (DENSE, replace(DENSE, tied_embeddings=True), LATENT_EXPERTS, replace(LATENT_EXPERTS, q_lora_rank=0))


@pytest.mark.parametrize("model", MODELS)
def test_parameters_are_those_of_training(model: Model) -> None:
    assert served(model, "bf16", 4096).num_params == num_params(model)
    assert served(model, "bf16", 4096).weights == 2 * num_params(model)


def test_active_parameters_by_hand() -> None:
    """All weights but the embedding of a dense model; eight of 256 experts of the other."""
    table = DENSE.vocab_size * DENSE.hidden_size
    assert served(DENSE, "bf16", 4096).num_active_params == num_params(DENSE) - table
    sparse = served(LATENT_EXPERTS, "bf16", 4096)
    resting = sparse.num_expert_params * (256 - 8) / 256
    assert sparse.num_active_params == num_params(LATENT_EXPERTS) - 129_280 * 7168 - resting


def test_a_tied_head_is_multiplied_all_the_same() -> None:
    tied = replace(DENSE, tied_embeddings=True)
    assert served(tied, "bf16", 4096).linear_flop == served(DENSE, "bf16", 4096).linear_flop


def test_windowed_layers_cache_keys_of_their_own() -> None:
    """24 layers keep a window of 16 heads; values are half as wide as keys."""
    model = replace(DENSE, v_head_dim=64, sliding_window=1024, num_windowed_layers=24, num_windowed_kv_heads=16)
    cached = served(model, "bf16", 4096)
    assert cached.cache_per_sequence == 2 * (128 + 64) * (8 * 8 * 4096 + 24 * 16 * 1024)
    assert cached.cache_per_token == 2 * (128 + 64) * (8 * 8 + 24 * 16)
    query, output = 32 * 128 * 4096, 32 * 64 * 4096
    mean_keys = (8 * 8 + 24 * 16) / 32 * (128 + 64) * 4096
    feed_forward = 3 * 4096 * 14336
    layers = 32 * (query + output + mean_keys + feed_forward)
    assert cached.num_params == layers + 2 * 128_000 * 4096
