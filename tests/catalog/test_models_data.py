"""Shapes of the shipped models, counted by arithmetic of their own, and the spellings by which they are known."""

import pytest

from lindos.catalog import Model, load_catalog
from lindos.catalog.layers import shipped_data
from lindos.transformer import num_params

CATALOG = load_catalog()

#: Billions of parameters, in all and at work for one token, counted elsewhere from the same public configurations
#: (attention, feed-forward, routers and embeddings; no norms, biases or layers that predict further ahead).
COUNTED = {
    "gpt-3-175b": (174.6, 174.6),
    "palm-540b": (540.4, 540.4),
    "llama-2-70b": (69.0, 69.0),
    "llama-3.1-8b": (8.0, 8.0),
    "llama-3.1-70b": (70.6, 70.6),
    "llama-3.1-405b": (405.8, 405.8),
    "mixtral-8x7b": (46.7, 12.9),
    "mixtral-8x22b": (140.6, 39.2),
    "deepseek-v2": (235.7, 21.4),
    "deepseek-v3": (671.0, 37.6),
    "qwen2.5-72b": (72.7, 72.7),
    "qwen3-235b-a22b": (235.1, 22.2),
    "kimi-k2": (1026.4, 32.9),
    "gpt-oss-120b": (116.8, 5.7),
    "grok-1": (316.5, 84.6),
    "grok-2": (269.5, 114.9),
    "nemotron-4-340b": (341.0, 341.0),
    "falcon-180b": (178.6, 178.6),
    "glm-4.5": (352.8, 33.6),
    # Round figures of their makers; Llama 4 Scout is the language model alone, and tokens at work count embeddings.
    "qwen3-0.6b": (0.6, 0.6),
    "qwen3-1.7b": (1.72, 1.72),
    "qwen3-8b": (8.2, 8.2),
    "qwen3-32b": (32.8, 32.8),
    "qwen3-30b-a3b": (30.5, 3.3),
    "qwen3-coder-480b-a35b": (480, 35),
    "minimax-m2": (229, 11.0),
    "mimo-7b": (7.6, 7.6),
    "mimo-v2-flash": (309, 16.1),
    "gpt-oss-20b": (20.9, 4.19),
}
#: Models that Lindos can compute.
MODELS = [name for name in CATALOG.names("models") if not CATALOG.records("models")[name].unsupported]
#: Layers of several kinds are counted by the transformers library instead, in test_huggingface_oracle.py.
COUNTED_BY_HAND = [name for name in MODELS if not CATALOG.records("models")[name].layers]
#: Names by which public files of facts and measurements call the same shapes.
SPELLINGS = {
    "GPT-3_175B": "gpt-3-175b",
    "GPT-3-175B": "gpt-3-175b",
    "GPT-175B": "gpt-3-175b",
    "PaLM_540B": "palm-540b",
    "Llama-2_70B": "llama-2-70b",
    "Llama-2-70B": "llama-2-70b",
    "Llama-3-8B": "llama-3.1-8b",
    "Llama-3.1_8B": "llama-3.1-8b",
    "Llama-3-70B": "llama-3.1-70b",
    "Llama-3.1_405B": "llama-3.1-405b",
    "Llama-3.1-405B": "llama-3.1-405b",
    "Llama-4-Maverick-400B": "llama-4-maverick",
    "Mixtral_8x7B": "mixtral-8x7b",
    "Mixtral-8x22B": "mixtral-8x22b",
    "DeepSeek-V3": "deepseek-v3",
    "Qwen2.5_72B": "qwen2.5-72b",
    "Qwen3_235B_A22B": "qwen3-235b-a22b",
    "Qwen3-235B-A22B": "qwen3-235b-a22b",
    "Kimi-K2": "kimi-k2",
    "GPT-OSS-120B": "gpt-oss-120b",
    "Grok-1-314B": "grok-1",
    "Nemotron-4_340B": "nemotron-4-340b",
    "Nemotron-4-340B": "nemotron-4-340b",
    "Falcon_180B": "falcon-180b",
    "GLM-4.5": "glm-4.5",
}


def counted(model: Model) -> tuple[float, float]:
    """Parameters in all and at work for one token; written apart from the operators of a step."""
    hidden, heads = model.hidden_size, model.num_attention_heads
    if model.attention == "mla":
        wide = model.qk_nope_head_dim + model.qk_rope_head_dim
        queries = model.q_lora_rank * (hidden + heads * wide) if model.q_lora_rank else hidden * heads * wide
        keys = hidden * (model.kv_lora_rank + model.qk_rope_head_dim)
        keys += model.kv_lora_rank * heads * (model.qk_nope_head_dim + model.v_head_dim)
        attention = queries + keys + heads * model.v_head_dim * hidden
    else:
        attention = 2 * hidden * model.head_dim * (heads + model.num_kv_heads)
    matrices = 3 if model.gated else 2
    dense = matrices * hidden * model.ffn_hidden_size
    expert = matrices * hidden * model.expert_ffn_hidden_size
    sparse_layers = (model.num_layers - model.num_dense_layers) // model.moe_layer_interval if model.num_experts else 0
    beside = dense if model.dense_ffn_beside_experts else 0
    embeddings = (1 if model.tied_embeddings else 2) * model.vocab_size * hidden
    fixed = model.num_layers * attention + (model.num_layers - sparse_layers) * dense + embeddings
    fixed += sparse_layers * (model.num_shared_experts * expert + hidden * model.num_experts + beside)
    return (
        fixed + sparse_layers * model.num_experts * expert,
        fixed + sparse_layers * model.experts_per_token * expert,
    )


@pytest.mark.parametrize("name", COUNTED)
def test_shapes_count_to_what_others_count(name: str) -> None:
    total, active = counted(CATALOG.records("models")[name])
    # Readers differ on whether tied embeddings count once or twice, and on the experts of one token.
    assert total / 1e9 == pytest.approx(COUNTED[name][0], rel=0.01)
    assert active / 1e9 == pytest.approx(COUNTED[name][1], rel=0.03)


@pytest.mark.parametrize("name", COUNTED_BY_HAND)
def test_the_operators_of_a_step_hold_the_same_parameters(name: str) -> None:
    model = CATALOG.records("models")[name]
    assert num_params(model) == pytest.approx(counted(model)[0], rel=0.005)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Llama-3.1-405B", "llama-3.1-405b"),
        ("llama 3.1 405b", "llama-3.1-405b"),
        ("Llama_3.1_8B", "llama-3.1-8b"),
        ("gpt-oss-120b", "gpt-oss-120b"),
        ("GPT OSS 20B", "gpt-oss-20b"),
        ("Qwen3 32B", "qwen3-32b"),
        ("qwen3 235b a22b", "qwen3-235b-a22b"),
        ("Kimi K2", "kimi-k2"),
        ("DeepSeek V3", "deepseek-v3"),
        ("DeepSeek R1", "deepseek-v3"),
        ("Llama 2", "llama-2-70b"),
        ("Llama 2 13B", "llama-2-13b"),
        ("llama 3.3", "llama-3.3-70b"),
        ("Qwen2.5 0.5B", "qwen2.5-0.5b"),
        ("Gemma 3 27B", "gemma-3-27b"),
        ("Phi-4", "phi-4"),
        ("OLMo 3 32B", "olmo-3-32b"),
        ("Mistral Large", "mistral-large-2"),
        ("Mixtral 8x22B", "mixtral-8x22b"),
        ("GLM 4.6", "glm-4.6"),
    ],
)
def test_models_are_found_as_people_write_them(written: str, name: str) -> None:
    assert CATALOG.model(written).name == name


def published_range(name: str) -> tuple[float, float]:
    """Counts that round to the published one, which is as exact as its last digit."""
    written = (
        shipped_data("models")[name].get("published_params")
        or shipped_data("models")[base_of(name)]["published_params"]
    )
    fact = CATALOG.records("models")[name].published_params
    digits = str(written["value"]).rstrip("BT")
    unit = {"B": 1e9, "T": 1e12}[str(written["value"])[-1]] * 10.0 ** -len(digits.partition(".")[2])
    return fact.content - unit / 2, fact.content + unit / 2


def base_of(name: str) -> str:
    return str(shipped_data("models")[name]["base"])


@pytest.mark.parametrize("name", MODELS)
def test_a_shape_has_the_parameters_that_were_published(name: str) -> None:
    model = CATALOG.records("models")[name]
    low, high = published_range(name)
    # Some files hold the layers ahead, others leave them out.
    counts = num_params(model), num_params(model, mtp=True)
    assert any(low * 0.995 < count < high * 1.005 for count in counts), (counts, low, high)


def test_published_counts_are_mostly_exact() -> None:
    shares = [num_params(CATALOG.model(name)) / published_range(name)[1] for name in COUNTED_BY_HAND]
    exact = [share for share in shares if 0.999 < share < 1.001]
    assert len(exact) > 0.8 * len(COUNTED_BY_HAND)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spellings_in_use_are_aliases(spelling: str) -> None:
    assert CATALOG.model(spelling).name == SPELLINGS[spelling]


def test_training_compute_fits_parameters_and_tokens() -> None:
    for name in CATALOG.names("models"):
        model = CATALOG.records("models")[name]
        if model.training_tokens.is_known and model.training_flop.is_known:
            product = 6 * counted(model)[1] * model.training_tokens.value  # attention is a few per cent more
            assert 0.9 < model.training_flop.value / product < 1.1, name


def test_windows_layers_ahead_and_dense_parts_are_known() -> None:
    oss, grok = CATALOG.model("gpt-oss-120b"), CATALOG.model("grok-2")
    assert (oss.sliding_window, oss.num_windowed_layers, oss.num_layers) == (128, 18, 36)
    assert grok.dense_ffn_beside_experts
    assert (CATALOG.model("deepseek-v3").num_mtp_layers, CATALOG.model("glm-4.5").num_mtp_layers) == (1, 1)


@pytest.mark.parametrize(
    ("name", "low", "high"), [("grok_4", 3e26, 6e26), ("grok_3", 2e26, 6e26), ("gpt_4", 8.2e24, 4.4e25)]
)
def test_frontier_compute_is_a_labelled_estimate(name: str, low: float, high: float) -> None:
    fact = CATALOG.parameter(f"training.frontier_flop.{name}", "FLOP")
    assert fact.estimate
    assert (fact.low, fact.high) == (low, high)
    assert low <= fact.value <= high
