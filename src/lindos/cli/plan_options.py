"""Flags that fix axes of a plan; their names and words are those of a scenario file."""

from typing import Any

import click

from lindos.problem.axes import Axis, Kind
from lindos.problem.plan import AXES


def plan_options(function: Any) -> Any:
    """Add a flag for every axis of a plan; axes without a value are searched for.

    Parameters
    ----------
    function
        Click command, which receives the axes as keyword arguments.
    """
    for name, axis in reversed(AXES.items()):
        function = _option(name.replace("_", "-"), axis)(function)
    return function


def _option(flag: str, axis: Axis) -> Any:
    if axis.kind is Kind.FLAG:
        return click.option(f"--{flag}/--no-{flag}", default=None, help=_sentence(axis))
    separator = "," if axis.kind is Kind.SET else "|"
    return click.option(f"--{flag}", metavar=separator.join(axis.words) or "N", help=_sentence(axis))


def _sentence(axis: Axis) -> str:
    return f"{axis.meaning[0].upper()}{axis.meaning[1:]}."
