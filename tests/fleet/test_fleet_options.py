"""What the catalogue offers for rent, in both worlds."""

from dataclasses import replace

import numpy as np
import pytest

import lindos
from lindos.catalog import load_catalog
from lindos.errors import InfeasibleError
from lindos.fleet import Demand, assumptions, estimate, options, work_of
from lindos.fleet.options import NOT_RENTED, Assumptions
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


def test_grok_is_placed_in_both_worlds() -> None:
    point_options, _ = options(CATALOG, "fp8")
    sampled = CATALOG.sampled(64, 0)
    sampled_options, _ = options(sampled, "fp8")
    work = work_of(CATALOG.model("grok-2"), "fp8")
    demand = Demand(input_rate=2e12 / 86_400, output_rate=2e11 / 86_400, prompt=7000.0, answer=700.0)
    point = estimate(work=work, demand=demand, options=point_options, assume=assumptions(CATALOG))
    draws = estimate(
        work=work,
        demand=demand,
        options=sampled_options,
        assume=assumptions(sampled),
        chosen=point.chosen.option,
        layout=point.layout,
    )
    assert draws.chosen.option == point.chosen.option
    assert all(np.all(np.isfinite(row.value)) for row in rows(draws))
    low, high = np.percentile(draws.chosen.bill, [1, 99])
    assert low < float(point.chosen.bill) < high
    # Tens of dollars to cents per million tokens: the order of what providers ask.
    assert 0.01e-6 < float(point.chosen.input_price) < float(point.chosen.output_price) < 20e-6
    assert len(point.placements) == len(point_options)


def test_a_mean_over_several_providers_is_no_offer() -> None:
    usable, left_out = options(CATALOG, "fp8")
    assert not {"small providers", "hyperscalers"} & {option.provider for option in usable}
    assert "packet.ai" in {option.provider for option in usable}
    assert any("small providers" in sentence and "nobody offers" in sentence for sentence in left_out)


def test_a_fleet_beyond_what_a_provider_delivers_goes_elsewhere() -> None:
    usable, _ = options(CATALOG, "fp8")
    work = work_of(CATALOG.model("grok-2"), "fp8")
    demand = Demand(input_rate=3e6, output_rate=1e6, prompt=3000.0, answer=1000.0)
    placed = estimate(work=work, demand=demand, options=usable, assume=assumptions(CATALOG))
    small = [place for place in placed.placements if place.delivered == 0 and place.meets_speed == 1]
    assert any(place.bill < placed.chosen.bill for place in small)
    assert placed.chosen.delivered == 1
    with pytest.raises(InfeasibleError, match=r"more than .* delivers"):
        huge = Demand(input_rate=3e9, output_rate=1e9, prompt=3000.0, answer=1000.0)
        estimate(work=work, demand=huge, options=usable, assume=assumptions(CATALOG))


def test_spares_stand_for_engines_that_failures_stop() -> None:
    usable, _ = options(CATALOG, "fp8")
    work = work_of(CATALOG.model("grok-2"), "fp8")
    demand = Demand(input_rate=3e6, output_rate=1e6, prompt=3e3, answer=1e3)
    calm, slow = (
        estimate(work=work, demand=demand, options=usable, assume=replace(assumptions(CATALOG), reload_time=time))
        for time in (60.0, 86_400.0)
    )
    places = {place.option: place for place in calm.placements}
    for place in slow.placements:
        assert float(place.spare_devices) % float(place.devices_per_replica) == 0
        assert place.spare_devices >= places[place.option].spare_devices
    assert slow.chosen.spare_devices > calm.chosen.spare_devices


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


def test_burstiness_weighs_on_few_engines_and_not_on_many() -> None:
    offer = next(option for option in options(CATALOG, "fp8")[0] if option.accelerator.name == "h200-sxm")
    offers = [replace(offer, deliverable=1e9)]
    work, calm = work_of(CATALOG.model("llama-3.1-8b"), "fp8"), assumptions(CATALOG)
    calm = replace(calm, burstiness=1.0, first_token=0.4)
    bursty = replace(calm, burstiness=3.0)

    def devices(requests: float, assume: Assumptions) -> float:
        demand = Demand(input_rate=4000.0 * requests, output_rate=200.0 * requests, prompt=4000.0, answer=200.0)
        place = estimate(work=work, demand=demand, options=offers, assume=assume, whole_replicas=False).chosen
        return float(place.serving_devices)

    few, many = (devices(rate, bursty) / devices(rate, calm) for rate in (3.0, 3000.0))
    assert few > 1.05
    assert 1.0 <= many < 1.005


def test_an_engine_that_misses_a_promise_in_the_simulation_is_sized_by_less_of_it() -> None:
    answer = lindos.run(
        {
            "name": "fleet",
            "title": "A fleet for Llama 3.1 405B",
            "inference": {
                "model": "llama-3.1-405b",
                "input_tokens": "50B tokens/day",
                "output_tokens": "5B tokens/day",
            },
        }
    )
    section = next(section for section in answer.sections if section.name == "fleet")
    checks = next(table for table in section.tables if table.name == "fleet.checks")
    assert any(row[-1] == "kept" for row in checks.rows)
    assert any("Engines are sized by" in note and "time to the first token" in note for note in section.notes)
    assert not any("no finalist keeps" in warning for warning in section.warnings)
