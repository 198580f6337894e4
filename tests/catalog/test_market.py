"""Prices of tokens, contracts and prices by region: what follows from them, and that they are of the right order."""

import datetime
from collections import defaultdict

import pytest

from lindos.catalog import load_catalog
from lindos.catalog.market import Lease, RegionalPrice, TokenPrice
from lindos.catalog.priors import year_of

CATALOG = load_catalog()
TOKENS: dict[str, TokenPrice] = dict(CATALOG.records("token_prices"))


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_written_costs_at_least_as_much_as_one_read_and_a_cached_one_less(name: str) -> None:
    price = TOKENS[name]
    assert price.output.value >= price.input.value > 0
    if price.cached_input.is_known:
        assert 0.001 < price.cached_input.value / price.input.value < 1
    if price.cache_write.is_known:
        assert price.cache_write.value / price.input.value == pytest.approx(1.25, rel=0.02)


@pytest.mark.parametrize("name", TOKENS)
def test_a_listed_price_has_a_day_that_its_source_does_not_precede(name: str) -> None:
    price = TOKENS[name]
    listed = year_of(price.date)
    assert listed is not None
    assert 2024 < listed < 2027
    for fact in (price.input, price.output):
        dates = [year_of(CATALOG.source(source).date) for source in fact.sources]
        assert max(date for date in dates if date is not None) >= listed - 0.05


def test_tokens_of_one_model_cost_the_same_to_a_factor_of_twenty() -> None:
    # A slip of a unit (a thousand tokens for a million) is a factor of a thousand.
    by_model = defaultdict(list)
    for price in TOKENS.values():
        if price.weights:
            by_model[price.weights].append(price.output.value)
    assert len(by_model) > 10
    for model, prices in by_model.items():
        assert max(prices) / min(prices) < 20, model


def test_the_price_of_a_mix_of_tokens() -> None:
    grok = TOKENS["xai-grok-4.7-2026-09"]
    assert grok.blended(3, 1) == pytest.approx((3 * 2 + 6) / 4 / 1e6)
    assert grok.blended(3, 1, cached_share=0.5) == pytest.approx((1.5 * 2 + 1.5 * 0.5 + 6) / 4 / 1e6)
    # A provider that lists no price of the cache charges the whole for what it reads again.
    llama = TOKENS["groq-llama-3.3-70b-2026-07"]
    assert not llama.cached_input.is_known
    assert llama.blended(1, 1, cached_share=0.9) == pytest.approx(llama.blended(1, 1))


def test_the_newest_price_of_tokens_is_of_this_autumn() -> None:
    newest = max(price.date for price in TOKENS.values())
    assert datetime.date.fromisoformat(f"{newest}-01"[:10]) >= datetime.date(2026, 11, 1)


def test_contracts_give_the_price_of_a_device_and_of_a_watt() -> None:
    leases: dict[str, Lease] = dict(CATALOG.records("leases"))
    assert leases["anthropic-colossus"].yearly_price_per_watt is None
    for lease in leases.values():
        if lease.yearly_price_per_watt is not None:
            assert 1 < lease.yearly_price_per_watt < 30, lease.name  # dollars for a watt and a year
        if lease.hourly_price is not None:
            assert 1 < lease.hourly_price < 20, lease.name


def test_prices_by_region_differ_less_than_threefold_for_one_device_and_provider() -> None:
    groups = defaultdict(list)
    regional: dict[str, RegionalPrice] = dict(CATALOG.records("regional_prices"))
    for price in regional.values():
        groups[price.provider, price.accelerator, price.term, price.date].append(price.price.value)
    for key, prices in groups.items():
        assert max(prices) / min(prices) < 3, key
