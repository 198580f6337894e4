"""Collectives of a plan over the tiers of a network.

Ranks are numbered contiguously in the order tensor, context, data (experts inside it), pipeline: tensor-parallel ranks
are adjacent, pipeline stages are farthest apart. A group's *stride* is the distance between its members, so a tier of
``size`` devices contains ``size / stride`` of them. A group that would straddle two domains is assumed to be placed
inside one, which leaves a few devices of the domain to other groups.

The time is that of the fastest algorithm of the network: one ring through all tiers, which pipelines them but pays the
latency of every hop; a hierarchy of recursive halving and doubling, whose latency grows with the logarithm of the
group; or reduction in the switch. Rings inside a tier and double trees send as many bytes in no fewer steps, so they
are never faster and are not evaluated.
"""

from dataclasses import dataclass, replace

from lindos.formulas import collectives
from lindos.formulas.transformer import distinct_targets
from lindos.problem.cluster import Tier
from lindos.quantities import Bytes, BytesPerSecond, Count, Seconds, namespace
from lindos.step.layout import select


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One tier of the network as a group of ranks uses it."""

    inner_members: Count  # members of the group inside the tier below
    ratio: Count  # members after this tier over members before it
    bandwidth: BytesPerSecond
    latency: Seconds
    in_switch_reduction: bool
    reduction_bandwidth: BytesPerSecond
    chunk_cost: Seconds | None

    def chunking(self, transfer: Seconds) -> Seconds:
        """Compute the extra time of a ``transfer`` that is pipelined in chunks, both in seconds."""
        if self.chunk_cost is None:
            return 0.0
        # The slope of the square root is infinite at zero, so that gradients must not be taken there.
        sent = select(transfer > 0, transfer, 1.0)
        return select(transfer > 0, collectives.chunking_time(sent, self.chunk_cost), 0.0)


def reachable(tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
    """Limit each scale-out tier after the first to the bandwidth of the one before it.

    Traffic between switches passes every scale-out tier below. It does not pass the scale-up network.

    Parameters
    ----------
    tiers
        Networks above a device, from the innermost to the whole pool.

    Returns
    -------
    tuple of Tier
        The same tiers with bandwidths after oversubscription, in bytes per second and device.
    """
    narrowed: list[Tier] = []
    for tier in tiers:
        bandwidth = tier.bandwidth / tier.oversubscription
        if len(narrowed) > 1:
            xp = namespace(bandwidth, narrowed[-1].bandwidth)
            bandwidth = xp.minimum(bandwidth, narrowed[-1].bandwidth)
        narrowed.append(replace(tier, bandwidth=bandwidth, oversubscription=1.0))
    return tuple(narrowed)


def levels(tiers: tuple[Tier, ...], group_size: Count, stride: Count) -> tuple[Level, ...]:
    """Spread the members of a group over `reachable` tiers; the outermost tier joins all remaining members.

    Parameters
    ----------
    tiers
        Networks above a device, as `reachable` returns them.
    group_size
        Members of the group; may be an array.
    stride
        Distance between two members, in devices; may be an array.

    Returns
    -------
    tuple of Level
        One level for each tier, the innermost first.
    """
    xp = namespace(group_size, stride)
    spread: list[Level] = []
    inner_members: Count = 1.0
    for tier in tiers:
        reached = xp.minimum(xp.maximum(xp.floor(tier.size / stride), inner_members), group_size)
        members = group_size * 1.0 if tier is tiers[-1] else reached
        spread.append(
            Level(
                inner_members=inner_members,
                ratio=members / inner_members,
                bandwidth=tier.bandwidth,
                latency=tier.latency,
                in_switch_reduction=tier.in_switch_reduction,
                reduction_bandwidth=tier.bandwidth if tier.reduction_bandwidth is None else tier.reduction_bandwidth,
                chunk_cost=tier.chunk_cost,
            )
        )
        inner_members = members
    return tuple(spread)


def all_gather_time(message: Bytes, spread: tuple[Level, ...]) -> Seconds:
    """Compute the time of an all-gather; a reduce-scatter takes as long.

    Parameters
    ----------
    message
        Bytes that every member has after the gather.
    spread
        Levels of the group.

    Returns
    -------
    Seconds
        Zero for a group of one.
    """
    total: Seconds = 0.0
    for level in spread:
        total = total + _halving_time(message, level)
    return _least(total, _flat_ring_time(message, spread))


def _halving_time(message: Bytes, level: Level) -> Seconds:
    """Compute the time of a gather or scatter across one tier, of the piece that the tiers below have reduced."""
    piece = message / level.inner_members
    time = collectives.recursive_all_gather_time(piece, level.ratio, level.bandwidth, level.latency)
    return time + level.chunking(piece * (level.ratio - 1) / (level.ratio * level.bandwidth))


def _flat_ring_time(message: Bytes, spread: tuple[Level, ...]) -> Seconds:
    """Compute the time of one ring per member through all tiers at once.

    The narrowest tier sets the pace, and each hop adds the latency of its tier.
    """
    size = spread[-1].inner_members * spread[-1].ratio
    xp = namespace(message, size, spread[0].bandwidth)
    latency: Seconds = 0.0
    slowest: Seconds = 0.0
    for level in spread:
        hops = (size - size / level.ratio) / level.inner_members
        latency = latency + hops * level.latency
        slowest = xp.maximum(slowest, (level.ratio > 1) * message / (level.inner_members * level.bandwidth))
    sent = 1 - 1 / size
    pipelining = spread[0].chunking(select(spread[0].ratio > 1, sent * message / spread[0].bandwidth, 0.0))
    time: Seconds = latency + slowest * sent + pipelining
    return time


def all_reduce_time(message: Bytes, spread: tuple[Level, ...]) -> Seconds:
    """Compute the time of an all-reduce: reduce-scatter and all-gather inside, reduction across the widest tier.

    Parameters
    ----------
    message
        Bytes that every member contributes.
    spread
        Levels of the group.

    Returns
    -------
    Seconds
        Zero for a group of one.
    """
    return gather_and_reduce_times(message, spread)[1]


def gather_and_reduce_times(message: Bytes, spread: tuple[Level, ...]) -> tuple[Seconds, Seconds]:
    """Compute the times of an all-gather and of an all-reduce of the same message.

    Parameters
    ----------
    message
        Bytes of the whole message.
    spread
        Levels of the group.

    Returns
    -------
    tuple of Seconds
        All-gather, all-reduce.
    """
    size = spread[-1].inner_members * spread[-1].ratio
    gather: Seconds = 0.0
    reduce: Seconds = 0.0
    for level in spread:
        half = _halving_time(message, level)
        all_reduce = 2 * half
        if level.in_switch_reduction:
            piece = message / level.inner_members
            switched = collectives.in_switch_all_reduce_time(
                piece, level.ratio, level.reduction_bandwidth, level.latency
            ) + level.chunking(piece / level.reduction_bandwidth)
            all_reduce = select(level.inner_members * level.ratio >= size, _least(all_reduce, switched), all_reduce)
        gather, reduce = gather + half, reduce + all_reduce
    ring = _flat_ring_time(message, spread)
    return _least(gather, ring), _least(reduce, 2 * ring)


def expert_exchange_time(
    token_bytes: Bytes, copies: int, spread: tuple[Level, ...], num_groups: int = 0, groups_per_token: int = 0
) -> Seconds:
    """Compute the time to send the tokens of a rank to their experts, or back: one all-to-all over all tiers at once.

    A token crosses to another scale-up domain once, however many of its experts are there, and is forwarded inside, as
    DeepEP and Hybrid-EP do. Routing limited to some groups of experts bounds the domains that a token visits.

    Parameters
    ----------
    token_bytes
        Bytes of one copy of all tokens of the rank.
    copies
        Experts of a token.
    spread
        Levels of the expert-parallel group.
    num_groups
        Groups of experts that routing distinguishes; 0 if it has none.
    groups_per_token
        Groups to which the routing of one token is limited; 0 without a limit.

    Returns
    -------
    Seconds
        Zero for a group of one.
    """
    size = spread[-1].inner_members * spread[-1].ratio
    xp = namespace(token_bytes, size, spread[0].bandwidth)
    slowest: Seconds = 0.0
    for index, level in enumerate(spread):
        targets = size / level.inner_members
        visited = distinct_targets(targets, float(copies))
        if groups_per_token and index > 0:
            visited = xp.minimum(visited, groups_per_token * xp.maximum(targets / num_groups, 1.0))
        bound = collectives.all_to_all_time(token_bytes * visited, targets, level.bandwidth, level.latency)
        bound = bound + level.chunking(token_bytes * visited * (1 - 1 / targets) / level.bandwidth)
        slowest = xp.maximum(slowest, (level.ratio > 1) * bound)
    return slowest


def copies_exchange_time(copies: Bytes, spread: tuple[Level, ...]) -> Seconds:
    """Compute the time of an all-to-all in which every expert of a token gets a copy of its own.

    Parameters
    ----------
    copies
        Bytes of all copies of the tokens of the rank.
    spread
        Levels of the expert-parallel group.

    Returns
    -------
    Seconds
        Zero for a group of one.
    """
    size = spread[-1].inner_members * spread[-1].ratio
    xp = namespace(copies, size, spread[0].bandwidth)
    slowest: Seconds = 0.0
    for level in spread:
        targets = size / level.inner_members
        bound = collectives.all_to_all_time(copies, targets, level.bandwidth, level.latency)
        bound = bound + level.chunking(copies * (1 - 1 / targets) / level.bandwidth)
        slowest = xp.maximum(slowest, (level.ratio > 1) * bound)
    return slowest


def neighbour_time(message: Bytes, spread: tuple[Level, ...]) -> Seconds:
    """Compute the time to send a message to the next member; the slowest pair of neighbours sets the pace.

    Parameters
    ----------
    message
        Bytes that every member sends.
    spread
        Levels of the group.

    Returns
    -------
    Seconds
        Zero for a group of one.
    """
    xp = namespace(message, spread[0].ratio, spread[0].bandwidth)
    slowest: Seconds = 0.0
    for level in spread:
        sent = collectives.point_to_point_time(message, level.bandwidth, level.latency)
        slowest = xp.maximum(slowest, (level.ratio > 1) * sent)
    return slowest


def _least(first: Seconds, second: Seconds) -> Seconds:
    xp = namespace(first, second)
    least: Seconds = xp.minimum(first, second)
    return least
