"""Time of the host, which launches the kernels of a micro-batch one by one.

The host runs ahead of the device as long as it launches faster than kernels end. Where it does not, it sets the pace.
"""

from collections.abc import Sequence

from lindos.catalog.records import Stack
from lindos.quantities import Count, Seconds, namespace
from lindos.step.assumptions import Assumptions
from lindos.step.layout import Layout, select
from lindos.transformer.operators import Kind, Operator, Role, Split

#: Kernels of an elementwise row that runs one operation at a time, over those of fused kernels.
_EAGER = 3.0
#: Launches that a compiled layer needs, over those of one that is not: Python runs once, and fewer kernels are left.
_COMPILED = 0.4
#: Kernels of attention that writes its scores.
_UNFUSED = 5.0
#: Launches that one collective is worth.
_COLLECTIVE = 4.0
#: The host's time for a layer of experts over the usual: if one kernel sorts and sends, if graphs include the router
#: and what precedes the experts, and if it need not wait for the sizes of products.
_FUSED, _PREPARED, _FIXED = 0.5, 0.5, 0.5
#: Power in which the times of host and device join: nearly the larger of both.
_JOIN = 4.0


def host_times(
    stack: Stack, table: Sequence[Operator], layout: Layout, assumptions: Assumptions
) -> tuple[Seconds, Seconds]:
    """Compute the time that the host needs for one micro-batch over all layers, forward and backward.

    Parameters
    ----------
    stack
        Software profile.
    table
        Operators of the model.
    layout
        Layout of the job under a plan.
    assumptions
        Parameters of the catalogue.

    Returns
    -------
    tuple of Seconds
        Forward, backward; zero where graphs of kernels are launched.
    """
    forward, backward = launches(stack, table, layout)
    per_launch = assumptions.launch_time.value
    routing = _routing(stack, table, layout, assumptions)
    return forward * per_launch + routing[0], backward * per_launch + routing[1]


def launches(stack: Stack, table: Sequence[Operator], layout: Layout) -> tuple[Count, Count]:
    """Count the launches of one micro-batch over all layers, forward and backward, without those of experts.

    Parameters
    ----------
    stack
        Software profile.
    table
        Operators of the model.
    layout
        Layout of the job under a plan.

    Returns
    -------
    tuple of Count
        Forward, backward; zero where graphs of kernels are launched.
    """
    if stack.has_graphs:
        return 0.0, 0.0
    forward, backward, collectives = 0.0, 0.0, 0.0
    for row in table:
        if row.role is Role.EXPERT:
            continue
        kernels = row.count * _kernels(stack, row)
        forward += kernels
        backward += kernels * (2 if row.kind is Kind.GEMM else 1)
        collectives += row.count * _COLLECTIVE if row.split is Split.DEPTH else 0.0
    spread = select(layout.tensor_parallel > 1, collectives, 0.0)
    share = _COMPILED if stack.compiled else 1.0
    return share * forward + spread, share * backward + spread


def _routing(
    stack: Stack, table: Sequence[Operator], layout: Layout, assumptions: Assumptions
) -> tuple[Seconds, Seconds]:
    """Compute the time of the host in layers of experts: sorting, sending and the wait for the sizes of products."""
    products = [row for row in table if row.kind is Kind.GROUPED_GEMM]
    if stack.graphs_experts or not products:
        return 0.0, 0.0
    layers = sum(row.count for row in products if row.expert_split is Split.COLUMNS)
    single = sum(row.count * row.num_matrices for row in products) / layout.expert_parallel * stack.expert_time.value
    passes = layers * assumptions.routing_time.value * _routing_share(stack)
    return passes + single, passes + 2 * single


def _routing_share(stack: Stack) -> float:
    """Get the share of the host's usual time for a layer of experts: fused kernels, graphs and fixed sizes save it."""
    share = 1.0 if stack.dispatcher in ("all-to-all", "all-gather") else _FUSED
    share *= _PREPARED if stack.has_graphs else 1.0
    return share * (1.0 if stack.waits_for_sizes else _FIXED)


def _kernels(stack: Stack, row: Operator) -> float:
    if row.kind in (Kind.GEMM, Kind.GROUPED_GEMM):
        return 1.0
    if row.kind is Kind.SCAN:
        return float(row.num_kernels)
    if row.kind is Kind.ATTENTION:
        return 1.0 if stack.fused_attention else _UNFUSED
    return row.num_kernels * (1.0 if stack.fused_norms else _EAGER)


def waiting(device: Seconds, host: Seconds) -> Seconds:
    """Compute how long a device waits for the host.

    Parameters
    ----------
    device
        Time of the kernels and of the communication that they do not hide, in seconds.
    host
        Time of the host, in seconds.
    """
    xp = namespace(device, host)
    longer: Seconds = device * xp.expm1(xp.log1p((host / device) ** _JOIN) / _JOIN)
    return longer
