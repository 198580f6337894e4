"""``lindos step``: one optimiser step under one plan."""

from pathlib import Path
from typing import Any

import click

from lindos.cli.common import catalog_option, json_option, show
from lindos.cli.plan_options import plan_options
from lindos.formats import TRAINING


@click.command()
@click.option("--model", required=True, help="Catalogue id, or the path of a Hugging Face config.json.")
@click.option("--cluster", required=True, help="System such as gb200-nvl72, or site such as colossus-2.")
@click.option("--gpus", metavar="N", help="GPUs to use at most; required if --cluster is a system.")
@click.option("--fabric", help="Scale-out network; the usual one of the system by default.")
@click.option(
    "--precision",
    default="bf16",
    show_default=True,
    metavar="|".join(TRAINING),
    help="Number format of the matrix products.",
)
@click.option("--sequence-length", default="8192", show_default=True, metavar="N", help="Tokens of one sequence.")
@click.option("--global-batch-size", metavar="N", help="Sequences per step; the critical batch by default.")
@click.option("--stack", default="megatron-core", show_default=True, help="Training software of the catalogue.")
@plan_options
@catalog_option
@json_option
def command(
    model: str,
    cluster: str,
    gpus: str | None,
    fabric: str | None,
    precision: str,
    sequence_length: str,
    global_batch_size: str | None,
    stack: str,
    any_software: bool | None,
    memory_headroom: str | None,
    catalogs: tuple[Path, ...],
    as_json: bool,
    **plan: Any,
) -> None:
    """Show time, memory and breakdown of one step; axes of the plan without a value are searched for."""
    from lindos.answers import estimate_step

    answer = estimate_step(
        model,
        cluster,
        gpus,
        catalogs,
        fabric=fabric,
        plan={name: value for name, value in plan.items() if value is not None},
        precision=precision,
        sequence_length=sequence_length,
        global_batch_size=global_batch_size,
        stack=stack,
        any_software=any_software,
        memory_headroom=memory_headroom,
    )
    show(answer, as_json)
