"""What the catalogue offers for rent, in both worlds."""

import numpy as np
import pytest

from lindos.catalog import load_catalog
from lindos.fleet import assumptions, estimate, options, served
from lindos.fleet.options import NOT_RENTED
from lindos.results import rows

CATALOG = load_catalog()


def test_prices_without_the_precision_are_left_out_with_a_reason() -> None:
    fp8, left_out = options(CATALOG, "fp8")
    fp4, more_left_out = options(CATALOG, "nvfp4")
    assert {option.accelerator.name for option in fp4} < {option.accelerator.name for option in fp8}
    assert len(more_left_out) > len(left_out)
    assert any("its peak in nvfp4 is unknown" in sentence for sentence in more_left_out)


def test_an_old_price_gives_way_to_a_newer_one_on_the_same_terms() -> None:
    usable, left_out = options(CATALOG, "fp8")
    terms = [(option.accelerator.name, option.provider, option.term) for option in usable]
    assert len(terms) == len(set(terms))
    assert any("superseded by" in sentence for sentence in left_out)


def test_assumptions_are_the_catalogues_or_the_users() -> None:
    assert assumptions(CATALOG).peak_to_mean > 1
    assert assumptions(CATALOG, peak_to_mean=2.5).peak_to_mean == 2.5


@pytest.mark.parametrize("name", ["grok-2", "deepseek-v3", "llama-3.1-405b", "gpt-oss-120b"])
def test_models_count_as_published(name: str) -> None:
    model = CATALOG.model(name)
    if model.published_params is None or not model.published_params.is_known:
        pytest.skip("no published count")
    assert served(model, "bf16", 8192).num_params == pytest.approx(float(model.published_params.value), rel=0.02)


def test_grok_is_placed_in_both_worlds() -> None:
    point_options, _ = options(CATALOG, "fp8")
    sampled = CATALOG.sampled(64, 0)
    sampled_options, _ = options(sampled, "fp8")
    model = served(CATALOG.model("grok-2"), "fp8", 8192)
    traffic = {"model": model, "input_rate": 2e12 / 86_400, "output_rate": 2e11 / 86_400}
    point = estimate(**traffic, options=point_options, assume=assumptions(CATALOG))  # type: ignore[arg-type]
    draws = estimate(
        **traffic,  # type: ignore[arg-type]
        options=sampled_options,
        assume=assumptions(sampled),
        chosen=point.chosen.option,
    )
    assert draws.chosen.option == point.chosen.option
    assert all(np.all(np.isfinite(row.value)) for row in rows(draws))
    low, high = np.percentile(draws.chosen.bill, [1, 99])
    assert low < float(point.chosen.bill) < high
    # Tens of dollars to cents per million tokens: the order of what providers ask.
    assert 0.01e-6 < float(point.chosen.price_per_token) < 20e-6
    assert len(point.placements) == len(point_options)


def test_no_fleet_rents_at_spot_prices_or_at_the_cost_of_an_owner() -> None:
    catalog = load_catalog()
    usable, left_out = options(catalog, "fp8")
    assert {option.term for option in usable}.isdisjoint(NOT_RENTED)
    assert {"verda-h100-2026-10", "packet-ai-b200-2026-06"} <= {option.name for option in usable}
    assert any("may take back" in sentence for sentence in left_out)


def test_a_price_of_a_superchip_is_one_of_two_devices() -> None:
    prices = {price.name: price for price in load_catalog().cloud_prices("gb200")}
    assert prices["spheron-gb200-2026-03-17"].price.value * 3600 == pytest.approx(4.54)
    assert prices["regions-gb200-2026-03"].price.low == prices["regions-gb200-2026-03"].price.value / 2
