"""Fleets by hand, at their limits, and as arrays."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lindos.catalog.facts import Fact
from lindos.catalog.model import Model
from lindos.catalog.records import Accelerator, Kernels
from lindos.errors import InfeasibleError, InputError
from lindos.fleet import Assumptions, FleetEstimate, Option, estimate, served
from lindos.results import rows

LLAMA = Model(
    name="llama-3.1-70b",
    title="Llama 3.1 70B",
    num_layers=80,
    hidden_size=8192,
    num_attention_heads=64,
    num_kv_heads=8,
    head_dim=128,
    ffn_hidden_size=28672,
    gated=True,
    vocab_size=128256,
    max_sequence_length=131072,
    tied_embeddings=False,
)
DEEPSEEK = Model(
    name="deepseek-v3",
    title="DeepSeek-V3",
    num_layers=61,
    hidden_size=7168,
    num_attention_heads=128,
    num_kv_heads=128,
    head_dim=128,
    ffn_hidden_size=18432,
    gated=True,
    vocab_size=129280,
    max_sequence_length=163840,
    tied_embeddings=False,
    attention="mla",
    q_lora_rank=1536,
    kv_lora_rank=512,
    qk_nope_head_dim=128,
    qk_rope_head_dim=64,
    v_head_dim=128,
    num_experts=256,
    experts_per_token=8,
    expert_ffn_hidden_size=2048,
    num_shared_experts=1,
    num_dense_layers=3,
)
ASSUME = Assumptions(
    peak_to_mean=1.5,
    utilisation=0.75,
    serving_efficiency=0.5,
    memory_fraction=0.9,
    weight_share=0.6,
    output_speed=20.0,
)


def fact(value: Any, path: str = "test") -> Fact[Any]:
    return Fact(path=path, content=value)


def device(**known: float) -> Accelerator:
    texts = {"name": "h100-sxm", "title": "H100", "vendor": "NVIDIA", "family": "hopper"}
    numbers = {
        "peak_bf16": 1e15,
        "peak_fp8": 2e15,
        "memory": 80e9,
        "memory_bandwidth": 3.35e12,
        "scale_up_size": 8.0,
    } | known
    unknown = {field.name: fact(None) for field in fields(Accelerator)}
    return Accelerator(**(unknown | {name: fact(value) for name, value in numbers.items()} | texts))  # type: ignore[arg-type]


def kernels() -> Kernels:
    values = {field.name: fact(0.8) for field in fields(Kernels)}
    return Kernels(**(values | {"name": "hopper", "title": "Hopper"}))  # type: ignore[arg-type]


def option(name: str = "a", price: float = 3 / 3600, **known: float) -> Option:
    return Option(
        name=name,
        provider=f"provider {name}",
        term="on-demand",
        date="2026-05",
        accelerator=device(**known),
        kernels=kernels(),
        price=price,
    )


def place(**changes: Any) -> FleetEstimate:
    arguments: dict[str, Any] = {
        "model": served(LLAMA, "fp8", 4096),
        "input_rate": 1e6,
        "output_rate": 1e5,
        "options": [option()],
        "assume": ASSUME,
    }
    return estimate(**(arguments | changes))


def test_params_of_published_models() -> None:
    assert served(LLAMA, "bf16", 1).num_params == pytest.approx(70.55e9, rel=0.001)
    deepseek = served(DEEPSEEK, "fp8", 4096)
    assert deepseek.num_params == pytest.approx(671e9, rel=0.003)
    # 37 billion are published as active; the input embedding, 0.9 billion, multiplies nothing.
    assert deepseek.num_active_params == pytest.approx(36.7e9, rel=0.02)


def test_cache_is_shorter_under_a_window() -> None:
    windowed = replace(LLAMA, sliding_window=128, num_windowed_layers=40)
    assert served(windowed, "bf16", 4096).cache_per_sequence == pytest.approx(4096 * 327_680 * (0.5 + 0.5 / 32))
    assert served(LLAMA, "bf16", 4096).cache_per_sequence == 4096 * 327_680


def test_placement_by_hand() -> None:
    chosen = place(assume=replace(ASSUME, output_speed=15.0)).chosen
    # 70.6 GB over 0.6 x 72 GB: two devices; 144 - 70.6 GB of cache at 0.67 GB a sequence: 109 sequences, in 54 ms.
    assert float(chosen.devices_per_replica) == 2
    assert float(chosen.batch) == pytest.approx((144e9 - 70.55e9) / (4096 * 163_840), rel=0.001)
    assert float(chosen.decode_step_time) == pytest.approx(144e9 / (2 * 3.35e12 * 0.8 * 0.5))
    assert float(chosen.decode_rate) == pytest.approx(float(chosen.batch / chosen.decode_step_time) / 2)
    assert float(chosen.bill) == pytest.approx(float(chosen.peak_devices) * 3 / 3600)
    assert float(chosen.price_per_token) == pytest.approx(float(chosen.bill) / 1.1e6)
    assert float(chosen.peak_devices) >= 1.5 * float(chosen.mean_devices)
    assert float(chosen.peak_devices) % 2 == 0


def test_speed_takes_larger_replicas() -> None:
    quick = place(assume=replace(ASSUME, output_speed=60.0)).chosen
    # 70.6 GB over 0.6 x 1.34e12 / 60 B: 5.3 devices, so eight.
    assert float(quick.devices_per_replica) == 8


def test_promised_speed_is_kept() -> None:
    for speed in (5.0, 20.0, 60.0):
        chosen = place(assume=replace(ASSUME, output_speed=speed)).chosen
        assert float(chosen.decode_step_time) <= 1 / speed * (1 + 1e-9)
        assert float(chosen.meets_speed) == 1


def test_a_speed_beyond_the_hardware_is_said() -> None:
    result = place(assume=replace(ASSUME, output_speed=1e5))
    assert float(result.chosen.meets_speed) == 0
    assert "No option keeps the promised speed" in result.notes[-1]


def test_the_cheapest_is_chosen_and_all_are_shown() -> None:
    dear, cheap = option("dear", 4 / 3600), option("cheap", 2 / 3600)
    result = place(options=[dear, cheap])
    assert result.chosen.option == "cheap"
    assert [row[0] for row in result.table()] == ["provider cheap", "provider dear"]
    assert place(options=[dear, cheap], chosen="dear").chosen.option == "dear"


def test_faster_memory_needs_fewer_devices() -> None:
    slow, fast = place().chosen, place(options=[option(memory_bandwidth=8e12)]).chosen
    assert float(fast.decode_devices) < float(slow.decode_devices)


def test_few_sequences_read_few_experts() -> None:
    model = served(DEEPSEEK, "fp8", 4096)
    one = place(model=model, assume=replace(ASSUME, output_speed=1e5)).chosen
    weights_only = model.weights / (float(one.devices_per_replica) * 3.35e12 * 0.8 * 0.5)
    assert float(one.batch) == 1
    assert float(one.decode_step_time) < 0.2 * weights_only


def test_volume_discount_comes_off_the_price() -> None:
    assert float(place(volume_discount=0.25).chosen.bill) == pytest.approx(0.75 * float(place().chosen.bill))


@given(st.floats(1.0, 100.0))
def test_more_traffic_is_never_cheaper(factor: float) -> None:
    assert float(place(input_rate=1e6 * factor).chosen.bill) >= float(place().chosen.bill)


def test_arrays_give_what_floats_give() -> None:
    efficiency, prices = np.array([0.3, 0.5, 0.7]), np.array([2.0, 3.0, 4.0]) / 3600
    many = place(assume=replace(ASSUME, serving_efficiency=efficiency), options=[option(price=prices)])
    for index in range(3):
        one = place(
            assume=replace(ASSUME, serving_efficiency=float(efficiency[index])),
            options=[option(price=float(prices[index]))],
        )
        for wide, single in zip(rows(many), rows(one), strict=True):
            assert np.broadcast_to(wide.value, 3)[index] == pytest.approx(float(single.value)), wide.name


def test_errors_say_what_to_do() -> None:
    with pytest.raises(InfeasibleError) as none:
        place(options=[], left_out=["CoreWeave H100: its price is unknown."])
    assert str(none.value) == (
        "No priced device can serve llama-3.1-70b in fp8: CoreWeave H100: its price is unknown. Add a cloud price."
    )
    with pytest.raises(InputError) as name:
        place(chosen="b")
    assert str(name.value) == "chosen is 'b', but must be one of a."
    with pytest.raises(InputError) as precision:
        served(LLAMA, "int3", 4096)
    assert str(precision.value).startswith("inference.precision is 'int3', but must be one of bf16, fp8")
    with pytest.raises(InputError, match=r"inference.context_length is 0, but must be at least one token"):
        served(LLAMA, "fp8", 0)
    with pytest.raises(InputError, match=r"attention is 'lightning', but must be gqa or mla"):
        served(replace(LLAMA, attention="lightning"), "fp8", 4096)
