"""What the transformers library knows of configurations: defaults of its classes, and parameters counted by it.

Needs ``transformers`` and ``torch`` (CPU), which are no dependencies of Lindos::

    python -m venv /tmp/library && /tmp/library/bin/pip install transformers==5.24.0 torch==2.13.0 pyyaml
    /tmp/library/bin/python -P fit/configurations.py [FOLDER]

``-P`` keeps ``fit/kernels.py`` from standing in for a package of that name. It writes
``src/lindos/catalog/huggingface/library.yaml``, the defaults of the model types of ``families.yaml``, and
``tests/catalog/configurations.jsonl``, reduced configurations with the parameters that the library builds for them on
the meta device: its defaults, sizes drawn from a seed, and the public files ``*_config.json`` of FOLDER, such as the
``model_configs`` of the package aiconfigurator-core. ``make oracle`` does all of it.
"""

import dataclasses
import json
import random
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
import transformers
import yaml
from transformers import AutoModelForCausalLM, AutoModelForImageTextToText
from transformers.models.auto import modeling_auto
from transformers.models.auto.configuration_auto import CONFIG_MAPPING, CONFIG_MAPPING_NAMES

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "src" / "lindos" / "catalog" / "huggingface"
ORACLE = ROOT / "tests" / "catalog" / "configurations.jsonl"
TEXT_SECTIONS = ("text_config", "thinker_config", "llm_config", "language_config")
CHANGES_A_TYPE = 4
#: Weights of learned positions: a look-up that Lindos leaves out, as it does norms and biases.
POSITIONS = re.compile(r"(wpe|embed_positions|position_embeddings?|positions_embed)\.weight$")
#: Weights of the language model inside a whole.
LANGUAGE = re.compile(r"(^|\.)(language_model|text_model|lm_head)\.")
#: Sizes to draw from, by key.
SIZES: Mapping[str, tuple[Any, ...]] = {
    **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers", "num_layers"), (4, 6, 8, 12)),
    **dict.fromkeys(("intermediate_size", "ffn_dim", "n_inner", "intermediate_size_mlp"), (512, 768, 1280, 1536)),
    "vocab_size": (1000, 2048, 5120),
    "moe_intermediate_size": (128, 256),
    **dict.fromkeys(("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"), (8, 16)),
    **dict.fromkeys(("num_experts_per_tok", "moe_k", "moe_topk"), (1, 2, 4)),
    "tie_word_embeddings": (True, False),
    "head_dim": (64, 128),
    "first_k_dense_replace": (0, 1, 2),
    "n_shared_experts": (1, 2),
    "shared_expert_intermediate_size": (256, 512),
    "sliding_window": (64, 128),
    "sliding_window_pattern": (2, 3, 4),
    "use_sliding_window": (True, False),
    "max_window_layers": (0, 2),
    "interleave_moe_layer_step": (1, 2),
    "decoder_sparse_step": (1, 2),
    **dict.fromkeys(("n_group", "topk_group"), (1,)),
    "num_nextn_predict_layers": (0, 1),
    "q_lora_rank": (96, 128),
    "kv_lora_rank": (64, 128),
}


def flat(rows: list[Any]) -> Iterator[str]:
    """Items of rows that are items or lists of them.

    Parameters
    ----------
    rows
        Items, or lists of items.
    """
    for row in rows:
        yield from row if isinstance(row, list) else [row]


def classes() -> dict[str, Any]:
    """Configuration classes by model type, those of language models inside others too."""
    by_type: dict[str, Any] = {}
    for kind in CONFIG_MAPPING_NAMES:
        config = CONFIG_MAPPING[kind]
        by_type[kind] = config
        for section, inner in getattr(config, "sub_configs", {}).items():
            if section in TEXT_SECTIONS and getattr(inner, "model_type", ""):
                by_type.setdefault(inner.model_type, inner)
    return by_type


def fields(config: Any) -> dict[str, Any]:
    """Defaults of a configuration class as they are written, before one is computed from another.

    Parameters
    ----------
    config
        The configuration class.
    """
    written = {}
    for field in dataclasses.fields(config):
        if field.default is not dataclasses.MISSING:
            written[field.name] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            written[field.name] = field.default_factory()
    return written


def layouts(families: Mapping[str, Any]) -> list[Any]:
    """Layers of the families that have several kinds, as plain data.

    Parameters
    ----------
    families
        Families of ``families.yaml``.
    """
    return [table["layers"] for table in families.values() if "layers" in table]


def text_types() -> dict[str, str]:
    """Type of the language model inside, by the type of the whole."""
    types = {}
    for kind in CONFIG_MAPPING_NAMES:
        if not set(TEXT_SECTIONS) & set(getattr(CONFIG_MAPPING[kind], "sub_configs", {})):
            continue
        try:
            inner = CONFIG_MAPPING[kind]().get_text_config(decoder=True).model_type
        except Exception:  # a class that needs arguments has no default
            continue
        if inner and inner != kind:
            types[kind] = inner
    return types


def write_library(by_type: Mapping[str, Any]) -> None:
    """Write the defaults of the types that Lindos reads.

    Parameters
    ----------
    by_type
        Configuration classes by model type.
    """
    tables = yaml.safe_load((FOLDER / "families.yaml").read_text())
    kinds = sorted({kind for table in tables["families"].values() for kind in flat(table["types"])})
    wanted = {key for keys in tables["names"].values() for key in keys} | set(flat(tables["switches"]))
    wanted |= set(re.findall(r"\w+", " ".join(map(str, [tables["mixers"], *layouts(tables["families"])]))))
    lines = [
        "# Defaults of the configuration classes of the transformers library, for the keys that decide a shape.",
        "# Written by fit/configurations.py.",
        f"version: {transformers.__version__}",
        "defaults:",
    ]
    for kind in kinds:
        if kind in by_type:
            defaults = fields(by_type[kind])
            selected = {k: v for k, v in defaults.items() if k in wanted and isinstance(v, (int, float, str))}
            aliases = getattr(by_type[kind], "attribute_map", {})
            selected |= {k: defaults[v] for k, v in aliases.items() if k in wanted and isinstance(defaults.get(v), int)}
            text = yaml.safe_dump(selected, default_flow_style=True, width=10**6, sort_keys=True).strip()
            lines.append(f"  {kind}: {text}")
    lines.append("text_types:  # of the language model inside, by the type of the whole")
    lines += [f"  {kind}: {inner}" for kind, inner in sorted(text_types().items())]
    unread = sorted(set(by_type) - set(kinds) - set(text_types()))
    lines += ["unread_types:  # of the library, without a family here", *(f"  - {kind}" for kind in unread)]
    (FOLDER / "library.yaml").write_text("\n".join(lines) + "\n")


def change(defaults: Mapping[str, Any], draw: random.Random) -> dict[str, Any]:
    """Sizes drawn for the keys of a class.

    Parameters
    ----------
    defaults
        Defaults of the class.
    draw
        Source of random numbers.
    """
    drawn = {
        key: draw.choice(sizes) for key, sizes in SIZES.items() if defaults.get(key, "") != "" and draw.random() < 0.7
    }
    drawn = {key: value for key, value in drawn.items() if defaults[key] is not None or key in ("n_inner", "head_dim")}
    heads = next((key for key in ("num_attention_heads", "n_head", "n_heads") if key in defaults), None)
    if heads is not None:
        drawn[heads] = draw.choice((4, 8))
        hidden = next((key for key in ("hidden_size", "n_embd", "d_model") if key in defaults), None)
        if hidden is not None:
            drawn[hidden] = drawn[heads] * draw.choice((64, 128))
        if "num_key_value_heads" in defaults:
            drawn["num_key_value_heads"] = draw.choice((drawn[heads], drawn[heads] // 2, 1))
    return drawn


def count(config: Any) -> dict[str, Any]:
    """Parameters that the library builds: all, those of matrices, and of these the ones that a token meets.

    Parameters
    ----------
    config
        The configuration.
    """
    text = config.get_text_config(decoder=True)
    sees = config.model_type in modeling_auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES
    with torch.device("meta"):
        model = (AutoModelForImageTextToText if sees else AutoModelForCausalLM).from_config(config)
    weights = dict(model.named_parameters())
    if text is not config:
        weights = {name: weight for name, weight in weights.items() if LANGUAGE.search(name)}
    total = matrices = active = 0
    numbers = (getattr(text, key, None) for key in ("num_experts_per_tok", "moe_k", "moe_topk", "top_k_experts"))
    chosen = next((number for number in numbers if number), 1)
    for name, weight in weights.items():
        total += weight.numel()
        is_vector = weight.ndim < 2 or name.endswith("bias") or min(weight.shape[-2:]) == 1
        if is_vector or POSITIONS.search(name):
            continue
        matrices += weight.numel()
        active += weight.numel() * (chosen / weight.shape[0] if weight.ndim == 3 and "expert" in name else 1)
    layers = getattr(text, "layer_types", None)
    windows = sum(kind == "sliding_attention" for kind in layers) if layers else None
    return {"total": total, "matrices": matrices, "active": round(active), "windows": windows}


def reduced(config: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what every configuration has, what is empty, and what describes other inputs.

    Parameters
    ----------
    config
        Plain data of the configuration.
    """
    usual = set(transformers.PreTrainedConfig().to_dict()) - {"model_type", "is_encoder_decoder", "tie_word_embeddings"}
    left = {key: value for key, value in config.items() if key not in usual and value is not None}
    left = {key: value for key, value in left.items() if not key.startswith(("vision", "audio", "vq", "rope_param"))}
    return {key: reduced(value) if key in TEXT_SECTIONS else value for key, value in left.items()}


def rows(by_type: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Configurations of every decoder of the library with their counts: drawn sizes, and the whole default.

    Parameters
    ----------
    by_type
        Configuration classes by model type.
    """
    kinds = [*modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES]
    kinds += [kind for kind in modeling_auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES if kind not in kinds]
    for kind in kinds:
        defaults = fields(by_type[kind])
        changes = [{}] + [change(defaults, random.Random(f"{kind} {i}")) for i in range(CHANGES_A_TYPE)]
        seen = set()
        for drawn in changes:
            if json.dumps(drawn, sort_keys=True) in seen:
                continue
            seen.add(json.dumps(drawn, sort_keys=True))
            try:
                config = by_type[kind](**drawn)
                counted = count(config)
            except Exception as error:  # the library refuses it, or a class cannot be built without data
                print(f"{kind} {drawn}: {type(error).__name__} {str(error)[:80]!r}")
                continue
            if not counted["matrices"]:  # its language model has another name
                continue
            default_file = {"whole": reduced(config.to_dict())} if not drawn else {}
            yield {"type": kind, "drawn": drawn, **counted, **default_file}


def public_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """Public files with their counts; files that the library cannot build are left out with a line.

    Parameters
    ----------
    folder
        Folder with files that end in ``_config.json``.
    """
    seen = set()
    for path in sorted(folder.glob("*_config.json")):
        data = json.loads(path.read_text())
        kind = data.get("model_type")
        data = {key: value for key, value in data.items() if key not in ("auto_map", "quantization_config")}
        text = json.dumps({key: value for key, value in data.items() if "version" not in key}, sort_keys=True)
        if kind is None or text in seen:
            continue
        seen.add(text)
        try:
            counted = count(CONFIG_MAPPING[kind].from_dict(dict(data)))
        except Exception as error:
            print(f"{path.name}: {type(error).__name__} {str(error)[:80]!r}")
            continue
        if counted["matrices"]:
            yield {"type": kind, "drawn": {}, "file": path.name.removesuffix("_config.json"), **counted, "whole": data}


def main() -> None:
    """Write both files."""
    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    by_type = classes()
    write_library(by_type)
    with ORACLE.open("w") as file:
        public = public_rows(Path(sys.argv[1])) if len(sys.argv) > 1 else ()
        for row in (*rows(by_type), *public):
            file.write(json.dumps(row, default=str, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
