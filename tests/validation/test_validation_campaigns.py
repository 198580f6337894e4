"""Published campaigns against the simulation: what must hold, and the miss that must stay visible."""

from collections.abc import Iterator

import pytest

from lindos.catalog import load_catalog
from lindos.units import parse
from lindos.validation import Comparison, published

FOUND = published(load_catalog())


def of(campaign: str, what: str) -> Iterator[Comparison]:
    return (one for one in FOUND if campaign in one.campaign and what in one.outcome)


def test_interruptions_of_llama_3_from_the_rates_of_others() -> None:
    (found,) = of("Llama 3", "unexpected interruptions")
    assert found.published == 419
    assert found.in_range
    assert 1 / 1.75 < found.predicted / 419 < 1.75


def test_llama_3_is_not_predicted_from_itself() -> None:
    catalog = load_catalog()
    shipped = catalog.parameter("reliability.hopper.device_mtbf", "s").value
    others = [
        catalog.parameter(f"reliability.observed.hopper.{name}", "s").value
        for name in ("ft_hsdp_100k", "ft_hsdp_32k", "crusoe_h200")
    ]
    assert shipped == pytest.approx((others[0] * others[1] * others[2]) ** (1 / 3), rel=0.01)
    # Were its own rate used, the prediction would be 419 itself.
    (found,) = of("Llama 3", "unexpected interruptions")
    assert abs(found.predicted - 419) > 40


def test_effective_time_of_llama_3() -> None:
    alone, with_planned = of("Llama 3", "effective training time")
    assert 0.90 <= alone.predicted <= 0.97
    assert with_planned.predicted < alone.predicted
    assert alone.in_range


def test_research_clusters_keep_their_miss() -> None:
    measured, *projected = of("Meta RSC", "time between failures")
    assert measured.ratio == pytest.approx(3.65, abs=0.05)
    for one in projected:
        assert one.ratio == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize(
    ("campaign", "what", "low", "high"),
    [
        ("ByteRobust", "implied", "5 min", "10 min"),
        ("FT-HSDP", "implied: restart", "10 min", "20 min"),
        ("FT-HSDP", "implied: wait", "3 min", "5 min"),
    ],
)
def test_unpublished_conditions_are_implied_and_lie_in_the_range_of_their_sources(
    campaign: str, what: str, low: str, high: str
) -> None:
    (found,) = of(campaign, what)
    assert found.published is None
    assert parse(low, "s") < found.predicted < parse(high, "s")
    assert found.in_range


def test_fault_tolerance_at_a_hundred_thousand() -> None:
    whole, tolerant = of("FT-HSDP", "effective training time")
    assert whole.in_range
    assert tolerant.in_range
    assert tolerant.predicted > whole.predicted + 0.2


def test_an_outcome_outside_says_so() -> None:
    (found,) = of("Llama 3", "unexpected interruptions")
    low, high = found.low or 0.0, found.high or 0.0
    assert low > 200
    assert not Comparison(**{f: getattr(found, f) for f in found.__slots__} | {"published": high + 1}).in_range
    assert found.text(None) == "—"
