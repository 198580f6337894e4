"""Whatever stands in a file, the answer is a usable value or a sentence: never a traceback, never a silent nonsense."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lindos.catalog import load_catalog
from lindos.catalog.huggingface import model_from_config
from lindos.catalog.huggingface.families import library
from lindos.catalog.schema import fields_of
from lindos.catalog.store import KINDS
from lindos.errors import InconsistentError, InputError
from lindos.transformer import num_params

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 300),
    st.sampled_from([10**12, 10**400, -1, 0]),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(
        ["80 GB", "1 TB/s", "$5", "3 years", "700 W", "5 %", "gqa", "h100-sxm", "aicfg", "-1 GB", "1e999 W"]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)
SOUND = {
    "hidden_size": 256,
    "num_hidden_layers": 8,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "intermediate_size": 512,
    "vocab_size": 1024,
}
KEYS = st.sampled_from(
    [
        *SOUND,
        *("model_type", "head_dim", "tie_word_embeddings", "layer_types", "sliding_window", "sliding_window_pattern"),
        *("use_sliding_window", "max_window_layers", "num_experts", "num_local_experts", "n_routed_experts"),
        *("num_experts_per_tok", "moe_intermediate_size", "n_shared_experts", "shared_expert_intermediate_size"),
        *("first_k_dense_replace", "mlp_only_layers", "decoder_sparse_step", "moe_layer_freq", "moe_layers", "n_group"),
        *("topk_group", "num_nextn_predict_layers", "kv_lora_rank", "q_lora_rank", "qk_nope_head_dim", "v_head_dim"),
        *("qk_rope_head_dim", "multi_query", "text_config", "ffn_config", "attn_config", "attn_type_list", "use_mtp"),
        *(
            "swa_num_key_value_heads",
            "swa_head_dim",
            "is_moe",
            "hybrid_layer_pattern",
            "quantization_config",
            "dim",
            "x",
        ),
        *("attention_types", "window_size", "residual_moe", "expansion_ratio", "mlp_layer_types", "index_topk"),
    ]
)


@given(
    kind=st.sampled_from(sorted(library().families)),
    change=st.dictionaries(KEYS, VALUES | st.integers(1, 16), max_size=6),
)
@QUICK
def test_any_configuration_is_a_shape_or_a_sentence(kind: str, change: dict[str, Any]) -> None:
    try:
        model = model_from_config({"model_type": kind, **SOUND, **change})
    except (InputError, InconsistentError) as error:
        assert "config." in str(error)
        return
    assert math.isfinite(num_params(model))
    assert num_params(model) > 0
    assert 0 <= model.num_moe_layers <= model.num_layers
    assert 0 <= model.num_windowed_layers <= model.num_layers


@given(text=st.text(max_size=60) | st.builds(json.dumps, VALUES))
@QUICK
def test_any_file_is_no_configuration(text: str, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises((InputError, InconsistentError)):
        model_from_config(file)


NAMES = st.sampled_from(["h100-sxm", "hgx-h100", "grok-2", "hopper", "generic-us", "quantum-2-400g", "mine", "GB200"])
FIELDS = st.sampled_from(
    sorted({name for record in KINDS.values() for name in fields_of(record)} | {"base", "aliases", "typo"})
)
LEAVES = VALUES | st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("value", "low", "high", "source", "note", "estimate"), SCALARS)
)
RECORDS = st.dictionaries(NAMES, st.dictionaries(FIELDS, LEAVES, max_size=4) | VALUES, max_size=2)


@given(data=st.dictionaries(st.sampled_from([*KINDS, "parameters", "sources", "other"]), RECORDS | VALUES, max_size=3))
@QUICK
def test_any_catalogue_file_is_read_or_gets_sentences(data: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    try:
        catalog = load_catalog([file])
    except InputError as error:
        assert str(error)
        return
    for kind, name, _ in catalog.entries():
        for field, fact in catalog.facts(kind, name):
            if isinstance(fact.content, float):
                assert math.isfinite(fact.content), f"{kind}.{name}.{field}"
                assert fact.content >= 0
            assert fact.low is None or fact.high is None or fact.low <= fact.high
