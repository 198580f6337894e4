"""Collectives of a plan over the tiers of a network.

Ranks lie contiguously in the order tensor, context, data (experts inside it), pipeline: tensor-parallel neighbours
stand next to each other, pipeline stages farthest apart. A group's *stride* is the distance between its members, so a
tier of ``size`` devices holds ``size / stride`` of them. Groups that would straddle two domains are taken to be placed
without straddling, leaving a few devices of the domain to others.

Of the algorithms that a tier has, the fastest is taken: rings, recursive halving and doubling, double trees, reduction
in the switch, and hierarchies of these over the tiers. Latency therefore grows with the logarithm of a group.
"""

from dataclasses import dataclass

from lindos.formulas import collectives
from lindos.formulas.transformer import distinct_targets
from lindos.quantities import Bytes, BytesPerSecond, Count, Seconds, namespace
from lindos.scenario.cluster import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One tier as a group sees it."""

    below: Count  # members of the group inside the tier below
    ratio: Count  # such clusters of members that the tier joins
    bandwidth: BytesPerSecond
    latency: Seconds
    in_switch_reduction: bool


def levels(tiers: tuple[Tier, ...], group_size: Count, stride: Count) -> tuple[Level, ...]:
    """Spread a group over the tiers; the outermost tier joins whatever is left."""
    found: list[Level] = []
    below: Count = 1.0
    narrowest: BytesPerSecond | None = None
    for index, tier in enumerate(tiers):
        xp = namespace(group_size, stride, tier.bandwidth)
        inside = xp.minimum(xp.maximum(xp.floor(tier.size / stride), 1.0), group_size)
        members = group_size * 1.0 if index == len(tiers) - 1 else xp.maximum(inside, below)
        bandwidth = tier.bandwidth / tier.oversubscription
        if index > 0:  # what leaves the scale-up domain passes every tier on its way
            narrowest = bandwidth if narrowest is None else xp.minimum(narrowest, bandwidth)
            bandwidth = narrowest
        found.append(
            Level(
                below=below,
                ratio=members / below,
                bandwidth=bandwidth,
                latency=tier.latency,
                in_switch_reduction=tier.in_switch_reduction,
            )
        )
        below = members
    return tuple(found)


def all_gather_time(message: Bytes, spread: tuple[Level, ...]) -> Seconds:
    """Time to gather ``message`` at every member; to reduce-scatter it takes as long."""
    total: Seconds = 0.0
    for level in spread:
        arguments = (message / level.below, level.ratio, level.bandwidth, level.latency)
        total = total + _least(
            collectives.ring_all_gather_time(*arguments), collectives.recursive_all_gather_time(*arguments)
        )
    return _least(total, _flat_ring_time(message, spread))


def _flat_ring_time(message: Bytes, spread: tuple[Level, ...]) -> Seconds:
    """One ring a member through all tiers at once: the narrowest tier sets the pace, each hop its own latency."""
    size = spread[-1].below * spread[-1].ratio
    xp = namespace(message, size, *(level.bandwidth for level in spread))
    latency: Seconds = 0.0
    slowest: Seconds = 0.0
    for level in spread:
        hops = size / level.below * (1 - 1 / level.ratio)
        latency = latency + hops * level.latency
        crossed = xp.where(level.ratio > 1, 1.0, 0.0)
        slowest = xp.maximum(slowest, crossed * message / (level.below * level.bandwidth))
    time: Seconds = latency + slowest * (1 - 1 / size)
    return time


def all_reduce_time(message: Bytes, spread: tuple[Level, ...]) -> Seconds:
    """Time to add up ``message`` over the group: scatter and gather inside, reduce across the widest tier."""
    size = spread[-1].below * spread[-1].ratio
    xp = namespace(message, size)
    total: Seconds = 0.0
    for level in spread:
        arguments = (message / level.below, level.ratio, level.bandwidth, level.latency)
        halves = 2 * _least(
            collectives.ring_all_gather_time(*arguments), collectives.recursive_all_gather_time(*arguments)
        )
        whole = _least(halves, collectives.tree_all_reduce_time(*arguments))
        if level.in_switch_reduction:
            whole = _least(whole, collectives.in_switch_all_reduce_time(*arguments))
        outermost = level.below * level.ratio >= size
        total = total + xp.where(outermost, whole, halves)
    return _least(total, 2 * _flat_ring_time(message, spread))


def expert_exchange_time(
    token_bytes: Bytes, copies: int, spread: tuple[Level, ...], num_groups: int = 0, groups_per_token: int = 0
) -> Seconds:
    """Time to send a rank's tokens to ``copies`` experts each, or back: one all-to-all over the tiers at once.

    A token crosses to another scale-up domain once, however many of its experts are there, and is forwarded inside, as
    DeepEP and Hybrid-EP do. Routing limited to some groups of experts bounds the domains a token visits.
    ``token_bytes`` is what all tokens of the rank hold once.
    """
    size = spread[-1].below * spread[-1].ratio
    xp = namespace(token_bytes, size)
    slowest: Seconds = 0.0
    for index, level in enumerate(spread):
        targets = size / level.below
        visited = distinct_targets(targets, float(copies))
        if groups_per_token and index > 0:
            visited = xp.minimum(visited, groups_per_token * xp.maximum(targets / num_groups, 1.0))
        crossed = xp.where(level.ratio > 1, 1.0, 0.0)
        bound = collectives.all_to_all_time(token_bytes * visited, targets, level.bandwidth, level.latency)
        slowest = xp.maximum(slowest, crossed * bound)
    return slowest


def neighbour_time(message: Bytes, spread: tuple[Level, ...]) -> Seconds:
    """Time to send ``message`` to the next member, where the slowest pair of neighbours sets the pace."""
    xp = namespace(message, *(level.ratio for level in spread))
    slowest: Seconds = 0.0
    for level in spread:
        crossed = xp.where(level.ratio > 1, 1.0, 0.0)
        sent = collectives.point_to_point_time(message, level.bandwidth, level.latency)
        slowest = xp.maximum(slowest, crossed * sent)
    return slowest


def _least(first: Seconds, second: Seconds) -> Seconds:
    xp = namespace(first, second)
    least: Seconds = xp.minimum(first, second)
    return least
