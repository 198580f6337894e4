"""Every decoder of the transformers library: read as the library builds it, or refused with a sentence.

``configurations.jsonl`` has the parameters that transformers 5.24.0 builds on the meta device for the defaults of its
classes, for sizes drawn from a seed, and for public files; ``make oracle`` writes it.
"""

import dataclasses
import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lindos.catalog import load_catalog
from lindos.catalog.huggingface import read_config
from lindos.catalog.mixers import Attention
from lindos.errors import InconsistentError, InputError
from lindos.transformer import active_params, num_params
from lindos.transformer.composition import of_model

TOLERANCE = 0.005
#: Fields of a model that a configuration does not have.
OUTSIDE_SHAPE = ("name", "title", "sources", "note", "published_params", "training_tokens", "training_flop")


@cache
def rows() -> dict[str, list[dict[str, Any]]]:
    """Configurations with their counts by the type of the whole."""
    by_type = defaultdict(list)
    for line in (Path(__file__).parent / "configurations.jsonl").read_text().splitlines():
        row = json.loads(line)
        by_type[row["type"]].append(row)
    return by_type


def differences(config: dict[str, Any], row: dict[str, Any]) -> list[str] | None:
    """What Lindos reads otherwise than the library; None where it refuses."""
    try:
        model = read_config(config).model
    except (InputError, InconsistentError) as error:
        assert "config." in str(error)
        return None
    pairs = {
        "parameters": (num_params(model), row["matrices"], TOLERANCE),
        "active": (active_params(model), row["active"], TOLERANCE),
    }
    if row["windows"] is not None:
        mixers = of_model(model).mixers
        windows = sum(count for mixer, count in mixers if isinstance(mixer, Attention) and mixer.window)
        pairs["windows"] = windows, row["windows"], 0
    return [
        f"{name} {read:,.0f} for {built:,}"
        for name, (read, built, tolerance) in pairs.items()
        if abs(read - built) > tolerance * built
    ]


def configurations(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The configuration as a user writes it, and in full where the row has that."""
    if "file" in row:
        return [row["whole"]]
    written = {"model_type": row["type"], **row["drawn"]}
    return [written, row["whole"]] if "whole" in row else [written]


@pytest.mark.parametrize("kind", sorted(rows()))
def test_a_decoder_is_read_as_the_library_builds_it_or_refused(kind: str) -> None:
    for row in rows()[kind]:
        for config in configurations(row):
            assert not differences(config, row), config


def test_most_decoders_are_read() -> None:
    read = {
        kind
        for kind, group in rows().items()
        if any(differences(config, row) == [] for row in group for config in configurations(row))
    }
    assert len(rows()) >= 200
    assert len(read) >= 100


#: Models of the catalogue whose layers are of several kinds, by the public file that they are from.
FILES = {
    "nemotron-h-56b": "nvidia--Nemotron-H-56B-Base-8K",
    "nemotron-3-nano": "nvidia--NVIDIA-Nemotron-3-Nano-30B-A3B-BF16",
    "nemotron-3.5-lightning": "nvidia--NVIDIA-Nemotron-3.5-Lightning-30B-A3B-NVFP4",
    "nemotron-3-super": "nvidia--NVIDIA-Nemotron-3-Super-120B-A12B-FP8",
    "nemotron-3-ultra": "nvidia--NVIDIA-Nemotron-3-Ultra-550B-A55B-BF16",
    "qwen3.5-27b": "Qwen--Qwen3.5-27B",
    "qwen3.5-35b-a3b": "Qwen--Qwen3.5-35B-A3B",
    "qwen3.5-122b-a10b": "Qwen--Qwen3.5-122B-A10B",
    "qwen3.5-397b-a17b": "Qwen--Qwen3.5-397B-A17B",
    "deepseek-v3.2": "deepseek-ai--DeepSeek-V3.2",
    "gemma-4-26b-a4b": "google--gemma-4-26B-A4B",
    "gemma-4-31b": "nvidia--Gemma-4-31B-IT-NVFP4",
}


@pytest.mark.parametrize("name", FILES)
def test_the_catalogue_has_the_shape_of_the_public_file(name: str) -> None:
    (row,) = (row for group in rows().values() for row in group if row.get("file") == FILES[name])
    model = load_catalog().model(name)
    read = read_config(row["whole"]).model
    usual = {field.name: getattr(model, field.name) for field in dataclasses.fields(model)}
    assert dataclasses.replace(read, **{key: usual[key] for key in OUTSIDE_SHAPE}) == model
    assert num_params(model) == pytest.approx(row["matrices"], rel=TOLERANCE)


def test_a_wrong_reading_is_seen() -> None:
    row = rows()["gemma3_text"][0]
    assert differences({"model_type": "gemma3_text"}, row) == []
    assert differences({"model_type": "gemma3_text", "num_hidden_layers": 25}, row)
    assert differences({"model_type": "gemma3_text", "sliding_window_pattern": 5}, row)
