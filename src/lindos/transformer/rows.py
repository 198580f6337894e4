"""Makers of single rows of the operator table."""

from lindos.transformer.operators import Kind, Operator, Role, Saved, Split


def gemm(name: str, role: Role, count: float, columns: float, depth: float, split: Split) -> Operator:
    """Make a product of a weight in the precision of the job.

    Parameters
    ----------
    name
        Name of the row.
    role
        Part of the model.
    count
        Layers that have it.
    columns, depth
        Shape of the weight.
    split
        Dimension that a plan divides.
    """
    return Operator(
        name=name,
        kind=Kind.GEMM,
        role=role,
        count=count,
        split=split,
        columns=columns,
        depth=depth,
        low_precision=True,
    )


def elementwise(
    name: str, role: Role, count: float, split: Split, forward: float, backward: float, kernels: int = 1
) -> Operator:
    """Make an operation that memory bandwidth bounds.

    Parameters
    ----------
    name
        Name of the row.
    role
        Part of the model.
    count
        Layers that have it.
    split
        Dimension that a plan divides.
    forward, backward
        Bytes moved per token.
    kernels
        Kernels of a pass.
    """
    return Operator(
        name=name,
        kind=Kind.ELEMENTWISE,
        role=role,
        count=count,
        split=split,
        forward_bytes=forward,
        backward_bytes=backward,
        num_kernels=kernels,
    )


def function_tensors(inputs: float, outputs: float, split: Split) -> tuple[Saved, ...]:
    """Make the saved tensors of a function: inputs in BF16, and outputs, which feed a product and are cheap.

    Parameters
    ----------
    inputs, outputs
        Numbers per token.
    split
        Dimension that a plan divides.
    """
    return Saved(width=inputs, split=split), Saved(width=outputs, split=split, low=True, cheap=True)
