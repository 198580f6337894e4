"""Time of a step by operator."""

from dataclasses import dataclass
from typing import Annotated

from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import Plan
from lindos.quantities import Count, Flop, Seconds
from lindos.results import Why
from lindos.step.assumptions import Assumptions, load_assumptions
from lindos.step.layout import lay_out
from lindos.step.micro_batch import job_operator_times, job_rates


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorShare:
    """One row of the operator table in a step, on a mean device; nothing recomputed, no communication."""

    name: str
    kind: str
    precision: str
    forward: Annotated[Seconds, Why("Forward passes of all micro-batches")]
    backward: Annotated[Seconds, Why("Backward passes of all micro-batches, inputs and weights")]
    quantise: Annotated[Seconds, Why("Turning BF16 into the precision of the job")]
    flops: Annotated[Flop, Why("Model FLOPs of the row on this device, causal attention counted half")]

    @property
    def time(self) -> Seconds:
        """Sum of the three times."""
        return self.forward + self.backward + self.quantise


def explain(
    job: Job, pool: Pool, plan: Plan, *, global_batch_size: Count, assumptions: Assumptions | None = None
) -> tuple[OperatorShare, ...]:
    """Compute time and FLOPs of every operator of a step, in the order of the forward pass.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices and the network above them.
    plan
        One plan of plain numbers.
    global_batch_size
        Sequences of one optimiser step.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.
    """
    assumptions = assumptions or load_assumptions()
    layout = lay_out(job, plan, global_batch_size)
    per_stage = layout.num_micro_batches / plan.pipeline_parallel
    tokens = global_batch_size * job.sequence_length / plan.num_devices
    return tuple(
        OperatorShare(
            name=row.operator.name,
            kind=row.operator.kind,
            precision=job.precision if row.operator.low_precision else "bf16",
            forward=per_stage * row.forward,
            backward=per_stage * (row.backward_input + row.backward_weight),
            quantise=per_stage * row.quantise,
            flops=3 * row.operator.forward_flop * tokens,
        )
        for row in job_operator_times(job, pool, layout, job_rates(job, pool, assumptions), assumptions)
    )
