"""What a kernel inside a step falls behind one measured alone: clocks under load, limits of power, old software."""

from functools import cache

from lindos.catalog.records import BLACKWELL, Accelerator, Stack
from lindos.formats import BF16, number_format
from lindos.quantities import FlopPerSecond, Fraction, Joules
from lindos.step.assumptions import Assumptions

#: Year from which the age of a release counts.
_MEAN_YEAR = 2025
#: Power in which the rate of a kernel and the rate that power allows join: nearly the lower of both.
_JOIN = 4


def share_in_step(family: str, stack: Stack, assumptions: Assumptions) -> Fraction:
    """Compute the rate of products and attention inside a step over that of a lone kernel.

    Parameters
    ----------
    family
        Family of the device.
    stack
        Software profile.
    assumptions
        Parameters of the catalogue.
    """
    share = assumptions.kernel_share_in_step.value * stack.kernel_share.value
    if family == "ampere":
        return share * assumptions.ampere_share_in_step.value
    if family not in ("hopper", *BLACKWELL):
        return share
    of_family = assumptions.hopper_share_in_step if family == "hopper" else assumptions.blackwell_share_in_step
    return share * of_family.value * (1.0 + assumptions.kernel_gain.value) ** _age(stack.release)


@cache
def _age(release: str) -> float:
    """Compute the years from the mean release of the measured runs to a release, from ``"2025-09"``."""
    year, _, month = release.partition("-")
    return int(year) - _MEAN_YEAR + (int(month) - 1) / 12


def flop_energy(family: str, assumptions: Assumptions) -> Joules:
    """Get the energy of a FLOP of a product in 16 bits; zero where no measured run shows a limit.

    Parameters
    ----------
    family
        Family of the device.
    assumptions
        Parameters of the catalogue.
    """
    return assumptions.blackwell_energy.value if family == "blackwell" else 0.0


def powered_rate(rate: FlopPerSecond, device: Accelerator, precision: str, energy: Joules) -> FlopPerSecond:
    """Compute the rate of products that the power of a board sustains.

    Parameters
    ----------
    rate
        Rate of products without a limit of power, in FLOP/s.
    device
        Device, whose board power is the limit.
    precision
        Number format; a FLOP in fewer bits takes proportionally less energy.
    energy
        Energy of the board for a FLOP in 16 bits, in joules.
    """
    if not device.board_power.is_known:
        return rate
    demand = rate * energy * number_format(precision).bits / (8 * BF16) / device.board_power.value
    limited: FlopPerSecond = rate / (1.0 + demand**_JOIN) ** (1 / _JOIN)
    return limited
