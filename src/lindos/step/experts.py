"""Layers of experts as software computes them: passes over copies of tokens, and what grouped products fuse."""

from dataclasses import replace

from lindos.catalog.records import Stack
from lindos.formats import number_format
from lindos.step.compute import OperatorTime
from lindos.transformer.operators import Kind, Split

#: Passes over the copies of tokens, over those that bring them into the order of experts and back. What arrives from
#: many devices under an all-to-all is sorted by expert once more.
_PASSES = {"all-to-all": 3.0, "all-gather": 1.0, "deepep": 1.0, "hybridep": 1.0}
#: Further passes where products of 8 bits need whole tiles of tokens, and copy them there and back.
_PADDING = 2.0


def expert_row(row: OperatorTime, stack: Stack, precision: str) -> OperatorTime:
    """Compute the time of an operator of experts under the dispatcher and the kernels of a stack.

    Parameters
    ----------
    row
        Row of the operator table, of experts.
    stack
        Software profile.
    precision
        Precision of the job.
    """
    operator = row.operator
    if operator.name.endswith("expert.permute"):
        pads = stack.pads_experts and not (stack.fuses_experts or not stack.waits_for_sizes)
        padding = _PADDING if pads and number_format(precision).bits <= 8 else 0.0
        return row.at_rate(1 / (_PASSES[stack.dispatcher] + padding))
    if not stack.fuses_experts:
        return row
    if operator.kind is Kind.GROUPED_GEMM:
        # What comes from other devices is quantised by a kernel of its own, what the activation function gives is not.
        return row if operator.expert_split is Split.COLUMNS else replace(row, quantise=0.0 * row.quantise)
    return replace(row, forward=0.0 * row.forward, backward_input=0.0 * row.backward_input)
