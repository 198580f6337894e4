"""A cluster as the physics sees it: pools of equal devices, and the tiers of network above each device.

Built from the catalogue once (:mod:`lindos.scenario.resolve`); in a sampled catalogue every number may be an array of
draws, so nothing that reads these classes may branch on a value.
"""

from dataclasses import dataclass
from typing import Any

from lindos.catalog.records import Accelerator, Fabric, Kernels, System
from lindos.errors import UnknownValueError
from lindos.quantities import BytesPerSecond, Count, Real, Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One level of the network: the devices it joins and what each of them can send through it.

    ``size`` counts all devices below the tier. ``bandwidth`` is per device and direction at line rate times the
    fabric's efficiency; what leaves the tier below is divided by ``oversubscription``.
    """

    name: str  # scale-up, pod, spine, site
    size: int
    bandwidth: BytesPerSecond
    latency: Seconds
    oversubscription: Real = 1.0
    in_switch_reduction: bool = False
    reduction_bandwidth: BytesPerSecond | None = None  # where the switch adds up; as bandwidth where None
    chunk_cost: Seconds | None = None  # of a pipelined message; none counted where None


class UnknownTier(Tier):
    """A level of the network some of whose numbers nobody has published: reading one of its numbers raises.

    Its size and name are known, so that the devices below it can be counted, powered and priced.
    """

    __slots__ = ("error",)
    error: UnknownValueError

    @classmethod
    def of(cls, error: UnknownValueError, *, name: str, size: int, oversubscription: Real = 1.0) -> "UnknownTier":
        """Make a tier that raises ``error`` where one of its numbers is read."""
        tier = cls(name=name, size=size, bandwidth=0.0, latency=0.0, oversubscription=oversubscription)
        object.__setattr__(tier, "error", error)
        return tier

    def __getattribute__(self, name: str) -> Any:
        """Raise where a number is read."""
        if name in _NUMBERS:
            raise object.__getattribute__(self, "error")
        return object.__getattribute__(self, name)

    def __repr__(self) -> str:
        """Say what is known."""
        return f"UnknownTier(name={self.name!r}, size={self.size!r})"


#: What an unknown tier does not tell.
_NUMBERS = frozenset(("bandwidth", "latency", "in_switch_reduction", "reduction_bandwidth", "chunk_cost"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Equal devices with the same network above them; ``tiers`` run from the innermost to the whole pool."""

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
        """Nodes or racks to buy for the devices: whole ones."""
        size = int(self.system.num_devices.value)
        return float(-(-self.num_devices // size))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """What a scenario runs on: one or more pools."""

    name: str
    pools: tuple[Pool, ...]

    @property
    def num_devices(self) -> int:
        """Devices of all pools."""
        return sum(pool.num_devices for pool in self.pools)
