"""A user's catalogue file: every mistake gets a sentence with its line, all of them together."""

from pathlib import Path

import pytest

from lindos.catalog import Catalog, load_catalog
from lindos.errors import InputError, InputErrors, UnknownNameError, UnknownValueError

MODEL = "models:\n  m: {base: llama-3.1-8b, "
PRICE = "accelerators:\n  h100-sxm:\n    price: "


def overlay(tmp_path: Path, text: str) -> Catalog:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    return load_catalog([file])


MISTAKES = {
    "models: [1, 2]": "line 1: models is [1, 2], but must be a mapping of names to records.",
    "models:\n  m: 5": "line 2: models.m is 5, but must be a mapping of fields.",
    "model: {}": "line 1: catalog is 'model', but must be one of",
    "- a": "line 1: catalog is ['a'], but must be a mapping of kinds such as accelerators to records.",
    "models:\n  a/b: {base: grok-2}": "line 2: models.a/b is 'a/b', but must be a name of 1 to 100 characters",
    "models:\n  m:\n    base: grok-9": "line 3: models.m.base is 'grok-9', but must be one of",
    MODEL + "aliases: 5}": "models.m.aliases is 5, but must be a list of names",
    MODEL + "aliases: abc}": "models.m.aliases is 'abc', but must be a list of names",
    MODEL + "aliases: [[a]]}": "models.m.aliases is [['a']], but must be a list of names",
    MODEL + "aliases: [Grok-2]}": "'Grok-2', but must be a name of its own: grok-2 has it already.",
    "models: {Llama-3-8B: {base: grok-2}}": "must be a name of its own: it is another name of llama-3.1-8b.",
    MODEL + "name: other}": "models.m.name is 'other', but must be left out.",
    MODEL + "num_layer: 5}": "line 2: models.m.num_layer: unknown field. Did you mean",
    MODEL + "num_layers: -1}": "line 2: models.m.num_layers is -1, but must be a whole number of at least 1.",
    MODEL + "num_layers: 32.5}": "models.m.num_layers is 32.5, but must be a whole number of at least 1.",
    MODEL + "num_layers: '032'}": "but must be a number without leading zeros: this is 32 as it stands, and 26 to YAML",
    MODEL + "num_layers: 1:20}": "models.m.num_layers is '1:20', but must be a number without a colon.",
    MODEL + "num_layers: 1.000}": "Write '1' or '1,000'.",
    MODEL + "num_layers: 1e9}": "models.m.num_layers is '1e9', but must be at most 10,000.",
    "systems:\n  hgx-h100: {scale_up_size: {value: 9, low: 1, high: 72}}": (
        "systems.hgx-h100.scale_up_size.low: a number of parts has no range."
    ),
    "systems:\n  hgx-h100: {num_devices: 8.5}": "systems.hgx-h100.num_devices is 8.5, but must be a whole number.",
    "parameters: {reliability: {tray_devices: {value: 4, high: 8}}}": (
        "parameters.reliability.tray_devices.high: a number of parts has no range."
    ),
    "stacks: {megatron-core: {release: soon}}": "release is 'soon', but must be a year from 2017 to 2035 and a month",
    "stacks: {megatron-core: {release: 2025-13}}": "release is '2025-13', but must be a year from 2017 to 2035",
    MODEL + "gated: on}": "models.m.gated is 'on', but must be true or false.",
    "systems: {hgx-h100: {price: '$250.000,00'}}": "this is 250000 where a comma stands before the decimals",
    MODEL + "gated: 'yes'}": "models.m.gated is 'yes', but must be true or false.",
    MODEL + 'title: "a\\0b"}': "but must be a text of one line",
    MODEL + "attention: lightning}": "line 2: models.m.attention is 'lightning', but must be gqa or mla.",
    MODEL + "num_windowed_layers: 4}": "models.m.num_windowed_layers is 4, but must be given with sliding_window",
    "models: {grok-2: {moe_layer_interval: 65}}": "moe_layer_interval is 65, but must be at most the 64 layers",
    "models: {deepseek-v3: {num_expert_groups: 7}}": "num_expert_groups is 7, but must be a divisor of 256 experts.",
    "models: {deepseek-v3: {expert_groups_per_token: 9}}": "expert_groups_per_token is 9, but must be at most 8",
    "models: {grok-2: {experts_per_token: 9}}": "experts_per_token is 9, but must be at most 8 experts.",
    "models: {grok-2: {sources: [nowhere]}}": "is 'nowhere', but must be the id of a source.",
    PRICE + "5": "line 3: accelerators.h100-sxm.price is 5, but must be an amount of money with its unit.",
    PRICE + "-$5": "line 3: accelerators.h100-sxm.price is '-$5', but must be at least $0.",
    PRICE + ".nan": "price is '.nan', but must be an amount of money with its unit.",
    PRICE + "{value: $5, low: $6}": "price.low is '$6', but must be at most the value, $5.",
    PRICE + "{value: $5, high: $4}": "price.high is '$4', but must be at least the value, $5.",
    PRICE + "{low: $5}": "price.low is '$5', but must be given with a value between low and high.",
    PRICE + "{value: $5, estimate: maybe}": "price.estimate is 'maybe', but must be true or false.",
    PRICE + "{value: $5, note: [1]}": "price.note is [1], but must be a text.",
    PRICE + "{value: $5, sources: x}": "price.sources is 'x', but must be one of estimate, high, low, note, source",
    PRICE + "{value: $5, source: nowhere}": "price.source is 'nowhere', but must be the id of a source.",
    "accelerators: {h100-sxm: {launch_date: {value: a, low: b}}}": "launch_date.low: a text has no range.",
    "accelerators: {h100-sxm: {family: hoper}}": "family is 'hoper', but must be one of",
    "accelerators: {h100-sxm: {kernels: hoper}}": "kernels is 'hoper', but must be one of",
    "kernels: {h100-sxm-kernels: {matmul_bf16: 1.2}}": "matmul_bf16 is 1.2, but must be at most 1.",
    "systems: {hgx-h100: {accelerator: h100smx}}": "systems.hgx-h100.accelerator is 'h100smx', but must be one of",
    "systems: {hgx-h100: {fabric: token-ring}}": "systems.hgx-h100.fabric is 'token-ring', but must be one of",
    "systems: {hgx-h100: {unit: pallet}}": "unit is 'pallet', but must be one of node, rack.",
    "fabrics: {quantum-2-400g: {kind: sideways}}": "kind is 'sideways', but must be one of scale-up, scale-out.",
    "cloud_prices: {x: {accelerator: tpu-9, provider: p, term: t, date: 2025-01-01}}": "accelerator is 'tpu-9'",
    "cloud_prices: {x: {accelerator: h100-sxm}}": "cloud_prices.x.provider is required.",
    "sources: [a]": "line 1: sources is ['a'], but must be a mapping of ids to sources.",
    "sources: {x: {url: u}}": "sources.x is {'url': 'u'}, but must be a mapping with title and url.",
    "sources: {x: {title: t, adress: u}}": "sources.x.adress is 'u', but must be one of title, url, kind, date, grade.",
    "sources: {aicfg: {title: mine, url: u}}": "sources.aicfg is 'aicfg', but must be an id of its own",
    "stacks: {megatron-core: {kernel_share: 10}}": "stacks.megatron-core.kernel_share is 10, but must be at most 1.25.",
    "stacks: {megatron-core: {overlap_data_parallel: 5}}": "overlap_data_parallel is 5, but must be at most 1.",
    "sites: {generic-us: {pue: 1000}}": "sites.generic-us.pue is 1000, but must be at most 3.",
    "systems: {hgx-h100: {num_devices: 0x8}}": "num_devices is '0x8', but must be a plain number.",
    "fabrics: {quantum-2-400g: {switch_ports: 64.5}}": "switch_ports is 64.5, but must be a whole number of at least 4",
    "parameters: {economics: {storage_share: 125 %}}": "storage_share is '125 %', but must be at most 0.5.",
    "parameters: {training: {gradient_bytes: 4}}": "gradient_bytes is 4, but must be an amount of data with its unit.",
    "parameters: [1]": "line 1: parameters is [1], but must be a mapping of names to values.",
    "parameters:\n  economics:\n    discunt_rate: 0.1": "line 3: parameters is 'economics.discunt_rate', but must be",
    "parameters: {economics: 5}": "parameters is 'economics', but must be one of",
    "parameters: {economics: {discount_rate: abc}}": "discount_rate is 'abc', but must be a plain number.",
    "parameters: {economics: {discount_rate: 5 GB}}": "discount_rate is '5 GB', but must be a plain number.",
    "parameters: {economics: {discount_rate: -1}}": "discount_rate is -1, but must be zero or more.",
    "parameters: {economics: {discount_rate: {a: {value: 1}}}}": "discount_rate.a is",
    "parameters: {economics: {discount_rate: [1]}}": "discount_rate is [1], but must be a plain number.",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_gets_a_sentence(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        overlay(tmp_path, text)
    said = str(caught.value)
    assert MISTAKES[text] in said
    assert said.startswith("mine.yaml line ")


def test_mistakes_of_all_kinds_come_together_in_order(tmp_path: Path) -> None:
    text = (
        "parameters: {economics: {discount_rate: abc, discunt_rate: 1}}\n"
        "models: {grok-2: {num_layers: -1}}\n"
        "accelerators: {h100-sxm: {memory: 80, price: -$1}}\n"
        "systems: {hgx-h100: {accelerator: nowhere}}\n"
    )
    with pytest.raises(InputErrors) as caught:
        overlay(tmp_path, text)
    # A system that names a device is not judged while the devices themselves are wrong.
    assert [error.line for error in caught.value.errors] == [1, 1, 2, 3, 3]


def test_each_mistake_names_its_file(tmp_path: Path) -> None:
    first, second = tmp_path / "prices.yaml", tmp_path / "rates.yaml"
    first.write_text("accelerators: {h100-sxm: {price: 5}}\nsystems: {hgx-h100: {fabric: nowhere}}")
    second.write_text("parameters: {economics: {discount_rate: abc}}")
    with pytest.raises(InputErrors) as caught:
        load_catalog([first, second])
    places = [str(error).partition(":")[0] for error in caught.value.errors]
    assert places == ["prices.yaml line 1", "prices.yaml line 2", "rates.yaml line 1"]


def test_one_mistake_is_said_once(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"systems\.hgx-h100\.accelerator is 'nowhere'"):
        overlay(tmp_path, "systems: {hgx-h100: {accelerator: nowhere}}")


@pytest.mark.parametrize("text", ["", "# nothing", "models:\naccelerators:\n", "parameters: {economics: {}}"])
def test_a_file_that_says_nothing_changes_nothing(text: str, tmp_path: Path) -> None:
    assert overlay(tmp_path, text).names("models") == load_catalog().names("models")


def test_a_value_can_be_declared_unknown(tmp_path: Path) -> None:
    mine = overlay(tmp_path, "parameters: {economics: {discount_rate: null}}")
    with pytest.raises(UnknownValueError, match=r"parameters\.economics\.discount_rate is unknown"):
        _ = mine.parameter("economics.discount_rate", "1").value


def test_later_files_lie_over_earlier_ones(tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("accelerators: {mine: {base: h100-sxm, title: Mine, price: $1, board_power: 500 W}}")
    second.write_text("accelerators: {MINE: {price: $2}}")
    device = load_catalog([first, second]).accelerator("mine")
    assert (device.price.value, device.board_power.value) == (2.0, 500.0)


def test_what_is_inherited_keeps_its_source_and_its_draws(tmp_path: Path) -> None:
    mine = overlay(tmp_path, "accelerators: {mine: {base: h100-sxm, title: Mine, aliases: [Our-GPU]}}")
    assert mine.accelerator("our-gpu").price.sources == load_catalog().accelerator("h100-sxm").price.sources
    drawn = mine.sampled(16)
    assert list(drawn.accelerator("mine").price.value) == list(drawn.accelerator("h100-sxm").price.value)  # type: ignore[arg-type]


def test_cloud_prices_of_ones_own(tmp_path: Path) -> None:
    text = "cloud_prices:\n  ours:\n    accelerator: H100\n    provider: us\n    term: 3-year\n"
    mine = overlay(tmp_path, text + "    date: 2026-01-01\n    price: $1.5/h\n")
    price = next(price for price in mine.cloud_prices("h100-sxm") if price.provider == "us")
    assert (price.date, price.price.value * 3600) == ("2026-01-01", pytest.approx(1.5))


def test_a_device_based_on_a_measured_one_has_its_kernels(tmp_path: Path) -> None:
    catalog = overlay(
        tmp_path,
        "accelerators:\n  mine: {base: h100-sxm, title: Mine}\n  new: {base: h800-sxm, title: New, kernels: own}\n"
        "kernels:\n  h100-sxm-kernels: {matmul_bf16: 0.6}\n  own: {base: hopper, title: Own, burst: 0}\n",
    )
    measured = catalog.kernels_of(catalog.accelerator("mine"))
    assert (measured.name, measured.matmul_bf16.value) == ("h100-sxm-kernels", 0.6)
    own = catalog.kernels_of(catalog.accelerator("new"))
    assert (own.burst.value, own.matmul_bf16.value) == (0.0, catalog.kernels("hopper").matmul_bf16.value)
    assert catalog.kernels_of(catalog.accelerator("h800-sxm")).name == "hopper"


@pytest.mark.parametrize(
    "day", ["gb300-nvl72", "2025-13", "2025-02-30", "25-01-01", "2025-H3", "2025-Q5", "0000", "²025"]
)
def test_a_date_is_a_date(day: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"h100-sxm\.launch_date is .*, but must be a date such as 2025-07-22"):
        overlay(tmp_path, f"accelerators: {{h100-sxm: {{launch_date: {day}}}}}\n").accelerator("h100-sxm")


@pytest.mark.parametrize("day", ["2025", "2025-07", "2025-07-22", "2025-H2", "2025-Q4"])
def test_dates_may_be_as_coarse_as_their_source(day: str, tmp_path: Path) -> None:
    mine = overlay(tmp_path, f"accelerators: {{h100-sxm: {{launch_date: {day}}}}}\n")
    assert mine.accelerator("h100-sxm").launch_date.content == day
