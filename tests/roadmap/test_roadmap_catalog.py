"""Trends and generations of the catalogue."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from expansions import doubling
from lindos.catalog import load_catalog
from lindos.errors import InputError
from lindos.results import rows
from lindos.roadmap import Generation, generations, growth, purchase, trends

CATALOG = load_catalog()
WORLD = doubling()


def test_generations_in_order_with_unknown_rates_unknown() -> None:
    found = generations(CATALOG)
    assert [generation.available for generation in found] == sorted(generation.available for generation in found)
    known = {generation.name: generation.h100_equivalents for generation in found}
    assert known["h100-sxm"] == 1.0
    assert float(known["gb200"] or 0) == pytest.approx(2.53, abs=0.05)
    assert known["feynman"] is None


def priced() -> tuple[Generation, ...]:
    """Price the generations whose rate is published."""
    return tuple(
        replace(generation, capex=32e3, facility_power=1e3) if generation.h100_equivalents is not None else generation
        for generation in generations(CATALOG)
    )


def test_newest_on_sale() -> None:
    with pytest.raises(InputError, match="but must be 2022-09-20 or later, when NVIDIA H100"):
        purchase(priced(), date(2000, 1, 1), trends(CATALOG))
    names = [purchase(priced(), date(year, 7, 1), trends(CATALOG)).newest.name for year in (2024, 2026, 2029)]
    assert names[0].startswith("h")
    assert names[1].startswith("gb")
    assert names[2] == "feynman"


def test_fifty_million_in_both_worlds() -> None:
    def path(catalog):  # type: ignore[no-untyped-def]
        return growth(
            start_h100_equivalents=275_796.0,
            start_power=438e6,
            target_h100_equivalents=50e6,
            start="2025-07-22",
            end="2030-07-22",
            trends=trends(catalog),
            world=WORLD,
            generations=priced(),
        )

    point, draws = path(CATALOG), path(CATALOG.sampled(64, 0))
    assert all(np.all(np.isfinite(row.value)) for row in rows(draws))
    assert float(point.required_growth) == pytest.approx(2.83, abs=0.01)
    assert 2e11 < float(point.total_capex) < 2e12
    assert 5e9 < float(point.final_power) < 5e10
    assert np.ptp(np.asarray(draws.total_capex)) > 0
    assert len(point.years) == len(draws.years) == 5
