"""The job of a scenario: its model, batch, software and training tokens."""

from dataclasses import replace

from lindos.catalog import Model
from lindos.problem.cluster import Cluster
from lindos.problem.job import Job
from lindos.quantities import Tokens, namespace
from lindos.scenario.resolve import job_of
from lindos.scenario.schema import GoalSpec
from lindos.study.floor import Floor, World
from lindos.transformer import model_flops_per_token
from lindos.units import YEAR

#: Time of a run that has no goal, in s.
_QUARTER = YEAR / 4
#: Setting that names a model in place of the scenario's.
MODEL_SETTING = "model"


def compute(world: World) -> Job:
    """Look up the job of the scenario in the catalogue.

    Parameters
    ----------
    world
        Scenario with a job, and catalogue.
    """
    spec = world.scenario.job
    assert spec is not None
    job = job_of(spec, world.catalog, world.folder)
    model: Model | None = world.settings.get(MODEL_SETTING)
    return job if model is None else replace(job, model=model)


def training_tokens(world: World, job: Job, cluster: Cluster) -> Tokens:
    """Compute the tokens of the whole run: stated, or from a time at a plausible MFU, no more than the text there is.

    Parameters
    ----------
    world
        Its scenario has the goal, its catalogue the plausible MFU.
    job, cluster
        Job and its cluster.
    """
    goal = world.scenario.job.goal if world.scenario.job else None
    if goal is not None and goal.tokens is not None:
        return goal.tokens
    per_token = model_flops_per_token(job.model, job.sequence_length)
    if goal is not None and goal.training_flop is not None:
        return goal.training_flop / per_token
    duration = goal.duration if goal is not None and goal.duration is not None else _QUARTER
    mfu = world.catalog.parameter("training.plausible_mfu", "1").value
    peak = sum(pool.num_devices * pool.accelerator.peak(job.precision).value for pool in cluster.pools)
    # Text beyond the stock is text once more, which does not make a larger batch worth its tokens.
    stock = world.catalog.parameter("scaling.text_stock", "token").value
    tokens: Tokens = namespace(peak, mfu, stock).minimum(duration * peak * mfu / per_token, stock)
    return tokens


def is_guess(goal: GoalSpec | None) -> bool:
    """Tell whether the tokens of a run rest on a plausible MFU, because its goal is a time or there is none.

    Parameters
    ----------
    goal
        Goal of the scenario.
    """
    return goal is None or (goal.tokens is None and goal.training_flop is None)


JOB = Floor(
    name="job",
    question="What is trained?",
    compute=compute,
    reads=("job",),
    holds_records=True,
    setting=MODEL_SETTING,
    section="step",
)
