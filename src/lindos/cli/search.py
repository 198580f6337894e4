"""``lindos search``: the best plans, what slower ones save, and why plans were rejected."""

from pathlib import Path
from typing import Any

import click

from lindos.cli.common import (
    ScenarioName,
    as_decoder_option,
    catalog_option,
    changed_values,
    check_beside_scenario,
    full_option,
    json_option,
    set_option,
    show,
)
from lindos.cli.plan_options import plan_options
from lindos.formats import TRAINING

#: Options that are fields of the question, and of the job; the others are axes of the plan.
_OF_THE_QUESTION = ("minimise", "top", "tokens", "deadline", "budget", "power", "largest")
_OF_THE_JOB = (
    "model_as",
    "precision",
    "sequence_length",
    "global_batch_size",
    "stack",
    "any_software",
    "memory_headroom",
)
#: The job where nothing else is asked for.
_USUAL = {"precision": "bf16", "sequence_length": "8192", "stack": "megatron-core"}


@click.command()
@click.argument("scenario", required=False, type=ScenarioName())
@click.option("--model", help="Catalogue id, or the path of a Hugging Face config.json; required without a SCENARIO.")
@click.option(
    "--cluster",
    "clusters",
    multiple=True,
    help="System such as gb200-nvl72, or site such as colossus-2; required without a SCENARIO, repeat it to compare.",
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
    metavar="|".join((*TRAINING, "any")),
    help="Number format of the matrix products, bf16 by default; any searches all that the devices have.",
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
    clusters: tuple[str, ...],
    gpus: str | None,
    recovery: str | None,
    fabric: str | None,
    catalogs: tuple[Path, ...],
    changes: tuple[str, ...],
    as_json: bool,
    full: bool,
    **words: Any,
) -> None:
    """Find the best plans of a model on a cluster: an exhaustive search over every axis without a value.

    Model and cluster are those of SCENARIO, a built-in name or a YAML file, or those that the options name.

    \b
    lindos search my-cluster.yaml --minimise cost --set job.precision=fp8
    lindos search --model llama-3.1-405b --cluster hgx-h100 --gpus 16384
    lindos search --model grok-1 --cluster hgx-h100 --gpus 9000 --minimise gpus --tokens "9T tokens" --deadline "30 d"
    lindos search --model deepseek-v3 --cluster hgx-h100 --cluster gb200-nvl72 --gpus 512 --minimise cost
    lindos search --model grok-2 --cluster colossus-1
    """
    from lindos.answers.search import answer_search, search_scenario
    from lindos.study.search import question

    wishes = question({name: words.pop(name) for name in _OF_THE_QUESTION})
    stated = {name: value for name, value in words.items() if value is not None}
    place = {"cluster": clusters or None, "gpus": gpus, "fabric": fabric, "recovery": recovery}
    check_beside_scenario(scenario, changes, {"model": model, **place, **stated})
    if scenario is not None:
        answer = search_scenario(scenario, wishes, catalogs, changed_values(changes))
    else:
        fields = {name: stated.pop(name) for name in _OF_THE_JOB if name in stated}
        job = {**_USUAL, "model": model, **fields, "plan": stated}
        answer = answer_search(clusters, gpus, fabric, job, wishes, catalogs, recovery=recovery)
    show(answer, as_json, brief=not full)
