"""Flags that fix degrees of a plan, in the words of a scenario file."""

from typing import Any

import click

DEGREES = (
    "tensor-parallel",
    "pipeline-parallel",
    "virtual-stages",
    "context-parallel",
    "expert-parallel",
    "expert-tensor-parallel",
    "data-parallel",
    "micro-batch-size",
    "sharding-group",
)


def plan_options(function: Any) -> Any:
    """Add them all; what is left out is searched for."""
    for word, options in (
        ("schedule", ("one-f-one-b", "zero-bubble", "dual-pipe")),
        ("recompute", ("none", "selective", "full")),
        ("sharding", ("none", "optimizer", "gradients", "parameters")),
    ):
        function = click.option(f"--{word}", metavar="|".join(options))(function)
    function = click.option("--sequence-parallel/--no-sequence-parallel", default=None)(function)
    for name in reversed(DEGREES):
        function = click.option(f"--{name}", metavar="N")(function)
    return function
