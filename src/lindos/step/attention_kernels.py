"""Attention as the kernel of the software computes it: its rate over that of a kernel written for the device."""

from lindos.catalog.records import BLACKWELL, Stack
from lindos.quantities import Fraction
from lindos.step.assumptions import Assumptions
from lindos.step.compute import OperatorTime, Rates
from lindos.step.layout import Layout
from lindos.step.unfused_attention import unfused_attention

#: Kernels whose instructions are those of Ampere, also on later devices.
_AMPERE = ("flash-1", "flash-2", "torch-sdpa", "flex", "xformers")
_FIRST = ("flash-1", "xformers")  # of the first generation


def attention_time(
    row: OperatorTime, stack: Stack, family: str, layout: Layout, rate: Rates, assumptions: Assumptions
) -> OperatorTime:
    """Compute the time of an attention row under the kernel of a stack.

    Parameters
    ----------
    row
        Row of the operator table with a kernel that is written for the device.
    stack
        Software profile.
    family
        Family of the device.
    layout
        Layout of the job under a plan.
    rate
        Attainable rates of a device.
    assumptions
        Parameters of the catalogue.
    """
    usual = stack.attention_share.value
    if not stack.fused_attention:
        unfused = unfused_attention(row.operator, layout, rate)
        return unfused.at_rate(usual * assumptions.unfused_attention_share.value)
    if row.operator.form:
        return row.at_rate(usual * sparse_share(row.operator.form, family, assumptions))
    if stack.attention_format == "fp8":
        usual = usual * assumptions.fp8_attention_rate.value
    return row.at_rate(usual * kernel_share(stack.attention, family, assumptions))


def sparse_share(form: str, family: str, assumptions: Assumptions) -> Fraction:
    """Get the rate of the kernels of sparse attention over that of full attention.

    Parameters
    ----------
    form
        ``"sparse"`` for attention to chosen keys, ``"index"`` for the scores that choose them.
    family
        Family of the device.
    assumptions
        Parameters of the catalogue.
    """
    if form == "index":
        return assumptions.index_share.value
    if family in BLACKWELL:
        return assumptions.sparse_attention_share_blackwell.value
    if family == "hopper":
        return assumptions.sparse_attention_share_hopper.value
    return assumptions.sparse_attention_share_other.value


def scan_share(family: str, assumptions: Assumptions) -> Fraction:
    """Get the rate of the scans of recurrent layers over the BF16 peak.

    Parameters
    ----------
    family
        Family of the device.
    assumptions
        Parameters of the catalogue.
    """
    if family in BLACKWELL:
        return assumptions.scan_share_blackwell.value
    return (assumptions.scan_share_hopper if family == "hopper" else assumptions.scan_share_other).value


def kernel_share(kernel: str, family: str, assumptions: Assumptions) -> Fraction:
    """Compute the rate of a fused kernel of attention over that of one written for the device.

    Parameters
    ----------
    kernel
        Word for the kernel.
    family
        Family of the device.
    assumptions
        Parameters of the catalogue.
    """
    share: Fraction = 1.0
    is_old, newer = kernel in _AMPERE, family in BLACKWELL
    if is_old and family != "ampere":
        share = (assumptions.ampere_attention_share_blackwell if newer else assumptions.ampere_attention_share).value
    elif not is_old and (newer or family == "hopper"):
        share = (assumptions.blackwell_attention_share if newer else assumptions.hopper_attention_share).value
    return share * assumptions.flash_1_share.value if kernel in _FIRST else share
