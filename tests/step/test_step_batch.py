import pytest

from lindos import step
from step_fixtures import assumptions


def test_the_anchor_of_the_law_is_itself():
    assert step.critical_batch_tokens(16e12, assumptions()) == pytest.approx(32e6)
    assert step.critical_batch_tokens(64e12, assumptions()) == pytest.approx(64e6)


def test_a_batch_at_the_limit_costs_the_stated_overhead():
    limit = step.batch_limit(64e6, 64e12, assumptions())
    assert limit.share_of_critical == pytest.approx(1.0)
    assert limit.tokens_factor == pytest.approx(1.2)
    assert step.batch_limit(0.0, 64e12, assumptions()).tokens_factor == 1.0
