"""Collectives of a plan over the tiers of a network.

Ranks lie contiguously in the order tensor, context, data (experts inside it), pipeline: tensor-parallel neighbours
stand next to each other, pipeline stages farthest apart. A group's *stride* is the distance between its members, so a
tier of ``size`` devices holds ``size / stride`` of them. Groups that would straddle two domains are taken to be placed
without straddling, leaving a few devices of the domain to others.

Of the algorithms that a network has, the fastest is taken: one ring through all tiers, which pipelines them but pays
every hop; a hierarchy of recursive halving and doubling, whose latency grows with the logarithm of the group; and
reduction in the switch. Rings inside a tier and double trees (:mod:`lindos.formulas.collectives`) send as many bytes in
no fewer steps, so they never win against these and are not evaluated.
"""

from dataclasses import dataclass, replace

from lindos.formulas import collectives
from lindos.formulas.transformer import distinct_targets
from lindos.problem.cluster import Tier
from lindos.quantities import Bytes, BytesPerSecond, Count, Seconds, namespace
from lindos.step.layout import where


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One tier as a group sees it."""

    below: Count  # members of the group inside the tier below
    ratio: Count  # such clusters of members that the tier joins
    bandwidth: BytesPerSecond
    latency: Seconds
    in_switch_reduction: bool
    reduction_bandwidth: BytesPerSecond
    chunk_cost: Seconds | None

    def chunking(self, transfer: Seconds) -> Seconds:
        """What it adds to a transfer to pipeline it."""
        if self.chunk_cost is None:
            return 0.0
        # Where nothing is sent the slope of the square root is infinite: gradients must not meet it.
        sent = where(transfer > 0, transfer, 1.0)
        return where(transfer > 0, collectives.chunking_time(sent, self.chunk_cost), 0.0)


def reachable(tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
    """Tiers with the bandwidth that really reaches them: what leaves the scale-up domain passes every tier below."""
    found: list[Tier] = []
    for tier in tiers:
        bandwidth = tier.bandwidth / tier.oversubscription
        if len(found) > 1:
            xp = namespace(bandwidth, found[-1].bandwidth)
            bandwidth = xp.minimum(bandwidth, found[-1].bandwidth)
        found.append(replace(tier, bandwidth=bandwidth, oversubscription=1.0))
    return tuple(found)


def levels(tiers: tuple[Tier, ...], group_size: Count, stride: Count) -> tuple[Level, ...]:
    """Spread a group over `reachable` tiers; the outermost joins whatever is left."""
    xp = namespace(group_size, stride)
    found: list[Level] = []
    below: Count = 1.0
    for tier in tiers:
        inside = xp.minimum(xp.maximum(xp.floor(tier.size / stride), below), group_size)
        members = group_size * 1.0 if tier is tiers[-1] else inside
        found.append(
            Level(
                below=below,
                ratio=members / below,
                bandwidth=tier.bandwidth,
                latency=tier.latency,
                in_switch_reduction=tier.in_switch_reduction,
                reduction_bandwidth=tier.bandwidth if tier.reduction_bandwidth is None else tier.reduction_bandwidth,
                chunk_cost=tier.chunk_cost,
            )
        )
        below = members
    return tuple(found)


def all_gather_time(message: Bytes, spread: tuple[Level, ...]) -> Seconds:
    """Time to gather ``message`` at every member; to reduce-scatter it takes as long."""
    total: Seconds = 0.0
    for level in spread:
        total = total + _halving_time(message, level)
    return _least(total, _flat_ring_time(message, spread))


def _halving_time(message: Bytes, level: Level) -> Seconds:
    """A gather or scatter across one tier, of the piece that the tiers below left."""
    piece = message / level.below
    time = collectives.recursive_all_gather_time(piece, level.ratio, level.bandwidth, level.latency)
    return time + level.chunking(piece * (level.ratio - 1) / (level.ratio * level.bandwidth))


def _flat_ring_time(message: Bytes, spread: tuple[Level, ...]) -> Seconds:
    """One ring a member through all tiers at once: the narrowest tier sets the pace, each hop its own latency."""
    size = spread[-1].below * spread[-1].ratio
    xp = namespace(message, size, spread[0].bandwidth)
    latency: Seconds = 0.0
    slowest: Seconds = 0.0
    for level in spread:
        hops = (size - size / level.ratio) / level.below
        latency = latency + hops * level.latency
        slowest = xp.maximum(slowest, (level.ratio > 1) * message / (level.below * level.bandwidth))
    sent = 1 - 1 / size
    inside = spread[0].chunking(where(spread[0].ratio > 1, sent * message / spread[0].bandwidth, 0.0))
    time: Seconds = latency + slowest * sent + inside
    return time


def all_reduce_time(message: Bytes, spread: tuple[Level, ...]) -> Seconds:
    """Time to add up ``message`` over the group: scatter and gather inside, reduce across the widest tier."""
    return gather_and_reduce_times(message, spread)[1]


def gather_and_reduce_times(message: Bytes, spread: tuple[Level, ...]) -> tuple[Seconds, Seconds]:
    """Times of an all-gather and of an all-reduce of the same ``message``."""
    size = spread[-1].below * spread[-1].ratio
    gather: Seconds = 0.0
    reduce: Seconds = 0.0
    for level in spread:
        half = _halving_time(message, level)
        whole = 2 * half
        if level.in_switch_reduction:
            piece = message / level.below
            switched = collectives.in_switch_all_reduce_time(
                piece, level.ratio, level.reduction_bandwidth, level.latency
            ) + level.chunking(piece / level.reduction_bandwidth)
            whole = where(level.below * level.ratio >= size, _least(whole, switched), whole)
        gather, reduce = gather + half, reduce + whole
    ring = _flat_ring_time(message, spread)
    return _least(gather, ring), _least(reduce, 2 * ring)


def expert_exchange_time(
    token_bytes: Bytes, copies: int, spread: tuple[Level, ...], num_groups: int = 0, groups_per_token: int = 0
) -> Seconds:
    """Time to send a rank's tokens to ``copies`` experts each, or back: one all-to-all over the tiers at once.

    A token crosses to another scale-up domain once, however many of its experts are there, and is forwarded inside, as
    DeepEP and Hybrid-EP do. Routing limited to some groups of experts bounds the domains a token visits.
    ``token_bytes`` is what all tokens of the rank hold once.
    """
    size = spread[-1].below * spread[-1].ratio
    xp = namespace(token_bytes, size, spread[0].bandwidth)
    slowest: Seconds = 0.0
    for index, level in enumerate(spread):
        targets = size / level.below
        visited = distinct_targets(targets, float(copies))
        if groups_per_token and index > 0:
            visited = xp.minimum(visited, groups_per_token * xp.maximum(targets / num_groups, 1.0))
        bound = collectives.all_to_all_time(token_bytes * visited, targets, level.bandwidth, level.latency)
        bound = bound + level.chunking(token_bytes * visited * (1 - 1 / targets) / level.bandwidth)
        slowest = xp.maximum(slowest, (level.ratio > 1) * bound)
    return slowest


def neighbour_time(message: Bytes, spread: tuple[Level, ...]) -> Seconds:
    """Time to send ``message`` to the next member, where the slowest pair of neighbours sets the pace."""
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
