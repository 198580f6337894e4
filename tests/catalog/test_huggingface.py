"""Real configurations by their key facts: the shape, and the parameters that it counts to."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from lindos.catalog import load_catalog
from lindos.catalog.huggingface import model_from_config, read_config
from lindos.errors import InconsistentError, InputError
from lindos.transformer import active_params, model_flops_per_token, num_params

LLAMA = {
    "model_type": "llama",
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14336,
    "vocab_size": 128256,
    "tie_word_embeddings": False,
}


MOE = LLAMA | {"num_local_experts": 8, "num_experts_per_tok": 2}


def config(model_type: str, **values: Any) -> dict[str, Any]:
    return {"model_type": model_type, **values}


def usual(
    kind: str, hidden: int, layers: int, heads: int, kv: int, ffn: int, vocab: int, **more: Any
) -> dict[str, Any]:
    return config(
        kind,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv,
        intermediate_size=ffn,
        vocab_size=vocab,
        **more,
    )


#: Architecture, its configuration, its parameters in billions as published, and shape fields to hold.
ARCHITECTURES: dict[str, tuple[dict[str, Any], float, dict[str, Any]]] = {
    "llama 3.1 8B": (LLAMA, 8.03, {"head_dim": 128, "gated": True}),
    "mistral 7B": (
        usual("mistral", 4096, 32, 32, 8, 14336, 32000, sliding_window=4096, tie_word_embeddings=False),
        7.24,
        {"sliding_window": 4096, "num_windowed_layers": 32},
    ),
    "mixtral 8x7B": (
        usual(
            "mixtral", 4096, 32, 32, 8, 14336, 32000, num_local_experts=8, num_experts_per_tok=2, sliding_window=None
        ),
        46.7,
        {"num_experts": 8, "experts_per_token": 2, "expert_ffn_hidden_size": 14336, "sliding_window": 0},
    ),
    "qwen3 30B A3B": (
        usual(
            *("qwen3_moe", 2048, 48, 32, 4, 6144, 151936),
            head_dim=128,
            num_experts=128,
            num_experts_per_tok=8,
            moe_intermediate_size=768,
            decoder_sparse_step=1,
            mlp_only_layers=[],
            use_sliding_window=False,
            sliding_window=4096,
        ),
        30.5,
        {"head_dim": 128, "num_experts": 128, "sliding_window": 0, "num_dense_layers": 0},
    ),
    "qwen2 57B A14B": (
        usual(
            *("qwen2_moe", 3584, 28, 28, 4, 18944, 151936),
            num_experts=64,
            num_experts_per_tok=8,
            moe_intermediate_size=2560,
            shared_expert_intermediate_size=20480,
        ),
        57.4,
        {"num_shared_experts": 8},
    ),
    "gemma 2 9B": (
        usual("gemma2", 3584, 42, 16, 8, 14336, 256000, head_dim=256, sliding_window=4096),
        9.24,
        {"tied_embeddings": True, "num_windowed_layers": 21},
    ),
    "gemma 3 12B": (
        config(
            "gemma3",
            text_config=usual(
                *("gemma3_text", 3840, 48, 16, 8, 15360, 262208),
                head_dim=256,
                sliding_window=1024,
                sliding_window_pattern=6,
            ),
        ),
        11.8,
        {"num_windowed_layers": 40, "head_dim": 256},
    ),
    "gpt2": (
        config("gpt2", n_embd=768, n_layer=12, n_head=12, vocab_size=50257, n_positions=1024),
        0.124,
        {"gated": False},
    ),
    "opt 66B": (
        config("opt", hidden_size=9216, num_hidden_layers=64, num_attention_heads=72, ffn_dim=36864, vocab_size=50272),
        66.0,
        {"ffn_hidden_size": 36864, "gated": False},
    ),
    "bloom 176B": (
        config("bloom", hidden_size=14336, n_layer=70, n_head=112, vocab_size=250880),
        176.0,
        {"ffn_hidden_size": 57344, "tied_embeddings": True},
    ),
    "falcon 7B": (
        config(
            "falcon",
            hidden_size=4544,
            num_hidden_layers=32,
            num_attention_heads=71,
            vocab_size=65024,
            multi_query=True,
            new_decoder_architecture=False,
        ),
        6.9,
        {"num_kv_heads": 1},
    ),
    "dbrx": (
        config(
            "dbrx",
            d_model=6144,
            n_layers=40,
            n_heads=48,
            vocab_size=100352,
            ffn_config={"moe_num_experts": 16, "moe_top_k": 4, "ffn_hidden_size": 10752},
            attn_config={"kv_n_heads": 8},
        ),
        132.0,
        {"num_experts": 16, "experts_per_token": 4, "num_kv_heads": 8},
    ),
    "deepseek v3": (
        usual(
            *("deepseek_v3", 7168, 61, 128, 128, 18432, 129280),
            q_lora_rank=1536,
            kv_lora_rank=512,
            qk_nope_head_dim=128,
            qk_rope_head_dim=64,
            v_head_dim=128,
            n_routed_experts=256,
            num_experts_per_tok=8,
            moe_intermediate_size=2048,
            n_shared_experts=1,
            first_k_dense_replace=3,
            moe_layer_freq=1,
            n_group=8,
            topk_group=4,
            num_nextn_predict_layers=1,
        ),
        671.0,
        {"attention": "mla", "num_dense_layers": 3, "num_mtp_layers": 1, "num_expert_groups": 8},
    ),
    "gpt-oss 120b": (
        usual(
            *("gpt_oss", 2880, 36, 64, 8, 2880, 201088),
            head_dim=64,
            num_local_experts=128,
            num_experts_per_tok=4,
            sliding_window=128,
            layer_types=["sliding_attention", "full_attention"] * 18,
            tie_word_embeddings=False,
        ),
        116.8,
        {"num_windowed_layers": 18, "sliding_window": 128, "head_dim": 64},
    ),
    "llama 4 maverick": (
        config(
            "llama4",
            text_config=usual(
                *("llama4_text", 5120, 48, 40, 8, 8192, 202048),
                head_dim=128,
                intermediate_size_mlp=16384,
                num_local_experts=128,
                num_experts_per_tok=1,
                interleave_moe_layer_step=2,
            ),
        ),
        400.0,
        {"num_moe_layers": 24, "num_shared_experts": 1, "ffn_hidden_size": 16384, "expert_ffn_hidden_size": 8192},
    ),
    "nemotron 4 340B": (
        usual("nemotron", 18432, 96, 96, 8, 73728, 256000, head_dim=192, tie_word_embeddings=False),
        340.0,
        {"gated": False, "head_dim": 192},
    ),
    "glm 4.5": (
        usual(
            *("glm4_moe", 5120, 92, 96, 8, 12288, 151552),
            head_dim=128,
            n_routed_experts=160,
            num_experts_per_tok=8,
            moe_intermediate_size=1536,
            n_shared_experts=1,
            first_k_dense_replace=3,
            num_nextn_predict_layers=1,
        ),
        355.0,
        {"num_dense_layers": 3, "num_mtp_layers": 1},
    ),
    "ernie 4.5 21B A3B": (
        usual(
            *("ernie4_5_moe", 2560, 28, 20, 4, 12288, 103424),
            head_dim=128,
            moe_num_experts=64,
            moe_num_shared_experts=2,
            moe_k=6,
            moe_intermediate_size=1536,
            moe_layer_start_index=1,
            moe_layer_end_index=27,
            moe_layer_interval=1,
        ),
        21.8,
        {"num_experts": 64, "experts_per_token": 6, "num_dense_layers": 1, "tied_embeddings": True},
    ),
    "minimax m2": (
        usual(
            *("minimax_m2", 3072, 62, 48, 8, 1536, 200064),
            head_dim=128,
            num_local_experts=256,
            num_experts_per_tok=8,
            shared_intermediate_size=0,
            attn_type_list=[1] * 62,
            use_mtp=True,
            num_mtp_modules=3,
        ),
        230.0,
        {"num_experts": 256, "num_shared_experts": 0, "num_mtp_layers": 3},
    ),
    # The file leaves heads, vocabulary, and the pattern of windows to the library.
    "gemma 3 4B": (
        config(
            "gemma3",
            text_config={
                "hidden_size": 2560,
                "intermediate_size": 10240,
                "model_type": "gemma3_text",
                "num_hidden_layers": 34,
                "sliding_window": 1024,
            },
            vision_config={"hidden_size": 1152, "num_hidden_layers": 27},
        ),
        3.88,
        {"num_attention_heads": 8, "num_kv_heads": 4, "head_dim": 256, "num_windowed_layers": 29},
    ),
    "falcon 40B": (
        config("RefinedWeb", hidden_size=8192, n_head=128, n_head_kv=8, n_layer=60, vocab_size=65024),
        41.3,
        {"num_kv_heads": 8, "ffn_hidden_size": 32768, "gated": False},
    ),
    "grok 1": (
        usual(
            *("grok-1", 6144, 64, 48, 8, 32768, 131072),
            num_experts=8,
            num_experts_per_tok=2,
            tie_word_embeddings=True,
        ),
        316.5,
        {"num_experts": 8, "gated": True},
    ),
    "grok 2": (
        usual(
            *("git", 8192, 64, 64, 8, 32768, 131072),
            head_dim=128,
            moe_intermediate_size=16384,
            num_local_experts=8,
            num_experts_per_tok=2,
            residual_moe=True,
            sliding_window_size=-1,
        ),
        270.0,
        {"dense_ffn_beside_experts": True, "ffn_hidden_size": 32768, "expert_ffn_hidden_size": 16384},
    ),
    "gpt-neox 20B": (
        config(
            "gpt_neox",
            hidden_size=6144,
            num_hidden_layers=44,
            num_attention_heads=64,
            intermediate_size=24576,
            vocab_size=50432,
        ),
        20.55,
        {"tied_embeddings": False, "gated": False},
    ),
    "gpt-j 6B": (
        config("gptj", n_embd=4096, n_layer=28, n_head=16, vocab_size=50400, n_inner=None),
        6.05,
        {"tied_embeddings": False, "ffn_hidden_size": 16384},
    ),
    "gpt-neo 2.7B": (
        config(
            "gpt_neo",
            hidden_size=2560,
            num_layers=32,
            num_heads=20,
            vocab_size=50257,
            intermediate_size=None,
            window_size=256,
            attention_types=[[["global", "local"], 16]],
        ),
        2.65,
        {"sliding_window": 256, "num_windowed_layers": 16, "tied_embeddings": True},
    ),
    "mpt 30B": (
        config(
            "mpt",
            d_model=7168,
            n_layers=48,
            n_heads=64,
            vocab_size=50432,
            expansion_ratio=4,
            ffn_config={"ffn_type": "mptmlp"},
            attn_config={"attn_type": "multihead_attention"},
        ),
        30.0,
        {"ffn_hidden_size": 28672, "num_kv_heads": 64},
    ),
    "qwen 7B": (
        config(
            "qwen",
            hidden_size=4096,
            num_hidden_layers=32,
            num_attention_heads=32,
            intermediate_size=22016,
            vocab_size=151936,
            kv_channels=128,
        ),
        7.72,
        {"ffn_hidden_size": 11008},
    ),
    "chatglm 3 6B": (
        config(
            "chatglm",
            hidden_size=4096,
            num_layers=28,
            num_attention_heads=32,
            multi_query_attention=True,
            multi_query_group_num=2,
            ffn_hidden_size=13696,
            kv_channels=128,
            padded_vocab_size=65024,
            seq_length=8192,
        ),
        6.24,
        {"num_kv_heads": 2, "vocab_size": 65024, "max_sequence_length": 8192},
    ),
    "deepseek v2 lite": (
        usual(
            *("deepseek_v2", 2048, 27, 16, 16, 10944, 102400),
            q_lora_rank=None,
            kv_lora_rank=512,
            qk_nope_head_dim=128,
            qk_rope_head_dim=64,
            v_head_dim=128,
            n_routed_experts=64,
            num_experts_per_tok=6,
            moe_intermediate_size=1408,
            n_shared_experts=2,
            first_k_dense_replace=1,
        ),
        15.7,
        {"attention": "mla", "q_lora_rank": 0, "head_dim": 128, "num_dense_layers": 1},
    ),
    "kimi k2": (
        usual(
            *("kimi_k2", 7168, 61, 64, 64, 18432, 163840),
            q_lora_rank=1536,
            kv_lora_rank=512,
            qk_nope_head_dim=128,
            qk_rope_head_dim=64,
            v_head_dim=128,
            n_routed_experts=384,
            num_experts_per_tok=8,
            moe_intermediate_size=2048,
            n_shared_experts=1,
            first_k_dense_replace=1,
            n_group=1,
            topk_group=1,
            num_nextn_predict_layers=0,
        ),
        1040.0,
        {"num_experts": 384, "num_mtp_layers": 0, "num_expert_groups": 1},
    ),
    "olmoe 7B A1B": (
        usual("olmoe", 2048, 16, 16, 16, 1024, 50304, num_experts=64, num_experts_per_tok=8),
        6.92,
        {"expert_ffn_hidden_size": 1024},
    ),
    "phi 3 mini": (
        usual("phi3", 3072, 32, 32, 32, 8192, 32064, sliding_window=2047),
        3.82,
        {"gated": True, "tied_embeddings": False, "num_windowed_layers": 32},
    ),
    "phi 2": (
        usual("phi", 2560, 32, 32, 32, 10240, 51200),
        2.78,
        {"gated": False, "num_kv_heads": 32},
    ),
    "llama 4 scout": (
        config(
            "llama4",
            text_config=config(
                "llama4_text",
                hidden_size=5120,
                num_hidden_layers=48,
                num_attention_heads=40,
                intermediate_size=8192,
                num_local_experts=16,
                interleave_moe_layer_step=1,
                attention_chunk_size=8192,
            ),
        ),
        107.8,
        {"num_experts": 16, "experts_per_token": 1, "num_shared_experts": 1, "vocab_size": 202048},
    ),
    "starcoder 2 15B": (
        usual("starcoder2", 6144, 40, 48, 4, 24576, 49152, sliding_window=4096),
        15.96,
        {"gated": False, "num_windowed_layers": 40},
    ),
    "command r7b": (
        usual("cohere2", 4096, 32, 32, 8, 14336, 256000, sliding_window=4096),
        8.03,
        {"tied_embeddings": True, "num_windowed_layers": 24},
    ),
    "exaone 4 32B": (
        usual("exaone4", 5120, 64, 40, 8, 27392, 102400, sliding_window=4096, sliding_window_pattern="LLLG"),
        32.0,
        {"num_windowed_layers": 48},
    ),
    "qwen 1.5 moe A2.7B": (
        usual(
            *("qwen2_moe", 2048, 24, 16, 16, 5632, 151936),
            num_experts=60,
            num_experts_per_tok=4,
            moe_intermediate_size=1408,
            shared_expert_intermediate_size=5632,
            sliding_window=32768,
            max_window_layers=21,
        ),
        14.3,
        {"num_shared_experts": 4, "sliding_window": 0},
    ),
    "qwen 2.5 1M": (
        usual(
            "qwen2", 3584, 28, 28, 4, 18944, 152064, sliding_window=32768, use_sliding_window=True, max_window_layers=20
        ),
        7.62,
        {"num_windowed_layers": 8},
    ),
    "doge": (
        usual("doge", 1024, 32, 8, 8, 2048, 32768, is_moe=False, num_experts=16384, num_experts_per_tok=64),
        0.403,
        {"num_experts": 0},
    ),
    "jais 2 8B": (
        usual("jais2", 3328, 32, 26, 26, 26624, 150272, head_dim=128, hidden_act="relu2", mlp_bias=True),
        8.09,
        {"gated": False},
    ),
    "nanochat d20": (usual("nanochat", 1280, 20, 10, 10, 5120, 65536, hidden_act="relu2"), 0.561, {"gated": False}),
    "jais 13B": (
        config(
            "jais",
            n_embd=5120,
            n_head=40,
            n_inner=13653,
            n_layer=40,
            n_positions=2048,
            vocab_size=84992,
            activation_function="swiglu",
            position_embedding_type="alibi",
        ),
        13.0,
        {"gated": True, "tied_embeddings": True},
    ),
    # The file leaves the shape of its language model to the library.
    "llava 1.5 7B": (
        config("llava", text_config=config("llama", vocab_size=32064, max_position_embeddings=4096), vocab_size=32064),
        6.74,
        {"num_layers": 32, "ffn_hidden_size": 11008},
    ),
    "molmo 7B": (
        usual("molmo", 3584, 28, 28, 4, 37888, 152064, embedding_size=152064, layer_norm_type="rms", norm_after=False),
        7.6,
        {"ffn_hidden_size": 18944},
    ),
    "solar open": (
        config(
            "solar_open",
            hidden_size=4096,
            num_hidden_layers=48,
            num_attention_heads=64,
            num_key_value_heads=8,
            head_dim=128,
            moe_intermediate_size=1280,
            n_routed_experts=128,
            n_shared_experts=1,
            num_experts_per_tok=8,
            vocab_size=196608,
            n_group=1,
            topk_group=1,
        ),
        102.65,
        {"num_dense_layers": 0, "num_shared_experts": 1},
    ),
    "mimo v2 flash": (
        usual(
            *("mimo_v2_flash", 4096, 48, 64, 4, 16384, 152576),
            head_dim=192,
            v_head_dim=128,
            swa_num_attention_heads=64,
            swa_num_key_value_heads=8,
            swa_head_dim=192,
            swa_v_head_dim=128,
            sliding_window=128,
            hybrid_layer_pattern=[0, *[1, 1, 1, 1, 0], *[1, 1, 1, 1, 1, 0] * 7],
            moe_layer_freq=[0] + [1] * 47,
            moe_intermediate_size=2048,
            n_routed_experts=256,
            num_experts_per_tok=8,
        ),
        308.8,
        {"num_windowed_layers": 39, "num_windowed_kv_heads": 8, "v_head_dim": 128, "num_dense_layers": 1},
    ),
}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_is_read(name: str) -> None:
    data, billions, fields = ARCHITECTURES[name]
    model = model_from_config(data)
    assert {field: getattr(model, field) for field in fields} == fields
    assert num_params(model) / 1e9 == pytest.approx(billions, rel=0.03)


def test_windowed_layers_have_keys_of_their_own() -> None:
    """Values are narrower than keys, and 39 layers have twice as many of both."""
    model = model_from_config(ARCHITECTURES["mimo v2 flash"][0])
    assert active_params(model) / 1e9 == pytest.approx(15.45, rel=1e-3)
    core = 9 * 64 * (192 + 128) * 65_536.5 + 39 * 64 * (192 + 128) * (128 - 128 * 127 / 2 / 131_072)
    linear = active_params(model) - 152_576 * 4096
    assert model_flops_per_token(model, 131_072) == pytest.approx(6 * (linear + core), rel=1e-4)


def test_layers_of_multi_token_prediction_are_said_and_can_be_left_out() -> None:
    config = ARCHITECTURES["minimax m2"][0]
    reading = read_config(config)
    assert "3 layers of multi-token prediction (num_mtp_modules) trained along" in reading.notes[0]
    assert model_flops_per_token(reading.model, 8192) / 1e9 == pytest.approx(96.4, rel=1e-3)
    without = model_from_config(config | {"num_mtp_modules": 0})
    assert model_flops_per_token(without, 8192) / 1e9 == pytest.approx(81.2, rel=1e-3)
    assert model_from_config(config | {"use_mtp": False}) == without


def test_what_a_file_leaves_out_and_what_nobody_reads_is_said() -> None:
    reading = read_config({"model_type": "llama", "hidden_size": 5120, "num_attention_heads": 40, "color": "red"})
    assert reading.defaults["num_hidden_layers"] == 32
    assert "hidden_size" not in reading.defaults
    assert reading.not_understood == ("color",)
    assert read_config({"model_type": "llama"}).model.num_layers == 32


def test_an_unknown_type_is_read_where_every_key_is_known() -> None:
    shape = {key: value for key, value in LLAMA.items() if key != "model_type"}
    reading = read_config(shape | {"model_type": "novel", "hidden_act": "silu", "rope_theta": 5e5, "bos_token_id": 1})
    assert num_params(reading.model) == num_params(model_from_config(LLAMA))
    assert "read as a Llama" in reading.notes[0]


#: Architectures above that the catalogue has too.
SHIPPED = {
    "llama 3.1 8B": "llama-3.1-8b",
    "mixtral 8x7B": "mixtral-8x7b",
    "deepseek v3": "deepseek-v3",
    "gpt-oss 120b": "gpt-oss-120b",
    "llama 4 maverick": "llama-4-maverick",
    "nemotron 4 340B": "nemotron-4-340b",
    "glm 4.5": "glm-4.5",
    "grok 1": "grok-1",
    "grok 2": "grok-2",
    "kimi k2": "kimi-k2",
}
#: What a configuration does not hold, or holds without effect on what a step costs.
APART = ("name", "title", "max_sequence_length", "num_expert_groups", "expert_groups_per_token", "sources", "note")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_configuration_gives_the_shape_of_the_catalogue(name: str) -> None:
    read, shipped = model_from_config(ARCHITECTURES[name][0]), load_catalog().model(SHIPPED[name])
    facts = ("published_params", "training_tokens", "training_flop")
    fields = [field.name for field in dataclasses.fields(shipped) if field.name not in (*APART, *facts)]
    assert {field: getattr(read, field) for field in fields} == {field: getattr(shipped, field) for field in fields}


@pytest.mark.parametrize(
    ("change", "layers_with_experts"),
    [
        ({}, 32),
        ({"first_k_dense_replace": 3}, 29),
        ({"moe_layer_freq": 2}, 16),
        ({"moe_layer_freq": [0, 0] + [1] * 30}, 30),
        ({"mlp_layer_types": ["dense"] * 4 + ["sparse"] * 28}, 28),
        ({"moe_layers": list(range(1, 32, 2))}, 16),
        ({"decoder_sparse_step": 2, "mlp_only_layers": [0, 1]}, 15),
        ({"mlp_only_layers": [0, 5, 5, 99]}, 30),
        ({"interleave_moe_layer_step": 4}, 8),
    ],
)
def test_layers_with_experts_are_counted(change: dict[str, Any], layers_with_experts: int) -> None:
    assert model_from_config(MOE | change).num_moe_layers == layers_with_experts


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (LLAMA | {"model_type": "minimax", "layer_types": ["mamba"] * 32}, "known as linear_attention, full_attention"),
        (LLAMA | {"attn_type_list": [0, 0, 1]}, "lightning attention"),
        (LLAMA | {"model_type": "falcon_mamba"}, "Mamba"),
        (LLAMA | {"model_type": "jamba", "expert_layer_period": 4}, "expert_layer_offset is 1, but must be 3"),
        (LLAMA | {"model_type": "nemotron_h", "hybrid_override_pattern": "MX"}, "hybrid_override_pattern is 'X'"),
        (LLAMA | {"hybrid_override_pattern": "M-M*"}, "Mamba"),
        (LLAMA | {"model_type": "rwkv7"}, "RWKV"),
        (LLAMA | {"model_type": "kimi_linear"}, "linear attention"),
        (LLAMA | {"layer_types": ["conv"] * 32}, "no operators for conv layers"),
        (LLAMA | {"index_topk": 2048}, "indexer"),
        (LLAMA | {"is_encoder_decoder": True}, "encoder"),
        (LLAMA | {"model_type": "mllama_text_model", "cross_attention_layers": [3]}, "cross-attention"),
        (LLAMA | {"model_type": "gemma3n_text"}, "every layer"),
        (LLAMA | {"model_type": 5}, r"config\.model_type is 5, but must be a text"),
        (LLAMA | {"hidden_size": 10**400}, r"config\.hidden_size is 1000.*at most 100,000,000"),
        (LLAMA | {"hidden_size": True}, r"config\.hidden_size is True"),
        (LLAMA | {"hidden_size": 0}, r"config\.hidden_size is 0"),
        (LLAMA | {"hidden_size": 4096.5}, r"config\.hidden_size is 4096\.5"),
        (LLAMA | {"num_hidden_layers": [4, 8]}, r"config\.num_hidden_layers is \[4, 8\]"),
        (LLAMA | {"num_hidden_layers": 100_000}, "at most 10,000"),
        (LLAMA | {"num_key_value_heads": 0}, r"config\.num_key_value_heads is 0"),
        (LLAMA | {"vocab_size": None}, r"config\.vocab_size is required\."),
        (LLAMA | {"model_type": "novel", "vocab_size": None}, "Model type novel is not known here"),
        (LLAMA | {"model_type": "novel", "twist": 3, "twirl": {"a": 1}}, "these are not understood: twirl, twist"),
        (LLAMA | {"twist_layers": 3}, r"config\.twist_layers is 3, but must be left out"),
        (LLAMA | {"model_type": "novel", "hidden_act": "relu2"}, r"config\.hidden_act is 'relu2'"),
        (LLAMA | {"model_type": "gpt2", "activation_function": "swiglu"}, "have no gate"),
        (LLAMA | {"model_type": "ernie"}, "bidirectional"),
        (LLAMA | {"is_causal": False}, r"config\.is_causal is False"),
        (LLAMA | {"use_bidirectional_attention": True}, "bidirectional attention"),
        (LLAMA | {"add_cross_attention": True}, "cross-attention"),
        (LLAMA | {"model_type": "x" * 1000}, r"config\.model_type is .{120,200}, but must be a text"),
        (LLAMA | {"\x1b[2J_layers": 5}, r"config\.'\\x1b\[2J_layers' is 5"),
        (LLAMA | {"model_type": "electra"}, "bidirectional"),
        (LLAMA | {"model_type": "roberta"}, "bidirectional"),
        (LLAMA | {"model_type": "ctrl"}, "conventions are not known here"),
        (LLAMA | {"model_type": "novel", "conv_L_cache": 3}, r"config\.conv_L_cache is 3.*convolution layers"),
        (LLAMA | {"full_attn_idxs": [2, 5]}, r"config\.full_attn_idxs is \[2, 5\].*convolution layers"),
        (LLAMA | {"hidden_size_per_layer_input": 256}, "embeddings of their own in every layer"),
        (LLAMA | {"sparse_attention_config": {"use_sparse_attention": True}}, "indexer"),
        (LLAMA | {"sliding_window": 128, "hybrid_layer_pattern": [0, 2] * 16}, r"config\.hybrid_layer_pattern is 2"),
        (LLAMA | {"sliding_window": 128, "hybrid_layer_pattern": [1] * 32, "swa_head_dim": 64}, "swa_head_dim is 64"),
        (MOE | {"num_experts_per_tok": None, "moe_topk": [1, 2]}, r"config\.moe_topk is \[1, 2\]"),
        (LLAMA | {"layer_types": 5}, r"config\.layer_types is 5, but must be a list"),
        (
            LLAMA | {"tie_word_embeddings": "false"},
            r"config\.tie_word_embeddings is 'false', but must be true or false",
        ),
        (LLAMA | {"multi_query": "no"}, r"config\.multi_query is 'no'"),
        (LLAMA | {"kv_lora_rank": 512}, r"config\.qk_nope_head_dim is required"),
        (LLAMA | {"sliding_window": -4}, r"config\.sliding_window is -4"),
        (LLAMA | {"sliding_window": 128, "sliding_window_pattern": 0}, r"config\.sliding_window_pattern is 0"),
        (LLAMA | {"num_experts": 8}, r"config\.num_experts_per_tok is required"),
        (MOE | {"mlp_only_layers": 5}, r"config\.mlp_only_layers is 5, but must be a list"),
        (MOE | {"first_k_dense_replace": 32}, "some of the 32 layers hold experts"),
        (MOE | {"decoder_sparse_step": 99}, r"config\.decoder_sparse_step is 99"),
        (MOE | {"moe_layers": []} | {"moe_layer_freq": [0] * 32}, r"config\.moe_layer_freq is 0"),
        (MOE | {"n_group": 4, "topk_group": 5}, r"config\.topk_group is 5"),
        (LLAMA | {"model_type": "gpt_neo", "attention_types": [5]}, r"config\.attention_types is 5"),
        (LLAMA | {"model_type": "mamba2"}, "Mamba"),
        (LLAMA | {"model_type": "bert"}, "bidirectional"),
        (LLAMA | {"model_type": "t5"}, "encoder"),
        (LLAMA | {"layer_types": ["linear_attention"]}, "layer_types"),
        (LLAMA | {"hidden_size": -4096}, "hidden_size"),
        (LLAMA | {"hidden_size": "4096"}, "hidden_size"),
        (LLAMA | {"num_hidden_layers": float("nan")}, "num_hidden_layers"),
        ({}, "is required"),
    ],
    ids=lambda part: str(part)[-40:],
)
def test_what_is_refused_names_the_field(data: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        model_from_config(data)


@pytest.mark.parametrize(
    "change",
    [
        {"num_key_value_heads": 5},
        {"num_attention_heads": 33, "num_key_value_heads": 33},
        {"num_local_experts": 4, "num_experts_per_tok": 5},
        {"num_local_experts": 8, "num_experts_per_tok": 2, "n_group": 3},
        {"sliding_window": 128, "layer_types": ["sliding_attention"]},
    ],
)
def test_contradictions_name_both_fields(change: dict[str, Any]) -> None:
    with pytest.raises(InconsistentError, match=r"config\.\w+ is .* and config\.\w+ is"):
        model_from_config(LLAMA | change)


def test_a_file_gives_its_folder_as_name(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    assert model_from_config(tmp_path / "config.json").name == tmp_path.name


def test_a_folder_is_read_by_its_configuration(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(LLAMA).encode())
    assert model_from_config(tmp_path).num_layers == 32


def test_what_the_library_ties_is_tied() -> None:
    shape = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
    shape["num_key_value_heads"] = 4
    tied = {
        kind: model_from_config({"model_type": kind, "vocab_size": 256, **shape}).tied_embeddings
        for kind in ("gpt2", "gemma", "gemma3_text", "falcon", "llama", "gpt_neox", "phi3", "no_such_type")
    }
    assert [kind for kind, is_tied in tied.items() if is_tied] == ["gpt2", "gemma", "gemma3_text", "falcon"]
    assert model_from_config(
        {"model_type": "gemma", "vocab_size": 256, "tie_word_embeddings": None, **shape}
    ).tied_embeddings


@pytest.mark.parametrize("path", [Path("/dev/zero"), Path("a\0b/config.json"), Path("nowhere/config.json")])
def test_paths_that_hold_no_configuration(path: Path) -> None:
    with pytest.raises(InputError, match="model is"):
        model_from_config(path)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "config.json").open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(InputError, match=r"of 50 MB, but must be a configuration of at most 5 MB|at most 5 MB"):
        model_from_config(tmp_path / "config.json")


NO_JSON = [
    *("", "[", "[1]", "nul", "{'a': 1}", json.dumps(LLAMA)[:50], "[" * 100_000),
    '{"hidden_size": ' + "9" * 5_000 + "}",
]


@pytest.mark.parametrize("text", NO_JSON, ids=lambda text: text[:20])
def test_files_that_are_no_configuration(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(InputError, match=r"config\.json"):
        model_from_config(tmp_path / "config.json")
