from dataclasses import replace

import pytest

from lindos import transformer
from lindos.errors import InputError
from step_fixtures import DENSE, LATENT_EXPERTS


def test_parameters_of_a_small_model_add_up_by_hand():
    tiny = replace(DENSE, num_layers=2, hidden_size=4, num_attention_heads=2, num_kv_heads=1, head_dim=2)
    tiny = replace(tiny, ffn_hidden_size=8, vocab_size=10)
    attention = 4 * (2 + 1 + 1) * 2 + 2 * 2 * 4
    feed_forward = 3 * 4 * 8
    assert transformer.num_params(tiny) == 2 * (attention + feed_forward) + 2 * 10 * 4
    assert transformer.num_params(replace(tiny, tied_embeddings=True)) == 2 * (attention + feed_forward) + 10 * 4
    assert transformer.num_params(replace(tiny, gated=False)) == 2 * (attention + 2 * 4 * 8) + 2 * 10 * 4


def test_published_shape_of_experts_and_latent_attention():
    assert transformer.num_params(LATENT_EXPERTS) == pytest.approx(671e9, rel=0.001)
    assert transformer.active_params(LATENT_EXPERTS) == pytest.approx(37.6e9, rel=0.002)
    extra = transformer.num_params(LATENT_EXPERTS, mtp=True) - transformer.num_params(LATENT_EXPERTS)
    assert extra == pytest.approx(11.6e9, rel=0.02)  # one expert layer and the projection that joins two states


def test_model_flops_count_the_causal_mask_half():
    attention_full = 12 * DENSE.num_layers * DENSE.num_attention_heads * DENSE.head_dim * 4096
    linear = 6 * (
        transformer.num_params(DENSE) - DENSE.vocab_size * DENSE.hidden_size
    )  # looking up an embedding is free
    assert transformer.model_flops_per_token(DENSE, 4096) == pytest.approx(linear + attention_full / 2)
    assert transformer.model_flops_per_token(DENSE, 4096, full_mask=True) == pytest.approx(linear + attention_full)


def test_published_flops_of_deepseek_v3():
    # NVIDIA prints about 250 GFLOP a token without and 260 with the multi-token-prediction layer.
    assert transformer.model_flops_per_token(LATENT_EXPERTS, 4096, mtp=False) == pytest.approx(250e9, rel=0.02)
    assert transformer.model_flops_per_token(LATENT_EXPERTS, 4096) == pytest.approx(260e9, rel=0.03)


def test_a_window_sees_fewer_keys_and_costs_fewer_flops():
    windowed = replace(DENSE, sliding_window=128, num_windowed_layers=16)
    table = {row.name: row for row in transformer.operators(windowed, sequence_length=4096)}
    assert table["attention.core"].keys == 2048
    assert table["attention.windowed"].keys == 126
    assert transformer.model_flops_per_token(windowed, 4096) < transformer.model_flops_per_token(DENSE, 4096)
    assert transformer.num_params(windowed) == transformer.num_params(DENSE)


def test_every_second_layer_may_hold_experts():
    model = replace(DENSE, num_experts=8, experts_per_token=1, expert_ffn_hidden_size=1024, moe_layer_interval=2)
    table = {row.name: row for row in transformer.operators(model, sequence_length=128)}
    assert table["expert.up"].count == 16
    assert table["ffn.up"].count == 16
    beside = replace(model, dense_ffn_beside_experts=True, moe_layer_interval=1)
    table = {row.name: row for row in transformer.operators(beside, sequence_length=128)}
    assert (table["expert.up"].count, table["ffn.up"].count) == (32, 32)


def test_what_stays_in_bf16():
    kept = {row.name for row in transformer.operators(LATENT_EXPERTS, sequence_length=128) if row.kind.endswith("gemm")}
    low = {row.name for row in transformer.operators(LATENT_EXPERTS, sequence_length=128) if row.low_precision}
    assert kept - low == {"router", "head", "mtp.router", "mtp.head"}


def test_weights_by_how_they_spread():
    held = transformer.weights(LATENT_EXPERTS, mtp=False)
    assert held.expert == 58 * 256 * 3 * 7168 * 2048
    assert held.embedding == held.head == 129_280 * 7168
    assert held.total == transformer.num_params(LATENT_EXPERTS)


def test_an_attention_kind_it_does_not_know_is_named():
    with pytest.raises(InputError) as caught:
        transformer.operators(replace(DENSE, attention="lightning"), sequence_length=128)
    assert str(caught.value) == (
        "model.attention is 'lightning', but must be 'gqa' or 'mla'. Other attention kinds are not modelled."
    )


def test_a_dense_layer_saves_34_bytes_a_token_and_hidden_size_without_masks():
    """Korthikanti et al.: 34 bytes with dropout, of which two masks of a byte fall away here."""
    gpt = replace(DENSE, num_kv_heads=DENSE.num_attention_heads, ffn_hidden_size=4 * DENSE.hidden_size, gated=False)
    saved = [
        row.count * tensor.size(2.0)
        for row in transformer.layer_operators(gpt, is_expert=False)
        for tensor in row.saved
        if not tensor.unfused
    ]
    assert sum(saved) == 32 * gpt.hidden_size


def test_layers_and_tables_add_up_to_the_model():
    dense, experts = (transformer.layer_params(LATENT_EXPERTS, is_expert=is_expert) for is_expert in (False, True))
    layers = 3 * (dense.split + dense.replicated) + 58 * (experts.split + experts.replicated + experts.expert)
    assert layers + 2 * 129_280 * 7168 == transformer.num_params(LATENT_EXPERTS)


def test_every_row_has_a_role_of_its_part():
    table = transformer.operators(LATENT_EXPERTS, sequence_length=128)
    assert {row.role for row in table} == set(transformer.Role) - {transformer.Role.RECURRENCE}
    assert {row.role for row in table if row.kind is transformer.Kind.GROUPED_GEMM} == {transformer.Role.EXPERT}
    assert {row.role for row in table if row.place is transformer.Place.LAST} >= {
        transformer.Role.HEAD,
        transformer.Role.JOIN,
    }
