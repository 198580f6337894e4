"""Failure rates of the catalogue: what they rest on, how they fall back, and whether Llama 3 agrees."""

import math

import numpy as np
import pytest

from campaign_problems import estimated
from lindos.campaign import (
    FITS,
    compute_optimal,
    conditions,
    failure_rate_of,
    mean_failure_rate,
    scaling_law,
)
from lindos.catalog import load_catalog
from lindos.errors import InputError, UnknownNameError

HOUR, DAY = 3600.0, 86_400.0
CATALOG = load_catalog()
OBSERVED = {
    "ampere": ("rsc_1", "rsc_2", "opt_175b"),
    "hopper": ("ft_hsdp_100k", "ft_hsdp_32k", "crusoe_h200"),
}


def hours(path: str) -> float:
    return float(CATALOG.parameter(f"reliability.{path}", "s").value) / HOUR


@pytest.mark.parametrize("generation", OBSERVED)
def test_a_rate_is_the_mean_of_its_observations(generation: str) -> None:
    observed = [hours(f"observed.{generation}.{name}") for name in OBSERVED[generation]]
    fact = CATALOG.parameter(f"reliability.{generation}.device_mtbf", "s")
    assert float(fact.value) / HOUR == pytest.approx(math.prod(observed) ** (1 / len(observed)), rel=0.01)
    assert fact.low is not None and fact.low / HOUR == pytest.approx(min(observed))
    assert fact.high is not None and fact.high / HOUR == pytest.approx(max(observed))


def test_observations_follow_from_what_was_counted() -> None:
    assert hours("observed.ampere.rsc_1") == pytest.approx(1000 * 24 * 8 / 6.5, rel=1e-4)
    assert hours("observed.ampere.rsc_2") == pytest.approx(1000 * 24 * 8 / 2.34, rel=1e-4)
    assert hours("observed.ampere.opt_175b") == pytest.approx(8 / 0.000588, rel=1e-4)
    assert hours("observed.hopper.llama_3") == pytest.approx(16_384 * 54 * 24 / 419, rel=1e-3)
    assert hours("observed.hopper.ft_hsdp_100k") == pytest.approx(100_000 * 0.3)
    assert hours("observed.hopper.ft_hsdp_32k") == pytest.approx(1000 * 24 * 8 / 2.3, rel=1e-4)
    assert hours("observed.hopper.crusoe_h200") == pytest.approx(1600 * 122 * 24 / 205, rel=1e-3)
    assert hours("observed.blackwell.b200_504") == pytest.approx(504 * 55 * 24 / 10, rel=1e-4)


def test_llama_3_is_left_out_of_the_rate_and_may_be_asked_for() -> None:
    held_out, own = failure_rate_of(CATALOG, "h100-sxm"), failure_rate_of(CATALOG, "hopper", "llama_3")
    assert float(own.device_mtbf) / HOUR == pytest.approx(50_676)
    assert float(held_out.device_mtbf) != float(own.device_mtbf)


def test_llama_3_is_predicted_from_other_clusters() -> None:
    found = conditions(CATALOG, [("h100-sxm", 16_384)], 405e9)
    result = estimated(
        duration=54 * DAY,
        law=scaling_law(CATALOG),
        step_time=4.6,
        num_devices=16_384.0,
        mtbf=1 / found.device_failure_rate,
        save=found.checkpoint_bytes / found.checkpoint_bandwidth,
        restart_time=found.restart_time,
        detection_time=found.detection_time,
    )
    assert 419 / 1.75 < float(result.num_failures) < 419 * 1.75
    assert 0.88 < float(result.goodput) < 0.97
    assert float(result.checkpoint_time) == pytest.approx(2.4, abs=0.2)


def test_a_family_without_a_rate_takes_its_neighbours_and_says_so() -> None:
    found = failure_rate_of(CATALOG, "mi300x")
    assert found.generations == ("hopper",)
    assert found.notes == ("No failure rate of cdna3 is published; that of hopper stands in for it.",)
    assert "is an estimate" in failure_rate_of(CATALOG, "gb200").notes[0]


def test_rates_of_a_mixed_job_average() -> None:
    mixed = mean_failure_rate(CATALOG, [("a100-80gb-sxm", 300), ("h100-sxm", 100)])
    ampere, hopper = failure_rate_of(CATALOG, "ampere"), failure_rate_of(CATALOG, "hopper")
    expected = 0.75 * ampere.device_failure_rate + 0.25 * hopper.device_failure_rate
    assert float(mixed.device_failure_rate) == pytest.approx(float(expected))
    assert mixed.generations == ("ampere", "hopper")


def test_what_the_user_gives_wins() -> None:
    own = conditions(
        CATALOG,
        [("h100-sxm", 8)],
        1e9,
        device_mtbf=1000 * HOUR,
        checkpoint_bandwidth=5e9,
        restart_time=1.0,
    )
    assert own.device_failure_rate == 1 / (1000 * HOUR)
    assert (own.checkpoint_bandwidth, own.restart_time, own.checkpoint_bytes) == (5e9, 1.0, 12e9)


def test_a_sampled_catalogue_gives_arrays_without_a_gap() -> None:
    sampled = CATALOG.sampled(64, 0)
    found = conditions(sampled, [("gb200", 550_000)], 270e9)
    result = estimated(
        duration=90 * DAY,
        law=scaling_law(sampled),
        step_time=10.0,
        num_devices=550_000.0,
        mtbf=1 / found.device_failure_rate,
        save=found.checkpoint_bytes / found.checkpoint_bandwidth,
        restart_time=found.restart_time,
    )
    assert np.shape(result.goodput) == (64,)
    assert np.all(np.isfinite(result.goodput))
    assert np.all((np.asarray(result.goodput) > 0) & (np.asarray(result.goodput) < 1))


def test_fits_bracket_chinchilla() -> None:
    budget = 5.76e23
    sizes = [float(compute_optimal(budget, scaling_law(CATALOG, fit)).num_params) for fit in FITS]
    assert sizes == pytest.approx([72e9, 33e9], rel=0.05)
    assert float(compute_optimal(budget, scaling_law(CATALOG)).tokens_per_param) == pytest.approx(18.6, rel=0.05)


def test_errors_say_what_to_do() -> None:
    with pytest.raises(InputError) as fit:
        scaling_law(CATALOG, "kaplan")
    assert str(fit.value) == "fit is 'kaplan', but must be one of replication, chinchilla."
    with pytest.raises(InputError) as none:
        mean_failure_rate(CATALOG, [])
    assert str(none.value) == "devices is 0, but must be at least one device."
    with pytest.raises(UnknownNameError, match="h100"):
        failure_rate_of(CATALOG, "h100sxm5")
