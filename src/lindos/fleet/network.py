"""What the devices of a replica wait for one another: sums over all, and exchanges with experts."""

from dataclasses import dataclass

from lindos.formulas.collectives import all_to_all_time, in_switch_all_reduce_time, ring_all_reduce_time
from lindos.quantities import Bytes, BytesPerSecond, Count, Seconds, namespace


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The scale-up network of a device and the one between domains: per device, direction and step of a collective."""

    domain: Count  # devices that the scale-up network joins
    inner_latency: Seconds
    outer_latency: Seconds
    inner_bandwidth: BytesPerSecond
    outer_bandwidth: BytesPerSecond
    in_switch_reduction: bool  # of the scale-up network

    def all_reduce_time(self, message: Bytes, num_devices: Count) -> Seconds:
        """Time of a sum of ``message`` bytes over ``num_devices``: by the switch where it adds up, else in rings.

        Rings over several domains take a step of the slower network each, and cross it with all ports of a domain.
        """
        xp = namespace(self.domain, self.inner_latency, self.outer_bandwidth, message, num_devices)
        ring = ring_all_reduce_time(message, num_devices, self.inner_bandwidth, self.inner_latency)
        inside = (
            in_switch_all_reduce_time(message, num_devices, self.inner_bandwidth, self.inner_latency)
            if self.in_switch_reduction
            else ring
        )
        ports = xp.minimum(self.inner_bandwidth, self.domain * self.outer_bandwidth)
        across = ring_all_reduce_time(message, num_devices, ports, self.outer_latency)
        time: Seconds = xp.where(num_devices <= self.domain, inside, across)
        return time

    def all_to_all_time(self, message: Bytes, num_devices: Count) -> Seconds:
        """Time in which each device sends ``message`` bytes in equal pieces to all; between domains they are slower."""
        xp = namespace(self.domain, self.inner_latency, self.outer_bandwidth, message, num_devices)
        inside = all_to_all_time(message, num_devices, self.inner_bandwidth, self.inner_latency)
        beyond = xp.maximum(num_devices - self.domain, 0.0) / num_devices
        across = self.outer_latency + beyond * message / self.outer_bandwidth
        time: Seconds = xp.where(num_devices <= self.domain, inside, across)
        return time
