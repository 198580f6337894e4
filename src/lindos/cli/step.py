"""``lindos step``: one optimiser step under one plan."""

from pathlib import Path
from typing import Any

import click

from lindos.cli.common import (
    ScenarioName,
    as_decoder_option,
    catalog_option,
    check_beside_scenario,
    full_option,
    json_option,
    run_sections,
    set_option,
    show,
)
from lindos.cli.plan_options import plan_options
from lindos.formats import TRAINING

#: Options that are fields of the job; the others are axes of the plan.
_OF_THE_JOB = ("model_as", "precision", "sequence_length", "global_batch_size", "stack", "memory_headroom")


@click.command()
@click.argument("scenario", required=False, type=ScenarioName())
@click.option("--model", help="Catalogue id, or the path of a Hugging Face config.json; required without a SCENARIO.")
@click.option("--cluster", help="System such as gb200-nvl72, or site such as colossus-2; required without a SCENARIO.")
@click.option("--gpus", metavar="N", help="GPUs to use at most; required if --cluster is a system.")
@click.option("--fabric", help="Scale-out network; the usual one of the system by default.")
@click.option(
    "--precision",
    metavar="|".join(TRAINING),
    help="Number format of the matrix products; bf16 by default.",
)
@click.option("--sequence-length", metavar="N", help="Tokens of one sequence; 8192 by default.")
@click.option("--global-batch-size", metavar="N", help="Sequences per step; the critical batch by default.")
@click.option("--stack", help="Training software of the catalogue; megatron-core by default.")
@as_decoder_option
@plan_options
@catalog_option
@set_option
@json_option
@full_option
def command(
    scenario: str | None,
    model: str | None,
    cluster: str | None,
    gpus: str | None,
    fabric: str | None,
    any_software: bool | None,
    catalogs: tuple[Path, ...],
    changes: tuple[str, ...],
    as_json: bool,
    full: bool,
    **job: Any,
) -> None:
    """Show time, memory and breakdown of one step; axes of the plan without a value are searched for.

    The step is that of SCENARIO, a built-in name or a YAML file, or of a model on a cluster that the options name.
    """
    from lindos.answers import estimate_step

    stated = {name: value for name, value in job.items() if value is not None}
    named = {"model": model, "cluster": cluster, "gpus": gpus, "fabric": fabric, "any_software": any_software, **stated}
    check_beside_scenario(scenario, changes, named)
    if scenario is not None:
        run_sections("step", scenario, catalogs, changes, as_json, full)
        return
    fields = {name: stated.pop(name) for name in _OF_THE_JOB if name in stated}
    answer = estimate_step(
        str(model), str(cluster), gpus, catalogs, fabric=fabric, plan=stated, any_software=any_software, **fields
    )
    show(answer, as_json, brief=not full)
