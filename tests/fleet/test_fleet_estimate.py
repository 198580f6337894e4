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
from lindos.fleet import Assumptions, FleetEstimate, Network, Option, estimate, served
from lindos.fleet.replica import Layout, best_replica, step_time
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
    kernels_per_layer=0.0,
    output_speed=20.0,
)


#: Without latency, and with bandwidth that costs next to nothing: what is read decides.
NETWORK = Network(
    domain=8.0,
    inner_latency=0.0,
    outer_latency=0.0,
    inner_bandwidth=1e18,
    outer_bandwidth=1e18,
    in_switch_reduction=True,
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
        network=NETWORK,
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
    chosen = place(assume=replace(ASSUME, output_speed=10.0), layout=Layout(2.0, False)).chosen
    # 144 - 70.6 GB of cache at 0.67 GB a sequence: 109 sequences, in 54 ms.
    assert float(chosen.smallest_replica) == 1
    assert float(chosen.batch) == pytest.approx((144e9 - 70.55e9) / (4096 * 163_840), rel=0.001)
    assert float(chosen.decode_step_time) == pytest.approx(144e9 / (2 * 3.35e12 * 0.8 * 0.5))
    assert float(chosen.decode_rate) == pytest.approx(float(chosen.batch / chosen.decode_step_time) / 2)
    assert float(chosen.bill) == pytest.approx(float(chosen.peak_devices) * 3 / 3600)
    assert float(chosen.price_per_token) == pytest.approx(float(chosen.bill) / 1.1e6)
    assert float(chosen.peak_devices) >= 1.5 * float(chosen.mean_devices)
    assert float(chosen.peak_devices) % 2 == 0


def test_larger_replicas_leave_more_memory_to_caches() -> None:
    # One device that is nine tenths full of weights writes few sequences; eight share the weights.
    assert float(place().chosen.devices_per_replica) == 8


def test_no_layout_carries_the_traffic_with_fewer_devices() -> None:
    for model, traffic in ((served(LLAMA, "fp8", 4096), 1e6), (served(DEEPSEEK, "fp8", 4096), 1e5)):
        best = place(model=model, input_rate=traffic).chosen
        for size in (1.0, 2.0, 4.0, 8.0, 16.0):
            for expert_parallel in (False, True) if model.num_experts and size > 1 else (False,):
                fixed = place(model=model, input_rate=traffic, layout=Layout(size, expert_parallel), chosen="a").chosen
                fits = size >= float(best.smallest_replica) and (size <= 8 or expert_parallel)
                if fits and float(fixed.meets_speed):
                    assert float(best.peak_devices) <= float(fixed.peak_devices)


def test_promised_speed_is_kept() -> None:
    for speed in (5.0, 20.0, 60.0):
        chosen = place(assume=replace(ASSUME, output_speed=speed)).chosen
        assert float(chosen.decode_step_time) <= 1 / speed * (1 + 1e-9)
        assert float(chosen.meets_speed) == 1


def test_a_speed_beyond_the_hardware_is_refused_with_the_fastest() -> None:
    with pytest.raises(InfeasibleError) as caught:
        place(assume=replace(ASSUME, output_speed=1e5))
    assert str(caught.value) == (
        "No priced device writes llama-3.1-70b at inference.output_speed: a user is promised 100,000 tokens/s; the "
        "fastest, h100-sxm, writes 151 tokens/s to a user who is alone. Promise less (inference.output_speed in a "
        "catalogue file), or serve in fewer bits."
    )


def test_waits_of_the_layers_bound_the_speed_of_a_user_alone() -> None:
    slow = replace(NETWORK, outer_latency=4.2e-6, inner_latency=5e-6)
    model, assume = served(DEEPSEEK, "fp8", 4096), replace(ASSUME, kernels_per_layer=30.0)
    across = replace(option(), network=slow, kernels=replace(kernels(), launch_latency=fact(2.79e-6)))
    alone = step_time(model, across, assume, Layout(16.0, False), 1.0)
    # 61 layers: two rings of 30 steps of 4.2 us, and 30 kernels of 2.79 us; 36.7 GB read at half of 16 x 2.68 TB/s.
    assert alone == pytest.approx(61 * (2 * 30 * 4.2e-6 + 30 * 2.79e-6) + 36.7e9 / (16 * 2.68e12 * 0.5), rel=0.02)
    assert 40 < 1 / alone < 50
    inside = step_time(model, across, assume, Layout(8.0, False), 1.0)
    assert inside == pytest.approx(61 * (2 * 2 * 5e-6 + 30 * 2.79e-6) + 36.7e9 / (8 * 2.68e12 * 0.5), rel=0.02)


def test_a_batch_in_memory_is_not_written_at_the_speed_of_one() -> None:
    """A speed that one user alone just gets is not that of hundreds."""
    model, assume = served(DEEPSEEK, "fp8", 4096), replace(ASSUME, kernels_per_layer=30.0)
    here = replace(option(), kernels=replace(kernels(), launch_latency=fact(2.79e-6)))
    alone = float(best_replica(model, here, assume, lambda replica: replica.num_devices).speed_alone)
    crowd = place(model=model, options=[here], assume=replace(assume, output_speed=0.999 * alone)).chosen
    assert float(crowd.batch) / float(crowd.devices_per_replica) < 1


def test_draws_that_miss_the_speed_are_marked() -> None:
    efficiency = np.array([1e-4, 0.5])
    chosen = place(assume=replace(ASSUME, serving_efficiency=efficiency), chosen="a").chosen
    assert np.asarray(chosen.meets_speed).tolist() == [0.0, 1.0]


def test_without_whole_replicas_devices_move_smoothly() -> None:
    base, more = (place(input_rate=rate, layout=Layout(8.0, False), whole_replicas=False) for rate in (1e6, 1.0001e6))
    gained = float(more.chosen.peak_devices) - float(base.chosen.peak_devices)
    assert 0 < gained < 1e-4 * float(base.chosen.peak_devices)


def test_the_cheapest_is_chosen_and_all_are_shown() -> None:
    dear, cheap = option("dear", 4 / 3600), option("cheap", 2 / 3600)
    result = place(options=[dear, cheap])
    assert result.chosen.option == "cheap"
    assert [each.option for each in result.placements] == ["dear", "cheap"]
    assert place(options=[dear, cheap], chosen="dear").chosen.option == "dear"


def test_faster_memory_needs_fewer_devices() -> None:
    slow, fast = place().chosen, place(options=[option(memory_bandwidth=8e12)]).chosen
    assert float(fast.decode_devices) < float(slow.decode_devices)


def test_few_sequences_read_few_experts() -> None:
    model = served(DEEPSEEK, "fp8", 4096)
    weights_only = model.weights / (8 * 3.35e12 * 0.8 * 0.5)
    assert float(step_time(model, option(), ASSUME, Layout(8.0, False), 1.0)) < 0.2 * weights_only


def test_devices_that_share_only_experts_each_read_the_rest() -> None:
    model = served(DEEPSEEK, "fp8", 4096)
    shared, apart = (step_time(model, option(), ASSUME, Layout(64.0, each), 64.0) for each in (False, True))
    rest = model.weights - model.num_expert_params
    assert apart - shared == pytest.approx(63 / 64 * rest / (3.35e12 * 0.8 * 0.5))


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
