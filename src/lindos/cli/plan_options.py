"""Flags that fix axes of a plan; their names and words are those of a scenario file."""

from typing import Any

import click

from lindos.problem.axes import Axis, Kind
from lindos.problem.plan import AXES


def plan_options(function: Any) -> Any:
    """Add a flag for every axis of a plan, which is searched for without a value, and for limits of the search.

    Parameters
    ----------
    function
        Click command, which receives the values as keyword arguments.
    """
    function = click.option(
        "--memory-headroom", metavar="SHARE", help="Share of device memory to leave free, such as '5 %'."
    )(function)
    function = click.option(
        "--any-software", is_flag=True, default=None, help="Look beyond what the training software ships."
    )(function)
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
