"""What can be rented, and what is assumed about serving; read from the catalogue."""

from collections.abc import Iterable
from dataclasses import dataclass

from lindos.catalog import Catalog
from lindos.catalog.lookup import system_with
from lindos.catalog.records import Accelerator, CloudPrice, Fabric, Kernels, System
from lindos.fleet.network import Network
from lindos.quantities import Count, Fraction, Real, TokensPerSecond, UsdPerSecond

#: Terms of prices at which a fleet is not rented, and why.
NOT_RENTED = {
    "spot": "capacity that the provider may take back serves no promise",
    "owner cost": "what a device costs its owner, not a rent",
    "analyst retail": "an analyst's model of a rent, not an offer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """Assumptions about serving, the same for every option; estimates with wide ranges."""

    peak_to_mean: Count
    utilisation: Fraction
    serving_efficiency: Fraction
    memory_fraction: Fraction
    kernels_per_layer: Count
    output_speed: TokensPerSecond


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One device for rent: its provider, terms and price."""

    name: str
    provider: str
    term: str
    date: str
    accelerator: Accelerator
    kernels: Kernels
    network: Network
    price: UsdPerSecond


def assumptions(catalog: Catalog, peak_to_mean: float | None = None) -> Assumptions:
    """Read what the catalogue assumes about serving.

    Parameters
    ----------
    catalog
        Catalogue with the parameters ``inference.*``.
    peak_to_mean
        Peak traffic over mean traffic; that of the catalogue if None.
    """
    return Assumptions(
        peak_to_mean=_number(catalog, "peak_to_mean") if peak_to_mean is None else peak_to_mean,
        utilisation=_number(catalog, "utilisation"),
        serving_efficiency=_number(catalog, "serving_efficiency"),
        memory_fraction=_number(catalog, "memory_fraction"),
        kernels_per_layer=_number(catalog, "kernels_per_layer"),
        output_speed=catalog.parameter("inference.output_speed", "token/s").value,
    )


def options(catalog: Catalog, precision: str, name: str | None = None) -> tuple[tuple[Option, ...], tuple[str, ...]]:
    """List every priced device that can serve in ``precision``, and a sentence for each price that cannot be used.

    Parameters
    ----------
    catalog
        Prices, devices and networks.
    precision
        Number format of the weights.
    name
        Name of a single option to read; all options if None.
    """
    usable: list[Option] = []
    left_out: list[str] = []
    for accelerator in catalog.names("accelerators"):
        device = catalog.accelerator(accelerator)
        prices = catalog.cloud_prices(accelerator)
        for price in prices:
            if name is not None and price.name != name:
                continue
            option, missing = _option(catalog, device, price, prices, precision)
            if option is None:
                left_out.append(f"{price.provider} {device.title} ({price.date}): {missing}.")
            else:
                usable.append(option)
    return tuple(usable), tuple(left_out)


def _option(
    catalog: Catalog, device: Accelerator, price: CloudPrice, prices: Iterable[CloudPrice], precision: str
) -> tuple[Option | None, str]:
    """Build an option, or give the reason why the price cannot be used."""
    if newer := _newer(price, prices):
        return None, f"superseded by {newer}"
    if price.term in NOT_RENTED:
        return None, NOT_RENTED[price.term]
    kernels = catalog.kernels_of(device)
    system = system_with(catalog, device.name)
    if system is None:
        return None, "no node or rack of it is known"
    inner, outer = catalog.fabric(system.scale_up_fabric), catalog.fabric(system.fabric)
    if missing := _missing(device, kernels, precision, price.price.is_known) or _missing_network(
        device, system, inner, outer
    ):
        return None, f"{missing} is unknown"
    option = Option(
        name=price.name,
        provider=price.provider,
        term=price.term,
        date=price.date,
        accelerator=device,
        kernels=kernels,
        network=network_of(device, system, inner, outer),
        price=price.price.value,
    )
    return option, ""


def network_of(device: Accelerator, system: System, inner: Fabric, outer: Fabric) -> Network:
    """Build the network of a device in its system.

    Parameters
    ----------
    device
        The device.
    system
        Node or rack of the device.
    inner
        Fabric inside the system.
    outer
        Fabric between systems.
    """
    return Network(
        domain=device.scale_up_size.value,
        inner_latency=inner.base_latency.value + inner.hop_latency.value,
        outer_latency=outer.base_latency.value + outer.hop_latency.value,
        inner_bandwidth=device.scale_up_bandwidth.value * inner.efficiency.value,
        outer_bandwidth=system.nic_bandwidth.value * outer.efficiency.value,
        in_switch_reduction=inner.in_switch_reduction,
    )


def _newer(price: CloudPrice, prices: Iterable[CloudPrice]) -> str:
    """Date of a newer price of the same provider on the same terms, if there is one."""
    dates = [rival.date for rival in prices if (rival.provider, rival.term) == (price.provider, price.term)]
    return max(dates) if max(dates) > price.date else ""


def _missing(device: Accelerator, kernels: Kernels, precision: str, priced: bool) -> str:
    needed = {
        "its price": priced,
        f"its peak in {precision}": device.peak(precision).is_known,
        "its BF16 peak": device.peak_bf16.is_known,
        "its memory": device.memory.is_known,
        "its memory bandwidth": device.memory_bandwidth.is_known,
        f"the efficiency of its kernels in {precision}": kernels.matmul(precision).is_known,
        "the efficiency of its attention kernels": kernels.attention_forward.is_known,
        "the share of memory bandwidth that its kernels reach": kernels.memory_fraction.is_known,
        "the latency of its kernels": kernels.launch_latency.is_known,
        "the size of its scale-up domain": device.scale_up_size.is_known,
    }
    return next((name for name, is_known in needed.items() if not is_known), "")


def _missing_network(device: Accelerator, system: System, inner: Fabric, outer: Fabric) -> str:
    facts = [fact for fabric in (inner, outer) for fact in (fabric.base_latency, fabric.hop_latency)]
    facts += [inner.efficiency, outer.efficiency, device.scale_up_bandwidth, system.nic_bandwidth]
    return next((fact.path for fact in facts if not fact.is_known), "")


def _number(catalog: Catalog, name: str) -> Real:
    value: Real = catalog.parameter(f"inference.{name}", "1").value
    return value
