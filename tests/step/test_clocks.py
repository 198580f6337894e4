"""What a kernel inside a step falls behind one measured alone: families, power, releases."""

from dataclasses import replace

import pytest

from lindos.catalog import load_catalog
from lindos.problem.plan import Plan
from lindos.scenario.resolve import pool_from_system
from lindos.step import estimate
from lindos.step.clocks import powered_rate, share_in_step
from step_fixtures import STACK, assumptions, fact, job, pool

DEVICES = load_catalog()


@pytest.mark.parametrize(
    ("family", "share"),
    [("ampere", 0.8 * 1.1), ("hopper", 0.8 * 1.05), ("blackwell", 0.8 * 1.02), ("rubin", 0.8 * 1.02), ("tpu", 0.8)],
)
def test_a_family_has_a_share_of_its_own(family: str, share: float) -> None:
    facts = assumptions(
        kernel_share_in_step=0.8, ampere_share_in_step=1.1, hopper_share_in_step=1.05, blackwell_share_in_step=1.02
    )
    assert share_in_step(family, STACK, facts) == pytest.approx(share)


def test_later_releases_have_faster_kernels_on_devices_since_hopper() -> None:
    facts = assumptions(kernel_gain=0.1)
    old, new = (replace(STACK, release=release) for release in ("2024-07", "2026-07"))
    for family in ("hopper", "blackwell"):
        assert share_in_step(family, new, facts) == pytest.approx(share_in_step(family, old, facts) * 1.1**2)
    for family in ("ampere", "tpu"):
        assert share_in_step(family, new, facts) == share_in_step(family, old, facts)


def test_power_holds_back_wide_formats_on_small_boards() -> None:
    """1e15 FLOP/s at 1 pJ each draw 1,000 W: all of a board of 1,000 W, half of one of 2,000 W."""
    board = DEVICES.accelerator("b200-sxm")
    small, large = (replace(board, board_power=fact(watts)) for watts in (1000.0, 2000.0))
    held = powered_rate(1e15, small, "bf16", 1e-12)
    assert held == pytest.approx(1e15 / 2**0.25)
    assert powered_rate(1e15, large, "bf16", 1e-12) == pytest.approx(powered_rate(1e15, small, "fp8", 1e-12))
    assert powered_rate(1e15, large, "bf16", 1e-12) > 0.98e15
    assert powered_rate(1e15, replace(board, board_power=fact(None)), "bf16", 1e-12) == 1e15
    assert powered_rate(1e15, small, "bf16", 0.0) == 1e15


def test_boards_of_less_power_are_held_back_more() -> None:
    plan = Plan(data_parallel=8)

    def slower(system: str) -> float:
        free, held = (
            estimate(
                job(),
                pool_from_system(DEVICES, system, 8),
                plan,
                global_batch_size=64,
                assumptions=assumptions(blackwell_energy=joules),
            ).matmul
            for joules in (0.0, 7e-13)
        )
        return float(held) / float(free)

    assert slower("hgx-b200") > slower("gb200-nvl72") > 1.0 == slower("hgx-h100")


def test_gradients_and_weights_travel_in_the_width_of_the_software() -> None:
    work, plan = job(precision="fp8"), Plan(data_parallel=64)

    def sent(**changes: object) -> float:
        stack = replace(work.stack, overlap_data_parallel=fact(0.0), **changes)  # type: ignore[arg-type]
        step = estimate(replace(work, stack=stack), pool(), plan, global_batch_size=64, assumptions=assumptions())
        return float(step.exposed_data_parallel)

    assert sent(gradients="bf16") < 0.8 * sent()
    assert sent(low_precision_gather=True) < sent()
