"""From the catalogue: what can be rented, and what is assumed about serving."""

from collections.abc import Iterable
from dataclasses import dataclass

from lindos.catalog import Catalog
from lindos.catalog.records import Accelerator, CloudPrice, Kernels
from lindos.quantities import Count, Fraction, Real, TokensPerSecond, UsdPerSecond


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What a fleet is planned with; estimates with wide ranges, the same for every option."""

    peak_to_mean: Count
    utilisation: Fraction
    serving_efficiency: Fraction
    memory_fraction: Fraction
    weight_share: Fraction
    output_speed: TokensPerSecond


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One device for rent: whose, on which terms, at which price."""

    name: str
    provider: str
    term: str
    date: str
    accelerator: Accelerator
    kernels: Kernels
    price: UsdPerSecond


def assumptions(catalog: Catalog, peak_to_mean: float | None = None) -> Assumptions:
    """The catalogue's assumptions; ``peak_to_mean`` is the user's own where given."""
    return Assumptions(
        peak_to_mean=_number(catalog, "peak_to_mean") if peak_to_mean is None else peak_to_mean,
        utilisation=_number(catalog, "utilisation"),
        serving_efficiency=_number(catalog, "serving_efficiency"),
        memory_fraction=_number(catalog, "memory_fraction"),
        weight_share=_number(catalog, "weight_share"),
        output_speed=catalog.parameter("inference.output_speed", "token/s").value,
    )


def options(catalog: Catalog, precision: str) -> tuple[tuple[Option, ...], tuple[str, ...]]:
    """Every priced device that can serve in ``precision``, and a sentence for each price that cannot be used."""
    usable: list[Option] = []
    left_out: list[str] = []
    for name in catalog.names("accelerators"):
        device = catalog.accelerator(name)
        prices = catalog.cloud_prices(name)
        for price in prices:
            kernels = catalog.kernels_of(device)
            if newer := _newer(price, prices):
                left_out.append(f"{price.provider} {device.title} ({price.date}): superseded by {newer}.")
                continue
            if missing := _missing(device, kernels, precision, price.price.known):
                left_out.append(f"{price.provider} {device.title} ({price.date}): {missing} is unknown.")
                continue
            usable.append(
                Option(
                    name=price.name,
                    provider=price.provider,
                    term=price.term,
                    date=price.date,
                    accelerator=device,
                    kernels=kernels,
                    price=price.price.value,
                )
            )
    return tuple(usable), tuple(left_out)


def matmul_fraction(kernels: Kernels, precision: str) -> Real:
    """Share of the dense peak that matrix products reach in ``precision``."""
    return kernels.matmul(precision).value


def _newer(price: CloudPrice, prices: Iterable[CloudPrice]) -> str:
    """Date of a newer price of the same provider on the same terms, if there is one."""
    dates = [other.date for other in prices if (other.provider, other.term) == (price.provider, price.term)]
    return max(dates) if max(dates) > price.date else ""


def _missing(device: Accelerator, kernels: Kernels, precision: str, priced: bool) -> str:
    needed = {
        "its price": priced,
        f"its peak in {precision}": device.peak(precision).known,
        "its BF16 peak": device.peak_bf16.known,
        "its memory": device.memory.known,
        "its memory bandwidth": device.memory_bandwidth.known,
        f"what its kernels reach in {precision}": kernels.matmul(precision).known,
        "what its attention kernels reach": kernels.attention_forward.known,
        "what its kernels reach of memory bandwidth": kernels.memory_fraction.known,
    }
    return next((what for what, known in needed.items() if not known), "")


def _number(catalog: Catalog, name: str) -> Real:
    value: Real = catalog.parameter(f"inference.{name}", "1").value
    return value
