from dataclasses import replace

import numpy as np
import pytest

from lindos.formulas.collectives import ring_all_gather_time
from lindos.problem.cluster import Tier
from lindos.step.communication import (
    all_gather_time,
    all_reduce_time,
    expert_exchange_time,
    levels,
    neighbour_time,
    reachable,
)

INSIDE = Tier(name="scale-up", size=8, bandwidth=400e9, latency=0.0)
ACROSS = Tier(name="leaf", size=1024, bandwidth=50e9, latency=0.0)
BLOCKED = Tier(name="spine", size=65536, bandwidth=50e9, latency=0.0, oversubscription=4.0)
TIERS = reachable((INSIDE, ACROSS, BLOCKED))


def test_a_group_of_one_takes_no_time():
    alone = levels(TIERS, 1.0, 1.0)
    for time in (all_gather_time, all_reduce_time, neighbour_time):
        assert float(time(1e9, alone)) == 0.0
    assert float(expert_exchange_time(1e9, 8, alone)) == 0.0


def test_a_group_inside_a_node_never_leaves_it():
    inside = levels(TIERS, 8.0, 1.0)
    assert float(all_gather_time(8e9, inside)) == pytest.approx(7 / 8 * 8e9 / 400e9)


def test_stride_decides_which_members_share_a_node():
    # Members eight apart: one a node, so all bytes cross the network.
    apart = levels(TIERS, 16.0, 8.0)
    assert float(all_gather_time(16e9, apart)) == pytest.approx(15 / 16 * 16e9 / 50e9)
    # Two apart: four a node, which share the network's work.
    shared = levels(TIERS, 16.0, 2.0)
    assert float(all_gather_time(16e9, shared)) < float(all_gather_time(16e9, apart)) / 3


def test_a_pipelined_ring_is_bound_by_its_narrowest_tier():
    spread = levels(TIERS, 64.0, 1.0)  # 8 nodes of 8: 8 ports of 50 GB/s match 400 GB/s inside
    assert float(all_gather_time(64e9, spread)) == pytest.approx(63 / 64 * 64e9 / 400e9)


def test_oversubscription_divides_what_leaves_the_tier():
    near, far = levels(TIERS, 16.0, 8.0), levels(TIERS, 16.0, 1024.0)
    assert float(all_gather_time(1e9, far)) == pytest.approx(4 * float(all_gather_time(1e9, near)))


def test_pieces_are_gathered_inside_a_tier_before_they_cross_the_next():
    spread = levels(TIERS, 1024.0, 64.0)  # 16 members below each leaf: a sixteenth of the bytes crosses the spine each
    assert float(all_gather_time(1e9, spread)) == pytest.approx(1e9 / 50e9, rel=0.01)


def test_in_switch_reduction_halves_an_all_reduce():
    ring = float(all_reduce_time(8e9, levels((INSIDE,), 8.0, 1.0)))
    switch = Tier(name="scale-up", size=8, bandwidth=400e9, latency=0.0, in_switch_reduction=True)
    assert float(all_reduce_time(8e9, levels((switch,), 8.0, 1.0))) == pytest.approx(ring * 4 / 7)


def test_a_switch_may_add_up_slower_than_it_forwards():
    switch = Tier(name="scale-up", size=8, bandwidth=400e9, latency=0.0, in_switch_reduction=True)
    slow = replace(switch, reduction_bandwidth=300e9)
    assert float(all_reduce_time(6e9, levels((slow,), 8.0, 1.0))) == pytest.approx(6e9 / 300e9)
    assert float(all_gather_time(6e9, levels((slow,), 8.0, 1.0))) == pytest.approx(7 / 8 * 6e9 / 400e9)


def test_chunks_cost_small_messages_more_of_their_bandwidth():
    chunked = levels((replace(INSIDE, chunk_cost=5e-6),), 8.0, 1.0)
    for time in (all_gather_time, all_reduce_time, lambda message, to: expert_exchange_time(message, 8, to)):
        rates = [message / float(time(message, chunked)) for message in (1e6, 1e8, 1e10)]
        whole = [message / float(time(message, levels((INSIDE,), 8.0, 1.0))) for message in (1e6, 1e8, 1e10)]
        shares = [rate / full for rate, full in zip(rates, whole, strict=True)]
        assert shares[0] < shares[1] < shares[2] < 1
        assert shares[2] > 0.95


def test_latency_grows_with_the_logarithm_of_a_group():
    slow = (Tier(name="all", size=2**26, bandwidth=50e9, latency=5e-6),)
    assert float(all_reduce_time(1.0, levels(slow, 2.0**26, 1.0))) == pytest.approx(2 * 26 * 5e-6, rel=1e-3)


def test_flat_rings_beat_nothing_they_should_not():
    one = levels((INSIDE,), 8.0, 1.0)
    assert float(all_gather_time(1e9, one)) <= float(ring_all_gather_time(1e9, 8.0, 400e9, 0.0))


def test_limited_routing_sends_less():
    spread = levels(TIERS, 64.0, 1.0)
    free = float(expert_exchange_time(1e9, 8, spread))
    limited = float(expert_exchange_time(1e9, 8, spread, 8, 4))
    assert limited < free
    assert limited == pytest.approx(4 * 7 / 8 * 1e9 / 50e9)


def test_arrays_of_groups_match_single_groups():
    sizes, strides = np.array([1.0, 8.0, 64.0, 5000.0]), np.array([1.0, 2.0, 1.0, 8.0])
    together = all_reduce_time(1e9, levels(TIERS, sizes, strides))
    alone = [float(all_reduce_time(1e9, levels(TIERS, n, s))) for n, s in zip(sizes, strides, strict=True)]
    np.testing.assert_allclose(together, alone)
