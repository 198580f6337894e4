"""Serving against published throughput: a sanity check of the closed form, to which nothing is tuned.

Every third of NVIDIA's offline results (output tokens per second and GPU) for models and devices of the catalogue, from
https://github.com/NVIDIA/TensorRT-LLM/blob/03e27c7d5ff0/docs/source/developer-guide/perf-overview.md, and the rates of
DeepSeek's own service from https://github.com/deepseek-ai/open-infra-index (day 6, February 2025).
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from lindos.catalog import Catalog, load_catalog
from lindos.catalog.lookup import system_with
from lindos.fleet import Option, Placement, assumptions, estimate, served
from lindos.fleet.options import network_of

#: model, device, precision, prompt tokens, written tokens, measured output tokens per second and GPU
PUBLISHED = (
    ("deepseek-v3", "b200-sxm", "nvfp4", 1000, 1000, 6463),
    ("deepseek-v3", "b200-sxm", "nvfp4", 1024, 32768, 1451),
    ("gpt-oss-120b", "h100-sxm", "fp8", 1000, 1000, 4685),
    ("gpt-oss-120b", "gb200", "nvfp4", 1024, 8192, 14800),
    ("gpt-oss-120b", "gb200", "nvfp4", 8192, 1024, 6835),
    ("gpt-oss-120b", "h100-sxm", "fp8", 32768, 1024, 333),
    ("llama-3.1-70b", "h200-sxm", "fp8", 1024, 1024, 2582),
    ("llama-3.1-70b", "h100-sxm", "fp8", 8192, 1024, 398),
    ("qwen3-235b-a22b", "h200-sxm", "fp8", 1000, 1000, 3288),
    ("qwen3-235b-a22b", "b200-sxm", "nvfp4", 1024, 8192, 3389),
    ("qwen3-235b-a22b", "b200-sxm", "nvfp4", 8192, 1024, 1410),
    ("qwen3-235b-a22b", "h200-sxm", "fp8", 32768, 1024, 134),
)


@cache
def catalog() -> Catalog:
    return load_catalog()


def placed(model: str, device: str, precision: str, context: int, speed: float) -> Placement:
    accelerator = catalog().accelerator(device)
    system = system_with(catalog(), accelerator.name)
    assert system is not None
    fabrics = catalog().fabric(system.scale_up_fabric), catalog().fabric(system.fabric)
    option = Option(
        name="measured",
        provider="",
        term="",
        date="",
        accelerator=accelerator,
        kernels=catalog().kernels_of(accelerator),
        network=network_of(accelerator, system, *fabrics),
        price=1.0,
    )
    return estimate(
        model=served(catalog().model(model), precision, context),
        input_rate=1e7,  # of many replicas, so that each has a full batch
        output_rate=1e7,
        options=[option],
        assume=replace(assumptions(catalog()), output_speed=speed),
    ).chosen


def predicted(model: str, device: str, precision: str, prompt: int, written: int) -> float:
    """Offline: no promised speed, prompts and writing share the device's time."""
    reading = placed(model, device, precision, prompt, 0.5).prefill_rate
    writing = placed(model, device, precision, prompt + written // 2, 0.5).decode_rate
    return float(1 / (prompt / written / reading + 1 / writing))


def test_throughput_is_of_the_order_that_nvidia_measured() -> None:
    factors = np.array([predicted(*row[:5]) / row[5] for row in PUBLISHED])
    assert 0.5 < np.median(factors) < 2, f"median {np.median(factors):.2f}"
    assert np.all((factors > 0.2) & (factors < 5)), factors.round(2)


@pytest.mark.parametrize(("rate", "published"), [("decode_rate", 14_800 / 8), ("prefill_rate", 73_700 * 0.437 / 8)])
def test_rates_are_of_the_order_that_deepseek_runs_at(rate: str, published: float) -> None:
    place = placed("deepseek-v3", "h800-sxm", "fp8", 4989, 21.0)
    assert 0.33 < float(getattr(place, rate)) / published < 3
