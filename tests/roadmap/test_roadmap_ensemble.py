"""Many draws of one question: hot starts change nothing, and more of anything is never worse."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from expansions import expansion
from lindos.roadmap import Expansion, attainable_share, chances, delayed

QUESTION = expansion(years=4, num_generations=4, target_equivalents=38e6)


def draws(count: int = 12, supply: float = 1.0) -> Iterator[Expansion]:
    rng = np.random.default_rng(3)
    for _ in range(count):
        yield replace(
            QUESTION,
            price=QUESTION.price * rng.uniform(0.8, 1.2),
            supply=QUESTION.supply * rng.uniform(0.6, 1.6) * supply,
            power=QUESTION.power * rng.uniform(0.8, 1.2),
            queue=QUESTION.queue * rng.uniform(0.7, 1.3),
        )


def test_draws_from_the_basis_of_the_last_one_give_what_each_gives_alone() -> None:
    counted: list[int] = []
    found = chances(draws(), counted.append)
    assert found.shares == pytest.approx([attainable_share(question) for question in draws()], rel=1e-7)
    assert counted == list(range(1, 13))
    assert 0.0 < found.probability < 1.0


def test_more_supply_makes_a_target_likelier() -> None:
    assert chances(draws(supply=1.5)).probability >= chances(draws()).probability
    assert np.all(chances(draws(supply=1.5)).shares >= chances(draws()).shares - 1e-9)


def test_power_that_comes_later_is_never_more() -> None:
    late = delayed(QUESTION, 0.5)
    assert np.all(late.queue <= QUESTION.queue)
    assert np.all(late.queue[:, :2] <= 0.5 * QUESTION.queue[:, :2])
    assert delayed(QUESTION, 0.0).queue == pytest.approx(QUESTION.queue)
    assert attainable_share(late) <= attainable_share(QUESTION)
