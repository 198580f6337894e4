"""The shipped hardware data obeys physics and adds up to figures published elsewhere."""

from dataclasses import fields

import pytest

from lindos.catalog import Catalog, load_catalog
from lindos.catalog.facts import Fact
from lindos.catalog.records import AS_USUAL, PRECISIONS
from lindos.fleet.options import NOT_RENTED

KINDS = ("accelerators", "kernels", "systems", "fabrics", "sites", "stacks")
#: What `measured/` and `facts/` call devices.
SPELLINGS = {
    "H100": "h100-sxm",
    "H100_SXM": "h100-sxm",
    "H200": "h200-sxm",
    "A100-80GB": "a100-80gb-sxm",
    "A100-40GB": "a100-40gb-sxm",
    "B200": "b200-sxm",
    "B300": "b300-sxm",
    "GB200": "gb200",
    "GB200_per_gpu": "gb200",
    "GB300": "gb300",
    "TPUv4": "tpu-v4",
    "TPUv5e": "tpu-v5e",
    "TPUv5p": "tpu-v5p",
    "TPUv6e": "tpu-v6e",
    "TPU7x": "tpu-v7",
    "MI250X": "mi250x",
    "MI300X": "mi300x",
    "MI355X": "mi355x",
    "Rubin_VR200_per_gpu": "rubin-vr200",
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def _records(catalog: Catalog, kind: str) -> list[object]:
    return [
        getattr(
            catalog,
            {
                "accelerators": "accelerator",
                "systems": "system",
                "fabrics": "fabric",
                "sites": "site",
                "stacks": "stack",
                "kernels": "kernels",
            }[kind],
        )(name)
        for name in catalog.names(kind)
    ]


def _facts(record: object) -> dict[str, Fact[object]]:
    values = {field.name: getattr(record, field.name) for field in fields(record)}  # type: ignore[arg-type]
    return {name: value for name, value in values.items() if isinstance(value, Fact)}


@pytest.mark.parametrize("kind", KINDS)
def test_every_known_value_has_a_source_with_an_address(catalog: Catalog, kind: str) -> None:
    for record in _records(catalog, kind):
        for fact in _facts(record).values():
            if fact.is_known and fact.note != AS_USUAL:
                assert fact.sources, fact.path
                assert all(catalog.source(source).url.startswith("https://") for source in fact.sources), fact.path


@pytest.mark.parametrize("kind", KINDS)
def test_estimates_have_a_note_or_a_range(catalog: Catalog, kind: str) -> None:
    for record in _records(catalog, kind):
        for name, fact in _facts(record).items():
            if fact.is_known and fact.estimate and not name.startswith("tile_"):
                assert fact.note or fact.low is not None, fact.path


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_measured_spellings_are_aliases(catalog: Catalog, spelling: str) -> None:
    assert catalog.accelerator(spelling).name == SPELLINGS[spelling]


def test_narrower_numbers_are_never_slower(catalog: Catalog) -> None:
    for name in catalog.names("accelerators"):
        device = catalog.accelerator(name)
        narrow = [getattr(device, f"peak_{p}") for p in PRECISIONS if p in ("bf16", "fp8", "fp4")]
        rates = [fact.value for fact in narrow if fact.is_known]
        assert rates == sorted(rates), name


def test_dense_rates_are_not_sparse_ones(catalog: Catalog) -> None:
    # NVIDIA prints twice these with structured sparsity.
    dense = {"h100-sxm": 989e12, "b200-sxm": 2250e12, "gb200": 2500e12, "gb300": 2500e12, "a100-80gb-sxm": 312e12}
    for name, rate in dense.items():
        assert catalog.accelerator(name).peak_bf16.value == pytest.approx(rate, rel=1e-3)


def test_flops_per_byte_of_memory_lie_between_30_and_700(catalog: Catalog) -> None:
    for name in catalog.names("accelerators"):
        device = catalog.accelerator(name)
        if device.peak_bf16.is_known and device.memory_bandwidth.is_known:
            assert 30 < device.peak_bf16.value / device.memory_bandwidth.value < 700, name


def test_memory_is_read_in_a_few_tens_of_milliseconds(catalog: Catalog) -> None:
    for name in catalog.names("accelerators"):
        device = catalog.accelerator(name)
        if device.memory.is_known and device.memory_bandwidth.is_known:
            assert 5e-3 < device.memory.value / device.memory_bandwidth.value < 60e-3, name


def test_systems_draw_up_to_twice_the_power_of_their_devices(catalog: Catalog) -> None:
    for name in catalog.names("systems"):
        system = catalog.system(name)
        device = catalog.accelerator(system.accelerator)
        if system.power.is_known and device.board_power.is_known:
            devices = system.num_devices.value * device.board_power.value
            assert 1.0 < system.power.value / devices < 2.2, name


def test_systems_cost_no_less_than_their_devices(catalog: Catalog) -> None:
    for name in catalog.names("systems"):
        system = catalog.system(name)
        device = catalog.accelerator(system.accelerator)
        if system.price.is_known and device.price.is_known:
            devices = system.num_devices.value * device.price.value
            assert 0.99 < system.price.value / devices < 2.1, name


def test_a_device_is_bought_in_its_largest_system(catalog: Catalog) -> None:
    expected = {"rubin-vr200": "vera-rubin-nvl72", "a100-40gb-sxm": "dgx-a100-40gb", "h100-sxm": "hgx-h100"}
    for device, name in expected.items():
        system = catalog.largest_system(device)
        assert system is not None
        assert system.name == name
    assert catalog.largest_system("feynman") is None


def test_links_inside_are_faster_than_links_outside(catalog: Catalog) -> None:
    for name in catalog.names("systems"):
        system = catalog.system(name)
        device = catalog.accelerator(system.accelerator)
        if system.nic_bandwidth.is_known and device.scale_up_bandwidth.is_known:
            assert device.scale_up_bandwidth.value > 2 * system.nic_bandwidth.value, name


def test_systems_name_a_network_of_each_kind(catalog: Catalog) -> None:
    for name in catalog.names("systems"):
        system = catalog.system(name)
        assert catalog.fabric(system.fabric).kind == "scale-out", name
        assert catalog.fabric(system.scale_up_fabric).kind == "scale-up", name


def test_every_network_has_what_a_step_needs(catalog: Catalog) -> None:
    for name in catalog.names("fabrics"):
        fabric = catalog.fabric(name)
        assert 0.5 <= fabric.efficiency.value <= 1, name
        assert 0 <= fabric.hop_latency.value < fabric.base_latency.value < 20e-6, name


def test_shares_of_the_peak_are_shares(catalog: Catalog) -> None:
    for name in catalog.names("kernels"):
        kernels = catalog.kernels(name)
        for field in ("matmul_bf16", "matmul_fp8", "matmul_fp4", "attention_forward", "attention_backward"):
            fact = getattr(kernels, field)
            assert not fact.is_known or 0.25 < fact.value < 0.95, fact.path
        assert kernels.attention_backward.value < kernels.attention_forward.value <= kernels.matmul_bf16.value, name


@pytest.mark.parametrize("name", ["quantum-2-400g", "quantum-x800", "spectrum-x-400g", "spectrum-x-800g"])
def test_networks_of_the_colossi_can_be_priced_and_powered(catalog: Catalog, name: str) -> None:
    unknown = {field for field, fact in _facts(catalog.fabric(name)).items() if not fact.is_known}
    assert unknown == {"reduction_efficiency", "chunk_cost"}  # measured inside scale-up domains only


def test_a_two_tier_network_costs_what_a_published_sheet_says(catalog: Catalog) -> None:
    fabric = catalog.fabric("quantum-2-400g")
    switches_per_gpu = 3 / fabric.switch_ports.value  # one port down, one up, one in the spine
    cost = switches_per_gpu * fabric.switch_price.value + 4 * fabric.optic_price.value
    assert switches_per_gpu == pytest.approx(
        catalog.parameter("network.published_switches_per_gpu_two_tiers", "1").value, rel=0.01
    )
    assert cost == pytest.approx(catalog.parameter("network.published_cost_per_gpu_two_tiers", "USD").value, rel=0.15)


def test_colossus_1_has_273_exaflops_of_dense_bf16(catalog: Catalog) -> None:
    counts = {"h100-sxm": 150e3, "h200-sxm": 50e3, "gb200": 30e3}
    rate = sum(count * catalog.accelerator(name).peak_bf16.value for name, count in counts.items())
    assert rate == pytest.approx(272.9e18, rel=1e-3)


def test_a_gb200_counts_two_and_a_half_h100_in_eight_bits(catalog: Catalog) -> None:
    ratio = catalog.accelerator("gb200").peak_fp8.value / catalog.accelerator("h100-sxm").peak_fp8.value
    assert ratio == pytest.approx(2.527, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "factor"),
    [("a100-80gb-sxm", 0.315), ("tpu-v5p", 0.464), ("tpu-v6e", 0.928), ("tpu-v7", 2.331), ("trainium2", 0.656)],
)
def test_equivalents_count_the_fastest_8_bit_operations_as_published(
    catalog: Catalog, name: str, factor: float
) -> None:
    # Epoch AI counts so: integers where they are faster than FP8.
    reference = catalog.accelerator("h100-sxm").counted_peak("fp8").value
    assert catalog.accelerator(name).counted_peak("fp8").value / reference == pytest.approx(factor, abs=1e-3)


def test_a_rate_of_integers_is_stated_where_it_is_above_that_of_fp8(catalog: Catalog) -> None:
    for name in catalog.names("accelerators"):
        device = catalog.accelerator(name)
        if device.peak_int8.is_known:
            assert not device.peak_fp8.is_known or device.peak_int8.value > device.peak_fp8.value, name
            assert device.peak_int8.value >= device.peak_bf16.value, name


def test_top500_runs_below_the_peak_at_known_efficiency(catalog: Catalog) -> None:
    for name, machine in catalog.supercomputers.items():
        if machine.rpeak.is_known:
            assert 0.45 < machine.rmax.value / machine.rpeak.value < 0.9, name
        if machine.power.is_known:
            assert 20e9 < machine.rmax.value / machine.power.value < 80e9, name


def test_rents_pay_a_device_back_in_months_to_years(catalog: Catalog) -> None:
    for name in catalog.names("accelerators"):
        price = catalog.accelerator(name).price
        for rent in catalog.cloud_prices(name):
            if price.is_known:
                years = price.value / rent.price.value / (365.25 * 86400)
                # What can be taken back, and what an owner pays, is cheaper than a rent.
                assert 0.2 < years < (8 if rent.term in NOT_RENTED else 4), rent.name


@pytest.mark.parametrize(
    ("name", "field", "stated"),
    [
        ("tpu-v3", "board_power", 262),  # the most that Google measured
        ("tpu-v4", "board_power", 192),
        ("trainium3", "board_power", 1000),  # above which AWS cools with liquid, as it does here
        ("mi350x", "scale_up_bandwidth", 7 * 153.6e9 / 2),  # links, both directions, halved
        ("mi355x", "scale_up_bandwidth", 7 * 153.6e9 / 2),
        ("tpu-v5e", "scale_up_bandwidth", 400e9 / 2),
        ("tpu-v6e", "scale_up_bandwidth", 800e9 / 2),
        ("gaudi2", "scale_up_bandwidth", 21 * 12.5e9),  # ports that stay in the node
        ("gaudi3", "scale_up_bandwidth", 21 * 25e9),
        ("a100-40gb-sxm", "reported_memory", 40536 * 2**20),  # by drivers of the first years
        ("a100-80gb-sxm", "reported_memory", 81251 * 2**20),
    ],
)
def test_a_range_holds_what_the_maker_states(catalog: Catalog, name: str, field: str, stated: float) -> None:
    fact = getattr(catalog.accelerator(name), field)
    assert fact.low * 0.999 <= stated <= fact.high * 1.001


def test_an_mi455x_multiplies_in_fp8_at_the_rate_of_its_instructions(catalog: Catalog) -> None:
    device = catalog.accelerator("mi455x")
    bf16, fp8, fp4 = 32 / 8, 128 / 8, 128 / 4  # inner length over cycles of the instruction in AMD's compiler
    assert device.peak_fp8.value / device.peak_bf16.value == pytest.approx(fp8 / bf16, rel=0.01)
    assert device.peak_fp4.value / device.peak_bf16.value == pytest.approx(fp4 / bf16, rel=0.01)


def test_no_system_leaves_the_power_and_the_rate_of_its_devices_unknown(catalog: Catalog) -> None:
    """A system without watts or a rate in BF16 would make the totals of every plan with it lower bounds."""
    devices = {catalog.system(name).accelerator for name in catalog.names("systems")}
    unknown = {
        f"{name}.{field}"
        for name in devices
        for field in ("board_power", "peak_bf16", "memory", "memory_bandwidth")
        if not getattr(catalog.accelerator(name), field).is_known
    }
    assert unknown == set()
    silicon = [catalog.accelerator(name).board_power for name in ("mi455x", "trainium1")]
    assert all(power.low and power.high and power.estimate for power in silicon)
