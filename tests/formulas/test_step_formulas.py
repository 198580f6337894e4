"""Worked examples and limits of the formulas behind a step; the laws hold their units and arrays."""

import math

import pytest

from lindos.formulas import batch, collectives, pipeline, roofline, transformer


def test_groups_of_one_take_no_time():
    for name in ("ring_all_gather", "recursive_all_gather", "ring_all_reduce", "all_to_all"):
        assert float(getattr(collectives, f"{name}_time")(1e9, 1.0, 50e9, 5e-6)) == 0.0, name
    assert float(collectives.in_switch_all_reduce_time(1e9, 1.0, 50e9, 5e-6)) == 0.0


def test_ring_by_hand():
    # 4 members, 400 MB, 100 GB/s, 1 ms: three steps of 100 MB each.
    assert collectives.ring_all_gather_time(400e6, 4, 100e9, 1e-3) == pytest.approx(3 * (1e-3 + 1e-3))
    assert collectives.ring_all_reduce_time(400e6, 4, 100e9, 1e-3) == pytest.approx(6 * (1e-3 + 1e-3))


def test_recursive_doubling_has_the_bytes_of_a_ring_in_fewer_steps():
    ring = collectives.ring_all_gather_time(1e9, 64, 50e9, 0.0)
    assert float(collectives.recursive_all_gather_time(1e9, 64, 50e9, 0.0)) == pytest.approx(ring)
    assert float(collectives.recursive_all_gather_time(0.0, 64, 50e9, 1e-6)) == pytest.approx(6e-6)


def test_what_overlap_leaves_visible():
    assert float(collectives.exposed_time(2.0, 10.0, 1.0)) == 0.0
    assert float(collectives.exposed_time(2.0, 0.5, 1.0)) == 1.5
    assert float(collectives.visible_time(2.0, 10.0, 1.0, 0.15)) == pytest.approx(0.3)
    assert float(collectives.visible_time(2.0, 10.0, 0.0, 0.15)) == 2.0


def test_bubbles_by_hand():
    # 4 stages; forward 1, input gradient 1, weight gradient 1.
    assert pipeline.one_f_one_b_bubble_time(1.0, 2.0, 4, 1) == 9.0
    assert pipeline.one_f_one_b_bubble_time(1.0, 2.0, 4, 3) == 3.0
    assert float(pipeline.zero_bubble_time(1.0, 1.0, 1.0, 4)) == 3.0
    assert float(pipeline.dual_pipe_bubble_time(1.0, 1.0, 1.0, 4)) == 2.0
    assert float(pipeline.dual_pipe_bubble_time(1.0, 1.0, 1.0, 1)) == 0.0


def test_layers_round_up_to_whole_chunks():
    assert float(pipeline.layers_on_slowest_stage(128, 16, 8)) == 8.0
    assert float(pipeline.layers_on_slowest_stage(61, 16, 1)) == 4.0
    assert float(pipeline.layers_on_slowest_stage(33, 8, 4)) == 8.0


def test_roofline_is_bound_by_the_slower_side():
    assert float(roofline.roofline_time(1e12, 1.0, 1e12, 1e12, 0.0)) == 1.0
    assert float(roofline.roofline_time(1.0, 2e12, 1e12, 1e12, 0.5)) == 2.5


TILING = {"tile_rows": 128, "tile_columns": 128, "num_processors": 100}


def test_tiles_and_waves_round_up():
    whole = {**TILING, "split_depth": 1e9, "half_tile_loss": 9}
    assert float(roofline.split_waves(1280, 1280, 64, 1, **whole)) == 1
    assert float(roofline.split_waves(1281, 1280, 64, 1, **whole)) == 2
    assert float(roofline.split_waves(64, 1280, 64, 10, **whole)) == 1


def test_the_best_number_of_chunks_is_what_trying_them_finds():
    transfer, cost = 400e-6, 5e-6
    tried = min(chunks * cost + transfer / chunks for chunks in range(1, 200))
    assert float(collectives.chunking_time(transfer, cost)) == pytest.approx(tried, rel=0.01)


def test_a_library_takes_the_fastest_way_round_a_partial_wave():
    whole = {**TILING, "split_depth": 1e9, "half_tile_loss": 9}
    assert float(roofline.split_waves(128, 128 * 150, 64, 1, **whole)) == 2
    assert float(roofline.split_waves(128, 128 * 150, 64, 1, **whole | {"split_depth": 0})) == 1.5
    assert float(roofline.split_waves(128, 128 * 120, 64, 1, **whole | {"half_tile_loss": 0})) == 1.5
    assert float(roofline.shared_waves(128, 128 * 150, 1, **TILING, partial_wave=0.1)) == pytest.approx(
        math.hypot(1.5, 0.1)
    )


def test_shallow_products_pay_for_their_start():
    assert float(roofline.matmul_efficiency(128, 12800, 128, 1, 1, **TILING, fill_depth=128, burst=0)) == 0.5
    assert float(roofline.matmul_efficiency(128, 12800, 128, 1, 2, **TILING, fill_depth=0, burst=0)) == 0.5


def test_short_products_run_at_a_higher_clock():
    shape = {**TILING, "fill_depth": 0, "burst": 0.1}
    assert float(roofline.matmul_efficiency(128, 12800, 1, 1, 1, **shape)) == pytest.approx(1.1, rel=1e-5)
    assert float(roofline.matmul_efficiency(128, 12800, 1e9, 1, 1, **shape)) == pytest.approx(1.0, rel=1e-4)


def test_attention_of_long_sequences_with_heads_of_128_reaches_its_rate():
    whole = roofline.attention_efficiency(12800, 1e9, 1, 128, 1, 128, 100, 200, 40)
    narrow = roofline.attention_efficiency(12800, 1e9, 1, 64, 1, 128, 100, 200, 40)
    short = roofline.attention_efficiency(12800, 200, 1, 128, 1, 128, 100, 200, 40)
    assert (float(whole), float(short)) == pytest.approx((1.0, 0.5))
    assert float(narrow) == pytest.approx(64 / 104 * 168 / 128)


def test_keys_of_causal_windows_by_counting():
    length, window = 1000, 100
    counted = sum(min(i, window) for i in range(1, length + 1)) / length
    assert float(transformer.mean_causal_keys(length, window)) == pytest.approx(counted, abs=1)
    assert float(transformer.mean_causal_keys(length, length)) == length / 2


def test_distinct_targets_lie_between_one_and_the_choices():
    assert transformer.distinct_targets(1, 8) == 1.0
    assert transformer.distinct_targets(1e6, 8) == pytest.approx(8, rel=1e-4)


def test_batches_trade_tokens_for_steps():
    tokens, steps = batch.extra_tokens_factor(3.0, 2.0, 1.0), batch.critical_batch_size(4e12, 1e12, 2.0, 0.5)
    assert tokens == 2.5
    assert steps == 4.0
