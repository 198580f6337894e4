"""Real configurations by their key facts: the shape, and the parameters that it counts to."""

import json
from pathlib import Path
from typing import Any

import pytest

from lindos.catalog.huggingface import model_from_config
from lindos.errors import InconsistentError, InputError
from lindos.step import num_params

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
        {"moe_layer_interval": 2, "num_shared_experts": 1, "ffn_hidden_size": 16384, "expert_ffn_hidden_size": 8192},
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
}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_is_read(name: str) -> None:
    data, billions, fields = ARCHITECTURES[name]
    model = model_from_config(data)
    assert {field: getattr(model, field) for field in fields} == fields
    assert num_params(model) / 1e9 == pytest.approx(billions, rel=0.03)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (LLAMA | {"model_type": "minimax_m1"}, "lightning attention"),
        (LLAMA | {"model_type": "mamba2"}, "Mamba"),
        (LLAMA | {"model_type": "qwen3_next"}, "linear attention"),
        (LLAMA | {"model_type": "bert"}, "bidirectional"),
        (LLAMA | {"model_type": "t5"}, "encoder"),
        (LLAMA | {"layer_types": ["linear_attention"]}, "layer_types"),
        (LLAMA | {"hidden_size": -4096}, "hidden_size"),
        (LLAMA | {"hidden_size": "4096"}, "hidden_size"),
        (LLAMA | {"num_hidden_layers": float("nan")}, "num_hidden_layers"),
        ({"model_type": "llama"}, "num_attention_heads|hidden_size"),
        ({}, "given"),
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
    ],
)
def test_contradictions_name_both_fields(change: dict[str, Any]) -> None:
    with pytest.raises(InconsistentError, match=r"config\.\w+ is .* and config\.\w+ is"):
        model_from_config(LLAMA | change)


def test_a_file_gives_its_folder_as_name(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    assert model_from_config(tmp_path / "config.json").name == tmp_path.name


@pytest.mark.parametrize("text", ["", "[", "[1]", "nul"])
def test_files_that_are_no_configuration(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(InputError, match=r"config\.json"):
        model_from_config(tmp_path / "config.json")
