"""A cluster: pools of equal devices, and the tiers of network above each device.

:mod:`lindos.scenario.resolve` builds it from the catalogue. In a sampled catalogue every number may be an array of
draws, so code that reads these classes must not branch on a value.
"""

from dataclasses import dataclass
from typing import Any

from lindos.catalog.records import Accelerator, Fabric, Kernels, System
from lindos.errors import UnknownValueError
from lindos.quantities import BytesPerSecond, Count, Real, Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One level of the network: its devices, and the bandwidth of each of them.

    ``size`` counts all devices below the tier. ``bandwidth`` is per device and direction: the line rate times the
    efficiency of the fabric. Traffic between the tiers below gets this bandwidth over ``oversubscription``.
    """

    name: str  # scale-up, pod, spine, site
    size: int
    bandwidth: BytesPerSecond
    latency: Seconds
    oversubscription: Real = 1.0
    in_switch_reduction: bool = False
    reduction_bandwidth: BytesPerSecond | None = None  # of in-switch reduction; None: equal to bandwidth
    chunk_cost: Seconds | None = None  # of one chunk of a pipelined message; None: no cost


class UnknownTier(Tier):
    """A level of the network with unpublished numbers: reading one of them raises an error.

    Its size and name are known, so that the devices below it can be counted, powered and priced.
    """

    __slots__ = ("error",)
    error: UnknownValueError

    @classmethod
    def from_error(
        cls, error: UnknownValueError, *, name: str, size: int, oversubscription: Real = 1.0
    ) -> "UnknownTier":
        """Make a tier that raises ``error`` when one of its numbers is read."""
        tier = cls(name=name, size=size, bandwidth=0.0, latency=0.0, oversubscription=oversubscription)
        object.__setattr__(tier, "error", error)
        return tier

    def __getattribute__(self, name: str) -> Any:
        """Raise the error if ``name`` is an unknown number; otherwise get the attribute."""
        if name in _NUMBERS:
            raise object.__getattribute__(self, "error")
        return object.__getattribute__(self, name)

    def __repr__(self) -> str:
        """Show the known fields."""
        return f"UnknownTier(name={self.name!r}, size={self.size!r})"


#: Fields of a tier that may be unknown.
_NUMBERS = frozenset(("bandwidth", "latency", "in_switch_reduction", "reduction_bandwidth", "chunk_cost"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Equal devices with the same network above them; ``tiers`` are ordered from the innermost to the whole pool."""

    name: str
    accelerator: Accelerator
    kernels: Kernels
    system: System
    fabric: Fabric
    num_devices: int
    tiers: tuple[Tier, ...]
    online: str = ""  # date from which the pool works, ISO

    @property
    def num_systems(self) -> Count:
        """Count the whole nodes or racks that the devices need."""
        size = int(self.system.num_devices.value)
        return float(-(-self.num_devices // size))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The devices of a scenario: one or more pools."""

    name: str
    pools: tuple[Pool, ...]

    @property
    def num_devices(self) -> int:
        """Count the devices of all pools."""
        return sum(pool.num_devices for pool in self.pools)
