"""Time that the devices of a replica wait for each other: all-reduces, and exchanges with experts."""

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
        """Compute the time of an all-reduce: by the switch if it can add up, else in rings.

        A ring over several domains pays the latency of the outer network at every step. Its bandwidth is the inner one,
        or that of all outer ports of a domain if that is less.

        Parameters
        ----------
        message
            Bytes that each device contributes.
        num_devices
            Devices that take part.

        Returns
        -------
        Seconds
            Time until every device has the sum.
        """
        xp = namespace(self.domain, self.inner_latency, self.outer_bandwidth, message, num_devices)
        ring = ring_all_reduce_time(message, num_devices, self.inner_bandwidth, self.inner_latency)
        within_domain = (
            in_switch_all_reduce_time(message, num_devices, self.inner_bandwidth, self.inner_latency)
            if self.in_switch_reduction
            else ring
        )
        ports = xp.minimum(self.inner_bandwidth, self.domain * self.outer_bandwidth)
        over_domains = ring_all_reduce_time(message, num_devices, ports, self.outer_latency)
        time: Seconds = xp.where(num_devices <= self.domain, within_domain, over_domains)
        return time

    def all_to_all_time(self, message: Bytes, num_devices: Count) -> Seconds:
        """Compute the time in which each device sends its message in equal pieces to all devices.

        Pieces to devices of other domains take the slower network.

        Parameters
        ----------
        message
            Bytes that each device sends.
        num_devices
            Devices that take part.

        Returns
        -------
        Seconds
            Time until every piece has arrived.
        """
        xp = namespace(self.domain, self.inner_latency, self.outer_bandwidth, message, num_devices)
        within_domain = all_to_all_time(message, num_devices, self.inner_bandwidth, self.inner_latency)
        far_share = xp.maximum(num_devices - self.domain, 0.0) / num_devices
        over_domains = self.outer_latency + far_share * message / self.outer_bandwidth
        time: Seconds = xp.where(num_devices <= self.domain, within_domain, over_domains)
        return time
