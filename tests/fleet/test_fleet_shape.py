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
