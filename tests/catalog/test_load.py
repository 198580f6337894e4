"""Access by name and alias, a user's file over the shipped one, and drawn values."""

from pathlib import Path

import numpy as np
import pytest

from lindos.catalog import Catalog, ledger, load_catalog
from lindos.errors import InputError, InputErrors, UnknownNameError, UnknownValueError

CATALOG = load_catalog()


def overlay(tmp_path: Path, text: str) -> Catalog:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    return load_catalog([file])


@pytest.mark.parametrize("name", ["h100-sxm", "H100_SXM", "h100-SXM", " h100-sxm "])
def test_names_and_aliases(name: str) -> None:
    assert CATALOG.accelerator(name).name == "h100-sxm"


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"cluster\.accelerator is 'h100-smx'.*Did you mean h100-sxm"):
        CATALOG.accelerator("h100-smx", "cluster.accelerator")


def test_an_unknown_value_raises_where_it_is_needed() -> None:
    with pytest.raises(UnknownValueError, match=r"accelerators\.feynman\.peak_fp8 is unknown"):
        _ = CATALOG.accelerator("feynman").peak_fp8.value


def test_a_ledger_notes_what_was_read() -> None:
    with ledger() as facts:
        _ = CATALOG.accelerator("h100-sxm").memory.value
    assert list(facts) == ["accelerators.h100-sxm.memory"]


def test_parameters_are_checked_for_their_unit() -> None:
    assert CATALOG.parameter("economics.discount_rate", "1").value == pytest.approx(0.1)
    with pytest.raises(UnknownNameError, match=r"economics\.discount_rate"):
        CATALOG.parameter("economics.discount", "1")


def test_a_part_of_a_record_keeps_the_rest(tmp_path: Path) -> None:
    mine = overlay(tmp_path, "accelerators:\n  h100-sxm:\n    price: $20k\n")
    device = mine.accelerator("h100-sxm")
    assert device.price.value == 20_000
    assert device.price.sources == ("user",)
    assert device.memory == CATALOG.accelerator("h100-sxm").memory
    assert CATALOG.accelerator("h100-sxm").price.value != 20_000


def test_a_record_can_start_from_another(tmp_path: Path) -> None:
    mine = overlay(tmp_path, "accelerators:\n  mine:\n    base: h100-sxm\n    title: mine\n    board_power: 500 W\n")
    assert mine.accelerator("mine").board_power.value == 500
    assert mine.accelerator("mine").peak_bf16.value == CATALOG.accelerator("h100-sxm").peak_bf16.value


def test_own_parameters_sources_and_models(tmp_path: Path) -> None:
    mine = overlay(
        tmp_path,
        "sources:\n  quote: {title: Our quote, url: 'https://example.org/q'}\n"
        "parameters:\n  economics:\n    discount_rate: {value: 8 %, source: quote}\n"
        "models:\n  small:\n    base: llama-3.1-8b\n    title: small\n    num_layers: 4\n",
    )
    assert mine.parameter("economics.discount_rate", "1").value == pytest.approx(0.08)
    assert mine.source("quote").title == "Our quote"
    assert mine.model("small").num_layers == 4


def test_all_mistakes_of_a_file_come_together_with_lines(tmp_path: Path) -> None:
    text = "accelerators:\n  h100-sxm:\n    memory: 80\n    memori: 1 GB\n    price: {value: $5, low: $6}\n"
    with pytest.raises(InputErrors) as caught:
        overlay(tmp_path, text)
    said = str(caught.value)
    assert "line 3: accelerators.h100-sxm.memory is 80, but must be an amount of data with its unit." in said
    assert "Did you mean memory?" in said
    assert "accelerators.h100-sxm.price.low is '$6', but must be at most the value, $5." in said


@pytest.mark.parametrize(
    "text",
    [
        "accelerators: {h100-sxm: {peak_bf16: 0 FLOP/s}}",
        "accelerators: {h100-sxm: {memory: 0 GB}}",
        "accelerators: {h100-sxm: {memory_bandwidth: -1 GB/s}}",
        "accelerators: {h100-sxm: {memory_bandwidth: {value: 3 TB/s, low: 0 TB/s}}}",
        "systems: {hgx-h100: {num_devices: 0}}",
        "systems: {hgx-h100: {num_devices: 7.5}}",
        "fabrics: {quantum-2-400g: {switch_ports: 1}}",
        "fabrics: {quantum-2-400g: {efficiency: 1.4}}",
        "sites: {generic-us: {pue: 0.5}}",
        "models: {llama-3.1-8b: {hidden_size: 0}}",
        "models: {llama-3.1-8b: {num_kv_heads: 5}}",
    ],
)
def test_values_that_no_physics_can_use_are_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        overlay(tmp_path, text)


def test_draws_are_reproducible_bounded_and_centred() -> None:
    first, again, other = CATALOG.sampled(2_000, 0), CATALOG.sampled(2_000, 0), CATALOG.sampled(2_000, 1)
    draws = first.parameter("economics.construction_cost", "USD/W").value
    np.testing.assert_array_equal(draws, again.parameter("economics.construction_cost", "USD/W").value)
    assert not np.array_equal(draws, other.parameter("economics.construction_cost", "USD/W").value)
    fact = CATALOG.parameter("economics.construction_cost", "USD/W")
    assert draws.min() >= fact.low
    assert draws.max() <= fact.high
    assert np.median(draws) == pytest.approx(fact.value, rel=0.01)


def test_exact_facts_are_not_drawn() -> None:
    assert CATALOG.sampled(16).accelerator("h100-sxm").peak_fp8.value == CATALOG.accelerator("h100-sxm").peak_fp8.value


def test_entries_can_be_found_and_shown() -> None:
    assert CATALOG.find("GB200") == ("accelerators", "gb200")
    shown = dict(CATALOG.facts("accelerators", "h100-sxm"))
    assert shown["memory"].value == 80e9


def test_what_is_added_does_not_move_the_draws_of_the_rest(tmp_path: Path) -> None:
    mine = overlay(tmp_path, "accelerators: {aaa: {base: h100-sxm, title: A, price: {value: $1, low: $0.5, high: $2}}}")
    for drawn in (mine.sampled(64), CATALOG.sampled(64)):
        np.testing.assert_array_equal(
            drawn.accelerator("gb200").price.value, CATALOG.sampled(64).accelerator("gb200").price.value
        )
    price = mine.sampled(64).accelerator("aaa").price.value
    assert isinstance(price, np.ndarray)
    assert price.shape == (64,)
    assert ((price >= 0.5) & (price <= 2)).all()


def test_shipped_data_that_is_wrong_is_a_bug_of_ours() -> None:
    from lindos.catalog.layers import raise_together
    from lindos.errors import CatalogError

    with pytest.raises(CatalogError, match="x is 1, but must be 2"):
        raise_together([InputError("x", 1, "2")], file="")
