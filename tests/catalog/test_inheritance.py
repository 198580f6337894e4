"""What a record takes from its base is true of it, too: no total of a larger unit, no peak of a slower part."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from lindos.catalog import load_catalog
from lindos.catalog.layers import shipped_data
from lindos.catalog.records import PRECISIONS

CATALOG = load_catalog()
#: Totals of a unit, which are not those of a unit with another number of devices.
TOTALS = ("power", "price", "num_hosts", "host_memory", "host_memory_bandwidth")
#: What depends on the memory of a device.
MEMORY = ("memory_bandwidth", "reported_memory")
#: What depends on the die and its clock. A number of processors that nobody states is unknown.
RATES = ("peak_fp64", "peak_fp32", "peak_tf32", "peak_bf16", "peak_fp8")


def derived(kind: str) -> Iterator[tuple[str, Mapping[str, Any], Any, Any]]:
    """Records that start from another: id, what they state, the record, its base."""
    records = CATALOG.records(kind)
    for name, body in shipped_data(kind).items():
        if "base" in body:
            yield name, body, records[name], records[str(CATALOG.record_id(kind, body["base"]))]


def stated(body: Mapping[str, Any], fields: tuple[str, ...]) -> list[str]:
    return [field for field in fields if field not in body]


def test_totals_of_a_unit_are_its_own_where_it_holds_another_number_of_devices() -> None:
    for name, body, record, base in derived("systems"):
        if record.num_devices.content != base.num_devices.content:
            assert not stated(body, TOTALS), name


def test_a_system_with_another_device_states_what_is_known_of_its_price() -> None:
    for name, body, record, base in derived("systems"):
        if record.accelerator != base.accelerator and base.price.is_known and "prior" not in base.price.note:
            assert "price" in body, name


@pytest.mark.parametrize("kind", ["accelerators"])
def test_a_device_with_another_rate_or_memory_states_all_that_goes_with_it(kind: str) -> None:
    for name, body, _, _ in derived(kind):
        if "peak_bf16" in body:
            assert not stated(body, RATES), name
        if "memory" in body:
            assert "memory_bandwidth" in body, name
        if "price" not in body:
            assert not CATALOG.records(kind)[name].price.is_known, f"{name} has the price of its base"


def test_peaks_of_one_device_keep_the_proportions_of_its_family() -> None:
    # A peak that was taken from a slower part stands out against the others.
    for name, body, record, base in derived("accelerators"):
        ratios = [
            record.peak(precision).content / base.peak(precision).content
            for precision in PRECISIONS
            if precision not in ("fp64", "fp4") and record.peak(precision).is_known and base.peak(precision).is_known
        ]
        assert max(ratios) / min(ratios) < 1.1, (name, ratios, list(body))


def test_the_scale_up_domain_of_a_device_is_that_of_a_system_which_holds_it() -> None:
    sizes: dict[str, set[float]] = {}
    for system in CATALOG.records("systems").values():
        sizes.setdefault(CATALOG.accelerator(system.accelerator).name, set()).add(system.scale_up_size.content)
    assert sizes["h100-96gb-sxm"] == {4.0}
    for name, known in sizes.items():
        device = CATALOG.accelerator(name)
        assert device.scale_up_size.content in known, name


def test_a_model_trained_further_does_not_inherit_the_training_of_its_base() -> None:
    for name, body, _, _ in derived("models"):
        assert {"training_tokens", "training_flop", "sources"} <= set(body), name
