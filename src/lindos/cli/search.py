"""``lindos search``: the best plans, what slower ones save, and why plans were rejected."""

from pathlib import Path
from typing import Any

import click

from lindos.cli.common import as_decoder_option, catalog_option, full_option, json_option, show
from lindos.cli.plan_options import plan_options
from lindos.formats import TRAINING


@click.command()
@click.option("--model", required=True, help="Catalogue id, or the path of a Hugging Face config.json.")
@click.option(
    "--cluster",
    "clusters",
    required=True,
    multiple=True,
    help="System such as gb200-nvl72, or site such as colossus-2; repeat it to compare several.",
)
@click.option("--gpus", metavar="N", help="GPUs to use at most; required if --cluster is a system.")
@click.option("--minimise", default="time", show_default=True, metavar="time|cost|energy|gpus", help="Search goal.")
@click.option("--top", default="5", show_default=True, metavar="K", help="Plans to show.")
@click.option("--tokens", metavar="TEXT", help="Tokens of the run, such as '15T tokens'; the model's own if published.")
@click.option("--deadline", metavar="TEXT", help="Longest time of the run, such as '90 days'.")
@click.option("--budget", metavar="TEXT", help="Highest cost of the run, such as '$1 billion'.")
@click.option("--power", metavar="TEXT", help="Highest facility power, such as '150 MW'.")
@click.option("--largest", is_flag=True, help="Find the largest model of this shape that meets the deadline.")
@click.option("--recovery", metavar="restart|replica", help="A failure stops the job, or one replica [restart].")
@click.option("--fabric", help="Scale-out network; the usual one of the system by default.")
@click.option(
    "--precision",
    default="bf16",
    show_default=True,
    metavar="|".join((*TRAINING, "any")),
    help="Number format of the matrix products; any searches all that the devices have.",
)
@click.option("--sequence-length", default="8192", show_default=True, metavar="N", help="Tokens of one sequence.")
@click.option("--global-batch-size", metavar="N", help="Sequences per step; the critical batch by default.")
@click.option("--stack", default="megatron-core", show_default=True, help="Training software of the catalogue.")
@as_decoder_option
@plan_options
@catalog_option
@json_option
@full_option
def command(
    model: str,
    clusters: tuple[str, ...],
    gpus: str | None,
    minimise: str,
    top: str,
    tokens: str | None,
    deadline: str | None,
    budget: str | None,
    power: str | None,
    largest: bool,
    recovery: str | None,
    fabric: str | None,
    precision: str,
    sequence_length: str,
    global_batch_size: str | None,
    stack: str,
    model_as: str | None,
    any_software: bool | None,
    memory_headroom: str | None,
    catalogs: tuple[Path, ...],
    as_json: bool,
    full: bool,
    **plan: Any,
) -> None:
    """Find the best plans of a model on a cluster: an exhaustive search over every axis without a value.

    \b
    lindos search --model llama-3.1-405b --cluster hgx-h100 --gpus 16384
    lindos search --model grok-1 --cluster hgx-h100 --gpus 9000 --minimise gpus --tokens "9T tokens" --deadline "30 d"
    lindos search --model deepseek-v3 --cluster hgx-h100 --cluster gb200-nvl72 --gpus 512 --minimise cost
    lindos search --model grok-2 --cluster colossus-1
    """
    from lindos.answers.search import answer_search
    from lindos.study.search import question

    wishes = question(
        {
            "minimise": minimise,
            "top": top,
            "tokens": tokens,
            "deadline": deadline,
            "budget": budget,
            "power": power,
            "largest": largest,
        }
    )
    job = {
        "model": model,
        "model_as": model_as,
        "precision": precision,
        "sequence_length": sequence_length,
        "global_batch_size": global_batch_size,
        "stack": stack,
        "any_software": any_software,
        "memory_headroom": memory_headroom,
        "plan": {name: value for name, value in plan.items() if value is not None},
    }
    show(answer_search(clusters, gpus, fabric, job, wishes, catalogs, recovery=recovery), as_json, brief=not full)
