"""What Hugging Face configurations leave to the library: defaults by family, and layers that Lindos cannot compute.

Defaults are those of the configuration classes of the transformers library
(https://github.com/huggingface/transformers/tree/main/src/transformers/models); only what a published configuration
really leaves out stands here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Family:
    """Model types that share a code path: gated feed-forward or not, tied embeddings, and other defaults by key."""

    gated: bool = True
    tied: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)


_LLAMA_LIKE = (
    *("llama", "mistral", "mixtral", "deepseek", "deepseek_v2", "deepseek_v3", "kimi_k2", "glm", "glm4"),
    *("glm4_moe", "phi3", "phimoe", "olmo", "olmo2", "olmo3", "olmoe", "granite", "granitemoe", "granitemoeshared"),
    *("dbrx", "grok-1", "git", "internlm", "internlm2", "baichuan", "chatglm", "stablelm", "exaone", "exaone4"),
    *("seed_oss", "minimax_m2", "dots1", "bailing_moe", "hunyuan_v1_dense", "hunyuan_v1_moe", "mimo", "yi", "aquila"),
)
#: Model types whose attention is always latent.
LATENT = ("deepseek_v2", "deepseek_v3", "kimi_k2")
_QWEN = {"use_sliding_window": False}
_GEMMA3 = {
    "vocab_size": 262_208,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "max_position_embeddings": 131_072,
    "sliding_window": 4_096,
    "sliding_window_pattern": 6,
}
_LLAMA4 = {
    "vocab_size": 202_048,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "intermediate_size_mlp": 16_384,
    "num_experts_per_tok": 1,
    "n_shared_experts": 1,
}
_FALCON = Family(gated=False, tied=True, defaults={"multi_query": True})

#: Families by ``model_type``, in lower case; others are read as a Llama whose configuration says everything.
FAMILIES: Mapping[str, Family] = {
    **dict.fromkeys(_LLAMA_LIKE, Family()),
    **dict.fromkeys(("qwen", "qwen2", "qwen2_moe", "qwen3", "qwen3_moe"), Family(defaults=_QWEN)),
    "gemma": Family(tied=True, defaults={"head_dim": 256}),
    "gemma2": Family(tied=True, defaults={"head_dim": 256, "sliding_window": 4_096, "sliding_window_pattern": 2}),
    **dict.fromkeys(("gemma3", "gemma3_text"), Family(tied=True, defaults=_GEMMA3)),
    **dict.fromkeys(("llama4", "llama4_text"), Family(defaults=_LLAMA4)),
    "gpt_oss": Family(
        defaults={"head_dim": 64, "sliding_window": 128, "sliding_window_pattern": 2, "swiglu_limit": 7.0}
    ),
    "cohere": Family(tied=True),
    "cohere2": Family(tied=True, defaults={"sliding_window": 4_096, "sliding_window_pattern": 4}),
    "smollm3": Family(tied=True, defaults=_QWEN),
    **dict.fromkeys(("ernie4_5", "ernie4_5_moe"), Family(tied=True)),
    **dict.fromkeys(("gpt2", "gpt_neo", "bloom", "opt", "mpt", "starcoder2"), Family(gated=False, tied=True)),
    "gpt_bigcode": Family(gated=False, tied=True, defaults={"multi_query": True}),
    **dict.fromkeys(("gpt_neox", "gptj", "codegen", "phi", "nemotron", "persimmon"), Family(gated=False)),
    **dict.fromkeys(("arcee", "apertus"), Family(gated=False)),
    **dict.fromkeys(("falcon", "refinedwebmodel"), _FALCON),
    "refinedweb": Family(gated=False, tied=True, defaults={"new_decoder_architecture": True}),
}

_MAMBA = "the state-space layers of Mamba"
_ENCODER = "an encoder beside the decoder"
#: Whole model types without an operator table here.
UNKNOWN_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("minimax", "minimax_text_01", "minimax_m1"), "lightning attention"),
    "minimax_m3": "sparse attention with an indexer",
    "recurrent_gemma": "recurrent layers",
    **dict.fromkeys(("gemma3n", "gemma3n_text"), "embeddings of their own in every layer"),
    **dict.fromkeys(("qwen3_next", "qwen3_5", "qwen3_5_moe", "kimi_linear"), "linear attention"),
    **dict.fromkeys(("t5", "mt5", "umt5", "bart", "mbart", "pegasus", "whisper", "led", "marian"), _ENCODER),
    "jetmoe": "experts inside its attention",
    "arctic": "a dense model beside experts of another width",
    "openelm": "layers that differ from each other",
}
#: Parts of a model type that mark a kind of layer without operators here.
UNKNOWN_MARKS: Mapping[str, str] = {
    **dict.fromkeys(("mamba", "jamba", "zamba", "bamba", "hymba", "falcon_h1", "nemotron_h", "hybrid"), _MAMBA),
    "rwkv": "the recurrent layers of RWKV",
    "xlstm": "the recurrent layers of xLSTM",
    "retnet": "retention",
    "bert": "bidirectional attention",
    "deltanet": "linear attention",
    "lightning": "lightning attention",
}
#: Keys that, where set, mark such a layer whatever the type is called.
UNKNOWN_KEYS: Mapping[str, str] = {
    "is_encoder_decoder": _ENCODER,
    "linear_attn_config": "linear attention",
    "linear_num_value_heads": "linear attention",
    **dict.fromkeys(("mamba_d_state", "mamba_d_conv", "ssm_state_size", "ssm_cfg", "time_step_rank"), _MAMBA),
    "hybrid_override_pattern": _MAMBA,
    "index_topk": "sparse attention with an indexer",
    "blocksparse_params": "block-sparse attention",
    "dense_attention_every_n_layers": "block-sparse attention",
    "cross_attention_layers": "cross-attention to another input",
    "share_q_dim": "factorised attention",
    "num_kv_shared_layers": "keys and values shared between layers",
    "block_configs": "layers that differ from each other",
    "zero_expert_num": "experts that compute nothing",
}
#: Words of ``layer_types`` that Lindos computes; chunks are counted as full attention.
LAYER_WORDS = ("full_attention", "sliding_attention", "chunked_attention", "attention")
