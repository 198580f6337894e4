"""Flags that fix axes of a plan, in the words of a scenario file."""

from typing import Any

import click

from lindos.problem.axes import Axis, Kind
from lindos.problem.plan import AXES


def plan_options(function: Any) -> Any:
    """Add a flag for every axis; what is left out is searched for."""
    for name, axis in reversed(AXES.items()):
        function = _option(name.replace("_", "-"), axis)(function)
    return function


def _option(flag: str, axis: Axis) -> Any:
    if axis.kind is Kind.FLAG:
        return click.option(f"--{flag}/--no-{flag}", default=None)
    separator = "," if axis.kind is Kind.SET else "|"
    return click.option(f"--{flag}", metavar=separator.join(axis.words) or "N")
