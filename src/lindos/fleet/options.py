"""What can be rented, and what is promised and assumed; read from the catalogue."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lindos.catalog import Catalog
from lindos.catalog.records import Accelerator, CloudPrice, Fabric, Kernels, System
from lindos.fleet.closed_loop import Machine
from lindos.fleet.machines import machine_of
from lindos.quantities import Count, PerSecond, Real, Seconds, TokensPerSecond, UsdPerSecond

#: Terms of prices at which a fleet is not rented, and why.
NOT_RENTED = {
    "spot": "capacity that the provider may take back serves no promise",
    "owner cost": "what a device costs its owner, not a rent",
    "analyst retail": "an analyst's model of a rent, not an offer",
}
#: What a price is that names several providers, or none.
NO_OFFER = "a mean over several providers, which nobody offers"
#: Family of the failure rate of devices whose own is not known.
_GENERATION = "hopper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """Promises, chosen and not uncertain, and assumptions about serving, the same for every option."""

    peak_to_mean: Count
    output_speed: TokensPerSecond  # promised to a user while an answer is written, median
    output_speed_p99: TokensPerSecond  # that all but one answer in a hundred keep
    first_token: Seconds  # promised until the first token, 99th percentile
    reload_time: Seconds  # until an engine that lost a device serves again
    burstiness: Count  # standard deviation of gaps between requests of the service over their mean
    length_spread: Count  # standard deviation of prompts over their mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Part of each promise by which the closed form sizes engines, so that the simulation keeps the whole of it."""

    first: float = 1.0  # of the time to the first token
    token: float = 1.0  # of the time of a token

    def applied(self, assume: Assumptions) -> Assumptions:
        """Tighten promises."""
        return replace(
            assume,
            first_token=assume.first_token * self.first,
            output_speed=assume.output_speed / self.token,
            output_speed_p99=assume.output_speed_p99 / self.token,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One device for rent: its provider, terms and price."""

    name: str
    provider: str
    term: str
    date: str
    accelerator: Accelerator
    machine: Machine
    price: UsdPerSecond
    failure_rate: PerSecond  # of one device
    deliverable: Count  # most devices that the provider delivers


def assumptions(catalog: Catalog, peak_to_mean: float | None = None) -> Assumptions:
    """Read what the catalogue promises and assumes about serving.

    Parameters
    ----------
    catalog
        Catalogue with the parameters ``inference.*``.
    peak_to_mean
        Peak traffic over mean traffic; that of the catalogue if None.
    """
    return Assumptions(
        peak_to_mean=_number(catalog, "peak_to_mean") if peak_to_mean is None else peak_to_mean,
        output_speed=catalog.parameter("inference.output_speed", "token/s").value,
        output_speed_p99=catalog.parameter("inference.output_speed_p99", "token/s").value,
        first_token=catalog.parameter("inference.first_token", "s").value,
        reload_time=catalog.parameter("inference.reload_time", "s").value,
        burstiness=_number(catalog, "burstiness"),
        length_spread=_number(catalog, "length_spread"),
    )


def options(
    catalog: Catalog, precision: str, name: str | None = None, software: str = "vllm"
) -> tuple[tuple[Option, ...], tuple[str, ...]]:
    """List every priced device that can serve in ``precision``, and a sentence for each price that cannot be used.

    Parameters
    ----------
    catalog
        Prices, devices and networks.
    precision
        Number format of the weights.
    name
        Name of a single option to read; all options if None.
    software
        Serving software.
    """
    usable: list[Option] = []
    left_out: list[str] = []
    for accelerator in catalog.names("accelerators"):
        device = catalog.accelerator(accelerator)
        prices = catalog.cloud_prices(accelerator)
        machine: Machine | None = None
        for price in prices:
            if name is not None and price.name != name:
                continue
            missing = _unusable(catalog, device, price, prices, precision)
            if missing:
                left_out.append(f"{price.provider} {device.title} ({price.date}): {missing}.")
                continue
            machine = machine or machine_of(catalog, device, software)
            usable.append(_option(catalog, device, price, machine))
    return tuple(usable), tuple(left_out)


def _unusable(
    catalog: Catalog, device: Accelerator, price: CloudPrice, prices: Iterable[CloudPrice], precision: str
) -> str:
    """Give the reason why a price cannot be used; empty if it can."""
    if newer := _newer(price, prices):
        return f"superseded by {newer}"
    if price.term in NOT_RENTED:
        return NOT_RENTED[price.term]
    if price.provider[:1].islower() and "." not in price.provider:  # a provider has a proper noun or a domain
        return NO_OFFER
    kernels = catalog.kernels_of(device)
    system = catalog.largest_system(device.name)
    if system is None:
        return "no node or rack of it is known"
    inner, outer = catalog.fabric(system.scale_up_fabric), catalog.fabric(system.fabric)
    missing = _missing(device, kernels, precision, price.price.is_known)
    missing = missing or _missing_network(device, system, inner, outer)
    return f"{missing} is unknown" if missing else ""


def _option(catalog: Catalog, device: Accelerator, price: CloudPrice, machine: Machine) -> Option:
    return Option(
        name=price.name,
        provider=price.provider,
        term=price.term,
        date=price.date,
        accelerator=device,
        machine=machine,
        price=price.price.value,
        failure_rate=1 / catalog.parameter(f"reliability.{_generation(catalog, device)}.device_mtbf", "s").value,
        deliverable=_deliverable(catalog, price.provider),
    )


def _generation(catalog: Catalog, device: Accelerator) -> str:
    """Family whose measured failures stand for a device."""
    known = {path.split(".")[1] for path in catalog.parameter_leaves() if path.endswith(".device_mtbf")}
    return device.family if device.family in known else _GENERATION


def _deliverable(catalog: Catalog, provider: str) -> Real:
    """Most devices of one kind that a provider delivers; of one without a value, that of small providers."""
    key = provider.split()[0].lower().replace(".", "_").replace("-", "_")
    names = {path.rpartition(".")[2] for path in catalog.parameter_leaves() if path.startswith("deliverable.")}
    value: Real = catalog.parameter(f"deliverable.{key if key in names else 'small'}", "1").value
    return value


def _newer(price: CloudPrice, prices: Iterable[CloudPrice]) -> str:
    """Date of a newer price of the same provider on the same terms, if there is one."""
    dates = [rival.date for rival in prices if (rival.provider, rival.term) == (price.provider, price.term)]
    return max(dates) if max(dates) > price.date else ""


def _missing(device: Accelerator, kernels: Kernels, precision: str, priced: bool) -> str:
    needed = {
        "its price": priced,
        f"its peak in {precision}": device.peak(precision).is_known,
        "its BF16 peak": device.peak_bf16.is_known,
        "its memory": device.usable_memory.is_known,
        "its memory bandwidth": device.memory_bandwidth.is_known,
        f"the efficiency of its kernels in {precision}": kernels.matmul(precision).is_known,
        "the efficiency of its kernels in BF16": kernels.matmul("bf16").is_known,
        "the latency of its kernels": kernels.launch_latency.is_known,
        "the size of its scale-up domain": device.scale_up_size.is_known,
    }
    return next((name for name, is_known in needed.items() if not is_known), "")


def _missing_network(device: Accelerator, system: System, inner: Fabric, outer: Fabric) -> str:
    facts = [inner.efficiency, outer.efficiency, device.scale_up_bandwidth, system.nic_bandwidth]
    return next((fact.path for fact in facts if not fact.is_known), "")


def _number(catalog: Catalog, name: str) -> Real:
    value: Real = catalog.parameter(f"inference.{name}", "1").value
    return value
