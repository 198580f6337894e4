"""What checkpoints bring back, against a loop that keeps every checkpoint in a list."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_problems import device, problem, remote
from lindos.campaign import ALL_DEVICES, ENDLESS, CheckpointTier, with_best_intervals
from lindos.campaign.progress import KEEPS, SAVES, corrupted, losses, saving_share, tier_for
from lindos.formulas import checkpoint


def tier(interval: float, write: float = 0.0, survives: int = ALL_DEVICES) -> CheckpointTier:
    return CheckpointTier(
        name="t", interval=interval, blocking_time=1.0, write_time=write, restore_time=1.0, survives=survives
    )


def by_hand(work: list[float], stops: list[int], tiers: tuple[CheckpointTier, ...]) -> list[float]:
    """Lost work: each tier keeps a list of the work at which it saved, and when one could be read."""
    done, lost = 0.0, []
    origin = [0.0] * len(tiers)  # from where each tier counts
    for gain, stop in zip(work, stops, strict=True):
        done += gain
        before = done
        if stop == SAVES:
            origin = [done] * len(tiers)
        elif stop >= 0:
            for level in range(stop + 1):
                each = tiers[level]
                saved, at = origin[level], origin[level] + float(each.interval)
                while at + float(each.write_time) <= done + 1e-9:
                    saved, at = at, at + float(each.interval)
                done = saved
            origin[: stop + 1] = [done] * (stop + 1)
        lost.append(before - done)
    return lost


@given(
    st.lists(st.tuples(st.floats(0.0, 400.0), st.sampled_from([KEEPS, SAVES, 0, 1, 2])), min_size=1, max_size=25),
    st.sampled_from([0.0, 3.0]),
)
@settings(max_examples=150, deadline=None)
def test_losses_are_those_of_a_list_of_checkpoints(line: list[tuple[float, int]], write: float) -> None:
    tiers = (tier(10.0, write), tier(50.0, write), tier(200.0, write))
    work, stops = [gain for gain, _ in line], [stop for _, stop in line]
    found = losses(np.array([work]), np.array([stops]), np.ones((1, len(work))), tiers)[0]
    assert found == pytest.approx(by_hand(work, stops, tiers), abs=1e-6)


def test_one_tier_by_hand() -> None:
    work = np.array([[25.0, 7.0, 31.0, 4.0]])
    stop = np.array([[0, KEEPS, 0, KEEPS]])
    # 25 = 2 x 10 + 5; then 7 + 31 = 3 x 10 + 8.
    assert losses(work, stop, np.ones((1, 4)), (tier(10.0),)).tolist() == [[5.0, 0.0, 8.0, 0.0]]


def test_a_save_that_was_still_being_written_is_lost() -> None:
    work, stop = np.array([[24.0]]), np.array([[0]])
    assert losses(work, stop, np.ones((1, 1)), (tier(10.0, 5.0),)).tolist() == [[14.0]]


def test_tiers_that_survive() -> None:
    tiers = (tier(10.0, survives=8), tier(50.0, survives=0), tier(200.0))
    assert [tier_for(devices, tiers) for devices in (0, 8, 9, ALL_DEVICES)] == [0, 0, 2, 2]
    assert float(saving_share(tiers)) == pytest.approx(1 / 10 + 1 / 50 + 1 / 200)


def test_corruption_undoes_all_since_the_checkpoint_before_it() -> None:
    progress = np.array([[100.0, 200.0, 300.0]])
    found = corrupted(progress, np.array([[130.0]]), np.array([[1.0]]), np.array([[2]]), np.array([[1]]), 50.0)
    assert found.tolist() == [[0.0, 0.0, 200.0]]  # back to 100
    # A second one whose onset was undone with the first costs nothing more.
    found = corrupted(
        progress,
        np.array([[130.0, 160.0]]),
        np.array([[1.0, 2.0]]),
        np.array([[1, 2]]),
        np.array([[1, 1]]),
        50.0,
    )
    assert found[0, 1] == 100.0
    assert found[0, 2] <= 100.0
    none = corrupted(progress, np.array([[0.0]]), np.array([[np.inf]]), np.array([[-1]]), np.array([[-1]]), 50.0)
    assert not none.any()


@given(
    st.lists(st.integers(0, 400), min_size=2, max_size=12),
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11), st.integers(0, 8)), max_size=6),
)
@settings(max_examples=150, deadline=None)
def test_corruption_undoes_what_a_loop_undoes(gains: list[int], struck: list[tuple[int, int, int]]) -> None:
    each, last = 50.0, len(gains) - 1
    # Every detection is a stop of its own, no earlier than its onset.
    found: dict[int, tuple[int, float]] = {}
    for begin, later, eighths in struck:
        if begin + later <= last:
            found.setdefault(begin + later, (begin, eighths / 8))
    done, lost, reached = 0.0, [], {}
    for column, gain in enumerate(gains):
        for stop, (begin, part) in found.items():
            if begin == column:
                reached[stop] = done + part * gain
        before = done = done + gain
        if column in found:
            done = min(done, reached[column] // each * each)
        lost.append(before - done)
    order = sorted(found)
    progress = np.cumsum(np.array([gains], dtype=float), axis=1)
    begins = [found[stop][0] for stop in order]
    then = [progress[0, b] - gains[b] * (1 - found[stop][1]) for stop, b in zip(order, begins, strict=True)]
    shape = (1, len(order))
    undone = corrupted(
        progress,
        np.reshape(np.array(then, dtype=float), shape),
        np.zeros(shape),
        np.reshape(np.array(order, dtype=int), shape),
        np.reshape(np.array(begins, dtype=int), shape),
        each,
    )
    assert undone[0] == pytest.approx(lost, abs=1e-6)


def test_each_tier_balances_its_own_failures() -> None:
    causes = (device(name="node"), device(name="pod", units=1, mtbf=1e6, devices=512))
    memory = CheckpointTier(
        name="memory", interval=ENDLESS, blocking_time=0.5, write_time=10.0, restore_time=1.0, survives=8
    )
    both = with_best_intervals(problem(causes=causes, tiers=(memory, remote(ENDLESS, 5.0))), least=2.0).tiers
    near = float(checkpoint.daly_interval(0.5, float(1 / causes[0].rate)))
    far = float(checkpoint.daly_interval(5.0, 1e6))
    assert float(both[0].interval) == pytest.approx(near)
    assert float(both[1].interval) == pytest.approx(far, rel=0.5 * near / far)
    assert float(both[1].interval / both[0].interval) == pytest.approx(round(far / near))


def test_intervals_have_floors_and_may_be_given_or_never_come() -> None:
    slow = CheckpointTier(
        name="remote", interval=ENDLESS, blocking_time=0.0, write_time=90.0, restore_time=1.0, survives=ALL_DEVICES
    )

    def best(tier: CheckpointTier, *given: float, **changes: Any) -> float:
        found = with_best_intervals(problem(tiers=(tier,), **changes), least=5.0, fixed=given)
        return float(found.tiers[0].interval)

    assert best(slow) == 90.0
    assert best(remote(ENDLESS, 0.0)) == 5.0
    assert best(slow, 300.0) == 300.0
    assert best(slow, recovery="replica") == ENDLESS
    # The only replica has no peer to take its state from; nor has what silent corruption spoils.
    assert best(remote(ENDLESS), recovery="replica", replica_devices=1024) == best(remote(ENDLESS))
    silent = device(name="silent", devices=0)
    assert best(remote(ENDLESS), recovery="replica", corruption=silent) == best(remote(ENDLESS))


@given(st.floats(1e-3, 1e3))
def test_a_tier_that_no_failure_needs_is_never_saved_to(save: float) -> None:
    memory = CheckpointTier(
        name="memory", interval=ENDLESS, blocking_time=save, write_time=0.0, restore_time=1.0, survives=8
    )
    found = with_best_intervals(problem(tiers=(memory, remote(ENDLESS, 5.0))), least=2.0).tiers
    assert float(found[0].interval) < ENDLESS
    assert float(found[1].interval) == ENDLESS
